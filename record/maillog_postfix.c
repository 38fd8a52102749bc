#include "record/maillog_fact.h"

/*
 * Lines of Postfix 2.3 to 3.10, as src/global/log_adhoc.c and the programs
 * write them: "QUEUEID: to=<...>, orig_to=<...>, relay=..., delay=...,
 * delays=..., dsn=..., status=sent (...)".
 */
#define KEYS_LIMIT 16

/* "mx1.example.com[192.0.2.7]:25", "local", "none" */
static void
read_relay(struct span relay, struct maillog_fact *fact)
{
	size_t open = span_find(relay, '[', 0);
	size_t close = span_find(relay, ']', open);

	fact->relay = relay;
	fact->host = span_take(relay, open);
	if (close < relay.len)
		fact->address =
			span_make(relay.at + open + 1, close - open - 1);
	if (span_is(fact->host, "none"))
		fact->host = span_take(fact->host, 0);
}

/* "host mx[ip] said: 550 ... (in reply to RCPT TO command)" */
static void
read_said(struct maillog_fact *fact)
{
	static const char mark[] = " (in reply to ";
	struct span rest = fact->reply, who;

	if (!maillog_take_text(&rest, "host ") ||
	    !maillog_take_until(&rest, " said: ", &who))
		return;
	if (fact->host.len == 0)
		read_relay(who, fact);
	fact->is_remote = true;
	fact->reply = rest;
	if (!span_ends(rest, " command)"))
		return;
	/* The server's own words may have such brackets: the last counts. */
	for (size_t i = rest.len; i-- > 0;) {
		struct span tail = span_skip(rest, i);

		if (!maillog_take_text(&tail, mark))
			continue;
		fact->reply = span_take(rest, i);
		fact->command =
			span_take(tail, tail.len - (sizeof(" command)") - 1));
		return;
	}
}

static bool
read_status(struct span rest, struct maillog_fact *fact)
{
	static const struct {
		const char *word;
		enum maillog_outcome outcome;
	} outcomes[] = {
		{ "sent", MAILLOG_SENT },
		{ "deferred", MAILLOG_DEFERRED },
		{ "bounced", MAILLOG_BOUNCED },
		{ "SOFTBOUNCE", MAILLOG_DEFERRED },
	};
	struct span word;

	if (!maillog_take_until(&rest, " (", &word) || rest.len == 0 ||
	    rest.at[rest.len - 1] != ')')
		return false;
	fact->reply = span_take(rest, rest.len - 1);
	for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++)
		if (span_equal(word, span_of(outcomes[i].word))) {
			fact->outcome = outcomes[i].outcome;
			return true;
		}
	return false;
}

/* One "name=value, "; the value has neither comma nor blank. */
static bool
take_key(struct span *rest, struct span *name_r, struct span *value_r)
{
	struct span left = *rest;

	if (!maillog_take_until(&left, "=", name_r) || name_r->len == 0 ||
	    !maillog_take_until(&left, ", ", value_r))
		return false;
	for (size_t i = 0; i < name_r->len; i++)
		if (!ascii_is_alpha(name_r->at[i]) && name_r->at[i] != '_')
			return false;
	*rest = left;
	return span_find(*value_r, ' ', 0) == value_r->len;
}

static void
keep_key(struct maillog_fact *fact, struct span name, struct span value)
{
	const struct {
		const char *name;
		struct span *place;
	} places[] = {
		{ "delay", &fact->delay },
		{ "delays", &fact->delays },
		{ "dsn", &fact->status },
	};

	if (span_is(name, "relay"))
		read_relay(value, fact);
	if (span_is(name, "conn_use"))
		fact->is_reused = true;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (span_is(name, places[i].name))
			*places[i].place = value;
}

static bool
read_attempt(struct span rest, struct maillog_fact *fact)
{
	struct span path, name, value;

	if (!maillog_take_text(&rest, "to="))
		return false;

	const char *start = rest.at;

	if (!maillog_take_path(&rest, &path))
		return false;
	fact->recipients = span_make(start, path.len + 2);
	if (!maillog_take_text(&rest, ", "))
		return false;
	if (maillog_take_text(&rest, "orig_to=") &&
	    (!maillog_take_path(&rest, &fact->original) ||
	     !maillog_take_text(&rest, ", ")))
		return false;
	for (int i = 0; i < KEYS_LIMIT; i++) {
		if (maillog_take_text(&rest, "status="))
			break;
		if (!take_key(&rest, &name, &value))
			return false;
		keep_key(fact, name, value);
	}
	if (fact->relay.len == 0 || fact->status.len == 0 ||
	    !read_status(rest, fact))
		return false;
	fact->what = MAILLOG_ATTEMPT;
	return true;
}

static void
read_delivery(struct span rest, struct maillog_fact *fact)
{
	if (!read_attempt(rest, fact))
		return;
	fact->next_id = maillog_next_id(fact->reply);
	fact->is_remote =
		fact->outcome == MAILLOG_SENT &&
		(fact->agent == MAILLOG_SMTP || fact->agent == MAILLOG_LMTP);
	if (fact->outcome != MAILLOG_SENT)
		read_said(fact);
	if (fact->agent != MAILLOG_LOCAL)
		return;
	fact->is_forwarded = span_starts(fact->reply, "forwarded as ");
	if (span_starts(fact->reply, "delivered to command"))
		fact->agent = MAILLOG_PIPE;
}

/* "client=host[ip], orig_queue_id=ID, ..."; "uid=0 from=<> orig_id=ID" */
static void
read_entered(struct span rest, struct maillog_fact *fact)
{
	static const char *const marks[] = { "orig_queue_id=", "orig_id=" };
	struct span word;

	if (!span_starts(rest, "client=") && !span_starts(rest, "uid="))
		return;
	fact->what = MAILLOG_ENTERED;
	/* Behind the sender's path nothing of a stranger's is left. */
	if (maillog_take_until(&rest, " from=", &word) &&
	    !maillog_take_path(&rest, &word))
		return;
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		struct span tail = rest;
		size_t len = 0;

		if (!maillog_take_until(&tail, marks[i], &word) ||
		    (word.len > 0 && word.at[word.len - 1] != ' '))
			continue;
		while (len < tail.len && ascii_is_alnum(tail.at[len]))
			len++;
		if (maillog_is_queue_id(span_take(tail, len)))
			fact->next_id = span_take(tail, len);
	}
}

static void
read_cleanup(struct span rest, struct maillog_fact *fact)
{
	if (maillog_take_text(&rest, "message-id=")) {
		fact->what = MAILLOG_MESSAGE_ID;
		fact->message_id = rest;
	} else if (span_starts(rest, "hold: ") ||
	           span_starts(rest, "milter-hold: ")) {
		fact->what = MAILLOG_HELD;
	}
}

static void
read_qmgr(struct span rest, struct maillog_fact *fact)
{
	struct span path;

	if (span_is(rest, "removed")) {
		fact->what = MAILLOG_REMOVED;
		return;
	}
	if (maillog_take_text(&rest, "from=") &&
	    maillog_take_path(&rest, &path) &&
	    (maillog_take_text(&rest, ", status=expired,") ||
	     maillog_take_text(&rest, ", status=force-expired,")))
		fact->what = MAILLOG_EXPIRED;
}

static void
read_postsuper(struct span rest, struct maillog_fact *fact)
{
	static const struct {
		const char *text;
		enum maillog_what what;
	} deeds[] = {
		{ "removed", MAILLOG_DELETED },
		{ "placed on hold", MAILLOG_HELD },
		{ "released from hold", MAILLOG_RELEASED },
	};

	for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++)
		if (span_is(rest, deeds[i].text))
			fact->what = deeds[i].what;
}

/*
 * "Trusted TLS connection established to mx[192.0.2.7]:25: TLSv1.3 with
 * cipher TLS_AES_256_GCM_SHA384 (256/256 bits) ..."
 */
static bool
read_tls(struct span rest, struct maillog_fact *fact)
{
	struct span word;

	if (!maillog_take_until(&rest, " TLS connection ", &word) ||
	    span_find(word, ' ', 0) < word.len)
		return false;
	fact->tls_trust = word;
	if (!maillog_take_text(&rest, "established to ") &&
	    !maillog_take_text(&rest, "reused to "))
		return false;
	if (!maillog_take_until(&rest, ": ", &word) ||
	    !maillog_take_until(&rest, " with cipher ", &fact->tls_version) ||
	    !maillog_take_until(&rest, " ", &fact->tls_cipher))
		return false;
	read_relay(word, fact);
	fact->what = MAILLOG_TLS;
	return true;
}

/* What a client says of a connection, without a queue id. */
static void
read_connection(struct span text, struct maillog_fact *fact)
{
	static const char *const lost[] = { "Cannot start TLS",
		                            "SSL_connect error",
		                            "lost connection with",
		                            "connect to " };

	if (fact->agent != MAILLOG_SMTP && fact->agent != MAILLOG_LMTP)
		return;
	if (read_tls(text, fact))
		return;
	for (size_t i = 0; i < sizeof(lost) / sizeof(lost[0]); i++)
		if (span_starts(text, lost[i]))
			fact->what = MAILLOG_TLS_LOST;
}

static const struct {
	const char *name;
	void (*read)(struct span rest, struct maillog_fact *fact);
	enum maillog_agent agent;
} programs[] = {
	{ "smtp", read_delivery, MAILLOG_SMTP },
	{ "lmtp", read_delivery, MAILLOG_LMTP },
	{ "local", read_delivery, MAILLOG_LOCAL },
	{ "virtual", read_delivery, MAILLOG_LOCAL },
	{ "pipe", read_delivery, MAILLOG_PIPE },
	{ "error", read_delivery, MAILLOG_ERROR },
	{ "retry", read_delivery, MAILLOG_ERROR },
	{ "discard", read_delivery, MAILLOG_DISCARD },
	{ "smtpd", read_entered, MAILLOG_SMTP },
	{ "pickup", read_entered, MAILLOG_SMTP },
	{ "cleanup", read_cleanup, MAILLOG_SMTP },
	{ "qmgr", read_qmgr, MAILLOG_SMTP },
	{ "nqmgr", read_qmgr, MAILLOG_SMTP },
	{ "postsuper", read_postsuper, MAILLOG_SMTP },
};

/* "smtp" of "postfix/smtp" and of "postfix-out/relay/smtp" */
static struct span
service_of(struct span program)
{
	for (size_t i = program.len; i-- > 0;)
		if (program.at[i] == '/')
			return span_skip(program, i + 1);
	return span_take(program, 0);
}

bool
maillog_postfix_read(const struct maillog_line *line,
                     struct maillog_fact *fact_r)
{
	struct span service = service_of(line->program);
	struct span rest = line->text;

	*fact_r = (struct maillog_fact){ .what = MAILLOG_OTHER };
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		if (!span_equal(service, span_of(programs[i].name)))
			continue;
		fact_r->agent = programs[i].agent;
		if (maillog_take_until(&rest, ": ", &fact_r->queue_id) &&
		    maillog_is_queue_id(fact_r->queue_id))
			programs[i].read(rest, fact_r);
		else if (programs[i].read == read_delivery)
			read_connection(line->text, fact_r);
		return true;
	}
	return false;
}
