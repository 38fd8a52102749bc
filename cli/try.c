#include "cli/try.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/jwrite.h"
#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/open.h"
#include "flow/facts_of.h"
#include "flow/readers.h"
#include "mail/address.h"
#include "mail/attach.h"
#include "mail/report.h"
#include "policy/ruleset.h"

#define MESSAGE_BYTES ((size_t)64 * 1024 * 1024)
#define HEADER_LIMIT  100000
#define ADDRESS_LIMIT 10000

static const char help[] =
	"usage: avis try [OPTIONS] FILE\n"
	"\n"
	"Runs one message file through the policy as the milter would and shows\n"
	"the class, the reasons and what changes in the header. Needs no Redis\n"
	"and no MTA; records nothing. \"-\" is standard input.\n"
	"\n"
	"  -f, --from ADDRESS    envelope sender, <> for none; else the one\n"
	"                        in From\n"
	"  -t, --to ADDRESS      recipient, may be given often; else To and Cc\n"
	"      --client ADDRESS  IP address the message comes from; else this\n"
	"                        host's sendmail(1)\n"
	"      --auth NAME       SASL name the client logged in with\n"
	"      --now TIME        the time it is, as 2026-11-21T10:00:00Z\n"
	"      --store WORD      as-is: ask the store what recipients have said;\n"
	"                        off: as if it were away; else all have consented\n"
	"                        and nobody has refused anything\n"
	"      --message         print the message as it would leave\n"
	"      --json            print all of it as one JSON object\n"
	"  -c, --conf FILE       settings, " AVIS_CONF " if not given\n"
	"  -h, --help            print this\n"
	"\n"
	"Exit codes: 0 it would go out, 1 it would be refused, 2 wrong use.\n";

enum {
	OPTION_CLIENT = 256,
	OPTION_AUTH,
	OPTION_NOW,
	OPTION_STORE,
	OPTION_MESSAGE,
	OPTION_JSON
};

static bool
set_now(struct try *try, const char *value)
{
	if (clock_parse(value, &try->now))
		return true;
	fprintf(stderr,
	        "avis try: --now %s: wants a time as 2026-11-21T10:00:00Z\n",
	        value);
	return false;
}

static bool
set_store(struct try *try, const char *word)
{
	if (strcmp(word, "as-is") == 0)
		try->asks = TRY_AS_IS;
	else if (strcmp(word, "off") == 0)
		try->asks = TRY_OFF;
	else
		fprintf(stderr, "avis try: --store %s: wants as-is or off\n",
		        word);
	return try->asks != TRY_WILLING;
}

static void
add_recipient(struct try *try, const char *address)
{
	const char *const no_args[] = { NULL };

	message_add_recipient(&try->message,
	                      arena_printf(try->arena, "<%s>", address),
	                      no_args);
}

/* False when it ends here: --help, or wrong use. */
static bool
set_option(struct try *try, int option, int *code_r)
{
	switch (option) {
	case 'f':
		try->from = optarg;
		return true;
	case 't':
		add_recipient(try, optarg);
		return true;
	case OPTION_CLIENT:
		try->message.client_address = optarg;
		try->message.is_local_submission = false;
		return true;
	case OPTION_AUTH:
		try->message.auth_user = optarg;
		return true;
	case OPTION_NOW:
		return set_now(try, optarg);
	case OPTION_STORE:
		return set_store(try, optarg);
	case OPTION_MESSAGE:
		try->wants_message = true;
		return true;
	case OPTION_JSON:
		try->wants_json = true;
		return true;
	case 'c':
		try->conf = optarg;
		return true;
	case 'h':
		fputs(help, stdout);
		*code_r = EXIT_DONE;
		return false;
	default:
		fputs("`avis try --help` says more.\n", stderr);
		return false;
	}
}

static bool
read_options(struct try *try, int argc, char **argv, int *code_r)
{
	static const struct option options[] = {
		{ "from", required_argument, NULL, 'f' },
		{ "to", required_argument, NULL, 't' },
		{ "client", required_argument, NULL, OPTION_CLIENT },
		{ "auth", required_argument, NULL, OPTION_AUTH },
		{ "now", required_argument, NULL, OPTION_NOW },
		{ "store", required_argument, NULL, OPTION_STORE },
		{ "message", no_argument, NULL, OPTION_MESSAGE },
		{ "json", no_argument, NULL, OPTION_JSON },
		{ "conf", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	*code_r = EXIT_USAGE;
	while ((option = getopt_long(argc, argv, "f:t:c:h", options, NULL)) !=
	       -1)
		if (!set_option(try, option, code_r))
			return false;
	if (optind + 1 == argc) {
		try->file = argv[optind];
		return true;
	}
	fputs(optind == argc ? "avis try: which message? Name a file, or - for "
	                       "standard input.\n"
	                     : "avis try: one message at a time.\n",
	      stderr);
	return false;
}

static void
recipients_from(struct try *try, const char *name)
{
	struct mailbox_list list;

	mailbox_read(try->arena,
	             header_text(try->arena, &try->message.headers, name),
	             ADDRESS_LIMIT, &list);
	for (size_t i = 0; i < list.count; i++)
		if (list.items[i].address[0] != '\0')
			add_recipient(try, list.items[i].address);
}

/* What --from and --to did not say stands in the message. */
static void
complete_envelope(struct try *try)
{
	struct message *message = &try->message;
	struct mailbox_list list;

	if (message->recipient_count == 0) {
		recipients_from(try, "To");
		recipients_from(try, "Cc");
	}
	if (try->from[0] == '\0') {
		mailbox_read(try->arena,
		             header_text(try->arena, &message->headers, "From"),
		             1, &list);
		try->from = list.count > 0 ? list.items[0].address : "";
	}
	message->sender_path =
		try->from[0] == '<'
			? try->from
			: arena_printf(try->arena, "<%s>", try->from);
	message->sender = address_from_path(try->arena, message->sender_path);
}

/* A file's lines may end in LF alone; a mail's do not. */
static struct span
with_crlf(struct arena *arena, struct span text)
{
	char *out = arena_alloc(arena, text.len * 2 + 1);
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] == '\n' && (i == 0 || text.at[i - 1] != '\r'))
			out[len++] = '\r';
		out[len++] = text.at[i];
	}
	return span_make(out, len);
}

/* As the milter sees it: the parts, and what readers see in them. */
static void
read_parts(struct try *try, const struct outline_head *head)
{
	struct attach *attach = attach_new(head->type_value, head->disposition);

	try->outline = outline_new(head);
	try->crlf = with_crlf(try->arena, try->body);
	try->source = body_source_of(&try->crlf);

	attach_add(attach, try->body.at, try->body.len);
	try->message.has_attachment = attach_is_found(attach);
	attach_free(&attach);
	outline_add(try->outline, try->crlf.at, try->crlf.len);
	try->parts = outline_end(try->outline);
	readers_look(&try->message, try->parts, &try->source);
}

static bool
read_message(struct try *try, struct error *err)
{
	struct message *message = &try->message;
	struct outline_head head;
	size_t used;

	if (file_read(try->arena, try->file, MESSAGE_BYTES, &try->bytes, err) !=
	    RESULT_OK)
		return false;
	header_read(try->arena, try->bytes, HEADER_LIMIT, &message->headers,
	            &used);
	try->body = span_skip(try->bytes, used);
	message->size_bytes = (int64_t)try->bytes.len;
	head = (struct outline_head){
		header_text(try->arena, &message->headers, "Content-Type"),
		header_text(try->arena, &message->headers,
		            "Content-Transfer-Encoding"),
		header_text(try->arena, &message->headers,
		            "Content-Disposition"),
	};
	read_parts(try, &head);
	complete_envelope(try);
	return true;
}

static bool
read_settings(struct try *try, struct error *err)
{
	struct ruleset read;
	enum result result = ruleset_read(try->arena, try->conf, &read, err);

	for (size_t i = 0; i < read.findings.count; i++)
		if (!read.findings.items[i].is_warning)
			fprintf(stderr, "%s\n",
			        finding_text(try->arena,
			                     &read.findings.items[i]));
	try->settings = read.settings;
	try->rules = read.rules;
	/* Tokens are only shown: any key will do. */
	try->keys = keyring_passing();
	return result == RESULT_OK;
}

/* Caps are not looked at: that would count the message. */
static void
ask_as_is(struct try *try, const struct class_settings *class)
{
	struct opened opened = { .command = "avis try",
		                 .arena = try->arena,
		                 .settings = try->settings };

	try->facts.store = STORE_AWAY;
	if (open_keys(&opened) && open_store(&opened))
		ask_people(try->arena, opened.store, class, "", &try->facts);
	/* The arena is ours. */
	store_close(&opened.store);
	keyring_free(&opened.keys);
}

static void
know_people(struct try *try)
{
	const struct class_settings *class;
	const char *reason;

	for (size_t i = 0; i < try->facts.recipient_count; i++) {
		try->facts.recipients[i].has_consent = true;
		try->facts.recipients[i].may_receive = true;
	}
	if (try->asks == TRY_OFF)
		try->facts.store = STORE_AWAY;
	if (try->asks != TRY_AS_IS)
		return;
	class = rules_classify(try->arena, try->rules, &try->facts, &reason);
	if (class != NULL && class_asks_store(class))
		ask_as_is(try, class);
}

static void
run(struct try *try)
{
	struct facts *facts = &try->facts;
	struct plan_input input = {
		.settings = try->settings,
		.keys = try->keys,
		.message = &try->message,
		.facts = facts,
		.decision = &try->decision,
		.id = message_id_new(),
		.domain = try->settings->host,
		.blocks = rules_blocks(try->rules),
		.outline = try->parts,
		.source = &try->source,
	};

	*facts = (struct facts){ .now = try->now,
		                 .store = STORE_ANSWERED,
		                 .from = "",
		                 .web_is_healthy = true };
	facts_of(&try->message, try->keys, facts);
	/* As INSTALL sets Postfix up; `avis doctor` looks whether it is so. */
	facts->mta_flags_success = true;
	know_people(try);
	if (facts->from[0] != '\0')
		input.domain = address_domain(facts->from).at;
	decide(try->arena, try->rules, facts, &try->decision);
	if (verdict_lets_go(try->decision.verdict)) {
		plan_make(&input, &try->plan);
		plan_explain(try->arena, &try->plan, &try->decision);
	} else
		plan_strip(&input, &try->plan);
	apply_headers(&try->message, &try->plan.edits, &try->applied);
}

static int
show(const struct try *try)
{
	bool goes_out = verdict_lets_go(try->decision.verdict) ||
	                try->decision.verdict == VERDICT_UNTOUCHED;

	if (try->wants_json)
		try_show_json(try);
	else if (try->wants_message && goes_out)
		try_show_message(try);
	else
		try_show_text(try);
	return goes_out ? EXIT_DONE : EXIT_PROBLEM;
}

static int
run_and_show(struct try *try, int argc, char **argv)
{
	struct error err;
	int code;

	if (!read_options(try, argc, argv, &code))
		return code;
	if (!read_settings(try, &err) || !read_message(try, &err)) {
		fprintf(stderr, "avis try: %s\n", err.text);
		return EXIT_PROBLEM;
	}
	if (try->message.recipient_count == 0) {
		fputs("avis try: nobody to send it to: the message has no To "
		      "or Cc; say --to ADDRESS\n",
		      stderr);
		return EXIT_USAGE;
	}
	run(try);
	return show(try);
}

int
try_command(int argc, char **argv)
{
	struct try try = {
		.arena = arena_new(),
		.conf = AVIS_CONF,
		.from = "",
		.now = clock_now(),
		.message = {
			.mta = { .version = "",
			         .is_postfix = true,
			         .can_set_sender = true,
			         .can_set_notify = true,
			         .can_hold = true },
			.client_address = "",
			.client_name = "",
			.auth_user = "",
			.is_local_submission = true,
			.queue_id = "",
			.mail = { .ret = "", .envid = "", .body = "" },
			.link_missing_in = "",
		},
	};
	int code;

	try.message.arena = try.arena;
	report_setup();
	code = run_and_show(&try, argc, argv);
	outline_free(&try.outline);
	rules_free(&try.rules);
	keyring_free(&try.keys);
	arena_free(&try.arena);
	return code;
}
