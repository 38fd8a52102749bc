#ifndef FLOW_READERS_H
#define FLOW_READERS_H

#include "flow/message.h"
#include "mail/outline.h"
#include "mail/splice.h"

/*
 * What readers see in a message's text and HTML: is there a way out (BULK-2),
 * is there any link at all? Fills visible_link, link_missing_in, has_link and
 * is_text_read of the message; they stay unset when the text cannot be read
 * (signed, broken, in a charset unknown to us...).
 *
 * A way out is a link or address in a version whose words speak of leaving:
 * each version for readers must have one, for nobody sees both.
 */
void readers_look(struct message *message, const struct outline_list *outline,
                  const struct body_source *source);

/* Does it speak of leaving a list, in one of the languages we look for? */
bool readers_speak_of_leaving(struct span text);

#endif
