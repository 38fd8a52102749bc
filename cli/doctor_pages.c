#include <inttypes.h>
#include <string.h>

#include "base/transfer.h"
#include "cli/doctor.h"

#define TIMEOUT_MS   10000
#define ANSWER_BYTES 65536
#define DAY_MS       INT64_C(86400000)
#define SOON_DAYS    14

/* What avis-web says to a POST without the pair of RFC 8058; no proxy does. */
#define MARK "List-Unsubscribe=One-Click"

static enum result
ask(struct symptom_list *list, const char *url, bool is_post,
    struct transfer_answer *answer_r, struct error *err)
{
	static const char *const headers[] = {
		"Content-Type: application/x-www-form-urlencoded"
	};
	const struct transfer_request request = {
		.url = url,
		.headers = headers,
		.header_count = is_post ? 1 : 0,
		.is_post = is_post,
		.body = SPAN("from=doctor"),
		.timeout_ms = TIMEOUT_MS,
		.answer_limit = ANSWER_BYTES,
	};
	struct transfer *transfer = transfer_new();
	enum result result =
		transfer_run(list->arena, transfer, &request, answer_r, err);

	transfer_free(&transfer);
	return result;
}

/* What is there instead of an answer of avis-web. */
static void
say_silence(struct symptom_list *list, const struct settings *settings,
            const char *what)
{
	symptom_fail(list, "pages",
	             "%s/health %s: no one-click links are given out",
	             settings->web, what);
	symptom_remedy(list, "systemctl enable --now avis-web     and a proxy "
	                     "in front of it: contrib/nginx, contrib/caddy");
}

static void
look_at_certificate(struct symptom_list *list, time_ms_t ends)
{
	int64_t days = (ends - clock_now()) / DAY_MS;

	if (ends == 0)
		return;
	if (days >= SOON_DAYS) {
		symptom_ok(list, "pages-certificate",
		           "the pages' certificate holds for %" PRId64 " days",
		           days);
		return;
	}
	symptom_warn(list, "pages-certificate",
	             "the pages' certificate ends in %" PRId64
	             " days: without it mail programs cannot unsubscribe",
	             days);
	symptom_remedy(list, "renew it; with pages.certificate then systemctl "
	                     "reload avis-web");
}

/* LST-8: a mail program does not follow a redirect with its POST. */
static void
look_at_post(struct symptom_list *list, const struct settings *settings)
{
	const char *url =
		arena_printf(list->arena, "%s/u/doctor", settings->web);
	struct transfer_answer answer;
	struct error err;

	if (ask(list, url, true, &answer, &err) != RESULT_OK) {
		symptom_fail(list, "pages-post", "a POST to %s: %s", url,
		             err.text);
	} else if (answer.status == 400 &&
	           span_find_text(answer.body, MARK, 0) < answer.body.len) {
		symptom_ok(list, "pages-post",
		           "a POST reaches avis-web without a detour");
		return;
	} else {
		symptom_fail(list, "pages-post",
		             "a POST to %s is answered %ld by something in "
		             "front of avis-web: one-click does not work",
		             url, answer.status);
	}
	symptom_remedy(list, "no redirect, no login and no challenge before "
	                     "/u/: contrib/nginx, contrib/caddy");
}

void
doctor_pages(struct symptom_list *list, const struct settings *settings,
             const struct doctor_options *options)
{
	struct transfer_answer answer;
	struct error err;

	(void)options;
	if (settings->web[0] == '\0')
		return;
	if (ask(list, arena_printf(list->arena, "%s/health", settings->web),
	        false, &answer, &err) != RESULT_OK) {
		say_silence(list, settings, err.text);
		return;
	}
	if (answer.status != 200) {
		say_silence(list, settings,
		            arena_printf(list->arena, "answers %ld",
		                         answer.status));
		return;
	}
	symptom_ok(list, "pages", "%s answers", settings->web);
	look_at_certificate(list, answer.certificate_ends);
	look_at_post(list, settings);
}
