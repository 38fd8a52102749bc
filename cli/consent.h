#ifndef CLI_CONSENT_H
#define CLI_CONSENT_H

#include "cli/open.h"

/* One run of `avis consent`: what the command line said. */
struct consent_work {
	struct opened opened;
	const char *conf;
	const char *word; /* FILE or ADDRESS, "" */
	const char *class_name;
	const char *rejects;
	const char *only; /* "open,click" */
	bool is_dry;
	bool is_json;
};

/* Each gives an exit code. */
int consent_import(struct consent_work *work);
int consent_list(struct consent_work *work);
int consent_show(struct consent_work *work);
int consent_withdraw(struct consent_work *work);

/* The journal of imports is its own, so that a long one holds up nobody. */
#define CONSENT_IMPORT_WRITER "import"

#endif
