#include "milter/inbound.h"

#include <string.h>

#include "base/clock.h"
#include "base/encode.h"
#include "base/log.h"
#include "mail/address.h"
#include "mail/report.h"
#include "milter/inbound_events.h"
#include "milter/incoming.h"
#include "milter/message_log.h"
#include "milter/pass_on.h"
#include "record/find.h"
#include "record/person.h"

#define CATCH_UP_MS 2000

/* A report comes to one address; each further one costs a look-up. */
#define TOKENS_LIMIT 16

void
inbound_recognise(struct session *session, size_t recipient)
{
	const struct settings *settings = session->snapshot->settings;
	const char *address = session->message.recipients[recipient].address;
	const struct {
		const char *base;
		enum token_purpose purpose;
	} ours[] = {
		{ settings->receipts, TOKEN_RECEIPT },
		{ settings->unsubscribe, TOKEN_UNSUBSCRIBE },
	};

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
		struct arrival *arrival;
		struct span token;

		if (ours[i].base[0] == '\0' ||
		    !address_extension(address, ours[i].base,
		                       settings->delimiter[0], &token))
			continue;
		arrival =
			arena_push(session->arena, (void **)&session->arrivals,
		                   &session->arrival_count,
		                   &session->arrival_room, sizeof(*arrival));
		*arrival = (struct arrival){ .recipient = recipient,
			                     .purpose = ours[i].purpose };
		arrival->is_genuine = token_check_address(
			session->snapshot->keys, ours[i].purpose, token,
			&arrival->id);
		return;
	}
}

/* No state changes; a counter and a log line. The mailbox gets the mail. */
static void
wrong_token(struct session *session, const struct arrival *arrival)
{
	static struct log_gate gate;
	unsigned long count = ++session->service->wrong_tokens;

	log_warn_gated(
		&gate,
		"%s: mail to %s with a wrong or missing token, left as it is "
		"(%lu since the start)",
		session->message.queue_id,
		address_mask(session->arena,
	                     session->message.recipients[arrival->recipient]
	                             .address),
		count);
}

/* Who has a token can write without end; we need not keep all of it. */
static void
leave_over_limit(struct session *session, const char *limit)
{
	static struct log_gate gate;

	log_warn_gated(&gate,
	               "%s: mail to a receipt address is past the limit set by "
	               "%s and left to its mailbox",
	               session->message.queue_id, limit);
	message_log(session, "-", "untouched", limit);
}

/*
 * A report may overtake its message by milliseconds on the way to Redis:
 * then the forwarder is waited for once.
 */
static enum result
find_case(struct session *session, struct message_id id,
          struct event_list *events, struct error *err)
{
	struct service *service = session->service;
	enum result result =
		find_events(session->arena, service->store, id, events, err);

	if (result != RESULT_NONE)
		return result;
	if (!forwarder_wait_current(service->forwarder, CATCH_UP_MS)) {
		error_set(err, "the store is behind the journal");
		return RESULT_RETRY;
	}
	return find_events(session->arena, service->store, id, events, err);
}

static void
read_arrival(struct session *session, const struct event *submitted,
             struct report *report)
{
	struct arena *arena = session->arena;
	size_t count = submitted != NULL ? submitted->recipient_count : 0;
	const char **sent = arena_array(arena, count, sizeof(*sent));

	for (size_t i = 0; i < count; i++)
		sent[i] = submitted->recipients[i].address;
	report_read(arena, incoming_bytes(session), sent, count, report);
}

/* Whose token is it? As find_case: a request may overtake its message. */
static bool
find_person(struct session *session, struct message_id id,
            struct person_of_token *found)
{
	struct service *service = session->service;
	struct error err;
	enum result result = person_by_message(session->arena, service->store,
	                                       id, found, &err);

	if (result == RESULT_NONE &&
	    forwarder_wait_current(service->forwarder, CATCH_UP_MS))
		result = person_by_message(session->arena, service->store, id,
		                           found, &err);
	return result == RESULT_OK && !found->is_shared;
}

/* Said before: nothing new to record. When in doubt it is recorded. */
static bool
has_left(struct session *session, const struct person_of_token *found)
{
	struct person person;
	struct error err;

	return person_find(session->arena, session->service->store,
	                   found->person, &person, &err) == RESULT_OK &&
	       person_refuses(&person, found->class_name, false)[0] != '\0';
}

static int64_t
retention_of(const struct settings *settings, const char *class_name)
{
	const struct class_settings *class =
		settings_class(settings, class_name);

	return class != NULL ? class->retention_ms : 0;
}

/* LST-13: the token decides; From can be anybody's. */
static void
record_unsubscribed(struct session *session, struct message_id id)
{
	struct event event = {
		.time = clock_now(),
		.kind = EVENT_UNSUBSCRIBED,
		.grade = GRADE_AUTHENTICATED,
		.source = SOURCE_MAIL,
		.has_message = true,
		.message = id,
		.recipient = 1,
		.class_name = "",
		.queue_id = session->message.queue_id,
		.status = "",
		.detail = "mailto",
	};
	struct person_of_token found;

	/* While the store is away, the forwarder finds out later. */
	if (find_person(session, id, &found)) {
		if (has_left(session, &found))
			return;
		memcpy(event.person, found.person, PERSON_SIZE);
		event.class_name = found.class_name;
		event.retention_ms = retention_of(session->snapshot->settings,
		                                  found.class_name);
		event_fact_add(session->arena, &event, "address",
		               found.address);
	}
	session_record(session, &event);
	session->holds_at_once = true;
}

static void
handle_unsubscribe(struct session *session, struct arrival *arrival)
{
	record_unsubscribed(session, arrival->id);
	pass_on_consume(session, arrival);
	message_log(session, "-", "consume", "unsubscribe by mail");
}

static bool
handle_receipt(struct session *session, struct arrival *arrival)
{
	struct event_list events = { 0 };
	struct inbound_case found = { .arrival = arrival };
	struct report report;
	struct error err;
	enum result result = find_case(session, arrival->id, &events, &err);

	if (result != RESULT_OK && result != RESULT_NONE) {
		log_error("%s: report deferred: %s", session->message.queue_id,
		          err.text);
		session_defer(session,
		              "the record cannot be reached; try again later");
		return false;
	}
	found.submitted = inbound_submission(&events);
	found.earlier = &events;
	found.report = &report;
	read_arrival(session, found.submitted, &report);
	inbound_record(session, &found);
	if (found.is_over_limit)
		leave_over_limit(session, "limits.events");
	else
		pass_on(session, &found);
	return true;
}

/* The same token stood before: that recipient says what becomes of it. */
static const struct arrival *
earlier_twin(const struct session *session, const struct arrival *arrival)
{
	for (const struct arrival *a = session->arrivals; a < arrival; a++)
		if (a->is_genuine && a->purpose == arrival->purpose &&
		    message_id_same(a->id, arrival->id))
			return a;
	return NULL;
}

/* False: put off, all of it. */
static bool
handle_genuine(struct session *session, struct arrival *arrival, size_t *tokens)
{
	const struct arrival *twin = earlier_twin(session, arrival);

	if (twin != NULL) {
		if (twin->is_taken)
			pass_on_consume(session, arrival);
		return true;
	}
	if (++*tokens > TOKENS_LIMIT) {
		leave_over_limit(session, "16 addresses a message");
		return true;
	}
	if (arrival->purpose == TOKEN_RECEIPT)
		return handle_receipt(session, arrival);
	handle_unsubscribe(session, arrival);
	return true;
}

void
inbound_end(struct session *session)
{
	size_t tokens = 0;

	for (size_t i = 0; i < session->arrival_count; i++) {
		struct arrival *arrival = &session->arrivals[i];

		if (!arrival->is_genuine)
			wrong_token(session, arrival);
		else if (!handle_genuine(session, arrival, &tokens))
			return;
	}
	pass_on_finish(session);
}
