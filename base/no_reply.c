#include "base/no_reply.h"

#include <string.h>

#define NAME_BYTES 64 /* of a local part (RFC 5321, 4.5.3.1.1) */

bool
no_reply_name(struct span name)
{
	static const char *const names[] = {
		"noreply",       "donotreply",    "nereply",
		"nepasrepondre", "nonrispondere", "keineantwort",
	};
	char bare[NAME_BYTES + 1];
	size_t len = 0;

	name = span_take(name, span_find(name, '+', 0));
	if (name.len > NAME_BYTES)
		return false;
	for (size_t i = 0; i < name.len; i++)
		if (strchr("-_.", name.at[i]) == NULL)
			bare[len++] = ascii_lower(name.at[i]);
	while (len > 0 && ascii_is_digit(bare[len - 1]))
		len--;
	bare[len] = '\0';

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(bare, names[i]) == 0)
			return true;
	return text_starts(bare, "norespond");
}
