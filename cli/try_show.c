#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/jwrite.h"
#include "cli/try.h"

#define JSON_BYTES  ((size_t)64 * 1024 * 1024)
#define TOPIC_WIDTH 13

struct look {
	const char *added;
	const char *removed;
	const char *plain;
};

static struct look
look_of(FILE *out)
{
	if (isatty(fileno(out)))
		return (struct look){ "\033[32m", "\033[31m", "\033[0m" };
	return (struct look){ "", "", "" };
}

static const struct edit *
sender_edit(const struct try *try)
{
	for (size_t i = 0; i < try->plan.edits.count; i++)
		if (try->plan.edits.items[i].kind == EDIT_SET_SENDER)
			return &try->plan.edits.items[i];
	return NULL;
}

static void
show_topic(const char *topic, const char *text)
{
	printf("%-*s%s\n", TOPIC_WIDTH, topic, text);
}

static void
show_envelope(const struct try *try)
{
	const struct edit *sender = sender_edit(try);

	if (sender != NULL)
		printf("%-*s%s %s\n", TOPIC_WIDTH, "sender is", sender->value,
		       sender->args);
	for (size_t i = 0; i < try->plan.edits.count; i++) {
		const struct edit *edit = &try->plan.edits.items[i];

		if (edit->kind == EDIT_ADD_RECIPIENT)
			printf("%-*s%s %s\n", TOPIC_WIDTH, "recipient",
			       edit->value, edit->args);
	}
	if (try->decision.drop_count > 0)
		for (size_t i = 0; i < try->message.recipient_count; i++)
			if (try->decision.drops[i])
				printf("%-*s%s is left out\n", TOPIC_WIDTH,
				       "recipient",
				       try->message.recipients[i].address);
}

static void
show_line(const char *mark, const char *color, const char *plain,
          const char *name, const char *value)
{
	printf("%s%s %s: ", color, mark, name);
	for (const char *p = value; *p != '\0'; p++) {
		if (*p == '\r')
			continue;
		putchar(*p);
		if (*p == '\n')
			printf("%s ", mark);
	}
	printf("%s\n", plain);
}

static void
show_headers(const struct try *try)
{
	struct look look = look_of(stdout);

	putchar('\n');
	for (size_t i = 0; i < try->applied.count; i++) {
		const struct applied_line *line = &try->applied.lines[i];

		if (line->mark == APPLIED_CHANGED)
			show_line("-", look.removed, look.plain, line->name,
			          line->before);
		if (line->mark == APPLIED_DELETED)
			show_line("-", look.removed, look.plain, line->name,
			          line->value);
		else if (line->mark == APPLIED_KEPT)
			show_line(" ", "", "", line->name, line->value);
		else
			show_line("+", look.added, look.plain, line->name,
			          line->value);
	}
}

void
try_show_text(const struct try *try)
{
	const struct decision *decision = &try->decision;

	for (int is_not_done = 0; is_not_done <= 1; is_not_done++)
		for (size_t i = 0; i < decision->reason_count; i++) {
			const struct reason *reason = &decision->reasons[i];

			if (reason->is_not_done != (is_not_done != 0))
				continue;
			if (is_not_done != 0)
				show_topic("not done", reason->text);
			else
				show_topic(reason->topic, reason->text);
		}
	if (decision->verdict == VERDICT_REFUSE ||
	    decision->verdict == VERDICT_DEFER) {
		printf("%-*s%d %s %s\n", TOPIC_WIDTH, "answer",
		       decision->reply_code, decision->reply_status,
		       decision->reply_text);
		return;
	}
	show_envelope(try);
	show_headers(try);
}

/* Line ends as the file has them. */
static bool
show_piece(void *context, struct span piece)
{
	const bool *is_crlf = context;

	for (size_t i = 0; i < piece.len; i++)
		if (*is_crlf || piece.at[i] != '\r')
			putchar(piece.at[i]);
	return true;
}

static void
show_new_body(const struct try *try, const struct edit *edit)
{
	bool is_crlf = try->crlf.len == try->body.len;

	(void)splice_stream(edit->splices, edit->source, show_piece, &is_crlf);
}

void
try_show_message(const struct try *try)
{
	for (size_t i = 0; i < try->applied.count; i++) {
		const struct applied_line *line = &try->applied.lines[i];

		if (line->mark != APPLIED_DELETED)
			printf("%s: %s\n", line->name, line->value);
	}
	putchar('\n');
	if (edit_of_body(&try->plan.edits) == NULL)
		fwrite(try->body.at, 1, try->body.len, stdout);
	else
		show_new_body(try, edit_of_body(&try->plan.edits));
}

static void
json_reasons(const struct try *try, struct jwrite *json)
{
	jwrite_array(json, "reasons");
	for (size_t i = 0; i < try->decision.reason_count; i++) {
		const struct reason *reason = &try->decision.reasons[i];

		jwrite_object(json, NULL);
		jwrite_text(json, "topic", reason->topic);
		jwrite_text(json, "text", reason->text);
		jwrite_bool(json, "done", !reason->is_not_done);
		jwrite_end(json);
	}
	jwrite_end(json);
}

static void
json_headers(const struct try *try, struct jwrite *json)
{
	static const char *const marks[] = {
		[APPLIED_KEPT] = "kept",
		[APPLIED_ADDED] = "added",
		[APPLIED_CHANGED] = "changed",
		[APPLIED_DELETED] = "deleted",
	};

	jwrite_array(json, "headers");
	for (size_t i = 0; i < try->applied.count; i++) {
		const struct applied_line *line = &try->applied.lines[i];

		jwrite_object(json, NULL);
		jwrite_text(json, "name", line->name);
		jwrite_text(json, "value", line->value);
		jwrite_text(json, "mark", marks[line->mark]);
		jwrite_text_if(json, "before", line->before);
		jwrite_end(json);
	}
	jwrite_end(json);
}

static const char *
recipient_args(const struct try *try, const char *path)
{
	for (size_t i = 0; i < try->plan.edits.count; i++) {
		const struct edit *edit = &try->plan.edits.items[i];

		if (edit->kind == EDIT_ADD_RECIPIENT &&
		    strcmp(edit->value, path) == 0)
			return edit->args;
	}
	return "";
}

static void
json_recipients(const struct try *try, struct jwrite *json)
{
	const struct decision *decision = &try->decision;

	jwrite_array(json, "recipients");
	for (size_t i = 0; i < try->message.recipient_count; i++) {
		const struct recipient *to = &try->message.recipients[i];

		jwrite_object(json, NULL);
		jwrite_text(json, "address", to->address);
		jwrite_text(json, "parameters", recipient_args(try, to->path));
		jwrite_bool(json, "dropped",
		            decision->drop_count > 0 && decision->drops[i]);
		jwrite_end(json);
	}
	jwrite_end(json);
}

void
try_show_json(const struct try *try)
{
	const struct decision *decision = &try->decision;
	const struct edit *sender = sender_edit(try);
	char until[CLOCK_TEXT_SIZE];
	struct buf out;
	struct jwrite json;

	buf_init(&out, JSON_BYTES);
	jwrite_init(&json, &out, false);
	jwrite_object(&json, NULL);
	jwrite_text(&json, "class",
	            decision->class != NULL ? decision->class->name : "");
	jwrite_text(&json, "verdict", verdict_name(decision->verdict));
	jwrite_text(&json, "origin", origin_name(decision->origin));
	if (decision->verdict == VERDICT_REFUSE ||
	    decision->verdict == VERDICT_DEFER) {
		jwrite_object(&json, "reply");
		jwrite_int(&json, "code", decision->reply_code);
		jwrite_text(&json, "status", decision->reply_status);
		jwrite_text(&json, "text", decision->reply_text);
		jwrite_end(&json);
	}
	if (decision->verdict == VERDICT_HOLD) {
		jwrite_object(&json, "hold");
		jwrite_text(&json, "reason", decision->hold_reason);
		clock_format(decision->hold_until, until);
		jwrite_text(&json, "until",
		            decision->hold_until != 0 ? until : "");
		jwrite_end(&json);
	}
	jwrite_text(&json, "envelope_sender",
	            sender != NULL ? sender->value : try->message.sender);
	jwrite_text(&json, "envelope_parameters",
	            sender != NULL ? sender->args : "");
	json_recipients(try, &json);
	json_reasons(try, &json);
	json_headers(try, &json);
	jwrite_end(&json);
	puts(out.data);
	buf_done(&out);
}
