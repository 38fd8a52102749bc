#ifndef WEB_CHOICES_DIFF_H
#define WEB_CHOICES_DIFF_H

#include "conf/settings.h"
#include "record/person.h"

/*
 * Pure: what a person has chosen, as the form shows it, and which events
 * lead from one state to another.
 */
struct choices_class {
	const char *name;
	bool is_on;      /* mail of this class reaches the person */
	bool is_refused; /* this class, or all marketing without a later yes */
	bool lacks_consent; /* the class wants one and there is none */
	bool needs_consent;
};

struct choices {
	struct choices_class *classes; /* of marketing purpose */
	size_t class_count;
	bool is_none; /* no marketing at all, whatever the classes */
	bool asks_receipts;
	bool is_measured;
	const char *cap;      /* "4-30": messages, days; "" : none */
	const char *channel;  /* "email", "post", "telephone" */
	const char *language; /* "", "fr", "en" */
};

/* Which wording a consent given on the page was given to. */
#define CHOICES_TEXT "page-choices-1"

void choices_in_force(struct arena *arena, const struct settings *settings,
                      const struct person *person, struct choices *choices_r);

struct choices_change {
	enum event_kind kind; /* preference or consent */
	const char *class_name;
	const char *detail;
	const char *label; /* to be translated; "": not told apart */
};
struct choices_change_list {
	struct choices_change *items;
	size_t count;
	size_t room;
};

/*
 * both have the same classes. has_address: without one no consent can be
 * put on record. False: a value that no form of ours has.
 */
bool choices_diff(struct arena *arena, const struct choices *now,
                  const struct choices *wanted, bool has_address,
                  struct choices_change_list *changes_r);

#endif
