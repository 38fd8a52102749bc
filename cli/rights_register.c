#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/jwrite.h"
#include "cli/commands.h"
#include "cli/rights.h"

#define REGISTER_BYTES ((size_t)4 * 1024 * 1024)
#define DAY_MS         (INT64_C(24) * 3600 * 1000)

/*
 * The record of processing activities (GDPR-14, article 30) as far as the
 * settings know it: each class is an activity.
 */
static const struct {
	const char *en;
	const char *fr;
} words[] = {
	{ "Record of processing activities: outgoing mail",
	  "Registre des activités de traitement : courriels sortants" },
	{ "GDPR, article 30(1). Made from the settings in force.",
	  "RGPD, article 30(1). Tiré des réglages en vigueur." },
	{ "Controller", "Responsable du traitement" },
	{ "Contact", "Contact" },
	{ "Postal address", "Adresse postale" },
	{ "Privacy notice", "Information des personnes" },
	{ "Host", "Machine" },
	{ "Activity", "Activité" },
	{ "Purpose", "Finalité" },
	{ "Legal basis", "Base légale" },
	{ "Data subjects", "Personnes concernées" },
	{ "recipients of this mail, private persons",
	  "destinataires de ces courriels, particuliers" },
	{ "recipients of this mail, at work",
	  "destinataires de ces courriels, professionnels" },
	{ "Categories of data", "Catégories de données" },
	{ "address, time and size of the message, identifiers, digests, what "
	  "mail servers and the recipient answered",
	  "adresse, date et taille du message, identifiants, empreintes, "
	  "réponses des serveurs et du destinataire" },
	{ "delivery and reading receipts", "accusés de remise et de lecture" },
	{ "consent", "consentement" },
	{ "Retention", "Durée de conservation" },
	{ "days", "jours" },
	{ "Way out", "Opposition" },
	{ "refusals: kept as a keyed hash for as long as mail is sent",
	  "oppositions : conservées sous forme d’empreinte "
	  "à clé tant que des courriels sont envoyés" },
	{ "Recipients of the data", "Destinataires des données" },
	{ "the organisation's own services; mail servers of the recipients",
	  "services de l’organisme; serveurs de messagerie des "
	  "destinataires" },
	{ "Transfers outside the Union", "Transferts hors de l’Union" },
	{ "none by this program; to be completed where the store or a receiver "
	  "of events is outside",
	  "aucun par ce programme; à compléter si la base ou un "
	  "destinataire des événements se trouve hors de l’Union" },
	{ "Security (article 32)", "Sécurité (article 32)" },
	{ "personal part of the record encrypted, one key an entry; "
	  "hash chain; addresses in the store as keyed hashes; "
	  "addresses masked in logs; erasure by destruction of keys",
	  "partie personnelle du registre chiffrée, une clé par entrée; "
	  "chaîne d’empreintes; adresses hachées avec clé dans la "
	  "base; adresses masquées dans les journaux; effacement par "
	  "destruction des clés" },
	{ "transactional", "transactionnel" },
	{ "legal", "juridique" },
	{ "service", "service" },
	{ "marketing", "prospection" },
	{ "contract", "contrat" },
	{ "legal-obligation", "obligation légale" },
	{ "vital-interests", "intérêts vitaux" },
	{ "public-task", "mission d’intérêt public" },
	{ "legitimate-interest", "intérêt légitime" },
	{ "none", "aucune" },
	{ "by mail", "par courriel" },
	{ "one click", "un clic" },
};

#define WORDS (sizeof(words) / sizeof(words[0]))

struct registering {
	const struct settings *settings;
	const char *language;
	struct buf *out;
};

static const char *
say(const struct registering *reg, const char *text)
{
	for (size_t i = 0; strcmp(reg->language, "fr") == 0 && i < WORDS; i++)
		if (strcmp(words[i].en, text) == 0)
			return words[i].fr;
	return text;
}

static const char *
title_of(const struct registering *reg, const struct class_settings *class)
{
	const char *title = strcmp(reg->language, "fr") == 0 ? class->title.fr
	                                                     : class->title.en;

	return title[0] != '\0' ? title : class->name;
}

static const char *
way_out(const struct class_settings *class)
{
	static const char *const ways[] = {
		[UNSUBSCRIBE_NONE] = "none",
		[UNSUBSCRIBE_MAILTO] = "by mail",
		[UNSUBSCRIBE_ONE_CLICK] = "one click",
	};

	return ways[class->unsubscribe];
}

/* --- to read: Markdown -------------------------------------------------- */

static void
line(const struct registering *reg, const char *name, const char *value)
{
	if (value[0] != '\0')
		buf_printf(reg->out, "- **%s**: %s\n", say(reg, name), value);
}

static void
write_class(const struct registering *reg, const struct class_settings *class)
{
	char days[64];

	buf_printf(reg->out, "\n## %s: %s (%s)\n\n", say(reg, "Activity"),
	           title_of(reg, class), class->name);
	line(reg, "Purpose", say(reg, purpose_name(class->purpose)));
	line(reg, "Legal basis", say(reg, basis_name(class->basis)));
	line(reg, "Data subjects",
	     say(reg, class->audience == AUDIENCE_PEOPLE
	                      ? "recipients of this mail, private persons"
	                      : "recipients of this mail, at work"));
	buf_printf(reg->out, "- **%s**: %s%s%s%s%s\n",
	           say(reg, "Categories of data"),
	           say(reg, "address, time and size of the message, "
	                    "identifiers, digests, what mail servers and the "
	                    "recipient answered"),
	           class->receipts.delivery != 0 || class->receipts.reading
	                   ? ", "
	                   : "",
	           class->receipts.delivery != 0 || class->receipts.reading
	                   ? say(reg, "delivery and reading receipts")
	                   : "",
	           class->consent != CONSENT_NONE ? ", " : "",
	           class->consent != CONSENT_NONE ? say(reg, "consent") : "");
	snprintf(days, sizeof(days), "%lld %s",
	         (long long)(class->retention_ms / DAY_MS), say(reg, "days"));
	line(reg, "Retention", days);
	line(reg, "Way out", say(reg, way_out(class)));
}

static void
write_text(const struct registering *reg)
{
	const struct organisation_settings *of = &reg->settings->organisation;

	buf_printf(reg->out, "# %s\n\n%s\n\n",
	           say(reg, "Record of processing activities: outgoing mail"),
	           say(reg, "GDPR, article 30(1). Made from the settings in "
	                    "force."));
	line(reg, "Controller", of->name);
	line(reg, "Contact", of->contact);
	line(reg, "Postal address", of->address);
	line(reg, "Privacy notice", of->privacy);
	line(reg, "Host", reg->settings->host);
	line(reg, "Recipients of the data",
	     say(reg, "the organisation's own services; mail servers of the "
	              "recipients"));
	line(reg, "Transfers outside the Union",
	     say(reg, "none by this program; to be completed where the store "
	              "or a receiver of events is outside"));
	line(reg, "Security (article 32)",
	     say(reg, "personal part of the record encrypted, one key an "
	              "entry; hash chain; addresses in the store as keyed "
	              "hashes; addresses masked in logs; erasure by "
	              "destruction of keys"));
	line(reg, "Way out",
	     say(reg, "refusals: kept as a keyed hash for as long as mail is "
	              "sent"));
	for (size_t i = 0; i < reg->settings->class_count; i++)
		write_class(reg, &reg->settings->classes[i]);
}

/* --- for programs ------------------------------------------------------- */

static void
write_json(const struct registering *reg)
{
	const struct organisation_settings *of = &reg->settings->organisation;
	struct jwrite json;

	jwrite_init(&json, reg->out, false);
	json.is_pretty = true;
	jwrite_object(&json, NULL);
	jwrite_text(&json, "controller", of->name);
	jwrite_text(&json, "contact", of->contact);
	jwrite_text(&json, "address", of->address);
	jwrite_text(&json, "privacy_notice", of->privacy);
	jwrite_text(&json, "host", reg->settings->host);
	jwrite_array(&json, "activities");
	for (size_t i = 0; i < reg->settings->class_count; i++) {
		const struct class_settings *class = &reg->settings->classes[i];

		jwrite_object(&json, NULL);
		jwrite_text(&json, "name", class->name);
		jwrite_text(&json, "title", title_of(reg, class));
		jwrite_text(&json, "purpose", purpose_name(class->purpose));
		jwrite_text(&json, "basis", basis_name(class->basis));
		jwrite_bool(&json, "private_persons",
		            class->audience == AUDIENCE_PEOPLE);
		jwrite_bool(&json, "delivery_receipts",
		            class->receipts.delivery != 0);
		jwrite_bool(&json, "reading_receipts", class->receipts.reading);
		jwrite_bool(&json, "asks_consent",
		            class->consent != CONSENT_NONE);
		jwrite_text(&json, "way_out", way_out(class));
		jwrite_int(&json, "retention_days",
		           class->retention_ms / DAY_MS);
		jwrite_end(&json);
	}
	jwrite_end(&json);
	jwrite_end(&json);
	buf_byte(reg->out, '\n');
}

int
rights_register(struct rights_work *work)
{
	const char *path = work->json_file;
	struct registering reg;
	bool is_good = true;
	struct error err;
	struct buf out;

	if (!open_settings(&work->opened, work->conf))
		return EXIT_PROBLEM;
	buf_init(&out, REGISTER_BYTES);
	reg = (struct registering){ work->opened.settings,
		                    rights_language(work), &out };
	if (path[0] != '\0')
		write_json(&reg);
	else
		write_text(&reg);
	if (path[0] == '\0' || strcmp(path, "-") == 0)
		fwrite(out.data, 1, out.len, stdout);
	else
		is_good = file_replace(path, buf_as_span(&out), 0644, &err) ==
		          RESULT_OK;
	if (!is_good)
		opened_say(&work->opened, "%s", err.text);
	buf_done(&out);
	return is_good ? EXIT_DONE : EXIT_PROBLEM;
}
