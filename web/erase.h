#ifndef WEB_ERASE_H
#define WEB_ERASE_H

#include "web/routes.h"

/*
 * /e/LINK, from a mail to the address itself: the wish to be erased goes on
 * record. `avis rights` carries it out, because holds may have to be looked
 * at by a person (GDPR-9).
 */
route_handler erase_show;
route_handler erase_ask;

#endif
