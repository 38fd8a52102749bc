#ifndef RECORD_BUNDLE_CHECK_H
#define RECORD_BUNDLE_CHECK_H

#include "base/clock.h"
#include "record/fileset.h"

/*
 * Checks a bundle step by step, as record/verify.sh does: each change is
 * caught by a step, and the step names the file (BND-4). Nothing of the
 * bundle is believed but what leads to a trusted certificate.
 */
enum check_kind {
	CHECK_GOOD,
	CHECK_FAILED,
	CHECK_NOTE
};

struct check_line {
	enum check_kind kind;
	const char *step; /* "files", "sums", "manifest", "head", ... */
	const char *text;
};

struct bundle_check {
	struct check_line *items;
	size_t count;
	size_t room;
	size_t failures;
	/* what was found, for people */
	size_t entries;
	size_t payloads;
	size_t heads;
	size_t stamps;         /* good ones over heads */
	time_ms_t first_stamp; /* 0: no head has a stamp */
	time_ms_t last_stamp;
	const char *authority; /* of the stamps */
	const char *signer;    /* of the manifest */
	bool is_stamp_qualified;
};

/* PEM texts; empty: what the bundle has is taken, and a note says so. */
struct check_trust {
	struct span seal_ca;
	struct span tsa_ca;
	struct span seal_crl;
	struct span tsa_crl;
	time_ms_t at; /* 0: now */
};

void bundle_check(struct arena *arena, const struct fileset *set,
                  const struct check_trust *trust,
                  struct bundle_check *check_r);

#endif
