#ifndef RECORD_CMS_H
#define RECORD_CMS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/span.h"

/*
 * Signatures (CMS, RFC 5652, with the CAdES attributes: CMS-1) and time
 * stamps (RFC 3161) of OpenSSL; cms.c is the adapter for libcrypto beside
 * base/digest.c: what is here needs certificates, sockets of tokens and
 * engines, which nothing that handles mail may load.
 */
struct cms_signer; /* a private key and its certificates */

/*
 * key is a PEM file or a pkcs11: URI; certificate a PEM file, the signer's
 * first. BAD: they cannot be read, do not belong together, or are too weak
 * (CMS-1: RSA from 3072 bits, P-256 or better); RETRY: the token is away.
 */
enum result cms_signer_open(const char *key, const char *certificate,
                            struct cms_signer **signer_r,
                            struct error *err) MUST_CHECK;
void cms_signer_free(struct cms_signer **signer);

/* Detached, DER, the chain inside. */
enum result cms_sign(struct arena *arena, const struct cms_signer *signer,
                     struct span content, struct span *signature_r,
                     struct error *err) MUST_CHECK;

/* What a verifier believes, as text in PEM; each may be empty. */
struct cms_trust {
	struct span anchors; /* an intermediate certificate may be one */
	struct span more;    /* certificates that may stand in between */
	struct span crls;    /* revocation is checked when there are any */
	time_ms_t at;        /* when certificates must be good; 0: now */
};

/*
 * How a check ended. Each has words, and a wrong signature is told from one
 * by a stranger, an expired from a revoked one (BND-4).
 */
enum cms_verdict {
	CMS_GOOD,
	CMS_UNREADABLE,
	CMS_CHANGED, /* content or signature are not as they were */
	CMS_FOREIGN, /* no trusted certificate leads to the signer */
	CMS_EXPIRED, /* a certificate was not valid at that time */
	CMS_REVOKED,
	CMS_NO_CRL,      /* revocation cannot be checked */
	CMS_UNFIT,       /* wrong purpose, too weak, attributes missing */
	CMS_OTHER_STAMP, /* a stamp of something else */
	CMS_VERDICTS
};
const char *cms_verdict_words(enum cms_verdict verdict);

/* signer_r: the subject, for people; unchanged unless CMS_GOOD. */
enum cms_verdict cms_verify(struct arena *arena, struct span signature,
                            struct span content, const struct cms_trust *trust,
                            const char **signer_r, struct error *err);

/* A question for an authority (TSA-1), and the nonce in it. */
struct cms_query {
	struct span der;
	uint64_t nonce;
};
enum result cms_query(struct arena *arena, struct span stamped,
                      const char *policy, struct cms_query *query_r,
                      struct error *err) MUST_CHECK;

/* What a stamp says. */
struct cms_stamp {
	time_ms_t time;
	int64_t accuracy_ms; /* 0: not said */
	const char *authority;
	const char *policy;
};

/*
 * Is the response a stamp over these bytes? query may be NULL: the nonce is
 * then not compared. trust NULL: nobody is believed, the certificates are
 * not looked at: only status, imprint, nonce and form.
 */
enum cms_verdict cms_check_stamp(struct arena *arena, struct span response,
                                 struct span stamped,
                                 const struct cms_query *query,
                                 const char *policy,
                                 const struct cms_trust *trust,
                                 struct cms_stamp *stamp_r, struct error *err);

/* Of the first certificate in a PEM file. */
struct cms_certificate {
	const char *subject;
	const char *fingerprint; /* SHA-256, lower-case hex */
	time_ms_t until;
};
enum result cms_certificate_read(struct arena *arena, const char *path,
                                 struct cms_certificate *certificate_r,
                                 struct error *err) MUST_CHECK;

#endif
