#ifndef CLI_DOCTOR_H
#define CLI_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/result.h"
#include "conf/settings.h"

/*
 * What `avis doctor` found: one line each, with the line to type where
 * something is wrong. The families fill a list; doctor.c prints it.
 */
enum grade {
	GRADE_OK,
	GRADE_WARN, /* works, but not as well as it could */
	GRADE_FAIL  /* mail is lost, refused or goes unrecorded */
};

struct symptom {
	enum grade grade;
	const char *check; /* a short name, for programs: "filter-order" */
	const char *text;
	const char *remedy; /* lines to type, or "" */
};

struct symptom_list {
	struct arena *arena;
	struct symptom *items;
	size_t count;
	size_t room;
};

/* The text is copied; symptom_remedy is for the one added last. */
void symptom_ok(struct symptom_list *list, const char *check,
                const char *format, ...) FORMAT_LIKE(3, 4);
void symptom_warn(struct symptom_list *list, const char *check,
                  const char *format, ...) FORMAT_LIKE(3, 4);
void symptom_fail(struct symptom_list *list, const char *check,
                  const char *format, ...) FORMAT_LIKE(3, 4);
void symptom_remedy(struct symptom_list *list, const char *format, ...)
	FORMAT_LIKE(2, 3);

size_t symptom_count(const struct symptom_list *list, enum grade grade);
/* The first one of that check; NULL when there is none. For tests. */
const struct symptom *symptom_find(const struct symptom_list *list,
                                   const char *check);

/* What the command line said. */
struct doctor_options {
	const char *conf;
	const char *postfix;  /* -c of postconf, "" for its own default */
	const char *sendmail; /* the .cf file */
	const char *signer;   /* opendkim.conf */
	bool asks_dns;
};

/*
 * Each looks at one part of the machine. None changes anything.
 */
void doctor_mta(struct symptom_list *list, const struct settings *settings,
                const struct doctor_options *options);
void doctor_signer(struct symptom_list *list, const struct settings *settings,
                   const struct doctor_options *options);
void doctor_store(struct symptom_list *list, const struct settings *settings,
                  const struct doctor_options *options);
void doctor_held(struct symptom_list *list, const struct settings *settings,
                 const struct doctor_options *options);
void doctor_files(struct symptom_list *list, const struct settings *settings,
                  const struct doctor_options *options);
void doctor_seal(struct symptom_list *list, const struct settings *settings,
                 const struct doctor_options *options);
void doctor_archive(struct symptom_list *list, const struct settings *settings,
                    const struct doctor_options *options);
void doctor_pages(struct symptom_list *list, const struct settings *settings,
                  const struct doctor_options *options);
void doctor_host(struct symptom_list *list, const struct settings *settings,
                 const struct doctor_options *options);

/* Does a class that avis serves ask for this? */
bool doctor_wants_success(const struct settings *settings);
bool doctor_wants_one_click(const struct settings *settings);

#endif
