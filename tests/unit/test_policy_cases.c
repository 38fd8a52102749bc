#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/file.h"
#include "policy/decide.h"

/*
 * tests/cases/policy: a message and its rules above the line ---, the
 * decision below. What is not said above is as in default_facts; what is
 * not said below must not be in the decision. GOLDEN=1 writes the lower
 * part anew.
 */
#define FOLDER     "tests/cases/policy"
#define CASE_BYTES ((size_t)64 * 1024)
#define PEOPLE     8
#define HEADERS    16

struct sheet {
	struct arena *arena;
	struct facts facts;
	struct fact_recipient people[PEOPLE];
	struct fact_header headers[HEADERS];
	struct buf settings, senders, classes;
	struct span expected;
	size_t given; /* bytes of the file above the line */
};

static const struct facts default_facts = {
	.client_address = "127.0.0.1",
	.auth_user = "",
	.envelope_sender = "julie@example.fr",
	.from = "julie@example.fr",
	.from_count = 1,
	.from_fields = 1,
	.class_named = "",
	.receipt_to = "",
	.language = "",
	.has_message_id = true,
	.has_date = true,
	.size_bytes = 2000,
	.store = STORE_ANSWERED,
	.web_is_healthy = true,
	.mta_can_set_sender = true,
	.mta_can_set_notify = true,
	.mta_flags_success = true,
	.mta_can_hold = true,
	.link_missing_in = "",
};

struct fact_name {
	const char *name;
	size_t offset;
};

#define FACT(field)                                                            \
	{                                                                      \
#field, offsetof(struct facts, field)                          \
	}

static const struct fact_name texts[] = {
	FACT(client_address), FACT(auth_user),   FACT(envelope_sender),
	FACT(from),           FACT(class_named), FACT(receipt_to),
	FACT(language),
};

static const struct fact_name bools[] = {
	FACT(is_local_submission),
	FACT(from_has_group),
	FACT(from_is_no_reply),
	FACT(has_reply_to),
	FACT(reply_to_is_no_reply),
	FACT(has_list_unsubscribe),
	FACT(has_list_id),
	FACT(is_report),
	FACT(is_automatic),
	FACT(is_bulk),
	FACT(is_list),
	FACT(is_partial),
	FACT(is_signed_or_encrypted),
	FACT(has_resent),
	FACT(is_dkim_signed),
	FACT(is_text_read),
	FACT(has_link),
	FACT(has_mime_version),
	FACT(is_our_second_pass),
	FACT(has_attachment),
	FACT(web_is_healthy),
	FACT(mta_can_set_sender),
	FACT(mta_can_set_notify),
	FACT(mta_flags_success),
	FACT(mta_can_hold),
};

static const struct fact_name counts[] = {
	FACT(from_count),
	FACT(from_fields),
};

static const char *const store_states[] = {
	[STORE_NOT_ASKED] = "not asked",
	[STORE_ANSWERED] = "answered",
	[STORE_AWAY] = "away",
};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static void *
find_fact(struct facts *facts, const struct fact_name *names, size_t count,
          const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i].name, name) == 0)
			return (char *)facts + names[i].offset;
	return NULL;
}

/* The word behind a mark, "" when the mark is not there. */
static const char *
word_behind(struct sheet *sheet, const char *value, const char *mark)
{
	const char *at = strstr(value, mark);

	if (at == NULL)
		return "";
	at += strlen(mark);
	return arena_strndup(sheet->arena, at, strcspn(at, " "));
}

/* "anne@example.com", then perhaps "suppressed 2026-11-02", "no receipts" */
static void
read_recipient(struct sheet *sheet, const char *value)
{
	struct fact_recipient *to =
		&sheet->people[sheet->facts.recipient_count++];
	size_t len = strcspn(value, " ");
	const char *next = word_behind(sheet, value, "over cap until ");

	assert_true(sheet->facts.recipient_count <= PEOPLE);
	to->address = arena_strndup(sheet->arena, value, len);
	to->suppressed_since = word_behind(sheet, value, "suppressed ");
	to->is_suppressed = to->suppressed_since[0] != '\0';
	to->refuses_receipts = strstr(value, "no receipts") != NULL;
	to->refuses_measure = strstr(value, "no measure") != NULL;
	to->is_restricted = strstr(value, "restricted") != NULL;
	to->may_measure_clicks = strstr(value, "agrees to clicks") != NULL;
	to->refuses_measure = strstr(value, "no measuring") != NULL;
	to->is_soft_opt_in = strstr(value, "soft opt-in") != NULL;
	to->may_receive =
		to->is_soft_opt_in || strstr(value, "consents") != NULL;
	to->has_consent = to->may_receive || strstr(value, "withdrew") != NULL;
	to->is_over_cap = strstr(value, "over cap") != NULL;
	to->channel = word_behind(sheet, value, "prefers ");
	to->language = word_behind(sheet, value, "reads ");
	if (next[0] != '\0')
		assert_true(clock_parse(next, &to->cap_next));
}

static void
read_header(struct sheet *sheet, const char *value)
{
	struct fact_header *header =
		&sheet->headers[sheet->facts.header_count++];
	size_t colon = strcspn(value, ":");

	assert_true(sheet->facts.header_count <= HEADERS);
	header->name = arena_strndup(sheet->arena, value, colon);
	header->value = arena_strdup(
		sheet->arena, value + colon + strspn(value + colon, ": "));
}

static void
read_store(struct sheet *sheet, const char *value)
{
	for (size_t i = 0; i < COUNT(store_states); i++)
		if (strcmp(store_states[i], value) == 0) {
			sheet->facts.store = (enum store_state)i;
			return;
		}
	fail_msg("store: %s?", value);
}

/* "there", or "missing in the HTML" */
static void
read_link(struct sheet *sheet, const char *value)
{
	sheet->facts.visible_link =
		strcmp(value, "there") == 0 ? VISIBLE_THERE : VISIBLE_MISSING;
	if (sheet->facts.visible_link == VISIBLE_MISSING)
		sheet->facts.link_missing_in = value + strlen("missing in ");
}

static void
read_fact(struct sheet *sheet, const char *name, const char *value)
{
	const char **text = find_fact(&sheet->facts, texts, COUNT(texts), name);
	bool *is = find_fact(&sheet->facts, bools, COUNT(bools), name);
	size_t *count = find_fact(&sheet->facts, counts, COUNT(counts), name);

	if (text != NULL)
		*text = value;
	else if (is != NULL)
		*is = strcmp(value, "no") != 0;
	else if (count != NULL)
		*count = strtoul(value, NULL, 10);
	else if (strcmp(name, "now") == 0)
		assert_true(clock_parse(value, &sheet->facts.now));
	else if (strcmp(name, "size") == 0)
		sheet->facts.size_bytes = strtoll(value, NULL, 10);
	else
		fail_msg("there is no fact \"%s\"", name);
}

static void
add_item(struct buf *list, const char *value)
{
	buf_printf(list, "%s{ %s }", list->len > 0 ? ", " : "", value);
}

static void
read_given(struct sheet *sheet, const char *name, const char *value)
{
	if (strcmp(name, "settings") == 0)
		buf_printf(&sheet->settings, "%s\n", value);
	else if (strcmp(name, "sender rule") == 0)
		add_item(&sheet->senders, value);
	else if (strcmp(name, "class") == 0)
		add_item(&sheet->classes, value);
	else if (strcmp(name, "to") == 0)
		read_recipient(sheet, value);
	else if (strcmp(name, "header") == 0)
		read_header(sheet, value);
	else if (strcmp(name, "store") == 0)
		read_store(sheet, value);
	else if (strcmp(name, "visible link") == 0)
		read_link(sheet, value);
	else
		read_fact(sheet, name, value);
}

/* A line that begins with blanks goes on with the one before. */
static const char *
read_value(struct arena *arena, struct span first, struct span *rest)
{
	const char *value = arena_strndup(arena, first.at, first.len);
	struct span line;

	while (rest->len > 0 && rest->at[0] == ' ' && span_line(rest, &line)) {
		line = span_trim(line);
		value = arena_printf(arena, "%s " SPAN_FMT, value,
		                     SPAN_ARG(line));
	}
	return value;
}

static void
read_sheet(struct sheet *sheet, struct span bytes)
{
	struct span rest = bytes, line;

	while (span_line(&rest, &line)) {
		size_t colon = span_find(line, ':', 0);

		if (span_is(line, "---"))
			break;
		if (line.len == 0 || line.at[0] == '#')
			continue;
		read_given(sheet, arena_strndup(sheet->arena, line.at, colon),
		           read_value(sheet->arena,
		                      span_trim(span_skip(line, colon + 1)),
		                      &rest));
	}
	sheet->expected = rest;
	sheet->given = bytes.len - rest.len;
	sheet->facts.recipients = sheet->people;
	sheet->facts.headers = sheet->headers;
	if (sheet->facts.recipient_count == 0)
		read_recipient(sheet, "anne@example.com");
}

static struct settings *
read_settings(struct sheet *sheet)
{
	struct finding_list findings;
	struct settings *settings;
	struct error err;
	char path[] = "/tmp/avis-case-XXXXXX";
	int fd = mkstemp(path);
	const char *text = arena_printf(
		sheet->arena,
		"host = \"mx1\"; receipts = \"recu@example.fr\";\n"
		"%ssenders = ( %s );\nclasses = ( %s );\n",
		sheet->settings.data, sheet->senders.data, sheet->classes.data);

	assert_true(fd >= 0);
	assert_int_equal(file_write_all(fd, text, strlen(text), &err),
	                 RESULT_OK);
	close(fd);
	if (settings_read(sheet->arena, path, &settings, &findings, &err) !=
	    RESULT_OK)
		fail_msg("%s", err.text);
	unlink(path);
	return settings;
}

static void
show(struct buf *out, const char *name, const char *value)
{
	if (value[0] != '\0')
		buf_printf(out, "%s: %s\n", name, value);
}

static void
show_bool(struct buf *out, const char *name, bool value)
{
	show(out, name, value ? "yes" : "");
}

static void
show_notify(struct buf *out, unsigned notify)
{
	if (notify == 0)
		return;
	buf_printf(out, "notify:%s%s%s\n",
	           (notify & DELIVERY_SUCCESS) != 0 ? " success" : "",
	           (notify & DELIVERY_FAILURE) != 0 ? " failure" : "",
	           (notify & DELIVERY_DELAY) != 0 ? " delay" : "");
}

static void
show_decision(struct buf *out, const struct facts *facts,
              const struct decision *d)
{
	char until[CLOCK_TEXT_SIZE];

	show(out, "verdict", verdict_name(d->verdict));
	show(out, "origin", origin_name(d->origin));
	show(out, "class", d->class == NULL ? "" : d->class->name);
	if (d->reply_code != 0)
		buf_printf(out, "reply: %d %s %s\n", d->reply_code,
		           d->reply_status, d->reply_text);
	if (d->verdict == VERDICT_HOLD) {
		clock_format(d->hold_until, until);
		buf_printf(out, "hold: %s until %s\n", d->hold_reason,
		           d->hold_until == 0 ? "somebody lets it go" : until);
	}
	show(out, "reply_to", d->reply_to);
	show_bool(out, "reply_to_replaces", d->reply_to_replaces);
	show_bool(out, "reply_to_merges", d->reply_to_merges);
	show(out, "from", d->from);
	show_bool(out, "rewrite_sender", d->rewrite_sender);
	show_notify(out, d->notify);
	show_bool(out, "override_never", d->override_never);
	show_bool(out, "ask_reading", d->ask_reading);
	show_bool(out, "drop_legacy_receipt", d->drop_legacy_receipt);
	show_bool(out, "unsubscribe_mailto", d->unsubscribe_mailto);
	show_bool(out, "unsubscribe_https", d->unsubscribe_https);
	show_bool(out, "unsubscribe_post", d->unsubscribe_post);
	show_bool(out, "unsubscribe_replaces", d->unsubscribe_replaces);
	show(out, "list_id", d->list_id);
	show_bool(out, "strip_list", d->strip_list);
	show(out, "preferred_channel", d->preferred_channel);
	for (size_t i = 0; i < d->block_count; i++)
		buf_printf(out, "block: %s %s\n", d->blocks[i], d->language);
	for (size_t i = 0; d->drops != NULL && i < facts->recipient_count; i++)
		if (d->drops[i])
			show(out, "drop", facts->recipients[i].address);
	for (size_t i = 0; i < d->reason_count; i++)
		buf_printf(out, "%s %s: %s\n",
		           d->reasons[i].is_not_done ? "not done" : "because",
		           d->reasons[i].topic, d->reasons[i].text);
}

static void
write_golden(const char *path, struct span bytes, const struct sheet *sheet,
             struct span decision)
{
	struct error err;
	struct buf text;

	buf_init(&text, CASE_BYTES);
	buf_span(&text, span_take(bytes, sheet->given));
	buf_span(&text, decision);
	assert_int_equal(file_replace(path, buf_as_span(&text), 0644, &err),
	                 RESULT_OK);
	buf_done(&text);
}

/* What the decision says of itself must not contradict the standards. */
static void
check_invariants(const struct facts *facts, const struct decision *d)
{
	if (d->notify != 0)
		assert_true((d->notify & DELIVERY_FAILURE) != 0); /* DSN-2 */
	if (d->ask_reading)
		assert_true(d->rewrite_sender); /* F-2 */
	if (facts->envelope_sender[0] == '\0')
		assert_false(d->rewrite_sender); /* DSN-6 */
	if (d->unsubscribe_post)
		assert_true(d->unsubscribe_https); /* LST-4 */
	if (d->verdict == VERDICT_HOLD)
		assert_true(facts->mta_can_hold && d->hold_reason[0] != '\0');
	if (d->verdict == VERDICT_DEFER)
		assert_true(d->reply_code / 100 == 4 &&
		            d->reply_status[0] == '4'); /* STAT-1 */
	if (d->verdict == VERDICT_REFUSE)
		assert_true(d->reply_code / 100 == 5 &&
		            d->reply_status[0] == '5');
	if (d->origin == ORIGIN_TRANSIT)
		assert_int_equal(d->verdict, VERDICT_UNTOUCHED); /* DSN-4 */
	assert_true(d->reason_count > 0);
}

static void
run_sheet(struct sheet *sheet, struct buf *out)
{
	const struct settings *settings = read_settings(sheet);
	struct finding_list findings = { .items = NULL };
	struct rules *rules;
	struct decision decision;
	struct error err;

	if (rules_new(sheet->arena, settings, &rules, &findings, &err) !=
	    RESULT_OK)
		fail_msg("%s", err.text);
	decide(sheet->arena, rules, &sheet->facts, &decision);
	check_invariants(&sheet->facts, &decision);
	show_decision(out, &sheet->facts, &decision);
	rules_free(&rules);
}

static void
run_case(void **state)
{
	const char *path = *state;
	struct sheet sheet = { .arena = arena_new(), .facts = default_facts };
	struct span bytes;
	struct error err;
	struct buf out;

	assert_int_equal(file_read(sheet.arena, path, CASE_BYTES, &bytes, &err),
	                 RESULT_OK);
	buf_init(&sheet.settings, CASE_BYTES);
	buf_init(&sheet.senders, CASE_BYTES);
	buf_init(&sheet.classes, CASE_BYTES);
	buf_init(&out, CASE_BYTES);
	read_sheet(&sheet, bytes);
	run_sheet(&sheet, &out);
	if (getenv("GOLDEN") != NULL)
		write_golden(path, bytes, &sheet, buf_as_span(&out));
	else
		assert_string_equal(
			out.data, arena_strndup(sheet.arena, sheet.expected.at,
		                                sheet.expected.len));
	buf_done(&out);
	buf_done(&sheet.settings);
	buf_done(&sheet.senders);
	buf_done(&sheet.classes);
	arena_free(&sheet.arena);
}

static int
is_case(const struct dirent *entry)
{
	return span_ends(span_of(entry->d_name), ".case");
}

int
main(void)
{
	struct arena *arena = arena_new();
	struct dirent **entries;
	int count = scandir(FOLDER, &entries, is_case, alphasort);

	if (count <= 0) {
		fputs("no cases in " FOLDER "\n", stderr);
		return 1;
	}

	struct CMUnitTest *tests =
		arena_array(arena, (size_t)count, sizeof(*tests));

	for (int i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;

		tests[i].name = arena_strndup(arena, name, strlen(name) - 5);
		tests[i].test_func = run_case;
		tests[i].initial_state =
			arena_printf(arena, "%s/%s", FOLDER, name);
	}

	int failed = _cmocka_run_group_tests("policy", tests, (size_t)count,
	                                     NULL, NULL);

	for (int i = 0; i < count; i++)
		free(entries[i]);
	free(entries);
	arena_free(&arena);
	return failed;
}
