#ifndef POLICY_HOLIDAYS_H
#define POLICY_HOLIDAYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/span.h"

/*
 * Days without sending hours, one a line: "2026-05-14" for one year,
 * "12-25" for every year; what follows # is a comment.
 */
struct holiday {
	int year; /* 0: every year */
	int month;
	int day;
};

struct holidays {
	struct holiday *items;
	size_t count;
	size_t room;
};

/* BAD: the text says which line is wrong. */
enum result holidays_read(struct arena *arena, struct span text,
                          struct holidays *holidays_r,
                          struct error *err) MUST_CHECK;

/* The day is counted from 1970-01-01. */
bool holidays_hold(const struct holidays *holidays, int64_t day);

#endif
