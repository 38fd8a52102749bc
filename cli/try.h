#ifndef CLI_TRY_H
#define CLI_TRY_H

#include "flow/apply.h"
#include "flow/plan.h"

/* What is taken to be known of the recipients. */
enum try_store {
	TRY_WILLING, /* all have consented, none has refused anything */
	TRY_AS_IS,   /* what the store says */
	TRY_OFF      /* the store is away */
};

/* One run of `avis try`: what was given, what was decided, what to show. */
struct
try {
	struct arena *arena;
	const char *conf;
	const char *file;
	const char *from; /* "" is not given: the one in From */
	time_ms_t now;
	enum try_store asks;
	bool wants_message;
	bool wants_json;

	struct settings *settings;
	struct rules *rules;
	struct keyring *keys;
	struct span bytes;
	struct span body;
	struct span crlf; /* the same with the line ends of mail */
	struct outline *outline;
	const struct outline_list *parts;
	struct body_source source;
	struct message message;
	struct facts facts;
	struct decision decision;
	struct plan plan;
	struct applied applied;
};

void try_show_text(const struct try *try);
void try_show_json(const struct try *try);
void try_show_message(const struct try *try);

#endif
