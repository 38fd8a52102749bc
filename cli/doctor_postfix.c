#include "cli/doctor_postfix.h"

#include <string.h>

#include "cli/process.h"

/* Since 3.6 a recipient taken away and added again is not lost (MLT-16). */
#define VERSION_NEEDED 3006000L

static enum result
ask(struct arena *arena, const char *folder, const char *option,
    const char **text_r, struct error *err)
{
	const char *argv[6] = { "postconf" };
	size_t count = 1;

	if (folder[0] != '\0') {
		argv[count++] = "-c";
		argv[count++] = folder;
	}
	argv[count++] = option;
	argv[count] = NULL;
	return process_output(arena, argv, text_r, err);
}

enum result
postfix_ask(struct arena *arena, const char *folder, struct postfix *postfix_r,
            struct error *err)
{
	struct postfix found = { .folder = folder };
	enum result result = ask(arena, folder, "-x", &found.main, err);

	if (result != RESULT_OK)
		return result;
	result = ask(arena, folder, "-P", &found.overrides, err);
	if (result == RESULT_OK)
		result = ask(arena, folder, "-M", &found.services, err);
	*postfix_r = found;
	return result == RESULT_NONE ? RESULT_BAD : result;
}

/* "name = value" */
static bool
split(struct span line, struct span *name_r, struct span *value_r)
{
	size_t sign = span_find(line, '=', 0);

	*name_r = span_trim(span_take(line, sign));
	*value_r = span_trim(span_skip(line, sign + 1));
	return sign < line.len;
}

const char *
postfix_value(struct arena *arena, const struct postfix *postfix,
              const char *name)
{
	struct span rest = span_of(postfix->main), line, word, value;

	while (span_line(&rest, &line))
		if (split(line, &word, &value) && span_is(word, name))
			return arena_strndup(arena, value.at, value.len);
	return "";
}

const char *
postfix_lookup(struct arena *arena, const struct postfix *postfix,
               const char *key, struct span map)
{
	const char *argv[8] = { "postmap" };
	size_t count = 1;
	const char *answer = "";
	struct error err;

	if (postfix->folder[0] != '\0') {
		argv[count++] = "-c";
		argv[count++] = postfix->folder;
	}
	argv[count++] = "-q";
	argv[count++] = key;
	argv[count++] = arena_strndup(arena, map.at, map.len);
	if (process_output(arena, argv, &answer, &err) != RESULT_OK)
		return "";
	return answer;
}

bool
postfix_next_override(const struct postfix *postfix, const char *name,
                      struct postfix_walk *walk)
{
	struct span all = span_of(postfix->overrides);
	struct span rest = span_skip(all, walk->position), line, word;

	while (span_line(&rest, &line)) {
		size_t slash;

		walk->position = all.len - rest.len;
		if (!split(line, &word, &walk->value))
			continue;
		slash = word.len;
		while (slash > 0 && word.at[slash - 1] != '/')
			slash--;
		if (slash > 0 && span_is(span_skip(word, slash), name)) {
			walk->service = span_take(word, slash - 1);
			return true;
		}
	}
	return false;
}

long
postfix_version_number(const char *version)
{
	long number = 0;

	for (int part = 0; part < 3; part++) {
		long value = 0;

		while (ascii_is_digit(*version) && value < 1000)
			value = value * 10 + (*version++ - '0');
		number = number * 1000 + value;
		if (*version == '.')
			version++;
	}
	return number;
}

char *
postfix_remedy(struct arena *arena, const struct postfix *postfix,
               const char *settings)
{
	const char *option =
		postfix->folder[0] == '\0'
			? ""
			: arena_printf(arena, " -c %s", postfix->folder);

	return arena_printf(arena, "postconf%s -e %s && postfix%s reload",
	                    option, settings, option);
}

void
postfix_check_version(struct symptom_list *list, const struct postfix *postfix)
{
	const char *version =
		postfix_value(list->arena, postfix, "mail_version");
	const char *protocol =
		postfix_value(list->arena, postfix, "milter_protocol");

	if (postfix_version_number(version) < VERSION_NEEDED) {
		symptom_fail(list, "mta-version",
		             "Postfix %s: before 3.6 it may lose a recipient "
		             "whose reports change; avis asks for none there",
		             version);
		symptom_remedy(list, "upgrade Postfix to 3.6 or later");
	} else if (protocol[0] < '6' || protocol[1] != '\0') {
		symptom_fail(list, "mta-version",
		             "Postfix %s speaks milter protocol %s; avis "
		             "needs 6",
		             version, protocol);
		symptom_remedy(list, "%s",
		               postfix_remedy(list->arena, postfix,
		                              "milter_protocol=6"));
	} else {
		symptom_ok(list, "mta-version",
		           "Postfix %s, milter protocol %s", version, protocol);
	}
}

static void
warn_of_short_ids(struct symptom_list *list, const struct postfix *postfix)
{
	if (text_is(postfix_value(list->arena, postfix,
	                          "enable_long_queue_ids"),
	            "yes"))
		return;
	symptom_warn(list, "queue-ids",
	             "queue ids are short and come again: a line of the mail "
	             "log may fit two messages");
	symptom_remedy(list, "%s",
	               postfix_remedy(list->arena, postfix,
	                              "enable_long_queue_ids=yes"));
}

static bool
has_word(const char *list, const char *word)
{
	struct span rest = span_of(list);

	while (rest.len > 0) {
		size_t end = 0;

		while (end < rest.len && rest.at[end] != ',' &&
		       !ascii_is_space(rest.at[end]))
			end++;
		if (span_is(span_take(rest, end), word))
			return true;
		rest = span_skip(rest, end + 1);
	}
	return false;
}

void
postfix_check_names(struct symptom_list *list, const struct postfix *postfix,
                    const struct settings *settings)
{
	struct arena *arena = list->arena;
	const char *delimiter =
		postfix_value(arena, postfix, "recipient_delimiter");
	const char *internal =
		postfix_value(arena, postfix, "internal_mail_filter_classes");

	if (strstr(delimiter, settings->delimiter) == NULL) {
		symptom_fail(list, "delimiter",
		             "recipient_delimiter is \"%s\", but reports come "
		             "to %s with \"%sTOKEN\" in it",
		             delimiter, settings->receipts,
		             settings->delimiter);
		symptom_remedy(
			list, "%s",
			postfix_remedy(arena, postfix,
		                       arena_printf(arena,
		                                    "recipient_delimiter=%s",
		                                    settings->delimiter)));
	} else {
		symptom_ok(list, "delimiter",
		           "recipient_delimiter is \"%s\", as in %s", delimiter,
		           settings->file);
	}
	if (!has_word(internal, "bounce")) {
		symptom_fail(list, "bounces",
		             "local bounces do not reach avis: "
		             "internal_mail_filter_classes is %s",
		             internal[0] == '\0' ? "empty" : internal);
		symptom_remedy(
			list, "%s",
			postfix_remedy(
				arena, postfix,
				"'internal_mail_filter_classes=bounce'"));
	} else {
		symptom_ok(list, "bounces", "local bounces reach avis");
	}
	warn_of_short_ids(list, postfix);
}
