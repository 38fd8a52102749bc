#include "cli/bundle.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/commands.h"
#include "record/seal.h"

#define WAIT_S  30
#define STEP_MS 200

struct waiting {
	const struct opened *opened;
	const struct bundle_request *request;
	int64_t until_us;
	bool has_asked;
	const char *left_out;
};

static void
complain(const char *text)
{
	fprintf(stderr, "avis proof: %s\n", text);
}

static bool
has_key(const struct settings *settings)
{
	const char *key = settings->seal.key;

	return key[0] == '/' && access(key, R_OK) == 0;
}

/* A pass of our own, in the place of the sealing process. */
static enum result
run_pass(const struct waiting *waiting, struct error *err)
{
	const struct settings *settings = waiting->opened->settings;
	struct arena *arena = arena_new();
	struct seal_report report;
	struct sealer *sealer;
	enum result result = sealer_open(arena, settings, &sealer, err);

	if (result == RESULT_OK) {
		sealer_run(sealer, false, complain, &report);
		sealer_close(&sealer);
	}
	arena_free(&arena);
	return result;
}

/* After somebody was asked: OK: look again. RETRY: it took too long. */
static enum result
wait_a_little(struct waiting *waiting, struct error *err)
{
	const struct timespec step = { .tv_nsec = STEP_MS * 1000000L };
	bool is_ours = has_key(waiting->opened->settings);

	if (is_ours && waiting->has_asked)
		return RESULT_RETRY;
	if (!is_ours && clock_steady_us() > waiting->until_us)
		return RESULT_RETRY;
	waiting->has_asked = true;
	if (is_ours)
		return run_pass(waiting, err);
	nanosleep(&step, NULL);
	return RESULT_OK;
}

static enum result
make(struct waiting *waiting, struct fileset *set, struct error *err)
{
	const struct settings *settings = waiting->opened->settings;
	enum result result;

	while ((result = bundle_make(waiting->opened->arena, waiting->request,
	                             set, &waiting->left_out, err)) ==
	       RESULT_RETRY) {
		struct error why = *err;

		if (!waiting->has_asked && !has_key(settings) &&
		    bundle_ask_seal(settings, err) != RESULT_OK)
			return RESULT_BAD;
		if (wait_a_little(waiting, err) != RESULT_OK) {
			*err = why;
			error_prefix(err, "the sealing process does not "
			                  "answer");
			return RESULT_RETRY;
		}
	}
	waiting->has_asked = false;
	return result;
}

static enum result
sign(struct waiting *waiting, struct fileset *set, struct error *err)
{
	const struct opened *opened = waiting->opened;
	enum result result;

	while ((result = bundle_finish(opened->arena, opened->settings, set,
	                               err)) != RESULT_OK) {
		if (result == RESULT_BAD)
			return result;
		if (!waiting->has_asked && result == RESULT_NONE &&
		    bundle_ask(opened->arena, opened->settings, set, err) !=
		            RESULT_OK)
			return RESULT_BAD;
		if (wait_a_little(waiting, err) == RESULT_OK)
			continue;
		error_set(err, "%s; the same command later gives the bundle",
		          result == RESULT_NONE
		                  ? "the sealing process has not signed it yet"
		                  : "it is signed, its time stamp is pending");
		return RESULT_RETRY;
	}
	return RESULT_OK;
}

int
bundle_answer(const struct opened *opened, const struct bundle_request *request,
              const char *path)
{
	struct waiting waiting = { opened, request,
		                   clock_steady_us() + WAIT_S * 1000000LL,
		                   false, "" };
	struct fileset set;
	struct error err;
	enum result result = RESULT_BAD;

	if (opened->settings->seal.certificate[0] == '\0')
		error_set(&err, "nothing is sealed here: avis-seal(8)");
	else
		result = make(&waiting, &set, &err);
	if (result == RESULT_OK)
		result = sign(&waiting, &set, &err);
	if (result == RESULT_OK)
		result = fileset_write(&set, path,
		                       bundle_name(opened->arena, &set), &err);
	if (result != RESULT_OK) {
		opened_say(opened, "%s", err.text);
		return EXIT_PROBLEM;
	}
	if (waiting.left_out[0] != '\0')
		opened_say(opened, "the message itself is not in it: %s",
		           waiting.left_out);
	if (strcmp(path, "-") != 0)
		printf("%s: %s, %zu files; `avis verify %s` or `sh verify.sh` "
		       "in it checks it\n",
		       path, bundle_name(opened->arena, &set), set.count, path);
	return EXIT_DONE;
}
