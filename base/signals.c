#include "base/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <unistd.h>

static const int numbers[] = { SIGHUP, SIGTERM, SIGINT };

#define NUMBERS (sizeof(numbers) / sizeof(numbers[0]))

/* Written by the handler, read by main: one byte a signal. */
static int signal_pipe[2];

static void
on_signal(int number)
{
	int kept = errno;
	char byte = (char)number;

	/* Full means that a reload is on its way already. */
	if (write(signal_pipe[1], &byte, 1) < 0)
		errno = kept;
	errno = kept;
}

/*
 * libmilter stops at SIGHUP: its own thread waits for it with sigwait. Linux
 * gives a signal of the process to the main thread whenever that has it
 * unblocked; SA_NODEFER keeps it unblocked in the handler too.
 */
enum result
signals_take(struct error *err)
{
	struct sigaction action = { .sa_handler = on_signal,
		                    .sa_flags = SA_RESTART | SA_NODEFER };

	if (pipe(signal_pipe) != 0) {
		error_errno(err, errno, "cannot make a pipe");
		return RESULT_BAD;
	}
	for (int i = 0; i < 2; i++) {
		fcntl(signal_pipe[i], F_SETFD, FD_CLOEXEC);
		fcntl(signal_pipe[i], F_SETFL, O_NONBLOCK);
	}
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < NUMBERS; i++)
		sigaction(numbers[i], &action, NULL);
	action.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &action, NULL);
	return RESULT_OK;
}

enum signal_word
signals_wait(void)
{
	for (;;) {
		bool is_reload = false, is_stopping = false;
		struct pollfd ready = { signal_pipe[0], POLLIN, 0 };
		char byte;

		while (read(signal_pipe[0], &byte, 1) == 1) {
			is_reload |= byte == SIGHUP;
			is_stopping |= byte != SIGHUP;
		}
		if (is_stopping)
			return SIGNAL_STOP;
		if (is_reload)
			return SIGNAL_RELOAD;
		poll(&ready, 1, -1);
	}
}

void
signals_stop(void)
{
	on_signal(SIGTERM);
}

static void
change_mask(int how)
{
	sigset_t ours;

	sigemptyset(&ours);
	for (size_t i = 0; i < NUMBERS; i++)
		sigaddset(&ours, numbers[i]);
	pthread_sigmask(how, &ours, NULL);
}

void
signals_block(void)
{
	change_mask(SIG_BLOCK);
}

void
signals_unblock(void)
{
	change_mask(SIG_UNBLOCK);
}
