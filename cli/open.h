#ifndef CLI_OPEN_H
#define CLI_OPEN_H

#include <stdbool.h>

#include "conf/settings.h"
#include "record/store.h"

struct archive;

/*
 * What a command needs of an installation, opened in this order. Each says
 * on stderr what is wrong; whoever gets false ends with EXIT_PROBLEM.
 */
struct opened {
	const char *command; /* "avis proof" */
	struct arena *arena;
	struct settings *settings;
	struct keyring *keys;
	struct store *store;
};

void opened_init(struct opened *opened, const char *command);
bool open_settings(struct opened *opened, const char *conf);
bool open_keys(struct opened *opened);
bool open_store(struct opened *opened);
/* For questions. NULL: there is none, or it says why it cannot be read. */
struct archive *open_archive(struct opened *opened);
void opened_done(struct opened *opened);

/* "avis proof: ..." on stderr. */
void opened_say(const struct opened *opened, const char *format, ...)
	FORMAT_LIKE(2, 3);

#endif
