#!/bin/sh
# builtin.sh FILE...: web/templates as C text, for web/builtin.h.
set -eu
cat <<'END'
#include "web/builtin.h"

#include <string.h>

static const struct {
	const char *name;
	const char *text;
} files[] = {
END
for file; do
	printf '	{ "%s",\n' "$(basename "$file")"
	sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/.*/"&\\n"/' "$file"
	echo '	},'
done
cat <<'END'
};

struct span
builtin_bytes(const char *name)
{
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (strcmp(files[i].name, name) == 0)
			return span_of(files[i].text);
	return span_of("");
}
END
