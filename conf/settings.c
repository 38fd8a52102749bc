#include "conf/settings.h"

#include <string.h>

const struct class_settings *
settings_class(const struct settings *settings, const char *name)
{
	for (size_t i = 0; i < settings->class_count; i++)
		if (strcmp(settings->classes[i].name, name) == 0)
			return &settings->classes[i];
	return NULL;
}
