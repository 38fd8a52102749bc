#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/rights.h"
#include "record/erase.h"
#include "record/hold.h"

static void
print_counts(const struct erase_plan *plan)
{
	const struct trace *trace = &plan->trace;

	for (size_t i = 0; i < trace->count;) {
		const char *writer = trace->items[i].event.writer;
		unsigned long whole = 0, shared = 0;

		for (; i < trace->count &&
		       strcmp(trace->items[i].event.writer, writer) == 0;
		     i++) {
			if (plan->is_held[i])
				continue;
			whole += trace->items[i].part == TRACE_WHOLE;
			shared += trace->items[i].part == TRACE_SHARED;
		}
		if (whole + shared > 0)
			printf("  %-24s %6lu to destroy, %lu to amend for the "
			       "others in them\n",
			       writer, whole, shared);
	}
}

static void
print_plan(const struct erase_plan *plan)
{
	printf("person %s, %zu message%s\n", plan->trace.person,
	       plan->trace.message_count,
	       plan->trace.message_count == 1 ? "" : "s");
	if (plan->whole + plan->shared == 0)
		puts("nothing to destroy in the journals of this host");
	print_counts(plan);
	if (plan->names > 0)
		printf("%llu entries with a refusal, a choice or a withdrawal "
		       "stay, under a keyed hash:\n"
		       "they are how the no is kept (GDPR, article 21)\n",
		       (unsigned long long)plan->names);
	if (plan->held > 0)
		printf("%llu entries are under a legal hold and stay; `avis "
		       "hold list` names it\n",
		       (unsigned long long)plan->held);
	if (plan->trace.is_damaged)
		puts("damaged entries could not be read; `avis journal "
		     "verify` names them");
}

/* What is not ours to destroy, so that nobody forgets it. */
static void
print_beyond(struct rights_work *work, const struct erase_order *order,
             struct store *store)
{
	struct erase_elsewhere elsewhere = { NULL, 0, 0 };
	struct error err;

	if (erase_find_elsewhere(order, store, &elsewhere, &err) != RESULT_OK)
		opened_say(&work->opened,
		           "%s: whether other hosts have more "
		           "is not known",
		           err.text);
	for (size_t i = 0; i < elsewhere.count; i++)
		printf("also in the journal %s: run this on its host, too\n",
		       elsewhere.writers[i]);
}

/* Looking again is cheap beside being wrong. */
static bool
check_gone(struct rights_work *work, const struct erase_order *order)
{
	struct erase_plan left;
	struct error err;
	enum result result = erase_look(order, &left, &err);

	if (result == RESULT_OK && left.whole + left.shared == 0)
		return true;
	opened_say(&work->opened, "%s",
	           result != RESULT_OK
	                   ? err.text
	                   : "something came in meanwhile: run it again");
	return false;
}

static int
carry_out(struct rights_work *work, const struct erase_order *order,
          const struct erase_plan *plan)
{
	struct ledger *ledger = NULL;
	struct error err;
	bool is_gone = false;

	if (!rights_open_ledger(work, &ledger))
		return EXIT_PROBLEM;
	print_beyond(work, order, ledger_store(ledger));
	enum result result = erase_carry_out(order, plan, ledger, &err);
	if (result != RESULT_OK)
		opened_say(&work->opened, "%s; run it again", err.text);
	else
		is_gone = check_gone(work, order);
	ledger_close(&ledger, 0);
	if (!is_gone)
		return EXIT_PROBLEM;
	printf("done: %llu payloads destroyed, %llu amended; the MTA's own log "
	       "has its own retention\n",
	       (unsigned long long)plan->whole +
	               (unsigned long long)plan->shared,
	       (unsigned long long)plan->shared);
	return plan->held > 0 ? EXIT_PROBLEM : EXIT_DONE;
}

static bool
is_held(void *context, const struct trace_item *item)
{
	const struct hold_list *holds = context;

	return hold_covering(holds, &item->event) != NULL;
}

static bool
read_holds(struct rights_work *work, struct hold_list *holds, struct error *err)
{
	struct local local = { .arena = work->opened.arena,
		               .folder = work->opened.settings->journal };

	return hold_read(local.arena, work->opened.settings, holds, err) ==
	               RESULT_OK &&
	       hold_expand(holds, &local, err) == RESULT_OK;
}

/* False: there is one, and it cannot be written. */
static bool
open_copies(struct rights_work *work, struct archive **archive_r)
{
	const char *folder = work->opened.settings->archive.folder;
	struct error err;
	enum result result;

	if (folder[0] == '\0')
		return true;
	result = archive_open(folder, work->opened.keys, true, archive_r, &err);
	if (result != RESULT_OK)
		opened_say(&work->opened, "%s", err.text);
	return result == RESULT_OK;
}

int
rights_erase(struct rights_work *work)
{
	struct erase_plan plan;
	struct error err;

	if (!rights_begin(work) || !open_store(&work->opened))
		return EXIT_PROBLEM;
	const char *const folders[] = { work->opened.settings->journal };
	struct hold_list holds;

	if (!read_holds(work, &holds, &err)) {
		opened_say(&work->opened, "%s", err.text);
		return EXIT_PROBLEM;
	}
	struct erase_order order = {
		.arena = work->opened.arena,
		.question = { .keys = work->opened.keys,
		              .folders = folders,
		              .folder_count = 1,
		              .address = work->address },
		.reason = work->reason,
		.is_held = is_held,
		.context = &holds,
		.content = work->opened.settings->content,
	};

	if (erase_look(&order, &plan, &err) != RESULT_OK) {
		opened_say(&work->opened, "%s", err.text);
		return EXIT_PROBLEM;
	}
	print_plan(&plan);
	if (work->is_done) {
		int code = open_copies(work, &order.archive)
		                   ? carry_out(work, &order, &plan)
		                   : EXIT_PROBLEM;

		archive_close(&order.archive);
		return code;
	}
	print_beyond(work, &order, work->opened.store);
	puts("nothing was changed; --do carries it out");
	return EXIT_DONE;
}
