#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "cli/doctor.h"
#include "record/archive.h"
#include "record/hold.h"
#include "record/segment.h"

#define LATE_MS ((time_ms_t)48 * 3600 * 1000)

/* Since when a closed segment waits to be archived; 0: none does. */
static time_ms_t
waiting_since(struct arena *arena, const char *folder, uint32_t from)
{
	struct segment_list list;
	struct error ignored;

	if (segment_list(arena, folder, &list, &ignored) != RESULT_OK)
		return 0;
	for (size_t i = 0; i + 1 < list.count; i++) {
		char path[PATH_MAX], name[SEGMENT_NAME_SIZE];
		struct stat status;

		if (list.items[i] < from)
			continue;
		segment_name(list.items[i], SEGMENT_LOG, name);
		snprintf(path, sizeof(path), "%s/%s", folder, name);
		if (stat(path, &status) == 0 && status.st_size > 0)
			return (time_ms_t)status.st_mtime * 1000;
	}
	return 0;
}

static void
look_at_freshness(struct symptom_list *list, const struct settings *settings,
                  struct archive *archive)
{
	struct local_writers writers;
	struct error ignored;
	time_ms_t now = clock_now();

	if (local_writers(list->arena, settings->journal, &writers, &ignored) !=
	    RESULT_OK)
		return;
	for (size_t i = 0; i < writers.count; i++) {
		struct reader_place end = { .segment = 0 };
		time_ms_t since;

		(void)archive_end(archive, writers.items[i], &end);
		since = waiting_since(list->arena,
		                      arena_printf(list->arena, "%s/%s",
		                                   settings->journal,
		                                   writers.items[i]),
		                      end.segment);
		if (since == 0 || since + LATE_MS > now)
			continue;
		symptom_warn(list, "archive",
		             "the archive is not kept up: segments of %s wait "
		             "for more than two days",
		             writers.items[i]);
		symptom_remedy(list,
		               "systemctl enable --now avis-archive.timer");
		return;
	}
	symptom_ok(list, "archive", "the archive %s is up to date",
	           settings->archive.folder);
}

static void
look_at_archive(struct symptom_list *list, const struct settings *settings)
{
	struct archive *archive = NULL;
	struct stat status;
	struct error err;
	const char *folder = settings->archive.folder;

	if (folder[0] == '\0')
		return;
	if (stat(folder, &status) == 0 && (status.st_mode & S_IRWXO) != 0) {
		symptom_fail(list, "archive-mode",
		             "everybody on this machine may look into the "
		             "archive %s",
		             folder);
		symptom_remedy(list, "chmod o-rwx %s", folder);
	}
	/* Freshness asks no hash, so no keys. */
	enum result result = archive_open(folder, NULL, false, &archive, &err);
	if (result != RESULT_OK) {
		symptom_warn(list, "archive", "%s: %s", folder,
		             result == RESULT_NONE ? "nothing is archived yet"
		                                   : err.text);
		symptom_remedy(list, "avis archive add\n"
		                     "systemctl enable --now "
		                     "avis-archive.timer");
		return;
	}
	look_at_freshness(list, settings, archive);
	archive_close(&archive);
}

/* a review is a duty. */
static void
look_at_holds(struct symptom_list *list, const struct settings *settings)
{
	struct hold_list holds;
	struct error err;
	time_ms_t now = clock_now();

	if (hold_read(list->arena, settings, &holds, &err) != RESULT_OK) {
		symptom_fail(list, "holds", "%s", err.text);
		symptom_remedy(list, "avis journal verify %s.avis",
		               settings->host);
		return;
	}
	for (size_t i = 0; i < holds.count; i++) {
		const struct hold *hold = &holds.items[i];
		char day[CLOCK_TEXT_SIZE];

		if (hold->review >= now)
			continue;
		clock_format(hold->review, day);
		symptom_warn(list, "holds",
		             "the legal hold %s was to be looked at again by "
		             "%.10s",
		             hold->id, day);
		symptom_remedy(list,
		               "avis hold review %s --review DAY\n"
		               "avis hold lift %s --text WHY",
		               hold->id, hold->id);
	}
}

static void
look_at_content(struct symptom_list *list, const struct settings *settings)
{
	struct stat status;
	bool is_wanted = false;

	for (size_t i = 0; i < settings->class_count; i++)
		is_wanted |= settings->classes[i].keep == KEEP_MESSAGE;
	if (stat(settings->content, &status) != 0) {
		if (!is_wanted)
			return;
		symptom_fail(list, "content",
		             "there is no folder %s: mail of classes that keep "
		             "whole messages is deferred",
		             settings->content);
		symptom_remedy(list, "install -d -o avis -g avis -m 0700 %s",
		               settings->content);
	} else if ((status.st_mode & (S_IRWXO | S_IRWXG)) != 0) {
		symptom_fail(list, "content",
		             "others than its owner may look into %s (mode "
		             "%04o)",
		             settings->content,
		             (unsigned)(status.st_mode & 07777));
		symptom_remedy(list, "chmod 700 %s", settings->content);
	} else if (is_wanted) {
		symptom_ok(list, "content", "whole messages are kept in %s",
		           settings->content);
	}
}

void
doctor_archive(struct symptom_list *list, const struct settings *settings,
               const struct doctor_options *options)
{
	(void)options;
	look_at_content(list, settings);
	look_at_archive(list, settings);
	look_at_holds(list, settings);
}
