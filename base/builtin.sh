#!/bin/sh
# builtin.sh HEADER FUNCTION FILE...: files as C text. HEADER declares
# FUNCTION(name), which gives the bytes of one, and FUNCTION_name(index).
set -eu
header=$1 function=$2
shift 2
cat <<END
#include "$header"

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
cat <<END
};

#define FILES (sizeof(files) / sizeof(files[0]))

struct span
$function(const char *name)
{
	for (size_t i = 0; i < FILES; i++)
		if (strcmp(files[i].name, name) == 0)
			return span_of(files[i].text);
	return span_of("");
}

const char *
${function}_name(size_t index)
{
	return index < FILES ? files[index].name : NULL;
}
END
