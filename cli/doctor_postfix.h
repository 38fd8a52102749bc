#ifndef CLI_DOCTOR_POSTFIX_H
#define CLI_DOCTOR_POSTFIX_H

#include "base/error.h"
#include "base/span.h"
#include "cli/doctor.h"
#include "cli/endpoint.h"

/*
 * What Postfix says about itself, as text, so that tests need no Postfix:
 * all of main.cf with names expanded, what master.cf puts over it, and the
 * services.
 */
struct postfix {
	const char *folder;    /* what -c names, or "" */
	const char *main;      /* postconf -x */
	const char *overrides; /* postconf -P: service/type/name = value */
	const char *services;  /* postconf -M */
};

/* NONE: there is no Postfix. */
enum result postfix_ask(struct arena *arena, const char *folder,
                        struct postfix *postfix_r,
                        struct error *err) MUST_CHECK;

/* "" for a parameter that is not there. */
const char *postfix_value(struct arena *arena, const struct postfix *postfix,
                          const char *name);

/* What a table of Postfix gives for a key: postmap -q. "" for nothing. */
const char *postfix_lookup(struct arena *arena, const struct postfix *postfix,
                           const char *key, struct span map);

/* Walks what master.cf says of name; start with {0}. */
struct postfix_walk {
	size_t position;
	struct span service; /* "submission/inet" */
	struct span value;
};
bool postfix_next_override(const struct postfix *postfix, const char *name,
                           struct postfix_walk *walk);

/* 3007011 for 3.7.11, so that versions compare. 0: none. */
long postfix_version_number(const char *version);

/* The filters of smtpd_milters, one after the other. */
#define FILTERS_MAX 32

struct postfix_filter {
	struct span text; /* "unix:/run/x.sock", without braces and options */
	struct endpoint endpoint;   /* path "" when it cannot be read */
	const char *default_action; /* of its own, or "" */
};
size_t postfix_filters(struct arena *arena, const char *list, const char *queue,
                       struct postfix_filter filters_r[FILTERS_MAX]);

/* "postconf -c DIR -e 'a' 'b' && postfix -c DIR reload" */
char *postfix_remedy(struct arena *arena, const struct postfix *postfix,
                     const char *settings);

/* The parts of the examination; doctor_mta runs them all. */
void postfix_check_version(struct symptom_list *list,
                           const struct postfix *postfix);
void postfix_check_filters(struct symptom_list *list,
                           const struct postfix *postfix,
                           const struct settings *settings, const char *signer);
void postfix_check_reach(struct symptom_list *list,
                         const struct postfix *postfix,
                         const struct settings *settings);
void postfix_check_names(struct symptom_list *list,
                         const struct postfix *postfix,
                         const struct settings *settings);
void postfix_check_success(struct symptom_list *list,
                           const struct postfix *postfix,
                           const struct settings *settings);
void postfix_check_addresses(struct symptom_list *list,
                             const struct postfix *postfix,
                             const struct settings *settings);
void postfix_check_traces(struct symptom_list *list,
                          const struct postfix *postfix);

#endif
