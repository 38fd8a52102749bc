#include "cli/doctor_sendmail.h"

#include <string.h>

#include "cli/endpoint.h"

/* "Xavis, S=unix:/run/avis/milter.sock, F=T, T=..." */
struct filter_line {
	struct span name;
	struct span socket;
	struct span failure;
};

static bool
read_filter(struct span line, struct filter_line *filter_r)
{
	struct filter_line found = { 0 };
	bool is_first = true;

	if (line.len < 2 || line.at[0] != 'X')
		return false;
	line = span_skip(line, 1);
	while (line.len > 0) {
		size_t comma = span_find(line, ',', 0);
		struct span part = span_trim(span_take(line, comma));

		if (is_first)
			found.name = part;
		else if (span_starts(part, "S="))
			found.socket = span_skip(part, 2);
		else if (span_starts(part, "F="))
			found.failure = span_skip(part, 2);
		is_first = false;
		line = span_skip(line, comma + 1);
	}
	*filter_r = found;
	return true;
}

static struct span
option_value(struct span conf, const char *name)
{
	struct span line;

	while (span_line(&conf, &line)) {
		size_t sign = span_find(line, '=', 0);

		if (span_starts(line, "O ") &&
		    span_is(span_trim(span_skip(span_take(line, sign), 2)),
		            name))
			return span_trim(span_skip(line, sign + 1));
	}
	return span_make("", 0);
}

static bool
find_ours(struct arena *arena, struct span conf, const struct endpoint *ours,
          struct filter_line *filter_r)
{
	struct span line;

	while (span_line(&conf, &line)) {
		struct endpoint endpoint;

		if (read_filter(line, filter_r) &&
		    endpoint_of_libmilter(arena, filter_r->socket, &endpoint) &&
		    endpoint_same(&endpoint, ours))
			return true;
	}
	return false;
}

static void
check_order(struct symptom_list *list, struct span order, struct span name)
{
	size_t ours = span_find_text(
		order, arena_strndup(list->arena, name.at, name.len), 0);
	size_t signer = span_find_text(order, "dkim", 0);

	if (ours == order.len) {
		symptom_fail(list, "filter-missing",
		             "avis is not in InputMailFilters: mail passes it "
		             "by");
		symptom_remedy(list,
		               "define(`confINPUT_MAIL_FILTERS', `%.*s, "
		               "%.*s')dnl     in sendmail.mc",
		               SPAN_ARG(name), SPAN_ARG(order));
	} else if (signer < ours) {
		symptom_fail(list, "filter-order",
		             "the signer runs before avis, which breaks its "
		             "signatures (InputMailFilters=%.*s)",
		             SPAN_ARG(order));
	} else {
		symptom_ok(list, "filter-order",
		           "avis is in InputMailFilters (%.*s)",
		           SPAN_ARG(order));
	}
}

void
sendmail_check(struct symptom_list *list, struct span conf,
               const struct settings *settings)
{
	struct span privacy = option_value(conf, "PrivacyOptions");
	struct filter_line filter;
	struct endpoint ours;

	if (!endpoint_of_libmilter(list->arena, span_of(settings->listen),
	                           &ours))
		return;
	if (!find_ours(list->arena, conf, &ours, &filter)) {
		symptom_fail(list, "filter-missing",
		             "Sendmail has no filter on %s", settings->listen);
		symptom_remedy(list,
		               "INPUT_MAIL_FILTER(`avis', `S=%s, F=T, "
		               "T=C:10s;S:10s;R:60s;E:5m')dnl     in "
		               "sendmail.mc",
		               settings->listen);
		return;
	}
	check_order(list, option_value(conf, "InputMailFilters"), filter.name);
	if (!span_is(filter.failure, "T")) {
		symptom_fail(list, "default-action",
		             "while avis is away, mail leaves without a record "
		             "(F=%.*s)",
		             SPAN_ARG(filter.failure));
		symptom_remedy(list, "F=T     in the line of avis in "
		                     "sendmail.mc");
	}
	if (span_find_text(privacy, "noreceipts", 0) < privacy.len)
		symptom_warn(list, "noreceipts",
		             "PrivacyOptions has noreceipts: Sendmail sends "
		             "no report of success");
}
