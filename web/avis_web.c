#include <getopt.h>
#include <stdio.h>

#include "web/daemon.h"

static const char help[] =
	"usage: avis-web [--conf FILE]\n"
	"\n"
	"The pages for recipients. It stays in the foreground and logs to\n"
	"stderr or syslog, as the settings say; SIGHUP reads the settings\n"
	"again, SIGTERM stops it.\n"
	"\n"
	"  -c, --conf FILE  settings, " AVIS_CONF " if not given\n"
	"  -V, --version    print the version\n"
	"  -h, --help       print this\n"
	"\n"
	"The manual is avis-web(8).\n";

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "conf", required_argument, NULL, 'c' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *conf = AVIS_CONF;
	int option;

	while ((option = getopt_long(argc, argv, "c:Vh", options, NULL)) != -1)
		switch (option) {
		case 'c':
			conf = optarg;
			break;
		case 'V':
			puts("avis-web " AVIS_VERSION);
			return 0;
		case 'h':
			fputs(help, stdout);
			return 0;
		default:
			fputs("try --help\n", stderr);
			return 2;
		}
	if (optind < argc) {
		fprintf(stderr, "avis-web: unexpected \"%s\"; try --help\n",
		        argv[optind]);
		return 2;
	}
	return daemon_run(conf);
}
