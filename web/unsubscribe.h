#ifndef WEB_UNSUBSCRIBE_H
#define WEB_UNSUBSCRIBE_H

#include "web/routes.h"

/*
 * GET /u/TOKEN shows one button and changes nothing; POST takes the
 * recipient off that list (RFC 8058, LST-6..9), whoever posts: the mail
 * program on its own, or our button.
 */
route_handler unsubscribe_show;
route_handler unsubscribe_do;

#endif
