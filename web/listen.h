#ifndef WEB_LISTEN_H
#define WEB_LISTEN_H

#include "base/error.h"

/*
 * A socket that listens on 127.0.0.1:8893, [::1]:8893 or unix:/path, ready
 * for accept; or, when systemd started us by a socket unit, the one it hands
 * over (sd_listen_fds(3)). The caller closes it.
 */
enum result listen_open(const char *address, int *fd_r,
                        struct error *err) MUST_CHECK;

#endif
