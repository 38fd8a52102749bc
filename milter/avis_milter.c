#include "base/daemon_options.h"
#include "milter/daemon.h"

static const char help[] =
	"usage: avis-milter [--conf FILE]\n"
	"\n"
	"The filter beside the MTA. It stays in the foreground and logs to\n"
	"stderr or syslog, as the settings say; SIGHUP reads the settings\n"
	"again, SIGTERM stops it.\n"
	"\n"
	"  -c, --conf FILE  settings, " AVIS_CONF " if not given\n"
	"  -V, --version    print the version\n"
	"  -h, --help       print this\n"
	"\n"
	"The manual is avis-milter(8).\n";

int
main(int argc, char **argv)
{
	static const struct daemon_options options = { "avis-milter", help };
	const char *conf;
	int code;

	if (!daemon_options_read(&options, argc, argv, &conf, &code))
		return code;
	return daemon_run(conf);
}
