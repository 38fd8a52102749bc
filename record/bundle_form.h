#ifndef RECORD_BUNDLE_FORM_H
#define RECORD_BUNDLE_FORM_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "record/manifest.h"
#include "record/merkle.h"

/*
 * Names and forms of what lies in a bundle (avis-bundle(5)), for who makes
 * one and who checks one.
 */
#define BUNDLE_SUMS      "SHA256SUMS"
#define BUNDLE_MANIFEST  "manifest.json"
#define BUNDLE_SIGNATURE "manifest.json.p7s"
#define BUNDLE_STAMP     "manifest.json.tsr"
#define BUNDLE_SEALED    "SHA256SUMS.sealed"

/* "chain/001.txt": where an entry stands under its head. */
struct bundle_place {
	struct manifest_event event;
	uint64_t size;
	struct merkle_path path;
};
void bundle_place_write(const struct bundle_place *place, struct buf *out);
/* BAD: not byte for byte as bundle_place_write has it. */
enum result bundle_place_read(struct span bytes, struct bundle_place *place_r,
                              struct error *err) MUST_CHECK;

/* Does SHA256SUMS cover it? All but what is made after it. */
bool bundle_is_summed(const char *name);

#endif
