#include "cli/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"

#define BAR_CELLS   30
#define AFTER_US    1000000
#define INTERVAL_US 100000

static void
print_bar(uint64_t done, uint64_t total)
{
	unsigned cells = done >= total ? BAR_CELLS
	                               : (unsigned)(done * BAR_CELLS / total);

	fputc('[', stderr);
	for (unsigned i = 0; i < BAR_CELLS; i++)
		fputc(i < cells ? '#' : '.', stderr);
	fprintf(stderr, "] %3u%%  ",
	        (unsigned)(done >= total ? 100 : done * 100 / total));
}

void
progress_show(struct progress *progress, uint64_t done, uint64_t total,
              uint64_t count, const char *things)
{
	int64_t now_us = clock_steady_us();
	int64_t spent_us;

	if (progress->start_us == 0)
		progress->start_us = now_us;
	spent_us = now_us - progress->start_us;
	if (spent_us < AFTER_US || now_us - progress->last_us < INTERVAL_US ||
	    !isatty(STDERR_FILENO))
		return;
	progress->last_us = now_us;
	progress->is_shown = true;
	fputc('\r', stderr);
	if (total > 0)
		print_bar(done, total);
	fprintf(stderr, "%llu %s, %llu/s\033[K", (unsigned long long)count,
	        things,
	        (unsigned long long)(count * 1000000 / (uint64_t)spent_us));
}

void
progress_end(struct progress *progress)
{
	if (progress->is_shown)
		fputs("\r\033[K", stderr);
	progress->is_shown = false;
}
