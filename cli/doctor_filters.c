#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "cli/doctor_postfix.h"
#include "cli/doctor_signer.h"

#define SIGNER_CONF_LIMIT ((size_t)1 << 20)

/* --- reading the list ------------------------------------------------ */

static bool
is_gap(char c)
{
	return c == ',' || ascii_is_space(c);
}

/* One word of the list, or all between braces. */
static bool
take_filter(struct span *rest, struct span *item_r, bool *has_braces_r)
{
	size_t end = 0;

	while (rest->len > 0 && is_gap(rest->at[0]))
		*rest = span_skip(*rest, 1);
	if (rest->len == 0)
		return false;
	*has_braces_r = rest->at[0] == '{';
	if (*has_braces_r) {
		end = span_find(*rest, '}', 0);
		*item_r = span_skip(span_take(*rest, end), 1);
	} else {
		while (end < rest->len && !is_gap(rest->at[end]))
			end++;
		*item_r = span_take(*rest, end);
	}
	*rest = span_skip(*rest, end + 1);
	return true;
}

/* " inet:h:1, default_action=accept, ..." */
static void
read_braces(struct arena *arena, struct span item,
            struct postfix_filter *filter)
{
	static const char name[] = "default_action";
	bool is_first = true;

	while (item.len > 0) {
		size_t comma = span_find(item, ',', 0);
		struct span part = span_trim(span_take(item, comma));
		size_t sign = span_find(part, '=', 0);

		if (is_first)
			filter->text = part;
		else if (span_is(span_trim(span_take(part, sign)), name)) {
			part = span_trim(span_skip(part, sign + 1));
			filter->default_action =
				arena_strndup(arena, part.at, part.len);
		}
		is_first = false;
		item = span_skip(item, comma + 1);
	}
}

size_t
postfix_filters(struct arena *arena, const char *list, const char *queue,
                struct postfix_filter filters_r[FILTERS_MAX])
{
	struct span rest = span_of(list), item;
	size_t count = 0;
	bool has_braces;

	while (count < FILTERS_MAX && take_filter(&rest, &item, &has_braces)) {
		struct postfix_filter *filter = &filters_r[count++];

		*filter = (struct postfix_filter){
			.text = item,
			.endpoint = { .path = "" },
			.default_action = "",
		};
		if (has_braces)
			read_braces(arena, item, filter);
		(void)endpoint_of_postfix(arena, filter->text, queue,
		                          &filter->endpoint);
	}
	return count;
}

/* --- is avis in it, and where ---------------------------------------- */

struct view {
	struct symptom_list *list;
	const struct postfix *postfix;
	const struct settings *settings;
	struct endpoint ours;
	struct endpoint signer; /* path "" when not known */
	const char *queue;
	const char *wanted; /* how avis would stand in the list */
};

static long
place_of(const struct postfix_filter *filters, size_t count,
         const struct endpoint *endpoint)
{
	for (size_t i = 0; i < count; i++)
		if (endpoint_same(&filters[i].endpoint, endpoint))
			return (long)i;
	return -1;
}

/* Where the signer's own file does not say, its name may. */
static long
place_of_signer(const struct view *view, const struct postfix_filter *filters,
                size_t count)
{
	static const char *const marks[] = { "opendkim", "dkim", ":8891" };

	if (view->signer.path[0] != '\0')
		return place_of(filters, count, &view->signer);
	for (size_t i = 0; i < count; i++)
		for (size_t m = 0; m < sizeof(marks) / sizeof(marks[0]); m++)
			if (span_find_text(filters[i].text, marks[m], 0) <
			    filters[i].text.len)
				return (long)i;
	return -1;
}

static void
remedy_list(const struct view *view, const char *name, const char *others)
{
	struct arena *arena = view->list->arena;

	symptom_remedy(
		view->list, "%s",
		postfix_remedy(
			arena, view->postfix,
			arena_printf(arena, "'%s=%s%s%s'", name, view->wanted,
	                             others[0] == '\0' ? "" : ", ", others)));
}

static void
check_action(const struct view *view, const char *name,
             const struct postfix_filter *filter)
{
	const char *action =
		filter->default_action[0] != '\0'
			? filter->default_action
			: postfix_value(view->list->arena, view->postfix,
	                                "milter_default_action");

	/* Both lists mostly name the filter alike: said once. */
	if (text_is(action, "tempfail") || text_is(action, "shutdown") ||
	    symptom_find(view->list, "default-action") != NULL)
		return;
	if (text_is(action, "accept"))
		symptom_fail(view->list, "default-action",
		             "while avis is away, mail leaves without a "
		             "record (%s: default_action=accept)",
		             name);
	else
		symptom_warn(view->list, "default-action",
		             "while avis is away, mail is not tried again "
		             "(%s: default_action=%s)",
		             name, action);
	symptom_remedy(view->list, "%s     instead of %.*s", view->wanted,
	               SPAN_ARG(filter->text));
}

static const char *
filter_name(const struct view *view, const struct postfix_filter *filter,
            bool is_signer)
{
	struct arena *arena = view->list->arena;

	if (endpoint_same(&filter->endpoint, &view->ours))
		return "avis";
	if (is_signer)
		return "opendkim";
	return arena_strndup(arena, filter->text.at, filter->text.len);
}

static const char *
order_text(const struct view *view, const struct postfix_filter *filters,
           size_t count, long signer)
{
	const char *text = "";

	for (size_t i = 0; i < count; i++)
		text = arena_printf(
			view->list->arena, "%s%s%s", text, i == 0 ? "" : ", ",
			filter_name(view, &filters[i], (long)i == signer));
	return text;
}

static void
check_order(const struct view *view, const char *name,
            const struct postfix_filter *filters, size_t count, long ours)
{
	long signer = place_of_signer(view, filters, count);
	const char *order = order_text(view, filters, count, signer);

	if (signer >= 0 && signer < ours) {
		symptom_fail(view->list, "filter-order",
		             "the signer runs before avis, which breaks its "
		             "signatures (%s: %s)",
		             name, order);
		symptom_remedy(view->list,
		               "put %s first in %s, then postfix reload",
		               view->wanted, name);
	} else if (signer >= 0) {
		symptom_ok(view->list, "filter-order",
		           "avis runs before the signer (%s: %s)", name, order);
	} else if (view->settings->dkim_signs &&
	           strcmp(name, "smtpd_milters") == 0) {
		symptom_warn(view->list, "filter-order",
		             "dkim_signs is true, and no signer that doctor "
		             "knows comes after avis (%s: %s)",
		             name, order);
	} else {
		symptom_ok(view->list, "filter-order", "avis is in %s (%s)",
		           name, order);
	}
}

static void
check_list(const struct view *view, const char *name, const char *text)
{
	struct postfix_filter filters[FILTERS_MAX];
	size_t count =
		postfix_filters(view->list->arena, text, view->queue, filters);
	long ours = place_of(filters, count, &view->ours);

	if (ours < 0) {
		symptom_fail(view->list, "filter-missing",
		             "avis is not in %s: %s", name,
		             strcmp(name, "smtpd_milters") == 0
		                     ? "mail passes it by"
		                     : "mail of programs on this machine and "
		                       "local bounces pass it by");
		remedy_list(view, name, text);
		return;
	}
	check_order(view, name, filters, count, ours);
	check_action(view, name, &filters[ours]);
}

/* Listeners may have a list of their own. */
static void
check_overrides(const struct view *view)
{
	struct postfix_walk walk = { 0 };
	struct postfix_filter filters[FILTERS_MAX];

	while (postfix_next_override(view->postfix, "smtpd_milters", &walk)) {
		char *text = arena_strndup(view->list->arena, walk.value.at,
		                           walk.value.len);
		size_t count = postfix_filters(view->list->arena, text,
		                               view->queue, filters);

		if (strchr(text, '$') != NULL ||
		    place_of(filters, count, &view->ours) >= 0)
			continue;
		symptom_warn(view->list, "filter-override",
		             "the listener %.*s has filters of its own, "
		             "without avis (master.cf: smtpd_milters=%s)",
		             SPAN_ARG(walk.service), text);
	}
}

static struct endpoint
signer_endpoint(struct arena *arena, const char *file)
{
	struct endpoint endpoint = { .path = "" };
	struct span conf;
	struct error err;

	if (file_read(arena, file, SIGNER_CONF_LIMIT, &conf, &err) == RESULT_OK)
		(void)endpoint_of_libmilter(
			arena, span_of(signer_value(arena, conf, "Socket")),
			&endpoint);
	return endpoint;
}

/* A proxy in front of the queue hides headers and body from filters. */
static void
check_proxy(const struct view *view)
{
	const char *proxy = postfix_value(view->list->arena, view->postfix,
	                                  "smtpd_proxy_filter");
	struct postfix_walk walk = { 0 };

	if (proxy[0] != '\0')
		symptom_warn(view->list, "proxy-filter",
		             "smtpd_proxy_filter = %s: avis sees no header "
		             "there and changes nothing",
		             proxy);
	while (postfix_next_override(view->postfix, "smtpd_proxy_filter",
	                             &walk))
		if (walk.value.len > 0)
			symptom_warn(view->list, "proxy-filter",
			             "the listener %.*s has a "
			             "smtpd_proxy_filter: avis sees no header "
			             "there and changes nothing",
			             SPAN_ARG(walk.service));
}

void
postfix_check_filters(struct symptom_list *list, const struct postfix *postfix,
                      const struct settings *settings, const char *signer)
{
	struct arena *arena = list->arena;
	struct view view = {
		.list = list,
		.postfix = postfix,
		.settings = settings,
		.signer = signer_endpoint(arena, signer),
		.queue = postfix_value(arena, postfix, "queue_directory"),
	};

	if (!endpoint_of_libmilter(arena, span_of(settings->listen),
	                           &view.ours))
		return;
	view.wanted = arena_printf(
		arena, "{ %s, default_action=tempfail, connect_timeout=10s }",
		endpoint_for_postfix(arena, &view.ours));
	check_list(&view, "smtpd_milters",
	           postfix_value(arena, postfix, "smtpd_milters"));
	check_list(&view, "non_smtpd_milters",
	           postfix_value(arena, postfix, "non_smtpd_milters"));
	check_overrides(&view);
	check_proxy(&view);
}
