#ifndef RECORD_PAPER_H
#define RECORD_PAPER_H

#include <stddef.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"

/*
 * Pages of A4 with text and a few shapes, as a PDF in memory: paper.c is the
 * adapter for Pango and Cairo and their only user. Every script that the
 * machine has a font for can be set, from right to left too. The same calls
 * give the same bytes. Lengths are points from the top left.
 */
struct paper;

#define PAPER_WIDTH  595.28
#define PAPER_HEIGHT 841.89

enum paper_colour {
	PAPER_BLACK,
	PAPER_GREY,
	PAPER_LIGHT, /* lines and grounds */
	PAPER_WHITE,
	PAPER_BLUE,
	PAPER_GREEN,
	PAPER_AMBER,
	PAPER_RED
};

struct paper_style {
	double size;
	bool is_bold;
	bool is_italic;
	bool is_fixed; /* all letters of one width */
	bool is_right; /* against the right edge */
	enum paper_colour colour;
};

struct paper_about {
	const char *title;
	const char *author;
	const char *language; /* "fr" */
	time_ms_t made;
};

struct paper *paper_new(const struct paper_about *about);
void paper_free(struct paper **paper);

void paper_page(struct paper *paper); /* the next one; the first is there */

/* Height of the text when it is set that wide. */
double paper_measure(struct paper *paper, const struct paper_style *style,
                     double width, const char *text);
/* Sets it and gives its height. */
double paper_text(struct paper *paper, const struct paper_style *style,
                  double x, double y, double width, const char *text);

void paper_line(struct paper *paper, enum paper_colour colour, double x1,
                double y1, double x2, double y2);
void paper_box(struct paper *paper, enum paper_colour ground, double x,
               double y, double width, double height);
/* A ring, or a disc when it is full. */
void paper_dot(struct paper *paper, enum paper_colour colour, double x,
               double y, double radius, bool is_full);

/* The whole file. Nothing can be drawn after that. */
enum result paper_finish(struct paper *paper, struct buf *out,
                         struct error *err) MUST_CHECK;

#endif
