#include <string.h>

#include "cli/doctor_postfix.h"

/* Postfix refuses whom it does not know before any filter has a say. */
static const struct {
	const char *domains;
	const char *recipients;
	bool has_aliases; /* of local users, in alias_maps */
} kinds[] = {
	{ "mydestination", "local_recipient_maps", true },
	{ "virtual_alias_domains", "virtual_alias_maps", false },
	{ "virtual_mailbox_domains", "virtual_mailbox_maps", false },
	{ "relay_domains", "relay_recipient_maps", false },
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

enum answer {
	ANSWER_YES,
	ANSWER_NO,
	ANSWER_UNSURE /* a table that is not ours to ask */
};

/* A word of a list: spaces and commas within braces belong to it. */
static bool
next_word(struct span *rest, struct span *word_r)
{
	size_t depth = 0, len = 0;

	while (rest->len > 0 &&
	       (ascii_is_space(rest->at[0]) || rest->at[0] == ','))
		*rest = span_skip(*rest, 1);
	for (; len < rest->len; len++) {
		char c = rest->at[len];

		if (depth == 0 && (ascii_is_space(c) || c == ','))
			break;
		if (c == '{')
			depth++;
		else if (c == '}' && depth > 0)
			depth--;
	}
	*word_r = span_take(*rest, len);
	*rest = span_skip(*rest, len);
	return len > 0;
}

/* Tables on this machine: no password is needed, no server is asked. */
static bool
is_local_table(struct span table)
{
	static const char *const types[] = {
		"hash:",   "btree:",  "lmdb:", "cdb:",  "texthash:", "inline:",
		"static:", "regexp:", "pcre:", "unix:", "cidr:",     "randmap:",
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (span_starts(table, types[i]))
			return true;
	return false;
}

/* Is one of the keys in one of the maps? */
static enum answer
ask_maps(struct arena *arena, const struct postfix *postfix, const char *maps,
         const char *const *keys, size_t count)
{
	struct span rest = span_of(maps), map;
	enum answer answer = ANSWER_NO;

	while (next_word(&rest, &map)) {
		if (span_starts(map, "proxy:"))
			map = span_skip(map, strlen("proxy:"));
		if (!is_local_table(map)) {
			answer = ANSWER_UNSURE;
			continue;
		}
		for (size_t i = 0; i < count; i++)
			if (postfix_lookup(arena, postfix, keys[i], map)[0] !=
			    '\0')
				return ANSWER_YES;
	}
	return answer;
}

static bool
is_in_domains(struct arena *arena, const struct postfix *postfix,
              const char *list, const char *domain)
{
	struct span rest = span_of(list), word;

	while (next_word(&rest, &word))
		if (span_is(word, domain) ||
		    (is_local_table(word) &&
		     postfix_lookup(arena, postfix, domain, word)[0] != '\0'))
			return true;
	return false;
}

static enum answer
is_taken(struct arena *arena, const struct postfix *postfix,
         const char *address, size_t *kind_r)
{
	size_t at = span_find(span_of(address), '@', 0);
	const char *domain = address[at] != '\0' ? address + at + 1 : "";
	const char *keys[] = { address, address + at,
		               arena_strndup(arena, address, at) };
	const char *aliases =
		postfix_value(arena, postfix, "virtual_alias_maps");

	for (size_t i = 0; i < KINDS; i++) {
		const char *maps =
			postfix_value(arena, postfix, kinds[i].recipients);
		size_t count = kinds[i].has_aliases ? 3 : 2;
		enum answer answer;

		if (!is_in_domains(
			    arena, postfix,
			    postfix_value(arena, postfix, kinds[i].domains),
			    domain))
			continue;
		*kind_r = i;
		answer = ask_maps(arena, postfix, aliases, keys, count);
		if (answer != ANSWER_NO)
			return answer;
		/* No list of recipients: everybody is taken. */
		return maps[0] == '\0'
		               ? ANSWER_UNSURE
		               : ask_maps(arena, postfix, maps, keys, count);
	}
	return ANSWER_UNSURE;
}

static void
check_address(struct symptom_list *list, const struct postfix *postfix,
              const char *address, const char *what)
{
	size_t kind = 0;

	switch (is_taken(list->arena, postfix, address, &kind)) {
	case ANSWER_YES:
		symptom_ok(list, "recipient", "Postfix takes mail for %s",
		           address);
		return;
	case ANSWER_UNSURE:
		return;
	case ANSWER_NO:
		break;
	}
	symptom_fail(list, "recipient",
	             "Postfix knows no %s and refuses %s that come there",
	             address, what);
	if (kinds[kind].has_aliases)
		symptom_remedy(list,
		               "echo '%.*s: postmaster' >>/etc/aliases && "
		               "newaliases     (or make it a mailbox)",
		               (int)strcspn(address, "@"), address);
	else
		symptom_remedy(list, "%s into %s, to somebody who reads",
		               address, kinds[kind].recipients);
}

void
postfix_check_addresses(struct symptom_list *list,
                        const struct postfix *postfix,
                        const struct settings *settings)
{
	check_address(list, postfix, settings->receipts, "the reports");
	for (size_t i = 0; i < settings->class_count; i++) {
		if (settings->classes[i].unsubscribe == UNSUBSCRIBE_NONE)
			continue;
		check_address(list, postfix, settings->unsubscribe,
		              "the requests to leave a list");
		return;
	}
}
