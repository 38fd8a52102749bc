#include "base/file.h"
#include "record/sealer.h"

#define ANSWER_LIMIT ((size_t)128 * 1024)
#define TIMEOUT_MS   20000
/* An authority's clock and ours; TSA-1 wants genTime to be near. */
#define TOLERANCE_MS ((int64_t)10 * 60 * 1000)

static enum result
ask(struct sealer *sealer, struct arena *arena, const struct cms_query *query,
    struct span *response_r, struct error *err)
{
	static const char *const headers[] = {
		"Content-Type: application/timestamp-query",
		"Accept: application/timestamp-reply",
	};
	const struct transfer_request request = {
		.url = sealer->settings->seal.authority,
		.headers = headers,
		.header_count = sizeof(headers) / sizeof(headers[0]),
		.is_post = true,
		.body = query->der,
		.timeout_ms = TIMEOUT_MS,
		.answer_limit = ANSWER_LIMIT,
	};
	struct transfer_answer answer;
	enum result result =
		transfer_run(arena, sealer->transfer, &request, &answer, err);

	if (result != RESULT_OK)
		return result;
	if (answer.status != 200) {
		error_set(err, "answers with status %ld", answer.status);
		return RESULT_RETRY;
	}
	*response_r = answer.body;
	return RESULT_OK;
}

static enum result
check(struct sealer *sealer, struct arena *arena, struct span response,
      struct span signature, const struct cms_query *query, struct error *err)
{
	const struct seal_settings *seal = &sealer->settings->seal;
	struct cms_trust trust = { .at = 0 };
	struct cms_stamp stamp = { .time = 0 };
	struct error why;

	if (seal->authority_ca[0] != '\0' &&
	    file_read(arena, seal->authority_ca, ANSWER_LIMIT, &trust.anchors,
	              err) != RESULT_OK)
		return RESULT_BAD;
	enum cms_verdict verdict = cms_check_stamp(
		arena, response, signature, query, seal->policy,
		seal->authority_ca[0] != '\0' ? &trust : NULL, &stamp, &why);
	int64_t off_ms = stamp.time - clock_now();

	if (verdict != CMS_GOOD) {
		error_set(err, "its answer is of no use: %s (%s)",
		          cms_verdict_words(verdict), why.text);
		return RESULT_BAD;
	}
	if (off_ms > TOLERANCE_MS || off_ms < -TOLERANCE_MS) {
		error_set(err,
		          "its clock and ours are %lld s apart: its stamp was "
		          "not taken",
		          (long long)(off_ms / 1000));
		return RESULT_BAD;
	}
	return RESULT_OK;
}

static enum result
stamp(struct sealer *sealer, struct arena *arena, struct span signature,
      const char *path, struct error *err)
{
	struct cms_query query;
	struct span response;
	enum result result = cms_query(
		arena, signature, sealer->settings->seal.policy, &query, err);

	if (result == RESULT_OK)
		result = ask(sealer, arena, &query, &response, err);
	if (result == RESULT_OK)
		result = check(sealer, arena, response, signature, &query, err);
	/* TSA-3: all of the answer is kept, its certificates with it. */
	if (result == RESULT_OK)
		result = file_replace(path, response, 0640, err);
	return result;
}

enum result
seal_stamp(struct sealer *sealer, struct span signature, const char *path,
           struct error *err)
{
	const char *authority = sealer->settings->seal.authority;
	struct arena *arena;
	enum result result;

	if (authority[0] == '\0')
		return RESULT_NONE;
	if (sealer->is_away) {
		error_set(err, "the authority does not answer");
		return RESULT_RETRY;
	}
	arena = arena_new();
	result = stamp(sealer, arena, signature, path, err);
	arena_free(&arena);
	if (result == RESULT_OK)
		return RESULT_OK;
	/* The others wait, too: one line, not one for each head. */
	sealer->is_away = true;
	error_prefix(err, "time-stamp authority %s", authority);
	sealer_complain(sealer, "%s", err->text);
	return RESULT_RETRY;
}
