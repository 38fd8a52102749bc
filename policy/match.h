#ifndef POLICY_MATCH_H
#define POLICY_MATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "conf/network.h"
#include "conf/settings.h"
#include "policy/pcre.h"

/*
 * Patterns as the settings write them, compiled: a plain value, one with *
 * and ? in it, or /PCRE2/ between slashes; letters match without case. Of an
 * address, a pattern without @ is compared to the domain.
 */
enum pattern_kind {
	PATTERN_ANY,
	PATTERN_PLAIN,
	PATTERN_WILD,
	PATTERN_PCRE
};

enum pattern_subject {
	SUBJECT_VALUE,
	SUBJECT_ADDRESS
};

struct pattern {
	enum pattern_kind kind;
	bool is_domain;
	struct span text;
	struct pcre *pcre;
};

struct pattern_list {
	struct pattern *items;
	size_t count;
};

struct network_list {
	struct network *items;
	size_t count;
};

/* BAD: an expression that does not compile. */
enum result pattern_compile(const char *text, enum pattern_subject subject,
                            struct pattern *pattern_r,
                            struct error *err) MUST_CHECK;
void pattern_done(struct pattern *pattern);

/* The arena is for the moment of the match. */
bool pattern_matches(const struct pattern *pattern, struct arena *arena,
                     struct span subject);
bool pattern_list_matches(const struct pattern_list *list, struct arena *arena,
                          struct span subject);
void pattern_list_done(struct pattern_list *list);

/* False for text that is no address. */
bool network_list_holds(const struct network_list *list, const char *address);

#endif
