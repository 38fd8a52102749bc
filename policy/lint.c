#include "policy/lint.h"

void
lint_settings(struct arena *arena, const struct settings *settings,
              struct finding_list *findings)
{
	(void)arena;
	(void)settings;
	(void)findings;
}
