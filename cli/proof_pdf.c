#include "cli/proof_pdf.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "record/certificate.h"

#define PDF_BYTES ((size_t)64 * 1024 * 1024)
#define PDF_MODE  0600 /* it is full of personal data */

static const char *
class_title(const struct settings *settings, const struct case_file *file)
{
	const struct class_settings *class = settings_class(
		settings, file->first != NULL ? file->first->class_name : "");

	if (class == NULL)
		return "";
	return file->language == LANGUAGE_FR ? class->title.fr
	                                     : class->title.en;
}

static bool
write_out(const struct opened *opened, const char *path, struct span bytes)
{
	struct error err = { "" };
	enum result result =
		strcmp(path, "-") == 0
			? file_write_all(STDOUT_FILENO, bytes.at, bytes.len,
	                                 &err)
			: file_replace(path, bytes, PDF_MODE, &err);

	if (result != RESULT_OK)
		opened_say(opened, "%s", err.text);
	return result == RESULT_OK;
}

bool
proof_pdf(const struct opened *opened, const struct case_file *file,
          const char *to, const char *path)
{
	const struct settings *settings = opened->settings;
	const char *name = settings->organisation.name;
	const struct certificate_options options = {
		.organisation = name[0] != '\0' ? name : settings->host,
		.class_title = class_title(settings, file),
		.recipient = to[0] != '\0' && file->first != NULL
		                     ? event_recipient_number(file->first, to)
		                     : 0,
		.settings = settings,
		.made = clock_now(),
	};
	struct error err = { "" };
	struct buf bytes;
	bool is_good;

	buf_init(&bytes, PDF_BYTES);
	is_good = certificate_make(opened->arena, file, &options, &bytes,
	                           &err) == RESULT_OK;
	if (!is_good)
		opened_say(opened, "%s", err.text);
	is_good = is_good && write_out(opened, path, buf_as_span(&bytes));
	buf_done(&bytes);
	return is_good;
}
