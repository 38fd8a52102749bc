#ifndef RECORD_LOCAL_H
#define RECORD_LOCAL_H

#include "record/find.h"

struct archive;

/*
 * The same questions as record/find, answered from the archive and the
 * journals of this host, for what Redis does not hold, or when it is away.
 * What is archived is found by the archive's index; of the journals all that
 * is not archived is read.
 */
struct local {
	struct arena *arena;
	const char *folder;      /* of all writers */
	struct archive *archive; /* NULL: there is none */
	bool is_damaged;         /* set when entries had to be passed by */
	bool is_archived;        /* set when the archive had some of it */
};

struct local_writers {
	const char **items; /* "mx1.milter", sorted */
	size_t count;
	size_t room;
};

/* NONE: there is no journal in the folder. */
enum result local_writers(struct arena *arena, const char *folder,
                          struct local_writers *writers_r,
                          struct error *err) MUST_CHECK;

enum result local_messages(struct local *local, const struct find_query *query,
                           struct message_id_list *messages_r,
                           struct error *err) MUST_CHECK;

/* Replies that name one of its Message-IDs are joined to it, too. */
enum result local_events(struct local *local, struct message_id message,
                         struct event_list *events_r,
                         struct error *err) MUST_CHECK;

#endif
