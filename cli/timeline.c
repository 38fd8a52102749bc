#include "cli/timeline.h"

#include <string.h>

#include "base/digest.h"
#include "record/case_time.h"
#include "record/clicks.h"

#define WORDS_WIDTH 36 /* of the column that says what happened */
#define GRADE_WIDTH 13
#define KIND_WIDTH  12
#define CLOCK_WIDTH 12
#define LEFT_WIDTH  (2 + CLOCK_WIDTH + 2 + KIND_WIDTH + 2)
#define END_WIDTH   78

struct timeline {
	struct arena *arena;
	const struct case_file *file;
	FILE *out;
	long zone;
};

static const char *
say(const struct timeline *timeline, const char *en, const char *fr)
{
	return timeline->file->language == LANGUAGE_FR ? fr : en;
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

/* The next piece of at most that many columns, cut between words. */
static const char *
take_line(struct arena *arena, const char **rest, int most)
{
	const char *start = *rest, *end = start, *space = NULL;
	int width = 0;

	while (*end != '\0' && width < most) {
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
print_wrapped(const struct timeline *timeline, const char *text, int indent,
              int most)
{
	while (*text != '\0')
		fprintf(timeline->out, "%*s%s\n", indent, "",
		        take_line(timeline->arena, &text, most));
}

static void
print_line(const struct timeline *timeline, const struct case_line *line)
{
	FILE *out = timeline->out;
	const char *rest = line->words;
	const char *words = take_line(timeline->arena, &rest, WORDS_WIDTH);

	fputs("  ", out);
	print_padded(
		out,
		case_clock(timeline->arena, line->event->time, timeline->zone),
		CLOCK_WIDTH + 2);
	print_padded(out, line->kind, KIND_WIDTH);
	fputs("  ", out);
	print_padded(out, words, WORDS_WIDTH);
	fputs("  ", out);
	print_padded(out, line->grade, GRADE_WIDTH);
	fprintf(out, "  %s\n", line->source);
	print_wrapped(timeline, rest, LEFT_WIDTH, WORDS_WIDTH);
	print_wrapped(timeline, line->remark, LEFT_WIDTH, WORDS_WIDTH);
}

static const char *
day_of(const struct timeline *timeline, time_ms_t when)
{
	return case_day(timeline->arena, timeline->file->language, when,
	                timeline->zone);
}

/* The first day stands in the head. */
static void
print_lines(const struct timeline *timeline, const struct case_part *part)
{
	const struct event *first = timeline->file->first;
	const char *day = first != NULL ? day_of(timeline, first->time) : "";

	for (size_t i = 0; i < part->line_count; i++) {
		const struct case_line *line = part->lines[i];
		const char *today = day_of(timeline, line->event->time);

		if (strcmp(day, today) != 0)
			fprintf(timeline->out, "  %s\n", today);
		day = today;
		print_line(timeline, line);
	}
}

static void
print_state(const struct timeline *timeline, const struct case_part *part)
{
	for (size_t i = 0; i < part->gap_count; i++)
		print_wrapped(timeline, part->gaps[i], 2, END_WIDTH);
	fprintf(timeline->out, "  %s: %s%s\n", say(timeline, "state", "état"),
	        part->state_words,
	        part->is_claimed
	                ? say(timeline, " (claimed: anyone could have said so)",
	                      " (déclaré : n'importe qui pouvait le dire)")
	                : "");
}

/* "a@b, c@d and 3 more" */
static char *
recipients_text(const struct timeline *timeline, const struct event *first)
{
	struct arena *arena = timeline->arena;
	char *text = arena_strdup(arena, "");

	for (size_t i = 0; i < first->recipient_count && i < 3; i++)
		text = arena_printf(arena, "%s%s%s", text, i > 0 ? ", " : "",
		                    first->recipients[i].address);
	if (first->recipient_count > 3)
		text = arena_printf(arena, "%s %s %zu %s", text,
		                    say(timeline, "and", "et"),
		                    first->recipient_count - 3,
		                    say(timeline, "more", "autres"));
	return case_safe(arena, text);
}

static char *
size_text(const struct timeline *timeline, int64_t bytes)
{
	struct arena *arena = timeline->arena;

	if (bytes < 10000)
		return arena_printf(arena, "%lld %s", (long long)bytes,
		                    say(timeline, "bytes", "octets"));
	if (bytes < 10000000)
		return arena_printf(arena, "%lld %s",
		                    (long long)(bytes + 500) / 1000,
		                    say(timeline, "kB", "ko"));
	return arena_printf(arena, "%lld %s",
	                    (long long)(bytes + 500000) / 1000000,
	                    say(timeline, "MB", "Mo"));
}

static void
print_field(const struct timeline *timeline, const char *en, const char *fr,
            const char *value)
{
	if (value[0] == '\0')
		return;
	print_padded(timeline->out, say(timeline, en, fr), 10);
	fprintf(timeline->out, "%s\n", case_safe(timeline->arena, value));
}

static void
print_digest(const struct timeline *timeline, const char *en, const char *fr,
             const uint8_t sum[DIGEST_BYTES])
{
	char text[DIGEST_HEX_SIZE];

	digest_hex(sum, text);
	print_padded(timeline->out, say(timeline, en, fr), 10);
	fprintf(timeline->out, "sha256 %s\n", text);
}

static void
print_head(const struct timeline *timeline, const struct event *first)
{
	struct arena *arena = timeline->arena;
	const char *subject = event_fact(first, "subject");
	const char *from = event_fact(first, "from");
	const char *when = case_time(arena, timeline->file->language,
	                             first->time, timeline->zone);
	char name[MESSAGE_NAME_SIZE];

	message_id_name(first->message, name);
	if (subject[0] != '\0')
		fprintf(timeline->out, "%s\n", case_safe(arena, subject));
	fprintf(timeline->out, "message   %s", name);
	if (first->class_name[0] != '\0')
		fprintf(timeline->out, "   %s %s",
		        say(timeline, "class", "classe"), first->class_name);
	fputc('\n', timeline->out);
	if (first->kind == EVENT_REFUSED)
		print_field(timeline, "refused", "refusé", when);
	else
		print_field(timeline, "sent", "parti", when);
	print_field(timeline, "from", "de",
	            from[0] != '\0' ? from : event_fact(first, "sender"));
	print_field(timeline, "to", "à", recipients_text(timeline, first));
	if (first->size_bytes > 0)
		print_field(timeline, "size", "taille",
		            size_text(timeline, first->size_bytes));
	if (first->has_digests) {
		print_digest(timeline, "body", "corps", first->body_digest);
		print_digest(timeline, "header", "en-tête",
		             first->header_digest);
	}
	fputc('\n', timeline->out);
}

/* What came back outlived what was sent, or came first. */
static void
print_headless(const struct timeline *timeline)
{
	const struct event *event = &timeline->file->events->items[0];
	char name[MESSAGE_NAME_SIZE];

	message_id_name(event->message, name);
	fprintf(timeline->out, "message   %s\n%s %s\n\n", name,
	        say(timeline,
	            "its submission is not in the record; first event",
	            "son dépôt n'est pas dans le registre ; premier "
	            "événement"),
	        case_time(timeline->arena, timeline->file->language,
	                  event->time, timeline->zone));
}

static void
print_parts(const struct timeline *timeline)
{
	const struct case_file *file = timeline->file;

	if (file->part_count == 1) {
		print_lines(timeline, &file->parts[0]);
		fputc('\n', timeline->out);
		print_state(timeline, &file->parts[0]);
		return;
	}
	print_lines(timeline, &file->common);
	for (size_t i = 0; i < file->part_count; i++) {
		fprintf(timeline->out, "\n  %s\n", file->parts[i].address);
		print_lines(timeline, &file->parts[i]);
		print_state(timeline, &file->parts[i]);
	}
}

/* Figures alone: that a link was followed proves no reading. */
static void
print_clicks(const struct timeline *timeline)
{
	const struct event_list *events = timeline->file->events;
	struct clicks clicks = { .next = 0 };
	struct click_counts counts = { .raw = 0 };

	for (size_t i = 0; i < events->count; i++)
		clicks_add(&clicks, &events->items[i], &counts);
	if (counts.raw == 0)
		return;
	fprintf(timeline->out, "  %s: %llu, %s %llu, %s %llu\n",
	        say(timeline, "links followed", "liens suivis"),
	        (unsigned long long)counts.raw,
	        say(timeline, "by machines", "par des machines"),
	        (unsigned long long)counts.machine,
	        say(timeline, "by humans as far as one can tell",
	            "par des humains autant qu'on sache"),
	        (unsigned long long)click_counts_human(&counts));
}

/* BND-7, LRE-3: said under each proof. */
static void
print_end(const struct timeline *timeline)
{
	static const char *const places[][2] = {
		[READ_STORE] = { "", "" },
		[READ_JOURNAL] = { "Read from the journals of this host: what "
		                   "other hosts recorded is not in it.",
		                   "Lu dans les journaux de cette machine : ce "
		                   "que d'autres ont noté n'y est pas." },
		[READ_ARCHIVE] = { "Read from the archive.",
		                   "Lu dans l'archive." },
	};
	enum language language = timeline->file->language;
	const char *sentence, *text;

	fputc('\n', timeline->out);
	print_wrapped(timeline, places[timeline->file->read_from][language], 0,
	              END_WIDTH);
	text = say(timeline,
	           "This shows what our servers saw and what other servers "
	           "said.",
	           "Ceci montre ce que nos serveurs ont vu et ce que d'autres "
	           "ont dit.");
	for (size_t i = 0; (sentence = case_limit(language, i)) != NULL; i++)
		text = arena_printf(timeline->arena, "%s %s", text, sentence);
	print_wrapped(timeline, text, 0, END_WIDTH);
}

void
timeline_print(struct arena *arena, const struct case_file *file, FILE *out)
{
	const struct event *first =
		file->first != NULL ? file->first : &file->events->items[0];
	const struct timeline timeline = {
		.arena = arena,
		.file = file,
		.out = out,
		.zone = case_zone_at(first->time),
	};

	if (file->first != NULL)
		print_head(&timeline, file->first);
	else
		print_headless(&timeline);
	print_parts(&timeline);
	print_clicks(&timeline);
	print_end(&timeline);
}
