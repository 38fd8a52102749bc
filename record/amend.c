#include "record/amend.h"

#include <stdio.h>
#include <string.h>

#define FORM_SIZE 700

/*
 * Letters that belong to an address: what only ends in ours, or goes on
 * behind it, is somebody else's.
 */
static bool
goes_on(struct span text, size_t at)
{
	char c = at < text.len ? text.at[at] : ' ';

	if (c == '.' || c == '-')
		return at + 1 < text.len &&
		       (ascii_is_alnum(text.at[at + 1]) || text.at[at + 1] < 0);
	return ascii_is_alnum(c) || c == '_' || c < 0;
}

static bool
comes_from_before(struct span text, size_t at, const char *joints)
{
	char c = at > 0 ? text.at[at - 1] : ' ';

	return ascii_is_alnum(c) || c < 0 ||
	       (c != '\0' && strchr(joints, c) != NULL);
}

static bool
has_form(struct span text, const char *form, const char *joints)
{
	size_t len = strlen(form), at = 0;

	while ((at = span_find_text(text, form, at)) < text.len) {
		if (!comes_from_before(text, at, joints) &&
		    !goes_on(text, at + len))
			return true;
		at++;
	}
	return false;
}

/* RFC 3461, 4: "+" and "=" as +2B and +3D. */
static void
write_xtext(const char *address, char form_r[FORM_SIZE])
{
	size_t len = 0;

	for (; *address != '\0' && len + 4 < FORM_SIZE; address++)
		if (*address == '+' || *address == '=')
			len += (size_t)snprintf(form_r + len, FORM_SIZE - len,
			                        "+%02X",
			                        (unsigned char)*address);
		else
			form_r[len++] = *address;
	form_r[len] = '\0';
}

/* anne@example.com; anne=example.com (VERP); anne=40example.com (MIME). */
bool
amend_names(struct span text, const char *address)
{
	static const struct {
		const char *sign;
		const char *joints; /* go on with the same address */
	} signs[] = {
		{ "@", "._+-%" },
		{ "=", "._%" }, /* a VERP joins with + or - */
		{ "=40", "._+-%" },
		{ "%40", "._+-" },
	};
	const char *at = strrchr(address, '@');
	char form[FORM_SIZE];

	if (at == NULL)
		return false;
	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		snprintf(form, sizeof(form), "%.*s%s%s", (int)(at - address),
		         address, signs[i].sign, at + 1);
		if (has_form(text, form, signs[i].joints))
			return true;
	}
	write_xtext(address, form);
	return strcmp(form, address) != 0 && has_form(text, form, "._+-%");
}

/* A stranger's whole report may name the person in any encoding. */
static bool
may_stay(const struct event_fact *fact, const char *address)
{
	/* A whole message, or its header, names everybody. */
	return strcmp(fact->name, "raw") != 0 &&
	       strncmp(fact->name, "content_", 8) != 0 &&
	       strncmp(fact->name, "header_", 7) != 0 &&
	       !amend_names(span_of(fact->value), address);
}

void
amend_make(struct arena *arena, const struct event *original,
           const char *address, struct event *amended_r)
{
	struct event amended = *original;

	amended.kind = EVENT_AMENDED;
	amended.detail = event_kind_name(original->kind);
	amended.facts = NULL;
	amended.fact_count = amended.fact_room = 0;
	for (size_t i = 0; i < original->fact_count; i++)
		if (may_stay(&original->facts[i], address))
			event_fact_add(arena, &amended, original->facts[i].name,
			               original->facts[i].value);
	/* One that was amended before still stands for the first. */
	if (event_fact(original, "of")[0] == '\0')
		event_fact_add(
			arena, &amended, "of",
			arena_printf(arena, "%s/%llu", original->writer,
		                     (unsigned long long)original->sequence));
	event_fact_add(arena, &amended, "was", original->detail);
	amended.recipients = arena_array(arena, original->recipient_count,
	                                 sizeof(*amended.recipients));
	for (size_t i = 0; i < original->recipient_count; i++) {
		amended.recipients[i] = original->recipients[i];
		if (amend_names(span_of(original->recipients[i].address),
		                address) ||
		    amend_names(span_of(original->recipients[i].orcpt),
		                address))
			amended.recipients[i] = (struct event_recipient){
				.address = "",
				.orcpt = "",
			};
	}
	*amended_r = amended;
}

bool
amend_restore(struct event *event)
{
	if (event->kind != EVENT_AMENDED)
		return false;
	for (int kind = 0; kind < EVENT_KINDS; kind++)
		if (strcmp(event_kind_name((enum event_kind)kind),
		           event->detail) == 0) {
			event->kind = (enum event_kind)kind;
			event->detail = event_fact(event, "was");
			return true;
		}
	return false;
}
