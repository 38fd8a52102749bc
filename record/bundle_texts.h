#ifndef RECORD_BUNDLE_TEXTS_H
#define RECORD_BUNDLE_TEXTS_H

#include "base/span.h"

/* record/verify.sh and record/readme.txt, as they lie in every bundle. */
struct span bundle_script(void);
struct span bundle_readme(void);

#endif
