#include "cli/access.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "record/ledger.h"

#define PROGRAM      "avis"
#define LOCK_WAIT_MS 10000 /* commands that record take turns */
#define GROUPS       256
#define ENTRY_BYTES  4096
#define PEOPLE       1000 /* the first user id of a person, login.defs(5) */

/*
 * With sudo it is who called it, when the command then runs as an account
 * that nobody logs in as: anybody else can set the variable by hand.
 */
static const char *
sudo_user(void)
{
	const char *name = getuid() < PEOPLE ? getenv("SUDO_USER") : NULL;

	return name != NULL ? name : "";
}

static bool
caller(struct arena *arena, const char **name_r, gid_t *group_r)
{
	const char *sudo = sudo_user();
	char *bytes = arena_alloc(arena, ENTRY_BYTES);
	struct passwd entry, *found = NULL;

	if (sudo[0] != '\0')
		(void)getpwnam_r(sudo, &entry, bytes, ENTRY_BYTES, &found);
	else
		(void)getpwuid_r(getuid(), &entry, bytes, ENTRY_BYTES, &found);
	if (found == NULL)
		return false;
	*name_r = arena_strdup(arena, found->pw_name);
	*group_r = found->pw_gid;
	return true;
}

static bool
is_in_group(const char *name, gid_t first, const char *group)
{
	gid_t groups[GROUPS];
	int count = GROUPS;
	char bytes[ENTRY_BYTES];
	struct group entry, *found = NULL;

	if (getgrnam_r(group, &entry, bytes, sizeof(bytes), &found) != 0 ||
	    found == NULL || getgrouplist(name, first, groups, &count) < 0)
		return false;
	for (int i = 0; i < count; i++)
		if (groups[i] == found->gr_gid)
			return true;
	return false;
}

static bool
is_allowed(struct opened *opened)
{
	const struct text_list *groups = &opened->settings->access.groups;
	const char *name;
	gid_t first;

	if (groups->count == 0)
		return true;
	if (!caller(opened->arena, &name, &first)) {
		opened_say(opened, "who asks is not known to this machine");
		return false;
	}
	for (size_t i = 0; i < groups->count; i++)
		if (is_in_group(name, first, groups->items[i]))
			return true;
	opened_say(opened,
	           "%s is in none of the groups that may ask "
	           "(access.groups)",
	           name);
	return false;
}

bool
access_may_ask(struct opened *opened, const struct question *question)
{
	const struct access_settings *access = &opened->settings->access;

	if (!is_allowed(opened))
		return false;
	if (access->purpose_required && question->purpose[0] == '\0') {
		opened_say(opened, "what for? --purpose TEXT is required here "
		                   "(access.purpose_required)");
		return false;
	}
	if (access->case_required && question->number[0] == '\0') {
		opened_say(opened, "for which case? --case NUMBER is required "
		                   "here (access.case_required)");
		return false;
	}
	return true;
}

const char *
access_who(struct arena *arena)
{
	const char *name;
	gid_t first;

	if (caller(arena, &name, &first))
		return name;
	return arena_printf(arena, "uid %u", (unsigned)getuid());
}

static void
asked_event(struct opened *opened, const struct question *question,
            const char *names, size_t count, struct event *event)
{
	struct arena *arena = opened->arena;
	*event = (struct event){
		.time = clock_now(),
		.kind = EVENT_ASKED,
		.grade = GRADE_OBSERVED,
		.source = SOURCE_OPERATOR,
		.class_name = "",
		.queue_id = "",
		.status = "",
		.detail = count > 0 ? "answered" : "nothing-found",
	};
	event_fact_add(arena, event, "who", access_who(arena));
	event_fact_add(arena, event, "what", question->what);
	event_fact_add(arena, event, "purpose", question->purpose);
	event_fact_add(arena, event, "case", question->number);
	event_fact_add(arena, event, "count",
	               arena_printf(arena, "%zu", count));
	event_fact_add(arena, event, "messages", names);
}

bool
access_record(struct opened *opened, const struct question *question,
              const char *names, size_t count)
{
	bool may_be_silent =
		strcmp(opened->settings->access.unrecorded, "allow") == 0;
	struct ledger *ledger = NULL;
	struct event event;
	struct error err;
	enum result result = ledger_open(opened->settings, opened->keys,
	                                 PROGRAM, LOCK_WAIT_MS, &ledger, &err);

	asked_event(opened, question, names, count, &event);
	if (result == RESULT_OK)
		result = ledger_append(ledger, &event, &err);
	ledger_close(&ledger, 0);
	if (result == RESULT_OK)
		return true;
	opened_say(opened, "the question cannot be recorded%s: %s",
	           may_be_silent ? "" : ", so it is not answered", err.text);
	return may_be_silent;
}
