#ifndef MAIL_ATTACH_H
#define MAIL_ATTACH_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Has the message an attachment? Fed the top Content-Type and then the body
 * in chunks of any size, with bounded memory: it looks at the header lines
 * behind each line that may be a boundary and never at the content. An
 * attachment is a part with Content-Disposition "attachment", or one that is
 * not text and bears a file name.
 */
struct attach;

/* content_type: the unfolded value of the top field, "" when absent. */
struct attach *attach_new(const char *content_type);
void attach_free(struct attach **attach);
void attach_add(struct attach *attach, const void *at, size_t len);
bool attach_found(const struct attach *attach);

#endif
