#ifndef CLI_DOCTOR_SENDMAIL_H
#define CLI_DOCTOR_SENDMAIL_H

#include "base/span.h"
#include "cli/doctor.h"

/* Looks at the text of a sendmail.cf. */
void sendmail_check(struct symptom_list *list, struct span conf,
                    const struct settings *settings);

#endif
