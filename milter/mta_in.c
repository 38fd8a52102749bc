#include "milter/mta_in.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <libmilter/mfapi.h>

#include "base/log.h"
#include "milter/mta_out.h"
#include "milter/session.h"

#define ACTIONS_NEEDED (SMFIF_ADDHDRS | SMFIF_CHGHDRS)
#define ACTIONS_WANTED                                                         \
	(ACTIONS_NEEDED | SMFIF_CHGBODY | SMFIF_ADDRCPT | SMFIF_DELRCPT |      \
	 SMFIF_CHGFROM | SMFIF_ADDRCPT_PAR | SMFIF_SETSYMLIST |                \
	 SMFIF_QUARANTINE)

/*
 * No answer is wanted where we never refuse. DATA keeps its answer: it
 * breaks the MTA's write-write-read, so that no delayed ACK is waited for.
 */
#define STEPS_WANTED                                                           \
	(SMFIP_NOHELO | SMFIP_NOUNKNOWN | SMFIP_NR_CONN | SMFIP_NR_MAIL |      \
	 SMFIP_NR_RCPT | SMFIP_NR_HDR | SMFIP_NR_EOH | SMFIP_SKIP |            \
	 SMFIP_HDR_LEADSPC)

/*
 * libmilter drops a connection at a header field over 64 KB if not told
 * otherwise, and the mail would come again for days; Postfix hands over 100.
 */
#define PACKET_BYTES ((size_t)1024 * 1024)

#define HIGHEST_SOCKET 1024

/* libmilter gives callbacks no way to pass it; set before any thread. */
static struct service *mta_service;
static _Atomic unsigned long mta_busy;
static _Atomic bool mta_is_stopping;

/* What was agreed on, per connection, beside the session. */
struct link {
	struct session *session;
	unsigned long steps;
};

/*
 * Around what uses the record or the settings; false when they are about to
 * be closed. It is counted first and asked then; who stops does the reverse,
 * so one of the two sees the other.
 */
static bool
busy_begin(void)
{
	mta_busy++;
	if (!mta_is_stopping)
		return true;
	mta_busy--;
	return false;
}

static void
busy_end(void)
{
	mta_busy--;
}

static struct link *
link_of(SMFICTX *context)
{
	return smfi_getpriv(context);
}

static sfsistat
silent_or(const struct link *link, unsigned long step, sfsistat answer)
{
	return (link->steps & step) != 0 ? SMFIS_NOREPLY : answer;
}

static bool
enter(struct link *link, enum step step)
{
	if (session_enter(link->session, step))
		return true;
	log_warn("%s: the MTA sent step %d in phase %d",
	         link->session->queue_id, (int)step, (int)link->session->phase);
	link->session->is_confused = true;
	return false;
}

static struct link *
link_new(SMFICTX *context)
{
	struct link *link = calloc(1, sizeof(*link));

	if (link == NULL)
		abort();
	link->session = session_new(mta_service);
	smfi_setpriv(context, link);
	return link;
}

/* NOLINTBEGIN(readability-function-size): libmilter's parameters. */
static sfsistat
on_negotiate(SMFICTX *context, unsigned long actions, unsigned long steps,
             unsigned long more1, unsigned long more2, unsigned long *actions_r,
             unsigned long *steps_r, unsigned long *more1_r,
             unsigned long *more2_r)
{
	static const struct {
		int stage;
		const char *names;
	} macros[] = {
		{ SMFIM_CONNECT, "j v _ {daemon_name}" },
		{ SMFIM_ENVFROM, "i {auth_authen}" },
		{ SMFIM_EOH, "i" },
		{ SMFIM_EOM, "i" },
	};
	struct link *link = link_new(context);

	(void)more1;
	(void)more2;
	*actions_r = actions & ACTIONS_WANTED;
	link->steps = steps & STEPS_WANTED;
	*steps_r = link->steps;
	*more1_r = *more2_r = 0;
	link->session->has_leading_space =
		(link->steps & SMFIP_HDR_LEADSPC) != 0;
	/* MLT-1: refusing here would let mail out unseen. */
	link->session->is_blind = (actions & ACTIONS_NEEDED) != ACTIONS_NEEDED;
	link->session->mta.can_set_sender = (actions & SMFIF_CHGFROM) != 0;
	link->session->mta.can_set_notify =
		(actions & SMFIF_ADDRCPT_PAR) != 0 &&
		(actions & SMFIF_DELRCPT) != 0;
	link->session->mta.can_hold = (actions & SMFIF_QUARANTINE) != 0;
	if ((actions & SMFIF_SETSYMLIST) != 0)
		for (size_t i = 0; i < sizeof(macros) / sizeof(macros[0]); i++)
			smfi_setsymlist(context, macros[i].stage,
			                mta_loose(macros[i].names));
	return SMFIS_CONTINUE;
}
/* NOLINTEND(readability-function-size) */

/* MLT-13, MLT-16: what older ones do would lose mail or parameters. */
static void
read_mta(SMFICTX *context, struct session *session)
{
	const char *version = smfi_getsymval(context, mta_loose("v"));
	unsigned major = 0, minor = 0;

	if (version == NULL)
		version = "";
	session->mta.version = arena_strdup(session->connection, version);
	if (sscanf(version, "Postfix %u.%u", &major, &minor) < 1)
		return;
	session->mta.is_postfix = true;
	if (major < 3 || (major == 3 && minor < 3))
		session->mta.can_set_sender = false;
	if (major < 3 || (major == 3 && minor < 6)) {
		static struct log_gate gate;

		session->mta.can_set_notify = false;
		log_warn_gated(&gate,
		               "%s loses recipients when NOTIFY is changed: "
		               "receipts of success are not asked (MLT-16)",
		               version);
	}
}

static sfsistat
on_connect(SMFICTX *context, char *name, _SOCK_ADDR *address)
{
	struct link *link = link_of(context);
	char text[INET6_ADDRSTRLEN] = "";
	bool is_local = address == NULL;
	union {
		const _SOCK_ADDR *any;
		const struct sockaddr_in *v4;
		const struct sockaddr_in6 *v6;
	} from = { .any = address };

	if (link == NULL)
		link = link_new(context);
	if (address != NULL && address->sa_family == AF_INET) {
		inet_ntop(AF_INET, &from.v4->sin_addr, text, sizeof(text));
		/* MLT-25: Postfix plays sendmail(1) from port 0. */
		is_local = from.v4->sin_port == 0 &&
		           strcmp(text, "127.0.0.1") == 0;
	} else if (address != NULL && address->sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &from.v6->sin6_addr, text, sizeof(text));
	}
	session_connect(link->session, name != NULL ? name : "", text,
	                is_local);
	read_mta(context, link->session);

	const char *own_name = smfi_getsymval(context, mta_loose("j"));

	if (own_name != NULL)
		link->session->own_name =
			arena_strdup(link->session->connection, own_name);
	return silent_or(link, SMFIP_NR_CONN, SMFIS_CONTINUE);
}

static const char *
macro(SMFICTX *context, const char *name)
{
	const char *value = smfi_getsymval(context, mta_loose(name));

	return value != NULL ? value : "";
}

static sfsistat
on_sender(SMFICTX *context, char **args)
{
	struct link *link = link_of(context);

	if (enter(link, STEP_SENDER) && busy_begin()) {
		session_sender(link->session, args[0],
		               (const char *const *)(args + 1),
		               macro(context, "{auth_authen}"));
		session_queue_id(link->session, macro(context, "i"));
		busy_end();
	}
	return silent_or(link, SMFIP_NR_MAIL, SMFIS_CONTINUE);
}

static sfsistat
on_recipient(SMFICTX *context, char **args)
{
	struct link *link = link_of(context);

	if (enter(link, STEP_RECIPIENT))
		session_recipient(link->session, args[0],
		                  (const char *const *)(args + 1));
	return silent_or(link, SMFIP_NR_RCPT, SMFIS_CONTINUE);
}

static sfsistat
on_data(SMFICTX *context)
{
	struct link *link = link_of(context);

	enter(link, STEP_DATA);
	session_queue_id(link->session, macro(context, "i"));
	return SMFIS_CONTINUE;
}

static sfsistat
on_header(SMFICTX *context, char *name, char *value)
{
	struct link *link = link_of(context);

	if (enter(link, STEP_HEADER))
		session_header(link->session, name, value);
	return silent_or(link, SMFIP_NR_HDR, SMFIS_CONTINUE);
}

static sfsistat
on_headers_end(SMFICTX *context)
{
	struct link *link = link_of(context);

	if (enter(link, STEP_HEADERS_END))
		session_headers_end(link->session);
	session_queue_id(link->session, macro(context, "i"));
	return silent_or(link, SMFIP_NR_EOH, SMFIS_CONTINUE);
}

static sfsistat
on_body(SMFICTX *context, unsigned char *at, size_t len)
{
	struct link *link = link_of(context);

	if (enter(link, STEP_BODY) &&
	    session_body(link->session, at, len) == ANSWER_SKIP &&
	    (link->steps & SMFIP_SKIP) != 0)
		return SMFIS_SKIP;
	return SMFIS_CONTINUE;
}

static sfsistat
end_message(SMFICTX *context, struct link *link)
{
	struct session *session = link->session;
	struct outcome outcome;
	bool are_made;

	if (!enter(link, STEP_END)) {
		session_forget(session);
		return SMFIS_TEMPFAIL;
	}
	session_queue_id(session, macro(context, "i"));
	session_end(session);
	/* The journal syncs meanwhile; the answer waits for both. */
	are_made = mta_out_edits(context, session);
	outcome = session_settle(session, are_made);

	sfsistat answer = mta_out_answer(context, &outcome);

	session_forget(session);
	return answer;
}

static sfsistat
on_end(SMFICTX *context)
{
	sfsistat answer = SMFIS_TEMPFAIL;

	if (busy_begin()) {
		answer = end_message(context, link_of(context));
		busy_end();
	}
	return answer;
}

static sfsistat
on_abort(SMFICTX *context)
{
	struct link *link = link_of(context);

	if (link != NULL)
		session_forget(link->session);
	return SMFIS_CONTINUE;
}

static sfsistat
on_close(SMFICTX *context)
{
	struct link *link = link_of(context);

	/* MLT-5: close may be the only callback of a connection. */
	if (link == NULL)
		return SMFIS_CONTINUE;
	session_free(&link->session);
	free(link);
	smfi_setpriv(context, NULL);
	return SMFIS_CONTINUE;
}

/* libmilter keeps its listening socket to itself. -1: no further one. */
static int
next_listener(int fd)
{
	for (fd++; fd < HIGHEST_SOCKET; fd++) {
		int listens = 0;
		socklen_t len = sizeof(listens);

		if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) ==
		            0 &&
		    listens != 0)
			return fd;
	}
	return -1;
}

/*
 * Edits are small writes, one after the other: with Nagle's algorithm and
 * delayed ACKs each message would wait twice for 40 ms. What is set on the
 * listening socket is inherited by accept(2).
 */
static void
set_no_delay(void)
{
	const int one = 1;

	for (int fd = next_listener(-1); fd >= 0; fd = next_listener(fd))
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

static void
wake_listener(void)
{
	for (int fd = next_listener(-1); fd >= 0; fd = next_listener(fd)) {
		struct sockaddr_storage address;
		socklen_t len = sizeof(address);
		int link;

		if (getsockname(fd, (struct sockaddr *)&address, &len) != 0)
			continue;
		link = socket(address.ss_family,
		              SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (link < 0)
			continue;
		(void)connect(link, (struct sockaddr *)&address, len);
		close(link);
	}
}

/*
 * libmilter looks whether it shall stop every five seconds, and after each
 * connection; smfi_stop() waits for that. So it gets connections meanwhile.
 */
static void *
wake_until_stopped(void *context)
{
	const struct timespec pause = { .tv_nsec = 10000000L };
	const _Atomic bool *is_stopped = context;

	while (!*is_stopped) {
		wake_listener();
		nanosleep(&pause, NULL);
	}
	return NULL;
}

static enum result
open_socket(const struct settings *settings, struct error *err)
{
	bool is_unix = text_starts(settings->listen, "unix:") ||
	               text_starts(settings->listen, "local:");
	mode_t mask = umask((mode_t)(~settings->listen_mode & 0777));
	int opened = smfi_opensocket(true);

	umask(mask);
	if (opened != MI_SUCCESS) {
		error_set(err, "cannot listen on %s%s", settings->listen,
		          is_unix ? " (does the folder exist, and is no "
		                    "other avis-milter there?)"
		                  : " (is the port taken?)");
		return RESULT_BAD;
	}
	if (!is_unix)
		set_no_delay();
	return RESULT_OK;
}

enum result
mta_in_open(struct service *service, struct error *err)
{
	struct smfiDesc filter = {
		.xxfi_name = mta_loose("avis"),
		.xxfi_version = SMFI_VERSION,
		.xxfi_flags = ACTIONS_WANTED,
		.xxfi_connect = on_connect,
		.xxfi_envfrom = on_sender,
		.xxfi_envrcpt = on_recipient,
		.xxfi_header = on_header,
		.xxfi_eoh = on_headers_end,
		.xxfi_body = on_body,
		.xxfi_eom = on_end,
		.xxfi_abort = on_abort,
		.xxfi_close = on_close,
		.xxfi_data = on_data,
		.xxfi_negotiate = on_negotiate,
	};
	const struct settings *settings = service->first->settings;

	mta_service = service;
	(void)smfi_setmaxdatasize(PACKET_BYTES);
	if (smfi_setconn(mta_loose(settings->listen)) != MI_SUCCESS ||
	    smfi_register(filter) != MI_SUCCESS) {
		error_set(err, "listen = \"%s\": libmilter refuses it",
		          settings->listen);
		return RESULT_BAD;
	}
	return open_socket(settings, err);
}

bool
mta_in_serve(void)
{
	return smfi_main() == MI_SUCCESS;
}

void
mta_in_stop(void)
{
	_Atomic bool is_stopped = false;
	pthread_t waker;
	bool is_helped = pthread_create(&waker, NULL, wake_until_stopped,
	                                &is_stopped) == 0;

	(void)smfi_stop();
	is_stopped = true;
	if (is_helped)
		pthread_join(waker, NULL);
	mta_is_stopping = true;
}

unsigned long
mta_in_busy(void)
{
	return mta_busy;
}
