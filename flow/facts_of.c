#include "flow/facts_of.h"

#include <string.h>

#include "base/token.h"
#include "flow/names.h"
#include "mail/address.h"
#include "mail/report.h"

#define FROM_LIMIT 100

struct span
audit_context(struct arena *arena, const char *message_id, const char *date,
              const char *from)
{
	return span_of(
		arena_printf(arena, "%s\n%s\n%s", message_id, date, from));
}

static void
read_headers(const struct message *message, struct facts *facts)
{
	struct arena *arena = message->arena;
	const struct header_list *headers = &message->headers;
	struct fact_header *copy =
		arena_array(arena, headers->count, sizeof(*copy));

	for (size_t i = 0; i < headers->count; i++) {
		copy[i].name = headers->items[i].name;
		copy[i].value = header_decode(arena, headers->items[i].value);
	}
	facts->headers = copy;
	facts->header_count = headers->count;
}

static void
read_recipients(const struct message *message, struct facts *facts)
{
	facts->recipients =
		arena_array(message->arena, message->recipient_count,
	                    sizeof(*facts->recipients));
	facts->recipient_count = message->recipient_count;
	for (size_t i = 0; i < message->recipient_count; i++) {
		facts->recipients[i].address = message->recipients[i].address;
		facts->recipients[i].suppressed_since = "";
		facts->recipients[i].channel = "";
		facts->recipients[i].language = "";
		if (message->recipients[i].dsn.is_marker)
			facts->mta_flags_success = true;
		if ((message->recipients[i].dsn.notify & DSN_NOTIFY_SUCCESS) !=
		    0)
			facts->mta_flags_success = true;
	}
}

static void
read_from(const struct message *message, struct facts *facts)
{
	struct arena *arena = message->arena;
	const struct header *field;

	facts->from = "";
	facts->from_fields = header_count(&message->headers, "From");
	for (size_t n = 1; n <= facts->from_fields && n <= 2; n++) {
		struct mailbox_list from;

		field = header_find(&message->headers, "From", n);
		mailbox_read(arena, field->value, FROM_LIMIT, &from);
		facts->from_count += from.count;
		facts->from_has_group |= from.has_group;
		if (facts->from[0] == '\0' && from.count > 0)
			facts->from = from.items[0].address;
	}
	facts->from_is_no_reply = address_is_no_reply(facts->from);

	field = header_find(&message->headers, "Reply-To", 1);
	if (field != NULL) {
		struct mailbox_list to;

		mailbox_read(arena, field->value, FROM_LIMIT, &to);
		facts->has_reply_to = to.count > 0;
		facts->reply_to_is_no_reply = to.count > 0;
		for (size_t i = 0; i < to.count; i++)
			if (!address_is_no_reply(to.items[i].address))
				facts->reply_to_is_no_reply = false;
	}
}

static const char *
first_address(struct arena *arena, const struct header_list *headers,
              const char *name)
{
	const struct header *field = header_find(headers, name, 1);
	struct mailbox_list list;

	if (field == NULL)
		return "";
	mailbox_read(arena, field->value, FROM_LIMIT, &list);
	return list.count > 0 ? list.items[0].address : "";
}

/* MDN-3, MDN-12: the standard field first, then what old programs wrote. */
static const char *
receipt_wanted_by(const struct message *message)
{
	static const char *const names[] = {
		"Disposition-Notification-To",
		"Return-Receipt-To",
		"X-Confirm-Reading-To",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *to = first_address(message->arena,
		                               &message->headers, names[i]);

		if (to[0] != '\0')
			return to;
	}
	return "";
}

static bool
has(const struct message *message, const char *name)
{
	return header_find(&message->headers, name, 1) != NULL;
}

/* "fr", "fr-CA" or the first of "fr, en": what we have texts in. */
static const char *
language_of(const char *tag)
{
	return text_starts(tag, "fr")   ? "fr"
	       : text_starts(tag, "en") ? "en"
	                                : "";
}

static void
read_kind(const struct message *message, struct facts *facts)
{
	struct arena *arena = message->arena;
	const struct header_list *headers = &message->headers;
	const char *type = header_token(
		arena, header_text(arena, headers, "Content-Type"));
	const char *automatic = header_token(
		arena, header_text(arena, headers, "Auto-Submitted"));
	const char *precedence =
		header_token(arena, header_text(arena, headers, "Precedence"));

	facts->is_report = text_starts(type, "multipart/report");
	facts->is_partial = text_starts(type, "message/partial");
	facts->is_signed_or_encrypted =
		text_starts(type, "multipart/signed") ||
		text_starts(type, "multipart/encrypted") ||
		text_starts(type, "application/pkcs7-mime") ||
		text_starts(type, "application/x-pkcs7-mime");
	facts->is_automatic = automatic[0] != '\0' && !text_is(automatic, "no");
	facts->is_bulk = text_is(precedence, "bulk") ||
	                 text_is(precedence, "list") ||
	                 text_is(precedence, "junk");
	facts->has_list_id = has(message, "List-Id");
	facts->is_list = facts->has_list_id || has(message, "List-Post");
	facts->has_list_unsubscribe = has(message, "List-Unsubscribe");
	facts->has_message_id = has(message, "Message-ID");
	facts->has_date = has(message, "Date");
	facts->has_mime_version = has(message, "MIME-Version");
	facts->is_dkim_signed = has(message, "DKIM-Signature");
	facts->language = language_of(header_token(
		arena, header_text(arena, headers, "Content-Language")));
	facts->has_resent =
		has(message, "Resent-From") || has(message, "Resent-Date");
}

static bool
is_second_pass(const struct message *message, const struct keyring *keys,
               const char *from)
{
	struct arena *arena = message->arena;
	const struct header_list *headers = &message->headers;
	struct span value = span_of(header_text(arena, headers, HEADER_RECORD));
	size_t space = span_find(value, ' ', 0);
	struct message_id id;

	if (value.len == 0 || header_count(headers, HEADER_RECORD) != 1)
		return false;
	return token_check_context(
		keys, TOKEN_AUDIT,
		audit_context(arena, header_text(arena, headers, "Message-ID"),
	                      header_text(arena, headers, "Date"), from),
		span_skip(value, space + 1), &id);
}

void
facts_of(const struct message *message, const struct keyring *keys,
         struct facts *facts)
{
	facts->client_address = message->client_address;
	facts->auth_user = message->auth_user;
	facts->is_local_submission = message->is_local_submission;
	facts->envelope_sender = message->sender;
	read_recipients(message, facts);
	read_headers(message, facts);
	read_from(message, facts);
	read_kind(message, facts);
	facts->receipt_to = receipt_wanted_by(message);
	facts->class_named =
		header_text(message->arena, &message->headers, HEADER_CLASS);
	facts->is_our_second_pass = is_second_pass(message, keys, facts->from);
	facts->has_attachment = message->has_attachment;
	facts->size_bytes = message->size_bytes;
	facts->mta_can_set_sender = message->mta.can_set_sender;
	facts->mta_can_set_notify = message->mta.can_set_notify;
	facts->mta_can_hold = message->mta.can_hold;
	facts->is_text_read = message->is_text_read;
	facts->has_link = message->has_link;
	facts->visible_link = message->visible_link;
	facts->link_missing_in = message->link_missing_in;
}
