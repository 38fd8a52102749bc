#include "record/certificate.h"

#include <string.h>

#include "record/case_time.h"
#include "record/case_words.h"
#include "record/cms.h"
#include "record/paper.h"
#include "record/seal_find.h"

#define MARGIN      50.0
#define TEXT_WIDTH  (PAPER_WIDTH - 2 * MARGIN)
#define TOP         48.0
#define BOTTOM      (PAPER_HEIGHT - 54.0)
#define LABEL_WIDTH 92.0
#define TIME_WIDTH  86.0
#define LINE_X      (MARGIN + TIME_WIDTH + 12.0)
#define EVENT_X     (LINE_X + 14.0)
#define EVENT_WIDTH (MARGIN + TEXT_WIDTH - EVENT_X)
#define GAP         5.0

static const struct paper_style title_style = { .size = 19, .is_bold = true };
static const struct paper_style head_style = { .size = 10.5,
	                                       .is_bold = true,
	                                       .colour = PAPER_BLUE };
static const struct paper_style text_style = { .size = 9 };
static const struct paper_style bold_style = { .size = 9, .is_bold = true };
static const struct paper_style small_style = { .size = 7.5,
	                                        .colour = PAPER_GREY };
static const struct paper_style label_style = { .size = 8.5,
	                                        .colour = PAPER_GREY };
static const struct paper_style fixed_style = { .size = 7.5, .is_fixed = true };
static const struct paper_style remark_style = { .size = 8, .is_italic = true };
static const struct paper_style page_style = { .size = 7.5,
	                                       .is_right = true,
	                                       .colour = PAPER_GREY };

/* One drawing of it: the first only counts the pages. */
struct drawing {
	struct arena *arena;
	const struct case_file *file;
	const struct certificate_options *options;
	struct paper *paper;
	long zone;
	double y;
	unsigned page;
	unsigned pages; /* 0 while they are counted */
};

static const char *
say(const struct drawing *drawing, const char *en, const char *fr)
{
	return drawing->file->language == LANGUAGE_FR ? fr : en;
}

static const char *
name_of_message(const struct drawing *drawing)
{
	char *name = arena_alloc(drawing->arena, MESSAGE_NAME_SIZE);

	message_id_name(drawing->file->events->items[0].message, name);
	return name;
}

static void
draw_foot(struct drawing *drawing)
{
	double y = PAPER_HEIGHT - 40;
	const char *text = arena_printf(drawing->arena, "%s %s",
	                                say(drawing, "message", "message"),
	                                name_of_message(drawing));

	paper_line(drawing->paper, PAPER_LIGHT, MARGIN, y - 5,
	           MARGIN + TEXT_WIDTH, y - 5);
	paper_text(drawing->paper, &small_style, MARGIN, y, TEXT_WIDTH, text);
	paper_text(drawing->paper, &page_style, MARGIN, y, TEXT_WIDTH,
	           arena_printf(drawing->arena, "%s %u / %u",
	                        say(drawing, "page", "page"), drawing->page,
	                        drawing->pages));
}

/* A new page when that much does not fit on this one. */
static bool
make_room(struct drawing *drawing, double height)
{
	if (drawing->y + height <= BOTTOM || drawing->y <= TOP)
		return false;
	draw_foot(drawing);
	paper_page(drawing->paper);
	drawing->page++;
	drawing->y = TOP;
	return true;
}

static void
draw_text(struct drawing *drawing, const struct paper_style *style,
          const char *text)
{
	make_room(drawing,
	          paper_measure(drawing->paper, style, TEXT_WIDTH, text));
	drawing->y += paper_text(drawing->paper, style, MARGIN, drawing->y,
	                         TEXT_WIDTH, text) +
	              2;
}

static void
draw_head(struct drawing *drawing, const char *en, const char *fr)
{
	const double height = 16;

	drawing->y += GAP + 2;
	/* Never alone at the foot of a page. */
	make_room(drawing, height + 40);
	drawing->y += paper_text(drawing->paper, &head_style, MARGIN,
	                         drawing->y, TEXT_WIDTH, say(drawing, en, fr)) +
	              3;
}

static void
draw_row_in(struct drawing *drawing, const char *label,
            const struct paper_style *style, const char *value)
{
	double width = TEXT_WIDTH - LABEL_WIDTH;
	double height = paper_measure(drawing->paper, style, width, value);

	if (value[0] == '\0')
		return;
	make_room(drawing, height);
	paper_text(drawing->paper, &label_style, MARGIN, drawing->y,
	           LABEL_WIDTH, label);
	paper_text(drawing->paper, style, MARGIN + LABEL_WIDTH, drawing->y,
	           width, value);
	drawing->y += (height > 11 ? height : 11) + 1.5;
}

static void
draw_row(struct drawing *drawing, const char *en, const char *fr,
         const char *value)
{
	draw_row_in(drawing, say(drawing, en, fr), &text_style,
	            case_safe(drawing->arena, value));
}

/* --- the parts -------------------------------------------------------- */

static void
draw_title(struct drawing *drawing)
{
	const struct certificate_options *options = drawing->options;

	paper_text(drawing->paper, &label_style, MARGIN, drawing->y, TEXT_WIDTH,
	           options->organisation);
	paper_text(
		drawing->paper, &page_style, MARGIN, drawing->y, TEXT_WIDTH,
		arena_printf(drawing->arena, "%s %s",
	                     say(drawing, "drawn up on", "établi le"),
	                     case_time(drawing->arena, drawing->file->language,
	                               options->made,
	                               case_zone_at(options->made))));
	drawing->y += 16;
	drawing->y += paper_text(drawing->paper, &title_style, MARGIN,
	                         drawing->y, TEXT_WIDTH,
	                         say(drawing, "Delivery record",
	                             "Preuve d'acheminement")) +
	              4;
	paper_line(drawing->paper, PAPER_BLUE, MARGIN, drawing->y,
	           MARGIN + TEXT_WIDTH, drawing->y);
	drawing->y += 8;
}

static bool
is_shown(const struct drawing *drawing, const struct case_part *part)
{
	return drawing->options->recipient == 0 ||
	       drawing->options->recipient == part->number;
}

static const char *
recipients(const struct drawing *drawing)
{
	const struct case_file *file = drawing->file;
	const char *text = "";

	for (size_t i = 0; i < file->part_count; i++)
		if (is_shown(drawing, &file->parts[i]))
			text = arena_printf(drawing->arena, "%s%s%s", text,
			                    text[0] != '\0' ? "\n" : "",
			                    file->parts[i].address);
	return text;
}

static const char *
class_text(const struct drawing *drawing, const struct event *first)
{
	const char *title = drawing->options->class_title;

	return title[0] == '\0' ? first->class_name
	                        : arena_printf(drawing->arena, "%s (%s)", title,
	                                       first->class_name);
}

static void
draw_parties(struct drawing *drawing)
{
	const struct event *first = drawing->file->first;
	const char *from;

	draw_head(drawing, "The message", "Le message");
	if (first == NULL) {
		draw_text(drawing, &text_style,
		          say(drawing,
		              "Its submission is not in the record: only what "
		              "came back is known.",
		              "Son dépôt n'est pas dans le registre : seul ce "
		              "qui est revenu est connu."));
		return;
	}
	from = event_fact(first, "from");
	draw_row(drawing, "From", "De",
	         from[0] != '\0' ? from : event_fact(first, "sender"));
	draw_row_in(drawing, say(drawing, "To", "À"), &text_style,
	            recipients(drawing));
	draw_row(drawing, "Subject", "Objet", event_fact(first, "subject"));
	draw_row(drawing, first->kind == EVENT_REFUSED ? "Refused" : "Sent",
	         first->kind == EVENT_REFUSED ? "Refusé" : "Parti le",
	         case_time(drawing->arena, drawing->file->language, first->time,
	                   drawing->zone));
	draw_row(drawing, "Kind of mail", "Nature", class_text(drawing, first));
	draw_row(drawing, "Account", "Compte", event_fact(first, "auth"));
	draw_row(drawing, "Message-ID", "Message-ID",
	         event_fact(first, "message_id"));
	draw_row(drawing, "Our number", "Notre numéro",
	         name_of_message(drawing));
}

/* How far it can be trusted, as a shape: no colour is needed to tell. */
static void
draw_dot(struct drawing *drawing, enum event_grade grade, double x, double y)
{
	paper_dot(drawing->paper, PAPER_BLUE, x, y, 3.4,
	          grade == GRADE_OBSERVED);
	if (grade == GRADE_AUTHENTICATED)
		paper_dot(drawing->paper, PAPER_BLUE, x, y, 1.4, true);
}

static void
draw_legend(struct drawing *drawing)
{
	static const char *const words[][2] = {
		[GRADE_OBSERVED] = { "observed by our own servers",
		                     "constaté par nos serveurs" },
		[GRADE_AUTHENTICATED] = { "authenticated: it bears our secret "
		                          "mark",
		                          "authentifié : il porte notre marque "
		                          "secrète" },
		[GRADE_CLAIMED] = { "claimed: anyone could have said so",
		                    "déclaré : n'importe qui pouvait le dire" },
	};
	double x = MARGIN;

	make_room(drawing, 14);
	for (int grade = 0; grade <= GRADE_CLAIMED; grade++) {
		draw_dot(drawing, (enum event_grade)grade, x + 4,
		         drawing->y + 5);
		paper_text(drawing->paper, &small_style, x + 11, drawing->y,
		           TEXT_WIDTH * 0.38 - 14,
		           words[grade][drawing->file->language]);
		x += TEXT_WIDTH * (grade == GRADE_OBSERVED ? 0.28 : 0.38);
	}
	drawing->y += 18;
}

static const char *
under_line(const struct drawing *drawing, const struct case_line *line)
{
	const struct event *event = line->event;

	return arena_printf(drawing->arena,
	                    "%s \xc2\xb7 %s \xc2\xb7 %s %s/%llu", line->grade,
	                    line->source, say(drawing, "entry", "entrée"),
	                    event->writer, (unsigned long long)event->sequence);
}

static const char *
line_text(const struct drawing *drawing, const struct case_line *line)
{
	return line->words[0] == '\0'
	               ? line->kind
	               : arena_printf(drawing->arena, "%s \xe2\x80\x93 %s",
	                              line->kind, line->words);
}

static double
line_height(struct drawing *drawing, const struct case_line *line)
{
	double height = paper_measure(drawing->paper, &text_style, EVENT_WIDTH,
	                              line_text(drawing, line)) +
	                paper_measure(drawing->paper, &small_style, EVENT_WIDTH,
	                              under_line(drawing, line)) +
	                GAP;

	if (line->remark[0] != '\0')
		height += paper_measure(drawing->paper, &remark_style,
		                        EVENT_WIDTH, line->remark);
	return height;
}

static void
draw_event(struct drawing *drawing, const struct case_line *line, bool is_last)
{
	double height = line_height(drawing, line);
	const char *day = case_day(drawing->arena, drawing->file->language,
	                           line->event->time, drawing->zone);
	double y;

	make_room(drawing, height);
	y = drawing->y;
	if (!is_last)
		paper_line(drawing->paper, PAPER_GREY, LINE_X, y + 6, LINE_X,
		           y + height + 6);
	paper_text(
		drawing->paper, &text_style, MARGIN, y, TIME_WIDTH,
		case_clock(drawing->arena, line->event->time, drawing->zone));
	paper_text(drawing->paper, &small_style, MARGIN, y + 11, TIME_WIDTH,
	           day);
	draw_dot(drawing, line->event->grade, LINE_X, y + 6);
	y += paper_text(drawing->paper, &text_style, EVENT_X, y, EVENT_WIDTH,
	                line_text(drawing, line));
	if (line->remark[0] != '\0')
		y += paper_text(drawing->paper, &remark_style, EVENT_X, y,
		                EVENT_WIDTH, line->remark);
	paper_text(drawing->paper, &small_style, EVENT_X, y, EVENT_WIDTH,
	           under_line(drawing, line));
	drawing->y += height;
}

static enum paper_colour
colour_of(const struct case_part *part)
{
	static const enum paper_colour colours[] = {
		[STATE_SUBMITTED] = PAPER_GREY,
		[STATE_HELD] = PAPER_AMBER,
		[STATE_REFUSED] = PAPER_RED,
		[STATE_DELAYED] = PAPER_AMBER,
		[STATE_RELAYED] = PAPER_BLUE,
		[STATE_DELIVERED] = PAPER_GREEN,
		[STATE_FAILED] = PAPER_RED,
		[STATE_DISPLAYED] = PAPER_GREEN,
		[STATE_REPLIED] = PAPER_GREEN,
		[STATE_CONFIRMED] = PAPER_GREEN,
		[STATE_CONTRADICTED] = PAPER_AMBER,
	};

	return part->is_claimed ? PAPER_GREY : colours[part->state];
}

static void
draw_state(struct drawing *drawing, const struct case_part *part)
{
	const char *text = part->state_words;

	if (part->is_claimed)
		text = arena_printf(
			drawing->arena, "%s (%s)", text,
			say(drawing, "claimed: anyone could have said so",
		            "déclaré : n'importe qui pouvait le dire"));
	make_room(drawing, 26);
	paper_box(drawing->paper, PAPER_LIGHT, MARGIN, drawing->y, TEXT_WIDTH,
	          18);
	paper_box(drawing->paper, colour_of(part), MARGIN, drawing->y, 4, 18);
	paper_text(drawing->paper, &bold_style, MARGIN + 12, drawing->y + 3.5,
	           TEXT_WIDTH - 16,
	           arena_printf(drawing->arena, "%s %s",
	                        say(drawing, "State:", "État :"), text));
	drawing->y += 25;
}

static void
draw_lines(struct drawing *drawing, const struct case_part *part)
{
	for (size_t i = 0; i < part->line_count; i++)
		draw_event(drawing, part->lines[i], i + 1 == part->line_count);
}

static void
draw_part(struct drawing *drawing, const struct case_part *part)
{
	if (drawing->file->part_count > 1)
		draw_text(drawing, &bold_style, part->address);
	draw_state(drawing, part);
	draw_lines(drawing, part);
	for (size_t i = 0; i < part->gap_count; i++)
		draw_text(drawing, &remark_style, part->gaps[i]);
	drawing->y += GAP;
}

static void
draw_course(struct drawing *drawing)
{
	const struct case_file *file = drawing->file;

	draw_head(drawing, "What became of it", "Son cheminement");
	draw_legend(drawing);
	if (file->part_count > 1)
		draw_lines(drawing, &file->common);
	for (size_t i = 0; i < file->part_count; i++)
		if (is_shown(drawing, &file->parts[i]))
			draw_part(drawing, &file->parts[i]);
}

static void
draw_limits(struct drawing *drawing)
{
	const char *limit;

	draw_head(drawing, "What this does not prove",
	          "Ce que ceci ne prouve pas");
	for (size_t i = 0;
	     (limit = case_limit(drawing->file->language, i)) != NULL; i++)
		draw_text(drawing,
		          case_limit(drawing->file->language, i + 1) == NULL
		                  ? &bold_style
		                  : &text_style,
		          limit);
}

static void
draw_digest(struct drawing *drawing, const char *en, const char *fr,
            const uint8_t sum[DIGEST_BYTES])
{
	char hex[DIGEST_HEX_SIZE];

	digest_hex(sum, hex);
	draw_row_in(drawing, say(drawing, en, fr), &fixed_style, hex);
}

static void
draw_digests(struct drawing *drawing)
{
	const struct event *first = drawing->file->first;

	if (first == NULL || !first->has_digests)
		return;
	draw_head(drawing, "Digests (SHA-256)", "Empreintes (SHA-256)");
	draw_digest(drawing, "Body", "Corps", first->body_digest);
	draw_digest(drawing, "Header", "En-tête", first->header_digest);
	draw_text(drawing, &small_style,
	          say(drawing,
	              "Of the body with CRLF line ends and without empty lines "
	              "at its end; of the header fields as they left us, one "
	              "after the other, in the relaxed form of RFC 6376.",
	              "Du corps avec des fins de ligne CRLF et sans lignes "
	              "vides à la fin ; des champs d'en-tête tels qu'ils sont "
	              "partis, à la suite, sous la forme « relaxed » de la RFC "
	              "6376."));
}

/* --- seals ------------------------------------------------------------ */

/* The heads over the entries that are shown, each once. */
struct seals {
	struct head_file *items;
	size_t count;
	size_t room;
	size_t unsealed; /* entries */
};

static void
find_seal(struct drawing *drawing, const struct event *event,
          struct seals *seals)
{
	struct head_file file;
	struct error ignored;

	if (seal_find(drawing->arena, drawing->options->settings, event->writer,
	              event->sequence, &file, &ignored) != RESULT_OK) {
		seals->unsealed++;
		return;
	}
	for (size_t i = 0; i < seals->count; i++)
		if (span_equal(seals->items[i].bytes, file.bytes))
			return;
	*(struct head_file *)arena_push(drawing->arena, (void **)&seals->items,
	                                &seals->count, &seals->room,
	                                sizeof(file)) = file;
}

static const char *
stamp_text(const struct drawing *drawing, const struct head_file *file)
{
	struct cms_stamp stamp;
	struct error ignored;

	if (file->stamp.len == 0 ||
	    cms_check_stamp(drawing->arena, file->stamp, file->signature, NULL,
	                    "", NULL, &stamp, &ignored) != CMS_GOOD)
		return say(drawing, "not time-stamped yet",
		           "pas encore horodaté");
	return arena_printf(drawing->arena, "%s %s, %s",
	                    say(drawing, "time-stamped on", "horodaté le"),
	                    case_time(drawing->arena, drawing->file->language,
	                              stamp.time, case_zone_at(stamp.time)),
	                    stamp.authority);
}

static void
draw_seal(struct drawing *drawing, const struct head_file *file)
{
	const struct head *head = &file->head;
	unsigned long long first = head->first;
	char hex[DIGEST_HEX_SIZE];

	draw_row_in(drawing, head->writer, &text_style,
	            arena_printf(drawing->arena,
	                         "%s %llu, %s %llu\xe2\x80\x93%llu, %s",
	                         say(drawing, "head", "tête"),
	                         (unsigned long long)head->number,
	                         say(drawing, "entries", "entrées"), first,
	                         first + head->size - 1,
	                         stamp_text(drawing, file)));
	digest_hex(head->root, hex);
	draw_row_in(drawing, say(drawing, "root", "racine"), &fixed_style, hex);
}

static void
draw_seals(struct drawing *drawing)
{
	const struct event_list *events = drawing->file->events;
	struct seals seals = { .count = 0 };

	if (drawing->options->settings == NULL ||
	    drawing->options->settings->seal.certificate[0] == '\0')
		return;
	for (size_t i = 0; i < events->count; i++)
		if (events->items[i].kind != EVENT_ASKED &&
		    events->items[i].kind != EVENT_EXPORTED)
			find_seal(drawing, &events->items[i], &seals);
	draw_head(drawing, "Seals", "Scellés");
	for (size_t i = 0; i < seals.count; i++)
		draw_seal(drawing, &seals.items[i]);
	if (seals.unsealed > 0)
		draw_row_in(
			drawing, say(drawing, "not yet", "pas encore"),
			&text_style,
			arena_printf(drawing->arena, "%zu %s", seals.unsealed,
		                     say(drawing, "of the entries named above",
		                         "des entrées ci-dessus")));
}

static void
draw_verify(struct drawing *drawing)
{
	const char *who = drawing->options->organisation;
	const char *name = name_of_message(drawing);

	draw_head(drawing, "How to verify it", "Comment le vérifier");
	draw_text(
		drawing, &text_style,
		drawing->file->language == LANGUAGE_FR
			? arena_printf(
				  drawing->arena,
				  "Cette page est une lecture du registre, pas "
				  "la preuve elle-même. Demandez à %s le "
				  "dossier de preuve du message %s : il "
				  "contient chaque entrée nommée ci-dessus, et "
				  "qui ne se fie ni à nous ni à nos serveurs "
				  "le vérifie avec sha256sum et openssl seuls "
				  "(sh verify.sh).",
				  who, name)
			: arena_printf(
				  drawing->arena,
				  "This page is a reading of the record, not "
				  "the proof itself. Ask %s for the evidence "
				  "bundle of message %s: it holds each entry "
				  "named above, and whoever trusts neither us "
				  "nor our servers checks it with sha256sum "
				  "and openssl alone (sh verify.sh).",
				  who, name));
}

static void
draw(struct drawing *drawing)
{
	drawing->y = TOP;
	drawing->page = 1;
	draw_title(drawing);
	draw_parties(drawing);
	draw_course(drawing);
	draw_limits(drawing);
	draw_digests(drawing);
	draw_seals(drawing);
	draw_verify(drawing);
	draw_foot(drawing);
}

enum result
certificate_make(struct arena *arena, const struct case_file *file,
                 const struct certificate_options *options, struct buf *out,
                 struct error *err)
{
	const struct event *first =
		file->first != NULL ? file->first : &file->events->items[0];
	bool is_french = file->language == LANGUAGE_FR;
	const struct paper_about about = {
		.title =
			is_french ? "Preuve d'acheminement" : "Delivery record",
		.author = options->organisation,
		.language = is_french ? "fr" : "en",
		.made = options->made,
	};
	struct drawing drawing = { .arena = arena,
		                   .file = file,
		                   .options = options,
		                   .zone = case_zone_at(first->time) };
	enum result result;

	drawing.paper = paper_new(&about);
	draw(&drawing);
	paper_free(&drawing.paper);
	drawing.pages = drawing.page;
	drawing.paper = paper_new(&about);
	draw(&drawing);
	result = paper_finish(drawing.paper, out, err);
	paper_free(&drawing.paper);
	return result;
}
