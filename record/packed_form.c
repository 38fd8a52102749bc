#include "record/packed_form.h"

/*
 * The words that payloads share, the likeliest last. Part of the form: what
 * was squeezed with it cannot be read without it, so it never changes.
 */
static const char dictionary[] =
	"\"disposition\":\"automatic-action/MDN-sent-automatically; displayed\","
	"\"manual-action\"diagnostic\":\"smtp; 550 5.1.1 : Recipient address "
	"rejected: User unknown in local recipient table"
	"250 2.0.0 Ok: queued as 250 2.1.5 final\":\"rfc822;"
	"\"original\":\"rfc822;\"reporting_mta\":\"dns; \"remote_mta\":\"dns; "
	"\"relay\":\"\"reply\":\"\"tls\":\"TLSv1.3 with cipher "
	"TLS_AES_256_GCM_SHA384 (256/256 bits)\"delay\":\"\"refs\":\"<"
	"\"will_retry_until\":\"\"arrival_date\":\"\"reporting_ua\":\""
	"\"left_out\":\"\"subject\":\"\"header\":\"\"parts\":\""
	"1.1 text/plain 1.2 text/html 2 application/pdf base64 "
	"1 text/plain multipart/alternative text/html \\n"
	"\"content_key\":\"\"content_sha256\":\"\"content_size\":\""
	"\"reply_to_before\":\"\"reply_to_after\":\"\"receipt_to\":\""
	"\"envid\":\"\"ret\":\"HDRS\",\"reply_to\":\"address\":\""
	"class newsletter class transactional class service (rule 1: "
	"(rule 2: (rule 3: nothing before it matched); receipts: success, "
	"failure, delay; reading; no receipts\",\"sender\":\""
	".com\"},{\"a\":\".fr\",\"n\":,\"o\":\"rfc822;"
	"\"},\"to\":[{\"a\":\"@example.com\"}]}"
	"{\"f\":{\"auth\":\"\",\"client\":\"10.0.0.127.0.0.1\",\"from\":\""
	"\",\"message_id\":\"<2026@example.fr>\",\"origin\":\"network"
	"authenticated\",\"reason\":\"class ";

uint64_t
packed_get(const char *at, unsigned bytes)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < bytes; i++)
		value |= (uint64_t)(uint8_t)at[i] << (8 * i);
	return value;
}

void
packed_put(char *at, unsigned bytes, uint64_t value)
{
	for (unsigned i = 0; i < bytes; i++)
		at[i] = (char)(uint8_t)(value >> (8 * i));
}

struct span
packed_dictionary(void)
{
	return span_make(dictionary, sizeof(dictionary) - 1);
}
