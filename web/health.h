#ifndef WEB_HEALTH_H
#define WEB_HEALTH_H

#include "web/routes.h"

/*
 * GET /health: 200 when a request to unsubscribe would take effect at once;
 * the milter asks before it gives out one-click links (LST-4 c).
 */
void health_show(struct call *call, struct http_answer *answer);

#endif
