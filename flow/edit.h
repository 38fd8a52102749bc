#ifndef FLOW_EDIT_H
#define FLOW_EDIT_H

#include <stddef.h>

#include "base/arena.h"
#include "base/span.h"
#include "mail/splice.h"

/*
 * A change to a message as data. A list is applied in its order, all of it
 * or none (4xx): milter/mta_out.c sends it to the MTA, cli/try.c shows it.
 * Header values are safe (header_emit) and without leading white space.
 */
enum edit_kind {
	EDIT_SET_SENDER,     /* value: address, args: "RET=HDRS ENVID=..." */
	EDIT_DROP_RECIPIENT, /* value: the path as received */
	EDIT_ADD_RECIPIENT,  /* value: the path, args: "NOTIFY=... ORCPT=..." */
	EDIT_CHANGE_HEADER,  /* name, index from 1 per name, value */
	EDIT_DELETE_HEADER,  /* name, index; highest index first (HDR-6) */
	EDIT_ADD_HEADER,     /* at the end */
	EDIT_INSERT_HEADER,  /* on top (HDR-8) */
	EDIT_REPLACE_BODY,   /* splices over source (BODY-11) */
	EDIT_HOLD            /* value: why, for the MTA's log (MLT-31) */
};

struct edit {
	enum edit_kind kind;
	const char *name;
	unsigned index;
	const char *value;
	const char *args;
	const struct splice_list *splices;
	const struct body_source *source;
};

struct edit_list {
	struct edit *items;
	size_t count;
	size_t room;
};

struct edit *edit_push(struct arena *arena, struct edit_list *list,
                       enum edit_kind kind);
void edit_sender(struct arena *arena, struct edit_list *list,
                 const char *address, const char *args);
void edit_drop_recipient(struct arena *arena, struct edit_list *list,
                         const char *path);
void edit_add_recipient(struct arena *arena, struct edit_list *list,
                        const char *path, const char *args);
/* kind: ADD or INSERT. */
void edit_header(struct arena *arena, struct edit_list *list,
                 enum edit_kind kind, const char *name, const char *value);
void edit_change_header(struct arena *arena, struct edit_list *list,
                        const char *name, unsigned index, const char *value);
void edit_delete_header(struct arena *arena, struct edit_list *list,
                        const char *name, unsigned index);

/* splices and source are borrowed; or a body of its own, in the arena. */
void edit_body(struct arena *arena, struct edit_list *list,
               const struct splice_list *splices,
               const struct body_source *source);
void edit_whole_body(struct arena *arena, struct edit_list *list,
                     struct span body);

/* The edit of the body in the list, or NULL. */
const struct edit *edit_of_body(const struct edit_list *list);

/* "+Reply-To ~From -Avis-Class sender recipients": for the log. */
char *edit_list_line(struct arena *arena, const struct edit_list *list);

#endif
