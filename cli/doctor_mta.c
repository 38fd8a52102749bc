#include "base/file.h"
#include "cli/doctor_postfix.h"
#include "cli/doctor_sendmail.h"

#define CF_LIMIT ((size_t)4 << 20)

static void
look_at_postfix(struct symptom_list *list, const struct postfix *postfix,
                const struct settings *settings, const char *signer)
{
	postfix_check_version(list, postfix);
	postfix_check_filters(list, postfix, settings, signer);
	postfix_check_reach(list, postfix, settings);
	postfix_check_names(list, postfix, settings);
	postfix_check_addresses(list, postfix, settings);
	postfix_check_success(list, postfix, settings);
	postfix_check_traces(list, postfix);
}

void
doctor_mta(struct symptom_list *list, const struct settings *settings,
           const struct doctor_options *options)
{
	struct postfix postfix;
	struct span conf;
	struct error err;
	enum result result =
		postfix_ask(list->arena, options->postfix, &postfix, &err);

	if (result == RESULT_OK) {
		look_at_postfix(list, &postfix, settings, options->signer);
		return;
	}
	if (file_read(list->arena, options->sendmail, CF_LIMIT, &conf, &err) ==
	    RESULT_OK) {
		symptom_ok(list, "mta-version", "Sendmail, by %s",
		           options->sendmail);
		sendmail_check(list, conf, settings);
		return;
	}
	if (result == RESULT_NONE) {
		symptom_fail(list, "mta",
		             "no mail server found: neither postconf nor %s",
		             options->sendmail);
		return;
	}
	symptom_fail(list, "mta",
	             "Postfix does not tell its settings: it is not set up "
	             "yet, or wrongly");
	symptom_remedy(list, "postconf%s%s -x",
	               options->postfix[0] == '\0' ? "" : " -c ",
	               options->postfix);
}
