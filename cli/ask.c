#include "cli/ask.h"

#include "conf/values.h"
#include "mail/address.h"

static void
take_answer(struct fact_recipient *to, const struct store_answer *answer)
{
	to->is_suppressed = answer->is_suppressed;
	to->is_bouncing = answer->is_bouncing;
	to->suppressed_since = answer->suppressed_since;
	to->refuses_receipts = answer->refuses_receipts;
	to->refuses_measure = answer->refuses_measure;
	to->is_restricted = answer->is_restricted;
	to->has_consent = answer->has_consent;
	to->may_receive = answer->may_receive;
	to->may_measure_clicks = answer->may_measure_clicks;
	to->is_soft_opt_in = answer->is_soft_opt_in;
	to->is_over_cap = answer->is_over_cap;
	to->cap_next = answer->cap_next;
	to->channel = answer->channel;
}

/* Those of the recipients that are asked about: all, or where `only` says. */
static struct store_question
question_of(struct arena *arena, const struct class_settings *class,
            const char *counted_as, const struct facts *facts, const bool *only)
{
	const char **addresses =
		arena_array(arena, facts->recipient_count, sizeof(*addresses));
	struct store_question question = {
		.class_name = class->name,
		.addresses = addresses,
		.is_marketing = class->purpose == PURPOSE_MARKETING,
		.wants_consent = class->consent != CONSENT_NONE ||
		                 class->links == LINKS_MEASURE,
		.message = class_must_be_sent(class) ? "" : counted_as,
	};
	struct error err;

	for (size_t i = 0; i < facts->recipient_count; i++)
		if (only == NULL || only[i])
			addresses[question.count++] = address_normal(
				arena, facts->recipients[i].address);
	if (value_cap(class->cap, &question.cap_count, &question.cap_ms,
	              &err) != RESULT_OK)
		question.cap_ms = 0;
	return question;
}

void
ask_people(struct arena *arena, struct store *store,
           const struct class_settings *class, const char *counted_as,
           struct facts *facts)
{
	struct store_question question =
		question_of(arena, class, counted_as, facts, NULL);
	struct store_answer *answers =
		arena_array(arena, question.count, sizeof(*answers));
	struct error err;

	if (store_ask(arena, store, &question, answers, &err) != RESULT_OK) {
		facts->store = STORE_AWAY;
		return;
	}
	facts->store = STORE_ANSWERED;
	for (size_t i = 0; i < question.count; i++)
		take_answer(&facts->recipients[i], &answers[i]);
}

void
ask_give_back(struct arena *arena, struct store *store,
              const struct class_settings *class, const char *counted_as,
              const struct facts *facts, const bool *left_out)
{
	struct store_question question =
		question_of(arena, class, counted_as, facts, left_out);
	struct error err;

	/* What cannot be given back is gone with the window. */
	if (question.message[0] != '\0' && question.count > 0)
		(void)!store_cap_release(store, &question, &err);
}
