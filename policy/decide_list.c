#include "policy/decide_parts.h"

static bool
has_list_field(const struct facts *facts)
{
	for (size_t i = 0; i < facts->header_count; i++)
		if (text_starts(facts->headers[i].name, "List-"))
			return true;
	return false;
}

/* People write letters; what runs on our hosts may be list software. */
static bool
is_list_software(const struct deciding *d)
{
	return d->decision->origin != ORIGIN_AUTHENTICATED ||
	       rules_may_name_class(d->rules, d->facts);
}

void
decide_list(const struct deciding *d)
{
	if (d->class->unsubscribe != UNSUBSCRIBE_NONE ||
	    d->class->list_headers == LIST_ANYONE || !has_list_field(d->facts))
		return;
	if (d->class->list_headers == LIST_SOFTWARE && is_list_software(d))
		return;
	d->decision->strip_list = true;
	explain(d->arena, d->decision, "list",
	        "the fields List-* are taken out: the client is no list "
	        "software (LST-15)");
}
