#include "web/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/span.h"

#define FIRST_FD    3
#define HOST_SIZE   64
#define SOCKET_MODE 0660
#define BACKLOG     1024

/* sd_listen_fds(3): our process, one socket. */
static bool
is_handed_over(void)
{
	const char *pid = getenv("LISTEN_PID");
	const char *count = getenv("LISTEN_FDS");

	return pid != NULL && count != NULL && strcmp(count, "1") == 0 &&
	       strtol(pid, NULL, 10) == getpid();
}

static enum result
finish(int fd, const struct sockaddr *to, socklen_t len, const char *address,
       int *fd_r, struct error *err)
{
	if (bind(fd, to, len) == 0 && listen(fd, BACKLOG) == 0 &&
	    fcntl(fd, F_SETFL, O_NONBLOCK) == 0) {
		*fd_r = fd;
		return RESULT_OK;
	}
	error_errno(err, errno, "cannot listen on %s", address);
	close(fd);
	return RESULT_BAD;
}

/* A socket that nobody answers on is left over from an earlier run. */
static void
remove_stale(const struct sockaddr_un *to)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct stat info;

	if (fd < 0)
		return;
	if (lstat(to->sun_path, &info) == 0 && S_ISSOCK(info.st_mode) &&
	    connect(fd, (const struct sockaddr *)to, sizeof(*to)) != 0 &&
	    errno == ECONNREFUSED)
		unlink(to->sun_path);
	close(fd);
}

static enum result
open_unix(const char *path, const char *address, int *fd_r, struct error *err)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	enum result result;
	int fd;

	if (strlen(path) >= sizeof(to.sun_path)) {
		error_set(err, "%s: the path is too long", address);
		return RESULT_BAD;
	}
	memcpy(to.sun_path, path, strlen(path));
	remove_stale(&to);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		error_errno(err, errno, "cannot make a socket");
		return RESULT_BAD;
	}
	result = finish(fd, (const struct sockaddr *)&to, sizeof(to), address,
	                fd_r, err);
	if (result == RESULT_OK && chmod(path, SOCKET_MODE) != 0) {
		error_errno(err, errno, "cannot set the mode of %s", path);
		close(fd);
		return RESULT_BAD;
	}
	return result;
}

static enum result
open_inet(const char *address, int *fd_r, struct error *err)
{
	const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST |
		                                    AI_NUMERICSERV | AI_PASSIVE,
		                        .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	const char *colon = strrchr(address, ':');
	char host[HOST_SIZE] = "";
	struct span name = span_make(address, (size_t)(colon - address));
	enum result result;
	int on = 1, fd;

	if (name.len > 1 && name.at[0] == '[')
		name = span_make(name.at + 1, name.len - 2);
	if (name.len < sizeof(host))
		memcpy(host, name.at, name.len);
	if (getaddrinfo(host, colon + 1, &hints, &found) != 0) {
		error_set(err, "%s is not an address to listen on", address);
		return RESULT_BAD;
	}
	fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		error_errno(err, errno, "cannot make a socket");
		freeaddrinfo(found);
		return RESULT_BAD;
	}
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	result = finish(fd, found->ai_addr, found->ai_addrlen, address, fd_r,
	                err);
	freeaddrinfo(found);
	return result;
}

enum result
listen_open(const char *address, int *fd_r, struct error *err)
{
	if (is_handed_over()) {
		fcntl(FIRST_FD, F_SETFD, FD_CLOEXEC);
		fcntl(FIRST_FD, F_SETFL, O_NONBLOCK);
		*fd_r = FIRST_FD;
		return RESULT_OK;
	}
	if (strncmp(address, "unix:", 5) == 0)
		return open_unix(address + 5, address, fd_r, err);
	return open_inet(address, fd_r, err);
}
