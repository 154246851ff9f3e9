/*
 * A company that lies to its broker, and through it to other companies: a member (member.h) with the keys of a home, and tables
 * of lies. Its own agent must not run.
 *
 *   hostile-agent HOME session OTHER            who it is: another's name, key, nonce; what its state does not allow
 *   hostile-agent HOME frames                   below a command: garbage, depth, too much, too many
 *   hostile-agent HOME consignments TO OUTSIDER what the broker sees in a consignment to TO; OUTSIDER is no party to the study
 *   hostile-agent HOME duplicates TO            ids that were used
 *   hostile-agent HOME sealed TO ALSO           what only TO can see; prints "id ID LIE" before each
 *   hostile-agent HOME squat TO [HOME2]         ids of others: of mail that waits here and has another consignee; or one that
 * HOME2's member uses too hostile-agent HOME receipts                 acknowledges what it never got: two consignments must wait
 * here hostile-agent HOME verdicts                 receipts that say what cannot be: two consignments must wait here
 *   hostile-agent HOME flood TO N               N refusals, and where they are written down
 *   hostile-agent HOME routes BASE N            routing ids 00 ‖ BASE + 0 … N - 1 (BASE in hex), chosen by itself
 *   hostile-agent HOME curious PARTNER HIDDEN ABSENT STRANGER NOBODY TRIES WORD…
 *                                               what it can learn of studies and companies of others (hostile_curious.c)
 *
 * Everything is in study S1, where TO may be sent x.note. Exit 0: every answer was the right one; 1: one was not.
 */
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "hostile.h"

void
tell_ok(struct liar *l, const char *format, ...)
{
	va_list words;

	printf("ok %s: ", l->lie);
	va_start(words, format);
	vprintf(format, words);
	va_end(words);
	puts("");
	fflush(stdout);
}

void
tell_wrong(struct liar *l, const char *format, ...)
{
	va_list words;

	printf("WRONG %s: ", l->lie);
	va_start(words, format);
	vprintf(format, words);
	va_end(words);
	puts("");
	fflush(stdout);
	l->wrong++;
}

bool
step(struct liar *l, enum consign_err err, const char *what)
{
	if (err != CONSIGN_OK)
		tell_wrong(l, "%s does not go: %s (%s)", what, l->m->problem, consign_err_text(err));
	return err == CONSIGN_OK;
}

bool
be_greeted(struct liar *l)
{
	return (l->m->is_up && !l->m->is_down && !l->m->has_bye && l->m->welcome.epoch > 0) ||
	       step(l, member_greet(l->m), "an honest session");
}

void
await_next_second(struct liar *l)
{
	l->placed = 0;
	(void)poll(NULL, 0, 1000);
}

void
expect_bye(struct liar *l, enum consign_code code, const char *detail)
{
	struct live_member *m = l->m;

	if (member_ended(m) != CONSIGN_OK || !m->has_bye)
		tell_wrong(l, "no bye came (%s), expected %s", m->problem, consign_code_text(code));
	else if (m->bye != code || strcmp(m->bye_detail, detail) != 0)
		tell_wrong(
		    l, "bye %s: %s, expected %s: %s", consign_code_text(m->bye), m->bye_detail, consign_code_text(code), detail);
	else if (member_is_cut(m) != CONSIGN_OK)
		tell_wrong(l, "bye %s, but the connection stays open", consign_code_text(m->bye));
	else
		tell_ok(l, "bye %s: %s", consign_code_text(m->bye), m->bye_detail);
}

void
expect_cut(struct liar *l)
{
	if (member_is_cut(l->m) != CONSIGN_OK)
		tell_wrong(l, "the connection stays open, expected to be cut");
	else if (l->m->has_bye)
		tell_wrong(l, "bye %s: %s, expected to be cut without a word", consign_code_text(l->m->bye), l->m->bye_detail);
	else
		tell_ok(l, "cut off");
}

bool
honest_draft(struct liar *l, const char *to, const char *study, const char *text, struct draft *ret_draft)
{
	return be_greeted(l) && step(l, member_draft_note(l->m, to, study, text, ret_draft), "an honest draft");
}

static const char *
kind_text(int kind)
{
	static const char *const kinds[] = {
	    [ANSWER_ACCEPTED] = "accepted", [ANSWER_REFUSED] = "refused", [ANSWER_TRY_LATER] = "try later"};

	return kinds[kind];
}

static const char *
text_of(const char *text)
{
	return text != NULL ? text : "";
}

bool
expect_answer(struct liar *l, const struct draft *d, const struct expected *e, struct answer *ret_answer)
{
	struct answer a;

	if (l->placed == CONSIGN_REFUSAL_LEAVES_PER_SECOND) /* the next is to have a leaf, if it may */
		await_next_second(l);
	if (!step(l, member_ask(l->m, d, ++l->sequence, &a), "an answer"))
		return false;
	l->placed += a.kind == ANSWER_REFUSED && a.has_place;
	if (a.kind != ANSWER_ACCEPTED && !step(l, member_release(l->m, &d->manifest->consignment_id), "the release"))
		return false;
	if ((int)a.kind != e->kind || a.code != e->code || strcmp(a.org, text_of(e->org)) != 0 ||
	    strcmp(a.detail, text_of(e->detail)) != 0 || strcmp(a.rule, text_of(e->rule)) != 0 || a.has_place != e->has_place ||
	    a.proof != CONSIGN_OK) {
		tell_wrong(l, "%s %s org=%s rule=%s leaf=%s proof=%s: %s; expected %s %s org=%s rule=%s leaf=%s: %s",
		    kind_text(a.kind), consign_code_text(a.code), a.org, a.rule, a.has_place ? "yes" : "no",
		    consign_err_text(a.proof), a.detail, kind_text(e->kind), consign_code_text(e->code), text_of(e->org),
		    text_of(e->rule), e->has_place ? "yes" : "no", text_of(e->detail));
		return false;
	}
	tell_ok(l, "%s %s%s%s%s%s: %s", kind_text(a.kind), consign_code_text(a.code), a.org[0] != '\0' ? " for " : "", a.org,
	    a.rule[0] != '\0' ? " by " : "", a.rule, a.detail);
	if (ret_answer != NULL)
		*ret_answer = a;
	return true;
}

static const struct {
	const char *name;
	void (*run)(struct liar *l, int argc, char **argv);
	int least, most; /* words behind the name */
} programs[] = {
    {"session", hostile_session, 1, 1},
    {"frames", hostile_frames, 0, 0},
    {"consignments", hostile_consignments, 2, 2},
    {"duplicates", hostile_duplicates, 1, 1},
    {"sealed", hostile_sealed, 2, 2},
    {"squat", hostile_squat, 1, 2},
    {"receipts", hostile_receipts, 0, 0},
    {"verdicts", hostile_verdicts, 0, 0},
    {"flood", hostile_flood, 2, 2},
    {"routes", hostile_routes, 2, 2},
    {"curious", hostile_curious, 7, 32},
};

int
main(int argc, char **argv)
{
	struct liar l = {.home = argc > 1 ? argv[1] : NULL, .lie = "-"};

	for (size_t i = 0; argc > 2 && i < sizeof programs / sizeof *programs; i++) {
		if (strcmp(argv[2], programs[i].name) != 0 || argc - 3 < programs[i].least || argc - 3 > programs[i].most)
			continue;
		if (member_open(argv[1], &l.m) != CONSIGN_OK) {
			fprintf(stderr, "hostile-agent: error: %s is no home of a company with unlocked keys\n", argv[1]);
			return 2;
		}
		programs[i].run(&l, argc - 3, argv + 3);
		member_close(&l.m);
		return l.wrong == 0 ? 0 : 1;
	}
	fprintf(stderr, "hostile-agent: error: usage: hostile-agent HOME PROGRAM WORDS..., see its source\n");
	return 2;
}
