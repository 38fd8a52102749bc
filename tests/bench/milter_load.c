/*
 * milter_load: speaks to a milter as Postfix does, many connections from one
 * loop, and says how fast it answers. No message is sent anywhere.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/memory.h"
#include "tests/bench/sample.h"
#include "tests/bench/wire.h"

#define CONNECTIONS_MAX 1000
#define CHUNK_BYTES     65535
#define OUT_LIMIT       (1U << 20)
#define IN_LIMIT        (64U << 20)
#define MACRO_MAX       512

enum step {
	STEP_OFFER,
	STEP_CONNECT,
	STEP_HELO,
	STEP_MAIL,
	STEP_RCPT,
	STEP_DATA,
	STEP_HEADER,
	STEP_EOH,
	STEP_BODY,
	STEP_EOM,
	STEP_QUIT
};

struct options {
	const char *socket;
	const char *mix;
	const char *file;
	long messages;
	long connections;
	long per_connection;
	long body_bytes;
	long headers;
	bool is_separate; /* a write for macros, one for the command */
	bool is_json;
	bool shows_edits;
};

struct connection {
	int fd;
	enum step step;
	bool is_stranger;
	const struct sample *sample;
	size_t header;
	size_t body_at;
	long left; /* messages until it is closed */
	unsigned long serial;
	int64_t asked_us;
	struct wire_terms terms;
	struct buf out;
	size_t sent;
	struct buf in;
};

struct results {
	int64_t *waits_us;
	long finished;
	long started;
	unsigned long edits;
	unsigned long accepted;
	unsigned long refused; /* 4xx, 5xx and discards */
	long broken;           /* connections lost */
};

struct load {
	struct options options;
	struct sample_mix mix;
	struct results results;
	int epoll;
	size_t next_sample;
	unsigned long serial;
};

/* --- macros ---------------------------------------------------------- */

/* As Postfix 3.7 sends them when the filter asks for nothing else. */
static const struct {
	char command;
	enum wire_stage stage;
	const char *standard;
} macro_stages[] = {
	[STEP_CONNECT] = { 'C', WIRE_STAGE_CONNECT,
	                   "j {daemon_name} {daemon_addr} v _" },
	[STEP_HELO] = { 'H', WIRE_STAGE_HELO,
	                "{tls_version} {cipher} {cipher_bits}" },
	[STEP_MAIL] = { 'M', WIRE_STAGE_MAIL,
	                "i {auth_type} {auth_authen} {mail_addr} {mail_host} "
	                "{mail_mailer}" },
	[STEP_RCPT] = { 'R', WIRE_STAGE_RCPT,
	                "i {rcpt_addr} {rcpt_host} {rcpt_mailer}" },
	[STEP_DATA] = { 'T', WIRE_STAGE_DATA, "i" },
	[STEP_HEADER] = { 'L', WIRE_STAGES, "i" },
	[STEP_EOH] = { 'N', WIRE_STAGE_EOH, "i" },
	[STEP_BODY] = { 'B', WIRE_STAGES, "i" },
	[STEP_EOM] = { 'E', WIRE_STAGE_EOM, "i" },
};

static const char *
macro_value(const struct connection *c, struct span name, char *room)
{
	static const char *const fixed[][2] = {
		{ "j", "mx1.example.fr" },
		{ "v", "Postfix 3.7.11" },
		{ "{daemon_name}", "mx1.example.fr" },
		{ "{daemon_addr}", "192.0.2.1" },
		{ "{daemon_port}", "25" },
		{ "{mail_mailer}", "smtp" },
		{ "{rcpt_mailer}", "smtp" },
		{ "{rcpt_host}", "example.com" },
		{ "{client_port}", "40000" },
		{ "{client_connections}", "1" },
	};

	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		if (span_is(name, fixed[i][0]))
			return fixed[i][1];
	/* Postfix knows the queue id from the first recipient on (MLT-23). */
	if (span_is(name, "i") && c->step >= STEP_DATA) {
		snprintf(room, MACRO_MAX, "4fBench%08lx", c->serial);
		return room;
	}
	if (span_is(name, "{client_addr}"))
		return c->is_stranger ? "198.51.100.9" : "127.0.0.1";
	if (span_is(name, "{client_name}"))
		return c->is_stranger ? "mail.example.net" : "localhost";
	if (span_is(name, "_"))
		return c->is_stranger ? "mail.example.net [198.51.100.9]"
		                      : "localhost [127.0.0.1]";
	if (span_is(name, "{mail_addr}") || span_is(name, "{rcpt_addr}")) {
		const char *path = name.at[1] == 'm' ? c->sample->sender
		                                     : c->sample->recipient;
		snprintf(room, MACRO_MAX, "%.*s", (int)strlen(path) - 2,
		         path + 1);
		return room;
	}
	return "";
}

static void
put_macros(struct connection *c)
{
	enum wire_stage stage = macro_stages[c->step].stage;
	const char *asked = stage == WIRE_STAGES ? "" : c->terms.symbols[stage];
	struct span list = span_of(
		asked[0] != '\0' ? asked : macro_stages[c->step].standard);
	size_t start = wire_start(&c->out, 'D');

	buf_byte(&c->out, macro_stages[c->step].command);
	while (list.len > 0) {
		char room[MACRO_MAX];
		size_t end = span_find(list, ' ', 0);
		struct span name = span_take(list, end);
		const char *value = macro_value(c, name, room);

		if (name.len > 0 && value[0] != '\0') {
			buf_span(&c->out, name);
			buf_byte(&c->out, '\0');
			wire_text(&c->out, value);
		}
		list = span_skip(list, end + 1);
	}
	wire_end(&c->out, start);
}

/* --- what each step says --------------------------------------------- */

static void
put_connect(struct connection *c)
{
	size_t start = wire_start(&c->out, 'C');

	wire_text(&c->out, c->is_stranger ? "mail.example.net" : "localhost");
	buf_add(&c->out, "4\x9c\x40", 3);
	wire_text(&c->out, c->is_stranger ? "198.51.100.9" : "127.0.0.1");
	wire_end(&c->out, start);
}

static void
put_word(struct connection *c, char letter, const char *word)
{
	size_t start = wire_start(&c->out, letter);

	if (word != NULL)
		wire_text(&c->out, word);
	wire_end(&c->out, start);
}

static void
put_header(struct connection *c)
{
	const struct sample_header *header = &c->sample->headers[c->header];
	const char *value = header->value;
	struct span fixed = span_of(value);
	size_t mark = span_find_text(fixed, "%s", 0);
	size_t start = wire_start(&c->out, 'L');

	wire_text(&c->out, header->name);
	if ((c->terms.steps & WIRE_LEADING_SPACE) == 0 && value[0] == ' ')
		fixed = span_skip(fixed, 1), mark -= mark < fixed.len + 1;
	buf_span(&c->out, span_take(fixed, mark));
	if (mark < fixed.len)
		buf_printf(&c->out, "%08lx.%d", c->serial, (int)getpid());
	buf_span(&c->out, span_skip(fixed, mark + 2));
	buf_byte(&c->out, '\0');
	wire_end(&c->out, start);
}

static void
put_body(struct connection *c)
{
	size_t len = c->sample->body_len - c->body_at;
	size_t start = wire_start(&c->out, 'B');

	if (len > CHUNK_BYTES)
		len = CHUNK_BYTES;
	buf_add(&c->out, c->sample->body + c->body_at, len);
	c->body_at += len;
	wire_end(&c->out, start);
}

static void
put_command(struct connection *c)
{
	switch (c->step) {
	case STEP_OFFER:
		wire_offer(&c->out);
		break;
	case STEP_CONNECT:
		put_connect(c);
		break;
	case STEP_HELO:
		put_word(c, 'H', "client.example.fr");
		break;
	case STEP_MAIL:
		put_word(c, 'M', c->sample->sender);
		break;
	case STEP_RCPT:
		put_word(c, 'R', c->sample->recipient);
		break;
	case STEP_DATA:
		put_word(c, 'T', NULL);
		break;
	case STEP_HEADER:
		put_header(c);
		break;
	case STEP_EOH:
		put_word(c, 'N', NULL);
		break;
	case STEP_BODY:
		put_body(c);
		break;
	case STEP_EOM:
		put_word(c, 'E', NULL);
		break;
	case STEP_QUIT:
		put_word(c, 'Q', NULL);
		break;
	}
}

/* Steps that the filter left out, and those that it does not answer. */
static const struct {
	uint32_t leave_out;
	uint32_t quiet;
	bool has_macros;
} step_terms[] = {
	[STEP_OFFER] = { 0, 0, false },
	[STEP_CONNECT] = { WIRE_NO_CONNECT, WIRE_QUIET_CONNECT, true },
	[STEP_HELO] = { WIRE_NO_HELO, WIRE_QUIET_HELO, true },
	[STEP_MAIL] = { WIRE_NO_MAIL, WIRE_QUIET_MAIL, true },
	[STEP_RCPT] = { WIRE_NO_RCPT, WIRE_QUIET_RCPT, true },
	[STEP_DATA] = { WIRE_NO_DATA, WIRE_QUIET_DATA, true },
	[STEP_HEADER] = { WIRE_NO_HEADERS, WIRE_QUIET_HEADER, true },
	[STEP_EOH] = { WIRE_NO_EOH, WIRE_QUIET_EOH, true },
	[STEP_BODY] = { WIRE_NO_BODY, WIRE_QUIET_BODY, true },
	[STEP_EOM] = { 0, 0, true },
	[STEP_QUIT] = { 0, 0, false },
};

/* --- the conversation ------------------------------------------------ */

static bool
flush(struct load *load, struct connection *c)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };

	while (c->sent < c->out.len) {
		ssize_t n = send(c->fd, c->out.data + c->sent,
		                 c->out.len - c->sent, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			event.events |= EPOLLOUT;
			return epoll_ctl(load->epoll, EPOLL_CTL_MOD, c->fd,
			                 &event) == 0;
		}
		if (n < 0)
			return false;
		c->sent += (size_t)n;
	}
	buf_reset(&c->out);
	c->sent = 0;
	return true;
}

/* The next message of this kind of client, walking the mix in a circle. */
static void
next_message(struct load *load, struct connection *c)
{
	size_t tries = load->mix.count;

	do {
		c->sample =
			load->mix.items[load->next_sample++ % load->mix.count];
	} while (c->sample->is_ours == c->is_stranger && --tries > 0);
	c->header = 0;
	c->body_at = 0;
	c->serial = ++load->serial;
	c->step = STEP_MAIL;
}

static bool
step_is_over(const struct connection *c)
{
	if (c->step == STEP_HEADER)
		return c->header == c->sample->header_count;
	if (c->step == STEP_BODY)
		return c->body_at == c->sample->body_len;
	return true;
}

static void
finish_message(struct load *load, struct connection *c)
{
	if (load->results.started < load->options.messages && --c->left > 0) {
		load->results.started++;
		next_message(load, c);
	} else {
		c->step = STEP_QUIT;
	}
}

static void
advance(struct load *load, struct connection *c)
{
	if (c->step == STEP_HEADER)
		c->header++;
	if (!step_is_over(c))
		return;
	if (c->step == STEP_EOM) {
		finish_message(load, c);
		return;
	}
	if (c->step == STEP_HELO)
		next_message(load, c);
	else
		c->step++;
	if ((c->step == STEP_HEADER || c->step == STEP_BODY) && step_is_over(c))
		c->step++;
}

/* Says steps until one wants an answer. False: the connection is over. */
static bool
speak(struct load *load, struct connection *c)
{
	for (;;) {
		uint32_t steps = c->terms.steps;
		bool is_left_out = (steps & step_terms[c->step].leave_out) != 0;

		if (!is_left_out && step_terms[c->step].has_macros) {
			put_macros(c);
			if (load->options.is_separate && !flush(load, c))
				return false;
		}
		if (!is_left_out) {
			if (c->step == STEP_EOM)
				c->asked_us = clock_steady_us();
			put_command(c);
			if (c->step == STEP_QUIT) {
				(void)flush(load, c);
				return false;
			}
			if ((steps & step_terms[c->step].quiet) == 0)
				return flush(load, c);
			if ((load->options.is_separate ||
			     c->out.len > CHUNK_BYTES) &&
			    !flush(load, c))
				return false;
		} else if (c->step == STEP_HEADER) {
			c->header = c->sample->header_count - 1;
		} else if (c->step == STEP_BODY) {
			c->body_at = c->sample->body_len;
		}
		advance(load, c);
	}
}

static void
show_edit(const struct wire_packet *packet)
{
	printf("edit %c ", packet->letter);
	for (size_t i = 0; i < packet->data.len; i++) {
		unsigned char byte = (unsigned char)packet->data.at[i];

		if (byte >= 32 && byte < 127)
			putchar(byte);
		else
			printf("\\x%02x", byte);
	}
	putchar('\n');
}

static bool
end_of_message(struct load *load, struct connection *c, char letter)
{
	struct results *results = &load->results;

	if (strchr("ca", letter) != NULL)
		results->accepted++;
	else
		results->refused++;
	results->waits_us[results->finished++] =
		c->asked_us == 0 ? 0 : clock_steady_us() - c->asked_us;
	c->asked_us = 0;
	c->step = STEP_EOM;
	advance(load, c);
	return speak(load, c);
}

/* False: nothing more to say on this connection. */
static bool
answer(struct load *load, struct connection *c,
       const struct wire_packet *packet)
{
	if (c->step == STEP_OFFER) {
		if (packet->letter != 'O' ||
		    !wire_read_terms(packet->data, &c->terms))
			return false;
		advance(load, c);
		return speak(load, c);
	}
	if (c->step == STEP_EOM && wire_is_edit(packet->letter)) {
		load->results.edits++;
		if (load->options.shows_edits)
			show_edit(packet);
		return true;
	}
	if (packet->letter == 'p')
		return true;
	if (c->step == STEP_BODY && packet->letter == 's')
		c->body_at = c->sample->body_len;
	else if (c->step == STEP_EOM || packet->letter != 'c')
		return c->sample != NULL &&
		       end_of_message(load, c, packet->letter);
	advance(load, c);
	return speak(load, c);
}

static bool
listen_to(struct load *load, struct connection *c)
{
	char bytes[16384];
	ssize_t n = recv(c->fd, bytes, sizeof(bytes), 0);
	struct wire_packet packet;
	struct span rest;
	bool is_broken = false;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n <= 0)
		return false;
	buf_add(&c->in, bytes, (size_t)n);
	rest = buf_as_span(&c->in);
	while (wire_take(&rest, &packet, &is_broken))
		if (!answer(load, c, &packet))
			return false;
	memmove(c->in.data, rest.at, rest.len);
	c->in.len = rest.len;
	return !is_broken && !c->in.is_full;
}

/* --- connections ----------------------------------------------------- */

static int
connect_unix(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd >= 0 &&
	    connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* PORT@HOST, as libmilter writes it. */
static int
connect_inet(const char *text)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *found;
	char port[16];
	const char *at = strchr(text, '@');
	int fd;

	snprintf(port, sizeof(port), "%.*s", (int)strcspn(text, "@"), text);
	if (getaddrinfo(at == NULL ? "127.0.0.1" : at + 1, port, &hints,
	                &found) != 0)
		return -1;
	fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, found->ai_addr, found->ai_addrlen) != 0) {
		close(fd);
		fd = -1;
	}
	freeaddrinfo(found);
	return fd;
}

static int
connect_to(const char *name)
{
	int fd =
		strncmp(name, "inet:", 5) == 0
			? connect_inet(name + 5)
			: connect_unix(strncmp(name, "unix:", 5) == 0 ? name + 5
	                                                              : name);

	if (fd >= 0)
		(void)fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

static bool
has_strangers(const struct sample_mix *mix)
{
	for (size_t i = 0; i < mix->count; i++)
		if (!mix->items[i]->is_ours)
			return true;
	return false;
}

/* A stranger's messages come over connections of their own. */
static bool
begins_as_stranger(struct load *load)
{
	const struct sample_mix *mix = &load->mix;

	return has_strangers(mix) &&
	       !mix->items[load->next_sample++ % mix->count]->is_ours;
}

static bool
open_connection(struct load *load, struct connection *c)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };

	if (load->results.started >= load->options.messages)
		return false;
	c->fd = connect_to(load->options.socket);
	if (c->fd < 0) {
		load->results.broken++;
		return false;
	}
	load->results.started++;
	c->is_stranger = begins_as_stranger(load);
	c->left = load->options.per_connection;
	c->step = STEP_OFFER;
	c->sample = NULL;
	c->asked_us = 0;
	c->sent = 0;
	memset(&c->terms, 0, sizeof(c->terms));
	buf_reset(&c->out);
	buf_reset(&c->in);
	return epoll_ctl(load->epoll, EPOLL_CTL_ADD, c->fd, &event) == 0 &&
	       speak(load, c);
}

/* False: this place stays empty. */
static bool
serve(struct load *load, struct connection *c, unsigned events)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };
	bool goes_on = true;

	if ((events & EPOLLOUT) != 0) {
		(void)epoll_ctl(load->epoll, EPOLL_CTL_MOD, c->fd, &event);
		goes_on = flush(load, c);
	}
	if (goes_on && (events & ~(unsigned)EPOLLOUT) != 0)
		goes_on = listen_to(load, c);
	if (goes_on)
		return true;
	if (c->step != STEP_QUIT)
		load->results.broken++;
	close(c->fd);
	return load->results.broken < 100 && open_connection(load, c);
}

static void
run(struct load *load)
{
	struct epoll_event events[CONNECTIONS_MAX];
	long open = 0;
	struct connection *all =
		memory_zeroed((size_t)load->options.connections, sizeof(*all));

	load->epoll = epoll_create1(EPOLL_CLOEXEC);
	for (long i = 0; i < load->options.connections; i++) {
		buf_init(&all[i].out, OUT_LIMIT);
		buf_init(&all[i].in, IN_LIMIT);
		open += open_connection(load, &all[i]);
	}
	while (open > 0) {
		int n = epoll_wait(load->epoll, events, CONNECTIONS_MAX, 60000);

		if (n == 0) {
			load->results.broken += open;
			break;
		}
		for (int i = 0; i < n; i++)
			if (!serve(load, events[i].data.ptr, events[i].events))
				open--;
	}
	close(load->epoll);
	for (long i = 0; i < load->options.connections; i++) {
		buf_done(&all[i].out);
		buf_done(&all[i].in);
	}
	free(all);
}

/* --- results --------------------------------------------------------- */

static int
by_size(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int64_t
part_of(const struct results *results, double part)
{
	long at = (long)((double)results->finished * part);

	if (results->finished == 0)
		return 0;
	return results
	        ->waits_us[at < results->finished ? at : results->finished - 1];
}

static void
report(const struct load *load, double seconds)
{
	const struct results *r = &load->results;
	const char *format =
		load->options.is_json
			? "{\"messages\":%ld,\"seconds\":%.3f,\"rate\":%.1f,"
			  "\"median_us\":%lld,\"p99_us\":%lld,\"edits\":%lu,"
			  "\"accepted\":%lu,\"refused\":%lu,\"broken\":%ld}\n"
			: "%ld messages in %.3f s: %.1f a second; answer at the "
			  "end of message: median %lld us, 99th percentile "
			  "%lld us\n%lu edits, %lu accepted, %lu refused, "
			  "%ld connections lost\n";

	qsort(r->waits_us, (size_t)r->finished, sizeof(*r->waits_us), by_size);
	/* Both formats above take the same arguments. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	printf(format, r->finished, seconds,
	       seconds > 0 ? (double)r->finished / seconds : 0.0,
	       (long long)part_of(r, 0.5), (long long)part_of(r, 0.99),
	       r->edits, r->accepted, r->refused, r->broken);
#pragma GCC diagnostic pop
}

/* --- options --------------------------------------------------------- */

static int
usage(void)
{
	fputs("usage: milter_load [OPTIONS] unix:PATH | inet:PORT@HOST\n"
	      "  --messages N        1000\n"
	      "  --connections N     1\n"
	      "  --per-connection N  messages until one is closed: 100\n"
	      "  --mix KIND=N,...    of 16: notice newsletter order transit\n"
	      "  --file PATH         this message instead of the mix\n"
	      "  --body BYTES        length of the body\n"
	      "  --headers N         further header fields\n"
	      "  --separate          macros and command in two writes; Postfix\n"
	      "                      writes when it waits for an answer\n"
	      "  --json              the result as JSON\n"
	      "  --edits             shows the edits\n",
	      stderr);
	return 2;
}

static bool
read_options(struct options *options, int argc, char **argv)
{
	const struct {
		const char *name;
		long *number;
		const char **text;
		bool *flag;
	} rows[] = {
		{ "--messages", &options->messages, NULL, NULL },
		{ "--connections", &options->connections, NULL, NULL },
		{ "--per-connection", &options->per_connection, NULL, NULL },
		{ "--body", &options->body_bytes, NULL, NULL },
		{ "--headers", &options->headers, NULL, NULL },
		{ "--mix", NULL, &options->mix, NULL },
		{ "--file", NULL, &options->file, NULL },
		{ "--separate", NULL, NULL, &options->is_separate },
		{ "--json", NULL, NULL, &options->is_json },
		{ "--edits", NULL, NULL, &options->shows_edits },
	};
	const size_t count = sizeof(rows) / sizeof(rows[0]);
	int i = 1;

	for (; i < argc && argv[i][0] == '-'; i++) {
		size_t row = 0;

		while (row < count && strcmp(argv[i], rows[row].name) != 0)
			row++;
		if (row == count || (rows[row].flag == NULL && ++i == argc))
			return false;
		if (rows[row].flag != NULL)
			*rows[row].flag = true;
		else if (rows[row].text != NULL)
			*rows[row].text = argv[i];
		else
			*rows[row].number = strtol(argv[i], NULL, 10);
	}
	options->socket = i + 1 == argc ? argv[i] : "";
	return options->socket[0] != '\0' && options->messages > 0 &&
	       options->connections > 0 &&
	       options->connections <= CONNECTIONS_MAX &&
	       options->per_connection > 0 && options->body_bytes >= 0 &&
	       options->headers >= 0;
}

static enum result
read_samples(struct load *load, struct arena *arena, struct error *err)
{
	const struct sample_shape shape = {
		.extra_headers = (size_t)load->options.headers,
		.body_bytes = (size_t)load->options.body_bytes,
	};

	if (load->options.file != NULL)
		return sample_file(arena, load->options.file, &load->mix, err);
	return sample_mix_read(arena, load->options.mix, &shape, &load->mix,
	                       err);
}

int
main(int argc, char **argv)
{
	struct load load = { .options = {
				     .mix = "notice,newsletter,order,transit",
				     .messages = 1000,
				     .connections = 1,
				     .per_connection = 100 } };
	struct arena *arena = arena_new();
	struct error err;
	int64_t started;

	if (!read_options(&load.options, argc, argv))
		return usage();
	if (read_samples(&load, arena, &err) != RESULT_OK) {
		fprintf(stderr, "milter_load: %s\n", err.text);
		return 2;
	}
	load.results.waits_us =
		memory_zeroed((size_t)load.options.messages, sizeof(int64_t));
	started = clock_steady_us();
	run(&load);
	report(&load, (double)(clock_steady_us() - started) / 1e6);
	free(load.results.waits_us);
	arena_free(&arena);
	return load.results.broken == 0 &&
	                       load.results.finished == load.options.messages
	               ? 0
	               : 1;
}
