#include "base/daemon_options.h"

#include <getopt.h>
#include <stdio.h>

#define WRONG_USE 2

bool
daemon_options_read(const struct daemon_options *options, int argc, char **argv,
                    const char **conf_r, int *code_r)
{
	static const struct option known[] = {
		{ "conf", required_argument, NULL, 'c' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	*conf_r = AVIS_CONF;
	*code_r = 0;
	while ((option = getopt_long(argc, argv, "c:Vh", known, NULL)) != -1)
		switch (option) {
		case 'c':
			*conf_r = optarg;
			break;
		case 'V':
			printf("%s " AVIS_VERSION "\n", options->program);
			return false;
		case 'h':
			fputs(options->help, stdout);
			return false;
		default:
			fputs("try --help\n", stderr);
			*code_r = WRONG_USE;
			return false;
		}
	if (optind == argc)
		return true;
	fprintf(stderr, "%s: unexpected \"%s\"; try --help\n", options->program,
	        argv[optind]);
	*code_r = WRONG_USE;
	return false;
}
