#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/access.h"
#include "cli/bundle.h"
#include "cli/commands.h"
#include "cli/open.h"
#include "cli/proof_json.h"
#include "cli/proof_pdf.h"
#include "cli/rebuild.h"
#include "cli/timeline.h"
#include "mail/address.h"
#include "record/archive.h"
#include "record/case_time.h"
#include "record/find.h"
#include "record/gaps.h"
#include "record/local.h"

#define LIST_LIMIT  20
#define ALL_LIMIT   1000
#define NAMED_LIMIT 100 /* messages named in the record of a question */
#define JSON_BYTES  ((size_t)256 * 1024 * 1024)
#define DAY_MS      ((time_ms_t)24 * 3600 * 1000)

static const char help[] =
	"usage: avis proof [OPTIONS] [WHAT]\n"
	"\n"
	"Shows what became of a message: what left, what came back, who says so.\n"
	"WHAT is a token in any of its forms, a <Message-ID>, an address or a\n"
	"queue id.\n"
	"\n"
	"      --token T        a token: from an address, a link, an ENVID\n"
	"      --message NAME   our name of the message, 26 letters\n"
	"      --message-id ID  its Message-ID\n"
	"      --queue-id Q     its queue id\n"
	"      --to ADDRESS     messages to this recipient\n"
	"      --from ADDRESS   messages of this sender\n"
	"      --since TIME     not before, as 2026-11-21 or with T10:00\n"
	"      --until TIME     not after\n"
	"      --purpose TEXT   what the answer is for; it is recorded\n"
	"      --case NUMBER    the case it belongs to; it is recorded\n"
	"      --bundle PATH    make an evidence bundle of one message: a\n"
	"                       folder, a .tar file, or - for a tar; with --to\n"
	"                       about that recipient alone\n"
	"      --with-others    name all recipients of the message in it\n"
	"      --all            show all that fit, not a list of them\n"
	"      --eml FILE       write the message as it left, if it was kept\n"
	"      --json           print one JSON object\n"
	"      --pdf FILE       write a certificate of one message\n"
	"      --lang en|fr     language of the text\n"
	"  -c, --conf FILE      settings, " AVIS_CONF " if not given\n"
	"  -h, --help           print this\n"
	"\n"
	"Asks Redis; what is not there is looked for in the archive and in the\n"
	"journals of this host. Exit codes: 0 found, 1 not found, 2 wrong use.\n";

enum {
	OPTION_TOKEN = 256,
	OPTION_MESSAGE,
	OPTION_MESSAGE_ID,
	OPTION_QUEUE_ID,
	OPTION_TO,
	OPTION_FROM,
	OPTION_SINCE,
	OPTION_UNTIL,
	OPTION_EML,
	OPTION_PURPOSE,
	OPTION_CASE,
	OPTION_BUNDLE,
	OPTION_WITH_OTHERS,
	OPTION_ALL,
	OPTION_JSON,
	OPTION_PDF,
	OPTION_LANG
};

struct proof {
	struct opened opened;
	const char *conf;
	const char *what;  /* to be guessed; "" */
	const char *token; /* "" */
	bool has_message;
	struct message_id message;
	struct find_query query;
	struct question question;
	const char *eml;    /* NULL */
	const char *bundle; /* where to; "" */
	bool names_others;  /* in the bundle */
	bool wants_all;
	bool wants_json;
	const char *pdf; /* where to; "" */
	enum language language;
	struct local local;
	bool is_local; /* the answer comes from archive and journals */
};

/* --- what is asked ---------------------------------------------------- */

static bool
set_time(const char *option, const char *value, time_ms_t *when_r)
{
	if (clock_parse(value, when_r))
		return true;
	fprintf(stderr,
	        "avis proof: %s %s: wants a time as 2026-11-21 or "
	        "2026-11-21T10:00\n",
	        option, value);
	return false;
}

static bool
set_until(struct proof *proof, const char *value)
{
	if (!set_time("--until", value, &proof->query.until))
		return false;
	/* A day without a time is meant whole. */
	if (strlen(value) == strlen("2026-11-21"))
		proof->query.until += DAY_MS - 1;
	return true;
}

static bool
set_message(struct proof *proof, const char *value)
{
	proof->has_message = message_id_parse(span_of(value), &proof->message);
	if (!proof->has_message)
		fprintf(stderr,
		        "avis proof: --message %s: wants 26 letters "
		        "and digits\n",
		        value);
	return proof->has_message;
}

static bool
set_language(struct proof *proof, const char *value)
{
	if (language_read(value, &proof->language))
		return true;
	fprintf(stderr, "avis proof: --lang %s: wants en or fr\n", value);
	return false;
}

static bool
set_option(struct proof *proof, int option, int *code_r)
{
	switch (option) {
	case 'c':
		proof->conf = optarg;
		return true;
	case OPTION_TOKEN:
		proof->token = optarg;
		return true;
	case OPTION_MESSAGE:
		return set_message(proof, optarg);
	case OPTION_MESSAGE_ID:
		proof->query.message_id = optarg;
		return true;
	case OPTION_QUEUE_ID:
		proof->query.queue_id = optarg;
		return true;
	case OPTION_TO:
		proof->query.to = optarg;
		return true;
	case OPTION_FROM:
		proof->query.from = optarg;
		return true;
	case OPTION_SINCE:
		return set_time("--since", optarg, &proof->query.since);
	case OPTION_UNTIL:
		return set_until(proof, optarg);
	case OPTION_EML:
		proof->eml = optarg;
		return true;
	case OPTION_PURPOSE:
		proof->question.purpose = optarg;
		return true;
	case OPTION_CASE:
		proof->question.number = optarg;
		return true;
	case OPTION_BUNDLE:
		proof->bundle = optarg;
		return true;
	case OPTION_WITH_OTHERS:
		proof->names_others = true;
		return true;
	case OPTION_ALL:
		proof->wants_all = true;
		return true;
	case OPTION_JSON:
		proof->wants_json = true;
		return true;
	case OPTION_PDF:
		proof->pdf = optarg;
		return true;
	case OPTION_LANG:
		return set_language(proof, optarg);
	case 'h':
		fputs(help, stdout);
		*code_r = EXIT_DONE;
		return false;
	default:
		fputs("`avis proof --help` says more.\n", stderr);
		return false;
	}
}

static bool
read_options(struct proof *proof, int argc, char **argv, int *code_r)
{
	static const struct option options[] = {
		{ "token", required_argument, NULL, OPTION_TOKEN },
		{ "message", required_argument, NULL, OPTION_MESSAGE },
		{ "message-id", required_argument, NULL, OPTION_MESSAGE_ID },
		{ "queue-id", required_argument, NULL, OPTION_QUEUE_ID },
		{ "to", required_argument, NULL, OPTION_TO },
		{ "from", required_argument, NULL, OPTION_FROM },
		{ "since", required_argument, NULL, OPTION_SINCE },
		{ "until", required_argument, NULL, OPTION_UNTIL },
		{ "eml", required_argument, NULL, OPTION_EML },
		{ "purpose", required_argument, NULL, OPTION_PURPOSE },
		{ "case", required_argument, NULL, OPTION_CASE },
		{ "bundle", required_argument, NULL, OPTION_BUNDLE },
		{ "with-others", no_argument, NULL, OPTION_WITH_OTHERS },
		{ "all", no_argument, NULL, OPTION_ALL },
		{ "json", no_argument, NULL, OPTION_JSON },
		{ "pdf", required_argument, NULL, OPTION_PDF },
		{ "lang", required_argument, NULL, OPTION_LANG },
		{ "conf", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	*code_r = EXIT_USAGE;
	while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1)
		if (!set_option(proof, option, code_r))
			return false;
	if (optind + 1 == argc)
		proof->what = argv[optind];
	if (optind + 1 < argc)
		fputs("avis proof: one question at a time.\n", stderr);
	return optind + 1 >= argc;
}

static bool
asks_something(const struct proof *proof)
{
	const struct find_query *query = &proof->query;

	if (proof->has_message || proof->token[0] != '\0' ||
	    query->message_id[0] != '\0' || query->queue_id[0] != '\0' ||
	    query->to[0] != '\0' || query->from[0] != '\0')
		return true;
	fputs("avis proof: of which message? A token, a <Message-ID>, an "
	      "address or a queue id.\n",
	      stderr);
	return false;
}

/* --- tokens ----------------------------------------------------------- */

/* All purposes: whoever has a link has the message's token. */
static bool
check_token(const struct keyring *keys, struct span text,
            struct message_id *id_r)
{
	static const char purposes[] = "ruapdckm";

	if (token_check_envid(keys, text, id_r))
		return true;
	for (size_t i = 0; purposes[i] != '\0'; i++) {
		enum token_purpose purpose = (enum token_purpose)purposes[i];

		if (token_check_address(keys, purpose, text, id_r) ||
		    token_check_url(keys, purpose, text, id_r))
			return true;
	}
	return false;
}

/* A name, a token, or one inside recu+TOKEN@ or unsubscribe+TOKEN@. */
static bool
read_token(const struct proof *proof, const char *text, struct message_id *id_r)
{
	const struct settings *settings = proof->opened.settings;
	const char *const bases[] = { settings->receipts,
		                      settings->unsubscribe };
	const struct keyring *keys = proof->opened.keys;
	struct span extension;

	if (message_id_parse(span_of(text), id_r) ||
	    check_token(keys, span_of(text), id_r))
		return true;
	for (size_t i = 0; i < 2; i++)
		if (address_extension(text, bases[i], settings->delimiter[0],
		                      &extension) &&
		    check_token(keys, extension, id_r))
			return true;
	return false;
}

/* What a bare word most likely is. */
static void
guess(struct proof *proof)
{
	const char *what = proof->what;

	if (what[0] == '\0')
		return;
	if (read_token(proof, what, &proof->message))
		proof->has_message = true;
	else if (what[0] == '<')
		proof->query.message_id = what;
	else if (strchr(what, '@') != NULL)
		proof->query.to = what;
	else
		proof->query.queue_id = what;
}

/* EXIT_DONE when the question is clear. */
static int
settle(struct proof *proof)
{
	guess(proof);
	if (!asks_something(proof))
		return EXIT_USAGE;
	if (proof->token[0] == '\0')
		return EXIT_DONE;
	proof->has_message = read_token(proof, proof->token, &proof->message);
	if (!proof->has_message)
		opened_say(&proof->opened,
		           "%s is no token made with the keys in %s",
		           proof->token, proof->opened.settings->keys);
	return proof->has_message ? EXIT_DONE : EXIT_PROBLEM;
}

/* --- looking for it --------------------------------------------------- */

static enum result
find_ids(struct proof *proof, struct message_id_list *ids, struct error *err)
{
	struct arena *arena = proof->opened.arena;

	if (proof->has_message) {
		*ids = (struct message_id_list){ &proof->message, 1, 1 };
		return RESULT_OK;
	}
	if (proof->is_local)
		return local_messages(&proof->local, &proof->query, ids, err);
	return find_messages(arena, proof->opened.store, &proof->query, ids,
	                     err);
}

static enum result
find_one(struct proof *proof, struct message_id id, struct event_list *events,
         struct error *err)
{
	if (proof->is_local)
		return local_events(&proof->local, id, events, err);

	struct arena *arena = proof->opened.arena;
	struct store *store = proof->opened.store;
	enum result result = find_events(arena, store, id, events, err);

	return result == RESULT_OK ? gaps_find(arena, store, events, err)
	                           : result;
}

struct cases {
	struct event_list *items;
	size_t count;
};

static enum result
find_cases(struct proof *proof, struct cases *cases, struct error *err)
{
	struct message_id_list ids = { NULL, 0, 0 };
	enum result result = find_ids(proof, &ids, err);

	if (result != RESULT_OK)
		return result;
	cases->count = 0;
	cases->items = arena_array(proof->opened.arena, ids.count,
	                           sizeof(*cases->items));
	for (size_t i = 0; i < ids.count; i++) {
		result = find_one(proof, ids.items[i],
		                  &cases->items[cases->count], err);
		if (result == RESULT_OK)
			cases->count++;
		else if (result != RESULT_NONE)
			return result;
	}
	return cases->count > 0 ? RESULT_OK : RESULT_NONE;
}

static enum read_from
read_from(const struct proof *proof)
{
	if (!proof->is_local)
		return READ_STORE;
	return proof->local.is_archived ? READ_ARCHIVE : READ_JOURNAL;
}

static void
open_local(struct proof *proof)
{
	if (proof->local.arena != NULL)
		return;
	proof->local = (struct local){
		.arena = proof->opened.arena,
		.folder = proof->opened.settings->journal,
		.archive = open_archive(&proof->opened),
	};
}

/* Of old mail Redis may know only what came lately. */
static bool
is_whole(const struct cases *cases)
{
	for (size_t i = 0; i < cases->count; i++)
		if (case_first(&cases->items[i]) == NULL)
			return false;
	return true;
}

/* Redis first; then the archive and what stands in the journals here. */
static enum result
find_anywhere(struct proof *proof, struct cases *cases, struct error *err)
{
	enum result result = find_cases(proof, cases, err);
	struct cases partial = { NULL, 0 };

	if (result == RESULT_OK && is_whole(cases))
		return result;
	if (result == RESULT_OK)
		partial = *cases;
	proof->is_local = true;
	open_local(proof);
	if (result != RESULT_NONE && result != RESULT_OK)
		opened_say(&proof->opened, "%s; reading %s", err->text,
		           proof->local.archive != NULL
		                   ? "the archive and the journals of this host"
		                   : "the journals of this host");
	enum result first = result;
	result = find_cases(proof, cases, err);
	if (result != RESULT_OK && first == RESULT_OK) {
		*cases = partial;
		proof->is_local = false;
		return RESULT_OK;
	}
	if (result == RESULT_OK && first == RESULT_NONE)
		opened_say(&proof->opened, "not in Redis (yet); read from %s",
		           proof->local.is_archived
		                   ? "the archive"
		                   : "the journals of this host");
	if (proof->local.is_damaged)
		opened_say(&proof->opened,
		           "some entries could not be read; `avis journal "
		           "verify` names them");
	return result;
}

/* --- the answer ------------------------------------------------------- */

static void
print_json(const struct proof *proof, const struct cases *cases)
{
	struct buf out;
	struct jwrite json;

	buf_init(&out, JSON_BYTES);
	jwrite_init(&json, &out, false);
	json.is_pretty = true;
	jwrite_object(&json, NULL);
	jwrite_array(&json, "messages");
	for (size_t i = 0; i < cases->count; i++)
		proof_json_message(
			&json, case_make(proof->opened.arena, &cases->items[i],
		                         read_from(proof), proof->language));
	jwrite_end(&json);
	jwrite_end(&json);
	fwrite(out.data, 1, out.len, stdout);
	fputc('\n', stdout);
	buf_done(&out);
}

static const struct event *
head_of(const struct event_list *events)
{
	const struct event *first = case_first(events);

	return first != NULL ? first : &events->items[0];
}

/* Of the column of classes. */
static int
class_width(const struct cases *cases)
{
	size_t widest = 0;

	for (size_t i = 0; i < cases->count; i++) {
		size_t len = strlen(head_of(&cases->items[i])->class_name);

		if (len > widest)
			widest = len;
	}
	return widest < 64 ? (int)widest : 64;
}

static void
print_line(const struct proof *proof, const struct event_list *events,
           int width)
{
	struct arena *arena = proof->opened.arena;
	const struct event *first = head_of(events);
	char name[MESSAGE_NAME_SIZE];

	message_id_name(events->items[0].message, name);
	const char *from = event_fact(first, "from");
	if (from[0] == '\0')
		from = event_fact(first, "sender");
	printf("%s  %s  %-*s  %s -> %s%s\n", name,
	       case_time(arena, proof->language, first->time,
	                 case_zone_at(first->time)),
	       width, first->class_name, case_safe(arena, from),
	       first->recipient_count > 0
	               ? case_safe(arena, first->recipients[0].address)
	               : "",
	       first->recipient_count > 1 ? ", ..." : "");
}

static void
print_text(const struct proof *proof, const struct cases *cases)
{
	if (cases->count > 1 && !proof->wants_all) {
		int width = class_width(cases);

		for (size_t i = 0; i < cases->count; i++)
			print_line(proof, &cases->items[i], width);
		printf("\n%s%zu messages, the newest first. One of them: avis "
		       "proof NAME; all: --all.\n",
		       cases->count >= LIST_LIMIT ? "the last " : "",
		       cases->count);
		return;
	}
	for (size_t i = 0; i < cases->count; i++) {
		if (i > 0)
			fputs("\n----\n\n", stdout);
		timeline_print(proof->opened.arena,
		               case_make(proof->opened.arena, &cases->items[i],
		                         read_from(proof), proof->language),
		               stdout);
	}
}

/* A certificate is of one message. */
static int
write_pdf(const struct proof *proof, const struct cases *cases)
{
	if (cases->count > 1) {
		print_text(proof, cases);
		opened_say(&proof->opened, "--pdf is for one of them");
		return EXIT_PROBLEM;
	}
	return proof_pdf(&proof->opened,
	                 case_make(proof->opened.arena, &cases->items[0],
	                           read_from(proof), proof->language),
	                 proof->query.to, proof->pdf)
	               ? EXIT_DONE
	               : EXIT_PROBLEM;
}

static int
say_not_found(const struct proof *proof, enum result result,
              const struct error *err)
{
	const struct cases none = { NULL, 0 };

	if (proof->wants_json)
		print_json(proof, &none);
	if (result == RESULT_NONE)
		opened_say(&proof->opened,
		           "nothing in the record fits: it was not sent "
		           "through avis, or its time is over. Addresses, "
		           "Message-IDs and queue ids must be whole");
	else
		opened_say(&proof->opened, "%s", err->text);
	return EXIT_PROBLEM;
}

/* What opens the content stands in the journals alone, not in Redis. */
static bool
rebuild(struct proof *proof, const struct cases *cases)
{
	const struct opened *opened = &proof->opened;
	struct event_list events;
	struct error err;

	if (cases->count != 1) {
		opened_say(opened,
		           "--eml: %zu messages fit; one at a time, by its "
		           "name or token",
		           cases->count);
		return false;
	}
	open_local(proof);
	if (local_events(&proof->local, cases->items[0].items[0].message,
	                 &events, &err) == RESULT_OK)
		return rebuild_message(opened, &events, proof->eml);
	opened_say(opened,
	           "--eml: %s; the journals of the host that sent it have its "
	           "content",
	           err.text);
	return false;
}

static const char *
names_of(struct arena *arena, const struct cases *cases)
{
	const char *names = "";

	for (size_t i = 0; i < cases->count && i < NAMED_LIMIT; i++) {
		char name[MESSAGE_NAME_SIZE];

		message_id_name(cases->items[i].items[0].message, name);
		names = arena_printf(arena, "%s%s%s", names, i > 0 ? " " : "",
		                     name);
	}
	return names;
}

/* 0: --to is none of its recipients. */
static unsigned
recipient_asked(const struct proof *proof, const struct event_list *events)
{
	const struct event *first = case_first(events);

	return first != NULL ? event_recipient_number(first, proof->query.to)
	                     : 0;
}

/* Entries are read from the journals or the archive, whoever knew of them. */
static int
make_bundle(struct proof *proof, const struct cases *cases)
{
	if (cases->count != 1) {
		opened_say(&proof->opened,
		           "%zu messages fit, and a bundle is of one: give "
		           "its name",
		           cases->count);
		return EXIT_USAGE;
	}
	if (proof->local.archive == NULL)
		proof->local.archive = open_archive(&proof->opened);

	const struct event_list *events = &cases->items[0];
	const struct bundle_request request = {
		.settings = proof->opened.settings,
		.archive = proof->local.archive,
		.events = events,
		.case_number = proof->question.number,
		.recipient = proof->query.to[0] != '\0'
		                     ? recipient_asked(proof, events)
		                     : 0,
		.names_others = proof->names_others,
	};

	if (request.recipient == 0 && !proof->names_others &&
	    bundle_recipients(events) > 1) {
		opened_say(
			&proof->opened,
			"it went to %zu people in one copy: --to ADDRESS "
			"makes a bundle about one of them, without what names "
			"the others; --with-others names all",
			bundle_recipients(events));
		return EXIT_USAGE;
	}
	return bundle_answer(&proof->opened, &request, proof->bundle);
}

static int
answer(struct proof *proof)
{
	struct opened *opened = &proof->opened;
	struct cases cases = { NULL, 0 };
	struct error err = { "" };

	if (!open_settings(opened, proof->conf) || !open_keys(opened) ||
	    !open_store(opened))
		return EXIT_PROBLEM;

	int code = settle(proof);

	if (code != EXIT_DONE)
		return code;
	proof->query.limit =
		proof->wants_all || proof->wants_json ? ALL_LIMIT : LIST_LIMIT;
	if (!access_may_ask(opened, &proof->question))
		return EXIT_PROBLEM;
	enum result result = find_anywhere(proof, &cases, &err);
	if (!access_record(opened, &proof->question,
	                   names_of(opened->arena, &cases), cases.count))
		return EXIT_PROBLEM;
	if (result != RESULT_OK)
		return say_not_found(proof, result, &err);
	if (proof->eml != NULL)
		return rebuild(proof, &cases) ? EXIT_DONE : EXIT_PROBLEM;
	if (proof->pdf[0] != '\0')
		return write_pdf(proof, &cases);
	if (proof->bundle[0] != '\0')
		return make_bundle(proof, &cases);
	if (proof->wants_json)
		print_json(proof, &cases);
	else
		print_text(proof, &cases);
	return EXIT_DONE;
}

/* As it was typed, for the record of it. */
static const char *
question_of(struct arena *arena, int argc, char **argv)
{
	const char *words = "";

	for (int i = 1; i < argc; i++)
		words = arena_printf(arena, "%s%s%s", words, i > 1 ? " " : "",
		                     argv[i]);
	return words;
}

int
proof_command(int argc, char **argv)
{
	struct proof proof = {
		.conf = AVIS_CONF,
		.what = "",
		.token = "",
		.pdf = "",
		.bundle = "",
		.query = { .message_id = "",
		           .queue_id = "",
		           .to = "",
		           .from = "" },
	};
	int code;

	opened_init(&proof.opened, "avis proof");
	proof.question =
		(struct question){ question_of(proof.opened.arena, argc, argv),
		                   "", "" };
	if (read_options(&proof, argc, argv, &code))
		code = answer(&proof);
	archive_close(&proof.local.archive);
	opened_done(&proof.opened);
	return code;
}
