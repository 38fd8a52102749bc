#include "milter/ask.h"

#include "base/log.h"
#include "conf/values.h"
#include "mail/address.h"

/* A cap counts a message once, however often the client tries (4xx). */
static const char *
name_of(const struct session *session)
{
	const char *id = header_text(session->arena, &session->message.headers,
	                             "Message-ID");

	return id[0] != '\0' ? id : session->message.queue_id;
}

static void
set_cap(const struct session *session, const struct class_settings *class,
        struct store_question *question)
{
	struct error err;

	if (class_must_be_sent(class))
		return;
	/* What cannot be read did not pass the settings; "" is none. */
	if (value_cap(class->cap, &question->cap_count, &question->cap_ms,
	              &err) != RESULT_OK)
		question->cap_ms = 0;
	if (question->cap_ms > 0 || question->is_marketing)
		question->message = name_of(session);
}

static struct store_question
question_of(const struct session *session, const struct facts *facts,
            const struct class_settings *class)
{
	struct arena *arena = session->arena;
	const char **addresses =
		arena_array(arena, facts->recipient_count, sizeof(*addresses));
	struct store_question question = {
		.class_name = class->name,
		.addresses = addresses,
		.count = facts->recipient_count,
		.is_marketing = class->purpose == PURPOSE_MARKETING,
		.wants_consent = class->consent != CONSENT_NONE ||
		                 class->links == LINKS_MEASURE,
		.message = "",
	};

	for (size_t i = 0; i < facts->recipient_count; i++)
		addresses[i] =
			address_normal(arena, facts->recipients[i].address);
	set_cap(session, class, &question);
	return question;
}

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
	to->language = answer->language;
}

void
ask_store(struct session *session, struct facts *facts,
          const struct class_settings *class)
{
	struct arena *arena = session->arena;
	struct store_question question = question_of(session, facts, class);
	struct store_answer *answers =
		arena_array(arena, question.count, sizeof(*answers));
	struct error err;

	if (store_ask(arena, session->service->store, &question, answers,
	              &err) != RESULT_OK) {
		static struct log_gate gate;

		log_warn_gated(&gate, "the store cannot be asked: %s",
		               err.text);
		facts->store = STORE_AWAY;
		return;
	}
	facts->store = STORE_ANSWERED;
	for (size_t i = 0; i < question.count; i++)
		take_answer(&facts->recipients[i], &answers[i]);
	session->counted = question;
	if (question.message[0] == '\0')
		session->counted.count = 0;
}

void
ask_leaves(struct session *session, const bool *left_out)
{
	session->is_leaving = true;
	session->left_out = left_out;
}

/* Those who are left out stay in the question, to be given back. */
static void
keep_left_out(struct session *session)
{
	struct store_question *counted = &session->counted;
	const char **addresses = arena_array(session->arena, counted->count + 1,
	                                     sizeof(*addresses));
	size_t count = 0;

	for (size_t i = 0; session->left_out != NULL && i < counted->count; i++)
		if (session->left_out[i])
			addresses[count++] = counted->addresses[i];
	counted->addresses = addresses;
	counted->count = count;
}

void
ask_settle(struct session *session, bool is_on_its_way)
{
	struct error err;

	if (session->counted.count == 0)
		return;
	if (is_on_its_way && session->is_leaving)
		keep_left_out(session);
	/* What cannot be given back is gone with the window. */
	if (session->counted.count > 0 &&
	    store_cap_release(session->service->store, &session->counted,
	                      &err) != RESULT_OK)
		log_warn("%s: a cap counts a message that did not leave: %s",
		         session->message.queue_id, err.text);
	session->counted.count = 0;
}
