#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/span.h"
#include "cli/doctor.h"
#include "record/store_ttl.h"

#define KEYS_LOOKED_AT 50000

static const char *
setting(struct symptom_list *list, struct store *store, const char *section,
        const char *name)
{
	const char *value = "";
	struct error err;

	if (store_setting(list->arena, store, section, name, &value, &err) !=
	    RESULT_OK)
		return "";
	return value;
}

/*
 * The journal is the truth, so a second's loss is made good by it; what is
 * not on disk at all has to be replayed after each restart.
 */
static void
look_at_disk(struct symptom_list *list, struct store *store,
             const char *version)
{
	bool has_file = text_is(
		setting(list, store, "persistence", "aof_enabled"), "1");
	const char *policy = setting(list, store, "memory", "maxmemory_policy");
	const char *sync = setting(list, store, "config", "appendfsync");
	bool never_evicts = text_is(policy, "noeviction");

	if (has_file && never_evicts) {
		symptom_ok(list, "redis",
		           "Redis %s persists (aof %s) and never evicts",
		           version, sync[0] != '\0' ? sync : "on");
		return;
	}
	if (!never_evicts) {
		symptom_fail(list, "redis-eviction",
		             "Redis %s may forget keys when memory is short "
		             "(maxmemory-policy %s): who unsubscribed would "
		             "get mail again",
		             version, policy[0] != '\0' ? policy : "unknown");
		symptom_remedy(list, "maxmemory-policy noeviction     in the "
		                     "configuration of Redis");
	}
	if (!has_file) {
		symptom_warn(list, "redis-disk",
		             "Redis %s keeps no append-only file: after each "
		             "restart avis fills it again from the journal",
		             version);
		symptom_remedy(list, "appendonly yes     in the configuration "
		                     "of Redis");
	}
}

static void
look_at_memory(struct symptom_list *list, struct store *store)
{
	long long used = strtoll(setting(list, store, "memory", "used_memory"),
	                         NULL, 10);
	long long limit =
		strtoll(setting(list, store, "memory", "maxmemory"), NULL, 10);
	bool is_replica =
		text_is(setting(list, store, "replication", "role"), "slave");

	if (limit > 0 && used / 9 * 10 > limit)
		symptom_warn(list, "redis-memory",
		             "Redis uses %lld MB of the %lld MB it may: when "
		             "it is full it takes no more",
		             used >> 20, limit >> 20);
	if (is_replica) {
		symptom_fail(list, "redis-role",
		             "that Redis is a replica: it takes no writes");
		symptom_remedy(list, "store = \"redis://PRIMARY:6379\", or "
		                     "redis-sentinel://...");
	}
}

/* PEXPIREAT with GT and NX came with Redis 7. */
static void
look_at_version(struct symptom_list *list, const char *version)
{
	if (version[0] == '\0' || strtol(version, NULL, 10) >= 7)
		return;
	symptom_fail(list, "redis-version",
	             "Redis %s is too old: it does not know how to prolong the "
	             "life of a key; 7.0 is wanted",
	             version);
}

static void
look_at_lifetimes(struct symptom_list *list, struct store *store)
{
	struct store_ttl_report report;
	uint64_t lasting;
	struct error err;

	if (store_look_for_lasting(store, KEYS_LOOKED_AT, &report, &err) !=
	    RESULT_OK) {
		symptom_warn(list, "redis-lifetimes",
		             "whether all keys go by themselves is not known: "
		             "%s",
		             err.text);
		return;
	}
	lasting = report.unknown;
	for (int family = 0; family < FAMILIES; family++)
		lasting += report.lasting[family];
	if (lasting == 0)
		symptom_ok(list, "redis-lifetimes",
		           "every key goes when its time is over (%s%llu "
		           "looked at)",
		           report.is_all ? "all " : "a sample, ",
		           (unsigned long long)report.looked);
	else
		symptom_warn(list, "redis-lifetimes",
		             "%llu of %llu keys stay for ever, such as %s "
		             "(GDPR-12)",
		             (unsigned long long)lasting,
		             (unsigned long long)report.looked, report.example);
	if (lasting > 0)
		symptom_remedy(list, "avis journal replay --empty");
}

void
doctor_store(struct symptom_list *list, const struct settings *settings,
             const struct doctor_options *options)
{
	const struct store_options open = {
		.url = settings->store,
		/* Nobody waits for mail here: a slow answer is an answer. */
		.budget_ms = 2000,
	};
	struct store *store;
	struct error err;
	const char *version;

	(void)options;
	if (store_open(&open, &store, &err) != RESULT_OK) {
		symptom_fail(list, "redis", "store: %s", err.text);
		return;
	}
	if (store_check(store, &err) != RESULT_OK) {
		symptom_fail(list, "redis", "Redis: %s", err.text);
		symptom_remedy(list,
		               "systemctl status avis-redis     (store "
		               "is \"%s\")",
		               settings->store);
		store_close(&store);
		return;
	}
	version = setting(list, store, "server", "redis_version");
	look_at_disk(list, store, version[0] != '\0' ? version : "?");
	look_at_memory(list, store);
	look_at_version(list, version);
	look_at_lifetimes(list, store);
	store_close(&store);
}
