#include "milter/bounces.h"

#include "base/log.h"
#include "conf/values.h"
#include "milter/pass_on.h"
#include "record/bounce.h"
#include "record/person.h"

static const char *
address_of(const struct inbound_case *found, const struct event *failed)
{
	const struct event *submitted = found->submitted;

	if (submitted == NULL || failed->recipient == 0 ||
	    failed->recipient > submitted->recipient_count)
		return "";
	return submitted->recipients[failed->recipient - 1].address;
}

/* Once is enough; when in doubt once more. */
static bool
is_suppressed(struct session *session, const char *address)
{
	char name[PERSON_SIZE];
	struct person person;
	struct error err;

	person_name(session->snapshot->keys, address, name);
	return person_find(session->arena, session->service->store, name,
	                   &person, &err) == RESULT_OK &&
	       person.off_since[0] != '\0';
}

static void
suppress(struct session *session, const struct event *failed,
         const char *address)
{
	struct event event;

	person_event(session->arena, session->snapshot->keys, EVENT_SUPPRESSED,
	             address, "", PERSON_BOUNCES, &event);
	event.grade = failed->grade;
	event.source = failed->source;
	event.has_message = true;
	event.message = failed->message;
	event.recipient = failed->recipient;
	event.queue_id = failed->queue_id;
	event.status = failed->status;
	event.retention_ms = failed->retention_ms;
	session_record(session, &event);
	log_info("%s: suppressed for all marketing, it bounced too often: "
	         "message=%.8s recipient=%u",
	         session->message.queue_id,
	         message_id_text(session->arena, event.message),
	         event.recipient);
}

void
bounces_note(struct session *session, const struct inbound_case *found,
             const struct event *failed)
{
	const char *setting = session->snapshot->settings->bounces;
	const char *address = address_of(found, failed);
	static struct log_gate gate;
	unsigned most, count;
	int64_t window_ms;
	struct error err;

	if (setting[0] == '\0' || address[0] == '\0' ||
	    failed->kind != EVENT_FAILED || failed->grade == GRADE_CLAIMED ||
	    !bounce_is_hard(failed->status) ||
	    value_cap(setting, &most, &window_ms, &err) != RESULT_OK)
		return;
	if (store_count_bounce(session->service->store, address,
	                       failed->message, window_ms, &count,
	                       &err) != RESULT_OK)
		log_warn_gated(&gate, "a bounce is not counted: %s", err.text);
	else if (count >= most && !is_suppressed(session, address))
		suppress(session, failed, address);
}
