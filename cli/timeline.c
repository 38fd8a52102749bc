#include "cli/timeline.h"

#include <string.h>
#include <time.h>

#include "base/digest.h"
#include "cli/timeline_words.h"
#include "record/state.h"

#define WORDS_WIDTH 36 /* of the column that says what happened */
#define GRADE_WIDTH 13
#define KIND_WIDTH  12

static const char *const months[] = {
	"Jan", "Feb", "Mar", "Apr", "May", "Jun",
	"Jul", "Aug", "Sep", "Oct", "Nov", "Dec"
};

const struct event *
timeline_first(const struct event_list *events)
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
timeline_safe(struct arena *arena, const char *text)
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

/* Seconds east of UTC at that moment, here. */
static long
zone_at(time_ms_t when)
{
	time_t seconds = (time_t)(when / 1000);
	struct tm tm;

	localtime_r(&seconds, &tm);
	return tm.tm_gmtoff;
}

static struct tm
in_zone(time_ms_t when, long zone)
{
	time_t seconds = (time_t)(when / 1000) + zone;
	struct tm tm;

	gmtime_r(&seconds, &tm);
	return tm;
}

static char *
day_text(struct arena *arena, const struct tm *tm)
{
	return arena_printf(arena, "%d %s %d", tm->tm_mday, months[tm->tm_mon],
	                    tm->tm_year + 1900);
}

static char *
time_in_zone(struct arena *arena, time_ms_t when, long zone)
{
	struct tm tm = in_zone(when, zone);
	long off = (zone < 0 ? -zone : zone) / 60;

	return arena_printf(arena, "%s %02d:%02d:%02d %c%02ld:%02ld",
	                    day_text(arena, &tm), tm.tm_hour, tm.tm_min,
	                    tm.tm_sec, zone < 0 ? '-' : '+', off / 60,
	                    off % 60);
}

char *
timeline_time(struct arena *arena, time_ms_t when)
{
	return time_in_zone(arena, when, zone_at(when));
}

/* How many columns a text takes: its characters, not its bytes. */
static int
width_of(const char *text)
{
	int width = 0;

	for (; *text != '\0'; text++)
		if (((unsigned char)*text & 0xc0) != 0x80)
			width++;
	return width;
}

static void
print_padded(FILE *out, const char *text, int width)
{
	fputs(text, out);
	for (int i = width_of(text); i < width; i++)
		fputc(' ', out);
}

/* The next piece of at most WORDS_WIDTH columns, cut between words. */
static const char *
take_line(struct arena *arena, const char **rest)
{
	const char *start = *rest, *end = start, *space = NULL;
	int width = 0;

	while (*end != '\0' && width < WORDS_WIDTH) {
		if (*end == ' ')
			space = end;
		end++;
		while (((unsigned char)*end & 0xc0) == 0x80)
			end++;
		width++;
	}
	if (*end != '\0' && *end != ' ' && space != NULL)
		end = space;
	*rest = end + (*end == ' ' ? 1 : 0);
	return arena_strndup(arena, start, (size_t)(end - start));
}

static void
print_event(const struct timeline *timeline, const struct event *event,
            long zone, FILE *out)
{
	struct arena *arena = timeline->arena;
	struct tm tm = in_zone(event->time, zone);
	const char *rest = timeline_safe(arena, timeline_words(arena, event));
	const char *line = take_line(arena, &rest);

	fprintf(out, "  %02d:%02d:%02d.%03d  ", tm.tm_hour, tm.tm_min,
	        tm.tm_sec, (int)(event->time % 1000));
	print_padded(out, timeline_kind(event->kind), KIND_WIDTH);
	fputs("  ", out);
	print_padded(out, line, WORDS_WIDTH);
	fputs("  ", out);
	print_padded(out, event_grade_name(event->grade), GRADE_WIDTH);
	fprintf(out, "  %s\n",
	        timeline_safe(arena, timeline_source(arena, event)));
	while (*rest != '\0')
		fprintf(out, "%*s%s\n", 2 + 12 + 2 + KIND_WIDTH + 2, "",
		        take_line(arena, &rest));
}

/* The events of one recipient, and with 0 those that are of all. */
static void
print_events(const struct timeline *timeline, unsigned recipient, bool is_sole,
             long zone, FILE *out)
{
	const struct event *first = timeline_first(timeline->events);
	char *day = first != NULL ? day_text(timeline->arena,
	                                     &(struct tm[]){ in_zone(
						     first->time, zone) }[0])
	                          : arena_strdup(timeline->arena, "");

	for (size_t i = 0; i < timeline->events->count; i++) {
		const struct event *event = &timeline->events->items[i];
		struct tm tm = in_zone(event->time, zone);
		char *today = day_text(timeline->arena, &tm);

		if (!is_sole && event->recipient != recipient)
			continue;
		if (strcmp(day, today) != 0)
			fprintf(out, "  %s\n", today);
		day = today;
		print_event(timeline, event, zone, out);
	}
}

static void
print_state(const struct timeline *timeline, unsigned recipient, FILE *out)
{
	enum state state = state_of(timeline->events, recipient);

	fprintf(out, "  state: %s%s\n", state_words(state),
	        state_is_claimed(timeline->events, recipient)
	                ? " (claimed: anyone could have said so)"
	                : "");
}

/* "a@b, c@d and 3 more" */
static char *
recipients_text(struct arena *arena, const struct event *first)
{
	char *text = arena_strdup(arena, "");

	for (size_t i = 0; i < first->recipient_count && i < 3; i++)
		text = arena_printf(arena, "%s%s%s", text, i > 0 ? ", " : "",
		                    first->recipients[i].address);
	if (first->recipient_count > 3)
		text = arena_printf(arena, "%s and %zu more", text,
		                    first->recipient_count - 3);
	return timeline_safe(arena, text);
}

static char *
size_text(struct arena *arena, int64_t bytes)
{
	if (bytes < 10000)
		return arena_printf(arena, "%lld bytes", (long long)bytes);
	if (bytes < 10000000)
		return arena_printf(arena, "%lld kB",
		                    (long long)(bytes + 500) / 1000);
	return arena_printf(arena, "%lld MB",
	                    (long long)(bytes + 500000) / 1000000);
}

static void
print_digests(const struct event *first, FILE *out)
{
	char text[DIGEST_HEX_SIZE];

	digest_hex(first->body_digest, text);
	fprintf(out, "body      sha256 %s\n", text);
	digest_hex(first->header_digest, text);
	fprintf(out, "header    sha256 %s\n", text);
}

static void
print_head(const struct timeline *timeline, const struct event *first,
           long zone, FILE *out)
{
	struct arena *arena = timeline->arena;
	const char *subject = event_fact(first, "subject");
	const char *from = event_fact(first, "from");
	char name[MESSAGE_NAME_SIZE];

	message_id_name(first->message, name);
	if (subject[0] != '\0')
		fprintf(out, "%s\n", timeline_safe(arena, subject));
	fprintf(out, "message   %s", name);
	if (first->class_name[0] != '\0')
		fprintf(out, "   class %s", first->class_name);
	fprintf(out, "\n%s   %s\n",
	        first->kind == EVENT_REFUSED ? "refused" : "sent   ",
	        time_in_zone(arena, first->time, zone));
	if (from[0] == '\0')
		from = event_fact(first, "sender");
	if (from[0] != '\0')
		fprintf(out, "from      %s\n", timeline_safe(arena, from));
	if (first->recipient_count > 0)
		fprintf(out, "to        %s\n", recipients_text(arena, first));
	if (first->size_bytes > 0)
		fprintf(out, "size      %s\n",
		        size_text(arena, first->size_bytes));
	if (first->has_digests)
		print_digests(first, out);
	fputc('\n', out);
}

static void
print_recipients(const struct timeline *timeline, const struct event *first,
                 long zone, FILE *out)
{
	struct arena *arena = timeline->arena;

	print_events(timeline, 0, false, zone, out);
	for (size_t i = 0; i < first->recipient_count; i++) {
		unsigned number = (unsigned)i + 1;

		fprintf(out, "\n  %s\n",
		        timeline_safe(arena, first->recipients[i].address));
		print_events(timeline, number, false, zone, out);
		print_state(timeline, number, out);
	}
}

/* BND-7, LRE-3: said under each proof, and nowhere else. */
static void
print_end(const struct timeline *timeline, FILE *out)
{
	fputs("\n", out);
	if (timeline->read_from == READ_ARCHIVE)
		fputs("Read from the archive.\n", out);
	if (timeline->read_from == READ_JOURNAL)
		fputs("Read from the journals of this host: what other hosts "
		      "recorded is not in it.\n",
		      out);
	fputs("This shows what our servers saw and what other servers said. "
	      "It does not show\n"
	      "who read the message. It is not a registered letter (lettre "
	      "recommandee).\n",
	      out);
}

void
timeline_print(const struct timeline *timeline, FILE *out)
{
	const struct event_list *events = timeline->events;
	const struct event *first = timeline_first(events);
	long zone =
		zone_at(first != NULL ? first->time : events->items[0].time);

	if (first != NULL) {
		print_head(timeline, first, zone, out);
	} else {
		char name[MESSAGE_NAME_SIZE];

		/* What came back outlived what was sent, or came first. */
		message_id_name(events->items[0].message, name);
		fprintf(out,
		        "message   %s\nits submission is not in the "
		        "record; first event %s\n\n",
		        name,
		        time_in_zone(timeline->arena, events->items[0].time,
		                     zone));
	}
	if (first != NULL && first->recipient_count > 1) {
		print_recipients(timeline, first, zone, out);
	} else {
		print_events(timeline, 0, true, zone, out);
		fputc('\n', out);
		print_state(timeline, 1, out);
	}
	print_end(timeline, out);
}
