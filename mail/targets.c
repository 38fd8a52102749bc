#include "mail/targets.h"

#include "mail/content.h"

/* Wherever one of these stands, the whole message stays as it is. */
static const struct {
	const char *type;
	const char *reason;
} untouchable[] = {
	{ "multipart/signed", "signed" },
	{ "multipart/encrypted", "encrypted" },
	{ "multipart/report", "report" },
	{ "application/pkcs7-mime", "signed" },
	{ "application/x-pkcs7-mime", "signed" },
	{ "application/pgp-encrypted", "encrypted" },
	{ "application/ms-tnef", "tnef" },
	{ "text/calendar", "calendar" },
	{ "text/x-amp-html", "amp" },
	{ "message/partial", "partial" },
};

static const char *
untouchable_reason(const struct outline_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		for (size_t k = 0;
		     k < sizeof(untouchable) / sizeof(untouchable[0]); k++)
			if (text_is(list->items[i].type, untouchable[k].type))
				return untouchable[k].reason;
	return "";
}

static bool
is_attached(struct arena *arena, const struct outline_part *part)
{
	return text_is(content_kind(arena, part->disposition), "attachment");
}

static bool
is_text(struct arena *arena, const struct outline_part *part)
{
	return (text_is(part->type, "text/plain") ||
	        text_is(part->type, "text/html")) &&
	       !is_attached(arena, part);
}

static size_t
next_child(const struct outline_list *list, size_t parent, size_t from)
{
	for (size_t i = from; i < list->count; i++)
		if (i != parent && list->items[i].parent == parent)
			return i;
	return list->count;
}

static void
add(struct arena *arena, struct targets *targets, size_t index)
{
	*(size_t *)arena_push(arena, (void **)&targets->parts, &targets->count,
	                      &targets->room, sizeof(index)) = index;
}

static bool find_in(struct arena *arena, const struct outline_list *list,
                    size_t index, struct targets *targets);

/* All versions of the same: each that is text, also inside `related`. */
static bool
find_in_alternative(struct arena *arena, const struct outline_list *list,
                    size_t index, struct targets *targets)
{
	size_t before = targets->count;

	for (size_t i = next_child(list, index, index + 1); i < list->count;
	     i = next_child(list, index, i + 1))
		find_in(arena, list, i, targets);
	return targets->count > before;
}

/* The first that can be read. */
static bool
find_in_mixed(struct arena *arena, const struct outline_list *list,
              size_t index, struct targets *targets)
{
	for (size_t i = next_child(list, index, index + 1); i < list->count;
	     i = next_child(list, index, i + 1))
		if (find_in(arena, list, i, targets))
			return true;
	return false;
}

/* The depth is bounded: the outline breaks off at PARTS_DEPTH. */
static bool
find_in(struct arena *arena, const struct outline_list *list, size_t index,
        struct targets *targets)
{
	const struct outline_part *part = &list->items[index];

	if (is_text(arena, part)) {
		add(arena, targets, index);
		return true;
	}
	if (is_attached(arena, part) || !outline_is_multipart(part))
		return false;
	if (text_is(part->type, "multipart/alternative"))
		return find_in_alternative(arena, list, index, targets);
	if (text_is(part->type, "multipart/related")) {
		size_t root = next_child(list, index, index + 1);

		return root < list->count &&
		       find_in(arena, list, root, targets);
	}
	return find_in_mixed(arena, list, index, targets);
}

void
targets_find(struct arena *arena, const struct outline_list *list,
             struct targets *targets_r)
{
	const struct outline_part *top = &list->items[0];

	*targets_r = (struct targets){ .reason = list->broken };
	if (targets_r->reason[0] == '\0')
		targets_r->reason = untouchable_reason(list);
	if (targets_r->reason[0] != '\0')
		return;
	if (find_in(arena, list, 0, targets_r)) {
		targets_r->kind = TARGET_PARTS;
	} else if (text_is(top->type, "multipart/mixed") && top->close >= 0) {
		targets_r->kind = TARGET_NEW_PART;
		targets_r->mixed = 0;
	} else {
		targets_r->reason = "no-text";
	}
}
