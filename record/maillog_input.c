#include "record/maillog_input.h"

#include <stdlib.h>

#include "base/memory.h"
#include "record/maillog_file.h"
#include "record/systemd.h"

/* One of the two is there. */
struct maillog_input {
	struct maillog_file *file;
	struct systemd_log *systemd;
};

static bool
is_systemd(const char *path)
{
	return text_is(path, "systemd") || text_starts(path, "systemd:");
}

enum result
maillog_input_open(const struct maillog_input_options *options,
                   struct maillog_input **input_r, struct error *err)
{
	struct maillog_input *input = memory_zeroed(1, sizeof(*input));
	enum result result =
		is_systemd(options->path)
			? systemd_log_open(options, &input->systemd, err)
			: maillog_file_open(options, &input->file, err);

	if (result != RESULT_OK) {
		free(input);
		return result;
	}
	*input_r = input;
	return RESULT_OK;
}

void
maillog_input_close(struct maillog_input **input)
{
	if (*input == NULL)
		return;
	maillog_file_close(&(*input)->file);
	systemd_log_close(&(*input)->systemd);
	free(*input);
	*input = NULL;
}

enum result
maillog_input_next(struct maillog_input *input, struct maillog_entry *entry_r,
                   struct error *err)
{
	return input->file != NULL
	               ? maillog_file_next(input->file, entry_r, err)
	               : systemd_log_next(input->systemd, entry_r, err);
}

void
maillog_input_cursor(const struct maillog_input *input,
                     char cursor_r[MAILLOG_CURSOR_SIZE])
{
	if (input->file != NULL)
		maillog_file_cursor(input->file, cursor_r);
	else
		systemd_log_cursor(input->systemd, cursor_r);
}

bool
maillog_input_lost(struct maillog_input *input)
{
	return input->file != NULL ? maillog_file_lost(input->file)
	                           : systemd_log_lost(input->systemd);
}
