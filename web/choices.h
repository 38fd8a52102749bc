#ifndef WEB_CHOICES_H
#define WEB_CHOICES_H

#include "web/routes.h"

/*
 * /v/LINK, from a mail to the address itself: what the person receives, how
 * often and by what way. The form shows what is in force, or the wish that
 * the link was asked for with; only what differs from what is in force
 * becomes an event.
 */
route_handler choices_show;
route_handler choices_save;

#endif
