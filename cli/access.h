#ifndef CLI_ACCESS_H
#define CLI_ACCESS_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/open.h"

/*
 * Who may ask for a proof, and the record of it (BND-6): every question and
 * how much it found is an event "asked", on disk before the answer is shown.
 * Who asks is the user who called, through sudo or not.
 */
struct question {
	const char *what;    /* as it was typed */
	const char *purpose; /* "" */
	const char *number;  /* of the case; "" */
};

/* Who called, by name. */
const char *access_who(struct arena *arena);

/* Says why not. */
bool access_may_ask(struct opened *opened, const struct question *question);

/*
 * names: of the messages found, with spaces between. False: it could not be
 * recorded, and the settings want that no answer is given then.
 */
bool access_record(struct opened *opened, const struct question *question,
                   const char *names, size_t count);

#endif
