#include <string.h>

#include "base/buf.h"
#include "mail/dsn.h"
#include "mail/report_parts.h"

#define TEXT_LIMIT 1000

static const struct {
	const char *name;
	enum report_disposition disposition;
} dispositions[] = {
	{ "displayed", DISPOSITION_DISPLAYED },
	{ "display", DISPOSITION_DISPLAYED },
	{ "read", DISPOSITION_DISPLAYED },
	{ "opened", DISPOSITION_DISPLAYED },
	{ "deleted", DISPOSITION_DELETED },
	{ "dispatched", DISPOSITION_DISPATCHED },
	{ "processed", DISPOSITION_PROCESSED },
	{ "denied", DISPOSITION_DENIED },
	{ "failed", DISPOSITION_FAILED },
};

/* The value in lower case without comments and white space. */
static char *
squeeze(struct arena *arena, struct span value)
{
	char *out = arena_alloc(arena, value.len + 1);
	size_t depth = 0;
	size_t len = 0;

	for (size_t i = 0; i < value.len; i++) {
		char c = value.at[i];

		if (c == '(')
			depth++;
		else if (c == ')' && depth > 0)
			depth--;
		else if (depth == 0 && ascii_is_space(c))
			/* A gap in place of a missing ";" still parts. */
			out[len++] = ' ';
		else if (depth == 0)
			out[len++] = ascii_lower(c);
	}
	return out;
}

/* The word in front of "/", " " or the end, without spaces before it. */
static struct span
first_word(struct span s)
{
	size_t end = 0;

	s = span_trim(s);
	while (end < s.len && strchr("/ ,;", s.at[end]) == NULL)
		end++;
	return span_take(s, end);
}

static enum report_disposition
disposition_named(struct span word)
{
	for (size_t i = 0; i < sizeof(dispositions) / sizeof(dispositions[0]);
	     i++)
		if (span_is(word, dispositions[i].name))
			return dispositions[i].disposition;
	return DISPOSITION_NONE;
}

/* Where the disposition type stands: behind ";", else the last known word. */
static struct span
type_part(struct span s)
{
	size_t semicolon = span_find(s, ';', 0);

	if (semicolon < s.len)
		return span_trim(span_skip(s, semicolon + 1));
	for (size_t i = s.len; i-- > 0;)
		if ((i == 0 || s.at[i - 1] == ' ' || s.at[i - 1] == '/') &&
		    disposition_named(first_word(span_skip(s, i))) !=
		            DISPOSITION_NONE)
			return span_skip(s, i);
	return span_make(s.at + s.len, 0);
}

/* "error , expired" -> "error,expired" */
static const char *
modifier_list(struct arena *arena, struct span s)
{
	char *out = arena_alloc(arena, s.len + 1);
	size_t len = 0;

	/* AS2 explains behind a colon (RFC 4130). */
	for (size_t i = 0; i < s.len && strchr(";:", s.at[i]) == NULL; i++)
		if (s.at[i] != ' ' && s.at[i] != '/')
			out[len++] = s.at[i];
	return out;
}

static void
read_disposition(struct arena *arena, struct span value, struct report *report)
{
	struct span s = span_of(squeeze(arena, value));
	struct span type = type_part(s);
	struct span word = first_word(type);
	struct span after = span_trim(
		span_skip(type, (size_t)(word.at + word.len - type.at)));

	report->disposition_text = report_line(arena, value, TEXT_LIMIT);
	report->disposition = disposition_named(word);
	report->is_manual_action =
		span_find_text(s, "manual-action", 0) < s.len;
	report->is_sent_manually =
		span_find_text(s, "sent-manually", 0) < s.len;
	if (after.len > 0 && after.at[0] == '/')
		report->modifiers = modifier_list(arena, after);
}

struct mdn_fields {
	const char *original;
	const char *final;
	const char *error;
	bool has_disposition;
};

static void
read_field(struct arena *arena, const struct field *field,
           struct mdn_fields *got, struct report *report)
{
	const char *line = report_line(arena, field->value, TEXT_LIMIT);

	if (span_is(field->name, "original-recipient"))
		got->original = dsn_address_text(arena, field->value);
	else if (span_is(field->name, "final-recipient"))
		got->final = dsn_address_text(arena, field->value);
	else if (span_is(field->name, "original-message-id"))
		report->original_message_id = letter_message_id(arena, line);
	else if (span_is(field->name, "reporting-ua"))
		report->reporting_ua = line;
	else if (span_is(field->name, "original-envelope-id"))
		report->envelope_id = line;
	else if (span_is(field->name, "error") ||
	         span_is(field->name, "failure") ||
	         span_is(field->name, "warning"))
		got->error = line;
	else if (span_is(field->name, "disposition")) {
		read_disposition(arena, field->value, report);
		got->has_disposition = true;
	}
}

void
report_mdn_read(struct arena *arena, struct span text, struct report *report)
{
	struct field_reader reader = { .rest = text };
	struct mdn_fields got = { "", "", "", false };
	struct field field;

	if (text.len > REPORT_PART_LIMIT) {
		report_malformed(report, "report part over 64 KiB");
		reader.rest.len = REPORT_PART_LIMIT;
	}
	while (field_next(&reader, &field))
		read_field(arena, &field, &got, report);

	struct report_recipient *recipient =
		report_add_recipient(arena, report);
	recipient->original = got.original;
	recipient->final = got.final;
	recipient->diagnostic = got.error;
	if (reader.has_long_field)
		report_malformed(report, "a field over 8 KiB");
	if (!got.has_disposition)
		report_malformed(report, "no Disposition");
	else if (report->disposition == DISPOSITION_NONE)
		report_malformed(report, "an unknown disposition");
	if (got.final[0] == '\0')
		report_malformed(report, "no Final-Recipient");
}

bool
report_mdn_looks_like(struct span text)
{
	static const char *const names[] = {
		"reporting-ua",    "mdn-gateway",         "original-recipient",
		"final-recipient", "original-message-id", "disposition",
	};
	struct field_reader reader = { .rest = span_take(text, 4096) };
	struct field field;
	bool has_disposition = false;
	int known = 0;

	for (int i = 0; i < 12 && field_next(&reader, &field); i++) {
		bool is_known = false;

		for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++)
			is_known = is_known || span_is(field.name, names[k]);
		if (i == 0 && !is_known)
			return false;
		known += is_known;
		has_disposition =
			has_disposition || span_is(field.name, "disposition");
	}
	return known >= 2 && has_disposition;
}

/*
 * Receipts in words only. Both the subject and the text have to say it: a
 * person may well write "I have read your message".
 */
static const char *const read_subjects[] = {
	"read:",
	"read receipt",
	"lu:",
	"lu :",
	"gelesen:",
	"leído:",
	"leido:",
	"letto:",
	"gelezen:",
	"lida:",
	"lido:",
	"läst:",
	"lest:",
	"læst:",
	"luettu:",
	"przeczytane:",
	"odczytano:",
	"přečteno:",
	"прочитано:",
	"прочтено:",
	"okundu:",
	"开封:",
	"已读:",
	"已读回执",
	"開封済み:",
	"開封確認",
	"既読:",
	"읽음:",
	"return receipt",
	"accusé de lecture",
	"confirmation de lecture",
	"lesebestätigung",
	"confirmación de lectura",
	"conferma di lettura",
	"leesbevestiging",
	"recibo de leitura",
	"confirmação de leitura",
	"acuse de recibo",
	"reading confirmation",
	"confirmation of reading",
	"message read",
	"message opened",
	"disposition notification",
	"accusé de réception (affichée)",
	"ricevuta di ritorno",
	"empfangsbestätigung (angezeigt)",
	"return receipt (displayed)",
	"regarding: ",
	"rcpt:",
	"notification de lecture",
};

static const char *const unread_subjects[] = {
	"not read:",      "non lu:",   "non lu :",   "ungelesen:",
	"nicht gelesen:", "no leído:", "non letto:", "niet gelezen:",
	"não lida:",      "deleted:",  "未读:",      "未読:",
};

static const char *const read_words[] = {
	"was read on",
	"was displayed on",
	"has been read",
	"was read by",
	"has been displayed",
	"was opened",
	"was received by:",
	"has been opened",
	"was viewed",
	"a été lu",
	"a été affiché",
	"a été ouvert",
	"wurde gelesen",
	"wurde am",
	"wurde angezeigt",
	"wurde geöffnet",
	"se leyó",
	"fue leído",
	"ha sido leído",
	"ha sido mostrado",
	"è stato letto",
	"è stato visualizzato",
	"è stato aperto",
	"is gelezen",
	"is geopend",
	"werd gelezen",
	"foi lida",
	"foi lido",
	"foi exibid",
	"foi aberta",
	"lästes",
	"har lästs",
	"blev læst",
	"ble lest",
	"luettiin",
	"została przeczytana",
	"została odczytana",
	"было прочитано",
	"прочитано",
	"okundu",
	"已阅读",
	"已被阅读",
	"开封されました",
	"開封されました",
	"表示されました",
	"読まれました",
	"읽었습니다",
	"this is a receipt for the",
	"return receipt",
	"this is a return receipt",
};

static const char *const deleted_words[] = {
	"deleted without being read",
	"was deleted",
	"supprimé sans avoir été lu",
	"supprimé sans être lu",
	"ungelesen gelöscht",
	"gelöscht, ohne gelesen",
	"eliminó sin",
	"eliminado sin",
	"eliminato senza",
	"verwijderd zonder",
	"excluída sem",
	"eliminada sem",
};

static bool
starts_with_one(struct span subject, const char *const *starts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (span_starts(subject, starts[i]))
			return true;
	return false;
}

static bool
holds_one(struct span folded, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (span_find_text(folded, words[i], 0) < folded.len)
			return true;
	return false;
}

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

bool
report_mdn_read_words(const struct letter *letter, struct report *report)
{
	struct span subject = letter->subject_folded;
	struct span text = span_take(letter->notice_folded, 2000);
	bool is_unread = starts_with_one(subject, unread_subjects,
	                                 COUNT(unread_subjects));
	bool is_read =
		starts_with_one(subject, read_subjects, COUNT(read_subjects));

	if (!is_read && !is_unread)
		return false;
	if (holds_one(text, deleted_words, COUNT(deleted_words)))
		report->disposition = DISPOSITION_DELETED;
	else if (is_read && holds_one(text, read_words, COUNT(read_words)))
		report->disposition = DISPOSITION_DISPLAYED;
	else
		return false;

	struct report_recipient *recipient =
		report_add_recipient(letter->arena, report);
	recipient->final = letter->from;
	return true;
}

void
report_feedback_read(struct arena *arena, struct span text,
                     struct report *report)
{
	struct field_reader reader = { .rest = span_take(text,
		                                         REPORT_PART_LIMIT) };
	struct field field;

	while (field_next(&reader, &field)) {
		if (span_is(field.name, "original-rcpt-to") &&
		    report->recipient_count < GROUP_LIMIT)
			report_add_recipient(arena, report)->original =
				dsn_address_text(arena, field.value);
		else if (span_is(field.name, "original-envelope-id"))
			report->envelope_id =
				report_line(arena, field.value, TEXT_LIMIT);
		else if (span_is(field.name, "reporting-mta"))
			report->reporting_mta =
				dsn_address_text(arena, field.value);
	}
}
