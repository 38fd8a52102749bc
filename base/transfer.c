#include "base/transfer.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "base/buf.h"
#include "base/memory.h"

struct transfer {
	CURL *curl;
	char reason[CURL_ERROR_SIZE];
};

struct answer_state {
	struct buf body;
	bool is_kept;
};

struct upload_state {
	struct span rest;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
start_curl(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

struct transfer *
transfer_new(void)
{
	struct transfer *transfer = memory_zeroed(1, sizeof(*transfer));

	pthread_once(&once, start_curl);
	transfer->curl = curl_easy_init();
	if (transfer->curl == NULL)
		abort();
	return transfer;
}

void
transfer_free(struct transfer **transfer)
{
	if (*transfer == NULL)
		return;
	curl_easy_cleanup((*transfer)->curl);
	free(*transfer);
	*transfer = NULL;
}

static size_t
take_answer(char *at, size_t size, size_t count, void *context)
{
	struct answer_state *state = context;
	size_t len = size * count;

	if (!state->is_kept)
		return len;
	if (len > state->body.limit - state->body.len)
		return 0;
	buf_add(&state->body, at, len);
	return len;
}

static size_t
give_upload(char *at, size_t size, size_t count, void *context)
{
	struct upload_state *state = context;
	struct span piece = span_take(state->rest, size * count);

	if (piece.len > 0)
		memcpy(at, piece.at, piece.len);
	state->rest = span_skip(state->rest, piece.len);
	return piece.len;
}

/* What every transfer has in common; the connection stays. */
static void
prepare(struct transfer *transfer, const char *url, int64_t timeout_ms)
{
	const char *authorities = getenv("SSL_CERT_FILE");
	CURL *curl = transfer->curl;

	curl_easy_reset(curl);
	transfer->reason[0] = '\0';
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, transfer->reason);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https,smtp,smtps");
	/* As OpenSSL's own programs: a site's own authority is named so. */
	if (authorities != NULL && authorities[0] != '\0')
		curl_easy_setopt(curl, CURLOPT_CAINFO, authorities);
}

/* What went wrong, when no answer tells. */
static enum result
failed(const struct transfer *transfer, CURLcode code, struct error *err)
{
	error_set(err, "%s",
	          transfer->reason[0] != '\0' ? transfer->reason
	                                      : curl_easy_strerror(code));
	return code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL
	               ? RESULT_BAD
	               : RESULT_RETRY;
}

static struct curl_slist *
header_list(const struct transfer_request *request)
{
	/* No wait for "100 Continue". */
	struct curl_slist *list = curl_slist_append(NULL, "Expect:");

	for (size_t i = 0; i < request->header_count; i++)
		list = curl_slist_append(list, request->headers[i]);
	return list;
}

/* "Expire date:Nov 22 23:10:01 2026 GMT" of the server's own. */
static time_ms_t
certificate_ends(CURL *curl)
{
	static const char name[] = "Expire date:";
	struct curl_certinfo *info = NULL;

	if (curl_easy_getinfo(curl, CURLINFO_CERTINFO, &info) != CURLE_OK ||
	    info == NULL || info->num_of_certs < 1)
		return 0;
	for (struct curl_slist *item = info->certinfo[0]; item != NULL;
	     item = item->next)
		if (strncmp(item->data, name, sizeof(name) - 1) == 0) {
			time_t ends = curl_getdate(
				item->data + sizeof(name) - 1, NULL);

			return ends > 0 ? (time_ms_t)ends * 1000 : 0;
		}
	return 0;
}

enum result
transfer_run(struct arena *arena, struct transfer *transfer,
             const struct transfer_request *request,
             struct transfer_answer *answer_r, struct error *err)
{
	struct answer_state state = { .is_kept = request->answer_limit > 0 };
	struct curl_slist *headers = header_list(request);
	CURL *curl = transfer->curl;
	long status = 0;

	prepare(transfer, request->url, request->timeout_ms);
	buf_init(&state.body, request->answer_limit + 1);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_CERTINFO, 1L);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_answer);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &state);
	if (request->is_post) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
		                 (curl_off_t)request->body.len);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body.at);
	}

	CURLcode code = curl_easy_perform(curl);

	curl_slist_free_all(headers);
	if (code == CURLE_OK) {
		curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
		*answer_r = (struct transfer_answer){
			.status = status,
			.certificate_ends = certificate_ends(curl),
		};
		if (state.body.len > 0)
			answer_r->body =
				span_make(arena_strndup(arena, state.body.data,
			                                state.body.len),
			                  state.body.len);
		else
			answer_r->body = SPAN("");
	}
	buf_done(&state.body);
	return code == CURLE_OK ? RESULT_OK : failed(transfer, code, err);
}

static struct curl_slist *
recipient_list(const struct transfer_mail *mail)
{
	struct curl_slist *list = NULL;

	for (size_t i = 0; i < mail->to_count; i++)
		list = curl_slist_append(list, mail->to[i]);
	return list;
}

enum result
transfer_send(struct transfer *transfer, const struct transfer_mail *mail,
              struct error *err)
{
	struct upload_state state = { .rest = mail->message };
	struct curl_slist *to = recipient_list(mail);
	CURL *curl = transfer->curl;
	long reply = 0;

	prepare(transfer, mail->url, mail->timeout_ms);
	curl_easy_setopt(curl, CURLOPT_MAIL_FROM, mail->from);
	curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, to);
	curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(curl, CURLOPT_READFUNCTION, give_upload);
	curl_easy_setopt(curl, CURLOPT_READDATA, &state);
	curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE,
	                 (curl_off_t)mail->message.len);

	CURLcode code = curl_easy_perform(curl);

	curl_slist_free_all(to);
	if (code == CURLE_OK)
		return RESULT_OK;
	enum result result = failed(transfer, code, err);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &reply);
	return reply >= 500 && reply < 600 ? RESULT_BAD : result;
}
