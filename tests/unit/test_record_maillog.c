#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "record/maillog.h"
#include "record/maillog_fact.h"

#define ID "4bXyzT1gqRz3Y1"

static struct arena *arena;

static int
set_up(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

static bool
read_line(const char *text, struct maillog_line *line)
{
	struct maillog_clock clock = { 0 };

	clock_parse("2026-11-21T12:00:00Z", &clock.latest);
	return maillog_line_read(&clock, span_of(text), line);
}

static struct maillog_fact
read_fact(const char *text)
{
	struct maillog_fact fact = { .what = MAILLOG_OTHER };
	struct maillog_line line;

	assert_true(read_line(text, &line));
	assert_true(maillog_postfix_read(&line, &fact) ||
	            maillog_sendmail_read(&line, &fact));
	return fact;
}

static void
assert_span(struct span got, const char *want)
{
	if (!span_equal(got, span_of(want)))
		fail_msg("got \"" SPAN_FMT "\", want \"%s\"", SPAN_ARG(got),
		         want);
}

/* --- the frame -------------------------------------------------------- */

static void
test_stamps(void **state)
{
	static const struct {
		const char *line;
		const char *time; /* NULL: no line of a log */
	} cases[] = {
		{ "Nov 21 10:00:02 mx1 postfix/smtp[12]: x",
		  "2026-11-21T10:00:02.000Z" },
		{ "Nov  1 10:00:02 mx1 postfix/smtp[12]: x",
		  "2026-11-01T10:00:02.000Z" },
		{ "Nov 22 10:00:02 mx1 postfix/smtp[12]: x",
		  "2026-11-22T10:00:02.000Z" },
		{ "Dec 31 23:59:59 mx1 postfix/smtp[12]: x",
		  "2025-12-31T23:59:59.000Z" },
		{ "2026-11-21T10:00:02.417123+01:00 mx1 postfix/smtp[12]: x",
		  "2026-11-21T09:00:02.417Z" },
		{ "2025-11-21T10:00:02Z mx1 postfix/smtp[12]: x",
		  "2025-11-21T10:00:02.000Z" },
		{ "2026-11-21T10:00:02.4 mx1 postfix/smtp[12]: x", NULL },
		{ "Nov 32 10:00:02 mx1 postfix/smtp[12]: x", NULL },
		{ "Nov 21 24:00:02 mx1 postfix/smtp[12]: x", NULL },
		{ "Nov 21 10:00:02 mx1 postfix/smtp[12] x", NULL },
		{ "Nov 21 10:00:02 mx1 postfix/smtp[1x]: x", NULL },
		{ "Nov 21 10:00:02 mx1", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct maillog_line line;
		char text[CLOCK_TEXT_SIZE];
		bool is_line = read_line(cases[i].line, &line);

		if (cases[i].time == NULL) {
			assert_false(is_line);
			continue;
		}
		assert_true(is_line);
		clock_format(line.time, text);
		assert_string_equal(text, cases[i].time);
		assert_span(line.host, "mx1");
		assert_span(line.program, "postfix/smtp");
		assert_int_equal(line.pid, 12);
		assert_span(line.text, "x");
	}
}

static void
test_years_are_counted_from_the_first(void **state)
{
	static const char *const lines[][2] = {
		{ "Nov 30 10:00:00 m p[1]: x", "2024-11-30T10:00:00.000Z" },
		{ "Dec 31 23:59:59 m p[1]: x", "2024-12-31T23:59:59.000Z" },
		{ "Jan  1 00:00:00 m p[1]: x", "2025-01-01T00:00:00.000Z" },
		{ "Dec 31 23:59:59 m p[1]: x", "2025-12-31T23:59:59.000Z" },
		{ "Jan  1 00:00:01 m p[1]: x", "2026-01-01T00:00:01.000Z" },
	};
	struct maillog_clock clock = { .first_year = 2024 };

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		struct maillog_line line;
		char text[CLOCK_TEXT_SIZE];

		assert_true(
			maillog_line_read(&clock, span_of(lines[i][0]), &line));
		clock_format(line.time, text);
		assert_string_equal(text, lines[i][1]);
	}
}

/* --- what lines say --------------------------------------------------- */

#define AT      "Nov 21 10:00:02 mx1 "
#define SMTP    AT "postfix/smtp[12]: "
#define RELAYED "relay=mx1.example.com[192.0.2.7]:25, "
#define TIMES   "delay=0.4, delays=0.1/0/0.2/0.1, "

static void
test_postfix_sent(void **state)
{
	struct maillog_fact fact = read_fact(
		SMTP ID
		": to=<anne@example.com>, orig_to=<a@example.fr>, " RELAYED
		"conn_use=2, " TIMES "dsn=2.0.0, status=sent "
		"(250 2.0.0 OK (queued as 4f8aB1))");

	(void)state;
	assert_int_equal(fact.what, MAILLOG_ATTEMPT);
	assert_int_equal(fact.outcome, MAILLOG_SENT);
	assert_int_equal(fact.agent, MAILLOG_SMTP);
	assert_span(fact.queue_id, ID);
	assert_span(fact.recipients, "<anne@example.com>");
	assert_span(fact.original, "a@example.fr");
	assert_span(fact.host, "mx1.example.com");
	assert_span(fact.address, "192.0.2.7");
	assert_span(fact.delay, "0.4");
	assert_span(fact.delays, "0.1/0/0.2/0.1");
	assert_span(fact.status, "2.0.0");
	assert_span(fact.reply, "250 2.0.0 OK (queued as 4f8aB1)");
	assert_span(fact.next_id, "4f8aB1");
	assert_true(fact.is_reused);
	assert_true(fact.is_remote);
}

static void
test_postfix_bounced(void **state)
{
	struct maillog_fact fact = read_fact(
		SMTP ID ": to=<x@example.com>, " RELAYED TIMES "dsn=5.1.1, "
			"status=bounced (host mx1.example.com[192.0.2.7] "
			"said: 550 5.1.1 (in reply to MAIL FROM command) "
			"<x@example.com>: no (in reply to RCPT TO command))");

	(void)state;
	assert_int_equal(fact.outcome, MAILLOG_BOUNCED);
	assert_true(fact.is_remote);
	assert_span(fact.command, "RCPT TO");
	assert_span(fact.reply, "550 5.1.1 (in reply to MAIL FROM command) "
	                        "<x@example.com>: no");
}

static void
test_postfix_other_agents(void **state)
{
	static const struct {
		const char *line;
		enum maillog_agent agent;
		bool is_forwarded;
	} cases[] = {
		{ AT "postfix/relay/smtp[1]: " ID ": to=<a@b>, " RELAYED TIMES
		     "dsn=2.0.0, status=sent (250 ok)",
		  MAILLOG_SMTP, false },
		{ AT "postfix/lmtp[1]: " ID ": to=<a@b>, "
		     "relay=mx1[private/dovecot-lmtp], " TIMES
		     "dsn=2.0.0, status=sent (250 2.0.0 <a@b> x Saved)",
		  MAILLOG_LMTP, false },
		{ AT "postfix/virtual[1]: " ID
		     ": to=<a@b>, relay=virtual, " TIMES
		     "dsn=2.0.0, status=sent (delivered to maildir)",
		  MAILLOG_LOCAL, false },
		{ AT "postfix/local[1]: " ID ": to=<a@b>, relay=local, " TIMES
		     "dsn=2.0.0, status=sent (forwarded as 4bXyzT1gqRz3Y2)",
		  MAILLOG_LOCAL, true },
		{ AT "postfix/local[1]: " ID ": to=<a@b>, relay=local, " TIMES
		     "dsn=2.0.0, status=sent (delivered to command: /bin/true)",
		  MAILLOG_PIPE, false },
		{ AT "postfix/pipe[1]: " ID ": to=<a@b>, relay=dovecot, " TIMES
		     "dsn=2.0.0, status=sent (delivered via dovecot service)",
		  MAILLOG_PIPE, false },
		{ AT "postfix/error[1]: " ID ": to=<a@b>, relay=none, " TIMES
		     "dsn=4.4.1, status=deferred (delivery temporarily "
		     "suspended: x)",
		  MAILLOG_ERROR, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct maillog_fact fact = read_fact(cases[i].line);

		assert_int_equal(fact.what, MAILLOG_ATTEMPT);
		assert_int_equal(fact.agent, cases[i].agent);
		assert_int_equal(fact.is_forwarded, cases[i].is_forwarded);
	}
}

static void
test_postfix_other_lines(void **state)
{
	static const struct {
		const char *line;
		enum maillog_what what;
	} cases[] = {
		{ AT "postfix/smtpd[1]: " ID ": client=x[192.0.2.1]",
		  MAILLOG_ENTERED },
		{ AT "postfix/pickup[1]: " ID ": uid=0 from=<root>",
		  MAILLOG_ENTERED },
		{ AT "postfix/cleanup[1]: " ID ": message-id=<a@b>",
		  MAILLOG_MESSAGE_ID },
		{ AT "postfix/cleanup[1]: " ID ": milter-hold: END-OF-MESSAGE",
		  MAILLOG_HELD },
		{ AT "postfix/postsuper[1]: " ID ": placed on hold",
		  MAILLOG_HELD },
		{ AT "postfix/postsuper[1]: " ID ": released from hold",
		  MAILLOG_RELEASED },
		{ AT "postfix/postsuper[1]: " ID ": removed", MAILLOG_DELETED },
		{ AT "postfix/qmgr[1]: " ID ": removed", MAILLOG_REMOVED },
		{ AT "postfix/qmgr[1]: " ID ": from=<a@b>, status=expired, "
		     "returned to sender",
		  MAILLOG_EXPIRED },
		{ AT "postfix/qmgr[1]: " ID ": from=<a@b>, size=418, nrcpt=1 "
		     "(queue active)",
		  MAILLOG_OTHER },
		{ AT "postfix/bounce[1]: x", MAILLOG_OTHER },
	};

	(void)state;
	for (size_t i = 0; i + 1 < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(read_fact(cases[i].line).what, cases[i].what);
}

static void
test_tls_lines(void **state)
{
	struct maillog_fact fact = read_fact(
		SMTP "Verified TLS connection established to "
		     "mx1.example.com[192.0.2.7]:25: TLSv1.3 with cipher "
		     "TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange "
		     "X25519");

	(void)state;
	assert_int_equal(fact.what, MAILLOG_TLS);
	assert_span(fact.tls_trust, "Verified");
	assert_span(fact.tls_version, "TLSv1.3");
	assert_span(fact.tls_cipher, "TLS_AES_256_GCM_SHA384");
	assert_span(fact.address, "192.0.2.7");

	fact = read_fact(AT "sm-mta[12]: STARTTLS=client, "
	                    "relay=mx1.example.com., version=TLSv1.3, "
	                    "verify=OK, cipher=TLS_AES_256_GCM_SHA384, "
	                    "bits=256/256");
	assert_int_equal(fact.what, MAILLOG_TLS);
	assert_span(fact.host, "mx1.example.com");
	assert_span(fact.tls_trust, "OK");
}

static void
test_sendmail(void **state)
{
	struct maillog_fact fact = read_fact(
		AT "sm-mta[12]: 4ALA02xx012345: to=<anne@example.com>,"
		   "<\"b, stat=Sent\"@example.com>, ctladdr=<x@example.fr> "
		   "(1000/1000), delay=00:00:01, xdelay=00:00:01, "
		   "mailer=esmtp, pri=120341, relay=mx1.example.com. "
		   "[192.0.2.7], dsn=2.0.0, stat=Sent (250 OK id=1, x=y)");
	struct span one;

	(void)state;
	assert_int_equal(fact.what, MAILLOG_ATTEMPT);
	assert_int_equal(fact.outcome, MAILLOG_SENT);
	assert_span(fact.host, "mx1.example.com");
	assert_span(fact.address, "192.0.2.7");
	assert_span(fact.delay, "00:00:01");
	assert_span(fact.reply, "250 OK id=1, x=y");
	assert_true(maillog_next_recipient(&fact.recipients, &one));
	assert_span(one, "anne@example.com");
	assert_true(maillog_next_recipient(&fact.recipients, &one));
	assert_span(one, "\"b, stat=Sent\"@example.com");
	assert_false(maillog_next_recipient(&fact.recipients, &one));

	fact = read_fact(AT "sm-mta[12]: 4ALA02xx012345: to=a@example.com, "
	                    "delay=00:00:01, mailer=esmtp, "
	                    "relay=mx1.example.com., dsn=4.0.0, "
	                    "stat=Deferred: Connection refused by mx1");
	assert_int_equal(fact.outcome, MAILLOG_DEFERRED);
	assert_span(fact.reply, "Deferred: Connection refused by mx1");

	fact = read_fact(AT "sm-mta[12]: 4ALA02xx012345: from=<x@example.fr>, "
	                    "size=12, class=0, nrcpts=1, msgid=<a@b>, "
	                    "proto=ESMTP, relay=localhost [127.0.0.1]");
	assert_int_equal(fact.what, MAILLOG_MESSAGE_ID);
	assert_span(fact.message_id, "<a@b>");
}

/* What a stranger wrote into a line says nothing but itself. */
static void
test_F_4_forged_lines(void **state)
{
	static const char *const lines[] = {
		/* an address that looks like the rest of the line */
		SMTP ID ": to=<\"a>, " RELAYED TIMES
			"dsn=2.0.0, status=sent (250 ok)\"@example.com>, "
			"relay=none, delay=1, delays=1/0/0/0, dsn=4.4.1, "
			"status=deferred (no)",
		/* an answer that looks like one of another kind */
		SMTP ID ": to=<a@b>, " RELAYED TIMES
			"dsn=4.4.1, status=deferred (host mx1[192.0.2.7] said: "
			"450 , dsn=2.0.0, status=sent (250 ok)",
		/* HELO, client name, SASL name, subject, Message-ID */
		AT "postfix/smtpd[1]: " ID ": client=x[192.0.2.1], "
		   "sasl_username=to=<a@b>, status=sent (250 ok)",
		AT "postfix/cleanup[1]: " ID ": message-id=<to=<a@b>, " RELAYED
		   "dsn=2.0.0, status=sent (250 ok)>",
		AT "postfix/smtpd[1]: NOQUEUE: reject: RCPT from x[192.0.2.1]: "
		   "550 helo=<" ID ": to=<a@b>, " RELAYED TIMES
		   "dsn=2.0.0, status=sent (250 ok)>",
		SMTP "warning: " ID ": to=<a@b>, " RELAYED TIMES
		     "dsn=2.0.0, status=sent (250 ok)",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct maillog_fact fact = read_fact(lines[i]);

		if (fact.what == MAILLOG_ATTEMPT &&
		    fact.outcome == MAILLOG_SENT)
			fail_msg("believed: %s", lines[i]);
	}
	/* Nor does another program speak for Postfix. */
	struct maillog_fact fact;
	struct maillog_line line;

	assert_true(read_line(AT "sshd[12]: " ID ": to=<a@b>, " RELAYED TIMES
	                         "dsn=2.0.0, status=sent (250 ok)",
	                      &line));
	assert_false(maillog_postfix_read(&line, &fact));
	assert_false(maillog_sendmail_read(&line, &fact));
}

/* --- lines to events -------------------------------------------------- */

/* A store with two messages that had the same short queue id. */
struct desk {
	struct event submitted;
	unsigned asked;
	struct event_list recorded;
};

static enum result
find(void *context, struct arena *into, const struct maillog_question *question,
     struct event_list *events_r, struct error *err)
{
	struct desk *desk = context;

	(void)err;
	desk->asked++;
	if (strcmp(question->queue_id, desk->submitted.queue_id) != 0)
		return RESULT_NONE;
	if (question->message_id[0] != '\0' &&
	    strcmp(question->message_id, "<1@example.fr>") != 0)
		return RESULT_NONE;
	*(struct event *)arena_push(into, (void **)&events_r->items,
	                            &events_r->count, &events_r->room,
	                            sizeof(struct event)) = desk->submitted;
	/* What was recorded before is in the store. */
	for (size_t i = 0; i < desk->recorded.count; i++)
		*(struct event *)arena_push(into, (void **)&events_r->items,
		                            &events_r->count, &events_r->room,
		                            sizeof(struct event)) =
			desk->recorded.items[i];
	return RESULT_OK;
}

static enum result
record(void *context, const struct event *event, struct error *err)
{
	struct desk *desk = context;
	struct event kept = *event;

	(void)err;
	kept.facts = NULL;
	kept.fact_count = kept.fact_room = 0;
	for (size_t i = 0; i < event->fact_count; i++)
		event_fact_add(arena, &kept, event->facts[i].name,
		               event->facts[i].value);
	kept.queue_id = arena_strdup(arena, event->queue_id);
	kept.status = arena_strdup(arena, event->status);
	*(struct event *)arena_push(arena, (void **)&desk->recorded.items,
	                            &desk->recorded.count, &desk->recorded.room,
	                            sizeof(kept)) = kept;
	return RESULT_OK;
}

static struct event_recipient two[] = {
	{ .address = "anne@example.com", .orcpt = "" },
	{ .address = "list@example.fr", .orcpt = "" },
};

static struct desk
new_desk(void)
{
	return (struct desk){ .submitted = { .kind = EVENT_SUBMITTED,
		                             .has_message = true,
		                             .class_name = "service",
		                             .queue_id = ID,
		                             .status = "",
		                             .detail = "",
		                             .recipients = two,
		                             .recipient_count = 2 } };
}

static enum result
feed(struct maillog *log, const char *text)
{
	struct maillog_line line;
	struct error err = { "" };

	assert_true(read_line(text, &line));
	return maillog_take(log, &line, span_of(text), "mail.log:1", &err);
}

static struct maillog *
new_log(struct desk *desk)
{
	const struct maillog_options options = { .log_host = "mx1",
		                                 .host = "mx1",
		                                 .event_limit = 100,
		                                 .find = find,
		                                 .record = record,
		                                 .context = desk };

	return maillog_new(&options);
}

#define TLS(pid)                                                               \
	AT "postfix/smtp[" pid "]: Trusted TLS connection established to "     \
	   "mx1.example.com[192.0.2.7]:25: TLSv1.3 with cipher X (1/1 bits)"
#define SENT(pid, id, to, extra)                                               \
	AT "postfix/smtp[" pid "]: " id ": to=<" to ">, " RELAYED extra TIMES  \
	   "dsn=2.0.0, status=sent (250 ok)"

static void
test_one_line_one_event_however_often(void **state)
{
	struct desk desk = new_desk();
	struct maillog *log = new_log(&desk);

	(void)state;
	assert_int_equal(feed(log, TLS("7")), RESULT_OK);
	for (int i = 0; i < 3; i++)
		assert_int_equal(
			feed(log, SENT("7", ID, "anne@example.com", "")),
			RESULT_OK);
	maillog_free(&log);
	log = new_log(&desk);
	assert_int_equal(feed(log, SENT("7", ID, "anne@example.com", "")),
	                 RESULT_OK);
	maillog_free(&log);
	assert_int_equal(desk.recorded.count, 1);

	const struct event *event = &desk.recorded.items[0];

	assert_int_equal(event->kind, EVENT_RELAYED);
	assert_int_equal(event->recipient, 1);
	assert_string_equal(event_fact(event, "tls"), "TLSv1.3");
	assert_string_equal(event_fact(event, "remote_ip"), "192.0.2.7");
	assert_string_equal(event_fact(event, "diagnostic"), "250 ok");
	assert_string_equal(event_fact(event, "log"), "mail.log:1");
}

/* A secure connection is believed only for what went over it. */
static void
test_tls_belongs_to_its_delivery(void **state)
{
	static const struct {
		const char *lines[3];
		bool is_secure;
	} cases[] = {
		{ { TLS("7"), SENT("7", ID, "anne@example.com", "") }, true },
		{ { TLS("8"), SENT("7", ID, "anne@example.com", "") }, false },
		{ { TLS("7"), SENT("7", "4bXyzT1gqRzZZZ", "x@example.com", ""),
		    SENT("7", ID, "anne@example.com", "") },
		  false },
		{ { TLS("7"), SENT("7", "4bXyzT1gqRzZZZ", "x@example.com", ""),
		    SENT("7", ID, "anne@example.com", "conn_use=2, ") },
		  true },
		{ { TLS("7"),
		    AT "postfix/smtp[7]: Cannot start TLS: handshake failure",
		    SENT("7", ID, "anne@example.com", "") },
		  false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct desk desk = new_desk();
		struct maillog *log = new_log(&desk);

		for (int l = 0; l < 3 && cases[i].lines[l] != NULL; l++)
			(void)!feed(log, cases[i].lines[l]);
		maillog_free(&log);
		assert_int_equal(desk.recorded.count, 1);
		assert_int_equal(
			event_fact(&desk.recorded.items[0], "tls")[0] != '\0',
			cases[i].is_secure);
	}
}

/* F-13: the id is the same, the message is another one. */
static void
test_F_13_a_short_id_that_comes_again(void **state)
{
	struct desk desk = new_desk();
	struct maillog *log;

	(void)state;
	desk.submitted.queue_id = "A1B2C3D4";
	log = new_log(&desk);
	assert_int_equal(feed(log, AT "postfix/cleanup[1]: A1B2C3D4: "
	                              "message-id=<1@example.fr>"),
	                 RESULT_OK);
	assert_int_equal(
		feed(log, SENT("7", "A1B2C3D4", "anne@example.com", "")),
		RESULT_OK);
	assert_int_equal(desk.recorded.count, 1);
	assert_int_equal(feed(log, AT "postfix/smtpd[1]: A1B2C3D4: client=x"),
	                 RESULT_OK);
	assert_int_equal(feed(log, AT "postfix/cleanup[1]: A1B2C3D4: "
	                              "message-id=<2@example.net>"),
	                 RESULT_OK);
	assert_int_equal(
		feed(log, SENT("8", "A1B2C3D4", "anne@example.com", "")),
		RESULT_NONE);
	assert_int_equal(desk.recorded.count, 1);
	maillog_free(&log);
}

/* Through a content filter: what counts is where it goes at last. */
static void
test_a_filter_gives_it_back(void **state)
{
	struct desk desk = new_desk();
	struct maillog *log = new_log(&desk);

	(void)state;
	assert_int_equal(feed(log, AT "postfix/smtpd[1]: 4bXyzT1gqRzZZZ: "
	                              "client=localhost[127.0.0.1]"),
	                 RESULT_OK);
	assert_int_equal(feed(log, AT
	                      "postfix/smtp[2]: " ID ": to=<anne@example.com>, "
	                      "relay=127.0.0.1[127.0.0.1]:10024, " TIMES
	                      "dsn=2.0.0, status=sent (250 2.0.0 from MTA: 250 "
	                      "Ok: queued as 4bXyzT1gqRzZZZ)"),
	                 RESULT_OK);
	assert_int_equal(desk.recorded.count, 0);
	assert_int_equal(
		feed(log, SENT("7", "4bXyzT1gqRzZZZ", "anne@example.com", "")),
		RESULT_OK);
	assert_int_equal(desk.recorded.count, 1);
	assert_string_equal(event_fact(&desk.recorded.items[0], "chain"),
	                    ID " 4bXyzT1gqRzZZZ");
	maillog_free(&log);
}

static void
test_an_alias_leads_on(void **state)
{
	struct desk desk = new_desk();
	struct maillog *log = new_log(&desk);

	(void)state;
	assert_int_equal(feed(log,
	                      AT "postfix/local[2]: " ID
	                         ": to=<list@example.fr>, relay=local, " TIMES
	                         "dsn=2.0.0, status=sent (forwarded as "
	                         "4bXyzT1gqRzZZZ)"),
	                 RESULT_OK);
	assert_int_equal(feed(log, SENT("7", "4bXyzT1gqRzZZZ",
	                                "member@example.net", "")),
	                 RESULT_OK);
	/* One whom the author did not write to, by no alias of theirs. */
	assert_int_equal(feed(log, SENT("7", ID, "copy@example.fr", "")),
	                 RESULT_OK);
	assert_int_equal(desk.recorded.count, 2);
	assert_int_equal(desk.recorded.items[0].kind, EVENT_EXPANDED);
	assert_int_equal(desk.recorded.items[0].recipient, 2);
	assert_int_equal(desk.recorded.items[1].kind, EVENT_RELAYED);
	assert_int_equal(desk.recorded.items[1].recipient, 2);
	assert_int_equal(maillog_counted(log)->strange, 1);
	maillog_free(&log);
}

/* Who was already served has nothing to expire. */
static void
test_given_up_for_those_who_are_left(void **state)
{
	struct desk desk = new_desk();
	struct maillog *log = new_log(&desk);

	(void)state;
	assert_int_equal(feed(log, SENT("7", ID, "anne@example.com", "")),
	                 RESULT_OK);
	assert_int_equal(feed(log, AT "postfix/qmgr[1]: " ID
	                              ": from=<x@example.fr>, status=expired, "
	                              "returned to sender"),
	                 RESULT_OK);
	assert_int_equal(desk.recorded.count, 2);
	assert_int_equal(desk.recorded.items[1].kind, EVENT_FAILED);
	assert_int_equal(desk.recorded.items[1].recipient, 2);
	maillog_free(&log);
}

static void
test_lines_of_other_hosts_are_passed_by(void **state)
{
	struct desk desk = new_desk();
	struct maillog *log = new_log(&desk);

	(void)state;
	assert_int_equal(feed(log, "Nov 21 10:00:02 mx2 postfix/smtp[7]: " ID
	                           ": to=<anne@example.com>, " RELAYED TIMES
	                           "dsn=2.0.0, status=sent (250 ok)"),
	                 RESULT_OK);
	assert_int_equal(
		feed(log, "Nov 21 10:00:02 mx1.example.fr postfix/smtp[7]: " ID
	                  ": to=<anne@example.com>, " RELAYED TIMES
	                  "dsn=2.0.0, status=sent (250 ok)"),
		RESULT_OK);
	assert_int_equal(desk.recorded.count, 1);
	assert_int_equal(maillog_counted(log)->other_hosts, 1);
	maillog_free(&log);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stamps),
		cmocka_unit_test(test_years_are_counted_from_the_first),
		cmocka_unit_test(test_postfix_sent),
		cmocka_unit_test(test_postfix_bounced),
		cmocka_unit_test(test_postfix_other_agents),
		cmocka_unit_test(test_postfix_other_lines),
		cmocka_unit_test(test_tls_lines),
		cmocka_unit_test(test_sendmail),
		cmocka_unit_test(test_F_4_forged_lines),
		cmocka_unit_test(test_one_line_one_event_however_often),
		cmocka_unit_test(test_tls_belongs_to_its_delivery),
		cmocka_unit_test(test_F_13_a_short_id_that_comes_again),
		cmocka_unit_test(test_a_filter_gives_it_back),
		cmocka_unit_test(test_an_alias_leads_on),
		cmocka_unit_test(test_given_up_for_those_who_are_left),
		cmocka_unit_test(test_lines_of_other_hosts_are_passed_by),
	};

	/* Stamps without a zone are local time. */
	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
