#include "cli/doctor_signer.h"

#include <string.h>

#include "base/file.h"

#define CONF_LIMIT ((size_t)1 << 20)

/* What RFC 8058 wants under the signature (LST-5). */
static const char link_field[] = "List-Unsubscribe";
static const char post_field[] = "List-Unsubscribe-Post";
static const char remedy[] =
	"OversignHeaders From,List-Unsubscribe,List-Unsubscribe-Post     in %s";

const char *
signer_value(struct arena *arena, struct span conf, const char *name)
{
	struct span line;
	const char *value = "";

	while (span_line(&conf, &line)) {
		size_t end = 0;

		line = span_trim(span_take(line, span_find(line, '#', 0)));
		while (end < line.len && !ascii_is_space(line.at[end]))
			end++;
		if (!span_is(span_take(line, end), name))
			continue;
		line = span_trim(span_skip(line, end));
		value = arena_strndup(arena, line.at, line.len);
	}
	return value;
}

/* In "a,b , c" or "*,+a,-b". */
static bool
names(const char *list, const char *name)
{
	struct span rest = span_of(list);

	while (rest.len > 0) {
		size_t comma = span_find(rest, ',', 0);
		struct span item = span_trim(span_take(rest, comma));

		if (item.len > 0 && item.at[0] == '+')
			item = span_skip(item, 1);
		if (span_is(item, name))
			return true;
		rest = span_skip(rest, comma + 1);
	}
	return false;
}

bool
signer_covers(struct arena *arena, struct span conf, const char *field)
{
	const char *signs = signer_value(arena, conf, "SignHeaders");
	bool has_standard = signs[0] == '\0' || signs[0] == '*';

	if (names(signer_value(arena, conf, "OversignHeaders"), field) ||
	    names(signs, field))
		return true;
	/* opendkim's own list has the first and not the second. */
	return has_standard && strcmp(field, link_field) == 0 &&
	       !names(signs, "-List-Unsubscribe");
}

static void
judge(struct symptom_list *list, const struct settings *settings,
      const char *file, struct span conf)
{
	const char *mode = signer_value(list->arena, conf, "Mode");
	bool has_link = signer_covers(list->arena, conf, link_field);
	bool has_post = signer_covers(list->arena, conf, post_field);

	if (mode[0] != '\0' && strchr(mode, 's') == NULL)
		return;
	if (has_link && has_post && settings->dkim_signs) {
		symptom_ok(list, "signer",
		           "opendkim signs both headers of one-click links");
	} else if (has_link && has_post) {
		symptom_warn(list, "signer",
		             "opendkim signs both headers of one-click links,"
		             " but dkim_signs is false: none is made");
		symptom_remedy(list, "dkim_signs = true;     in %s",
		               settings->file);
	} else if (settings->dkim_signs) {
		symptom_fail(list, "signer",
		             "dkim_signs is true, but opendkim does not sign "
		             "%s: Gmail will ignore one-click",
		             has_link ? post_field : link_field);
		symptom_remedy(list, remedy, file);
	} else {
		symptom_warn(list, "signer",
		             has_link ? "opendkim signs List-Unsubscribe but "
		                        "not List-Unsubscribe-Post: Gmail "
		                        "will ignore one-click"
		                      : "opendkim does not sign "
		                        "List-Unsubscribe: Gmail will ignore "
		                        "one-click");
		symptom_remedy(list, remedy, file);
	}
}

void
doctor_signer(struct symptom_list *list, const struct settings *settings,
              const struct doctor_options *options)
{
	struct span conf;
	struct error err;
	enum result result = file_read(list->arena, options->signer, CONF_LIMIT,
	                               &conf, &err);

	if (result == RESULT_OK) {
		judge(list, settings, options->signer, conf);
		return;
	}
	if (result != RESULT_NONE) {
		symptom_warn(list, "signer", "%s", err.text);
		return;
	}
	if (settings->dkim_signs)
		symptom_ok(list, "signer",
		           "dkim_signs is true; there is no opendkim here to "
		           "look at, so your word stands");
	else if (doctor_wants_one_click(settings))
		symptom_warn(list, "signer",
		             "classes want one-click links, and dkim_signs is "
		             "false: recipients unsubscribe by mail only");
}
