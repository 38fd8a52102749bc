#ifndef BASE_NOTIFY_H
#define BASE_NOTIFY_H

/*
 * sd_notify(3) without the library: tells systemd "READY=1" and the like.
 * Nothing happens without NOTIFY_SOCKET.
 */
void notify_supervisor(const char *state);

#endif
