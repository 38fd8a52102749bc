#ifndef POLICY_RULES_H
#define POLICY_RULES_H

#include "conf/blocks.h"
#include "policy/decide.h"
#include "policy/match.h"
#include "policy/opening.h"

/* The settings compiled. Inside of the room only: decide.h is the door. */
struct header_rule {
	const char *name;
	struct pattern pattern;
};

struct class_rule {
	const struct class_settings *class;
	size_t number; /* from 1, as people count */
	bool has_conditions;
	struct pattern_list from;
	struct pattern_list to;
	struct pattern_list auth_user;
	struct network_list client;
	struct header_rule *headers;
	size_t header_count;
	struct opening opening; /* sending hours */
};

struct sender_rule {
	const struct sender_settings *sender;
	struct pattern_list match; /* empty: no-reply addresses (ADR-5) */
	const char *from_address;  /* of sender->from, "" to keep */
	const char *reply_address;
};

struct rules {
	const struct settings *settings;
	struct class_rule *classes;
	size_t class_count;
	struct sender_rule *senders;
	size_t sender_count;
	struct network_list ours;
	struct network_list trusted;
	struct pattern_list trusted_users;
	bool needs_body;
	bool needs_text;
	struct blocks *blocks;
};

/* Is the text of its messages read, or added to? */
bool class_reads_text(const struct class_settings *class);

#endif
