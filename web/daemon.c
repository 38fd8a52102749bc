#include "web/daemon.h"

#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/notify.h"
#include "base/signals.h"
#include "conf/values.h"
#include "web/http.h"
#include "web/page.h"
#include "web/routes.h"

#define PROGRAM         "web"
#define LAST_EVENTS_MS  5000
#define LAST_ANSWERS_MS 20000
#define PEM_BYTES       ((size_t)256 * 1024)

struct daemon {
	const char *conf_path;
	struct service service;
	struct http *http;
};

static enum result
read_pem(struct arena *arena, const char *path, const char **text_r,
         struct error *err)
{
	struct span bytes;
	enum result result;

	*text_r = "";
	if (path[0] == '\0')
		return RESULT_OK;
	result = file_read(arena, path, PEM_BYTES, &bytes, err);
	if (result == RESULT_NONE)
		error_set(err, "%s: no such file", path);
	if (result != RESULT_OK)
		return RESULT_BAD;
	*text_r = bytes.at;
	return RESULT_OK;
}

static enum result
read_proxies(struct arena *arena, const struct pages_settings *pages,
             struct client_trust *trust, struct error *err)
{
	struct network *proxies =
		arena_array(arena, pages->proxies.count, sizeof(*proxies));

	for (size_t i = 0; i < pages->proxies.count; i++)
		if (network_parse(pages->proxies.items[i], &proxies[i], err) !=
		    RESULT_OK)
			return RESULT_BAD;
	trust->proxies = proxies;
	trust->proxy_count = pages->proxies.count;
	trust->is_rfc7239 = strcmp(pages->forwarded, "forwarded") == 0;
	return RESULT_OK;
}

/* What is wrong with a template was told when the settings were read. */
static const struct pages *
make_pages(struct snapshot *snapshot)
{
	struct finding_list known = { .count = 0 };

	return pages_new(snapshot->arena, snapshot->settings, &known);
}

/* What the server needs of the settings; lives as long as the snapshot. */
static enum result
fill_options(struct daemon *daemon, struct snapshot *snapshot,
             struct http_options *options, struct error *err)
{
	const struct pages_settings *pages = &snapshot->settings->pages;
	struct arena *arena = snapshot->arena;
	enum result result;

	*options = (struct http_options){
		.listen = pages->listen,
		.connections = (unsigned)pages->connections,
		.timeout_ms = pages->timeout_ms,
		.handle = routes_answer,
		.context = &daemon->service,
	};
	snapshot->own = make_pages(snapshot);
	result = value_cap(pages->rate, &options->rate_count, &options->rate_ms,
	                   err);
	if (result == RESULT_OK)
		result = read_proxies(arena, pages, &options->trust, err);
	if (result == RESULT_OK)
		result = read_pem(arena, pages->certificate,
		                  &options->certificate, err);
	if (result == RESULT_OK)
		result = read_pem(arena, pages->key, &options->key, err);
	return result;
}

static enum result
start(struct daemon *daemon, struct error *err)
{
	struct service *service = &daemon->service;
	struct http_options options;
	const struct settings *settings;
	enum result result =
		snapshot_read(daemon->conf_path, &service->first, err);

	if (result != RESULT_OK)
		return result;
	settings = service->first->settings;
	service->place = snapshot_place_new(service->first);
	/* The first snapshot stays for the ledger's threads. */
	snapshot_hold(service->place);
	log_open("avis-web", strcmp(settings->log, "syslog") == 0
	                             ? LOG_TO_SYSLOG
	                             : LOG_TO_STDERR);
	log_set_level_named(settings->log_level);
	if (!language_open(settings->pages.translations))
		log_warn("%s: a translation is missing: those pages are in "
		         "English",
		         settings->pages.translations);
	result = signals_take(err);
	if (result != RESULT_OK)
		return result;
	signals_block();
	result = ledger_open(settings, service->first->keys, PROGRAM, 0,
	                     &service->ledger, err);
	if (result == RESULT_OK)
		result = fill_options(daemon, service->first, &options, err);
	if (result == RESULT_OK)
		result = http_open(&options, &daemon->http, err);
	signals_unblock();
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
		{ "pages.listen", old->pages.listen, new->pages.listen },
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

/*
 * The server is put on the new options with the old snapshot still held: its
 * list of proxies is the old server's until that has ended.
 */
static void
reload(struct daemon *daemon)
{
	struct service *service = &daemon->service;
	struct snapshot *snapshot;
	struct http_options options;
	struct error err;
	enum result result = snapshot_read(daemon->conf_path, &snapshot, &err);

	if (result != RESULT_OK) {
		log_error("reload: %s; the settings in force stay", err.text);
		return;
	}
	result = fill_options(daemon, snapshot, &options, &err);
	signals_block();
	if (result == RESULT_OK)
		result = http_change(daemon->http, &options, &err);
	signals_unblock();
	if (result != RESULT_OK) {
		log_error("reload: %s; the settings in force stay", err.text);
		snapshot_release(snapshot);
		return;
	}
	warn_fixed(service->first->settings, snapshot->settings);
	log_set_level_named(snapshot->settings->log_level);
	snapshot_replace(service->place, snapshot);
	log_info("reload: in force from the next request on");
}

/* Requests under way get their answer; what is in the journal goes out. */
static void
stop(struct daemon *daemon)
{
	struct service *service = &daemon->service;

	notify_supervisor("STOPPING=1");
	http_close(&daemon->http, LAST_ANSWERS_MS);
	log_info("stopped: %lu requests, %lu wrong tokens", service->requests,
	         service->wrong_tokens);
	ledger_close(&service->ledger, LAST_EVENTS_MS);
	snapshot_release(service->first);
	snapshot_place_free(&service->place);
}

int
daemon_run(const char *conf_path)
{
	struct daemon daemon = { .conf_path = conf_path };
	struct error err;

	log_open("avis-web", LOG_TO_STDERR);
	if (start(&daemon, &err) != RESULT_OK) {
		log_error("not started: %s", err.text);
		return 1;
	}

	const struct settings *settings = daemon.service.first->settings;

	log_info("ready on %s as %s: journal %s", settings->pages.listen,
	         ledger_writer(daemon.service.ledger), settings->journal);
	notify_supervisor("READY=1");
	while (signals_wait() == SIGNAL_RELOAD)
		reload(&daemon);
	stop(&daemon);
	return 0;
}
