#include "milter/daemon.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/log.h"
#include "base/notify.h"
#include "base/signals.h"
#include "mail/report.h"
#include "milter/health.h"
#include "milter/mta_in.h"
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

static void *
serve(void *context)
{
	(void)context;
	if (!mta_in_serve())
		log_error("libmilter ended with an error");
	/* Wake main, whoever ended it. */
	signals_stop();
	return NULL;
}

static enum result
start_server(struct daemon *daemon, struct error *err)
{
	int number;

	/* libmilter stops at SIGHUP: its threads must not see it. */
	signals_block();
	number = pthread_create(&daemon->server, NULL, serve, NULL);
	signals_unblock();
	if (number != 0) {
		error_errno(err, number, "cannot start a thread");
		return RESULT_BAD;
	}
	return RESULT_OK;
}

static enum result
open_record(struct service *service, struct error *err)
{
	const struct settings *settings = service->first->settings;
	struct journal_options journal = {
		.folder = settings->journal,
		.host = settings->host,
		.program = PROGRAM,
		.segment_bytes = settings->segment_bytes,
		.segment_age_ms = settings->segment_age_ms,
	};
	struct store_options store = {
		.url = settings->store,
		.budget_ms = settings->store_budget_ms,
		.keys = service->first->keys,
		.keep_ms = ledger_keep_ms(settings),
		.consent_keep_ms = settings->consent_keep_ms,
	};
	enum result result = store_open(&store, &service->store, err);

	struct error trouble;

	if (file_make_folder(settings->content, 0700, &trouble) != RESULT_OK)
		log_warn("content: %s; mail of classes that keep it is "
		         "deferred",
		         trouble.text);
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

static enum result
start(struct daemon *daemon, struct error *err)
{
	struct service *service = &daemon->service;
	enum result result =
		snapshot_read(daemon->conf_path, &service->first, err);

	if (result != RESULT_OK)
		return result;
	service->place = snapshot_place_new(service->first);
	/* The first snapshot stays for the record's threads. */
	snapshot_hold(service->place);
	log_open("avis-milter",
	         strcmp(service->first->settings->log, "syslog") == 0
	                 ? LOG_TO_SYSLOG
	                 : LOG_TO_STDERR);
	log_set_level_named(service->first->settings->log_level);
	report_setup();
	result = signals_take(err);
	if (result == RESULT_OK)
		result = file_make_folder(service->first->settings->spool, 0700,
		                          err);
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
	warn_fixed(service->first->settings, snapshot->settings);
	log_set_level_named(snapshot->settings->log_level);
	log_info("reload: %zu classes, in force from the next message on",
	         snapshot->settings->class_count);
	snapshot_replace(service->place, snapshot);
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
	snapshot_place_free(&service->place);
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

	const struct settings *settings = daemon.service.first->settings;

	daemon.health = health_start(&daemon.service);
	log_info("ready on %s as %s: %zu classes, journal %s", settings->listen,
	         journal_writer(daemon.service.journal), settings->class_count,
	         settings->journal);
	notify_supervisor("READY=1");
	while (signals_wait() == SIGNAL_RELOAD)
		reload(&daemon);
	stop(&daemon);
	return 0;
}
