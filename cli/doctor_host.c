#include <arpa/nameser.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <string.h>
#include <sys/timex.h>

#include "base/span.h"
#include "cli/doctor.h"
#include "cli/endpoint.h"

/*
 * The offset from true time goes into every record; nobody asks it of a
 * machine whose clock is set by hand.
 */
static void
look_at_clock(struct symptom_list *list)
{
	struct timex state = { 0 };
	int answer = adjtimex(&state);

	if (answer < 0) {
		symptom_warn(list, "clock",
		             "the kernel does not say how the clock is set");
	} else if (answer == TIME_ERROR || (state.status & STA_UNSYNC) != 0) {
		symptom_warn(list, "clock",
		             "the clock is not synchronised: times in the "
		             "record may be doubted");
		symptom_remedy(list, "apt-get install chrony     (in a "
		                     "container: on its host)");
	} else {
		symptom_ok(list, "clock",
		           "the clock is synchronised, to within %ld ms",
		           state.maxerror / 1000);
	}
}

/* -1 for a name server that is away, else if there is such a record. */
static int
has_record(const char *domain, int type)
{
	unsigned char answer[8192];

	if (res_query(domain, C_IN, type, answer, sizeof(answer)) > 0)
		return 1;
	return h_errno == TRY_AGAIN || h_errno == NO_RECOVERY ? -1 : 0;
}

static void
look_at_dns(struct symptom_list *list, const struct settings *settings)
{
	const char *at = strrchr(settings->receipts, '@');
	const char *domain = at == NULL ? "" : at + 1;
	int mx, a, aaaa;

	if (domain[0] == '\0')
		return;
	if (res_init() == 0) {
		_res.retrans = 2;
		_res.retry = 1;
	}
	mx = has_record(domain, T_MX);
	a = mx == 1 ? 0 : has_record(domain, T_A);
	aaaa = mx == 1 || a == 1 ? 0 : has_record(domain, T_AAAA);
	if (mx == 1 || a == 1 || aaaa == 1)
		symptom_ok(list, "dns", "%s has %s: reports find their way",
		           domain, mx == 1 ? "an MX" : "an address");
	else if (mx < 0 || a < 0 || aaaa < 0)
		symptom_warn(list, "dns",
		             "no name server answers about %s (--no-dns "
		             "leaves this out)",
		             domain);
	else {
		symptom_fail(list, "dns",
		             "%s has neither MX nor address: reports cannot "
		             "come back",
		             domain);
		symptom_remedy(list,
		               "%s. IN MX 10 THIS-SERVER.     in the "
		               "zone, or another address in `receipts'",
		               domain);
	}
}

static void
look_at_filter(struct symptom_list *list, const struct settings *settings)
{
	struct endpoint endpoint;
	struct error err;

	if (!endpoint_of_libmilter(list->arena, span_of(settings->listen),
	                           &endpoint)) {
		symptom_fail(list, "daemon", "listen = \"%s\" is no socket",
		             settings->listen);
		return;
	}
	switch (endpoint_greet(&endpoint, &err)) {
	case RESULT_OK:
		symptom_ok(list, "daemon", "avis-milter answers on %s",
		           settings->listen);
		break;
	case RESULT_NONE:
	case RESULT_RETRY:
		symptom_fail(list, "daemon",
		             "avis-milter does not answer on %s: %s",
		             settings->listen, err.text);
		symptom_remedy(list, "systemctl status avis-milter");
		break;
	case RESULT_BAD:
		symptom_fail(list, "daemon", "on %s: %s", settings->listen,
		             err.text);
		break;
	}
}

void
doctor_host(struct symptom_list *list, const struct settings *settings,
            const struct doctor_options *options)
{
	look_at_filter(list, settings);
	look_at_clock(list);
	if (options->asks_dns)
		look_at_dns(list, settings);
}
