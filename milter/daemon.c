#include "milter/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "mail/report.h"
#include "milter/health.h"
#include "milter/mta_in.h"
#include "milter/notify.h"
#include "record/ledger.h"

#define PROGRAM         "milter"
#define LAST_MESSAGES_S 10
#define LAST_EVENTS_MS  5000

struct daemon {
	const char *conf_path;
	struct service service;
	struct health *health;
	pthread_t server;
};

/* Written by the handler, read by main: one byte a signal. */
static int signal_pipe[2];

static void
on_signal(int number)
{
	int kept = errno;
	char byte = (char)number;

	/* Full means that a reload is on its way already. */
	if (write(signal_pipe[1], &byte, 1) < 0)
		errno = kept;
	errno = kept;
}

/*
 * libmilter stops at SIGHUP: its own thread waits for it with sigwait. Linux
 * gives a signal of the process to the main thread whenever that has it
 * unblocked, so main takes the signals and libmilter runs in a thread.
 * SA_NODEFER keeps it unblocked in the handler too.
 */
static enum result
take_signals(struct error *err)
{
	static const int numbers[] = { SIGHUP, SIGTERM, SIGINT };
	struct sigaction action = { .sa_handler = on_signal,
		                    .sa_flags = SA_RESTART | SA_NODEFER };

	if (pipe(signal_pipe) != 0) {
		error_errno(err, errno, "cannot make a pipe");
		return RESULT_BAD;
	}
	for (int i = 0; i < 2; i++) {
		fcntl(signal_pipe[i], F_SETFD, FD_CLOEXEC);
		fcntl(signal_pipe[i], F_SETFL, O_NONBLOCK);
	}
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaction(numbers[i], &action, NULL);
	action.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &action, NULL);
	return RESULT_OK;
}

static void *
serve(void *context)
{
	(void)context;
	if (!mta_in_serve())
		log_error("libmilter ended with an error");
	/* Wake main, whoever ended it. */
	on_signal(SIGTERM);
	return NULL;
}

/* Threads inherit the mask: only main shall see these signals. */
static enum result
start_server(struct daemon *daemon, struct error *err)
{
	sigset_t ours, before;
	int number;

	sigemptyset(&ours);
	sigaddset(&ours, SIGHUP);
	sigaddset(&ours, SIGTERM);
	sigaddset(&ours, SIGINT);
	pthread_sigmask(SIG_BLOCK, &ours, &before);
	number = pthread_create(&daemon->server, NULL, serve, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (number != 0) {
		error_errno(err, number, "cannot start a thread");
		return RESULT_BAD;
	}
	return RESULT_OK;
}

static enum result
open_record(struct service *service, struct error *err)
{
	const struct settings *settings = service->now->settings;
	struct journal_options journal = {
		.folder = settings->journal,
		.host = settings->host,
		.program = PROGRAM,
		.segment_bytes = settings->segment_bytes,
	};
	struct store_options store = {
		.url = settings->store,
		.budget_ms = settings->store_budget_ms,
		.keys = service->first->keys,
		.keep_ms = ledger_keep_ms(settings),
		.consent_keep_ms = settings->consent_keep_ms,
	};
	enum result result = store_open(&store, &service->store, err);

	if (result == RESULT_OK)
		result = journal_open(&journal, &service->journal, err);
	if (result != RESULT_OK)
		return result;
	service->forwarder = forwarder_start(
		settings->journal, journal_writer(service->journal),
		service->store, service->first->keys);
	journal_on_sync(service->journal, forwarder_wake, service->forwarder);
	return RESULT_OK;
}

static enum log_level
log_level_of(const char *word)
{
	static const char *const words[] = {
		[LOG_LEVEL_ERROR] = "error",
		[LOG_LEVEL_WARN] = "warn",
		[LOG_LEVEL_INFO] = "info",
		[LOG_LEVEL_DEBUG] = "debug",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(word, words[i]) == 0)
			return (enum log_level)i;
	return LOG_LEVEL_INFO;
}

static enum result
start(struct daemon *daemon, struct error *err)
{
	struct service *service = &daemon->service;
	enum result result =
		snapshot_read(daemon->conf_path, &service->now, err);

	if (result != RESULT_OK)
		return result;
	pthread_mutex_init(&service->lock, NULL);
	log_open("avis-milter",
	         strcmp(service->now->settings->log, "syslog") == 0
	                 ? LOG_TO_SYSLOG
	                 : LOG_TO_STDERR);
	log_set_level(log_level_of(service->now->settings->log_level));
	report_setup();
	/* The first snapshot stays for the record's threads. */
	service->first = service_hold(service);
	result = take_signals(err);
	/* The record first: its lock keeps a second daemon off our socket. */
	if (result == RESULT_OK)
		result = open_record(service, err);
	if (result == RESULT_OK)
		result = mta_in_open(service, err);
	if (result == RESULT_OK)
		result = start_server(daemon, err);
	return result;
}

/* What is fixed at start, by name, when a reload would change it. */
static void
warn_fixed(const struct settings *old, const struct settings *new)
{
	const struct {
		const char *name, *before, *after;
	} fixed[] = {
		{ "host", old->host, new->host },
		{ "listen", old->listen, new->listen },
		{ "store", old->store, new->store },
		{ "journal", old->journal, new->journal },
		{ "log", old->log, new->log },
	};

	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		if (strcmp(fixed[i].before, fixed[i].after) != 0)
			log_warn("%s has changed: it takes effect with the "
			         "next restart",
			         fixed[i].name);
}

static void
reload(struct daemon *daemon)
{
	struct service *service = &daemon->service;
	struct snapshot *snapshot;
	struct error err;

	if (snapshot_read(daemon->conf_path, &snapshot, &err) != RESULT_OK) {
		log_error("reload: %s; the settings in force stay", err.text);
		return;
	}
	warn_fixed(service->now->settings, snapshot->settings);
	log_set_level(log_level_of(snapshot->settings->log_level));
	log_info("reload: %zu classes, in force from the next message on",
	         snapshot->settings->class_count);
	service_replace(service, snapshot);
}

/* Until a signal says stop. Reloads that came together are done once. */
static void
watch_signals(struct daemon *daemon)
{
	bool is_stopping = false;

	while (!is_stopping) {
		bool is_reload = false;
		struct pollfd ready = { signal_pipe[0], POLLIN, 0 };
		char byte;

		while (read(signal_pipe[0], &byte, 1) == 1) {
			is_reload |= byte == SIGHUP;
			is_stopping |= byte != SIGHUP;
		}
		if (is_reload && !is_stopping)
			reload(daemon);
		if (!is_stopping && !is_reload)
			poll(&ready, 1, -1);
	}
}

/* Messages under way get their answer; what is in the journal goes out. */
static void
stop(struct daemon *daemon)
{
	struct service *service = &daemon->service;
	const struct timespec pause = { .tv_nsec = 10000000L };

	notify_supervisor("STOPPING=1");
	mta_in_stop();
	pthread_join(daemon->server, NULL);
	for (int i = 0; i < LAST_MESSAGES_S * 100 && mta_in_busy() > 0; i++)
		nanosleep(&pause, NULL);
	health_stop(&daemon->health);
	log_info("stopped: %lu messages, %lu wrong tokens, %lu unreadable",
	         atomic_load(&service->messages),
	         atomic_load(&service->wrong_tokens),
	         atomic_load(&service->unreadable));
	if (mta_in_busy() > 0)
		return; /* their threads still use what would be freed */
	forwarder_stop(&service->forwarder, LAST_EVENTS_MS);
	journal_close(&service->journal);
	store_close(&service->store);
	snapshot_release(service->first);
	snapshot_release(service->now);
}

int
daemon_run(const char *conf_path)
{
	struct daemon daemon = { .conf_path = conf_path };
	struct error err;

	log_open("avis-milter", LOG_TO_STDERR);
	if (start(&daemon, &err) != RESULT_OK) {
		log_error("not started: %s", err.text);
		return 1;
	}

	const struct settings *settings = daemon.service.now->settings;

	daemon.health = health_start(&daemon.service);
	log_info("ready on %s as %s: %zu classes, journal %s", settings->listen,
	         journal_writer(daemon.service.journal), settings->class_count,
	         settings->journal);
	notify_supervisor("READY=1");
	watch_signals(&daemon);
	stop(&daemon);
	return 0;
}
