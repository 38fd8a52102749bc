#include <stdio.h>
#include <string.h>

#include "base/template.h"
#include "cli/rights.h"

/* The page of `avis rights export`: one file, no script, fit to be printed. */
static const char page[] =
	"<!DOCTYPE html>\n"
	"<html lang=\"{{lang}}\">\n"
	"<head>\n"
	"<meta charset=\"utf-8\">\n"
	"<meta name=\"viewport\" content=\"width=device-width\">\n"
	"<title>{{t \"Your data\"}}</title>\n"
	"<style>\n"
	"body { font: 1rem/1.5 sans-serif; max-width: 44rem; margin: 2rem auto;"
	" padding: 0 1rem; color: #1d1d1b; background: #fff; }\n"
	"h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2.5rem;"
	" border-bottom: 1px solid #999; } h3 { font-size: 1rem;"
	" margin: 1.5rem 0 .2rem; }\n"
	"dl { display: grid; grid-template-columns: minmax(9rem, max-content)"
	" 1fr; gap: .1rem 1rem; margin: .3rem 0; }\n"
	"dt { color: #555; } dd { margin: 0; overflow-wrap: anywhere; }\n"
	"ol { padding-left: 1.2rem; } li { margin: .4rem 0; }\n"
	".small { color: #555; font-size: .9rem; }\n"
	"@media print { h3, li { break-inside: avoid; } }\n"
	"</style>\n"
	"</head>\n"
	"<body>\n"
	"<h1>{{t \"Your data\"}}</h1>\n"
	"<p>{{t \"What {who} holds on {address} in the record of its mail, "
	"on {made}.\"}}</p>\n"
	"<p class=\"small\">{{t \"Data of other people is left out. The text of "
	"messages is not kept here unless it is shown.\"}}</p>\n"
	"<h2>{{t \"Your choices\"}}</h2>\n"
	"{{if choices}}\n"
	"<dl>\n"
	"{{each choices}}\n"
	"<dt>{{name}}</dt><dd>{{value}}</dd>\n"
	"{{end}}\n"
	"</dl>\n"
	"{{else}}\n"
	"<p>{{t \"None.\"}}</p>\n"
	"{{end}}\n"
	"<h2>{{t \"Messages sent to you\"}}</h2>\n"
	"{{if messages}}\n"
	"{{each messages}}\n"
	"<h3>{{title}}</h3>\n"
	"<dl>\n"
	"{{each about}}\n"
	"<dt>{{name}}</dt><dd>{{value}}</dd>\n"
	"{{end}}\n"
	"</dl>\n"
	"<ol>\n"
	"{{each events}}\n"
	"<li>{{when}} {{what}}\n"
	"{{if facts}}\n"
	"<dl>\n"
	"{{each facts}}\n"
	"<dt>{{name}}</dt><dd>{{value}}</dd>\n"
	"{{end}}\n"
	"</dl>\n"
	"{{end}}\n"
	"</li>\n"
	"{{end}}\n"
	"</ol>\n"
	"{{end}}\n"
	"{{else}}\n"
	"<p>{{t \"None.\"}}</p>\n"
	"{{end}}\n"
	"<h2>{{t \"What else is on record\"}}</h2>\n"
	"{{if others}}\n"
	"<ol>\n"
	"{{each others}}\n"
	"<li>{{when}} {{what}}\n"
	"{{if facts}}\n"
	"<dl>\n"
	"{{each facts}}\n"
	"<dt>{{name}}</dt><dd>{{value}}</dd>\n"
	"{{end}}\n"
	"</dl>\n"
	"{{end}}\n"
	"</li>\n"
	"{{end}}\n"
	"</ol>\n"
	"{{else}}\n"
	"<p>{{t \"Nothing.\"}}</p>\n"
	"{{end}}\n"
	"<h2>{{t \"Your rights\"}}</h2>\n"
	"<p>{{t \"You may have this data corrected, erased or no longer used, and "
	"refuse advertising at any time and for free. You may complain to the "
	"data protection authority; in France: CNIL, cnil.fr.\"}}</p>\n"
	"{{if contact}}\n"
	"<p>{{t \"Write to {contact}.\"}}</p>\n"
	"{{end}}\n"
	"</body>\n"
	"</html>\n";

/* English is what stands above. */
static const struct {
	const char *en;
	const char *fr;
} words[] = {
	{ "Your data", "Vos données" },
	{ "What {who} holds on {address} in the record of its mail, on {made}.",
	  "Ce que {who} détient sur {address} dans le registre de ses "
	  "courriels, le {made}." },
	{ "Data of other people is left out. The text of messages is not kept "
	  "here unless it is shown.",
	  "Les données d’autres personnes ne figurent pas ici. Le texte des "
	  "messages n’est pas conservé, sauf s’il est montré." },
	{ "Your choices", "Vos choix" },
	{ "Messages sent to you", "Messages qui vous ont été "
	                          "adressés" },
	{ "What else is on record", "Ce qui est encore enregistré" },
	{ "None.", "Aucun." },
	{ "Nothing.", "Rien." },
	{ "Your rights", "Vos droits" },
	{ "You may have this data corrected, erased or no longer used, and "
	  "refuse advertising at any time and for free. You may complain to the "
	  "data protection authority; in France: CNIL, cnil.fr.",
	  "Vous pouvez faire rectifier ou effacer ces données, en faire "
	  "limiter l’usage, et refuser la prospection à tout moment et sans "
	  "frais. Vous pouvez adresser une réclamation à la CNIL, "
	  "cnil.fr." },
	{ "Write to {contact}.", "Écrivez à {contact}." },
	{ "All advertising", "Toute prospection" },
	{ "refused since", "refusée depuis le" },
	{ "refused", "refusé" },
	{ "Receipts", "Accusés de réception" },
	{ "Measuring", "Mesure d’audience" },
	{ "At most", "Au plus" },
	{ "messages, in days:", "messages, en jours :" },
	{ "Use restricted since", "Usage limité depuis le" },
	{ "consent to receive", "consentement à recevoir" },
	{ "no consent", "pas de consentement" },
	{ "measuring of openings", "mesure des ouvertures" },
	{ "measuring of clicks", "mesure des clics" },
	{ "Purpose", "Finalité" },
	{ "Legal basis", "Base légale" },
	{ "Kept until", "Conservé jusqu’au" },
	{ "Other recipients", "Autres destinataires" },
	{ "yes, not shown", "oui, non montrés" },
	{ "Reference", "Référence" },
	{ "by a sale", "par un achat" },
};

#define WORDS (sizeof(words) / sizeof(words[0]))

static const char *
translate(const void *context, const char *text)
{
	const char *language = context;

	for (size_t i = 0; strcmp(language, "fr") == 0 && i < WORDS; i++)
		if (strcmp(words[i].en, text) == 0)
			return words[i].fr;
	return text;
}

struct filling {
	const struct rights_export *export;
	struct arena *arena;
	struct fields *fields;
	const char *language;
};

static const char *
say(const struct filling *filling, const char *text)
{
	return translate(filling->language, text);
}

static const char *
when_text(const struct filling *filling, time_ms_t when)
{
	char text[CLOCK_TEXT_SIZE];

	clock_format(when, text);
	return arena_printf(filling->arena, "%.10s %.5s UTC", text, text + 11);
}

static void
add_pair(struct fields *fields, const char *list, const char *name,
         const char *value)
{
	struct fields *item;

	if (value[0] == '\0')
		return;
	item = fields_item(fields, list);
	fields_text(item, "name", name);
	fields_text(item, "value", value);
}

/* --- choices ------------------------------------------------------------ */

static const char *
title_of(const struct filling *filling, const char *class_name)
{
	const struct class_settings *class = settings_class(
		filling->export->work->opened.settings, class_name);
	const char *title = class_name;

	if (class != NULL)
		title = strcmp(filling->language, "fr") == 0 ? class->title.fr
		                                             : class->title.en;
	return title[0] != '\0' ? title : class_name;
}

static const char *
class_choice(const struct filling *filling, const struct person_class *class)
{
	const char *text = "";

	if (class->off_since[0] != '\0')
		text = arena_printf(filling->arena, "%s %.10s; ",
		                    say(filling, "refused since"),
		                    class->off_since);
	if (!class->has_consent)
		return text;
	text = arena_printf(
		filling->arena, "%s%s%s%s%s%s%s", text,
		say(filling,
	            class->may_receive ? "consent to receive" : "no consent"),
		class->is_soft_opt_in ? ", " : "",
		class->is_soft_opt_in ? say(filling, "by a sale") : "",
		class->may_measure_opens ? ", " : "",
		class->may_measure_opens ? say(filling, "measuring of openings")
					 : "",
		class->may_measure_clicks ? ", " : "");
	if (class->may_measure_clicks)
		text = arena_printf(filling->arena, "%s%s", text,
		                    say(filling, "measuring of clicks"));
	return arena_printf(filling->arena, "%s (%.10s%s%s)", text,
	                    class->consent_time,
	                    class->consent_text[0] != '\0' ? ", " : "",
	                    class->consent_text);
}

static void
add_choices(const struct filling *filling)
{
	const struct person *person = &filling->export->person;
	struct fields *fields = filling->fields;
	char text[64] = "";

	if (person->off_since[0] != '\0')
		add_pair(fields, "choices", say(filling, "All advertising"),
		         arena_printf(filling->arena, "%s %.10s",
		                      say(filling, "refused since"),
		                      person->off_since));
	if (person->refuses_receipts)
		add_pair(fields, "choices", say(filling, "Receipts"),
		         say(filling, "refused"));
	if (person->refuses_measure)
		add_pair(fields, "choices", say(filling, "Measuring"),
		         say(filling, "refused"));
	if (person->cap_count > 0)
		snprintf(text, sizeof(text), "%u %s %u", person->cap_count,
		         say(filling, "messages, in days:"), person->cap_days);
	add_pair(fields, "choices", say(filling, "At most"), text);
	add_pair(fields, "choices", say(filling, "Use restricted since"),
	         person->restricted_since);
	for (size_t i = 0; i < person->class_count; i++)
		add_pair(fields, "choices",
		         title_of(filling, person->classes[i].class_name),
		         class_choice(filling, &person->classes[i]));
}

/* --- events ------------------------------------------------------------- */

static void
add_event(const struct filling *filling, struct fields *fields,
          const char *list, const struct trace_item *item)
{
	const struct event *event = &item->event;
	struct fields *one = fields_item(fields, list);
	const char *what = event_kind_name(event->kind);

	fields_text(one, "when", when_text(filling, event->time));
	if (!event->has_message && event->class_name[0] != '\0')
		what = arena_printf(filling->arena, "%s: %s", what,
		                    title_of(filling, event->class_name));
	if (event->detail[0] != '\0')
		what = arena_printf(filling->arena, "%s (%s)", what,
		                    event->detail);
	if (event->status[0] != '\0')
		what = arena_printf(filling->arena, "%s %s", what,
		                    event->status);
	fields_text(one, "what", what);
	for (size_t i = 0; i < event->fact_count; i++)
		if (rights_may_show(filling->export, item, &event->facts[i]))
			add_pair(one, "facts", event->facts[i].name,
			         event->facts[i].value);
}

static void
add_about(const struct filling *filling, struct fields *fields,
          const struct event *first)
{
	const struct class_settings *class = settings_class(
		filling->export->work->opened.settings, first->class_name);

	if (class != NULL) {
		add_pair(fields, "about", say(filling, "Purpose"),
		         purpose_name(class->purpose));
		add_pair(fields, "about", say(filling, "Legal basis"),
		         basis_name(class->basis));
	}
	add_pair(fields, "about", say(filling, "Kept until"),
	         when_text(filling, first->time + first->retention_ms));
	fields_text(fields, "title",
	            arena_printf(filling->arena, "%s, %s",
	                         title_of(filling, first->class_name),
	                         when_text(filling, first->time)));
}

static void
add_message(const struct filling *filling, const struct trace_message *message)
{
	struct fields *fields = fields_item(filling->fields, "messages");
	char *name = arena_alloc(filling->arena, MESSAGE_NAME_SIZE);
	const struct trace_item *item;
	size_t at = 0;

	message_id_name(message->id, name);
	fields_text(fields, "title", name);
	while ((item = rights_next(filling->export, &message->id, &at)) !=
	       NULL) {
		if (item->event.kind == EVENT_SUBMITTED ||
		    item->event.kind == EVENT_REFUSED)
			add_about(filling, fields, &item->event);
		add_event(filling, fields, "events", item);
	}
	if (message->is_shared)
		add_pair(fields, "about", say(filling, "Other recipients"),
		         say(filling, "yes, not shown"));
	add_pair(fields, "about", say(filling, "Reference"), name);
}

static void
fill(const struct filling *filling)
{
	const struct rights_export *export = filling->export;
	const struct settings *settings = export->work->opened.settings;
	const struct trace_item *item;
	size_t at = 0;

	fields_text(filling->fields, "lang", filling->language);
	fields_text(filling->fields, "address", export->trace.address);
	fields_text(filling->fields, "made", when_text(filling, export->made));
	fields_text(filling->fields, "contact", settings->organisation.contact);
	fields_text(filling->fields, "who",
	            settings->organisation.name[0] != '\0'
	                    ? settings->organisation.name
	                    : settings->host);
	if (export->has_person)
		add_choices(filling);
	for (size_t i = 0; i < export->trace.message_count; i++)
		add_message(filling, &export->trace.messages[i]);
	while ((item = rights_next(export, NULL, &at)) != NULL)
		add_event(filling, filling->fields, "others", item);
}

enum result
rights_page(const struct rights_export *export, struct buf *out,
            struct error *err)
{
	struct arena *arena = export->work->opened.arena;
	const struct filling filling = {
		.export = export,
		.arena = arena,
		.fields = fields_new(arena),
		.language = rights_language(export->work),
	};
	const struct template_use use = { .fields = filling.fields,
		                          .words = translate,
		                          .context = filling.language };
	struct template *template;
	unsigned line;

	if (template_parse(arena,
	                   &(const struct template_source){ TEMPLATE_HTML,
	                                                    SPAN(page), NULL },
	                   &template, &line, err) != RESULT_OK) {
		error_prefix(err, "page, line %u", line);
		return RESULT_BAD;
	}
	fill(&filling);
	template_render(template, &use, out);
	return RESULT_OK;
}
