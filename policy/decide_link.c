#include "policy/decide_parts.h"

#define TOPIC "visible link"

void
decide_link(const struct deciding *d)
{
	const struct facts *facts = d->facts;

	if (!verdict_lets_go(d->decision->verdict) ||
	    d->class->visible_link == LINK_OFF ||
	    d->class->purpose != PURPOSE_MARKETING)
		return;
	switch (facts->visible_link) {
	case VISIBLE_THERE:
		return;
	case VISIBLE_NOT_READ:
		explain_not_done(d->arena, d->decision, TOPIC,
		                 "a way out for readers was not looked for: "
		                 "the text cannot be read");
		return;
	case VISIBLE_MISSING:
		break;
	}
	if (d->class->visible_link == LINK_REQUIRE)
		decide_refuse(
			d, "5.7.1", TOPIC,
			arena_printf(d->arena,
		                     "class %s needs a way out that readers "
		                     "see, and there is none in %s (BULK-2)",
		                     d->class->name, facts->link_missing_in));
	else
		explain_not_done(d->arena, d->decision, TOPIC,
		                 arena_printf(d->arena,
		                              "readers see no way out in %s "
		                              "(BULK-2)",
		                              facts->link_missing_in));
}
