#include "policy/match.h"

#include <string.h>

enum result
pattern_compile(const char *text, enum pattern_subject subject,
                struct pattern *pattern_r, struct error *err)
{
	size_t len = strlen(text);
	struct pattern pattern = { .kind = PATTERN_PLAIN,
		                   .text = span_make(text, len) };

	if (strcmp(text, "*") == 0) {
		pattern.kind = PATTERN_ANY;
	} else if (len >= 2 && text[0] == '/' && text[len - 1] == '/') {
		char expression[1024];

		pattern.kind = PATTERN_PCRE;
		if (len - 2 >= sizeof(expression)) {
			error_set(err, "an expression has at most %zu bytes",
			          sizeof(expression) - 1);
			return RESULT_BAD;
		}
		memcpy(expression, text + 1, len - 2);
		expression[len - 2] = '\0';
		if (pcre_new(expression, &pattern.pcre, err) != RESULT_OK)
			return RESULT_BAD;
	} else {
		if (strpbrk(text, "*?") != NULL)
			pattern.kind = PATTERN_WILD;
		pattern.is_domain =
			subject == SUBJECT_ADDRESS && strchr(text, '@') == NULL;
	}
	*pattern_r = pattern;
	return RESULT_OK;
}

void
pattern_done(struct pattern *pattern)
{
	pcre_free(&pattern->pcre);
}

/* After a failure, the last * takes one byte more: no recursion. */
static bool
wild_matches(struct span pattern, struct span text)
{
	size_t p = 0, t = 0, star = pattern.len, from = 0;

	while (t < text.len) {
		char want = p < pattern.len ? pattern.at[p] : '\0';

		if (p < pattern.len && want == '*') {
			star = p++;
			from = t;
		} else if (p < pattern.len &&
		           (want == '?' ||
		            ascii_lower(want) == ascii_lower(text.at[t]))) {
			p++;
			t++;
		} else if (star < pattern.len) {
			p = star + 1;
			t = ++from;
		} else {
			return false;
		}
	}
	while (p < pattern.len && pattern.at[p] == '*')
		p++;
	return p == pattern.len;
}

static struct span
domain_of(struct span address)
{
	size_t at = address.len;

	while (at > 0 && address.at[at - 1] != '@')
		at--;
	return at == 0 ? SPAN("") : span_skip(address, at);
}

bool
pattern_matches(const struct pattern *pattern, struct arena *arena,
                struct span subject)
{
	if (pattern->is_domain)
		subject = domain_of(subject);
	switch (pattern->kind) {
	case PATTERN_ANY:
		return true;
	case PATTERN_PLAIN:
		return span_equal_nocase(pattern->text, subject);
	case PATTERN_WILD:
		return wild_matches(pattern->text, subject);
	case PATTERN_PCRE:
		return pcre_matches(pattern->pcre, arena, subject);
	}
	return false;
}

bool
pattern_list_matches(const struct pattern_list *list, struct arena *arena,
                     struct span subject)
{
	for (size_t i = 0; i < list->count; i++)
		if (pattern_matches(&list->items[i], arena, subject))
			return true;
	return false;
}

void
pattern_list_done(struct pattern_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		pattern_done(&list->items[i]);
}

bool
network_list_holds(const struct network_list *list, const char *address)
{
	struct network client;

	if (list->count == 0 || !network_parse_address(address, &client))
		return false;
	for (size_t i = 0; i < list->count; i++)
		if (network_holds(&list->items[i], &client))
			return true;
	return false;
}
