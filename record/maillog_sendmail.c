#include "record/maillog_fact.h"

/*
 * Lines of Sendmail 8.12 to 8.17, as logdelivery() and logsender() write
 * them: "QUEUEID: to=<...>,<...>, ctladdr=..., delay=..., xdelay=...,
 * mailer=esmtp, pri=..., relay=mx. [192.0.2.7], dsn=2.0.0, stat=Sent (...)".
 * stat is always the last, and free text stands nowhere else.
 */
#define KEYS_LIMIT 24

/* The end of a value: at ", name=" for a word that may stand there. */
static bool
take_value(struct span *rest, struct span *value_r)
{
	size_t comma = span_find(*rest, ',', 0);

	if (comma + 1 >= rest->len || rest->at[comma + 1] != ' ')
		return false;
	*value_r = span_take(*rest, comma);
	*rest = span_skip(*rest, comma + 2);
	return true;
}

/* "mx1.example.com. [192.0.2.7]", "mx1.example.com [IPv6:2001:db8::1]" */
static void
read_relay(struct span relay, struct maillog_fact *fact)
{
	size_t open = span_find(relay, '[', 0);
	size_t close = span_find(relay, ']', open);

	fact->relay = relay;
	fact->host = span_trim(span_take(relay, open));
	if (fact->host.len > 0 && fact->host.at[fact->host.len - 1] == '.')
		fact->host.len--;
	if (close < relay.len)
		fact->address =
			span_make(relay.at + open + 1, close - open - 1);
	maillog_take_text(&fact->address, "IPv6:");
}

/* Where the list of recipients ends: an address, then ", name=". */
static bool
take_recipients(struct span *rest, struct span *list_r)
{
	struct span left = *rest, address;
	const char *start = left.at;

	while (maillog_next_recipient(&left, &address)) {
		struct span more = left, name;

		if (!maillog_take_text(&more, ", "))
			continue;
		if (!maillog_take_until(&more, "=", &name) ||
		    span_find(name, '@', 0) < name.len)
			continue;
		*list_r = span_make(start, (size_t)(left.at - start));
		*rest = span_skip(left, 2);
		return true;
	}
	return false;
}

static void
read_mailer(struct span mailer, struct maillog_fact *fact)
{
	static const struct {
		const char *name;
		enum maillog_agent agent;
	} mailers[] = {
		{ "local", MAILLOG_LOCAL },   { "lmtp", MAILLOG_LMTP },
		{ "cyrusv2", MAILLOG_LMTP },  { "prog", MAILLOG_PIPE },
		{ "procmail", MAILLOG_PIPE }, { "discard", MAILLOG_DISCARD },
	};

	fact->agent = MAILLOG_SMTP;
	for (size_t i = 0; i < sizeof(mailers) / sizeof(mailers[0]); i++)
		if (span_is(mailer, mailers[i].name))
			fact->agent = mailers[i].agent;
}

/* "Sent (250 ok)", "Deferred: Connection refused by mx.", "User unknown" */
static bool
read_stat(struct span stat, struct maillog_fact *fact)
{
	char class = fact->status.len > 0 ? fact->status.at[0] : '\0';
	struct span rest = stat;

	if (maillog_take_text(&rest, "Sent")) {
		fact->outcome = MAILLOG_SENT;
		fact->is_remote = maillog_take_text(&rest, " (") &&
		                  rest.len > 0 && rest.at[rest.len - 1] == ')';
		fact->reply = fact->is_remote ? span_take(rest, rest.len - 1)
		                              : span_take(rest, 0);
		return class == '2';
	}
	if (span_starts(stat, "queued"))
		return false;
	fact->outcome = class == '4' ? MAILLOG_DEFERRED : MAILLOG_BOUNCED;
	fact->reply = stat;
	return class == '4' || class == '5';
}

static bool
read_delivery(struct span rest, struct maillog_fact *fact)
{
	struct span name, value;

	if (!take_recipients(&rest, &fact->recipients))
		return false;
	for (int i = 0; i < KEYS_LIMIT; i++) {
		if (maillog_take_text(&rest, "stat="))
			return read_stat(rest, fact);
		if (!maillog_take_until(&rest, "=", &name) ||
		    !take_value(&rest, &value))
			return false;
		if (span_is(name, "relay"))
			read_relay(value, fact);
		else if (span_is(name, "mailer"))
			read_mailer(value, fact);
		else if (span_is(name, "delay"))
			fact->delay = value;
		else if (span_is(name, "dsn"))
			fact->status = value;
		else if (span_is(name, "reply"))
			fact->reply = value;
	}
	return false;
}

/* "from=<a@b>, size=..., class=0, nrcpts=1, msgid=<...>, proto=..." */
static void
read_from(struct span rest, struct maillog_fact *fact)
{
	struct span path, name, value;

	if (!maillog_take_path(&rest, &path) || !maillog_take_text(&rest, ", "))
		return;
	for (int i = 0; i < KEYS_LIMIT; i++) {
		if (!maillog_take_until(&rest, "=", &name))
			return;
		if (span_is(name, "msgid")) {
			if (!maillog_take_path(&rest, &value))
				return;
			fact->message_id =
				span_make(value.at - 1, value.len + 2);
			fact->what = MAILLOG_MESSAGE_ID;
			return;
		}
		if (!take_value(&rest, &value))
			return;
	}
}

/* "STARTTLS=client, relay=mx., version=TLSv1.3, verify=OK, cipher=..., ..." */
static void
read_tls(struct span rest, struct maillog_fact *fact)
{
	struct span name, value;

	while (maillog_take_until(&rest, "=", &name)) {
		if (!take_value(&rest, &value)) {
			value = rest;
			rest = span_take(rest, 0);
		}
		if (span_is(name, "relay"))
			read_relay(value, fact);
		else if (span_is(name, "version"))
			fact->tls_version = value;
		else if (span_is(name, "cipher"))
			fact->tls_cipher = value;
		else if (span_is(name, "verify"))
			fact->tls_trust = value;
	}
	if (fact->relay.len > 0 && fact->tls_version.len > 0)
		fact->what = MAILLOG_TLS;
}

static bool
is_sendmail(struct span program)
{
	static const char *const names[] = { "sendmail", "sm-mta",
		                             "sendmail-mta", "sm-que",
		                             "sm-msp-queue" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (span_equal(program, span_of(names[i])))
			return true;
	return false;
}

bool
maillog_sendmail_read(const struct maillog_line *line,
                      struct maillog_fact *fact_r)
{
	struct span rest = line->text;

	*fact_r = (struct maillog_fact){ .what = MAILLOG_OTHER };
	if (!is_sendmail(line->program))
		return false;
	if (maillog_take_text(&rest, "STARTTLS=client, ")) {
		read_tls(rest, fact_r);
		return true;
	}
	if (!maillog_take_until(&rest, ": ", &fact_r->queue_id) ||
	    !maillog_is_queue_id(fact_r->queue_id))
		return true;
	if (maillog_take_text(&rest, "from=")) {
		read_from(rest, fact_r);
	} else if (maillog_take_text(&rest, "to=") &&
	           read_delivery(rest, fact_r)) {
		fact_r->what = MAILLOG_ATTEMPT;
		fact_r->next_id = maillog_next_id(fact_r->reply);
	}
	return true;
}
