#include "web/http.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <microhttpd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "web/listen.h"
#include "web/peers.h"
#include "web/workers.h"

#define WORKERS         32   /* as many as the store keeps connections */
#define BODY_BYTES      4096 /* LST-7 */
#define DISCARD_BYTES   65536
#define HEADER_BYTES    16384
#define FIELDS          64
#define CONNECTIONS     4096
#define PROXY_IDLE_US   (INT64_C(300) * 1000000)
#define GUESS_COST      9 /* beside the 1 of each request */
#define FRESH_US        INT64_C(1000000)
#define STOP_STEP_NS    5000000L
#define FORWARDED_BYTES 2048

/* One libmicrohttpd with its options; reload puts another in its place. */
struct server {
	struct http *http;
	struct http_options options;
	struct MHD_Daemon *daemon;
	struct peers *peers;
	struct rate *rate;
	_Atomic unsigned long busy;    /* requests begun and not completed */
	_Atomic unsigned long fresh;   /* connections that asked nothing yet */
	_Atomic unsigned long working; /* of these, in a worker's hands */
	_Atomic bool is_draining;
	_Atomic bool is_closing;
	char *certificate, *key;
};

struct http {
	int fd;
	struct server *server;
	struct workers *workers;
};

enum phase {
	PHASE_HEAD,
	PHASE_BODY,
	PHASE_WORK, /* a worker has it, libmicrohttpd has not */
	PHASE_DONE
};

struct exchange {
	struct job job; /* first: the queue gives it back */
	struct server *server;
	struct peer *peer;
	struct MHD_Connection *connection;
	struct arena *arena;
	enum phase phase;
	struct network client;
	char client_text[CLIENT_TEXT_SIZE];
	char *body;
	size_t body_len; /* may pass BODY_BYTES: what came */
	struct http_request request;
	struct http_answer answer;
};

/* --- Fields --------------------------------------------------------------- */

const char *
http_value(const struct http_fields *fields, const char *name)
{
	for (size_t i = 0; i < fields->count; i++)
		if (strcmp(fields->items[i].name, name) == 0)
			return fields->items[i].value;
	return "";
}

bool
http_has(const struct http_fields *fields, const char *name, const char *value)
{
	for (size_t i = 0; i < fields->count; i++)
		if (strcmp(fields->items[i].name, name) == 0 &&
		    strcmp(fields->items[i].value, value) == 0)
			return true;
	return false;
}

void
http_add(struct arena *arena, struct http_fields *fields, const char *name,
         const char *value)
{
	struct http_field *field =
		arena_push(arena, (void **)&fields->items, &fields->count,
	                   &fields->room, sizeof(*field));

	field->name = name;
	field->value = value;
}

static enum MHD_Result
add_query(void *context, enum MHD_ValueKind kind, const char *name,
          const char *value)
{
	struct exchange *exchange = context;
	struct http_fields *query = &exchange->request.query;

	(void)kind;
	if (query->count >= FIELDS)
		return MHD_NO;
	http_add(exchange->arena, query, arena_strdup(exchange->arena, name),
	         arena_strdup(exchange->arena, value != NULL ? value : ""));
	return MHD_YES;
}

/* NOLINTBEGIN(readability-function-size): libmicrohttpd's parameters. */
/* A value may come in pieces; the whole body is at most BODY_BYTES. */
static enum MHD_Result
add_form(void *context, enum MHD_ValueKind kind, const char *name,
         const char *file, const char *type, const char *encoding,
         const char *data, uint64_t offset, size_t size)
{
	struct exchange *exchange = context;
	struct http_fields *form = &exchange->request.form;
	struct arena *arena = exchange->arena;

	(void)kind, (void)file, (void)type, (void)encoding;
	if (name == NULL || (offset == 0 && form->count >= FIELDS))
		return MHD_NO;
	if (offset == 0) {
		http_add(arena, form, arena_strdup(arena, name),
		         arena_strndup(arena, data, size));
		return MHD_YES;
	}
	if (form->count > 0) {
		struct http_field *last = &form->items[form->count - 1];

		last->value = arena_printf(arena, "%s%.*s", last->value,
		                           (int)size, data);
	}
	return MHD_YES;
}
/* NOLINTEND(readability-function-size) */

/* False: a content type that is neither of the two. */
static bool
read_form(struct exchange *exchange)
{
	struct MHD_PostProcessor *form;

	if (exchange->body_len == 0)
		return true;
	form = MHD_create_post_processor(exchange->connection,
	                                 (size_t)2 * BODY_BYTES, add_form,
	                                 exchange);
	if (form == NULL)
		return false;
	/* What cannot be read has no fields: the handler misses them. */
	if (MHD_post_process(form, exchange->body, exchange->body_len) !=
	    MHD_YES)
		log_debug("%s: a form that cannot be read whole",
		          exchange->client_text);
	MHD_destroy_post_processor(form);
	return true;
}

/* --- Answers -------------------------------------------------------------- */

/* On every answer, whatever it is. */
static const struct http_field always[] = {
	{ "Cache-Control", "no-store" },
	{ "Content-Security-Policy",
	  "default-src 'none'; style-src 'self'; img-src 'self'; "
	  "form-action 'self'; frame-ancestors 'none'; base-uri 'none'" },
	{ "Cross-Origin-Resource-Policy", "same-origin" },
	{ "Referrer-Policy", "no-referrer" },
	{ "X-Content-Type-Options", "nosniff" },
	{ "X-Robots-Tag", "noindex, nofollow" },
};

static struct MHD_Response *
response_of(const struct exchange *exchange)
{
	const struct http_answer *answer = &exchange->answer;
	void *body = memory_get(answer->body.len);
	struct MHD_Response *response;

	if (answer->body.len > 0)
		memcpy(body, answer->body.at, answer->body.len);
	response = MHD_create_response_from_buffer(answer->body.len, body,
	                                           MHD_RESPMEM_MUST_FREE);

	if (response == NULL)
		log_fatal("out of memory");
	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
		MHD_add_response_header(response, always[i].name,
		                        always[i].value);
	if (answer->type != NULL)
		MHD_add_response_header(response, "Content-Type", answer->type);
	for (size_t i = 0; i < answer->headers.count; i++)
		MHD_add_response_header(response, answer->headers.items[i].name,
		                        answer->headers.items[i].value);
	if (exchange->server->is_draining)
		MHD_add_response_header(response, "Connection", "close");
	return response;
}

static void
set_deadline(struct exchange *exchange)
{
	peers_give(exchange->server->peers, exchange->peer,
	           clock_steady_us() +
	                   exchange->server->options.timeout_ms * 1000);
}

static enum MHD_Result
send_answer(struct exchange *exchange)
{
	struct MHD_Response *response = response_of(exchange);
	enum MHD_Result result = MHD_queue_response(
		exchange->connection, exchange->answer.status, response);

	MHD_destroy_response(response);
	exchange->phase = PHASE_DONE;
	set_deadline(exchange);
	return result;
}

/* Without asking the handler. */
static enum MHD_Result
refuse(struct exchange *exchange, unsigned status, const char *text)
{
	exchange->answer.status = status;
	exchange->answer.type = "text/plain; charset=utf-8";
	exchange->answer.body = span_of(text);
	return send_answer(exchange);
}

static enum MHD_Result
refuse_rate(struct exchange *exchange, unsigned wait_s)
{
	static struct log_gate gate;

	log_warn_gated(&gate, "%s asks too often (pages.rate)",
	               exchange->client_text);
	http_add(exchange->arena, &exchange->answer.headers, "Retry-After",
	         arena_printf(exchange->arena, "%u", wait_s));
	return refuse(exchange, MHD_HTTP_TOO_MANY_REQUESTS,
	              "Too many requests; try again later.\n");
}

/* --- A request ------------------------------------------------------------ */

static enum http_method
method_of(const char *name)
{
	static const char *const names[] = {
		[HTTP_GET] = "GET",
		[HTTP_HEAD] = "HEAD",
		[HTTP_OPTIONS] = "OPTIONS",
		[HTTP_POST] = "POST",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return (enum http_method)i;
	return HTTP_OTHER;
}

struct joined {
	const char *name;
	struct buf text;
};

static enum MHD_Result
join_lines(void *context, enum MHD_ValueKind kind, const char *name,
           const char *value)
{
	struct joined *joined = context;

	(void)kind;
	if (!text_is(name, joined->name))
		return MHD_YES;
	if (joined->text.len > 0)
		buf_byte(&joined->text, ',');
	buf_text(&joined->text, value != NULL ? value : "");
	return MHD_YES;
}

static void
find_client(struct exchange *exchange)
{
	const struct client_trust *trust = &exchange->server->options.trust;
	const struct network *peer = &exchange->peer->address;
	struct network client = *peer;

	if (exchange->peer->is_proxy) {
		struct joined joined = { .name = trust->is_rfc7239
			                                 ? "Forwarded"
			                                 : "X-Forwarded-For" };

		buf_init(&joined.text, FORWARDED_BYTES);
		MHD_get_connection_values(exchange->connection, MHD_HEADER_KIND,
		                          join_lines, &joined);
		if (!joined.text.is_full)
			client = client_behind(trust, peer,
			                       buf_as_span(&joined.text));
		buf_done(&joined.text);
	}
	exchange->client = client_network(&client);
	client_text(&exchange->client, exchange->client_text);
}

static const char *
header(struct exchange *exchange, const char *name)
{
	const char *value = MHD_lookup_connection_value(exchange->connection,
	                                                MHD_HEADER_KIND, name);

	return value != NULL ? value : "";
}

struct lengths {
	unsigned sizes, encodings;
	bool is_number;
};

static enum MHD_Result
count_lengths(void *context, enum MHD_ValueKind kind, const char *name,
              const char *value)
{
	struct lengths *lengths = context;

	(void)kind;
	if (text_is(name, "Content-Length")) {
		lengths->sizes++;
		lengths->is_number =
			value != NULL && value[0] != '\0' &&
			strspn(value, "0123456789") == strlen(value);
	} else if (text_is(name, "Transfer-Encoding")) {
		lengths->encodings++;
	}
	return MHD_YES;
}

/*
 * RFC 9112, 6.3: a proxy in front and we might each find another end of the
 * body, and what lies between would be a request that nobody sent.
 */
static bool
has_one_length(struct exchange *exchange)
{
	struct lengths lengths = { .is_number = true };

	MHD_get_connection_values(exchange->connection, MHD_HEADER_KIND,
	                          count_lengths, &lengths);
	return lengths.sizes + lengths.encodings <= 1 && lengths.is_number;
}

/* The browser fetches ahead, and nobody has asked for it yet. */
static const char *
purpose_of(struct exchange *exchange)
{
	static const char *const names[] = { "Sec-Purpose", "Purpose",
		                             "X-Purpose", "X-Moz" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (header(exchange, names[i])[0] != '\0')
			return arena_strdup(exchange->arena,
			                    header(exchange, names[i]));
	return "";
}

static enum MHD_Result
begin(struct exchange *exchange, const char *url, const char *method)
{
	struct http_request *request = &exchange->request;
	unsigned wait_s;

	find_client(exchange);
	request->method = method_of(method);
	request->path = arena_strdup(exchange->arena, url);
	request->accept_language = arena_strdup(
		exchange->arena, header(exchange, "Accept-Language"));
	request->user_agent =
		arena_strdup(exchange->arena, header(exchange, "User-Agent"));
	request->purpose = purpose_of(exchange);
	request->client = exchange->client_text;
	exchange->phase = PHASE_BODY;
	wait_s = rate_take(exchange->server->rate, &exchange->client, 1,
	                   clock_steady_us());
	if (wait_s > 0)
		return refuse_rate(exchange, wait_s);
	if (!has_one_length(exchange)) {
		http_add(exchange->arena, &exchange->answer.headers,
		         "Connection", "close");
		return refuse(exchange, MHD_HTTP_BAD_REQUEST,
		              "How long is it?\n");
	}
	if (strtoull(header(exchange, "Content-Length"), NULL, 10) > BODY_BYTES)
		return refuse(exchange, MHD_HTTP_CONTENT_TOO_LARGE,
		              "Too much; 4096 bytes at most.\n");
	return MHD_YES;
}

/* The rest of what is too much is read and dropped, within reason. */
static enum MHD_Result
take_body(struct exchange *exchange, const char *data, size_t *size)
{
	size_t len = exchange->body_len + *size;

	if (len <= BODY_BYTES) {
		if (exchange->body == NULL)
			exchange->body =
				arena_alloc(exchange->arena, BODY_BYTES);
		memcpy(exchange->body + exchange->body_len, data, *size);
	}
	exchange->body_len = len;
	*size = 0;
	return len <= DISCARD_BYTES ? MHD_YES : MHD_NO;
}

static enum MHD_Result
hand_over(struct exchange *exchange)
{
	struct server *server = exchange->server;

	if (exchange->body_len > BODY_BYTES)
		return refuse(exchange, MHD_HTTP_CONTENT_TOO_LARGE,
		              "Too much; 4096 bytes at most.\n");
	if (exchange->request.method == HTTP_POST && !read_form(exchange))
		return refuse(exchange, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE,
		              "A form, please.\n");
	MHD_get_connection_values(exchange->connection, MHD_GET_ARGUMENT_KIND,
	                          add_query, exchange);
	server->working++;
	if (server->is_closing) {
		server->working--;
		return refuse(exchange, MHD_HTTP_SERVICE_UNAVAILABLE,
		              "Closing; try again.\n");
	}
	exchange->phase = PHASE_WORK;
	peers_give(server->peers, exchange->peer, INT64_MAX);
	MHD_suspend_connection(exchange->connection);
	workers_push(server->http->workers, &exchange->job);
	return MHD_YES;
}

static void
work(struct job *job)
{
	struct exchange *exchange = (struct exchange *)job;
	struct server *server = exchange->server;

	server->options.handle(server->options.context, exchange->arena,
	                       &exchange->request, &exchange->answer);
	if (exchange->answer.is_guess)
		rate_charge(server->rate, &exchange->client, GUESS_COST,
		            clock_steady_us());
	MHD_resume_connection(exchange->connection);
	server->working--;
}

/* NOLINTBEGIN(readability-function-size): libmicrohttpd's parameters. */
static enum MHD_Result
on_request(void *context, struct MHD_Connection *connection, const char *url,
           const char *method, const char *version, const char *data,
           size_t *size, void **place)
{
	struct exchange *exchange = *place;

	(void)context, (void)version, (void)connection;
	if (exchange == NULL)
		return MHD_NO;
	switch (exchange->phase) {
	case PHASE_HEAD:
		return begin(exchange, url, method);
	case PHASE_BODY:
		if (*size > 0)
			return take_body(exchange, data, size);
		return hand_over(exchange);
	case PHASE_WORK:
		return send_answer(exchange);
	case PHASE_DONE:
		*size = 0;
		return MHD_YES;
	}
	return MHD_NO;
}
/* NOLINTEND(readability-function-size) */

/* It is no longer fresh: it has asked, or gone. */
static void
greet(struct server *server, struct peer *peer)
{
	if (peer->is_fresh)
		server->fresh--;
	peer->is_fresh = false;
}

/* The request line is there: the time of the request begins. */
static void *
on_line(void *context, const char *uri, struct MHD_Connection *connection)
{
	struct server *server = context;
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct arena *arena;
	struct exchange *exchange;

	(void)uri;
	if (info == NULL || info->socket_context == NULL)
		return NULL;
	arena = arena_new();
	exchange = arena_alloc(arena, sizeof(*exchange));
	exchange->arena = arena;
	exchange->server = server;
	exchange->connection = connection;
	exchange->peer = info->socket_context;
	set_deadline(exchange);
	server->busy++;
	greet(server, exchange->peer);
	return exchange;
}

static int64_t
idle_until(const struct server *server, const struct peer *peer)
{
	return clock_steady_us() +
	       (peer->is_proxy ? PROXY_IDLE_US
	                       : server->options.timeout_ms * 1000);
}

static void
on_completed(void *context, struct MHD_Connection *connection, void **place,
             enum MHD_RequestTerminationCode code)
{
	struct server *server = context;
	struct exchange *exchange = *place;

	(void)connection, (void)code;
	*place = NULL;
	if (exchange == NULL)
		return;

	struct arena *arena = exchange->arena;

	peers_give(server->peers, exchange->peer,
	           idle_until(server, exchange->peer));
	arena_free(&arena);
	server->busy--;
}

/* --- A connection --------------------------------------------------------- */

/* A Unix socket is the proxy's: file permissions say who may connect. */
static bool
read_address(const struct sockaddr *from, struct network *address_r)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	*address_r = (struct network){ .bits = 128 };
	if (from != NULL && from->sa_family == AF_INET6) {
		struct sockaddr_in6 six;

		memcpy(&six, from, sizeof(six));
		memcpy(address_r->bytes, &six.sin6_addr, 16);
		return true;
	}
	if (from != NULL && from->sa_family == AF_INET) {
		struct sockaddr_in four;

		memcpy(&four, from, sizeof(four));
		memcpy(address_r->bytes, mapped, sizeof(mapped));
		memcpy(address_r->bytes + 12, &four.sin_addr, 4);
		return true;
	}
	return false;
}

static enum MHD_Result
on_accept(void *context, const struct sockaddr *from, socklen_t len)
{
	static struct log_gate gate;
	struct server *server = context;
	const struct http_options *options = &server->options;
	struct network address;
	char text[CLIENT_TEXT_SIZE];

	(void)len;
	if (!read_address(from, &address) ||
	    client_is_proxy(&options->trust, &address) ||
	    peers_count(server->peers, &address) < options->connections)
		return MHD_YES;
	address = client_network(&address);
	client_text(&address, text);
	log_warn_gated(&gate, "%s: too many connections (pages.connections)",
	               text);
	return MHD_NO;
}

static void
on_connection(void *context, struct MHD_Connection *connection, void **place,
              enum MHD_ConnectionNotificationCode code)
{
	struct server *server = context;

	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (*place == NULL)
			return;
		greet(server, *place);
		peers_remove(server->peers, *place);
		*place = NULL;
		return;
	}

	const union MHD_ConnectionInfo *from = MHD_get_connection_info(
		connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const union MHD_ConnectionInfo *socket = MHD_get_connection_info(
		connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct network address;
	bool is_inet = read_address(from->client_addr, &address);
	bool is_proxy =
		!is_inet || client_is_proxy(&server->options.trust, &address);
	struct peer *peer = peers_add(server->peers, socket->connect_fd,
	                              &address, is_proxy);

	*place = peer;
	peer->is_fresh = true;
	server->fresh++;
	peers_give(server->peers, peer, idle_until(server, peer));
}

/* --- Start and stop ------------------------------------------------------- */

static void __attribute__((format(printf, 2, 0)))
on_log(void *context, const char *format, va_list arguments)
{
	static struct log_gate gate;
	char text[256];

	(void)context;
	vsnprintf(text, sizeof(text), format, arguments);
	text[strcspn(text, "\n")] = '\0';
	log_warn_gated(&gate, "libmicrohttpd: %s", text);
}

static struct MHD_Daemon *
start_daemon(struct server *server)
{
	const struct http_options *options = &server->options;
	bool is_tls = options->certificate[0] != '\0';
	struct MHD_OptionItem tls[] = {
		{ MHD_OPTION_HTTPS_MEM_CERT, 0, server->certificate },
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, server->key },
		{ MHD_OPTION_END, 0, NULL },
	};
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD |
	                 MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;

	return MHD_start_daemon(
		flags | (is_tls ? MHD_USE_TLS : 0), 0, on_accept, server,
		on_request, server, MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL,
		MHD_OPTION_LISTEN_SOCKET, server->http->fd,
		MHD_OPTION_URI_LOG_CALLBACK, on_line, server,
		MHD_OPTION_NOTIFY_COMPLETED, on_completed, server,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, server,
		MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADER_BYTES,
		MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_ARRAY,
		is_tls ? tls : &tls[2], MHD_OPTION_END);
}

/* libmicrohttpd wants text that it might write to. */
static char *
copy_text(const char *text)
{
	size_t size = strlen(text) + 1;

	return memcpy(memory_get(size), text, size);
}

static void
server_free(struct server *server)
{
	peers_free(&server->peers);
	rate_free(&server->rate);
	free(server->certificate);
	free(server->key);
	free(server);
}

static enum result
server_start(struct http *http, const struct http_options *options,
             struct server **server_r, struct error *err)
{
	struct server *server = memory_zeroed(1, sizeof(*server));

	server->http = http;
	server->options = *options;
	server->peers = peers_new();
	server->rate = rate_new(options->rate_count, options->rate_ms);
	server->certificate = copy_text(options->certificate);
	server->key = copy_text(options->key);
	server->daemon = start_daemon(server);
	if (server->daemon != NULL) {
		*server_r = server;
		return RESULT_OK;
	}
	error_set(err, options->certificate[0] != '\0'
	                       ? "the HTTP server does not start: do "
	                         "pages.certificate and pages.key fit?"
	                       : "the HTTP server does not start");
	server_free(server);
	return RESULT_BAD;
}

/*
 * Who has connected gets a moment to ask. What is in a worker's hands is
 * waited for without end: it will come.
 */
static void
server_stop(struct server *server, int64_t wait_ms)
{
	const struct timespec pause = { .tv_nsec = STOP_STEP_NS };
	int64_t start_us = clock_steady_us();
	int64_t until_us = start_us + wait_ms * 1000;

	server->is_draining = true;
	(void)MHD_quiesce_daemon(server->daemon);
	do
		nanosleep(&pause, NULL);
	while ((server->busy > 0 && clock_steady_us() < until_us) ||
	       (server->fresh > 0 && clock_steady_us() < start_us + FRESH_US));
	server->is_closing = true;
	while (server->working > 0)
		nanosleep(&pause, NULL);
	MHD_stop_daemon(server->daemon);
	server_free(server);
}

enum result
http_open(const struct http_options *options, struct http **http_r,
          struct error *err)
{
	struct http *http = memory_zeroed(1, sizeof(*http));
	enum result result = listen_open(options->listen, &http->fd, err);

	if (result != RESULT_OK) {
		free(http);
		return result;
	}
	http->workers = workers_new(WORKERS, work);
	result = server_start(http, options, &http->server, err);
	if (result == RESULT_OK) {
		*http_r = http;
		return RESULT_OK;
	}
	workers_free(&http->workers);
	close(http->fd);
	free(http);
	return result;
}

enum result
http_change(struct http *http, const struct http_options *options,
            struct error *err)
{
	struct server *old = http->server;
	enum result result = server_start(http, options, &http->server, err);

	if (result == RESULT_OK)
		server_stop(old, old->options.timeout_ms);
	return result;
}

void
http_close(struct http **http, int64_t wait_ms)
{
	if (*http == NULL)
		return;
	server_stop((*http)->server, wait_ms);
	workers_free(&(*http)->workers);
	close((*http)->fd);
	free(*http);
	*http = NULL;
}
