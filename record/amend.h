#ifndef RECORD_AMEND_H
#define RECORD_AMEND_H

#include "record/event.h"

/*
 * One of several recipients is erased (GDPR-9): the payload of the event
 * goes, and an event `amended` keeps what belongs to the others: same
 * message, time, class and digests, the person's place among the recipients
 * empty so that the others keep their numbers, no fact that names the person.
 *
 *     detail          the kind it had: "submitted"
 *     fact "of"       which event it stands for: "mx1.milter/12"
 *     fact "was"      the detail it had
 */
void amend_make(struct arena *arena, const struct event *original,
                const char *address, struct event *amended_r);

/*
 * Readers see the event it stands for: an amended one gets its kind and
 * detail back. False: it is none.
 */
bool amend_restore(struct event *event);

/* Does the text name this address, in any form that mail writes it in? */
bool amend_names(struct span text, const char *address);

#endif
