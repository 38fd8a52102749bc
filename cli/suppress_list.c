#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/suppress.h"

struct listing {
	const char *class_name; /* NULL: all of them */
	const char *person;     /* "" : everybody */
	bool is_csv;
	unsigned long long count;
};

static bool
print_refusal(void *context, const struct refusal *refusal)
{
	struct listing *listing = context;
	const char *name = refusal->class_name;
	char since[CLOCK_TEXT_SIZE];

	if ((listing->class_name != NULL &&
	     strcmp(listing->class_name, name) != 0) ||
	    (listing->person[0] != '\0' &&
	     strcmp(listing->person, refusal->person) != 0))
		return true;
	listing->count++;
	clock_format(refusal->since, since);
	if (listing->is_csv)
		printf("%s,%s,%s\r\n", refusal->person,
		       name[0] != '\0' ? name : "*", since);
	else
		printf("%s  %-20s  since %s%s\n", refusal->person,
		       name[0] != '\0' ? name : "all marketing", since,
		       refusal->is_bounce ? "  (bounced)" : "");
	return ferror(stdout) == 0;
}

static bool
begin(struct suppress_work *work, struct listing *listing,
      char person[PERSON_SIZE])
{
	struct opened *opened = &work->opened;

	if (!open_settings(opened, work->conf) || !open_keys(opened) ||
	    !open_store(opened))
		return false;
	/* A class that the settings no longer have may still be refused. */
	if (work->class_name[0] != '\0')
		listing->class_name = strcmp(work->class_name, "*") != 0
		                              ? work->class_name
		                              : "";
	if (work->word[0] != '\0' &&
	    !suppress_person(opened->keys, span_of(work->word), person)) {
		opened_say(opened,
		           "\"%s\" is neither an address nor a hash of 24 "
		           "digits",
		           work->word);
		return false;
	}
	listing->person = person;
	return true;
}

static enum result
print_one(struct suppress_work *work, struct listing *listing,
          struct error *err)
{
	struct opened *opened = &work->opened;
	struct refusal refusal = { .class_name = "" };
	struct person person;
	enum result result = person_find(opened->arena, opened->store,
	                                 listing->person, &person, err);

	if (result != RESULT_OK)
		return result;
	memcpy(refusal.person, listing->person, PERSON_SIZE);
	refusal.is_bounce = person.is_bouncing;
	if (clock_parse(person.off_since, &refusal.since))
		print_refusal(listing, &refusal);
	refusal.is_bounce = false;
	for (size_t i = 0; i < person.class_count; i++) {
		refusal.class_name = person.classes[i].class_name;
		if (clock_parse(person.classes[i].off_since, &refusal.since))
			print_refusal(listing, &refusal);
	}
	if (listing->count == 0)
		printf("%s is not on the list\n", listing->person);
	return RESULT_OK;
}

static int
list(struct suppress_work *work, bool is_csv)
{
	struct listing listing = { .is_csv = is_csv };
	char person[PERSON_SIZE] = "";
	struct error err;
	enum result result;

	if (!begin(work, &listing, person))
		return EXIT_PROBLEM;
	if (is_csv)
		fputs("person,class,since\r\n", stdout);
	result = person[0] != '\0'
	                 ? print_one(work, &listing, &err)
	                 : refusals_each(work->opened.store, print_refusal,
	                                 &listing, &err);
	if (result == RESULT_OK && fflush(stdout) != 0) {
		error_set(&err, "cannot write all of it");
		result = RESULT_BAD;
	}
	if (result == RESULT_OK)
		return EXIT_DONE;
	opened_say(&work->opened, "%s", err.text);
	return EXIT_PROBLEM;
}

int
suppress_list(struct suppress_work *work)
{
	return list(work, false);
}

int
suppress_export(struct suppress_work *work)
{
	return list(work, true);
}
