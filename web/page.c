#include "web/page.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "conf/templates.h"
#include "web/builtin.h"

#define PAGE_BYTES ((size_t)1024 * 1024)

static const struct {
	const char *file;
	const char *title; /* of a mail: its subject */
	const char *text;  /* problem.html: what it says */
} rows[PAGES] = {
	[PAGE_UNSUBSCRIBE] = { "unsubscribe.html",
	                       WORDS("Unsubscribe from “{class}”"), "" },
	[PAGE_UNSUBSCRIBED] = { "unsubscribed.html",
	                        WORDS("It holds from now on"), "" },
	[PAGE_CHOICES_ASK] = { "choices-ask.html",
	                       WORDS("Choose what you receive"), "" },
	[PAGE_FEWER_ASK] = { "choices-ask.html",
	                     WORDS("Receive fewer messages"), "" },
	[PAGE_NONE_ASK] = { "choices-ask.html", WORDS("Receive no advertising"),
	                    "" },
	[PAGE_DATA_ASK] = { "data-ask.html", WORDS("What we hold about you"),
	                    "" },
	[PAGE_ERASE_ASK] = { "data-ask.html", WORDS("Have your data erased"),
	                     "" },
	[PAGE_SENT] = { "sent.html", WORDS("Look into your mailbox"), "" },
	[PAGE_CHOICES] = { "choices.html", WORDS("Choose what you receive"),
	                   "" },
	[PAGE_SAVED] = { "saved.html", WORDS("It holds from now on"), "" },
	[PAGE_DATA_SHOW] = { "data-show.html", WORDS("What we hold about you"),
	                     "" },
	[PAGE_DATA] = { "data.html", WORDS("What we hold about you"), "" },
	[PAGE_ERASE] = { "erase.html", WORDS("Have your data erased"), "" },
	[PAGE_ERASE_ASKED] = { "erase-asked.html",
	                       WORDS("Your request is on record"), "" },
	[PAGE_CONFIRM] = { "confirm.html",
	                   WORDS("Have you received this message?"), "" },
	[PAGE_CONFIRMED] = { "confirmed.html",
	                     WORDS("Thank you: it is on record"), "" },
	[PAGE_UNKNOWN] = { "problem.html", WORDS("This link leads nowhere"),
	                   WORDS("A mail program may have cut it: try to copy "
	                         "it whole. Or write to us, and a person "
	                         "helps you.") },
	[PAGE_LATER] = { "problem.html", WORDS("Not just now"),
	                 WORDS("We cannot say yet that it holds. Please press "
	                       "the button again in a minute; that does no "
	                       "harm.") },
	[PAGE_AWAY] = { "problem.html", WORDS("Not just now"),
	                WORDS("Our record cannot be reached. Please load the "
	                      "page again in a minute.") },
	[PAGE_SHARED] = { "problem.html",
	                  WORDS("This message went to several people"),
	                  WORDS("So its link cannot tell for whom it speaks. "
	                        "Write to us from your address, and a person "
	                        "does it for you.") },
	[PAGE_EXPIRED] = { "problem.html", WORDS("This link is too old"),
	                   WORDS("Such links are good for {hours_good} hours. "
	                         "You can have a new one.") },
	[PAGE_WRONG] = { "problem.html", WORDS("That did not work"),
	                 WORDS("The page did not send all it should. Go back, "
	                       "load it again and press the button once "
	                       "more.") },
	[PAGE_MAIL_CHOICES] = { "mail-choices.txt",
	                        WORDS("Your link to your choices"), "" },
	[PAGE_MAIL_DATA] = { "mail-data.txt", WORDS("Your link to your data"),
	                     "" },
	[PAGE_MAIL_ERASE] = { "mail-erase.txt",
	                      WORDS("Your link to have your data erased"), "" },
	[PAGE_MAIL_CONFIRMED] = { "mail-confirmed.txt",
	                          WORDS("Received: your message of {date}"),
	                          "" },
};

struct pages {
	struct template *frame;
	struct template *items[PAGES];
	struct span style;
};

/* What is built in parses: a test reads all of it. */
static struct template *
read_template(struct arena *arena, const struct settings *settings,
              const char *name, struct finding_list *findings)
{
	struct template *found = NULL;
	struct finding_list none = { .count = 0 };

	if (templates_read(arena, settings, name, &found, findings) ==
	    RESULT_OK)
		return found;
	if (templates_parse(arena, name, builtin_bytes(name), &found, &none) !=
	    RESULT_OK)
		abort();
	return found;
}

struct pages *
pages_new(struct arena *arena, const struct settings *settings,
          struct finding_list *findings)
{
	struct pages *pages = arena_alloc(arena, sizeof(*pages));

	pages->frame = read_template(arena, settings, "frame.html", findings);
	for (int i = 0; i < PAGES; i++)
		pages->items[i] =
			read_template(arena, settings, rows[i].file, findings);
	if (templates_bytes(arena, settings, "style.css", &pages->style,
	                    findings) != RESULT_OK)
		pages->style = builtin_bytes("style.css");
	return pages;
}

struct span
page_style(const struct pages *pages)
{
	return pages->style;
}

/* The path that a proxy may have put in front: "" or "/avis". */
static const char *
base_of(const char *web)
{
	const char *host = strstr(web, "://");
	const char *slash = host == NULL ? NULL : strchr(host + 3, '/');

	return slash == NULL ? "" : slash;
}

/* RFC 3966: no spaces and no brackets. */
static char *
telephone_url(struct arena *arena, const char *telephone)
{
	char *url = arena_printf(arena, "tel:%s", telephone);
	size_t len = strlen("tel:");

	for (const char *at = telephone; *at != '\0'; at++)
		if (ascii_is_digit(*at) || (*at == '+' && at == telephone))
			url[len++] = *at;
	url[len] = '\0';
	return url;
}

struct fields *
page_fields(struct arena *arena, const struct page_look *look)
{
	const struct organisation_settings *who = &look->settings->organisation;
	struct fields *fields = fields_new(arena);
	bool is_french = look->language == LANGUAGE_FR;

	fields_text(fields, "lang", language_code(look->language));
	fields_text(fields, "base", base_of(look->settings->web));
	fields_text(fields, "org_name", who->name);
	fields_text(fields, "contact", who->contact);
	fields_text(fields, "address", who->address);
	fields_text(fields, "hours", is_french ? who->hours.fr : who->hours.en);
	fields_text(fields, "privacy", who->privacy);
	fields_text(fields, "telephone", who->telephone);
	fields_text(fields, "telephone_url",
	            telephone_url(arena, who->telephone));
	return fields;
}

char *
page_title(struct arena *arena, const struct page_look *look, enum page page,
           const struct fields *fields)
{
	return template_text(
		arena, language_text(look->language, rows[page].title), fields);
}

struct span
page_render(struct arena *arena, const struct page_look *look, enum page page,
            struct fields *fields)
{
	const char *text = language_text(look->language, rows[page].text);
	struct template_use use = { .page = look->pages->items[page],
		                    .fields = fields,
		                    .words = language_words,
		                    .context = &look->language };
	bool is_mail = span_ends(span_of(rows[page].file), ".txt");
	struct span bytes;
	struct buf out;

	fields_text(fields, "title", page_title(arena, look, page, fields));
	fields_text(fields, "text", template_text(arena, text, fields));
	buf_init(&out, PAGE_BYTES);
	template_render(is_mail ? use.page : look->pages->frame, &use, &out);
	bytes = span_make(arena_strndup(arena, out.data, out.len), out.len);
	buf_done(&out);
	return bytes;
}

const char *
page_class_title(const struct page_look *look, const char *class_name)
{
	const struct class_settings *class =
		settings_class(look->settings, class_name);

	if (class == NULL)
		return class_name;
	return look->language == LANGUAGE_FR ? class->title.fr
	                                     : class->title.en;
}
