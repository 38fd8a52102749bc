#include "web/agent.h"

#include <stddef.h>

#include "base/span.h"

static const char *const machines[] = {
	/* what calls itself one */
	"bot",
	"crawl",
	"spider",
	"scan",
	"fetch",
	"preview",
	"monitor",
	"check",
	"validator",
	"archiver",
	"headless",
	"phantom",
	"proxy",
	/* filters of mail */
	"barracuda",
	"mimecast",
	"proofpoint",
	"safelinks",
	"ironport",
	"fireeye",
	"trendmicro",
	"sophos",
	"symantec",
	"forcepoint",
	"vadesecure",
	"cloudmark",
	"zscaler",
	"bitdefender",
	"kaspersky",
	/* messengers that show what is behind a link */
	"facebookexternalhit",
	"whatsapp",
	"skypeuri",
	"slack",
	"discord",
	"telegram",
	"embedly",
	"linkedin",
	/* libraries */
	"curl",
	"wget",
	"python",
	"go-http-client",
	"java/",
	"okhttp",
	"apache-httpclient",
	"libwww",
	"axios",
	"node",
	"ruby",
	"perl",
	"php",
	"guzzle",
	"powershell",
	"winhttp",
	"aiohttp",
	"httpx",
};

bool
agent_is_machine(const char *user_agent, const char *purpose)
{
	struct span agent = span_of(user_agent);

	/* Every browser has a name. */
	if (agent.len == 0 ||
	    span_find_text(span_of(purpose), "prefetch", 0) !=
	            span_of(purpose).len ||
	    span_find_text(span_of(purpose), "preview", 0) !=
	            span_of(purpose).len)
		return true;
	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++)
		if (span_find_text(agent, machines[i], 0) < agent.len)
			return true;
	return false;
}
