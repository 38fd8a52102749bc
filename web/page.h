#ifndef WEB_PAGE_H
#define WEB_PAGE_H

#include "base/fields.h"
#include "conf/settings.h"
#include "web/language.h"

/*
 * What recipients read: pages and mails, each from its template, the
 * operator's or the one built in, in the reader's language.
 */
enum page {
	PAGE_UNSUBSCRIBE,
	PAGE_UNSUBSCRIBED,
	PAGE_CHOICES_ASK,
	PAGE_FEWER_ASK, /* the same template, another title */
	PAGE_NONE_ASK,
	PAGE_DATA_ASK,
	PAGE_ERASE_ASK,
	PAGE_SENT,
	PAGE_CHOICES,
	PAGE_SAVED,
	PAGE_DATA_SHOW,
	PAGE_DATA,
	PAGE_ERASE,
	PAGE_ERASE_ASKED,
	PAGE_CONFIRM,
	PAGE_CONFIRMED,
	PAGE_UNKNOWN,
	PAGE_LATER,   /* something was to be changed */
	PAGE_AWAY,    /* something was to be shown */
	PAGE_SHARED,  /* the token speaks for several people */
	PAGE_EXPIRED, /* a link that was good once */
	PAGE_WRONG,   /* a form that no page of ours makes */
	PAGE_MAIL_CHOICES,
	PAGE_MAIL_DATA,
	PAGE_MAIL_ERASE,
	PAGE_MAIL_CONFIRMED,
	PAGES
};

/* All templates of one state of the settings; read by any thread. */
struct pages;

/* In the arena; what is wrong with the operator's goes to findings. */
struct pages *pages_new(struct arena *arena, const struct settings *settings,
                        struct finding_list *findings);

struct page_look {
	const struct pages *pages;
	const struct settings *settings;
	enum language language;
};

/* With the organisation's in it already; the caller adds what is its own. */
struct fields *page_fields(struct arena *arena, const struct page_look *look);

/* The whole document; or the text of a mail. */
struct span page_render(struct arena *arena, const struct page_look *look,
                        enum page page, struct fields *fields);

/* Its title, or the subject of a mail. */
char *page_title(struct arena *arena, const struct page_look *look,
                 enum page page, const struct fields *fields);

struct span page_style(const struct pages *pages);

/* What a class is called in the reader's language. */
const char *page_class_title(const struct page_look *look,
                             const char *class_name);

#endif
