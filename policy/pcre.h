#ifndef POLICY_PCRE_H
#define POLICY_PCRE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/span.h"

/*
 * Perl-like expressions; pcre.c is the adapter for PCRE2 and its only user.
 * Letters match without case, bytes that are not UTF-8 match nothing. How
 * long a match may try is limited: past that there is no match.
 */
struct pcre;

/* BAD: not an expression; the text says what and where. */
enum result pcre_new(const char *expression, struct pcre **pcre_r,
                     struct error *err) MUST_CHECK;
void pcre_free(struct pcre **pcre);

/* Safe from many threads; all memory it needs comes from the arena. */
bool pcre_matches(const struct pcre *pcre, struct arena *arena,
                  struct span text);

#endif
