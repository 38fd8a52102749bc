#ifndef RECORD_MAILLOG_TLS_H
#define RECORD_MAILLOG_TLS_H

#include "record/maillog_fact.h"

/*
 * A client process tells of its secure connection before it tells of what it
 * delivered over it, and names no queue id. The two belong together when
 * process and server are the same, and nothing in between says that it was
 * another connection.
 */
struct maillog_tls;

struct maillog_tls_connection {
	char version[16];
	char cipher[64];
	char trust[16];
};

struct maillog_tls *maillog_tls_new(void);
void maillog_tls_free(struct maillog_tls **tls);

void maillog_tls_open(struct maillog_tls *tls, unsigned pid,
                      const struct maillog_fact *fact);
void maillog_tls_lost(struct maillog_tls *tls, unsigned pid);

/* NULL: nothing says that this delivery was encrypted. */
const struct maillog_tls_connection *
maillog_tls_find(struct maillog_tls *tls, unsigned pid,
                 const struct maillog_fact *fact);

#endif
