#include "policy/lint.h"

#include <string.h>

#include "base/no_reply.h"
#include "conf/values.h"
#include "policy/match.h"

#define NEEDS 2

struct lint {
	struct arena *arena;
	const struct settings *settings;
	struct finding_list *findings;
};

/* Is this class against the rule? */
typedef bool class_test(const struct settings *settings, size_t index);

struct class_check {
	const char *id; /* of the rule, as in the manual */
	class_test *is_broken;
	bool is_warning;
	const char *at;           /* the line of this setting is shown */
	const char *needs[NEEDS]; /* silent while one of these is wrong */
	const char *text;
	const char *remedy;
};

static const struct class_settings *
class_of(const struct settings *settings, size_t index)
{
	return &settings->classes[index];
}

static bool
is_marketing(const struct settings *settings, size_t index)
{
	return class_of(settings, index)->purpose == PURPOSE_MARKETING;
}

static bool
must_be_sent(const struct settings *settings, size_t index)
{
	enum purpose purpose = class_of(settings, index)->purpose;

	return purpose == PURPOSE_TRANSACTIONAL || purpose == PURPOSE_LEGAL;
}

static enum unsubscribe_way
way_of(const struct settings *settings, size_t index)
{
	return class_of(settings, index)->unsubscribe;
}

static bool
has_no_purpose(const struct settings *settings, size_t index)
{
	return class_of(settings, index)->purpose == PURPOSE_UNSET;
}

static bool
has_no_basis(const struct settings *settings, size_t index)
{
	return class_of(settings, index)->basis == BASIS_UNSET;
}

static bool
marketing_asks_reading(const struct settings *settings, size_t index)
{
	return is_marketing(settings, index) &&
	       class_of(settings, index)->receipts.reading;
}

static bool
marketing_asks_success(const struct settings *settings, size_t index)
{
	return is_marketing(settings, index) &&
	       (class_of(settings, index)->receipts.delivery &
	        DELIVERY_SUCCESS) != 0;
}

static bool
measures_in_silence(const struct settings *settings, size_t index)
{
	const struct class_settings *class = class_of(settings, index);

	return class->links == LINKS_MEASURE && class->notice[0] == '\0';
}

static bool
confirm_without_notice(const struct settings *settings, size_t index)
{
	const struct class_settings *class = class_of(settings, index);

	return class->confirm && class->notice[0] == '\0';
}

static bool
marketing_without_way_out(const struct settings *settings, size_t index)
{
	return is_marketing(settings, index) &&
	       way_of(settings, index) == UNSUBSCRIBE_NONE;
}

static bool
marketing_on_strange_basis(const struct settings *settings, size_t index)
{
	enum basis basis = class_of(settings, index)->basis;

	return is_marketing(settings, index) && basis != BASIS_UNSET &&
	       basis != BASIS_CONSENT && basis != BASIS_LEGITIMATE_INTEREST;
}

static bool
people_without_consent(const struct settings *settings, size_t index)
{
	const struct class_settings *class = class_of(settings, index);

	return is_marketing(settings, index) &&
	       class->audience == AUDIENCE_PEOPLE &&
	       class->basis == BASIS_LEGITIMATE_INTEREST &&
	       class->consent == CONSENT_NONE;
}

static bool
marketing_goes_out_blind(const struct settings *settings, size_t index)
{
	return is_marketing(settings, index) &&
	       class_of(settings, index)->on_store_failure ==
	               STORE_FAILURE_ALLOW;
}

static bool
one_click_for_what_must_be_sent(const struct settings *settings, size_t index)
{
	return must_be_sent(settings, index) &&
	       way_of(settings, index) == UNSUBSCRIBE_ONE_CLICK;
}

static bool
mailto_for_what_must_be_sent(const struct settings *settings, size_t index)
{
	return must_be_sent(settings, index) &&
	       way_of(settings, index) == UNSUBSCRIBE_MAILTO;
}

static bool
wants_one_click(const struct settings *settings, size_t index)
{
	return !must_be_sent(settings, index) &&
	       way_of(settings, index) == UNSUBSCRIBE_ONE_CLICK;
}

static bool
one_click_without_web(const struct settings *settings, size_t index)
{
	return wants_one_click(settings, index) && settings->web[0] == '\0';
}

static bool
one_click_without_signer(const struct settings *settings, size_t index)
{
	return wants_one_click(settings, index) && !settings->dkim_signs;
}

static bool
list_without_name(const struct settings *settings, size_t index)
{
	return !must_be_sent(settings, index) &&
	       way_of(settings, index) != UNSUBSCRIBE_NONE &&
	       class_of(settings, index)->list_id[0] == '\0';
}

static bool
record_shorter_than_wait(const struct settings *settings, size_t index)
{
	const struct class_settings *class = class_of(settings, index);

	return (class->receipts.delivery != 0 || class->receipts.reading) &&
	       class->retention_ms < class->receipts.pending_after_ms;
}

static bool
consent_nobody_checks(const struct settings *settings, size_t index)
{
	const struct class_settings *class = class_of(settings, index);

	return is_marketing(settings, index) && class->basis == BASIS_CONSENT &&
	       class->consent == CONSENT_NONE;
}

static bool
consent_without_store(const struct settings *settings, size_t index)
{
	const struct class_settings *class = class_of(settings, index);

	return class->consent != CONSENT_NONE &&
	       class->on_store_failure == STORE_FAILURE_ALLOW;
}

static bool
consent_for_what_must_be_sent(const struct settings *settings, size_t index)
{
	return must_be_sent(settings, index) &&
	       class_of(settings, index)->consent != CONSENT_NONE;
}

static bool
cap_on_what_must_be_sent(const struct settings *settings, size_t index)
{
	return must_be_sent(settings, index) &&
	       class_of(settings, index)->cap[0] != '\0';
}

static bool
hours_for_what_must_be_sent(const struct settings *settings, size_t index)
{
	return must_be_sent(settings, index) &&
	       class_of(settings, index)->hours[0] != '\0';
}

static bool
post_for_what_must_be_sent(const struct settings *settings, size_t index)
{
	return must_be_sent(settings, index) &&
	       class_of(settings, index)->on_post == POST_REFUSE;
}

static bool
holidays_without_hours(const struct settings *settings, size_t index)
{
	const struct class_settings *class = class_of(settings, index);

	return class->holidays[0] != '\0' && class->hours[0] == '\0';
}

static bool
link_in_no_marketing(const struct settings *settings, size_t index)
{
	return !is_marketing(settings, index) &&
	       class_of(settings, index)->visible_link != LINK_OFF;
}

static bool
takes_everything(const struct class_settings *class)
{
	const struct when_settings *when = &class->when;

	return when->from.count == 0 && when->to.count == 0 &&
	       when->auth_user.count == 0 && when->client.count == 0 &&
	       when->header_count == 0 && when->attachments == TRISTATE_ANY &&
	       when->size_min_bytes == 0 && when->size_max_bytes == 0;
}

/* A trusted application may still name it. */
static bool
is_never_reached(const struct settings *settings, size_t index)
{
	if (settings->trusted.networks.count > 0 ||
	    settings->trusted.users.count > 0)
		return false;
	for (size_t i = 0; i < index; i++)
		if (takes_everything(class_of(settings, i)))
			return true;
	return false;
}

static const struct class_check class_checks[] = {
	{ "GDPR-1",
	  has_no_purpose,
	  false,
	  "",
	  { "purpose" },
	  "has no purpose",
	  "say what the mail is for: transactional, legal, service or "
	  "marketing" },
	{ "GDPR-1",
	  has_no_basis,
	  false,
	  "",
	  { "basis" },
	  "has no legal basis",
	  "say why it may be sent; avis-policy(5) lists the six" },
	{ "FR-1",
	  marketing_on_strange_basis,
	  false,
	  "basis",
	  { "purpose", "basis" },
	  "a marketing class rests on another basis than consent or "
	  "legitimate-interest",
	  "consent for people, legitimate-interest for professionals" },
	{ "FR-1",
	  people_without_consent,
	  true,
	  "basis",
	  { "purpose", "basis" },
	  "marketing to people wants their consent",
	  "basis = \"consent\", or audience = \"professionals\" when it "
	  "concerns their work" },
	{ "GDPR-2",
	  consent_nobody_checks,
	  true,
	  "consent",
	  { "purpose", "basis" },
	  "rests on consent that nobody checks (consent = \"none\")",
	  "consent = \"required\", or \"soft-opt-in\" for customers; avis "
	  "consent import takes what you have" },
	{ "GDPR-2",
	  consent_without_store,
	  false,
	  "on_store_failure",
	  { "consent", "on_store_failure" },
	  "wants consent, and mail to people whose consent cannot be known",
	  "on_store_failure = \"defer\", or leave it out" },
	{ "GDPR-2",
	  consent_for_what_must_be_sent,
	  false,
	  "consent",
	  { "purpose", "consent" },
	  "mail that must be sent waits for consent",
	  "leave consent out, or give marketing a class of its own" },
	{ "LST-17",
	  cap_on_what_must_be_sent,
	  false,
	  "cap",
	  { "purpose", "cap" },
	  "mail that must be sent has a cap",
	  "leave cap out; it is for marketing and service" },
	{ "LST-17",
	  hours_for_what_must_be_sent,
	  false,
	  "hours",
	  { "purpose", "hours" },
	  "mail that must be sent has sending hours",
	  "leave hours out; they are for marketing and service" },
	{ "LST-17",
	  post_for_what_must_be_sent,
	  false,
	  "on_post",
	  { "purpose", "on_post" },
	  "mail that must be sent is refused to who prefers post",
	  "on_post = \"header\" tells the sending application" },
	{ "",
	  holidays_without_hours,
	  true,
	  "holidays",
	  { "hours", "holidays" },
	  "holidays without hours: mail leaves on every day",
	  "hours = \"mon-fri 08:00-20:00 Europe/Paris\"" },
	{ "BULK-2",
	  link_in_no_marketing,
	  true,
	  "visible_link",
	  { "purpose", "visible_link" },
	  "a visible way out is looked for in marketing only",
	  "leave visible_link out" },
	{ "MDN-1",
	  marketing_asks_reading,
	  false,
	  "receipts.reading",
	  { "purpose", "receipts.reading" },
	  "a marketing class asks reading receipts (receipts.reading = true)",
	  "receipts are for letters that need proof (avis-policy(5), "
	  "RECEIPTS)" },
	{ "GDPR-11",
	  marketing_asks_success,
	  false,
	  "receipts.delivery",
	  { "purpose", "receipts.delivery" },
	  "a marketing class asks delivery receipts (success in "
	  "receipts.delivery)",
	  "failure and delay are enough to keep a list clean "
	  "(avis-policy(5), RECEIPTS)" },
	{ "FR-3",
	  marketing_without_way_out,
	  false,
	  "unsubscribe",
	  { "purpose", "unsubscribe" },
	  "a marketing class has no way out (unsubscribe = \"none\")",
	  "unsubscribe = \"one-click\", or \"mailto\" where there are no web "
	  "pages" },
	{ "GDPR-4",
	  marketing_goes_out_blind,
	  true,
	  "on_store_failure",
	  { "purpose", "on_store_failure" },
	  "while the store is away, mail goes to people who have "
	  "unsubscribed",
	  "on_store_failure = \"defer\", the default for marketing" },
	{ "LST-17",
	  one_click_for_what_must_be_sent,
	  false,
	  "unsubscribe",
	  { "purpose", "unsubscribe" },
	  "mail that must be sent offers one-click",
	  "leave unsubscribe out, or give subscriptions a class of their "
	  "own" },
	{ "LST-17",
	  mailto_for_what_must_be_sent,
	  true,
	  "unsubscribe",
	  { "purpose", "unsubscribe" },
	  "mail that must be sent has no way out: unsubscribe is not used",
	  "leave unsubscribe out, or give subscriptions a class of their "
	  "own" },
	{ "LST-4",
	  one_click_without_web,
	  true,
	  "unsubscribe",
	  { "unsubscribe" },
	  "one-click needs web pages: mailto alone will be offered",
	  "web = \"https://...\" in avis.conf" },
	{ "LST-4",
	  one_click_without_signer,
	  true,
	  "unsubscribe",
	  { "unsubscribe" },
	  "one-click needs a signature over its headers: mailto alone will "
	  "be offered",
	  "when a signer covers them, dkim_signs = true in avis.conf; avis "
	  "doctor looks" },
	{ "BULK-3",
	  list_without_name,
	  true,
	  "unsubscribe",
	  { "unsubscribe", "list_id" },
	  "a list without a list_id: receivers cannot tell it from others",
	  "list_id = \"news.example.fr\", under a domain of yours" },
	{ "GDPR-12",
	  record_shorter_than_wait,
	  false,
	  "retention",
	  { "retention", "receipts.pending_after" },
	  "the record is gone (retention) before silence is noticed "
	  "(receipts.pending_after)",
	  "make retention longer" },
	{ "PIX-6",
	  measures_in_silence,
	  false,
	  "links",
	  { "links", "notice" },
	  "links are measured and no notice says so",
	  "notice = \"receipt\"" },
	{ "",
	  confirm_without_notice,
	  true,
	  "confirm",
	  { "confirm", "notice" },
	  "confirm without a notice: nobody sees the button, answers alone "
	  "count",
	  "notice = \"receipt\"" },
	{ "",
	  is_never_reached,
	  true,
	  "",
	  { "when" },
	  "is never reached: a class above it takes everything",
	  "put the class without conditions last" },
};

#define CLASS_CHECKS (sizeof(class_checks) / sizeof(class_checks[0]))

static void
add(const struct lint *lint, struct finding finding, const char *id)
{
	if (id[0] != '\0')
		finding.remedy = arena_printf(lint->arena, "%s [%s]",
		                              finding.remedy, id);
	finding_add(lint->arena, lint->findings, finding);
}

static bool
can_judge(const struct lint *lint, const struct class_check *check,
          const char *path)
{
	for (size_t i = 0; i < NEEDS && check->needs[i] != NULL; i++)
		if (finding_about(lint->findings,
		                  arena_printf(lint->arena, "%s.%s", path,
		                               check->needs[i])))
			return false;
	return true;
}

static void
lint_class(const struct lint *lint, size_t index)
{
	const struct class_settings *class = class_of(lint->settings, index);
	const char *path =
		class->name[0] != '\0'
			? arena_printf(lint->arena, "classes.%s", class->name)
			: arena_printf(lint->arena, "classes.%zu", index + 1);

	for (size_t i = 0; i < CLASS_CHECKS; i++) {
		const struct class_check *check = &class_checks[i];

		if (!check->is_broken(lint->settings, index) ||
		    !can_judge(lint, check, path))
			continue;

		const char *at =
			arena_printf(lint->arena, "%s.%s", path, check->at);
		struct finding finding = {
			.place = settings_place(lint->settings, at,
			                        class->place),
			.is_warning = check->is_warning,
			.setting = path,
			.text = check->text,
			.remedy = check->remedy,
		};

		add(lint, finding, check->id);
	}
}

static void
complain_sender(const struct lint *lint, size_t index, const char *text,
                const char *remedy, const char *id)
{
	struct finding finding = {
		.place = lint->settings->senders[index].place,
		.setting = arena_printf(lint->arena, "senders.%zu", index + 1),
		.text = text,
		.remedy = remedy,
	};

	add(lint, finding, id);
}

/* Would a sender rule find this very address one that takes no answers? */
static bool
is_matched(const struct lint *lint, const char *address)
{
	const struct settings *settings = lint->settings;
	struct pattern pattern;
	struct error err;
	bool is = false;

	for (size_t i = 0; !is && i < settings->sender_count; i++) {
		const struct text_list *match = &settings->senders[i].match;

		for (size_t j = 0; !is && j < match->count; j++) {
			if (pattern_compile(match->items[j], SUBJECT_ADDRESS,
			                    &pattern, &err) != RESULT_OK)
				continue;
			is = pattern_matches(&pattern, lint->arena,
			                     span_of(address));
			pattern_done(&pattern);
		}
	}
	return is;
}

/* By a rule of ours, or by what the address itself says (ADR-4, ADR-5). */
static bool
takes_no_answers(const struct lint *lint, const char *mailbox)
{
	const char *address = value_address_of(lint->arena, mailbox);

	return is_matched(lint, address) ||
	       no_reply_name(span_make(address, strcspn(address, "@")));
}

static void
lint_sender(const struct lint *lint, size_t index)
{
	const struct sender_settings *sender = &lint->settings->senders[index];
	const char *path = arena_printf(lint->arena, "senders.%zu", index + 1);
	const char *reply_to = arena_printf(lint->arena, "%s.reply_to", path);
	const char *from = arena_printf(lint->arena, "%s.from", path);

	if (finding_about(lint->findings, reply_to) ||
	    finding_about(lint->findings, from))
		return;
	if (sender->reply_to[0] == '\0' && text_is(sender->from, "keep"))
		complain_sender(lint, index,
		                "gives no address that can be answered",
		                "reply_to = \"Service client "
		                "<contact@example.fr>\"",
		                "FR-3");
	else if (sender->reply_to[0] != '\0' &&
	         takes_no_answers(lint, sender->reply_to))
		complain_sender(lint, index,
		                "sends answers to an address that takes "
		                "none itself (reply_to)",
		                "name an address that somebody reads", "ADR-4");
}

static bool
holds_everybody(const struct text_list *texts)
{
	struct network network;
	struct error err;

	for (size_t i = 0; i < texts->count; i++)
		if (network_parse(texts->items[i], &network, &err) ==
		            RESULT_OK &&
		    (network.bits == 0 ||
		     (network.bits == 96 &&
		      text_starts(texts->items[i], "0.0.0.0/"))))
			return true;
	return false;
}

static void
add_general(const struct lint *lint, bool is_warning, const char *setting,
            const char *text, const char *remedy)
{
	struct place top = { .file = "" };

	if (lint->settings->written_count > 0)
		top.file = lint->settings->written[0].place.file;
	add(lint,
	    (struct finding){
		    .place = settings_place(lint->settings, setting, top),
		    .is_warning = is_warning,
		    .setting = setting,
		    .text = text,
		    .remedy = remedy },
	    "");
}

static void
lint_general(const struct lint *lint)
{
	const struct settings *settings = lint->settings;
	const struct ours_settings *ours = &settings->ours;

	if (settings->class_count == 0 &&
	    !finding_about(lint->findings, "classes"))
		add_general(lint, true, "classes",
		            "there is no class: every message goes out as it "
		            "is",
		            "@include \"policy.conf\"");
	if (ours->networks.count == 0 && !ours->authenticated &&
	    !finding_about(lint->findings, "ours.networks"))
		add_general(lint, true, "ours",
		            "no client is ours: every message goes out as it "
		            "is",
		            "networks = [ \"127.0.0.0/8\" ]; authenticated = "
		            "true;");
	if (holds_everybody(&ours->networks))
		add_general(lint, false, "ours.networks",
		            "every client of the Internet is ours",
		            "name the networks that hand in mail for you");
	if (holds_everybody(&settings->trusted.networks))
		add_general(lint, false, "trusted.networks",
		            "every client of the Internet may name the class",
		            "name the hosts of your applications");
}

void
lint_settings(struct arena *arena, const struct settings *settings,
              struct finding_list *findings)
{
	struct lint lint = { .arena = arena,
		             .settings = settings,
		             .findings = findings };

	lint_general(&lint);
	for (size_t i = 0; i < settings->sender_count; i++)
		lint_sender(&lint, i);
	for (size_t i = 0; i < settings->class_count; i++)
		lint_class(&lint, i);
	finding_sort(arena, findings);
}
