#ifndef CLI_PROOF_PDF_H
#define CLI_PROOF_PDF_H

#include "cli/open.h"
#include "record/case.h"

/*
 * Writes the certificate of a case to a file, "-" for standard output. With
 * an address it is about that recipient alone. False: it said why on stderr.
 */
bool proof_pdf(const struct opened *opened, const struct case_file *file,
               const char *to, const char *path);

#endif
