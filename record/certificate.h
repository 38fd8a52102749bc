#ifndef RECORD_CERTIFICATE_H
#define RECORD_CERTIFICATE_H

#include "base/buf.h"
#include "conf/settings.h"
#include "record/case.h"

/*
 * A case on paper: who wrote to whom and when, what became of it as a
 * picture, who says so and how far that goes, digests, how to verify it, and
 * what it does not prove (BND-7, LRE-3). The same case and the same `made`
 * give the same bytes.
 */
struct certificate_options {
	const char *organisation;        /* who draws it up */
	const char *class_title;         /* "" : the class's name */
	unsigned recipient;              /* only this one; 0: all of them */
	const struct settings *settings; /* whose seals; NULL: none */
	time_ms_t made;
};

enum result certificate_make(struct arena *arena, const struct case_file *file,
                             const struct certificate_options *options,
                             struct buf *out, struct error *err) MUST_CHECK;

#endif
