/*
 * A company that wants to know of studies and companies that are not its own: it asks for documents in every way, and tries
 * studies and consignees that exist and that do not, one after the other, to compare answers, their sizes and their times.
 *
 *   hostile-agent HOME curious PARTNER HIDDEN ABSENT STRANGER NOBODY TRIES WORD…
 *
 * PARTNER shares study S1 with it. HIDDEN is a study of others, ABSENT none; STRANGER a company on the hub, NOBODY none; each two
 * are as long as one another. WORDs must occur in nothing that it is told. Prints what it could count, in lines "told WHAT
 * NUMBER".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "hostile.h"

#define ROUNDS 4u
#define CARD_VERSIONS 3u

/* ── documents ── */

struct search {
	char **words;
	int n;
	size_t bytes, frames;
};

/* Looks through what was heard since, and forgets it. */
static size_t
search_heard(struct liar *l, struct search *s, bool *ret_answered)
{
	struct heard *h = NULL;
	uint64_t wait_ms = l->m->wait_ms;
	size_t found = 0;

	*ret_answered = false;
	l->m->wait_ms = 0;
	while (member_hear(l->m, HEAR_DOCUMENTS | HEAR_DELIVER | HEAR_DONE | HEAR_CREDIT | HEAR_OTHER, &h) == CONSIGN_OK) {
		*ret_answered = *ret_answered || h->command->documents != NULL;
		for (size_t f = 0; f < h->n; f++) {
			struct consign_slice bytes = frame_slice(&h->frames[f]);

			s->bytes += bytes.len;
			s->frames++;
			for (int i = 0; i < s->n; i++)
				if (memmem(bytes.data, bytes.len, s->words[i], strlen(s->words[i])) != NULL) {
					tell_wrong(l, "was told of %s", s->words[i]);
					found++;
				}
		}
		heard_free(&h);
	}
	l->m->wait_ms = (uint32_t)wait_ms;
	return found;
}

static bool
fetches(struct liar *l, struct search *s, struct session_fetch *fetch, bool *ret_answered)
{
	if (l->placed++ % 40 == 39) /* 64 a second are allowed */
		await_next_second(l);
	return step(l, member_say(l->m, &(struct session_command){.fetch = fetch}), "a fetch") &&
	       step(l, member_ping(l->m), "a ping behind a fetch") && search_heard(l, s, ret_answered) == 0;
}

static void
ask_for_documents(struct liar *l, struct search *s)
{
	uint64_t newest = hub_root(l->m->agent.hub)->root->version;
	bool answered;

	l->lie = "all documents since the first";
	for (uint64_t after = 0; after <= newest + 1; after++)
		if (!fetches(l, s, &(struct session_fetch){.root_after = after}, &answered))
			return;
	tell_ok(l, "%llu times, nothing of others", (unsigned long long)newest + 2);
	l->lie = "documents of each root";
	for (uint64_t version = 1; version <= newest + 1; version++)
		if (!fetches(l, s, &(struct session_fetch){.root_version = version}, &answered))
			return;
	tell_ok(l, "%llu roots, nothing of others", (unsigned long long)newest);
	l->lie = "mail again";
	for (uint64_t from = 1; from <= 3; from++)
		if (!fetches(l, s, &(struct session_fetch){.redeliver_from = from}, &answered))
			return;
	tell_ok(l, "nothing of others");
}

/* No answer, whether there is such a company or card or not. */
static void
ask_for_cards(struct liar *l, struct search *s, const char *stranger, const char *nobody)
{
	const char *const orgs[] = {stranger, nobody};
	bool answered;

	l->lie = "cards of others";
	for (size_t o = 0; o < 2; o++)
		for (uint64_t version = 1; version <= CARD_VERSIONS; version++) {
			struct session_fetch fetch = {.card_version = version};

			snprintf(fetch.card_org, sizeof fetch.card_org, "%s", orgs[o]);
			if (!fetches(l, s, &fetch, &answered))
				return;
			if (answered)
				tell_wrong(l, "card %llu of %s was answered", (unsigned long long)version, orgs[o]);
		}
	tell_ok(l, "no answer for any");
}

/* What every head tells: how many parts there are. And whether a part that did not change can be followed. */
static void
count_parts(struct liar *l)
{
	const struct hub_policy *p = hub_policy(l->m->agent.hub), *before = hub_policy_at(l->m->agent.hub, p->version - 1);
	size_t same = 0;

	l->lie = "hashes of parts";
	printf("told members %zu\ntold policy-parts %zu\n", hub_directory(l->m->agent.hub)->head->parts.n, p->head->parts.n);
	if (before == NULL) {
		tell_wrong(l, "the policy before is not here");
		return;
	}
	for (size_t i = 0; i < p->head->parts.n; i++)
		for (size_t k = 0; k < before->head->parts.n; k++)
			same += hash_equal(&p->head->parts.v[i], &before->head->parts.v[k]);
	if (same > 0)
		tell_wrong(l, "%zu parts of the policy have the hash that they had before", same);
	else
		tell_ok(l, "each version has its own");
}

/* ── submissions ── */

struct guess {
	const char *name;
	const char *study, *to;
};

struct sample {
	double *us;
	size_t n;
	struct answer first;
	size_t placed;
};

/* Sealed for the partner; then the study and the consignee are others. What the broker looks at is as in an honest one. */
static bool
try_guess(struct liar *l, const struct guess *g, const char *partner, struct sample *s)
{
	struct draft d;
	struct answer a;
	bool is_good = honest_draft(l, partner, "S1", "curious", &d);

	if (!is_good)
		return false;
	snprintf(d.manifest->study.s, sizeof d.manifest->study.s, "%s", g->study);
	snprintf(d.manifest->consignees.v[0]->org.s, sizeof d.manifest->consignees.v[0]->org.s, "%s", g->to);
	is_good = step(l, member_sign(l->m, &d), "signing");
	uint64_t begun = clock_steady_us(l->m->agent.clock);

	is_good = is_good && step(l, member_ask(l->m, &d, ++l->sequence, &a), "an answer");
	uint64_t us = clock_steady_us(l->m->agent.clock) - begun;

	is_good = is_good && step(l, member_release(l->m, &d.manifest->consignment_id), "the release");
	draft_clear(&d);
	if (!is_good)
		return false;
	/* What has a leaf waits for the disk: its time is the disk's. */
	if (a.has_place)
		s->placed++;
	else
		s->us[s->n++] = (double)us;
	if (s->first.kind == 0 && s->first.code == 0)
		s->first = a;
	return a.kind == s->first.kind && a.code == s->first.code && strcmp(a.detail, s->first.detail) == 0 &&
	       strcmp(a.rule, s->first.rule) == 0;
}

static int
by_time(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
quantile(const struct sample *s, unsigned quarter)
{
	return s->n == 0 ? 0 : s->us[(s->n - 1) * quarter / 4];
}

/* Medians within a quarter of one another, and the middle halves overlap. */
static bool
look_alike(const struct sample *a, const struct sample *b)
{
	double x = quantile(a, 2), y = quantile(b, 2);

	return x <= 1.25 * y && y <= 1.25 * x && quantile(a, 1) <= quantile(b, 3) && quantile(b, 1) <= quantile(a, 3);
}

/* The two in turn, each as often first. */
static bool
try_both(struct liar *l, const struct guess g[2], const char *partner, size_t tries, struct sample s[2])
{
	for (size_t i = 0; i < 2; i++) {
		s[i] = (struct sample){.us = calloc(tries + 1, sizeof(double))};
		if (s[i].us == NULL)
			return false;
	}
	for (size_t i = 0; i < tries; i++)
		for (size_t k = 0; k < 2; k++) {
			size_t which = (i + k) % 2;

			if (!try_guess(l, &g[which], partner, &s[which])) {
				tell_wrong(l, "%s: answers differ among themselves", g[which].name);
				return false;
			}
		}
	for (size_t i = 0; i < 2; i++)
		qsort(s[i].us, s[i].n, sizeof *s[i].us, by_time);
	return true;
}

static void
compare(struct liar *l, const struct guess g[2], const char *partner, size_t tries, enum consign_code code)
{
	bool is_alike = false;
	struct sample s[2];

	l->lie = g[0].name;
	/* A busy machine may slow one of them down by chance; a real difference is there each time. */
	for (unsigned round = 0; round < ROUNDS && !is_alike; round++) {
		bool is_good = try_both(l, g, partner, tries, s);

		is_alike = is_good && look_alike(&s[0], &s[1]);
		if (is_good &&
		    (s[0].first.code != s[1].first.code || s[0].first.code != code || s[0].first.kind != s[1].first.kind ||
			strcmp(s[0].first.detail, s[1].first.detail) != 0 || strcmp(s[0].first.rule, s[1].first.rule) != 0)) {
			tell_wrong(l, "%s (%s), but %s: %s (%s)", consign_code_text(s[0].first.code), s[0].first.detail,
			    g[1].name, consign_code_text(s[1].first.code), s[1].first.detail);
			is_good = false;
		}
		if (is_alike)
			tell_ok(l, "as %s: %s; quartiles of %zu in µs %.0f %.0f %.0f and %.0f %.0f %.0f", g[1].name,
			    consign_code_text(s[0].first.code), s[0].n, quantile(&s[0], 1), quantile(&s[0], 2),
			    quantile(&s[0], 3), quantile(&s[1], 1), quantile(&s[1], 2), quantile(&s[1], 3));
		else if (is_good && round == ROUNDS - 1)
			tell_wrong(l, "not as fast as %s: quartiles in µs %.0f %.0f %.0f and %.0f %.0f %.0f", g[1].name,
			    quantile(&s[0], 1), quantile(&s[0], 2), quantile(&s[0], 3), quantile(&s[1], 1), quantile(&s[1], 2),
			    quantile(&s[1], 3));
		free(s[0].us);
		free(s[1].us);
		if (!is_good)
			return;
	}
}

void
hostile_curious(struct liar *l, int argc, char **argv)
{
	const char *partner = argv[0], *hidden = argv[1], *absent = argv[2], *stranger = argv[3], *nobody = argv[4];
	size_t tries = strtoull(argv[5], NULL, 10);
	struct search s = {.words = argv + 6, .n = argc - 6};
	const struct {
		struct guess g[2];
		enum consign_code code;
	} pairs[] = {
	    {{{"a study of others", hidden, partner}, {"none", absent, partner}}, CONSIGN_CODE_STUDY_UNKNOWN},
	    {{{"a study of others, for one of its parties", hidden, stranger}, {"none, for nobody", absent, nobody}},
		CONSIGN_CODE_STUDY_UNKNOWN},
	    {{{"a company that is here", "S1", stranger}, {"none", "S1", nobody}}, CONSIGN_CODE_NOT_A_PARTY},
	};

	if (!be_greeted(l))
		return;
	ask_for_documents(l, &s);
	count_parts(l);
	ask_for_cards(l, &s, stranger, nobody);
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		if (i > 0 && pairs[i].code != pairs[i - 1].code)
			await_next_second(l); /* so that these have some leaves, too */
		compare(l, pairs[i].g, partner, tries, pairs[i].code);
	}
	printf("told bytes %zu\n", s.bytes);
}
