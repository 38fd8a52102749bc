#ifndef MAIL_PART_HEADER_H
#define MAIL_PART_HEADER_H

#include <stdbool.h>

#include "base/arena.h"
#include "mail/outline.h"
#include "mail/splice.h"

/*
 * Changes Content-Type and Content-Transfer-Encoding in the header of a part
 * inside the body; "" leaves one as it is. All other fields keep their bytes,
 * but Content-MD5 and Content-Length, which would lie, go (BODY-10). False
 * when the header cannot be read.
 */
bool part_header_change(struct arena *arena, const struct body_source *source,
                        const struct outline_part *part, const char *type,
                        const char *encoding, struct splice_list *list);

#endif
