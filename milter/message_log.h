#ifndef MILTER_MESSAGE_LOG_H
#define MILTER_MESSAGE_LOG_H

#include "milter/session.h"

/* One line per message, addresses masked (GDPR-15). */
void message_log(const struct session *session, const char *class_name,
                 const char *verdict, const char *reason);

#endif
