#ifndef RECORD_BUNDLE_H
#define RECORD_BUNDLE_H

#include "conf/settings.h"
#include "record/archive.h"
#include "record/event.h"
#include "record/fileset.h"

/*
 * An evidence bundle: everything about one message that somebody needs who
 * trusts neither us nor our servers (avis-bundle(5)). What other people's
 * mail left in the journal is in it as bare hashes only (BND-3).
 */
struct bundle_request {
	const struct settings *settings;
	struct archive *archive; /* NULL: there is none */
	const struct event_list *events;
	const char *case_number; /* "" */
	unsigned recipient;      /* of this one alone; 0: of all */
	bool names_others;       /* else nothing that names other recipients */
};

/* How many recipients the message had, in one copy; 0: it is not known. */
size_t bundle_recipients(const struct event_list *events);

/*
 * All but the signatures: those are asked for (bundle_ask) and put in
 * (bundle_finish). RETRY: some of it is not sealed yet. BAD: the journal is
 * not as it was sealed, or not here. left_out_r: why the message itself,
 * which its class kept, is not in it; "" when it is.
 */
enum result bundle_make(struct arena *arena,
                        const struct bundle_request *request,
                        struct fileset *set_r, const char **left_out_r,
                        struct error *err) MUST_CHECK;

/* Asks the sealing process to seal what there is, or to sign a bundle. */
enum result bundle_ask_seal(const struct settings *settings,
                            struct error *err) MUST_CHECK;
enum result bundle_ask(struct arena *arena, const struct settings *settings,
                       const struct fileset *set, struct error *err) MUST_CHECK;

/*
 * Puts in what the sealing process gave. NONE: nothing yet. RETRY: signed,
 * the stamp is to come.
 */
enum result bundle_finish(struct arena *arena, const struct settings *settings,
                          struct fileset *set, struct error *err) MUST_CHECK;

/* "bundle-9f1c...": the folder inside of a tar file. */
const char *bundle_name(struct arena *arena, const struct fileset *set);

#endif
