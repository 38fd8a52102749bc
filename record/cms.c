/* Engines are how a PKCS#11 token is reached on Debian 12. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "record/cms.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/engine.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ts.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/random.h"

#define PEM_LIMIT  ((size_t)1024 * 1024)
#define RSA_BITS   3072
#define OTHER_BITS 256
#define SIGN_FLAGS                                                             \
	(CMS_DETACHED | CMS_BINARY | CMS_CADES | CMS_NOSMIMECAP | CMS_PARTIAL)

struct cms_signer {
	EVP_PKEY *key;
	X509 *certificate;
	STACK_OF(X509) * chain;
	ENGINE *engine;
};

static const char *const verdict_words[CMS_VERDICTS] = {
	[CMS_GOOD] = "good",
	[CMS_UNREADABLE] = "it cannot be read",
	[CMS_CHANGED] = "it was changed, or is of other bytes",
	[CMS_FOREIGN] = "no certificate that you trust leads to it",
	[CMS_EXPIRED] = "a certificate was not valid at that time",
	[CMS_REVOKED] = "a certificate was revoked",
	[CMS_NO_CRL] = "there is no list of revoked certificates to check with",
	[CMS_UNFIT] = "its certificate is not fit for this",
	[CMS_OTHER_STAMP] = "it is the time stamp of something else",
};

const char *
cms_verdict_words(enum cms_verdict verdict)
{
	return verdict_words[verdict];
}

/* The innermost thing libcrypto has to say, and a clean slate. */
static void
say_why(struct error *err, const char *what)
{
	unsigned long code = ERR_peek_error();
	const char *reason = code != 0 ? ERR_reason_error_string(code) : NULL;

	error_set(err, "%s: %s", what, reason != NULL ? reason : "no reason");
	ERR_clear_error();
}

static BIO *
bio_of(struct span bytes)
{
	return BIO_new_mem_buf(bytes.at, (int)bytes.len);
}

static struct span
bytes_of(struct arena *arena, BIO *bio)
{
	char *at = NULL;
	long len = BIO_get_mem_data(bio, &at);

	return span_make(arena_strndup(arena, at, (size_t)len), (size_t)len);
}

static const char *
name_of(struct arena *arena, const X509 *certificate)
{
	BIO *bio = BIO_new(BIO_s_mem());

	X509_NAME_print_ex(bio, X509_get_subject_name(certificate), 0,
	                   XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB);
	const char *name = bytes_of(arena, bio).at;
	BIO_free(bio);
	return name;
}

static time_ms_t
time_of(const ASN1_TIME *when)
{
	ASN1_TIME *start = ASN1_TIME_set(NULL, 0);
	int days = 0, seconds = 0;
	int64_t time = 0;

	if (ASN1_TIME_diff(&days, &seconds, start, when) == 1)
		time = ((int64_t)days * 86400 + seconds) * 1000;
	ASN1_TIME_free(start);
	return time;
}

/* All certificates of a text in PEM; NULL when there is none. */
static STACK_OF(X509) * certificates_of(struct span text)
{
	STACK_OF(X509) *list = sk_X509_new_null();
	BIO *in = bio_of(text);
	X509 *one;

	while ((one = PEM_read_bio_X509(in, NULL, NULL, NULL)) != NULL)
		sk_X509_push(list, one);
	BIO_free(in);
	ERR_clear_error();
	if (sk_X509_num(list) > 0)
		return list;
	sk_X509_free(list);
	return NULL;
}

static STACK_OF(X509) * read_certificates(const char *path, struct error *err)
{
	struct arena *arena = arena_new();
	STACK_OF(X509) *list = NULL;
	struct span text;

	if (file_read(arena, path, PEM_LIMIT, &text, err) == RESULT_OK) {
		list = certificates_of(text);
		if (list == NULL)
			error_set(err, "%s: no certificate in it", path);
	}
	arena_free(&arena);
	return list;
}

/* --- the signer ------------------------------------------------------- */

static EVP_PKEY *
key_of_token(struct cms_signer *signer, const char *uri, struct error *err)
{
	EVP_PKEY *key = NULL;

	ENGINE_load_dynamic();
	signer->engine = ENGINE_by_id("pkcs11");
	if (signer->engine != NULL && ENGINE_init(signer->engine) != 1) {
		ENGINE_free(signer->engine);
		signer->engine = NULL;
	}
	if (signer->engine != NULL)
		key = ENGINE_load_private_key(signer->engine, uri, NULL, NULL);
	if (key == NULL)
		say_why(err, signer->engine != NULL
		                     ? "the key in the token"
		                     : "the engine pkcs11 (package "
		                       "libengine-pkcs11-openssl)");
	return key;
}

static enum result
read_key(struct cms_signer *signer, const char *key, struct error *err)
{
	BIO *file;

	if (text_starts(key, "pkcs11:")) {
		signer->key = key_of_token(signer, key, err);
		return signer->key != NULL ? RESULT_OK : RESULT_RETRY;
	}
	file = BIO_new_file(key, "r");
	if (file != NULL)
		signer->key = PEM_read_bio_PrivateKey(file, NULL, NULL, NULL);
	BIO_free(file);
	if (signer->key != NULL)
		return RESULT_OK;
	say_why(err, key);
	return RESULT_BAD;
}

static enum result
check_strength(const struct cms_signer *signer, struct error *err)
{
	bool is_rsa = EVP_PKEY_get_base_id(signer->key) == EVP_PKEY_RSA;
	int bits = EVP_PKEY_get_bits(signer->key);

	if (bits >= (is_rsa ? RSA_BITS : OTHER_BITS))
		return RESULT_OK;
	error_set(err,
	          "the key that seals has %d bits: RSA wants 3072, others 256 "
	          "(CMS-1)",
	          bits);
	return RESULT_BAD;
}

enum result
cms_signer_open(const char *key, const char *certificate,
                struct cms_signer **signer_r, struct error *err)
{
	struct cms_signer *signer = memory_zeroed(1, sizeof(*signer));
	enum result result = RESULT_BAD;

	signer->chain = read_certificates(certificate, err);
	if (signer->chain != NULL) {
		signer->certificate = sk_X509_shift(signer->chain);
		result = read_key(signer, key, err);
	}
	if (result == RESULT_OK &&
	    X509_check_private_key(signer->certificate, signer->key) != 1) {
		ERR_clear_error();
		error_set(err,
		          "%s is not the certificate of the key that seals",
		          certificate);
		result = RESULT_BAD;
	}
	if (result == RESULT_OK)
		result = check_strength(signer, err);
	if (result != RESULT_OK) {
		cms_signer_free(&signer);
		return result;
	}
	*signer_r = signer;
	return RESULT_OK;
}

void
cms_signer_free(struct cms_signer **signer)
{
	struct cms_signer *old = *signer;

	if (old == NULL)
		return;
	EVP_PKEY_free(old->key);
	X509_free(old->certificate);
	sk_X509_pop_free(old->chain, X509_free);
	if (old->engine != NULL) {
		ENGINE_finish(old->engine);
		ENGINE_free(old->engine);
	}
	free(old);
	*signer = NULL;
}

enum result
cms_sign(struct arena *arena, const struct cms_signer *signer,
         struct span content, struct span *signature_r, struct error *err)
{
	BIO *in = bio_of(content), *out = BIO_new(BIO_s_mem());
	CMS_ContentInfo *cms =
		CMS_sign(NULL, NULL, signer->chain, NULL, SIGN_FLAGS);
	bool is_done = cms != NULL &&
	               CMS_add1_signer(cms, signer->certificate, signer->key,
	                               EVP_sha256(), SIGN_FLAGS) != NULL &&
	               CMS_final(cms, in, NULL, SIGN_FLAGS) == 1 &&
	               i2d_CMS_bio(out, cms) == 1;

	if (is_done)
		*signature_r = bytes_of(arena, out);
	else
		say_why(err, "cannot sign");
	CMS_ContentInfo_free(cms);
	BIO_free(in);
	BIO_free(out);
	return is_done ? RESULT_OK : RESULT_RETRY;
}

/* --- trust ------------------------------------------------------------ */

/* What went wrong with a chain of certificates, kept while it is walked. */
static int chain_slot = -1;

__attribute__((constructor)) static void
take_slot(void)
{
	chain_slot = X509_STORE_get_ex_new_index(0, NULL, NULL, NULL, NULL);
}

static int
note_chain_error(int is_ok, X509_STORE_CTX *context)
{
	int *code = X509_STORE_get_ex_data(X509_STORE_CTX_get0_store(context),
	                                   chain_slot);

	if (is_ok != 1 && *code == X509_V_OK)
		*code = X509_STORE_CTX_get_error(context);
	return is_ok;
}

static const struct {
	int code;
	enum cms_verdict verdict;
} chain_verdicts[] = {
	{ X509_V_ERR_CERT_HAS_EXPIRED, CMS_EXPIRED },
	{ X509_V_ERR_CERT_NOT_YET_VALID, CMS_EXPIRED },
	{ X509_V_ERR_CERT_REVOKED, CMS_REVOKED },
	{ X509_V_ERR_UNABLE_TO_GET_CRL, CMS_NO_CRL },
	{ X509_V_ERR_CRL_HAS_EXPIRED, CMS_NO_CRL },
	{ X509_V_ERR_CRL_NOT_YET_VALID, CMS_NO_CRL },
	{ X509_V_ERR_CRL_SIGNATURE_FAILURE, CMS_NO_CRL },
	{ X509_V_ERR_CERT_SIGNATURE_FAILURE, CMS_CHANGED },
	{ X509_V_ERR_INVALID_PURPOSE, CMS_UNFIT },
	{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, CMS_FOREIGN },
	{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, CMS_FOREIGN },
	{ X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, CMS_FOREIGN },
	{ X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, CMS_FOREIGN },
	{ X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, CMS_FOREIGN },
};

static enum cms_verdict
chain_verdict(int code, struct error *err)
{
	error_set(err, "%s", X509_verify_cert_error_string(code));
	for (size_t i = 0;
	     i < sizeof(chain_verdicts) / sizeof(chain_verdicts[0]); i++)
		if (chain_verdicts[i].code == code)
			return chain_verdicts[i].verdict;
	return CMS_UNFIT;
}

/* False: nothing of the kind is in the text. */
static bool
add_to_store(X509_STORE *store, struct span text, bool wants_crls)
{
	BIO *in = bio_of(text);
	STACK_OF(X509_INFO) *list =
		PEM_X509_INFO_read_bio(in, NULL, NULL, NULL);
	int count = 0;

	for (int i = 0; list != NULL && i < sk_X509_INFO_num(list); i++) {
		X509_INFO *info = sk_X509_INFO_value(list, i);

		if (wants_crls && info->crl != NULL)
			count += X509_STORE_add_crl(store, info->crl);
		else if (!wants_crls && info->x509 != NULL)
			count += X509_STORE_add_cert(store, info->x509);
	}
	sk_X509_INFO_pop_free(list, X509_INFO_free);
	BIO_free(in);
	ERR_clear_error();
	return count > 0;
}

static X509_STORE *
store_of(const struct cms_trust *trust, int purpose, int *code,
         struct error *err)
{
	X509_STORE *store = X509_STORE_new();
	X509_VERIFY_PARAM *param = X509_STORE_get0_param(store);

	*code = X509_V_OK;
	X509_STORE_set_ex_data(store, chain_slot, code);
	X509_STORE_set_verify_cb(store, note_chain_error);
	X509_STORE_set_purpose(store, purpose);
	X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
	if (!add_to_store(store, trust->anchors, false)) {
		error_set(err, "there is no certificate to trust");
		X509_STORE_free(store);
		return NULL;
	}
	if (trust->crls.len > 0) {
		add_to_store(store, trust->crls, true);
		X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
	}
	if (trust->at != 0)
		X509_VERIFY_PARAM_set_time(param, trust->at / 1000);
	return store;
}

static STACK_OF(X509) * more_of(const struct cms_trust *trust)
{
	return trust != NULL ? certificates_of(trust->more) : NULL;
}

enum cms_verdict
cms_verify(struct arena *arena, struct span signature, struct span content,
           const struct cms_trust *trust, const char **signer_r,
           struct error *err)
{
	int code;
	X509_STORE *store = store_of(trust, X509_PURPOSE_ANY, &code, err);
	STACK_OF(X509) *more = more_of(trust), *signers;
	BIO *in = bio_of(signature), *bytes = bio_of(content);
	CMS_ContentInfo *cms = d2i_CMS_bio(in, NULL);
	enum cms_verdict verdict = CMS_GOOD;

	if (store == NULL) {
		verdict = CMS_FOREIGN;
	} else if (cms == NULL || BIO_pending(in) > 0) {
		verdict = CMS_UNREADABLE;
		say_why(err, "not a CMS signature");
	} else if (CMS_verify(cms, more, store, bytes, NULL,
	                      CMS_BINARY | CMS_CADES) != 1) {
		verdict = code != X509_V_OK ? chain_verdict(code, err)
		                            : CMS_CHANGED;
		if (code == X509_V_OK)
			say_why(err, "signature");
	} else if ((signers = CMS_get0_signers(cms)) != NULL) {
		*signer_r = name_of(arena, sk_X509_value(signers, 0));
		sk_X509_free(signers);
	}
	ERR_clear_error();
	CMS_ContentInfo_free(cms);
	BIO_free(in);
	BIO_free(bytes);
	sk_X509_pop_free(more, X509_free);
	X509_STORE_free(store);
	return verdict;
}

/* --- time stamps ------------------------------------------------------ */

static ASN1_INTEGER *
integer_of(uint64_t number)
{
	ASN1_INTEGER *integer = ASN1_INTEGER_new();

	ASN1_INTEGER_set_uint64(integer, number);
	return integer;
}

static TS_MSG_IMPRINT *
imprint_of(struct span stamped)
{
	TS_MSG_IMPRINT *imprint = TS_MSG_IMPRINT_new();
	X509_ALGOR *algorithm = X509_ALGOR_new();
	uint8_t sum[DIGEST_BYTES];

	digest_sha256(stamped.at, stamped.len, sum);
	X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_sha256), V_ASN1_NULL, NULL);
	TS_MSG_IMPRINT_set_algo(imprint, algorithm);
	TS_MSG_IMPRINT_set_msg(imprint, sum, DIGEST_BYTES);
	X509_ALGOR_free(algorithm);
	return imprint;
}

enum result
cms_query(struct arena *arena, struct span stamped, const char *policy,
          struct cms_query *query_r, struct error *err)
{
	TS_REQ *request = TS_REQ_new();
	TS_MSG_IMPRINT *imprint = imprint_of(stamped);
	ASN1_OBJECT *oid = policy[0] != '\0' ? OBJ_txt2obj(policy, 1) : NULL;
	ASN1_INTEGER *nonce;
	BIO *out = BIO_new(BIO_s_mem());

	random_bytes(&query_r->nonce, sizeof(query_r->nonce));
	nonce = integer_of(query_r->nonce);
	bool is_done =
		(policy[0] == '\0' || oid != NULL) &&
		TS_REQ_set_version(request, 1) == 1 &&
		TS_REQ_set_msg_imprint(request, imprint) == 1 &&
		(oid == NULL || TS_REQ_set_policy_id(request, oid) == 1) &&
		TS_REQ_set_nonce(request, nonce) == 1 &&
		TS_REQ_set_cert_req(request, 1) == 1 &&
		i2d_TS_REQ_bio(out, request) == 1;

	if (is_done)
		query_r->der = bytes_of(arena, out);
	else
		say_why(err, "cannot ask for a time stamp");
	BIO_free(out);
	ASN1_INTEGER_free(nonce);
	ASN1_OBJECT_free(oid);
	TS_MSG_IMPRINT_free(imprint);
	TS_REQ_free(request);
	return is_done ? RESULT_OK : RESULT_BAD;
}

static int64_t
accuracy_of(const TS_ACCURACY *accuracy)
{
	const ASN1_INTEGER *part;
	int64_t ms = 0;

	if (accuracy == NULL)
		return 0;
	if ((part = TS_ACCURACY_get_seconds(accuracy)) != NULL)
		ms += ASN1_INTEGER_get(part) * 1000;
	if ((part = TS_ACCURACY_get_millis(accuracy)) != NULL)
		ms += ASN1_INTEGER_get(part);
	return ms;
}

static void
read_stamp(struct arena *arena, TS_RESP *response, struct cms_stamp *stamp)
{
	TS_TST_INFO *info = TS_RESP_get_tst_info(response);
	STACK_OF(X509) *signers =
		PKCS7_get0_signers(TS_RESP_get_token(response), NULL, 0);
	char oid[128];

	stamp->time = time_of(TS_TST_INFO_get_time(info));
	stamp->accuracy_ms = accuracy_of(TS_TST_INFO_get_accuracy(info));
	OBJ_obj2txt(oid, sizeof(oid), TS_TST_INFO_get_policy_id(info), 1);
	stamp->policy = arena_strdup(arena, oid);
	stamp->authority = signers != NULL && sk_X509_num(signers) > 0
	                           ? name_of(arena, sk_X509_value(signers, 0))
	                           : "";
	sk_X509_free(signers);
	ERR_clear_error();
}

static enum cms_verdict
stamp_verdict(int code, struct error *err)
{
	int reason = ERR_GET_REASON(ERR_peek_last_error());

	if (code != X509_V_OK)
		return chain_verdict(code, err);
	say_why(err, "time stamp");
	switch (reason) {
	case TS_R_MESSAGE_IMPRINT_MISMATCH:
	case TS_R_NONCE_MISMATCH:
	case TS_R_NONCE_NOT_RETURNED:
		return CMS_OTHER_STAMP;
	case TS_R_POLICY_MISMATCH:
	case TS_R_NO_TIME_STAMP_TOKEN:
		return CMS_UNFIT;
	default:
		return CMS_CHANGED;
	}
}

/* NOLINTBEGIN(readability-function-size): all that a stamp rests on. */

/* Takes store and more, which may be NULL without TS_VFY_SIGNER. */
static enum cms_verdict
check_token(TS_RESP *response, struct span stamped,
            const struct cms_query *query, const char *policy,
            X509_STORE *store, STACK_OF(X509) * more, const int *code,
            struct error *err)
{
	TS_VERIFY_CTX *context = TS_VERIFY_CTX_new();
	TS_REQ *request = TS_REQ_new();
	TS_MSG_IMPRINT *imprint = imprint_of(stamped);
	ASN1_OBJECT *oid = policy[0] != '\0' ? OBJ_txt2obj(policy, 1) : NULL;
	ASN1_INTEGER *nonce = integer_of(query != NULL ? query->nonce : 0);
	int flags = TS_VFY_VERSION | TS_VFY_IMPRINT |
	            (query != NULL ? TS_VFY_NONCE : 0) |
	            (oid != NULL ? TS_VFY_POLICY : 0) |
	            (store != NULL ? TS_VFY_SIGNATURE : 0);

	TS_REQ_set_msg_imprint(request, imprint);
	TS_REQ_set_nonce(request, nonce);
	if (oid != NULL)
		TS_REQ_set_policy_id(request, oid);
	TS_REQ_to_TS_VERIFY_CTX(request, context);
	TS_VERIFY_CTX_set_flags(context, flags);
	if (store != NULL)
		TS_VERIFY_CTX_set_store(context, store);
	if (more != NULL)
		TS_VERIFY_CTX_set_certs(context, more);
	enum cms_verdict verdict =
		TS_RESP_verify_response(context, response) == 1
			? CMS_GOOD
			: stamp_verdict(*code, err);
	TS_VERIFY_CTX_free(context);
	TS_REQ_free(request);
	TS_MSG_IMPRINT_free(imprint);
	ASN1_OBJECT_free(oid);
	ASN1_INTEGER_free(nonce);
	return verdict;
}

enum cms_verdict
cms_check_stamp(struct arena *arena, struct span response, struct span stamped,
                const struct cms_query *query, const char *policy,
                const struct cms_trust *trust, struct cms_stamp *stamp_r,
                struct error *err)
{
	BIO *in = bio_of(response);
	TS_RESP *read = d2i_TS_RESP_bio(in, NULL);
	enum cms_verdict verdict = CMS_GOOD;
	X509_STORE *store = NULL;
	int code = X509_V_OK;

	if (read == NULL || BIO_pending(in) > 0) {
		verdict = CMS_UNREADABLE;
		say_why(err, "not a time stamp response");
	} else if (trust != NULL &&
	           (store = store_of(trust, X509_PURPOSE_TIMESTAMP_SIGN, &code,
	                             err)) == NULL) {
		verdict = CMS_FOREIGN;
	} else {
		verdict = check_token(read, stamped, query, policy, store,
		                      more_of(trust), &code, err);
	}
	if (read != NULL && TS_RESP_get_tst_info(read) != NULL)
		read_stamp(arena, read, stamp_r);
	TS_RESP_free(read);
	BIO_free(in);
	ERR_clear_error();
	return verdict;
}

/* NOLINTEND(readability-function-size) */

enum result
cms_certificate_read(struct arena *arena, const char *path,
                     struct cms_certificate *certificate_r, struct error *err)
{
	STACK_OF(X509) *list = read_certificates(path, err);
	char hex[DIGEST_HEX_SIZE];
	uint8_t sum[DIGEST_BYTES];

	if (list == NULL)
		return RESULT_BAD;
	X509 *first = sk_X509_value(list, 0);
	certificate_r->subject = name_of(arena, first);
	certificate_r->until = time_of(X509_get0_notAfter(first));
	X509_digest(first, EVP_sha256(), sum, NULL);
	digest_hex(sum, hex);
	certificate_r->fingerprint = arena_strdup(arena, hex);
	sk_X509_pop_free(list, X509_free);
	return RESULT_OK;
}
