#ifndef CLI_ASK_H
#define CLI_ASK_H

#include "policy/decide.h"
#include "record/store.h"

/*
 * What the store knows of these recipients of a class, into the facts, as
 * the milter asks it. counted_as is the name under which caps count the
 * message, "" to look at none. STORE_AWAY stands in the facts when it cannot
 * be asked.
 */
void ask_people(struct arena *arena, struct store *store,
                const struct class_settings *class, const char *counted_as,
                struct facts *facts);

/* Caps no longer count the message for these: all, or where left_out says. */
void ask_give_back(struct arena *arena, struct store *store,
                   const struct class_settings *class, const char *counted_as,
                   const struct facts *facts, const bool *left_out);

#endif
