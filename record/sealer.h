#ifndef RECORD_SEALER_H
#define RECORD_SEALER_H

#include "base/transfer.h"
#include "record/seal.h"

/* What the parts of the sealing process share: for record/seal*.c alone. */
struct sealer {
	const struct settings *settings;
	struct cms_signer *signer;
	struct transfer *transfer;
	int lock;
	bool is_away; /* the authority did not answer in this pass */
	bool is_now;
	void (*complain)(const char *text);
	struct seal_report report;
};

void sealer_complain(struct sealer *sealer, const char *format, ...)
	FORMAT_LIKE(2, 3);

/* New heads of one writer, and the stamps that its heads lack. */
void seal_writer(struct sealer *sealer, const char *writer);

/*
 * Asks the authority for a stamp over the signature, into that file. NONE:
 * there is no authority; RETRY: not now.
 */
enum result seal_stamp(struct sealer *sealer, struct span signature,
                       const char *path, struct error *err) MUST_CHECK;

/* Manifests that wait for a signature. */
void seal_requests(struct sealer *sealer);

/* Heads to those who keep a copy. */
void seal_push(struct sealer *sealer, const char *writer);

#endif
