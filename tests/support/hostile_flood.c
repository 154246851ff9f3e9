/* Too much of what is refused. PROTOCOL.md 6.4. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "hostile.h"

/* Below the window, so that the flood is not cut short by it. */
#define AT_ONCE 32u

struct flood {
	uint64_t placed, unplaced, other;
};

static void
count(struct flood *f, const struct answer *a)
{
	if (a->kind != ANSWER_REFUSED || a->code != CONSIGN_CODE_STUDY_UNKNOWN || a->proof != CONSIGN_OK)
		f->other++;
	else if (a->has_place)
		f->placed++;
	else
		f->unplaced++;
}

/* Each in a study of its own, so that none holds the lane of another. */
static bool
refuse_some(struct liar *l, struct draft *d, uint64_t *at, uint64_t most, struct flood *f)
{
	uint64_t from = *at;
	struct answer a;

	for (; *at < most && *at - from < AT_ONCE; (*at)++) {
		snprintf(d->manifest->study.s, sizeof d->manifest->study.s, "none-%llu", (unsigned long long)*at);
		random_bytes(d->manifest->consignment_id.b + 6, sizeof d->manifest->consignment_id.b - 6);
		if (!step(l, member_sign(l->m, d), "signing") || !step(l, member_submit(l->m, d, *at + 1), "submitting") ||
		    !step(l, member_release(l->m, &d->manifest->consignment_id), "the release"))
			return false;
	}
	for (uint64_t i = from; i < *at; i++) {
		if (!step(l, member_answer(l->m, i + 1, &a), "an answer"))
			return false;
		count(f, &a);
	}
	return true;
}

/* Half of it in one session; the other half in many, because a new session must be no new allowance. */
void
hostile_flood(struct liar *l, int argc, char **argv)
{
	uint64_t most = strtoull(argv[1], NULL, 10), at = 0, from = clock_steady_us(l->m->agent.clock);
	struct flood f = {0};
	struct draft d;

	(void)argc;
	l->lie = "a flood of what is refused";
	if (!honest_draft(l, argv[0], "S1", "refused", &d))
		return;
	while (at < most && refuse_some(l, &d, &at, most, &f))
		if (at >= most / 2 && at < most && !step(l, member_greet(l->m), "the next session"))
			break;
	/* One more in a later second: with it at the latest the rest is written down. */
	await_next_second(l);
	if (at == most && refuse_some(l, &d, &at, ++most, &f))
		await_next_second(l);
	uint64_t ms = (clock_steady_us(l->m->agent.clock) - from) / 1000;

	/* So many seconds began meanwhile, at most. */
	if (at < most || f.other > 0 || f.placed + f.unplaced != most)
		tell_wrong(l, "%llu of %llu answered, %llu otherwise than refused", (unsigned long long)(f.placed + f.unplaced),
		    (unsigned long long)most, (unsigned long long)f.other);
	else if (f.placed > (ms / 1000 + 2) * CONSIGN_REFUSAL_LEAVES_PER_SECOND)
		tell_wrong(l, "%llu of them have a leaf, after %llu ms", (unsigned long long)f.placed, (unsigned long long)ms);
	else
		tell_ok(l, "all refused");
	printf("flood %llu refused %llu placed %llu unplaced %llu ms\n", (unsigned long long)most, (unsigned long long)f.placed,
	    (unsigned long long)f.unplaced, (unsigned long long)ms);
	draft_clear(&d);
}
