#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/doctor.h"

#define TEXT_BYTES 2000

static void FORMAT_LIKE(4, 0)
	add(struct symptom_list *list, enum grade grade, const char *check,
            const char *format, va_list args)
{
	char text[TEXT_BYTES];
	struct symptom *symptom =
		arena_push(list->arena, (void **)&list->items, &list->count,
	                   &list->room, sizeof(*symptom));

	vsnprintf(text, sizeof(text), format, args);
	symptom->grade = grade;
	symptom->check = check;
	symptom->text = arena_strdup(list->arena, text);
	symptom->remedy = "";
}

void
symptom_ok(struct symptom_list *list, const char *check, const char *format,
           ...)
{
	va_list args;

	va_start(args, format);
	add(list, GRADE_OK, check, format, args);
	va_end(args);
}

void
symptom_warn(struct symptom_list *list, const char *check, const char *format,
             ...)
{
	va_list args;

	va_start(args, format);
	add(list, GRADE_WARN, check, format, args);
	va_end(args);
}

void
symptom_fail(struct symptom_list *list, const char *check, const char *format,
             ...)
{
	va_list args;

	va_start(args, format);
	add(list, GRADE_FAIL, check, format, args);
	va_end(args);
}

void
symptom_remedy(struct symptom_list *list, const char *format, ...)
{
	char text[TEXT_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	list->items[list->count - 1].remedy = arena_strdup(list->arena, text);
}

size_t
symptom_count(const struct symptom_list *list, enum grade grade)
{
	size_t count = 0;

	for (size_t i = 0; i < list->count; i++)
		count += list->items[i].grade == grade;
	return count;
}

const struct symptom *
symptom_find(const struct symptom_list *list, const char *check)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i].check, check) == 0)
			return &list->items[i];
	return NULL;
}

bool
doctor_wants_success(const struct settings *settings)
{
	for (size_t i = 0; i < settings->class_count; i++)
		if ((settings->classes[i].receipts.delivery &
		     DELIVERY_SUCCESS) != 0)
			return true;
	return false;
}

bool
doctor_wants_one_click(const struct settings *settings)
{
	for (size_t i = 0; i < settings->class_count; i++)
		if (settings->classes[i].unsubscribe == UNSUBSCRIBE_ONE_CLICK)
			return true;
	return false;
}
