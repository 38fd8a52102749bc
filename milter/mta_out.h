#ifndef MILTER_MTA_OUT_H
#define MILTER_MTA_OUT_H

#include <stdbool.h>

#include <libmilter/mfapi.h>

#include "milter/session.h"

/* The way out through libmilter: edits and answers become smfi_ calls. */

/*
 * All edits in order (MLT-9). False as soon as one fails: the message must
 * then be deferred.
 */
bool mta_out_edits(SMFICTX *context, const struct session *session);

/* The answer, with its reply text where it has one (STAT-1, STAT-2). */
sfsistat mta_out_answer(SMFICTX *context, const struct outcome *outcome);

/* libmilter means const and does not say so: the one cast for both. */
char *mta_loose(const char *text);

#endif
