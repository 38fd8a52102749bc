#ifndef WEB_DATA_H
#define WEB_DATA_H

#include "web/routes.h"

/*
 * /w/LINK, from a mail to the address itself: what is held about the person
 * (GDPR, article 15), for reading. GET shows a button, because a program
 * that tests links must not see it; that it was shown is an event. The whole
 * of it, in JSON too, is `avis rights export`'s.
 */
route_handler data_show_button;
route_handler data_show; /* with wish=erase: mails a link for that */

#endif
