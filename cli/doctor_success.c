#include <string.h>

#include "cli/doctor_postfix.h"
#include "mail/dsn.h"

/* A RCPT as a program sends it that knows nothing of DSN. */
static const char command[] = "RCPT TO:<anne@example.com>";

enum filter_kind {
	FILTER_NONE,
	FILTER_MARKS,
	FILTER_HIDES /* asks, but not in the spelling that avis knows */
};

static enum filter_kind
kind_of(struct arena *arena, const struct postfix *postfix, struct span map)
{
	const char *answer = postfix_lookup(arena, postfix, command, map);
	struct span text = span_of(answer);

	if (strstr(answer, "NOTIFY=" DSN_NOTIFY_MARKER) != NULL)
		return FILTER_MARKS;
	return span_find_text(text, "NOTIFY=", 0) < text.len ? FILTER_HIDES
	                                                     : FILTER_NONE;
}

static void
say_hides(struct symptom_list *list, const char *where)
{
	symptom_fail(list, "command-filter",
	             "the smtpd_command_filter of %s asks for reports as an "
	             "author would: each message would bring one",
	             where);
	symptom_remedy(list,
	               "write NOTIFY=%s in it, in that spelling "
	               "(contrib/postfix/mark-notify.pcre)",
	               DSN_NOTIFY_MARKER);
}

static const char *
text_of(struct arena *arena, struct span s)
{
	return arena_strndup(arena, s.at, s.len);
}

/* The listeners that mark RCPT commands: "submission/inet, 10025/inet". */
static const char *
marking_listeners(struct symptom_list *list, const struct postfix *postfix)
{
	struct arena *arena = list->arena;
	struct span main =
		span_of(postfix_value(arena, postfix, "smtpd_command_filter"));
	struct postfix_walk walk = { 0 };
	const char *found = "";
	enum filter_kind kind =
		main.len == 0 ? FILTER_NONE : kind_of(arena, postfix, main);

	if (kind == FILTER_MARKS)
		found = "all of main.cf";
	else if (kind == FILTER_HIDES)
		say_hides(list, "main.cf");
	while (postfix_next_override(postfix, "smtpd_command_filter", &walk)) {
		const char *service = text_of(arena, walk.service);

		kind = kind_of(arena, postfix, walk.value);
		if (kind == FILTER_MARKS)
			found = arena_printf(arena, "%s%s%s", found,
			                     found[0] == '\0' ? "" : ", ",
			                     service);
		else if (kind == FILTER_HIDES)
			say_hides(list, service);
	}
	return found;
}

static void
check_strangers(struct symptom_list *list, const struct postfix *postfix)
{
	const char *words = postfix_value(list->arena, postfix,
	                                  "smtpd_discard_ehlo_keywords");
	const char *maps =
		postfix_value(list->arena, postfix,
	                      "smtpd_discard_ehlo_keyword_address_maps");
	struct span text = span_of(words);

	if (maps[0] != '\0' || span_find_text(text, "dsn", 0) < text.len)
		return;
	symptom_warn(list, "strangers",
	             "strangers may ask this server for reports of success");
	symptom_remedy(list, "%s",
	               postfix_remedy(list->arena, postfix,
	                              "smtpd_discard_ehlo_keyword_address_maps"
	                              "=cidr:/etc/avis/strangers.cidr"));
}

/* milter_header_checks sees what filters add, and may drop it. */
static void
check_header_checks(struct symptom_list *list, const struct postfix *postfix)
{
	static const char *const fields[] = {
		"Avis-Record: v=1",
		"List-Unsubscribe: <mailto:x@example.fr>",
		"List-Unsubscribe-Post: List-Unsubscribe=One-Click",
		"List-Id: <news.example.fr>",
		"Disposition-Notification-To: <recu@example.fr>",
		"Reply-To: <contact@example.fr>",
	};
	const char *map =
		postfix_value(list->arena, postfix, "milter_header_checks");

	if (map[0] == '\0')
		return;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		const char *answer = postfix_lookup(list->arena, postfix,
		                                    fields[i], span_of(map));

		if (answer[0] == '\0' || text_starts(answer, "DUNNO") ||
		    text_starts(answer, "INFO") || text_starts(answer, "WARN"))
			continue;
		symptom_fail(list, "header-checks",
		             "milter_header_checks takes a header of avis "
		             "away: %.*s -> %.*s",
		             (int)strcspn(fields[i], ":"), fields[i],
		             (int)strcspn(answer, "\n"), answer);
	}
}

/* "submission inet n - y - - smtpd": a listener, and not port 25? */
static bool
is_own_listener(struct span line, struct span *name_r)
{
	struct span words[8] = { { "", 0 } };
	size_t count = 0;

	while (count < 8 && (line = span_trim(line)).len > 0) {
		size_t end = 0;

		while (end < line.len && !ascii_is_space(line.at[end]))
			end++;
		words[count++] = span_take(line, end);
		line = span_skip(line, end);
	}
	*name_r = words[0];
	return count == 8 && span_is(words[1], "inet") &&
	       span_is(words[7], "smtpd") && !span_ends(words[0], "smtp") &&
	       !span_is(words[0], "25") && !span_ends(words[0], ":25");
}

static void
say_how_to_ask(struct symptom_list *list, const struct postfix *postfix)
{
	struct span rest = span_of(postfix->services), line, name;

	while (span_line(&rest, &line)) {
		if (!is_own_listener(line, &name))
			continue;
		symptom_remedy(list,
		               "postconf%s%s -P '" SPAN_FMT
		               "/inet/smtpd_command_filter=pcre:"
		               "/etc/avis/mark-notify.pcre' && postfix%s%s "
		               "reload\n"
		               "on each listener that only your own users and "
		               "programs use",
		               postfix->folder[0] == '\0' ? "" : " -c ",
		               postfix->folder, SPAN_ARG(name),
		               postfix->folder[0] == '\0' ? "" : " -c ",
		               postfix->folder);
		return;
	}
	symptom_remedy(list, "a listener for your own users and programs, as "
	                     "in contrib/postfix/master.cf");
}

void
postfix_check_success(struct symptom_list *list, const struct postfix *postfix,
                      const struct settings *settings)
{
	const char *listeners = marking_listeners(list, postfix);

	check_strangers(list, postfix);
	check_header_checks(list, postfix);
	if (listeners[0] != '\0') {
		symptom_ok(list, "command-filter",
		           "reports of success are asked for on %s", listeners);
		return;
	}
	if (!doctor_wants_success(settings) ||
	    symptom_find(list, "command-filter") != NULL)
		return;
	symptom_warn(list, "command-filter",
	             "classes want reports of success, and no listener asks "
	             "Postfix for them: avis leaves them out");
	say_how_to_ask(list, postfix);
}
