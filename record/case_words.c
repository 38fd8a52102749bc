#include "record/case_words.h"

#include <string.h>

#include "base/span.h"
#include "record/held.h"

/* What the functions below need: where to write, and in which language. */
struct pen {
	struct arena *arena;
	enum language language;
};

static const char *
say(const struct pen *pen, const char *en, const char *fr)
{
	return pen->language == LANGUAGE_FR ? fr : en;
}

/* Two pieces with ", " between them when both are there. */
static char *
join(const struct pen *pen, const char *a, const char *b)
{
	if (a[0] == '\0' || b[0] == '\0')
		return arena_strdup(pen->arena, a[0] != '\0' ? a : b);
	return arena_printf(pen->arena, "%s, %s", a, b);
}

/* "with X" behind a word of the language, when there is an X. */
static char *
add(const struct pen *pen, const char *text, const char *word,
    const char *value)
{
	if (value[0] == '\0')
		return arena_strdup(pen->arena, text);
	return arena_printf(pen->arena, "%s%s%s%s", text,
	                    text[0] != '\0' ? " " : "", word, value);
}

static char *
with_status(const struct pen *pen, const struct event *event, const char *text)
{
	/* "550 5.1.1 ..." has it already. */
	return event->status[0] != '\0' && strstr(text, event->status) != NULL
	               ? arena_strdup(pen->arena, text)
	               : join(pen, event->status, text);
}

/* EVD-6: mx1.example.com [192.0.2.7], TLSv1.3: "250 2.0.0 OK 4f8a" */
static char *
server(const struct pen *pen, const struct event *event)
{
	const char *mta = event_fact(event, "remote_mta");
	const char *ip = event_fact(event, "remote_ip");
	char *text = arena_strdup(pen->arena, mta);

	if (mta[0] == '\0')
		text = arena_strdup(pen->arena,
		                    event_fact(event, "reporting_mta"));
	if (ip[0] != '\0')
		text = arena_printf(pen->arena, "%s [%s]", text, ip);
	return text;
}

static char *
quoted(const struct pen *pen, const struct event *event)
{
	const char *reply = event_fact(event, "diagnostic");

	return reply[0] == '\0' ? arena_strdup(pen->arena, "")
	                        : arena_printf(pen->arena, "\"%s\"", reply);
}

/* "says mx1.example.com: \"250 2.0.0 OK\"" as far as it is known. */
static char *
says(const struct pen *pen, const struct event *event)
{
	char *who = server(pen, event), *what = quoted(pen, event);

	if (who[0] == '\0')
		return what;
	return arena_printf(pen->arena, "%s %s%s%s", say(pen, "says", "dit"),
	                    who, what[0] != '\0' ? ": " : "", what);
}

/* Our own log saw the connection itself. */
static char *
saw(const struct pen *pen, const struct event *event, const char *to)
{
	char *text = arena_printf(pen->arena, "%s%s", to, server(pen, event));
	char *reply = quoted(pen, event);

	text = join(pen, text, event_fact(event, "tls"));
	return reply[0] == '\0'
	               ? text
	               : arena_printf(pen->arena, "%s: %s", text, reply);
}

static bool
is_seen(const struct event *event)
{
	return event_fact(event, "remote_ip")[0] != '\0';
}

static char *
submitted_words(const struct pen *pen, const struct event *event)
{
	const char *sender = event_fact(event, "sender");
	const char *auth = event_fact(event, "auth");
	char *text = arena_printf(pen->arena, "%s %s", say(pen, "by", "par"),
	                          sender[0] != '\0' ? sender : "<>");

	text = add(pen, text, say(pen, "from ", "depuis "),
	           event_fact(event, "client"));
	if (auth[0] != '\0')
		text = arena_printf(
			pen->arena, "%s, %s %s", text,
			say(pen, "authenticated as", "authentifié comme"),
			auth);
	if (event->queue_id[0] != '\0')
		text = arena_printf(pen->arena, "%s, %s %s", text,
		                    say(pen, "queue id", "file n°"),
		                    event->queue_id);
	return text;
}

static char *
refused_words(const struct pen *pen, const struct event *event)
{
	if (strcmp(event->detail, HELD_TAKEN_BACK) == 0)
		return with_status(
			pen, event,
			say(pen,
		            "taken back: the mail server did not make the "
		            "changes",
		            "repris : le serveur n'a pas fait les "
		            "changements"));
	return with_status(pen, event, event_fact(event, "reason"));
}

static char *
relayed_words(const struct pen *pen, const struct event *event)
{
	if (strcmp(event->detail, "program") == 0)
		return join(pen, say(pen, "to a program", "à un programme"),
		            says(pen, event));
	if (is_seen(event))
		return saw(pen, event, say(pen, "to ", "à "));
	return join(pen,
	            say(pen, "to another mail server",
	                "à un autre serveur de messagerie"),
	            says(pen, event));
}

/* DSN-12: the mailbox service, not the reader. */
static char *
delivered_words(const struct pen *pen, const struct event *event)
{
	const char *to = say(pen, "to the mailbox service",
	                     "au service de la boîte aux lettres");

	if (is_seen(event))
		return saw(pen, event, arena_printf(pen->arena, "%s ", to));
	return join(pen, to, says(pen, event));
}

static char *
expanded_words(const struct pen *pen, const struct event *event)
{
	if (strcmp(event->detail, "alias") == 0)
		return join(pen,
		            say(pen, "to where an alias of this machine leads",
		                "là où mène un alias de cette machine"),
		            quoted(pen, event));
	return join(
		pen,
		say(pen, "to the members of a list", "aux membres d'une liste"),
		says(pen, event));
}

static char *
attempt_words(const struct pen *pen, const struct event *event)
{
	char *text = is_seen(event) ? saw(pen, event, "") : says(pen, event);
	const char *command = event_fact(event, "command");

	if (command[0] != '\0')
		text = arena_printf(pen->arena, "%s (%s %s)", text,
		                    say(pen, "to", "à"), command);
	return with_status(pen, event, text);
}

static char *
delayed_words(const struct pen *pen, const struct event *event)
{
	const char *until = event_fact(event, "will_retry_until");
	const char *attempt = event_fact(event, "attempt");
	char *text = attempt_words(pen, event);

	if (attempt[0] != '\0')
		text = arena_printf(pen->arena, "%s %s: %s",
		                    say(pen, "attempt", "essai"), attempt,
		                    text);
	return until[0] == '\0' ? text
	                        : join(pen, text,
	                               arena_printf(pen->arena, "%s %s",
	                                            say(pen, "it tries until",
	                                                "il essaie jusqu'au"),
	                                            until));
}

static char *
failed_words(const struct pen *pen, const struct event *event)
{
	static const struct {
		const char *detail;
		const char *en, *fr;
	} reasons[] = {
		{ "expired", "given up: the time for trying is over",
		  "abandonné : le délai d'essai est écoulé" },
		{ "deleted", "removed from the queue by an administrator",
		  "retiré de la file par un administrateur" },
		{ "discarded", "thrown away here", "jeté ici" },
	};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (strcmp(event->detail, reasons[i].detail) == 0)
			return arena_strdup(pen->arena, say(pen, reasons[i].en,
			                                    reasons[i].fr));
	return attempt_words(pen, event);
}

/* The two modes of a disposition, in words (RFC 8098, 3.2.6). */
static char *
modes_words(const struct pen *pen, const struct event *event)
{
	static const struct {
		const char *mode;
		const char *en, *fr;
	} modes[] = {
		{ "manual-action", "by a person's action",
		  "par l'action d'une personne" },
		{ "automatic-action", "by a program's own action",
		  "par un programme, de lui-même" },
		{ "MDN-sent-manually", "sent by a person",
		  "envoyé par une personne" },
		{ "MDN-sent-automatically", "sent automatically",
		  "envoyé automatiquement" },
	};
	struct span text = span_of(event_fact(event, "disposition"));
	char *words = arena_strdup(pen->arena, "");

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (span_find_text(text, modes[i].mode, 0) < text.len)
			words = join(pen, words,
			             say(pen, modes[i].en, modes[i].fr));
	return words;
}

static char *
disposed_words(const struct pen *pen, const struct event *event)
{
	return join(pen, event->detail, modes_words(pen, event));
}

static char *
replied_words(const struct pen *pen, const struct event *event)
{
	return add(pen, "", say(pen, "by ", "par "), event_fact(event, "from"));
}

static char *
auto_replied_words(const struct pen *pen, const struct event *event)
{
	return join(pen, replied_words(pen, event), event_fact(event, "sign"));
}

static char *
unsubscribed_words(const struct pen *pen, const struct event *event)
{
	return arena_strdup(pen->arena,
	                    strcmp(event->detail, "mailto") == 0
	                            ? say(pen, "by a mail to the address given",
	                                  "par un courriel à l'adresse donnée")
	                            : event->detail);
}

static char *
confirmed_words(const struct pen *pen, const struct event *event)
{
	if (strcmp(event->detail, "page") == 0)
		return arena_strdup(pen->arena,
		                    say(pen, "by the button on our page",
		                        "par le bouton de notre page"));
	return join(pen, say(pen, "by an answer", "par une réponse"),
	            event_fact(event, "from"));
}

/* Counted, and no more than that: nobody knows who followed it. */
static char *
clicked_words(const struct pen *pen, const struct event *event)
{
	bool is_machine = strcmp(event->detail, "machine") == 0;

	return join(pen,
	            is_machine ? say(pen, "by a program", "par un programme")
	                       : say(pen, "by somebody or something",
	                             "par quelqu'un ou quelque chose"),
	            event_fact(event, "url"));
}

static char *
unreadable_words(const struct pen *pen, const struct event *event)
{
	return join(pen,
	            say(pen, "something came that could not be read",
	                "reçu quelque chose d'illisible"),
	            event_fact(event, "problem"));
}

static char *
passed_on_words(const struct pen *pen, const struct event *event)
{
	const char *to = event_fact(event, "to");

	return to[0] == '\0' ? arena_strdup(pen->arena, event->detail)
	                     : add(pen, "", say(pen, "to ", "à "), to);
}

static char *
plain_words(const struct pen *pen, const struct event *event)
{
	return arena_strdup(pen->arena, event->detail);
}

/* EVD-9: what the record itself missed. */
static char *
gap_words(const struct pen *pen, const struct event *event)
{
	static const struct {
		const char *detail;
		const char *en, *fr;
	} gaps[] = {
		{ "torn-tail", "an unfinished entry of the record was cut",
		  "une entrée inachevée du registre a été coupée" },
		{ "damage", "a part of the record is damaged",
		  "une partie du registre est abîmée" },
		{ "maillog-lost",
		  "lines of the mail log were gone before they were read",
		  "des lignes du log du serveur ont disparu avant d'être "
		  "lues" },
	};

	for (size_t i = 0; i < sizeof(gaps) / sizeof(gaps[0]); i++)
		if (strcmp(event->detail, gaps[i].detail) == 0)
			return arena_strdup(pen->arena,
			                    say(pen, gaps[i].en, gaps[i].fr));
	return plain_words(pen, event);
}

static const struct {
	const char *en, *fr;
	char *(*words)(const struct pen *pen, const struct event *event);
} kinds[EVENT_KINDS] = {
	[EVENT_SUBMITTED] = { "submitted", "déposé", submitted_words },
	[EVENT_REFUSED] = { "refused", "refusé", refused_words },
	[EVENT_RELAYED] = { "handed over", "remis", relayed_words },
	[EVENT_DELIVERED] = { "delivered", "distribué", delivered_words },
	[EVENT_EXPANDED] = { "expanded", "réparti", expanded_words },
	[EVENT_DELAYED] = { "delayed", "retardé", delayed_words },
	[EVENT_FAILED] = { "failed", "échoué", failed_words },
	[EVENT_DISPLAYED] = { "displayed", "affiché", modes_words },
	[EVENT_DISPOSED] = { "receipt", "avis", disposed_words },
	[EVENT_REPLIED] = { "replied", "répondu", replied_words },
	[EVENT_AUTO_REPLIED] = { "auto-reply", "rép. auto.",
	                         auto_replied_words },
	[EVENT_UNSUBSCRIBED] = { "unsubscribed", "désinscrit",
	                         unsubscribed_words },
	[EVENT_UNREADABLE] = { "unreadable", "illisible", unreadable_words },
	[EVENT_PASSED_ON] = { "passed on", "transmis", passed_on_words },
	[EVENT_GAP] = { "gap", "lacune", gap_words },
	[EVENT_STARTED] = { "started", "démarré", plain_words },
	[EVENT_HELD] = { "held", "retenu", plain_words },
	[EVENT_RELEASED] = { "released", "relâché", plain_words },
	[EVENT_CONFIRMED] = { "confirmed", "confirmé", confirmed_words },
	[EVENT_PREFERENCE] = { "preference", "préférence", plain_words },
	[EVENT_CONSENT] = { "consent", "consentement", plain_words },
	[EVENT_SUPPRESSED] = { "suppressed", "exclu", plain_words },
	[EVENT_READMITTED] = { "readmitted", "réadmis", plain_words },
	[EVENT_ASKED] = { "asked", "consulté", plain_words },
	[EVENT_EXPORTED] = { "exported", "exporté", plain_words },
	[EVENT_ERASED] = { "erased", "effacé", plain_words },
	[EVENT_AMENDED] = { "amended", "rectifié", plain_words },
	[EVENT_RESTRICTED] = { "restricted", "limité", plain_words },
	[EVENT_HOLD] = { "legal hold", "gel légal", plain_words },
	[EVENT_HOLD_LIFTED] = { "hold lifted", "gel levé", plain_words },
	[EVENT_EXPIRED] = { "expired", "expiré", plain_words },
	[EVENT_CLICKED] = { "clicked", "lien suivi", clicked_words },
};

const char *
case_kind(enum language language, enum event_kind kind)
{
	const struct pen pen = { .language = language };
	const char *en = kinds[kind].en;

	/* A kind without a row here still has its name. */
	return en == NULL ? event_kind_name(kind)
	                  : say(&pen, en, kinds[kind].fr);
}

char *
case_words(struct arena *arena, enum language language,
           const struct event *event)
{
	const struct pen pen = { .arena = arena, .language = language };

	return kinds[event->kind].words == NULL
	               ? plain_words(&pen, event)
	               : kinds[event->kind].words(&pen, event);
}

const char *
case_grade(enum language language, enum event_grade grade)
{
	static const char *const french[] = {
		[GRADE_OBSERVED] = "constaté",
		[GRADE_AUTHENTICATED] = "authentifié",
		[GRADE_CLAIMED] = "déclaré",
	};

	return language == LANGUAGE_FR ? french[grade]
	                               : event_grade_name(grade);
}

static const struct {
	const char *en, *fr;
} sources[] = {
	[SOURCE_MILTER] = { "avis", "avis" },
	[SOURCE_DSN] = { "DSN", "DSN" },
	[SOURCE_MDN] = { "MDN", "MDN" },
	[SOURCE_BOUNCE] = { "bounce", "retour" },
	[SOURCE_MAIL] = { "mail", "courriel" },
	[SOURCE_JOURNAL] = { "journal", "journal" },
	[SOURCE_MAILLOG] = { "mail log", "log du serveur" },
	[SOURCE_PAGE] = { "page", "page" },
	[SOURCE_OPERATOR] = { "operator", "opérateur" },
};

const char *
case_source_name(enum language language, enum event_source source)
{
	const struct pen pen = { .language = language };

	return say(&pen, sources[source].en, sources[source].fr);
}

char *
case_source(struct arena *arena, enum language language,
            const struct event *event)
{
	const char *name = case_source_name(language, event->source);
	const char *dot = strrchr(event->writer, '.');
	int host = dot == NULL ? (int)strlen(event->writer)
	                       : (int)(dot - event->writer);

	if (event->grade != GRADE_OBSERVED)
		return arena_strdup(arena, name);
	return arena_printf(arena, "%s, %.*s", name, host, event->writer);
}

const char *
case_state(enum language language, enum state state)
{
	static const char *const french[] = {
		[STATE_SUBMITTED] = "parti ; rien n'est encore revenu",
		[STATE_HELD] = "retenu ici ; il n'est pas encore parti",
		[STATE_REFUSED] = "refusé ici ; il n'est pas parti",
		[STATE_DELAYED] =
			"pas encore remis ; un serveur continue d'essayer",
		[STATE_RELAYED] = "remis à un autre serveur de messagerie",
		[STATE_DELIVERED] =
			"distribué au service de la boîte aux lettres",
		[STATE_FAILED] = "n'a pas pu être distribué",
		[STATE_DISPLAYED] = "affiché par le logiciel du destinataire",
		[STATE_REPLIED] = "le destinataire a répondu",
		[STATE_CONFIRMED] = "confirmé par le destinataire",
		[STATE_CONTRADICTED] = "les comptes rendus se contredisent",
	};

	if (language == LANGUAGE_FR && french[state] != NULL)
		return french[state];
	return state_words(state);
}
