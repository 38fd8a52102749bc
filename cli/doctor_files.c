#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/keyring.h"
#include "cli/doctor.h"

#define FREE_FAIL_BYTES (100LL << 20)
#define FREE_WARN_BYTES (1LL << 30)

static const char *
owner_name(struct arena *arena, uid_t uid)
{
	struct passwd room, *found;
	char text[4096];

	if (getpwuid_r(uid, &room, text, sizeof(text), &found) == 0 &&
	    found != NULL)
		return arena_strdup(arena, found->pw_name);
	return arena_printf(arena, "%u", (unsigned)uid);
}

static void
look_at_space(struct symptom_list *list, const char *folder)
{
	struct statvfs fs;
	long long bytes;

	if (statvfs(folder, &fs) != 0)
		return;
	bytes = (long long)fs.f_bavail * (long long)fs.f_frsize;
	if ((fs.f_flag & ST_RDONLY) != 0)
		symptom_fail(list, "journal-space",
		             "the disk under %s is read-only", folder);
	else if (bytes < FREE_FAIL_BYTES)
		symptom_fail(list, "journal-space",
		             "%lld MB are left for the journal: mail that "
		             "needs a record will be refused",
		             bytes >> 20);
	else if (bytes < FREE_WARN_BYTES)
		symptom_warn(list, "journal-space",
		             "%lld MB are left for the journal", bytes >> 20);
	else
		symptom_ok(list, "journal-space",
		           "%lld GB are left for the journal", bytes >> 30);
	if ((fs.f_flag & ST_RDONLY) != 0 || bytes < FREE_WARN_BYTES)
		symptom_remedy(list, "df -h %s", folder);
}

/* The one who writes the journal; -1 when there is none. */
static long
look_at_journal(struct symptom_list *list, const char *folder)
{
	struct stat st;
	const char *owner;

	if (stat(folder, &st) != 0) {
		symptom_fail(list, "journal", "the journal %s: %s", folder,
		             errno == ENOENT ? "there is no such folder"
		                             : "cannot be looked at");
		symptom_remedy(list, "install -d -o avis -g avis -m 0750 %s",
		               folder);
		return -1;
	}
	owner = owner_name(list->arena, st.st_uid);
	if (!S_ISDIR(st.st_mode)) {
		symptom_fail(list, "journal", "the journal %s is no folder",
		             folder);
		return -1;
	}
	if ((st.st_mode & S_IRWXO) != 0) {
		symptom_fail(list, "journal",
		             "everybody on this machine may look into the "
		             "journal %s (mode %04o)",
		             folder, (unsigned)(st.st_mode & 07777));
		symptom_remedy(list, "chmod o-rwx %s", folder);
	} else if ((st.st_mode & S_IWUSR) == 0 ||
	           (geteuid() == st.st_uid && access(folder, W_OK) != 0)) {
		symptom_fail(list, "journal",
		             "%s may not write into the journal %s", owner,
		             folder);
		symptom_remedy(list, "chmod u+rwx %s", folder);
	} else {
		symptom_ok(list, "journal", "the journal %s belongs to %s",
		           folder, owner);
	}
	look_at_space(list, folder);
	return (long)st.st_uid;
}

static void
look_at_keys(struct symptom_list *list, const char *file, long writer)
{
	struct keyring *keys = NULL;
	struct stat st;
	struct error err;
	enum result result = keyring_read(file, &keys, &err);

	if (result == RESULT_NONE) {
		symptom_fail(list, "keys", "there are no keys in %s", file);
		symptom_remedy(
			list, "runuser -u %s -- avis key create",
			writer < 0 ? "avis"
				   : owner_name(list->arena, (uid_t)writer));
		return;
	}
	if (result != RESULT_OK) {
		symptom_fail(list, "keys", "%s", err.text);
		symptom_remedy(list, "chmod 600 %s", file);
		return;
	}
	keyring_free(&keys);
	if (writer >= 0 && stat(file, &st) == 0 && (long)st.st_uid != writer) {
		symptom_fail(list, "keys",
		             "the keys belong to %s, the journal to %s",
		             owner_name(list->arena, st.st_uid),
		             owner_name(list->arena, (uid_t)writer));
		symptom_remedy(list, "chown %s: %s",
		               owner_name(list->arena, (uid_t)writer), file);
		return;
	}
	symptom_ok(list, "keys", "the keys in %s are nobody else's to read",
	           file);
}

void
doctor_files(struct symptom_list *list, const struct settings *settings,
             const struct doctor_options *options)
{
	long writer = look_at_journal(list, settings->journal);

	(void)options;
	look_at_keys(list, settings->keys, writer);
}
