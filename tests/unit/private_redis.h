#ifndef UNIT_PRIVATE_REDIS_H
#define UNIT_PRIVATE_REDIS_H

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * A Redis of the test's own, on a Unix socket in a folder of its own:
 * nothing is kept, nobody else sees it.
 */
struct private_redis {
	char folder[64];
	char socket[96];
	char url[128];
	pid_t pid;
};

static inline bool
redis_listens(const struct private_redis *redis)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	char answer[16] = "";
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	bool is_up;

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", redis->socket);
	is_up = connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 &&
	        write(fd, "PING\r\n", 6) == 6 &&
	        read(fd, answer, sizeof(answer)) > 0 &&
	        (answer[0] == '+' || strncmp(answer, "-NOAUTH", 7) == 0);
	close(fd);
	return is_up;
}

/* Starts it (again, empty). False: there is no redis-server to start. */
static inline bool
redis_start(struct private_redis *redis, const char *option, const char *value)
{
	static const char program[] = "/usr/bin/redis-server";

	if (access(program, X_OK) != 0)
		return false;
	if (redis->folder[0] == '\0') {
		snprintf(redis->folder, sizeof(redis->folder),
		         "/tmp/avis-redis.XXXXXX");
		if (mkdtemp(redis->folder) == NULL)
			return false;
		snprintf(redis->socket, sizeof(redis->socket), "%s/redis.sock",
		         redis->folder);
		snprintf(redis->url, sizeof(redis->url), "redis+unix://%s",
		         redis->socket);
	}
	unlink(redis->socket);
	redis->pid = fork();
	if (redis->pid == 0) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, 1);
		execl(program, program, "--port", "0", "--unixsocket",
		      redis->socket, "--dir", redis->folder, "--save", "",
		      "--appendonly", "no", option, value, (char *)NULL);
		_exit(1);
	}
	for (int i = 0; i < 500; i++) {
		if (redis_listens(redis))
			return true;
		usleep(10000);
	}
	return false;
}

static inline void
redis_kill(struct private_redis *redis)
{
	if (redis->pid <= 0)
		return;
	kill(redis->pid, SIGKILL);
	waitpid(redis->pid, NULL, 0);
	redis->pid = 0;
	unlink(redis->socket);
}

static inline void
redis_remove(struct private_redis *redis)
{
	redis_kill(redis);
	rmdir(redis->folder);
}

#endif
