#include "policy/explain.h"

#include <string.h>

#include "base/buf.h"

#define LINE_BYTES ((size_t)8 * 1024)

static const char *const verdicts[] = {
	[VERDICT_UNTOUCHED] = "untouched", [VERDICT_PASS] = "pass",
	[VERDICT_HOLD] = "hold",           [VERDICT_DEFER] = "defer",
	[VERDICT_REFUSE] = "refuse",
};

static const char *const origins[] = {
	[ORIGIN_TRANSIT] = "transit",
	[ORIGIN_AUTHENTICATED] = "authenticated",
	[ORIGIN_NETWORK] = "network",
	[ORIGIN_LOCAL] = "local",
};

const char *
verdict_name(enum verdict verdict)
{
	return verdicts[verdict];
}

bool
verdict_lets_go(enum verdict verdict)
{
	return verdict == VERDICT_PASS || verdict == VERDICT_HOLD;
}

const char *
origin_name(enum origin origin)
{
	return origins[origin];
}

static void
add(struct arena *arena, struct decision *decision, struct reason reason)
{
	struct reason *slot = arena_push(arena, (void **)&decision->reasons,
	                                 &decision->reason_count,
	                                 &decision->reason_room, sizeof(*slot));

	*slot = reason;
}

void
explain(struct arena *arena, struct decision *decision, const char *topic,
        const char *text)
{
	add(arena, decision, (struct reason){ .topic = topic, .text = text });
}

void
explain_not_done(struct arena *arena, struct decision *decision,
                 const char *topic, const char *text)
{
	add(arena, decision,
	    (struct reason){
		    .topic = topic, .text = text, .is_not_done = true });
}

char *
decision_line(struct arena *arena, const struct decision *decision)
{
	struct buf line;

	buf_init(&line, LINE_BYTES);
	for (size_t i = 0; i < decision->reason_count; i++) {
		const struct reason *reason = &decision->reasons[i];
		bool is_class = strcmp(reason->topic, "class") == 0;

		buf_printf(&line, "%s%s%s %s", i > 0 ? "; " : "",
		           reason->is_not_done ? "not done" : reason->topic,
		           is_class && !reason->is_not_done ? "" : ":",
		           reason->text);
	}

	char *text = arena_strndup(arena, line.data, line.len);

	buf_done(&line);
	return text;
}
