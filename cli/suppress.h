#ifndef CLI_SUPPRESS_H
#define CLI_SUPPRESS_H

#include "cli/open.h"
#include "record/refusals.h"

/* One run of `avis suppress`: what the command line said. */
struct suppress_work {
	struct opened opened;
	const char *conf;
	const char *word;       /* ADDRESS, HASH or FILE; "" */
	const char *class_name; /* "" : none named */
	const char *rejects;
	bool is_dry;
};

/* Each gives an exit code. */
int suppress_add(struct suppress_work *work);
int suppress_remove(struct suppress_work *work);
int suppress_list(struct suppress_work *work);
int suppress_export(struct suppress_work *work);
int suppress_import(struct suppress_work *work);

/* An address or 24 hex digits; false: neither. */
bool suppress_person(const struct keyring *keys, struct span text,
                     char person_r[PERSON_SIZE]);

/* NULL: no such class. "" and "*" are all marketing, which is "". */
const char *suppress_class(const struct settings *settings, struct span name);
/* "there is no class ...; did you mean ...?" */
const char *suppress_no_class(struct arena *arena,
                              const struct settings *settings,
                              struct span name);

#endif
