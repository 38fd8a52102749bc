#include "policy/ruleset.h"

#include "policy/lint.h"

static void
ruleset_fill(struct arena *arena, const char *path, struct ruleset *ruleset,
             struct error *err)
{
	struct finding_list *findings = &ruleset->findings;
	enum result result =
		settings_read(arena, path, &ruleset->settings, findings, err);

	/* Half-read settings are still good for finding more mistakes. */
	if (result != RESULT_OK && ruleset->settings == NULL)
		return;
	lint_settings(arena, ruleset->settings, findings);
	if (rules_new(arena, ruleset->settings, &ruleset->rules, findings,
	              err) == RESULT_OK &&
	    finding_errors(findings) > 0)
		rules_free(&ruleset->rules);
}

enum result
ruleset_read(struct arena *arena, const char *path, struct ruleset *ruleset_r,
             struct error *err)
{
	size_t errors;

	*ruleset_r = (struct ruleset){ .settings = NULL };
	ruleset_fill(arena, path, ruleset_r, err);
	finding_sort(arena, &ruleset_r->findings);
	errors = finding_errors(&ruleset_r->findings);
	if (errors > 0)
		error_set(err, "%s: %zu error%s in the settings", path, errors,
		          errors == 1 ? "" : "s");
	return ruleset_r->rules != NULL ? RESULT_OK : RESULT_BAD;
}

void
ruleset_done(struct ruleset *ruleset)
{
	rules_free(&ruleset->rules);
}
