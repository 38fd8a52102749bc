#include "conf/values.h"

#include <string.h>

#include "base/span.h"
#include "conf/hours.h"
#include "conf/network.h"

#define LINE_BYTES   1000
#define LOCAL_BYTES  64
#define DOMAIN_BYTES 255
#define LABEL_BYTES  63

struct unit {
	const char *name;
	int64_t value;
};

#define SECOND_MS INT64_C(1000)
#define HOUR_MS   (3600 * SECOND_MS)
#define DAY_MS    (24 * HOUR_MS)
#define YEAR_MS   (365 * DAY_MS + 6 * HOUR_MS)

#define CAP_HIGHEST     999999
#define CAP_SHORTEST_MS (60 * SECOND_MS)
#define CAP_LONGEST_MS  YEAR_MS

static const struct unit durations[] = {
	{ "ms", 1 },
	{ "s", SECOND_MS },
	{ "min", 60 * SECOND_MS },
	{ "h", HOUR_MS },
	{ "d", DAY_MS },
	{ "w", 7 * DAY_MS },
	{ "mo", YEAR_MS / 12 },
	{ "y", YEAR_MS },
	{ NULL, 0 },
};

static const struct unit sizes[] = {
	{ "", 1 },
	{ "k", 1024 },
	{ "M", INT64_C(1024) * 1024 },
	{ "G", INT64_C(1024) * 1024 * 1024 },
	{ NULL, 0 },
};

static enum result
bad(struct error *err, const char *text)
{
	error_set(err, "%s", text);
	return RESULT_BAD;
}

/* Digits, then a unit. False: not of that form, or past 64 bits. */
static bool
with_unit(const char *text, const struct unit *units, int64_t *value_r)
{
	int64_t value = 0;
	const char *at = text;

	for (; ascii_is_digit(*at); at++)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, *at - '0', &value))
			return false;
	if (at == text)
		return false;
	while (*at == ' ')
		at++;
	while (units->name != NULL && !text_is(at, units->name))
		units++;
	if (units->name == NULL ||
	    __builtin_mul_overflow(value, units->value, &value))
		return false;
	*value_r = value;
	return true;
}

enum result
value_duration(const char *text, int64_t *ms_r, struct error *err)
{
	if (with_unit(text, durations, ms_r))
		return RESULT_OK;
	return bad(err, "is not a duration such as \"30s\", \"15min\", "
	                "\"48h\", \"30d\", \"13mo\" or \"5y\"");
}

enum result
value_size(const char *text, int64_t *bytes_r, struct error *err)
{
	if (with_unit(text, sizes, bytes_r))
		return RESULT_OK;
	return bad(err, "is not a size such as \"64k\", \"10M\" or \"1G\"");
}

enum result
value_mode(const char *text, int64_t *mode_r, struct error *err)
{
	int64_t mode = 0;
	size_t len = strlen(text);

	if (len < 3 || len > 4 || strspn(text, "01234567") != len)
		return bad(err, "is not a mode in octal such as \"0660\"");
	for (size_t i = 0; i < len; i++)
		mode = mode * 8 + (text[i] - '0');
	if (mode > 0777)
		return bad(err, "is more than 0777");
	*mode_r = mode;
	return RESULT_OK;
}

/* How many bytes the UTF-8 character here has; 0 when it is none. */
static size_t
utf8_len(struct span s)
{
	unsigned char c = (unsigned char)s.at[0];
	size_t len = c < 0x80   ? 1
	             : c < 0xc2 ? 0
	             : c < 0xe0 ? 2
	             : c < 0xf0 ? 3
	             : c < 0xf5 ? 4
	                        : 0;

	if (len > s.len)
		return 0;
	for (size_t i = 1; i < len; i++)
		if (((unsigned char)s.at[i] & 0xc0) != 0x80)
			return 0;
	if (len < 3)
		return len;

	unsigned char next = (unsigned char)s.at[1];

	if ((c == 0xe0 && next < 0xa0) || (c == 0xed && next > 0x9f) ||
	    (c == 0xf0 && next < 0x90) || (c == 0xf4 && next > 0x8f))
		return 0;
	return len;
}

/* Everything here may end up in a header field or a log line (HDR-1). */
enum result
value_check_line(const char *text, struct error *err)
{
	struct span rest = span_of(text);

	if (rest.len == 0)
		return bad(err, "is empty");
	if (rest.len > LINE_BYTES)
		return bad(err, "is longer than 1000 bytes");
	while (rest.len > 0) {
		size_t len = utf8_len(rest);

		if (len == 0)
			return bad(err, "is not UTF-8");
		if ((unsigned char)rest.at[0] < ' ' || rest.at[0] == 0x7f)
			return bad(err, "has a control character in it");
		rest = span_skip(rest, len);
	}
	return RESULT_OK;
}

static bool
is_label(struct span label)
{
	if (label.len == 0 || label.len > LABEL_BYTES || label.at[0] == '-' ||
	    label.at[label.len - 1] == '-')
		return false;
	for (size_t i = 0; i < label.len; i++)
		if (!ascii_is_alnum(label.at[i]) && label.at[i] != '-' &&
		    label.at[i] != '_')
			return false;
	return true;
}

static bool
is_domain(struct span text, size_t least_labels)
{
	size_t labels = 0;

	if (text.len > DOMAIN_BYTES)
		return false;
	for (;;) {
		size_t dot = span_find(text, '.', 0);

		if (!is_label(span_take(text, dot)))
			return false;
		labels++;
		if (dot == text.len)
			return labels >= least_labels;
		text = span_skip(text, dot + 1);
	}
}

enum result
value_check_host(const char *text, struct error *err)
{
	if (is_domain(span_of(text), 1))
		return RESULT_OK;
	return bad(err, "is not the name of a host such as \"mx1\"");
}

static bool
is_local_part(struct span local)
{
	char last = '.';

	if (local.len == 0 || local.len > LOCAL_BYTES)
		return false;
	for (size_t i = 0; i < local.len; i++) {
		char c = local.at[i];

		if (c == '.' ? last == '.'
		             : !ascii_is_alnum(c) &&
		                       memchr("!#$%&'*+-/=?^_`{|}~", c, 19) ==
		                               NULL)
			return false;
		last = c;
	}
	return last != '.';
}

static bool
is_address(struct span text)
{
	size_t at = span_find(text, '@', 0);

	return at < text.len && is_local_part(span_take(text, at)) &&
	       is_domain(span_skip(text, at + 1), 1);
}

enum result
value_check_address(const char *text, struct error *err)
{
	if (is_address(span_of(text)))
		return RESULT_OK;
	return bad(err, "is not an address such as \"recu@example.fr\"");
}

/* What stands between < and > at the end; the whole text without them. */
static struct span
angle_part(struct span text, struct span *name_r)
{
	size_t open = text.len;

	*name_r = SPAN("");
	if (text.len == 0 || text.at[text.len - 1] != '>')
		return text;
	while (open > 0 && text.at[open - 1] != '<')
		open--;
	if (open == 0)
		return text;
	*name_r = span_trim(span_take(text, open - 1));
	return span_make(text.at + open, text.len - open - 1);
}

static bool
is_display_name(struct span name)
{
	bool is_quoted = name.len >= 2 && name.at[0] == '"' &&
	                 name.at[name.len - 1] == '"';

	if (is_quoted)
		name = span_make(name.at + 1, name.len - 2);
	for (size_t i = 0; i < name.len; i++)
		if (memchr("<>\"\\", name.at[i], 4) != NULL ||
		    (!is_quoted && memchr("()[]:;@,", name.at[i], 8) != NULL))
			return false;
	return true;
}

enum result
value_check_mailbox(const char *text, struct error *err)
{
	struct span name, address;

	if (value_check_line(text, err) != RESULT_OK)
		return RESULT_BAD;
	address = angle_part(span_trim(span_of(text)), &name);
	if (!is_address(address))
		return bad(err, "is not one mailbox such as \"Service client "
		                "<contact@example.fr>\"");
	if (!is_display_name(name))
		return bad(err, "has a name with special characters in it");
	return RESULT_OK;
}

enum result
value_check_from(const char *text, struct error *err)
{
	if (text_is(text, "keep") ||
	    value_check_mailbox(text, err) == RESULT_OK)
		return RESULT_OK;
	return bad(err, "is neither \"keep\" nor a mailbox such as "
	                "\"contact@example.fr\"");
}

const char *
value_address_of(struct arena *arena, const char *mailbox)
{
	struct span name;
	struct span address = angle_part(span_trim(span_of(mailbox)), &name);

	return arena_strndup(arena, address.at, address.len);
}

enum result
value_check_delimiter(const char *text, struct error *err)
{
	if (strlen(text) == 1 && strchr("+-=.", text[0]) != NULL)
		return RESULT_OK;
	return bad(err, "is not one of + - = .");
}

static bool
is_port(struct span text)
{
	unsigned port = 0;

	if (text.len == 0 || text.len > 5)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (!ascii_is_digit(text.at[i]))
			return false;
		port = port * 10 + (unsigned)(text.at[i] - '0');
	}
	return port >= 1 && port <= 65535;
}

/* host, host:port, [::1]:port */
static bool
is_authority(struct span text)
{
	struct network address;
	size_t colon = text.len;

	while (colon > 0 && ascii_is_digit(text.at[colon - 1]))
		colon--;
	if (colon > 0 && text.at[colon - 1] == ':') {
		if (!is_port(span_skip(text, colon)))
			return false;
		text = span_take(text, colon - 1);
	}
	if (text.len > 0 && text.at[0] == '[' && text.len < 64) {
		char ip[64];

		memcpy(ip, text.at, text.len);
		ip[text.len] = '\0';
		return network_parse_address(ip, &address);
	}
	return is_domain(text, 1);
}

/* What is posted names people: it crosses no network in clear. */
enum result
value_check_hook_url(const char *text, struct error *err)
{
	struct span url = span_of(text), host;
	bool is_plain = span_starts(url, "http://");

	if (!is_plain && !span_starts(url, "https://"))
		return bad(err, "is no URL such as "
		                "\"https://crm.example.fr/mail-events\"");
	url = span_skip(url, strlen(is_plain ? "http://" : "https://"));
	host = span_take(url, span_find(url, '/', 0));
	for (size_t i = 0; i < url.len; i++)
		if (url.at[i] <= ' ' || url.at[i] > '~')
			return bad(err, "has a space or a strange character");
	if (!is_authority(host))
		return bad(err, "has no good host name");
	if (is_plain && !span_starts(host, "127.") &&
	    !span_starts(host, "localhost") && !span_starts(host, "[::1]"))
		return bad(err, "must begin with https:// but on this machine");
	return RESULT_OK;
}

enum result
value_check_web(const char *text, struct error *err)
{
	struct span url = span_of(text);

	if (url.len == 0)
		return RESULT_OK;
	if (span_starts(url, "http://"))
		return bad(err, "must begin with https:// (LST-2)");
	if (!span_starts(url, "https://"))
		return bad(err, "is not an address such as "
		                "\"https://avis.example.fr\"");
	url = span_skip(url, strlen("https://"));

	size_t slash = span_find(url, '/', 0);

	for (size_t i = slash; i < url.len; i++)
		if (!ascii_is_alnum(url.at[i]) &&
		    memchr("/-._~", url.at[i], 5) == NULL)
			return bad(err, "has a query or a strange character "
			                "in its path");
	if (!is_authority(span_take(url, slash)))
		return bad(err, "has no good host name");
	if (url.at[url.len - 1] == '/')
		return bad(err, "must not end with /");
	return RESULT_OK;
}

enum result
value_check_https(const char *text, struct error *err)
{
	struct span url = span_of(text);

	if (!span_starts(url, "https://"))
		return bad(err, "is not an address such as "
		                "\"https://example.fr/privacy\"");
	for (size_t i = 0; i < url.len; i++)
		if (url.at[i] <= ' ' || url.at[i] == 0x7f ||
		    memchr("\"<>\\^`{|}", url.at[i], 9) != NULL)
			return bad(err, "has a character in it that does not "
			                "stand in a URL as it is");
	url = span_skip(url, strlen("https://"));
	if (!is_authority(span_take(url, span_find(url, '/', 0))))
		return bad(err, "has no good host name");
	return RESULT_OK;
}

enum result
value_check_relay(const char *text, struct error *err)
{
	struct span url = span_of(text);

	if (!span_starts(url, "smtp://") && !span_starts(url, "smtps://"))
		return bad(err, "is not an address such as "
		                "\"smtp://127.0.0.1:25\"");
	url = span_skip(url, span_find_text(url, "://", 0) + 3);
	if (!is_authority(url))
		return bad(err, "has no good host name and port");
	return RESULT_OK;
}

enum result
value_check_telephone(const char *text, struct error *err)
{
	size_t len = strlen(text), digits = 0;

	for (size_t i = 0; i < len; i++)
		digits += ascii_is_digit(text[i]);
	if (strspn(text, "+0123456789 ().-") == len && digits >= 3 &&
	    digits <= 15)
		return RESULT_OK;
	return bad(err, "is not a telephone number such as "
	                "\"+33 1 99 00 12 34\"");
}

static const char *const store_schemes[] = {
	"redis://",
	"redis+unix:///",
	"redis-sentinel://",
};

#define SCHEMES (sizeof(store_schemes) / sizeof(store_schemes[0]))

enum result
value_check_store(const char *text, struct error *err)
{
	for (size_t i = 0; i < SCHEMES; i++)
		if (text_starts(text, store_schemes[i]) &&
		    strlen(text) > strlen(store_schemes[i]))
			return value_check_line(text, err);
	return bad(err, "is not the address of a Redis such as "
	                "\"redis+unix:///run/avis/redis.sock\" or "
	                "\"redis://127.0.0.1:6379/0\"");
}

enum result
value_check_path(const char *text, struct error *err)
{
	if (text[0] == '/')
		return value_check_line(text, err);
	return bad(err, "is not a path from the root such as \"/var/lib\"");
}

enum result
value_check_maillog(const char *text, struct error *err)
{
	if (text[0] == '\0' || text[0] == '/' || text_is(text, "systemd") ||
	    text_starts(text, "systemd:/"))
		return value_check_line(text, err);
	return bad(err, "is not a path such as \"/var/log/mail.log\", nor "
	                "\"systemd\" for its journal");
}

static bool
has_scheme(const char *text, const char *const *schemes)
{
	for (; *schemes != NULL; schemes++)
		if (text_starts(text, *schemes) &&
		    text[strlen(*schemes)] != '\0')
			return true;
	return false;
}

enum result
value_check_seal_key(const char *text, struct error *err)
{
	static const char *const schemes[] = { "pkcs11:", "/", NULL };

	if (text[0] == '\0' || has_scheme(text, schemes))
		return RESULT_OK;
	return bad(err, "is neither a path such as \"/etc/avis/seal.key\" nor "
	                "a URI such as \"pkcs11:object=seal\"");
}

enum result
value_check_http(const char *text, struct error *err)
{
	static const char *const schemes[] = { "http://", "https://", NULL };

	if (text[0] == '\0')
		return RESULT_OK;
	if (has_scheme(text, schemes))
		return value_check_line(text, err);
	return bad(err, "is not an address such as "
	                "\"https://tsa.example.com/\"");
}

enum result
value_check_oid(const char *text, struct error *err)
{
	bool wants_digit = true;

	if (text[0] == '\0')
		return RESULT_OK;
	for (; *text != '\0'; text++) {
		if (!ascii_is_digit(*text) && (*text != '.' || wants_digit))
			break;
		wants_digit = *text == '.';
	}
	if (*text == '\0' && !wants_digit)
		return RESULT_OK;
	return bad(err, "is not an object identifier such as \"1.3.6.1.4.1\"");
}

enum result
value_check_custodian(const char *text, struct error *err)
{
	static const char *const schemes[] = { "http://", "https://", "/",
		                               NULL };

	if (text_starts(text, "mailto:"))
		return value_check_address(text + strlen("mailto:"), err);
	if (has_scheme(text, schemes))
		return value_check_line(text, err);
	return bad(err, "is neither mailto:ADDRESS nor an http: or https: "
	                "address nor a folder");
}

/* libmilter writes inet:PORT@HOST where Postfix has inet:HOST:PORT (MLT-29). */
enum result
value_check_listen(const char *text, struct error *err)
{
	struct span rest = span_of(text);

	if (span_starts(rest, "unix:/") || span_starts(rest, "local:/")) {
		/* sun_path, with its NUL */
		if (span_skip(rest, span_find(rest, '/', 0)).len > 107)
			return bad(err, "has a path of more than 107 bytes");
		return value_check_line(text, err);
	}
	if (span_starts(rest, "inet:") || span_starts(rest, "inet6:")) {
		rest = span_skip(rest, span_find(rest, ':', 0) + 1);

		size_t at = span_find(rest, '@', 0);

		if (is_port(span_take(rest, at)))
			return value_check_line(text, err);
		return bad(err, "wants the port first: "
		                "\"inet:8892@127.0.0.1\"");
	}
	return bad(err, "is not \"unix:/run/avis/milter.sock\" or "
	                "\"inet:8892@127.0.0.1\"");
}

/* A literal address: names may change what they mean while we listen. */
enum result
value_check_endpoint(const char *text, struct error *err)
{
	struct span rest = span_of(text);
	const char *colon = strrchr(text, ':');
	struct network address;
	struct error ignored;

	if (span_starts(rest, "unix:/"))
		return value_check_listen(text, err);
	if (colon == NULL || !is_port(span_of(colon + 1)))
		return bad(err, "is not \"127.0.0.1:8893\", \"[::1]:8893\" or "
		                "\"unix:/run/avis/web.sock\"");

	char host[64] = "";

	if ((size_t)(colon - text) < sizeof(host))
		memcpy(host, text, (size_t)(colon - text));
	if (network_parse(host, &address, &ignored) != RESULT_OK ||
	    strchr(host, '/') != NULL ||
	    (strchr(host, ':') != NULL && host[0] != '['))
		return bad(err, "wants an address in front of the port: "
		                "\"127.0.0.1:8893\" or \"[::1]:8893\"");
	return RESULT_OK;
}

/* RFC 2919: a label, a dot and a domain we control. */
enum result
value_check_list_id(const char *text, struct error *err)
{
	if (is_domain(span_of(text), 2))
		return RESULT_OK;
	return bad(err, "is not a list id such as \"news.example.fr\"");
}

enum result
value_check_network(const char *text, struct error *err)
{
	struct network network;

	return network_parse(text, &network, err);
}

enum result
value_check_name(const char *text, struct error *err)
{
	size_t len = strlen(text);

	if (len >= 1 && len <= LABEL_BYTES &&
	    strspn(text, "abcdefghijklmnopqrstuvwxyz"
	                 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == len)
		return RESULT_OK;
	return bad(err, "is not a name: up to 63 letters, digits, - _ .");
}

/* "4/30d": how many in how long. */
static enum result
count_in_window(const char *text, unsigned *count_r, int64_t *window_ms_r,
                struct error *err)
{
	size_t digits = strspn(text, "0123456789");
	unsigned count = 0;

	if (digits == 0 || digits > 9 || text[digits] != '/' ||
	    value_duration(text + digits + 1, window_ms_r, err) != RESULT_OK)
		return bad(err, "is not a number in a time such as \"4/30d\"");
	for (size_t i = 0; i < digits; i++)
		count = count * 10 + (unsigned)(text[i] - '0');
	if (count == 0)
		return bad(err, "lets nothing through: the least is 1");
	*count_r = count;
	return RESULT_OK;
}

enum result
value_check_rate(const char *text, struct error *err)
{
	unsigned count;
	int64_t window_ms;

	return count_in_window(text, &count, &window_ms, err);
}

enum result
value_cap(const char *text, unsigned *count_r, int64_t *window_ms_r,
          struct error *err)
{
	unsigned count;
	int64_t ms;

	if (count_in_window(text, &count, &ms, err) != RESULT_OK)
		return RESULT_BAD;
	if (count > CAP_HIGHEST)
		return bad(err, "is more than 999999 messages");
	if (ms < CAP_SHORTEST_MS || ms > CAP_LONGEST_MS)
		return bad(err, "has a window that is not between 1min and 1y");
	*count_r = count;
	*window_ms_r = ms;
	return RESULT_OK;
}

enum result
value_check_cap(const char *text, struct error *err)
{
	unsigned count;
	int64_t window_ms;

	return value_cap(text, &count, &window_ms, err);
}

enum result
value_check_bounces(const char *text, struct error *err)
{
	unsigned count;
	int64_t window_ms;

	if (value_cap(text, &count, &window_ms, err) == RESULT_OK)
		return RESULT_OK;
	return bad(err, "is not a number of bounces in a time, such as "
	                "\"3/30d\"");
}

enum result
value_check_hours(const char *text, struct error *err)
{
	struct hours hours;

	return hours_read(text, &hours, err);
}
