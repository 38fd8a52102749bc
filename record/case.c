#include "record/case.h"

#include <string.h>

#include "record/case_time.h"
#include "record/case_words.h"

#define DAY_MS ((time_ms_t)24 * 3600 * 1000)

bool
language_read(const char *text, enum language *language_r)
{
	if (strcmp(text, "en") != 0 && strcmp(text, "fr") != 0)
		return false;
	*language_r = text[0] == 'f' ? LANGUAGE_FR : LANGUAGE_EN;
	return true;
}

const struct event *
case_first(const struct event_list *events)
{
	const struct event *refused = NULL;

	for (size_t i = 0; i < events->count; i++) {
		if (events->items[i].kind == EVENT_SUBMITTED)
			return &events->items[i];
		if (events->items[i].kind == EVENT_REFUSED && refused == NULL)
			refused = &events->items[i];
	}
	return refused;
}

char *
case_safe(struct arena *arena, const char *text)
{
	char *safe = arena_strdup(arena, text);

	for (unsigned char *p = (unsigned char *)safe; *p != '\0'; p++) {
		/* C1 controls too: U+0080 to U+009F in UTF-8. */
		bool is_c1 = p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0;

		if (*p < 0x20 || *p == 0x7f || is_c1)
			*p = '?';
		if (is_c1)
			p[1] = '?';
	}
	return safe;
}

const char *
case_limit(enum language language, size_t index)
{
	static const char *const limits[][2] = {
		{ "It does not show that anyone read the message.",
		  "Il ne montre pas que quelqu'un a lu le message." },
		{ "It does not show who the reader was.",
		  "Il ne montre pas qui était le lecteur." },
		{ "It does not show what became of the message after the last "
		  "server named here took it over.",
		  "Il ne montre pas ce que le message est devenu une fois "
		  "repris par le dernier serveur nommé ici." },
		{ "Times are as right as the clocks of the servers that named "
		  "them.",
		  "Les heures valent ce que valent les horloges des serveurs "
		  "qui les donnent." },
		{ "It is not a registered letter (lettre recommandée).",
		  "Ce n'est pas une lettre recommandée." },
	};

	return index < sizeof(limits) / sizeof(limits[0])
	               ? limits[index][language]
	               : NULL;
}

/* --- lines ------------------------------------------------------------ */

/* Kinds that say where the message is: two sources may say the same. */
static bool
is_fact(enum event_kind kind)
{
	static const bool facts[EVENT_KINDS] = {
		[EVENT_RELAYED] = true, [EVENT_DELIVERED] = true,
		[EVENT_FAILED] = true,  [EVENT_DELAYED] = true,
		[EVENT_HELD] = true,    [EVENT_RELEASED] = true,
	};

	return facts[kind];
}

static bool
is_of(const struct event *event, unsigned recipient)
{
	return event->recipient == recipient;
}

/* The last one before it that says the same and has it from elsewhere. */
static const struct event *
same_fact(const struct event_list *events, size_t index)
{
	const struct event *event = &events->items[index];

	for (size_t i = index; is_fact(event->kind) && i-- > 0;) {
		const struct event *before = &events->items[i];

		if (before->kind == event->kind &&
		    before->source != event->source &&
		    is_of(before, event->recipient) &&
		    event->time - before->time < DAY_MS)
			return before;
	}
	return NULL;
}

/* A failure after it was taken over: both are said, neither is dropped. */
static const struct event *
contradicted_by(const struct event_list *events, size_t index)
{
	const struct event *event = &events->items[index];
	bool is_failure = event->kind == EVENT_FAILED;
	bool is_success = event->kind == EVENT_RELAYED ||
	                  event->kind == EVENT_DELIVERED ||
	                  event->kind == EVENT_DISPLAYED;

	for (size_t i = index; (is_failure || is_success) && i-- > 0;) {
		const struct event *before = &events->items[i];
		bool was_success = before->kind == EVENT_RELAYED ||
		                   before->kind == EVENT_DELIVERED;

		if (is_of(before, event->recipient) &&
		    ((is_failure && was_success) ||
		     (is_success && before->kind == EVENT_FAILED)))
			return before;
	}
	return NULL;
}

static char *
remark(struct arena *arena, const struct case_file *file,
       const struct event *other, bool is_same)
{
	const char *source = case_source_name(file->language, other->source);
	long zone = case_zone_at(other->time);
	const char *when = case_second(arena, other->time, zone);
	bool is_french = file->language == LANGUAGE_FR;

	if (is_same)
		return arena_printf(arena,
		                    is_french ? "comme dit à %s (%s)"
		                              : "as was said at %s (%s)",
		                    when, source);
	return arena_printf(arena,
	                    is_french ? "contredit ce qui est dit le %s à %s "
	                                "(%s)"
	                              : "contradicts what was said on %s at %s "
	                                "(%s)",
	                    case_day(arena, file->language, other->time, zone),
	                    when, source);
}

static void
make_line(struct arena *arena, const struct case_file *file, size_t index,
          struct case_line *line)
{
	const struct event *event = &file->events->items[index];
	const struct event *other = contradicted_by(file->events, index);

	line->event = event;
	line->kind = case_kind(file->language, event->kind);
	line->words =
		case_safe(arena, case_words(arena, file->language, event));
	line->grade = case_grade(file->language, event->grade);
	line->source =
		case_safe(arena, case_source(arena, file->language, event));
	line->same_as = same_fact(file->events, index);
	line->remark = "";
	if (other != NULL)
		line->remark = remark(arena, file, other, false);
	else if (line->same_as != NULL)
		line->remark = remark(arena, file, line->same_as, true);
}

/* --- what is missing -------------------------------------------------- */

struct sentences {
	const char **items;
	size_t count;
	size_t room;
};

static void
add_gap(struct arena *arena, struct sentences *list, const char *text)
{
	*(const char **)arena_push(arena, (void **)&list->items, &list->count,
	                           &list->room, sizeof(text)) = text;
}

static bool
has_event(const struct case_file *file, unsigned recipient,
          enum event_source source)
{
	for (size_t i = 0; i < file->events->count; i++) {
		const struct event *event = &file->events->items[i];

		if (event->source == source && event->kind != EVENT_GAP &&
		    (event->recipient == recipient || event->recipient == 0))
			return true;
	}
	return false;
}

/* EVD-9: that a source is silent is said, not passed over. */
static void
find_gaps(struct arena *arena, const struct case_file *file,
          struct case_part *part)
{
	bool is_french = file->language == LANGUAGE_FR;
	struct sentences list = { NULL, 0, 0 };
	const struct event *first = file->first;
	const char *dot = first != NULL ? strrchr(first->writer, '.') : NULL;

	if (first != NULL && first->kind == EVENT_SUBMITTED &&
	    part->state != STATE_HELD &&
	    !has_event(file, part->number, SOURCE_MAILLOG))
		add_gap(arena, &list,
		        arena_printf(
				arena,
				is_french ? "Aucune ligne du log du "
					    "serveur %.*s n'en parle dans ce "
					    "registre."
					  : "No line of the mail log of %.*s "
					    "about it is in the record.",
				dot != NULL ? (int)(dot - first->writer) : 0,
				first->writer));
	if (first != NULL && part->number > 0 && first->fact_count == 0)
		add_gap(arena, &list,
		        is_french ? "Les données personnelles de ce dépôt ont "
		                    "été effacées."
		                  : "The personal data of this submission was "
		                    "erased.");
	part->gaps = list.items;
	part->gap_count = list.count;
}

/* --- the whole -------------------------------------------------------- */

static void
make_part(struct arena *arena, const struct case_file *file, unsigned number,
          bool is_sole, struct case_part *part)
{
	const struct event_list *events = file->events;

	part->number = number;
	part->address = "";
	/* NOLINTNEXTLINE(bugprone-sizeof-expression): a list of pointers. */
	part->lines = arena_array(arena, events->count, sizeof(*part->lines));
	for (size_t i = 0; i < events->count; i++)
		if (is_sole || events->items[i].recipient == number)
			part->lines[part->line_count++] = &file->lines[i];
	part->state = state_of(events, number);
	part->is_claimed = state_is_claimed(events, number);
	part->state_words = case_state(file->language, part->state);
	if (number == 0)
		return;
	if (file->first != NULL && number <= file->first->recipient_count)
		part->address = case_safe(
			arena, file->first->recipients[number - 1].address);
	find_gaps(arena, file, part);
}

struct case_file *
case_make(struct arena *arena, const struct event_list *events,
          enum read_from read_from, enum language language)
{
	struct case_file *file = arena_alloc(arena, sizeof(*file));
	size_t count;

	file->language = language;
	file->read_from = read_from;
	file->events = events;
	file->first = case_first(events);
	file->lines = arena_array(arena, events->count, sizeof(*file->lines));
	for (size_t i = 0; i < events->count; i++)
		make_line(arena, file, i, &file->lines[i]);
	count = file->first != NULL ? file->first->recipient_count : 0;
	/* To one alone, what is of all is of that one. */
	file->part_count = count > 1 ? count : 1;
	file->parts =
		arena_array(arena, file->part_count, sizeof(*file->parts));
	if (count > 1)
		make_part(arena, file, 0, false, &file->common);
	for (size_t i = 0; i < file->part_count; i++)
		make_part(arena, file, (unsigned)i + 1, count <= 1,
		          &file->parts[i]);
	return file;
}
