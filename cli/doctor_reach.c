#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/doctor_postfix.h"

#define GROUPS_MAX 128

/* Who Postfix's daemons are when they open the socket. */
struct person {
	const char *name;
	uid_t uid;
	gid_t groups[GROUPS_MAX];
	int group_count;
};

static bool
find_person(struct arena *arena, const char *name, struct person *person_r)
{
	struct passwd room, *found;
	char text[4096];

	if (getpwnam_r(name, &room, text, sizeof(text), &found) != 0 ||
	    found == NULL)
		return false;
	person_r->name = arena_strdup(arena, name);
	person_r->uid = found->pw_uid;
	person_r->group_count = GROUPS_MAX;
	if (getgrouplist(name, found->pw_gid, person_r->groups,
	                 &person_r->group_count) < 0)
		person_r->group_count = GROUPS_MAX;
	return true;
}

/* bits: 4 read, 2 write, 1 search. */
static bool
may(const struct person *person, const struct stat *st, unsigned bits)
{
	if (st->st_uid == person->uid)
		return ((unsigned)st->st_mode >> 6 & bits) == bits;
	for (int i = 0; i < person->group_count; i++)
		if (st->st_gid == person->groups[i])
			return ((unsigned)st->st_mode >> 3 & bits) == bits;
	return ((unsigned)st->st_mode & bits) == bits;
}

/* The first thing on the way that keeps the person out, or "". */
static const char *
obstacle(struct arena *arena, const struct person *person, const char *path)
{
	struct stat st;

	for (size_t i = 1; path[i] != '\0'; i++) {
		const char *folder;

		if (path[i] != '/')
			continue;
		folder = arena_strndup(arena, path, i);
		if (stat(folder, &st) != 0)
			return "";
		if (!may(person, &st, 1))
			return folder;
	}
	if (stat(path, &st) != 0 || may(person, &st, 6))
		return "";
	return path;
}

/* "smtp inet n - y - - smtpd": the fifth word says chroot. */
static bool
is_in_chroot(struct span line)
{
	struct span words[8] = { 0 };
	size_t count = 0;

	while (line.len > 0 && count < 8) {
		size_t end = 0;

		line = span_trim(line);
		while (end < line.len && !ascii_is_space(line.at[end]))
			end++;
		words[count++] = span_take(line, end);
		line = span_skip(line, end);
	}
	return count == 8 && span_is(words[4], "y") &&
	       (span_is(words[7], "smtpd") || span_is(words[7], "cleanup"));
}

static bool
has_chroot(const struct postfix *postfix)
{
	struct span rest = span_of(postfix->services), line;

	while (span_line(&rest, &line))
		if (is_in_chroot(line))
			return true;
	return false;
}

static void
say_chroot(struct symptom_list *list, const struct postfix *postfix,
           const char *path, const char *queue)
{
	symptom_fail(list, "chroot",
	             "smtpd or cleanup runs in a chroot and looks for the "
	             "socket at %s%s",
	             queue, path);
	symptom_remedy(list,
	               "postconf%s%s -F 'smtp/inet/chroot=n' "
	               "'cleanup/unix/chroot=n' && postfix reload\n"
	               "or a socket below the queue, or TCP: "
	               "contrib/postfix/README",
	               postfix->folder[0] == '\0' ? "" : " -c ",
	               postfix->folder);
}

void
postfix_check_reach(struct symptom_list *list, const struct postfix *postfix,
                    const struct settings *settings)
{
	struct arena *arena = list->arena;
	const char *queue = postfix_value(arena, postfix, "queue_directory");
	const char *user = postfix_value(arena, postfix, "mail_owner");
	struct endpoint ours;
	struct person person;
	const char *hurdle;
	struct stat st;

	if (!endpoint_of_libmilter(arena, span_of(settings->listen), &ours) ||
	    !ours.is_unix)
		return;
	if (has_chroot(postfix) && !span_starts(span_of(ours.path), queue)) {
		say_chroot(list, postfix, ours.path, queue);
		return;
	}
	if (stat(ours.path, &st) != 0 || !find_person(arena, user, &person))
		return;
	hurdle = obstacle(arena, &person, ours.path);
	if (hurdle[0] == '\0') {
		symptom_ok(list, "socket", "%s may use %s", user, ours.path);
		return;
	}
	symptom_fail(list, "socket", "%s may not use %s (%s keeps it out)",
	             user, ours.path, hurdle);
	symptom_remedy(list, "adduser %s avis && systemctl restart postfix",
	               user);
}
