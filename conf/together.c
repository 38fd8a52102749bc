#include <string.h>

#include "base/token.h"
#include "conf/load.h"
#include "conf/templates.h"

/* RFC 5321, 4.5.3.1.1 */
#define LOCAL_BYTES 64

#define TOKEN_LETTERS ((size_t)TOKEN_ADDRESS_SIZE - 1)

static void
complain(struct load *load, const char *setting, const char *text,
         const char *remedy)
{
	struct place top = { .file = "", .line = 0 };

	load_complain(load, settings_place(load->settings, setting, top),
	              setting, text, remedy);
}

static void
set_unsubscribe(struct load *load)
{
	struct settings *settings = load->settings;
	const char *at = strchr(settings->receipts, '@');

	if (settings->unsubscribe[0] == '\0' && at != NULL)
		settings->unsubscribe =
			arena_printf(load->arena, "unsubscribe%s", at);
}

/* DSN-11: local part, delimiter and token stay within 64 octets. */
static void
check_room_for_token(struct load *load, const char *setting,
                     const char *address)
{
	const struct settings *settings = load->settings;
	size_t local = strcspn(address, "@");
	size_t most = LOCAL_BYTES - TOKEN_LETTERS - 1;

	if (address[0] == '\0')
		return;
	if (local > most)
		complain(load, setting,
		         arena_printf(load->arena,
		                      "has %zu characters before the @, with "
		                      "the token that makes %zu of the %d "
		                      "allowed (DSN-11)",
		                      local, local + 1 + TOKEN_LETTERS,
		                      LOCAL_BYTES),
		         arena_printf(load->arena,
		                      "choose an address with at most %zu",
		                      most));
	if (memchr(address, settings->delimiter[0], local) != NULL)
		complain(load, setting,
		         arena_printf(load->arena,
		                      "has the delimiter %s before the @",
		                      settings->delimiter),
		         "the MTA would cut the address there; choose "
		         "another address or delimiter");
}

static void
check_addresses(struct load *load)
{
	const struct settings *settings = load->settings;

	check_room_for_token(load, "receipts", settings->receipts);
	check_room_for_token(load, "unsubscribe", settings->unsubscribe);
	if (settings->receipts[0] != '\0' &&
	    text_is(settings->receipts, settings->unsubscribe))
		complain(load, "unsubscribe", "is the address of receipts too",
		         "reports and requests to leave need two addresses");
}

/* Somebody must be reachable: RFC 5321, 4.5.1. */
static void
set_contact(struct load *load)
{
	struct organisation_settings *who = &load->settings->organisation;
	const char *at = strchr(load->settings->receipts, '@');

	if (who->contact[0] == '\0' && at != NULL)
		who->contact = arena_printf(load->arena, "postmaster%s", at);
	if (who->name[0] == '\0' && at != NULL)
		who->name = arena_strdup(load->arena, at + 1);
	if (who->hours.fr[0] == '\0')
		who->hours.fr = who->hours.en;
	if (who->hours.en[0] == '\0')
		who->hours.en = who->hours.fr;
}

static void
set_titles(struct class_settings *class)
{
	if (class->title.fr[0] == '\0')
		class->title.fr = class->title.en;
	if (class->title.en[0] == '\0')
		class->title.en = class->title.fr;
	if (class->title.fr[0] == '\0') {
		class->title.fr = class->name;
		class->title.en = class->name;
	}
}

static void
check_class(struct load *load, struct class_settings *class, size_t index)
{
	const struct settings *settings = load->settings;

	set_titles(class);
	for (size_t i = 0; i < index; i++) {
		const struct class_settings *other = &settings->classes[i];

		if (class->name[0] == '\0' ||
		    !text_is(other->name, class->name))
			continue;
		load_complain(
			load, class->place,
			arena_printf(load->arena, "classes.%s", class->name),
			arena_printf(load->arena,
		                     "there is a class of this name in "
		                     "%s:%u already",
		                     other->place.file, other->place.line),
			"");
		return;
	}
}

static void
check_sizes(struct load *load, const struct class_settings *class)
{
	const struct when_settings *when = &class->when;

	if (when->size_max_bytes != 0 &&
	    when->size_min_bytes > when->size_max_bytes)
		load_complain(load, class->place,
		              arena_printf(load->arena, "classes.%s.when",
		                           class->name),
		              "size_min is more than size_max",
		              "no message can match");
}

/* TLS of our own wants both files. */
static void
check_pages(struct load *load)
{
	const struct pages_settings *pages = &load->settings->pages;
	bool has_certificate = pages->certificate[0] != '\0';

	if (has_certificate == (pages->key[0] != '\0'))
		return;

	const char *missing =
		has_certificate ? "pages.key" : "pages.certificate";
	const char *given = has_certificate ? "pages.certificate" : "pages.key";

	load_complain(
		load,
		settings_place(load->settings, given, (struct place){ 0 }),
		missing, "is missing: certificate and key go together", "");
}

void
load_check_together(struct load *load)
{
	struct settings *settings = load->settings;

	set_unsubscribe(load);
	set_contact(load);
	check_addresses(load);
	check_pages(load);
	for (size_t i = 0; i < settings->class_count; i++) {
		check_class(load, &settings->classes[i], i);
		check_sizes(load, &settings->classes[i]);
	}
	templates_check(load->arena, settings, load->findings);
}
