#include "policy/rules.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "conf/values.h"

#define HOLIDAYS_BYTES ((size_t)256 * 1024)

struct compile {
	struct arena *arena;
	const struct settings *settings;
	struct finding_list *findings;
	struct place place; /* of the class or sender being compiled */
};

static void
complain(struct compile *compile, const char *setting, const char *text,
         const char *what, const char *remedy)
{
	struct arena *arena = compile->arena;
	struct finding finding = {
		.place = settings_place(compile->settings, setting,
		                        compile->place),
		.setting = setting,
		.text = arena_printf(arena, "\"%s\": %s", text, what),
		.remedy = remedy,
	};

	finding_add(arena, compile->findings, finding);
}

static struct pattern_list
compile_patterns(struct compile *compile, const char *setting,
                 const struct text_list *texts, enum pattern_subject subject)
{
	struct pattern_list list = { .items = NULL };
	struct error err;

	list.items =
		arena_array(compile->arena, texts->count, sizeof(*list.items));
	for (size_t i = 0; i < texts->count; i++) {
		if (pattern_compile(texts->items[i], subject,
		                    &list.items[list.count], &err) == RESULT_OK)
			list.count++;
		else
			complain(compile, setting, texts->items[i], err.text,
			         "");
	}
	return list;
}

static struct network_list
compile_networks(struct compile *compile, const char *setting,
                 const struct text_list *texts)
{
	struct network_list list = { .items = NULL };
	struct error err;

	list.items =
		arena_array(compile->arena, texts->count, sizeof(*list.items));
	for (size_t i = 0; i < texts->count; i++) {
		if (network_parse(texts->items[i], &list.items[list.count],
		                  &err) == RESULT_OK)
			list.count++;
		else
			complain(compile, setting, texts->items[i], err.text,
			         "");
	}
	return list;
}

static void
compile_headers(struct compile *compile, const char *setting,
                const struct when_settings *when, struct class_rule *rule)
{
	struct error err;

	rule->headers = arena_array(compile->arena, when->header_count,
	                            sizeof(*rule->headers));
	for (size_t i = 0; i < when->header_count; i++) {
		const struct header_condition *condition = &when->header[i];
		struct header_rule *header = &rule->headers[rule->header_count];

		header->name = condition->name;
		if (pattern_compile(condition->pattern, SUBJECT_VALUE,
		                    &header->pattern, &err) == RESULT_OK)
			rule->header_count++;
		else
			complain(compile, setting, condition->pattern, err.text,
			         "");
	}
}

static void
compile_holidays(struct compile *compile, const struct class_settings *class,
                 struct opening *opening)
{
	const char *path = arena_printf(compile->arena, "classes.%s.holidays",
	                                class->name);
	struct span text;
	struct error err;

	if (class->holidays[0] == '\0')
		return;
	if (file_read(compile->arena, class->holidays, HOLIDAYS_BYTES, &text,
	              &err) != RESULT_OK) {
		complain(compile, path, class->holidays, err.text,
		         "make the file, one day a line: 2026-05-14, or 12-25 "
		         "for every year");
		return;
	}
	if (holidays_read(compile->arena, text, &opening->holidays, &err) !=
	    RESULT_OK)
		complain(compile, path, class->holidays, err.text, "");
}

static void
compile_hours(struct compile *compile, const struct class_settings *class,
              struct opening *opening)
{
	const char *path =
		arena_printf(compile->arena, "classes.%s.hours", class->name);
	struct error err;

	/* What is no hours at all was a finding of the settings already. */
	if (class->hours[0] == '\0' ||
	    hours_read(class->hours, &opening->hours, &err) != RESULT_OK)
		return;
	if (zone_new(opening->hours.zone, &opening->zone, &err) != RESULT_OK) {
		complain(compile, path, class->hours, err.text,
		         "a name such as Europe/Paris; timedatectl "
		         "list-timezones lists them, the package tzdata has "
		         "them");
		return;
	}
	compile_holidays(compile, class, opening);
	/* Any moment will do: what is closed for two years is closed. */
	if (!opening_is_open(opening, 0) && opening_next(opening, 0) == 0)
		complain(compile, path, class->hours,
		         "never open: every such day is a holiday",
		         "take days out of the file of holidays");
}

static void
compile_class(struct compile *compile, const struct class_settings *class,
              struct class_rule *rule)
{
	const struct when_settings *when = &class->when;
	const char *path =
		arena_printf(compile->arena, "classes.%s.when", class->name);
	const char *from = arena_printf(compile->arena, "%s.from", path);
	const char *to = arena_printf(compile->arena, "%s.to", path);
	const char *user = arena_printf(compile->arena, "%s.auth_user", path);
	const char *client = arena_printf(compile->arena, "%s.client", path);
	const char *header = arena_printf(compile->arena, "%s.header", path);

	compile->place = class->place;
	rule->class = class;
	rule->from =
		compile_patterns(compile, from, &when->from, SUBJECT_ADDRESS);
	rule->to = compile_patterns(compile, to, &when->to, SUBJECT_ADDRESS);
	rule->auth_user = compile_patterns(compile, user, &when->auth_user,
	                                   SUBJECT_VALUE);
	rule->client = compile_networks(compile, client, &when->client);
	compile_headers(compile, header, when, rule);
	compile_hours(compile, class, &rule->opening);
}

static bool
class_looks_at_body(const struct class_settings *class)
{
	return class->when.attachments != TRISTATE_ANY ||
	       class->when.size_min_bytes > 0 || class->when.size_max_bytes > 0;
}

static void
compile_classes(struct compile *compile, struct rules *rules)
{
	const struct settings *settings = compile->settings;

	rules->class_count = settings->class_count;
	rules->classes = arena_array(compile->arena, rules->class_count,
	                             sizeof(*rules->classes));
	for (size_t i = 0; i < rules->class_count; i++) {
		const struct class_settings *class = &settings->classes[i];
		const struct when_settings *when = &class->when;
		struct class_rule *rule = &rules->classes[i];
		bool looks_at_body = class_looks_at_body(class);

		rule->number = i + 1;
		rule->has_conditions =
			looks_at_body || when->from.count > 0 ||
			when->to.count > 0 || when->auth_user.count > 0 ||
			when->client.count > 0 || when->header_count > 0;
		compile_class(compile, class, rule);
		rules->needs_body = rules->needs_body || looks_at_body;
		rules->needs_text =
			rules->needs_text || class_reads_text(class);
	}
}

static void
compile_senders(struct compile *compile, struct rules *rules)
{
	const struct settings *settings = compile->settings;

	rules->sender_count = settings->sender_count;
	rules->senders = arena_array(compile->arena, rules->sender_count,
	                             sizeof(*rules->senders));
	for (size_t i = 0; i < rules->sender_count; i++) {
		const struct sender_settings *sender = &settings->senders[i];
		struct sender_rule *rule = &rules->senders[i];
		const char *path = arena_printf(compile->arena,
		                                "senders.%zu.match", i + 1);

		compile->place = sender->place;
		rule->sender = sender;
		rule->match = compile_patterns(compile, path, &sender->match,
		                               SUBJECT_ADDRESS);
		rule->reply_address =
			value_address_of(compile->arena, sender->reply_to);
		rule->from_address = text_is(sender->from, "keep")
		                             ? ""
		                             : value_address_of(compile->arena,
		                                                sender->from);
	}
}

enum result
rules_new(struct arena *arena, const struct settings *settings,
          struct rules **rules_r, struct finding_list *findings_r,
          struct error *err)
{
	struct rules *rules = arena_alloc(arena, sizeof(*rules));
	size_t before = finding_errors(findings_r);
	struct compile compile = { .arena = arena,
		                   .settings = settings,
		                   .findings = findings_r,
		                   .place = { .file = settings->file } };

	rules->settings = settings;
	rules->ours = compile_networks(&compile, "ours.networks",
	                               &settings->ours.networks);
	rules->trusted = compile_networks(&compile, "trusted.networks",
	                                  &settings->trusted.networks);
	rules->trusted_users =
		compile_patterns(&compile, "trusted.users",
	                         &settings->trusted.users, SUBJECT_VALUE);
	compile_classes(&compile, rules);
	compile_senders(&compile, rules);
	(void)!blocks_read(arena, settings, &rules->blocks, findings_r);

	size_t errors = finding_errors(findings_r) - before;

	if (errors == 0) {
		*rules_r = rules;
		return RESULT_OK;
	}
	error_set(err, "%zu setting%s cannot be used", errors,
	          errors == 1 ? "" : "s");
	rules_free(&rules);
	return RESULT_BAD;
}

/* The rest lies in the arena. */
void
rules_free(struct rules **rules)
{
	struct rules *old = *rules;

	if (old == NULL)
		return;
	for (size_t i = 0; i < old->class_count; i++) {
		struct class_rule *class = &old->classes[i];

		pattern_list_done(&class->from);
		pattern_list_done(&class->to);
		pattern_list_done(&class->auth_user);
		zone_free(&class->opening.zone);
		for (size_t j = 0; j < class->header_count; j++)
			pattern_done(&class->headers[j].pattern);
	}
	for (size_t i = 0; i < old->sender_count; i++)
		pattern_list_done(&old->senders[i].match);
	pattern_list_done(&old->trusted_users);
	*rules = NULL;
}

bool
class_reads_text(const struct class_settings *class)
{
	return class->visible_link != LINK_OFF || class->notice[0] != '\0' ||
	       class->footer.count > 0;
}

const struct blocks *
rules_blocks(const struct rules *rules)
{
	return rules->blocks;
}

bool
rules_need_body(const struct rules *rules)
{
	return rules->needs_body;
}

/*
 * The class may turn out to be another one once attachments and size are
 * known: then the text is kept when any class could want it.
 */
bool
rules_need_text(struct arena *arena, const struct rules *rules,
                const struct facts *facts)
{
	const struct class_settings *class;
	const char *reason;

	if (rules->needs_body)
		return rules->needs_text;
	if (!rules->needs_text)
		return false;
	class = rules_classify(arena, rules, facts, &reason);
	return class != NULL && class_reads_text(class);
}
