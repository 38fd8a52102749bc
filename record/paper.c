#include "record/paper.h"

#include <cairo/cairo-pdf.h>
#include <pango/pangocairo.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define FILE_LIMIT ((size_t)64 * 1024 * 1024)
#define LINE_WIDTH 0.7

struct paper {
	struct buf bytes;
	cairo_surface_t *surface;
	cairo_t *cairo;
	PangoLayout *layout;
};

static cairo_status_t
write_bytes(void *context, const unsigned char *at, unsigned len)
{
	struct paper *paper = context;

	buf_add(&paper->bytes, at, len);
	return paper->bytes.is_full ? CAIRO_STATUS_WRITE_ERROR
	                            : CAIRO_STATUS_SUCCESS;
}

static void
describe(struct paper *paper, const struct paper_about *about)
{
	char when[CLOCK_TEXT_SIZE];

	clock_format(about->made, when);
	cairo_pdf_surface_set_metadata(paper->surface, CAIRO_PDF_METADATA_TITLE,
	                               about->title);
	cairo_pdf_surface_set_metadata(
		paper->surface, CAIRO_PDF_METADATA_AUTHOR, about->author);
	/* Without it Cairo would take the time of the machine. */
	cairo_pdf_surface_set_metadata(paper->surface,
	                               CAIRO_PDF_METADATA_CREATE_DATE, when);
	cairo_pdf_surface_set_metadata(paper->surface,
	                               CAIRO_PDF_METADATA_MOD_DATE, when);
}

/* For paper, not for a screen: letters stand where they should. */
static void
smooth(PangoLayout *layout)
{
	PangoContext *context = pango_layout_get_context(layout);
	cairo_font_options_t *options = cairo_font_options_create();

	cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
	cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
	pango_cairo_context_set_font_options(context, options);
	pango_context_set_round_glyph_positions(context, FALSE);
	cairo_font_options_destroy(options);
}

struct paper *
paper_new(const struct paper_about *about)
{
	struct paper *paper = memory_zeroed(1, sizeof(*paper));

	buf_init(&paper->bytes, FILE_LIMIT);
	paper->surface = cairo_pdf_surface_create_for_stream(
		write_bytes, paper, PAPER_WIDTH, PAPER_HEIGHT);
	describe(paper, about);
	paper->cairo = cairo_create(paper->surface);
	cairo_set_line_width(paper->cairo, LINE_WIDTH);
	paper->layout = pango_cairo_create_layout(paper->cairo);
	smooth(paper->layout);
	pango_layout_set_wrap(paper->layout, PANGO_WRAP_WORD_CHAR);
	pango_context_set_language(pango_layout_get_context(paper->layout),
	                           pango_language_from_string(about->language));
	return paper;
}

void
paper_free(struct paper **paper)
{
	if (*paper == NULL)
		return;
	g_object_unref((*paper)->layout);
	cairo_destroy((*paper)->cairo);
	cairo_surface_finish((*paper)->surface);
	cairo_surface_destroy((*paper)->surface);
	buf_done(&(*paper)->bytes);
	free(*paper);
	*paper = NULL;
}

void
paper_page(struct paper *paper)
{
	cairo_show_page(paper->cairo);
}

static void
use_colour(struct paper *paper, enum paper_colour colour)
{
	static const double colours[][3] = {
		[PAPER_BLACK] = { 0.10, 0.11, 0.13 },
		[PAPER_GREY] = { 0.42, 0.44, 0.48 },
		[PAPER_LIGHT] = { 0.90, 0.91, 0.93 },
		[PAPER_WHITE] = { 1.00, 1.00, 1.00 },
		[PAPER_BLUE] = { 0.10, 0.30, 0.55 },
		[PAPER_GREEN] = { 0.10, 0.45, 0.25 },
		[PAPER_AMBER] = { 0.70, 0.45, 0.05 },
		[PAPER_RED] = { 0.68, 0.15, 0.15 },
	};

	cairo_set_source_rgb(paper->cairo, colours[colour][0],
	                     colours[colour][1], colours[colour][2]);
}

static void
lay_out(struct paper *paper, const struct paper_style *style, double width,
        const char *text)
{
	PangoFontDescription *font = pango_font_description_new();
	/* A stranger's subject may be no UTF-8 at all. */
	char *valid = g_utf8_make_valid(text, -1);

	pango_font_description_set_family(
		font, style->is_fixed ? "DejaVu Sans Mono, monospace"
				      : "DejaVu Sans, Noto Sans, sans-serif");
	pango_font_description_set_absolute_size(font,
	                                         style->size * PANGO_SCALE);
	if (style->is_bold)
		pango_font_description_set_weight(font, PANGO_WEIGHT_BOLD);
	if (style->is_italic)
		pango_font_description_set_style(font, PANGO_STYLE_ITALIC);
	pango_layout_set_font_description(paper->layout, font);
	pango_layout_set_alignment(paper->layout, style->is_right
	                                                  ? PANGO_ALIGN_RIGHT
	                                                  : PANGO_ALIGN_LEFT);
	/* A line in Arabic or Hebrew stays in its column, at its left edge. */
	pango_layout_set_auto_dir(paper->layout, TRUE);
	pango_layout_set_width(paper->layout, (int)(width * PANGO_SCALE));
	pango_layout_set_text(paper->layout, valid, -1);
	g_free(valid);
	pango_font_description_free(font);
}

static double
height_of(struct paper *paper)
{
	PangoRectangle rectangle;

	pango_layout_get_extents(paper->layout, NULL, &rectangle);
	return (double)rectangle.height / PANGO_SCALE;
}

double
paper_measure(struct paper *paper, const struct paper_style *style,
              double width, const char *text)
{
	lay_out(paper, style, width, text);
	return height_of(paper);
}

double
paper_text(struct paper *paper, const struct paper_style *style, double x,
           double y, double width, const char *text)
{
	lay_out(paper, style, width, text);
	use_colour(paper, style->colour);
	cairo_move_to(paper->cairo, x, y);
	pango_cairo_show_layout(paper->cairo, paper->layout);
	return height_of(paper);
}

void
paper_line(struct paper *paper, enum paper_colour colour, double x1, double y1,
           double x2, double y2)
{
	use_colour(paper, colour);
	cairo_move_to(paper->cairo, x1, y1);
	cairo_line_to(paper->cairo, x2, y2);
	cairo_stroke(paper->cairo);
}

void
paper_box(struct paper *paper, enum paper_colour ground, double x, double y,
          double width, double height)
{
	use_colour(paper, ground);
	cairo_rectangle(paper->cairo, x, y, width, height);
	cairo_fill(paper->cairo);
}

void
paper_dot(struct paper *paper, enum paper_colour colour, double x, double y,
          double radius, bool is_full)
{
	const double full_turn = 6.283185307179586;

	cairo_new_path(paper->cairo);
	cairo_arc(paper->cairo, x, y, radius, 0, full_turn);
	use_colour(paper, is_full ? colour : PAPER_WHITE);
	cairo_fill_preserve(paper->cairo);
	use_colour(paper, colour);
	cairo_stroke(paper->cairo);
}

enum result
paper_finish(struct paper *paper, struct buf *out, struct error *err)
{
	cairo_status_t status;

	cairo_show_page(paper->cairo);
	cairo_surface_finish(paper->surface);
	status = cairo_surface_status(paper->surface);
	if (status == CAIRO_STATUS_SUCCESS)
		status = cairo_status(paper->cairo);
	/* A finished surface says so for ever; only other trouble counts. */
	if (status != CAIRO_STATUS_SUCCESS &&
	    status != CAIRO_STATUS_SURFACE_FINISHED) {
		error_set(err, "the PDF cannot be made: %s",
		          cairo_status_to_string(status));
		return RESULT_BAD;
	}
	buf_add(out, paper->bytes.data, paper->bytes.len);
	return RESULT_OK;
}
