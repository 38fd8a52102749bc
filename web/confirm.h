#ifndef WEB_CONFIRM_H
#define WEB_CONFIRM_H

#include "web/routes.h"

/*
 * /c/TOKEN, from the message itself: "I have received this". GET shows who
 * wrote and when, and changes nothing: programs that test links come by. POST
 * records it once, the strongest state there is, and tells the author by one
 * mail a message at most.
 */
route_handler confirm_show;
route_handler confirm_do;

#endif
