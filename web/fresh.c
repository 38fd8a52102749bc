#include "web/fresh.h"

#include <stdio.h>

#define TOKEN_LETTERS ((size_t)TOKEN_ADDRESS_SIZE - 1)
#define DIGITS_MOST   11

void
fresh_make(const struct keyring *keys, enum token_purpose purpose,
           struct message_id id, time_ms_t until, char text_r[FRESH_SIZE])
{
	char token[TOKEN_ADDRESS_SIZE], end[DIGITS_MOST + 1];

	snprintf(end, sizeof(end), "%lld", (long long)(until / 1000));
	token_with_context(keys, purpose, id, span_of(end), token);
	snprintf(text_r, FRESH_SIZE, "%s%s", token, end);
}

static bool
read_end(struct span digits, time_ms_t *until_r)
{
	time_ms_t seconds = 0;

	if (digits.len == 0 || digits.len > DIGITS_MOST)
		return false;
	for (size_t i = 0; i < digits.len; i++) {
		if (!ascii_is_digit(digits.at[i]))
			return false;
		seconds = seconds * 10 + (digits.at[i] - '0');
	}
	*until_r = seconds * 1000;
	return true;
}

bool
fresh_check(const struct keyring *keys, enum token_purpose purpose,
            struct span text, struct message_id *id_r, time_ms_t *until_r)
{
	struct span end = span_skip(text, TOKEN_LETTERS);
	time_ms_t until = 0;
	bool is_whole = read_end(end, &until);

	/* The MAC is computed whatever else is wrong (LST-6). */
	if (!token_check_context(keys, purpose, end,
	                         span_take(text, TOKEN_LETTERS), id_r) ||
	    !is_whole)
		return false;
	*until_r = until;
	return true;
}
