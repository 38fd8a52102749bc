#include "record/hook_post.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/jwrite.h"

#define SECRET_BYTES ((size_t)4096)
#define SECRET_LEAST 16
#define BODY_BYTES   ((size_t)64 * 1024)

enum result
hook_read_secrets(struct arena *arena, const char *path,
                  struct hook_secrets *secrets_r, struct error *err)
{
	struct hook_secrets secrets = { .count = 0 };
	struct span rest, line;
	struct stat status;

	if (stat(path, &status) != 0) {
		error_errno(err, errno, "cannot read %s", path);
		return RESULT_BAD;
	}
	if ((status.st_mode & 077) != 0) {
		error_set(err,
		          "%s: others than its owner may read it; chmod "
		          "600 %s",
		          path, path);
		return RESULT_BAD;
	}
	if (file_read(arena, path, SECRET_BYTES, &rest, err) != RESULT_OK)
		return RESULT_BAD;
	while (span_line(&rest, &line)) {
		line = span_trim(line);
		if (line.len == 0)
			continue;
		if (line.len < SECRET_LEAST || secrets.count == HOOK_SECRETS)
			break;
		secrets.lines[secrets.count++] = line;
	}
	if (secrets.count == 0 || rest.len > 0) {
		error_set(err,
		          "%s: one line of at least %d characters is wanted, "
		          "or two",
		          path, SECRET_LEAST);
		return RESULT_BAD;
	}
	*secrets_r = secrets;
	return RESULT_OK;
}

static void
write_time(struct jwrite *json, const char *name, time_ms_t when)
{
	char text[CLOCK_TEXT_SIZE];

	clock_format(when, text);
	jwrite_text(json, name, text);
}

/* Members in byte order of their names. */
void
hook_write_body(const char *hook, const struct hook_letter *letter,
                struct buf *out)
{
	const struct event *event = letter->event;
	char message[MESSAGE_NAME_SIZE];
	struct jwrite json;

	jwrite_init(&json, out, true);
	jwrite_object(&json, NULL);
	jwrite_text_if(&json, "address", letter->address);
	if (event != NULL) {
		jwrite_text_if(&json, "class", event->class_name);
		jwrite_text_if(&json, "detail", event->detail);
	}
	jwrite_text(&json, "event", letter->word);
	jwrite_text(&json, "hook", hook);
	jwrite_text(&json, "id", letter->id);
	if (event != NULL && event->has_message) {
		message_id_name(event->message, message);
		jwrite_text(&json, "message", message);
	}
	jwrite_text_if(&json, "person", letter->person);
	if (event != NULL) {
		write_time(&json, "recorded", event->recorded);
		jwrite_text(&json, "source", event_source_name(event->source));
		jwrite_text_if(&json, "status", event->status);
	}
	write_time(&json, "time", event != NULL ? event->time : clock_now());
	jwrite_end(&json);
}

char *
hook_signature(struct arena *arena, const struct hook_secrets *secrets,
               int64_t seconds, struct span body)
{
	char *text = arena_printf(arena, "t=%lld", (long long)seconds);
	char *signed_text = arena_printf(arena, "%lld." SPAN_FMT,
	                                 (long long)seconds, SPAN_ARG(body));

	for (size_t i = 0; i < secrets->count; i++) {
		uint8_t sum[DIGEST_BYTES];
		char hex[DIGEST_HEX_SIZE];

		digest_hmac(secrets->lines[i].at, secrets->lines[i].len,
		            signed_text, strlen(signed_text), sum);
		digest_hex(sum, hex);
		text = arena_printf(arena, "%s,v1=%s", text, hex);
	}
	return text;
}

/* NOLINTBEGIN(readability-function-size): to whom, what, and how. */
enum result
hook_post(struct arena *arena, struct transfer *transfer,
          const struct hook_settings *hook, const struct hook_secrets *secrets,
          const struct hook_letter *letter, long *status_r, struct error *err)
{
	struct transfer_answer answer = { .status = 0 };
	struct buf body;

	buf_init(&body, BODY_BYTES);
	hook_write_body(hook->name, letter, &body);

	const char *const headers[] = {
		"Content-Type: application/json",
		arena_printf(arena, "Avis-Event-Id: %s", letter->id),
		arena_printf(arena, "Avis-Signature: %s",
		             hook_signature(arena, secrets, clock_now() / 1000,
		                            buf_as_span(&body))),
	};
	const struct transfer_request request = {
		.url = hook->url,
		.headers = headers,
		.header_count = sizeof(headers) / sizeof(headers[0]),
		.is_post = true,
		.body = buf_as_span(&body),
		.timeout_ms = hook->timeout_ms,
	};
	enum result result =
		transfer_run(arena, transfer, &request, &answer, err);

	buf_done(&body);
	*status_r = result == RESULT_OK ? answer.status : 0;
	return result;
}
/* NOLINTEND(readability-function-size) */
