#include "mail/bounce_address.h"

#include <string.h>

#include "mail/address.h"
#include "mail/report_parts.h"

#define FOUND_LIMIT 300  /* addresses looked at in one notice */
#define SCAN_LIMIT  1000 /* the same ones again counted */
#define FIELD_BOXES 200  /* looked at in one header field */

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* Local parts that send bounces and never fail in one. */
static const char *const daemon_names[] = {
	"mailer-daemon", "mailerdaemon",  "mail-daemon", "maildaemon",
	"postmaster",    "mailer_daemon", "mdaemon",     "mail.daemon",
};

/* Addresses the message itself names: who wrote it, and to whom. */
struct parties {
	struct mailbox_list own; /* who sent what came back */
	struct mailbox_list recipients;
};

static bool
is_daemon(const char *address)
{
	struct span local = address_local(address);

	for (size_t i = 0; i < COUNT(daemon_names); i++)
		if (span_is(local, daemon_names[i]))
			return true;
	return false;
}

static bool
is_same(const char *a, const char *b)
{
	return text_is(a, b);
}

static bool
is_in_list(const struct mailbox_list *list, const char *address)
{
	for (size_t i = 0; i < list->count; i++)
		if (is_same(list->items[i].address, address))
			return true;
	return false;
}

static void
add_field(const struct letter *letter, const struct header_list *headers,
          const char *name, struct mailbox_list *list)
{
	const struct header *header = header_find(headers, name, 1);
	struct mailbox_list boxes;

	if (header == NULL)
		return;
	mailbox_read(letter->arena, header->value, FIELD_BOXES, &boxes);
	for (size_t i = 0; i < boxes.count; i++) {
		struct mailbox *item =
			arena_push(letter->arena, (void **)&list->items,
		                   &list->count, &list->room, sizeof(*item));

		*item = boxes.items[i];
	}
}

static void
read_parties(const struct letter *letter, struct parties *parties_r)
{
	static const char *const ours[] = { "To", "Delivered-To",
		                            "X-Original-To", "Envelope-To",
		                            "X-Envelope-To" };
	static const char *const writers[] = { "From", "Sender", "Return-Path",
		                               "Reply-To" };

	*parties_r = (struct parties){ 0 };
	for (size_t i = 0; i < COUNT(ours); i++)
		add_field(letter, letter->headers, ours[i], &parties_r->own);
	for (size_t i = 0; i < COUNT(writers); i++)
		add_field(letter, &letter->returned, writers[i],
		          &parties_r->own);
	add_field(letter, &letter->returned, "To", &parties_r->recipients);
	add_field(letter, &letter->returned, "Cc", &parties_r->recipients);
}

static bool
is_sent(const char *const *sent, size_t sent_count, const char *address)
{
	for (size_t i = 0; i < sent_count; i++)
		if (is_same(sent[i], address))
			return true;
	return false;
}

static bool
is_excluded(const struct letter *letter, const struct parties *parties,
            const char *address)
{
	size_t len = strlen(letter->returned_id);

	if (is_daemon(address) || is_same(address, letter->from))
		return true;
	if (len > 2 &&
	    span_equal_nocase(span_make(letter->returned_id + 1, len - 2),
	                      span_of(address)))
		return true;
	return is_in_list(&parties->own, address);
}

static void
add_found(const struct notice *notice, const struct found_address *found,
          struct found_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		struct found_address *known = &list->items[i];

		if (!is_same(known->address, found->address))
			continue;
		if (known->grade < found->grade ||
		    (known->grade == found->grade && found->is_opening &&
		     !known->is_opening)) {
			const char *original = known->original;

			*known = *found;
			known->original = original;
		}
		return;
	}

	struct found_address *item =
		arena_push(notice->letter->arena, (void **)&list->items,
	                   &list->count, &list->room, sizeof(*item));
	*item = *found;
}

/* "a@b, c@d and e@f": what is said of the first holds for all. */
static bool
is_joined(const struct notice *notice, const struct found_address *before,
          const struct found_address *found)
{
	static const char *const words[] = { "and", "et", "und", "y",
		                             "e",   "en", "och", "og" };
	struct span line = notice->lines[found->line].text;
	struct span gap;

	if (found->start < before->end)
		return false;
	gap = span_make(line.at + before->end, found->start - before->end);
	while (gap.len > 0 && strchr(">,;&\"') ", gap.at[0]) != NULL)
		gap = span_skip(gap, 1);
	while (gap.len > 0 && strchr("<\"'( ", gap.at[gap.len - 1]) != NULL)
		gap.len--;
	for (size_t i = 0; i < COUNT(words); i++)
		if (span_is(gap, words[i]))
			return true;
	return gap.len == 0;
}

static void
scan_line(const struct notice *notice, size_t index, struct found_list *list)
{
	struct found_address found;
	struct found_address before = { .grade = GRADE_NOT };
	size_t from = 0;

	while (list->count < FOUND_LIMIT && list->scanned < SCAN_LIMIT &&
	       scan_next(notice, index, &from, &found)) {
		list->scanned++;
		if (found.is_origin) {
			if (list->count > 0)
				list->items[list->count - 1].original =
					found.address;
			continue;
		}
		if (before.grade > found.grade &&
		    is_joined(notice, &before, &found)) {
			found.grade = before.grade;
			found.action = before.action;
		}
		add_found(notice, &found, list);
		before = found;
	}
}

/* X-Failed-Recipients says it without words. */
static void
apply_declared(const struct notice *notice, struct found_list *list)
{
	const struct letter *letter = notice->letter;

	for (size_t nth = 1; nth <= 50; nth++) {
		const struct header *header = header_find(
			letter->headers, "X-Failed-Recipients", nth);
		struct mailbox_list boxes;

		if (header == NULL)
			return;
		mailbox_read(letter->arena, header->value, GROUP_LIMIT, &boxes);
		for (size_t i = 0; i < boxes.count; i++) {
			struct found_address found = {
				.address = boxes.items[i].address,
				.original = "",
				.grade = GRADE_DECLARED,
				.line = notice->count,
			};

			if (found.address[0] == '\0')
				continue;
			for (size_t k = 0; k < list->count; k++)
				if (is_same(list->items[k].address,
				            found.address)) {
					list->items[k].grade = GRADE_DECLARED;
					found.address = "";
					break;
				}
			if (found.address[0] != '\0' &&
			    list->count < GROUP_LIMIT)
				add_found(notice, &found, list);
		}
	}
}

/* An address the returned message was sent to counts for more. */
static void
apply_returned(const struct parties *parties, struct found_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		struct found_address *found = &list->items[i];

		if ((found->grade == GRADE_NAMED ||
		     found->grade == GRADE_TOLD) &&
		    is_in_list(&parties->recipients, found->address))
			found->grade++;
	}
}

static void
keep_from(struct found_list *list, enum address_grade least)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].grade >= least)
			list->items[kept++] = list->items[i];
	list->count = kept;
}

/* Addresses we know we wrote to, if the notice names any of them. */
static bool
keep_sent(const char *const *sent, size_t sent_count, struct found_list *list)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++)
		if (is_sent(sent, sent_count, list->items[i].address))
			list->items[kept++] = list->items[i];
	if (kept == 0)
		return false;
	list->count = kept;
	return true;
}

/* "club-owner" and "owner-club" manage lists, and never fail in a notice. */
static bool
is_list_manager(const char *address)
{
	static const char *const ends[] = { "-owner", "-request", "-bounces",
		                            "-bounce", "-admin" };
	struct span local = address_local(address);

	for (size_t i = 0; i < COUNT(ends); i++)
		if (span_ends(local, ends[i]))
			return true;
	return span_starts(local, "owner-") || address_is_no_reply(address);
}

/*
 * Writing to oneself is the one case where the sender is the recipient: the
 * notice then lists the address as clearly as any other. And some mailboxes
 * say of themselves that they are full.
 */
static bool
is_own_recipient(const struct letter *letter, const struct parties *parties,
                 const struct found_address *found)
{
	if (is_daemon(found->address))
		return false;
	if (is_same(found->address, letter->from))
		return found->grade >= GRADE_TOLD &&
		       !is_list_manager(found->address);
	return found->grade == GRADE_LISTED && found->is_clear &&
	       is_in_list(&parties->own, found->address);
}

static void
drop_excluded(const struct letter *letter, const struct parties *parties,
              struct found_list *list)
{
	size_t others = 0;

	for (size_t i = 0; i < list->count; i++)
		others += list->items[i].grade >= GRADE_TOLD &&
		          !is_excluded(letter, parties, list->items[i].address);
	for (size_t i = 0; i < list->count; i++) {
		struct found_address *found = &list->items[i];

		if (is_excluded(letter, parties, found->address) &&
		    found->grade != GRADE_DECLARED &&
		    (others > 0 || !is_own_recipient(letter, parties, found)))
			found->grade = GRADE_NOT;
	}
}

static enum address_grade
best_grade(const struct found_list *list)
{
	enum address_grade best = GRADE_NOT;

	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].grade > best)
			best = list->items[i].grade;
	return best;
}

void
bounce_addresses(const struct notice *notice, const char *const *sent,
                 size_t sent_count, struct found_list *found_r)
{
	struct parties parties;

	*found_r = (struct found_list){ 0 };
	for (size_t i = 0; i < notice->count; i++)
		scan_line(notice, i, found_r);
	apply_declared(notice, found_r);
	if (keep_sent(sent, sent_count, found_r))
		return;
	read_parties(notice->letter, &parties);
	apply_returned(&parties, found_r);
	drop_excluded(notice->letter, &parties, found_r);

	enum address_grade best = best_grade(found_r);
	keep_from(found_r, best > GRADE_NAMED ? best : GRADE_NAMED);
	/* One address in passing may be it; several are a conversation. */
	if (best == GRADE_NAMED && found_r->count > 1)
		found_r->count = 0;
}
