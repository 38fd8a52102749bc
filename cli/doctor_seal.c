#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/doctor.h"
#include "record/local.h"
#include "record/seal.h"
#include "record/segment.h"

#define DAY_MS  ((int64_t)24 * 3600 * 1000)
#define SOON_MS (30 * DAY_MS)
/* The timer runs once an hour; a day and a bit is no accident any more. */
#define LATE_MS (INT64_C(26) * 3600 * 1000)

/* CMS-5: a file that only the sealing process may read, and not the milter. */
static void
look_at_key(struct symptom_list *list, const struct settings *settings)
{
	const char *key = settings->seal.key;
	struct stat st, journal;

	if (text_starts(key, "pkcs11:")) {
		symptom_ok(list, "seal-key",
		           "the key that seals is in a token");
		return;
	}
	if (stat(key, &st) != 0) {
		symptom_fail(list, "seal-key", "the key that seals, %s: %s",
		             key, strerror(errno));
		return;
	}
	if ((st.st_mode & 077) != 0) {
		symptom_fail(list, "seal-key",
		             "others than its owner may use the key that "
		             "seals, %s (mode %04o)",
		             key, (unsigned)(st.st_mode & 07777));
		symptom_remedy(list, "chmod 400 %s", key);
		return;
	}
	if (stat(settings->journal, &journal) == 0 &&
	    journal.st_uid == st.st_uid) {
		symptom_fail(list, "seal-key",
		             "the key that seals, %s, belongs to the user who "
		             "writes the journal: who seals must be another",
		             key);
		symptom_remedy(list, "chown avis-seal: %s", key);
		return;
	}
	symptom_ok(list, "seal-key", "only its owner reads the key that seals");
}

static void
look_at_certificate(struct symptom_list *list, const struct settings *settings)
{
	const char *path = settings->seal.certificate;
	struct cms_certificate certificate;
	struct error err;
	int64_t left_ms;

	if (cms_certificate_read(list->arena, path, &certificate, &err) !=
	    RESULT_OK) {
		symptom_fail(list, "seal-certificate", "%s", err.text);
		return;
	}
	left_ms = certificate.until - clock_now();
	if (left_ms < SOON_MS) {
		(left_ms < 0 ? symptom_fail : symptom_warn)(
			list, "seal-certificate",
			"the certificate that seals, %s, %s", path,
			left_ms < 0 ? "has expired" : "expires within 30 days");
		symptom_remedy(list, "a new key: avis-seal(8)");
		return;
	}
	symptom_ok(list, "seal-certificate",
	           "the certificate that seals is good for %lld days; its "
	           "fingerprint: %s",
	           (long long)(left_ms / DAY_MS), certificate.fingerprint);
}

/* The oldest head without a stamp; 0: none. */
static time_ms_t
oldest_pending(struct arena *arena, const char *folder, uint64_t last,
               uint64_t *count_r)
{
	time_ms_t oldest = 0;

	*count_r = 0;
	for (uint64_t n = 1; n <= last; n++) {
		struct head_file file;
		struct error ignored;

		if (head_has_stamp(folder, n))
			continue;
		++*count_r;
		if (oldest == 0 &&
		    head_load(arena, folder, n, &file, &ignored) == RESULT_OK)
			oldest = file.head.time;
	}
	return oldest;
}

static void
look_at_stamps(struct symptom_list *list, const struct settings *settings,
               const char *writer, const char *folder, uint64_t last)
{
	uint64_t count;
	time_ms_t oldest;

	if (settings->seal.authority[0] == '\0')
		return;
	oldest = oldest_pending(list->arena, folder, last, &count);
	if (count == 0)
		return;
	(clock_now() - oldest > settings->seal.stamp_within_ms
	         ? symptom_fail
	         : symptom_warn)(list, "seal-stamps",
	                         "%llu heads of %s wait for their time stamp",
	                         (unsigned long long)count, writer);
	symptom_remedy(list, "runuser -u avis-seal -g avis -- avis seal");
}

/* Journals of earlier versions were for their writer alone. */
static void
look_at_modes(struct symptom_list *list, const struct settings *settings,
              const char *writer)
{
	const char *folder =
		arena_printf(list->arena, "%s/%s", settings->journal, writer);
	struct segment_list segments = { NULL, 0, 0 };
	struct error ignored;

	if (segment_list(list->arena, folder, &segments, &ignored) != RESULT_OK)
		return;
	for (size_t i = 0; i < segments.count; i++) {
		char name[SEGMENT_NAME_SIZE];
		struct stat status;

		segment_name(segments.items[i], SEGMENT_LOG, name);
		if (stat(arena_printf(list->arena, "%s/%s", folder, name),
		         &status) != 0 ||
		    (status.st_mode & S_IRGRP) != 0)
			continue;
		symptom_fail(list, "seal-journal",
		             "who seals may not read %s/%s (mode %04o)", folder,
		             name, (unsigned)(status.st_mode & 07777));
		symptom_remedy(list,
		               "chmod g+rx %s && chmod g+r %s/*." SEGMENT_LOG,
		               folder, folder);
		return;
	}
}

static void
look_at_custodians(struct symptom_list *list, const struct settings *settings,
                   const char *writer, const char *folder, uint64_t last)
{
	const struct text_list *custodians = &settings->seal.custodians;

	for (size_t i = 0; i < custodians->count; i++) {
		uint64_t done =
			seal_custodian_has(folder, custodians->items[i]);
		struct head_file file;
		struct error ignored;

		if (done >= last ||
		    head_load(list->arena, folder, done + 1, &file, &ignored) !=
		            RESULT_OK ||
		    clock_now() - file.head.time < LATE_MS)
			continue;
		symptom_fail(list, "seal-custodian",
		             "the custodian %s has not got the heads of %s "
		             "since number %llu",
		             custodians->items[i], writer,
		             (unsigned long long)done);
	}
}

static void
look_at_writer(struct symptom_list *list, const struct settings *settings,
               const char *writer)
{
	const char *folder = seal_writer_folder(list->arena, settings, writer);
	uint64_t last = head_last(folder), count = 0;
	struct head_file file = { .head = { .time = 0 } };
	struct error err;

	if (seal_unsealed(list->arena, settings, writer, &count, &err) !=
	    RESULT_OK) {
		symptom_fail(list, "seal", "%s", err.text);
		return;
	}
	if (last > 0 &&
	    head_load(list->arena, folder, last, &file, &err) != RESULT_OK) {
		symptom_fail(list, "seal", "%s", err.text);
		return;
	}
	if (count > 0 && clock_now() - file.head.time > LATE_MS) {
		symptom_fail(list, "seal",
		             "%llu entries of %s wait for a seal, and the last "
		             "one is over a day old",
		             (unsigned long long)count, writer);
		symptom_remedy(list, "systemctl enable --now avis-seal.timer");
	} else {
		symptom_ok(list, "seal", "%s is sealed by %llu heads", writer,
		           (unsigned long long)last);
	}
	look_at_modes(list, settings, writer);
	look_at_stamps(list, settings, writer, folder, last);
	look_at_custodians(list, settings, writer, folder, last);
}

void
doctor_seal(struct symptom_list *list, const struct settings *settings,
            const struct doctor_options *options)
{
	struct local_writers writers = { NULL, 0, 0 };
	struct error ignored;

	(void)options;
	if (settings->seal.key[0] == '\0')
		return;
	look_at_key(list, settings);
	look_at_certificate(list, settings);
	if (settings->seal.custodians.count == 0)
		symptom_warn(list, "seal-custodian",
		             "nobody outside keeps the heads: nothing shows "
		             "that the whole record was not made anew "
		             "(seal.custodians)");
	if (local_writers(list->arena, settings->journal, &writers, &ignored) !=
	    RESULT_OK)
		return;
	for (size_t i = 0; i < writers.count; i++)
		look_at_writer(list, settings, writers.items[i]);
}
