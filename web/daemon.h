#ifndef WEB_DAEMON_H
#define WEB_DAEMON_H

/*
 * Runs the server until SIGTERM or SIGINT; SIGHUP reads the settings again.
 * The exit code: 0, or 1 when it could not start, with the reason logged.
 */
int daemon_run(const char *conf_path);

#endif
