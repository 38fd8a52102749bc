#ifndef BASE_DAEMON_OPTIONS_H
#define BASE_DAEMON_OPTIONS_H

#include <stdbool.h>

/*
 * The command line that all daemons share: --conf FILE, --version, --help.
 * False: the program ends with *code_r, what there is to say has been said.
 */
struct daemon_options {
	const char *program; /* "avis-milter" */
	const char *help;
};
bool daemon_options_read(const struct daemon_options *options, int argc,
                         char **argv, const char **conf_r, int *code_r);

#endif
