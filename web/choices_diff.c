#include "web/choices_diff.h"

#include <string.h>

#include "record/consent.h"
#include "web/language.h"

static const struct person_class no_class = {
	.off_since = "",
	.on_since = "",
	.consent_text = "",
	.consent_time = "",
};

static const struct person_class *
class_of(const struct person *person, const char *name)
{
	for (size_t i = 0; i < person->class_count; i++)
		if (strcmp(person->classes[i].class_name, name) == 0)
			return &person->classes[i];
	return &no_class;
}

static bool
lacks_consent(const struct class_settings *class,
              const struct person_class *said)
{
	if (class->consent == CONSENT_NONE || said->may_receive)
		return false;
	return class->consent != CONSENT_SOFT_OPT_IN || !said->is_soft_opt_in;
}

void
choices_in_force(struct arena *arena, const struct settings *settings,
                 const struct person *person, struct choices *choices_r)
{
	bool has_any = false;
	size_t room = 0;

	*choices_r = (struct choices){
		.asks_receipts = !person->refuses_receipts,
		.is_measured = !person->refuses_measure,
		.cap = person->cap_count == 0
		               ? ""
		               : arena_printf(arena, "%u-%u", person->cap_count,
		                              person->cap_days),
		.channel = person->channel,
		.language = person->language,
	};
	for (size_t i = 0; i < settings->class_count; i++) {
		const struct class_settings *class = &settings->classes[i];
		struct choices_class *item;

		if (class->purpose != PURPOSE_MARKETING)
			continue;
		item = arena_push(arena, (void **)&choices_r->classes,
		                  &choices_r->class_count, &room,
		                  sizeof(*item));
		item->name = class->name;
		item->is_refused =
			person_refuses(person, class->name, true)[0] != '\0';
		item->needs_consent = class->consent != CONSENT_NONE;
		item->lacks_consent =
			lacks_consent(class, class_of(person, class->name));
		item->is_on = !item->is_refused && !item->lacks_consent;
		has_any |= !item->is_refused;
	}
	choices_r->is_none = person->off_since[0] != '\0' && !has_any;
}

static void
add(struct arena *arena, struct choices_change_list *list, const char *class,
    const char *detail, const char *label)
{
	struct choices_change *change =
		arena_push(arena, (void **)&list->items, &list->count,
	                   &list->room, sizeof(*change));

	*change = (struct choices_change){ .kind = EVENT_PREFERENCE,
		                           .class_name = class,
		                           .detail = detail,
		                           .label = label };
}

static void
add_consent(struct arena *arena, struct choices_change_list *list,
            const char *class, enum consent_deed deed)
{
	struct consent_words words = { .deed = deed, .flags = CONSENT_RECEIVE };
	char word[CONSENT_WORD_SIZE];

	consent_write(words, word);
	add(arena, list, class, arena_strdup(arena, word), "");
	list->items[list->count - 1].kind = EVENT_CONSENT;
}

/* A yes ends the refusal and is a consent; a no takes the consent back. */
static void
diff_class(struct arena *arena, const struct choices_class *now, bool is_wanted,
           bool has_address, struct choices_change_list *list)
{
	if (is_wanted == now->is_on)
		return;
	if (!is_wanted) {
		add(arena, list, now->name, choice_word(CHOICE_OFF),
		    WORDS("“{class}”: no more"));
		if (now->needs_consent)
			add_consent(arena, list, now->name, CONSENT_WITHDRAWN);
		return;
	}
	if (now->lacks_consent && !has_address)
		return;
	add(arena, list, now->name, choice_word(CHOICE_ON),
	    WORDS("“{class}”: yes"));
	if (now->lacks_consent)
		add_consent(arena, list, now->name, CONSENT_GIVEN);
}

static void
diff_classes(struct arena *arena, const struct choices *now,
             const struct choices *wanted, bool has_address,
             struct choices_change_list *list)
{
	if (wanted->is_none) {
		if (!now->is_none)
			add(arena, list, "", choice_word(CHOICE_OFF),
			    WORDS("No advertising of any kind"));
		return;
	}
	if (now->is_none)
		add(arena, list, "", choice_word(CHOICE_ON),
		    WORDS("Advertising again, of the kinds you have ticked"));
	for (size_t i = 0; i < now->class_count; i++) {
		struct choices_class class = now->classes[i];
		bool is_wanted = wanted->classes[i].is_on;

		/*
		 * Without the no to all of it, those not ticked need one of
		 * their own.
		 */
		if (now->is_none && !is_wanted && !class.is_on)
			add(arena, list, class.name, choice_word(CHOICE_OFF),
			    "");
		diff_class(arena, &class, is_wanted, has_address, list);
	}
}

static bool
read_cap(const char *text, unsigned *count_r, unsigned *days_r)
{
	const char *dash = strchr(text, '-');
	unsigned numbers[2] = { 0, 0 };
	int at = 0;

	if (dash == NULL || strlen(text) > 5)
		return false;
	for (; *text != '\0'; text++) {
		if (*text == '-' && at == 0)
			at = 1;
		else if (*text >= '0' && *text <= '9')
			numbers[at] =
				numbers[at] * 10 + (unsigned)(*text - '0');
		else
			return false;
	}
	*count_r = numbers[0];
	*days_r = numbers[1];
	return numbers[0] >= 1 && numbers[0] <= PERSON_CAP_COUNT &&
	       numbers[1] >= 1 && numbers[1] <= PERSON_CAP_DAYS;
}

static bool
diff_cap(struct arena *arena, const struct choices *now,
         const struct choices *wanted, struct choices_change_list *list)
{
	unsigned count, days;

	if (strcmp(now->cap, wanted->cap) == 0)
		return true;
	if (wanted->cap[0] == '\0') {
		add(arena, list, "", choice_word(CHOICE_FEWER_NOT),
		    WORDS("As many messages as there are"));
		return true;
	}
	if (!read_cap(wanted->cap, &count, &days))
		return false;
	add(arena, list, "", person_cap_detail(arena, count, days),
	    WORDS("Fewer messages"));
	return true;
}

/* Choices with one word each. */
struct word_choice {
	const char *value;
	enum choice choice;
	const char *label;
};

static bool
diff_word(struct arena *arena, const char *now, const char *wanted,
          const struct word_choice *table, size_t count,
          struct choices_change_list *list)
{
	if (wanted[0] == '\0' || strcmp(now, wanted) == 0)
		return true;
	for (size_t i = 0; i < count; i++)
		if (strcmp(table[i].value, wanted) == 0) {
			add(arena, list, "", choice_word(table[i].choice),
			    table[i].label);
			return true;
		}
	return false;
}

static bool
diff_words(struct arena *arena, const struct choices *now,
           const struct choices *wanted, struct choices_change_list *list)
{
	static const struct word_choice channels[] = {
		{ "email", CHOICE_CHANNEL_EMAIL, WORDS("By e-mail") },
		{ "post", CHOICE_CHANNEL_POST, WORDS("Rather by post") },
		{ "telephone", CHOICE_CHANNEL_TELEPHONE,
		  WORDS("Rather by telephone") },
	};
	static const struct word_choice languages[] = {
		{ "en", CHOICE_LANGUAGE_EN, WORDS("In English") },
		{ "fr", CHOICE_LANGUAGE_FR, WORDS("In French") },
	};

	return diff_word(arena, now->channel, wanted->channel, channels,
	                 sizeof(channels) / sizeof(channels[0]), list) &&
	       diff_word(arena, now->language, wanted->language, languages,
	                 sizeof(languages) / sizeof(languages[0]), list);
}

bool
choices_diff(struct arena *arena, const struct choices *now,
             const struct choices *wanted, bool has_address,
             struct choices_change_list *changes_r)
{
	struct choices_change_list list = { .count = 0 };

	diff_classes(arena, now, wanted, has_address, &list);
	if (!diff_cap(arena, now, wanted, &list))
		return false;
	if (now->asks_receipts != wanted->asks_receipts)
		add(arena, &list, "",
		    choice_word(wanted->asks_receipts ? CHOICE_RECEIPTS_ON
		                                      : CHOICE_RECEIPTS_OFF),
		    wanted->asks_receipts ? WORDS("Receipts may be asked for")
		                          : WORDS("No receipts asked for"));
	if (now->is_measured != wanted->is_measured)
		add(arena, &list, "",
		    choice_word(wanted->is_measured ? CHOICE_MEASURE_ON
		                                    : CHOICE_MEASURE_OFF),
		    wanted->is_measured ? WORDS("Links may be counted")
		                        : WORDS("No links counted"));
	if (!diff_words(arena, now, wanted, &list))
		return false;
	*changes_r = list;
	return true;
}
