#ifndef CONF_TEMPLATES_H
#define CONF_TEMPLATES_H

#include "base/template.h"
#include "conf/settings.h"

/*
 * The templates of pages and mails, which the operator may replace by files
 * of the same name (pages.templates). One that is broken is told like any
 * wrong setting, by file and line, and the one that comes with avis is taken
 * instead: a page is never down for it.
 */

/* "frame.html"; NULL past the last one. */
const char *templates_name(size_t index);

/*
 * The file of that name in the operator's folder. NONE: there is none, or
 * there is no folder. BAD: there is a finding, a warning, that says why.
 */
enum result templates_bytes(struct arena *arena,
                            const struct settings *settings, const char *name,
                            struct span *bytes_r,
                            struct finding_list *findings) MUST_CHECK;

/* The same, read. *.txt is plain, the others are HTML. */
enum result templates_read(struct arena *arena, const struct settings *settings,
                           const char *name, struct template **template_r,
                           struct finding_list *findings) MUST_CHECK;

/* Of the bytes of a file; findings name it as path. */
enum result templates_parse(struct arena *arena, const char *path,
                            struct span bytes, struct template **template_r,
                            struct finding_list *findings) MUST_CHECK;

/* All there are in the folder, and those whose name no page has. */
void templates_check(struct arena *arena, const struct settings *settings,
                     struct finding_list *findings);

#endif
