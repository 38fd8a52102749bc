#ifndef RECORD_STORE_TTL_H
#define RECORD_STORE_TTL_H

#include "record/schema.h"
#include "record/store.h"

/*
 * GDPR-12: every key of ours goes by itself some day, but for the families
 * whose row in record/schema.c says that they stay. Looks for others.
 */
struct store_ttl_report {
	uint64_t looked;            /* keys of ours */
	bool is_all;                /* every key was looked at; else a sample */
	uint64_t lasting[FAMILIES]; /* that should go and will not */
	uint64_t unknown;           /* that no family names */
	char example[SCHEMA_KEY_SIZE]; /* one of these; "" */
};

/* limit: how many keys to look at, at most. */
enum result store_look_for_lasting(struct store *store, uint64_t limit,
                                   struct store_ttl_report *report_r,
                                   struct error *err) MUST_CHECK;

#endif
