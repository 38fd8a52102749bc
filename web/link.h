#ifndef WEB_LINK_H
#define WEB_LINK_H

#include "web/routes.h"

/*
 * GET /k/TOKEN?u=URL: on to where the link leads, whatever becomes of the
 * counting. The token covers the address, so no other can be put there. Who
 * has agreed no longer is not counted (GDPR-5).
 */
route_handler link_follow;

#endif
