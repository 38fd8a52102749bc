#ifndef RECORD_SEAL_H
#define RECORD_SEAL_H

#include <stdbool.h>

#include "conf/settings.h"
#include "record/cms.h"
#include "record/head.h"

/*
 * The sealing process's work, one pass at a time: heads over what the
 * journals hold on disk, signed and time-stamped (CHAIN-4, CMS-1, TSA-1).
 *
 *     SEAL/WRITER/00000001.json       the head (record/head.h)
 *     SEAL/WRITER/00000001.json.p7s   its signature
 *     SEAL/WRITER/00000001.json.tsr   the stamp over the signature (TSA-2)
 *     SEAL/bundles/ID.p7s ID.tsr      the same for manifests of bundles
 *     SEAL/trust/                     every certificate that was ever used
 *
 * A head is written behind its signature: where there is a head there is
 * one. A segment that still grows gets heads over what is synced, and a
 * later head covers that again. An authority that is away leaves stamps
 * pending; the next pass asks again (TSA-4).
 */
struct sealer;

/* Opens key and certificates, and locks the folder. */
enum result sealer_open(struct arena *arena, const struct settings *settings,
                        struct sealer **sealer_r, struct error *err) MUST_CHECK;
void sealer_close(struct sealer **sealer);

struct seal_report {
	unsigned heads;   /* made now */
	unsigned stamped; /* now, of earlier ones too */
	unsigned pending; /* without a stamp still */
	unsigned bundles; /* signed now */
	unsigned pushed;  /* heads, to each custodian */
	unsigned problems;
};

/*
 * One pass over everything; goes on past what fails. complain gets a line
 * for each problem. is_now: custodians by mail, too, who otherwise get
 * one a day.
 */
void sealer_run(struct sealer *sealer, bool is_now,
                void (*complain)(const char *text),
                struct seal_report *report_r);

/* For those who only look. */
const char *seal_writer_folder(struct arena *arena,
                               const struct settings *settings,
                               const char *writer);

/*
 * The certificates of a kind that were ever used, as one text: "seal" or
 * "authority". Empty when there are none.
 */
struct span seal_trust(struct arena *arena, const struct settings *settings,
                       const char *kind);

/* Of "seal" the last of each file: what the others lead to (BND-5). */
struct span seal_roots(struct arena *arena, const struct settings *settings);

/* The number of the last head of a writer that this custodian has. */
uint64_t seal_custodian_has(const char *heads, const char *custodian);

/* Entries of a writer that no head covers yet. */
enum result seal_unsealed(struct arena *arena, const struct settings *settings,
                          const char *writer, uint64_t *count_r,
                          struct error *err) MUST_CHECK;

/*
 * Do the heads of a writer fit to each other and to its journal? With trust
 * their signatures are checked, too. NONE: there are no heads.
 */
struct seal_check {
	uint64_t heads;
	uint64_t pending;
	uint64_t sealed; /* sequence of the last entry under a head */
	time_ms_t time;  /* of the last head */
};
enum result seal_check_writer(const char *journal, const char *heads,
                              const struct cms_trust *trust,
                              struct seal_check *check_r,
                              struct error *err) MUST_CHECK;

#endif
