/*
 * report_read and report_is_automatic on any bytes. Seeds: the mails in
 * tests/mail/reports. Build with -fsanitize=fuzzer,address,undefined.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "mail/report.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	report_setup();
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const sent[] = { "anne@example.com",
		                            "bob@example.net" };
	struct span message = span_make((const char *)data, size);
	struct arena *arena = arena_new();
	struct header_list headers;
	struct report report;
	const char *reason;
	size_t used;

	report_read(arena, message, sent, size % 3, &report);
	for (size_t i = 0; i < report.recipient_count; i++) {
		const struct report_recipient *r = &report.recipients[i];

		assert(r->original != NULL && r->final != NULL &&
		       r->status != NULL && r->diagnostic != NULL &&
		       r->remote_mta != NULL && r->will_retry_until != NULL);
	}
	assert(report_kind_name(report.kind)[0] != '\0');

	header_read(arena, message, 200, &headers, &used);
	assert(used <= size);
	report_is_automatic(arena, &headers, "<>", &reason);
	report_is_automatic(arena, &headers, "x@example.org", &reason);
	arena_free(&arena);
	return 0;
}
