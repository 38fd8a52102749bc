#ifndef CLI_PROOF_JSON_H
#define CLI_PROOF_JSON_H

#include "base/jwrite.h"
#include "record/case.h"

/*
 * One message and its events as a member of "messages". Names are stable;
 * times are RFC 3339 in UTC; digests are lower-case hex.
 */
void proof_json_message(struct jwrite *json, const struct case_file *file);

#endif
