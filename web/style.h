#ifndef WEB_STYLE_H
#define WEB_STYLE_H

#include "web/routes.h"

/* GET /style.css: the one file that pages ask for beside themselves. */
route_handler style_show;
/* /favicon.ico: browsers ask for it unasked; there is none. */
route_handler style_no_icon;

#endif
