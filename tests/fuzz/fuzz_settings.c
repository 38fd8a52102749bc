#define _GNU_SOURCE /* memfd_create */

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "policy/decide.h"
#include "policy/lint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Settings as bytes; what can be read goes through lint and the compiler. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct finding_list findings = { .items = NULL };
	struct settings *settings = NULL;
	struct rules *rules = NULL;
	struct error err;
	char path[64];
	int fd = memfd_create("settings", MFD_CLOEXEC);

	if (fd < 0 || file_write_all(fd, data, size, &err) != RESULT_OK)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (settings_read(arena, path, &settings, &findings, &err) == RESULT_OK)
		if (settings == NULL || finding_errors(&findings) > 0)
			abort();
	if (settings != NULL) {
		lint_settings(arena, settings, &findings);
		if (rules_new(arena, settings, &rules, &findings, &err) ==
		    RESULT_OK)
			rules_free(&rules);
	}
	for (size_t i = 0; i < findings.count; i++)
		finding_text(arena, &findings.items[i]);
	close(fd);
	arena_free(&arena);
	return 0;
}
