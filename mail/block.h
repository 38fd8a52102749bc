#ifndef MAIL_BLOCK_H
#define MAIL_BLOCK_H

#include "mail/insert.h"
#include "mail/recode.h"

/*
 * Blocks as the bytes that go into one part, and where. For insert.c alone.
 */

/*
 * Plain text: in front of the signature or at the end, lines wrapped, as
 * format=flowed wants them (BODY-5). UTF-8; puts_r has room for two.
 */
size_t block_text_puts(struct arena *arena, struct span text, bool is_flowed,
                       const struct insert_block *const *blocks, size_t count,
                       struct recode_put *puts_r);

/* HTML: ASCII alone, marked with an id. False: no place can be found. */
bool block_html_puts(struct arena *arena, struct span html,
                     const struct insert_block *const *blocks, size_t count,
                     struct recode_put *puts_r, size_t *count_r);

/* HTML: links that shall lead elsewhere. False: it cannot be parsed. */
bool block_link_puts(struct arena *arena, struct span html,
                     const struct insert_request *request,
                     struct recode_put **puts_r, size_t *count_r);

/* "avis-notice": the id that marks a block. */
const char *block_id(struct arena *arena, const struct insert_block *block);

/* Is it there already, as text or quoted? text is UTF-8. */
bool block_is_there(struct arena *arena, const struct insert_block *block,
                    struct span text, bool is_html);

#endif
