#include "cli/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"

#define OUTPUT_LIMIT ((size_t)4 << 20)
#define BUDGET_MS    10000

/* Programs for administrators are not in everybody's PATH. */
static const char *const folders[] = { "", "/usr/sbin/", "/sbin/",
	                               "/usr/local/sbin/" };

static int
spawn(const char *const *argv, const posix_spawn_file_actions_t *actions,
      pid_t *pid_r)
{
	/* C says the words of the C locale; PATH stays as it is. */
	static const char *const environment[] = {
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:"
		"/sbin:/bin",
		"LC_ALL=C", NULL
	};
	union {
		const char *const *in;
		char *const *out;
	} words = { .in = argv }, variables = { .in = environment };
	char path[256];

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		int code;

		if (strlen(folders[i]) + strlen(argv[0]) >= sizeof(path))
			return ENOENT;
		memcpy(path, folders[i], strlen(folders[i]) + 1);
		memcpy(path + strlen(folders[i]), argv[0], strlen(argv[0]) + 1);
		code = posix_spawnp(pid_r, path, actions, NULL, words.out,
		                    variables.out);
		if (code != ENOENT)
			return code;
	}
	return ENOENT;
}

/* It waits in a file without a name, so nobody has to write and read at once.
 */
static bool
open_input(struct span input, int *fd_r)
{
	FILE *file;
	bool is_written;

	*fd_r = -1;
	if (input.len == 0)
		return true;
	file = tmpfile();
	if (file == NULL)
		return false;
	is_written = fwrite(input.at, 1, input.len, file) == input.len &&
	             fflush(file) == 0 && fseek(file, 0, SEEK_SET) == 0;
	if (is_written)
		*fd_r = fcntl(fileno(file), F_DUPFD_CLOEXEC, 3);
	fclose(file);
	return *fd_r >= 0;
}

static enum result
start(const char *const *argv, int input, int *fd_r, pid_t *pid_r,
      struct error *err)
{
	posix_spawn_file_actions_t actions;
	int ends[2], code;

	if (pipe(ends) != 0) {
		error_errno(err, errno, "pipe");
		return RESULT_RETRY;
	}
	(void)fcntl(ends[0], F_SETFD, FD_CLOEXEC);
	(void)fcntl(ends[1], F_SETFD, FD_CLOEXEC);
	posix_spawn_file_actions_init(&actions);
	if (input >= 0)
		posix_spawn_file_actions_adddup2(&actions, input, 0);
	else
		posix_spawn_file_actions_addopen(&actions, 0, "/dev/null",
		                                 O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	code = spawn(argv, &actions, pid_r);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	if (code == 0) {
		*fd_r = ends[0];
		return RESULT_OK;
	}
	close(ends[0]);
	error_errno(err, code, "%s", argv[0]);
	return code == ENOENT ? RESULT_NONE : RESULT_RETRY;
}

/* False: the budget is used up, or it says too much. */
static bool
read_all(int fd, int64_t budget_ms, struct buf *text)
{
	int64_t deadline = clock_steady_us() + budget_ms * 1000;

	for (;;) {
		struct pollfd wait = { .fd = fd, .events = POLLIN };
		int64_t left_ms = (deadline - clock_steady_us()) / 1000;
		char bytes[4096];
		ssize_t n;

		if (left_ms <= 0 || text->is_full)
			return false;
		if (poll(&wait, 1, (int)left_ms) <= 0)
			continue;
		n = read(fd, bytes, sizeof(bytes));
		if (n == 0)
			return true;
		if (n > 0)
			buf_add(text, bytes, (size_t)n);
		else if (errno != EINTR)
			return false;
	}
}

enum result
process_output(struct arena *arena, const char *const *argv,
               const char **text_r, struct error *err)
{
	const struct process_request request = { .argv = argv,
		                                 .limit = OUTPUT_LIMIT,
		                                 .budget_ms = BUDGET_MS };

	return process_run(arena, &request, text_r, err);
}

enum result
process_run(struct arena *arena, const struct process_request *request,
            const char **text_r, struct error *err)
{
	const char *const *argv = request->argv;
	struct buf text;
	pid_t pid;
	int fd, input, status = 0;
	bool is_whole;
	enum result result = RESULT_BAD;

	if (open_input(request->input, &input))
		result = start(argv, input, &fd, &pid, err);
	else
		error_set(err, "%s: its input cannot be written", argv[0]);
	if (input >= 0)
		close(input);
	if (result != RESULT_OK)
		return result;
	buf_init(&text, request->limit);
	is_whole = read_all(fd, request->budget_ms, &text);
	close(fd);
	if (!is_whole)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	*text_r = arena_strndup(arena, text.data, text.len);
	buf_done(&text);
	if (!is_whole) {
		error_set(err, "%s did not come to an end", argv[0]);
		return RESULT_RETRY;
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		error_set(err, "%s failed", argv[0]);
		return RESULT_BAD;
	}
	return RESULT_OK;
}
