#ifndef RECORD_URL_H
#define RECORD_URL_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* The address of Redis, read from a setting. */
#define URL_HOSTS 8

enum url_kind {
	URL_UNIX,
	URL_TCP,
	URL_SENTINEL
};

struct url_host {
	char name[256];
	int port;
};

struct url {
	enum url_kind kind;
	char path[108];                   /* UNIX */
	struct url_host hosts[URL_HOSTS]; /* TCP: one; SENTINEL: some */
	size_t host_count;
	char master[128]; /* SENTINEL: the name they know it by */
	char user[128];   /* "" for none */
	char password[256];
	int db;
};

/*
 *     redis+unix:///path[?db=N]
 *     redis://[[user]:password@]host[:port][/db]
 *     redis-sentinel://[[user]:password@]host[:port],.../name[/db]
 *
 * BAD: the text says what is wrong and what is allowed, without the
 * password. Bytes of user and password may be written as %XX.
 */
enum result url_read(const char *text, struct url *url_r,
                     struct error *err) MUST_CHECK;

#endif
