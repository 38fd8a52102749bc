#ifndef CLI_DOCTOR_SIGNER_H
#define CLI_DOCTOR_SIGNER_H

#include "base/span.h"
#include "cli/doctor.h"

/* Reading opendkim.conf. The last line of a name counts; "" without one. */
const char *signer_value(struct arena *arena, struct span conf,
                         const char *name);

/* Does the signature cover this field, by SignHeaders or OversignHeaders? */
bool signer_covers(struct arena *arena, struct span conf, const char *field);

#endif
