#ifndef WEB_SAYING_H
#define WEB_SAYING_H

#include "record/person.h"
#include "web/routes.h"

/*
 * What a person says on a page, as events: all of them on disk, then all of
 * them in force, then the answer.
 */
void saying_event(struct call *call, const struct person_of_token *target,
                  enum event_kind kind, const char *class_name,
                  const char *detail, struct event *event_r);

/* RETRY: recorded perhaps, but not in force yet. */
enum result saying_record(struct call *call, const struct event_list *events,
                          struct error *err) MUST_CHECK;

#endif
