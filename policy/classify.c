#include <string.h>

#include "policy/rules.h"

#define SHOWN_BYTES 60

/* sendmail(1) on this host has no address of its own. */
static const char *
client_of(const struct facts *facts)
{
	if (facts->is_local_submission && facts->client_address[0] == '\0')
		return "127.0.0.1";
	return facts->client_address;
}

enum origin
rules_origin(const struct rules *rules, const struct facts *facts)
{
	if (facts->auth_user[0] != '\0' && rules->settings->ours.authenticated)
		return ORIGIN_AUTHENTICATED;
	if (facts->is_local_submission)
		return ORIGIN_LOCAL;
	if (network_list_holds(&rules->ours, facts->client_address))
		return ORIGIN_NETWORK;
	return ORIGIN_TRANSIT;
}

static bool
may_name_class(const struct rules *rules, struct arena *arena,
               const struct facts *facts)
{
	return network_list_holds(&rules->trusted, client_of(facts)) ||
	       (facts->auth_user[0] != '\0' &&
	        pattern_list_matches(&rules->trusted_users, arena,
	                             span_of(facts->auth_user)));
}

bool
rules_may_name_class(const struct rules *rules, const struct facts *facts)
{
	struct arena *arena = arena_new();
	bool may = may_name_class(rules, arena, facts);

	arena_free(&arena);
	return may;
}

/*
 * What a class is held against: one message.
 */
struct question {
	struct arena *arena;
	const struct class_rule *rule;
	const struct facts *facts;
};

static bool
from_holds(const struct question *q)
{
	const struct pattern_list *list = &q->rule->from;

	return list->count == 0 ||
	       pattern_list_matches(list, q->arena, span_of(q->facts->from)) ||
	       pattern_list_matches(list, q->arena,
	                            span_of(q->facts->envelope_sender));
}

static bool
to_holds(const struct question *q)
{
	const struct pattern_list *list = &q->rule->to;

	if (list->count == 0)
		return true;
	for (size_t i = 0; i < q->facts->recipient_count; i++)
		if (!pattern_list_matches(
			    list, q->arena,
			    span_of(q->facts->recipients[i].address)))
			return false;
	return q->facts->recipient_count > 0;
}

static bool
user_holds(const struct question *q)
{
	const struct pattern_list *list = &q->rule->auth_user;

	return list->count == 0 ||
	       (q->facts->auth_user[0] != '\0' &&
	        pattern_list_matches(list, q->arena,
	                             span_of(q->facts->auth_user)));
}

static bool
client_holds(const struct question *q)
{
	return q->rule->client.count == 0 ||
	       network_list_holds(&q->rule->client, client_of(q->facts));
}

/* The first field of the name that matches, or NULL. */
static const struct fact_header *
find_header(const struct question *q, const struct header_rule *rule)
{
	for (size_t i = 0; i < q->facts->header_count; i++) {
		const struct fact_header *header = &q->facts->headers[i];

		if (text_is(header->name, rule->name) &&
		    pattern_matches(&rule->pattern, q->arena,
		                    span_of(header->value)))
			return header;
	}
	return NULL;
}

static bool
headers_hold(const struct question *q)
{
	for (size_t i = 0; i < q->rule->header_count; i++)
		if (find_header(q, &q->rule->headers[i]) == NULL)
			return false;
	return true;
}

static bool
body_holds(const struct question *q)
{
	const struct when_settings *when = &q->rule->class->when;
	bool wants = when->attachments == TRISTATE_YES;

	if (when->attachments != TRISTATE_ANY &&
	    wants != q->facts->has_attachment)
		return false;
	if (q->facts->size_bytes < when->size_min_bytes)
		return false;
	return when->size_max_bytes == 0 ||
	       q->facts->size_bytes <= when->size_max_bytes;
}

static const char *
shown(struct arena *arena, const char *text)
{
	return strlen(text) <= SHOWN_BYTES
	               ? text
	               : arena_printf(arena, "%.*s...", SHOWN_BYTES, text);
}

static const char *
why_from(const struct question *q)
{
	if (pattern_list_matches(&q->rule->from, q->arena,
	                         span_of(q->facts->from)))
		return arena_printf(q->arena, "from %s",
		                    shown(q->arena, q->facts->from));
	return arena_printf(q->arena, "envelope sender %s",
	                    shown(q->arena, q->facts->envelope_sender));
}

static const char *
why_to(const struct question *q)
{
	return q->facts->recipient_count == 1 ? "its recipient"
	                                      : "all recipients";
}

static const char *
why_user(const struct question *q)
{
	return arena_printf(q->arena, "user %s",
	                    shown(q->arena, q->facts->auth_user));
}

static const char *
why_client(const struct question *q)
{
	return arena_printf(q->arena, "client %s", client_of(q->facts));
}

/*
 * GDPR-11, GDPR-15: the pattern, not what it matched, which may be a subject
 * and would stand in the log.
 */
static const char *
why_headers(const struct question *q)
{
	const struct header_rule *rule = q->rule->headers;
	struct span text = rule->pattern.text;

	return arena_printf(q->arena, "header %s: " SPAN_FMT, rule->name,
	                    SPAN_ARG(span_take(text, SHOWN_BYTES)));
}

static const char *
why_body(const struct question *q)
{
	const struct when_settings *when = &q->rule->class->when;
	const char *with = q->facts->has_attachment ? "with attachments"
	                                            : "without attachments";

	if (when->size_min_bytes == 0 && when->size_max_bytes == 0)
		return with;
	return arena_printf(q->arena, "%lld bytes%s%s", q->facts->size_bytes,
	                    when->attachments != TRISTATE_ANY ? ", " : "",
	                    when->attachments != TRISTATE_ANY ? with : "");
}

/* Cheap questions come first, so that most classes fall at once. */
struct condition {
	bool (*holds)(const struct question *q);
	const char *(*why)(const struct question *q);
};

static const struct condition conditions[] = {
	{ from_holds, why_from },      { client_holds, why_client },
	{ user_holds, why_user },      { to_holds, why_to },
	{ headers_hold, why_headers }, { body_holds, why_body },
};

#define CONDITIONS (sizeof(conditions) / sizeof(conditions[0]))

static bool
class_matches(const struct question *q)
{
	for (size_t i = 0; i < CONDITIONS; i++)
		if (!conditions[i].holds(q))
			return false;
	return true;
}

/* Was this condition given? In the order of the table above. */
static bool
is_given(const struct class_rule *rule, size_t condition)
{
	const struct when_settings *when = &rule->class->when;
	const bool given[CONDITIONS] = {
		rule->from.count > 0,
		rule->client.count > 0,
		rule->auth_user.count > 0,
		rule->to.count > 0,
		rule->header_count > 0,
		when->attachments != TRISTATE_ANY || when->size_min_bytes > 0 ||
			when->size_max_bytes > 0,
	};

	return given[condition];
}

static const char *
why_matched(const struct question *q)
{
	const char *text = "";

	if (!q->rule->has_conditions)
		return q->rule->number == 1 ? "it takes everything"
		                            : "nothing before it matched";
	for (size_t i = 0; i < CONDITIONS; i++)
		if (is_given(q->rule, i))
			text = arena_printf(q->arena, "%s%s%s", text,
			                    text[0] != '\0' ? ", " : "",
			                    conditions[i].why(q));
	return text;
}

static const struct class_settings *
find_named(const struct rules *rules, const char *name)
{
	for (size_t i = 0; i < rules->class_count; i++)
		if (text_is(rules->classes[i].class->name, name))
			return rules->classes[i].class;
	return NULL;
}

/* HDR-9: the control header counts from those who may use it. */
static const struct class_settings *
classify_named(struct arena *arena, const struct rules *rules,
               const struct facts *facts, const char **note_r)
{
	const struct class_settings *class;
	const char *name = facts->class_named;

	*note_r = "";
	if (name[0] == '\0')
		return NULL;
	if (!may_name_class(rules, arena, facts)) {
		*note_r = "; Avis-Class ignored: this client is not trusted "
			  "to set it (HDR-9)";
		return NULL;
	}
	class = find_named(rules, name);
	if (class == NULL)
		*note_r = arena_printf(arena,
		                       "; Avis-Class ignored: there is no "
		                       "class \"%s\"",
		                       shown(arena, name));
	return class;
}

const struct class_settings *
rules_classify(struct arena *arena, const struct rules *rules,
               const struct facts *facts, const char **reason_r)
{
	const char *note;
	const struct class_settings *named =
		classify_named(arena, rules, facts, &note);
	struct question q = { .arena = arena, .facts = facts };

	if (named != NULL) {
		*reason_r = arena_printf(arena,
		                         "%s (named by the application in "
		                         "Avis-Class)",
		                         named->name);
		return named;
	}
	for (size_t i = 0; i < rules->class_count; i++) {
		q.rule = &rules->classes[i];
		if (!class_matches(&q))
			continue;
		*reason_r = arena_printf(arena, "%s (rule %zu: %s)%s",
		                         q.rule->class->name, q.rule->number,
		                         why_matched(&q), note);
		return q.rule->class;
	}
	*reason_r = arena_printf(arena, "none (no rule matched)%s", note);
	return NULL;
}
