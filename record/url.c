#include "record/url.h"

#include <stdio.h>
#include <string.h>

#include "base/span.h"

#define REDIS_PORT    6379
#define SENTINEL_PORT 26379

static const char forms[] =
	"allowed are redis+unix:///path, redis://host:port/db and "
	"redis-sentinel://host:port,host:port/name";

static enum result
bad(struct error *err, const char *what)
{
	error_set(err, "%s; %s", what, forms);
	return RESULT_BAD;
}

static bool
take_text(struct span text, char *text_r, size_t size)
{
	if (text.len >= size)
		return false;
	memcpy(text_r, text.at, text.len);
	text_r[text.len] = '\0';
	return true;
}

/* With %XX decoded. */
static bool
take_secret(struct span text, char *text_r, size_t size)
{
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.at[i];

		if (len + 1 >= size)
			return false;
		if (c == '%') {
			if (i + 2 >= text.len ||
			    ascii_hex(text.at[i + 1]) < 0 ||
			    ascii_hex(text.at[i + 2]) < 0)
				return false;
			c = (char)(ascii_hex(text.at[i + 1]) * 16 +
			           ascii_hex(text.at[i + 2]));
			i += 2;
		}
		text_r[len++] = c;
	}
	text_r[len] = '\0';
	return true;
}

static bool
take_number(struct span text, int most, int *number_r)
{
	int number = 0;

	if (text.len == 0 || text.len > 5)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (!ascii_is_digit(text.at[i]))
			return false;
		number = number * 10 + (text.at[i] - '0');
	}
	*number_r = number;
	return number <= most;
}

/* "host", "host:port", "[2001:db8::1]:port" */
static bool
take_host(struct span text, int port, struct url_host *host_r)
{
	struct span name, rest;

	if (text.len > 0 && text.at[0] == '[') {
		size_t end = span_find(text, ']', 0);

		name = span_take(span_skip(text, 1), end - 1);
		rest = span_skip(text, end + 1);
		if (end == text.len || (rest.len > 0 && rest.at[0] != ':'))
			return false;
	} else {
		size_t colon = span_find(text, ':', 0);

		name = span_take(text, colon);
		rest = span_skip(text, colon);
	}
	host_r->port = port;
	if (rest.len > 0 &&
	    !take_number(span_skip(rest, 1), 65535, &host_r->port))
		return false;
	return name.len > 0 &&
	       take_text(name, host_r->name, sizeof(host_r->name));
}

/* What stands before an @: "user:password" or ":password". */
static bool
take_login(struct span *rest, struct url *url)
{
	size_t at = span_find(*rest, '@', 0);
	struct span login = span_take(*rest, at);
	size_t colon = span_find(login, ':', 0);

	if (at == rest->len)
		return true;
	*rest = span_skip(*rest, at + 1);
	return colon < login.len &&
	       take_secret(span_take(login, colon), url->user,
	                   sizeof(url->user)) &&
	       take_secret(span_skip(login, colon + 1), url->password,
	                   sizeof(url->password));
}

static enum result
read_unix(struct span rest, struct url *url, struct error *err)
{
	size_t query = span_find(rest, '?', 0);
	struct span option = span_skip(rest, query + 1);

	url->kind = URL_UNIX;
	if (rest.len == 0 || rest.at[0] != '/')
		return bad(err, "the path of the socket must start with /");
	if (!take_text(span_take(rest, query), url->path, sizeof(url->path)))
		return bad(err, "the path of the socket is longer than 107 "
		                "bytes");
	if (option.len > 0 &&
	    (!span_starts(option, "db=") ||
	     !take_number(span_skip(option, 3), 16383, &url->db)))
		return bad(err, "after ? only db=NUMBER is known");
	return RESULT_OK;
}

static enum result
read_tcp(struct span rest, struct url *url, struct error *err)
{
	url->kind = URL_TCP;
	if (!take_login(&rest, url))
		return bad(err, "before @ stands user:password or :password");

	size_t slash = span_find(rest, '/', 0);
	struct span db = span_skip(rest, slash + 1);

	if (!take_host(span_take(rest, slash), REDIS_PORT, &url->hosts[0]))
		return bad(err, "a host and a port are wanted");
	if (db.len > 0 && !take_number(db, 16383, &url->db))
		return bad(err, "after / stands the number of the database");
	url->host_count = 1;
	return RESULT_OK;
}

static enum result
read_sentinel(struct span rest, struct url *url, struct error *err)
{
	url->kind = URL_SENTINEL;
	if (!take_login(&rest, url))
		return bad(err, "before @ stands user:password or :password");

	size_t slash = span_find(rest, '/', 0);
	struct span hosts = span_take(rest, slash);
	struct span name = span_skip(rest, slash + 1);
	size_t end = span_find(name, '/', 0);
	struct span db = span_skip(name, end + 1);

	while (hosts.len > 0) {
		size_t comma = span_find(hosts, ',', 0);

		if (url->host_count == URL_HOSTS)
			return bad(err, "more than 8 sentinels");
		if (!take_host(span_take(hosts, comma), SENTINEL_PORT,
		               &url->hosts[url->host_count++]))
			return bad(err, "a sentinel is host or host:port");
		hosts = span_skip(hosts, comma + 1);
	}
	if (url->host_count == 0 || end == 0 ||
	    !take_text(span_take(name, end), url->master, sizeof(url->master)))
		return bad(err, "sentinels and the name of the master are "
		                "wanted");
	if (db.len > 0 && !take_number(db, 16383, &url->db))
		return bad(err, "after the name stands the number of the "
		                "database");
	return RESULT_OK;
}

static enum result
read_cluster(struct span rest, struct url *url, struct error *err)
{
	(void)rest;
	(void)url;
	return bad(err, "redis-cluster is not supported by this version");
}

static enum result
read_tls(struct span rest, struct url *url, struct error *err)
{
	(void)rest;
	(void)url;
	return bad(err, "TLS is not supported by this version (use a tunnel "
	                "or a Unix socket)");
}

static const struct {
	const char *scheme;
	enum result (*read)(struct span rest, struct url *url,
	                    struct error *err);
} schemes[] = {
	{ "redis+unix://", read_unix },
	{ "redis://", read_tcp },
	{ "redis-sentinel://", read_sentinel },
	{ "redis-cluster://", read_cluster },
	{ "rediss://", read_tls },
};

enum result
url_read(const char *text, struct url *url_r, struct error *err)
{
	struct url url = { .kind = URL_TCP };
	struct span all = span_of(text);

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		if (!span_starts(all, schemes[i].scheme))
			continue;

		size_t len = strlen(schemes[i].scheme);
		enum result result =
			schemes[i].read(span_skip(all, len), &url, err);

		if (result == RESULT_OK)
			*url_r = url;
		return result;
	}
	return bad(err, "this is no URL of Redis");
}
