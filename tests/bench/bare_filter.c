/*
 * The filter that avis is measured beside: libmilter with the same steps and
 * nothing behind them. With --edits it also sends what avis sends for a
 * message with receipts: the sender and a recipient anew, and headers.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <libmilter/mfapi.h>

/* As avis negotiates (milter/mta_in.c); --chatty answers every step. */
#define STEPS_LEFT_OUT (SMFIP_NOHELO | SMFIP_NOUNKNOWN)
#define STEPS_QUIET                                                            \
	(SMFIP_NR_CONN | SMFIP_NR_MAIL | SMFIP_NR_RCPT | SMFIP_NR_HDR |        \
	 SMFIP_NR_EOH)
#define ADDRESS_SIZE 512

struct message {
	char recipient[ADDRESS_SIZE];
	unsigned long header_bytes;
	unsigned long body_bytes;
	unsigned char sum;
};

/* Set once, before libmilter starts a thread. */
static int edits = -1;
static unsigned long quiet_steps = STEPS_QUIET;

static struct message *
message_of(SMFICTX *ctx)
{
	return smfi_getpriv(ctx);
}

static void
forget(SMFICTX *ctx)
{
	free(message_of(ctx));
	smfi_setpriv(ctx, NULL);
}

/* NOLINTBEGIN(readability-function-size): libmilter's parameters. */
static sfsistat
on_negotiate(SMFICTX *ctx, unsigned long f0, unsigned long f1, unsigned long f2,
             unsigned long f3, unsigned long *pf0, unsigned long *pf1,
             unsigned long *pf2, unsigned long *pf3)
{
	(void)ctx;
	(void)f0;
	(void)f2;
	(void)f3;
	*pf0 = SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_CHGFROM | SMFIF_ADDRCPT |
	       SMFIF_ADDRCPT_PAR | SMFIF_DELRCPT;
	*pf1 = f1 & (STEPS_LEFT_OUT | quiet_steps | SMFIP_HDR_LEADSPC);
	*pf2 = 0;
	*pf3 = 0;
	return SMFIS_CONTINUE;
}
/* NOLINTEND(readability-function-size) */

static sfsistat
answer(unsigned long step)
{
	return (quiet_steps & step) != 0 ? SMFIS_NOREPLY : SMFIS_CONTINUE;
}

static sfsistat
on_connect(SMFICTX *ctx, char *name, _SOCK_ADDR *address)
{
	(void)ctx;
	(void)name;
	(void)address;
	return answer(SMFIP_NR_CONN);
}

static sfsistat
on_mail(SMFICTX *ctx, char **argv)
{
	(void)argv;
	forget(ctx);
	smfi_setpriv(ctx, calloc(1, sizeof(struct message)));
	return answer(SMFIP_NR_MAIL);
}

static sfsistat
on_rcpt(SMFICTX *ctx, char **argv)
{
	struct message *message = message_of(ctx);

	if (message != NULL)
		snprintf(message->recipient, ADDRESS_SIZE, "%s", argv[0]);
	return answer(SMFIP_NR_RCPT);
}

static sfsistat
on_data(SMFICTX *ctx)
{
	(void)ctx;
	return SMFIS_CONTINUE;
}

static sfsistat
on_header(SMFICTX *ctx, char *name, char *value)
{
	struct message *message = message_of(ctx);

	if (message != NULL)
		message->header_bytes += strlen(name) + strlen(value);
	return answer(SMFIP_NR_HDR);
}

static sfsistat
on_eoh(SMFICTX *ctx)
{
	(void)ctx;
	return answer(SMFIP_NR_EOH);
}

static sfsistat
on_body(SMFICTX *ctx, unsigned char *at, size_t len)
{
	struct message *message = message_of(ctx);

	if (message == NULL)
		return SMFIS_CONTINUE;
	message->body_bytes += len;
	for (size_t i = 0; i < len; i++)
		message->sum ^= at[i];
	return SMFIS_CONTINUE;
}

static bool
edit(SMFICTX *ctx, struct message *message)
{
	static char sender[] =
		"<recu+aeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqcaib@example.fr>";
	static char sender_args[] =
		"RET=HDRS ENVID=r1.AAECAwQFBgcICQoLDA0ODw.jIswdHq_KkI";
	static char rcpt_args[] = "NOTIFY=SUCCESS,FAILURE,DELAY";
	static char name[] = "Avis-Bare";
	static char value[] = " v=1; a header as long as ours mostly are";

	if (smfi_chgfrom(ctx, sender, sender_args) != MI_SUCCESS ||
	    smfi_delrcpt(ctx, message->recipient) != MI_SUCCESS ||
	    smfi_addrcpt_par(ctx, message->recipient, rcpt_args) != MI_SUCCESS)
		return false;
	for (int i = 0; i < edits; i++)
		if (smfi_addheader(ctx, name, value) != MI_SUCCESS)
			return false;
	return true;
}

static sfsistat
on_eom(SMFICTX *ctx)
{
	struct message *message = message_of(ctx);
	bool is_done = true;

	if (message != NULL && edits >= 0)
		is_done = edit(ctx, message);
	forget(ctx);
	return is_done ? SMFIS_CONTINUE : SMFIS_TEMPFAIL;
}

static sfsistat
on_abort(SMFICTX *ctx)
{
	forget(ctx);
	return SMFIS_CONTINUE;
}

static sfsistat
on_close(SMFICTX *ctx)
{
	forget(ctx);
	return SMFIS_CONTINUE;
}

/*
 * libmilter writes each edit by itself; with Nagle's algorithm on, every one
 * of them waits for an acknowledgement. What listens hands the option down.
 */
static void
set_no_delay(void)
{
	const int yes = 1;

	for (int fd = 3; fd < 64; fd++) {
		int is_listening = 0;
		socklen_t len = sizeof(is_listening);

		if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening,
		               &len) == 0 &&
		    is_listening)
			(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes,
			                 sizeof(yes));
	}
}

static int
usage(void)
{
	fputs("usage: bare_filter [--edits HEADERS] [--chatty] [--nagle]"
	      " SOCKET\n",
	      stderr);
	return 2;
}

static char own_name[] = "bare";
static struct smfiDesc description = {
	.xxfi_name = own_name,
	.xxfi_version = SMFI_VERSION,
	.xxfi_connect = on_connect,
	.xxfi_envfrom = on_mail,
	.xxfi_envrcpt = on_rcpt,
	.xxfi_data = on_data,
	.xxfi_header = on_header,
	.xxfi_eoh = on_eoh,
	.xxfi_body = on_body,
	.xxfi_eom = on_eom,
	.xxfi_abort = on_abort,
	.xxfi_close = on_close,
	.xxfi_negotiate = on_negotiate,
};

int
main(int argc, char **argv)
{
	bool has_nagle = false;
	int i = 1;

	for (; i < argc && argv[i][0] == '-'; i++) {
		if (strcmp(argv[i], "--edits") == 0 && i + 1 < argc)
			edits = (int)strtol(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "--chatty") == 0)
			quiet_steps = 0;
		else if (strcmp(argv[i], "--nagle") == 0)
			has_nagle = true;
		else
			return usage();
	}
	if (i + 1 != argc)
		return usage();
	description.xxfi_flags = 0;
	if (smfi_register(description) != MI_SUCCESS ||
	    smfi_setconn(argv[i]) != MI_SUCCESS ||
	    smfi_opensocket(true) != MI_SUCCESS) {
		fprintf(stderr, "bare_filter: cannot listen on %s\n", argv[i]);
		return 1;
	}
	if (!has_nagle)
		set_no_delay();
	return smfi_main() == MI_SUCCESS ? 0 : 1;
}
