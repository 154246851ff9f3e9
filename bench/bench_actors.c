/*
 * Pairs of members that exchange messages at a given pace. See bench_members.h.
 *
 * They share one loop and are driven by it alone: what a round of received frames brought is looked at when the round is over, as
 * an agent does it, and a timer submits what is due. While the loop runs, the members' own `loop` is one that never does, because
 * whatever they hear stops it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench_members.h"
#include "core/limits.h"
#include "core/text.h"
#include "member_private.h"
#include "report.h"

#define ACTORS_MAX 64u
/* Below the window. */
#define AT_ONCE 60u
#define RECEIPTS_AT_ONCE 64u
#define PACE_MS 1u
/* What may be late at the end of an exchange, and how long nothing may be answered when mailboxes are filled. */
#define PATIENCE_US 30000000u
#define TRY_AGAIN_US 5000u
#define CONNECT_S 60u
#define STUDY "S-001"
#define TYPE_FORMAT "x.type.t%05u"
/* A line of a table, or a short note. */
#define TEXT                                                                                                                     \
	"Visit 4, subject 101-1007: the sample arrived at -71 C, seal intact, and was stored at once. Nothing else to report."

struct actor {
	struct actors *all;
	struct live_member *m;
	bool is_sender;
	const char *to;
	unsigned under_way;   /* submitted, not answered */
	struct draft *drafts; /* for filling: one for each mailbox */
};

struct sent {
	uint64_t at_us;
	bool is_answered, is_settled;
};

struct actors {
	struct loop *loop, *still;
	struct actor actor[ACTORS_MAX];
	unsigned n;
	struct buf plain;
	uint32_t number; /* of the last consignment: its sequence, and the end of its id */
	/* of what goes on */
	const struct traffic *traffic; /* NULL: filling */
	uint32_t before;               /* number when it began */
	uint64_t total, n_sent, n_answered, n_settled, n_mail;
	uint64_t begun_us, heard_us, ended_us;
	struct sent *sent;
	double *accepted, *delivered;
	unsigned n_mailboxes;
};

/* ── consignments ── */

static void
number_id(struct draft *d, uint32_t number)
{
	struct consign_id *id = &d->manifest->consignment_id;

	random_bytes(id->b + 9, 3);
	be32_store(id->b + 12, number);
}

static uint32_t
number_of(const struct consign_id *id)
{
	return (uint32_t)id->b[12] << 24 | (uint32_t)id->b[13] << 16 | (uint32_t)id->b[14] << 8 | id->b[15];
}

/* Item i of consignment number is of type (number + i) % types, so that many rules are asked. */
static void
draft_items(const struct actor *a, const char *to, uint32_t number, const struct traffic *t, struct draft *ret_draft)
{
	struct sealing_item items[CONSIGN_BUNDLE_MAX_ITEMS] = {0};
	struct consign_org org = {0};
	uint64_t now = clock_wall_us(a->m->agent.clock);
	struct sealing_order o = {.study = {STUDY},
	    .label = CONSIGN_LABEL_OPEN,
	    .attempt = 1,
	    .created_us = now,
	    .expires_us = now + CONSIGN_EXPIRES_DEFAULT_US,
	    .consignees = &org,
	    .n_consignees = 1,
	    .items = items,
	    .n_items = t->items};
	uint8_t random[10];

	snprintf(org.s, sizeof org.s, "%s", to);
	random_bytes(random, sizeof random);
	be32_store(random + 6, number);
	id_make(now, random, &o.id);
	for (uint32_t i = 0; i < t->items; i++) {
		items[i].index = i;
		snprintf(items[i].type.s, sizeof items[i].type.s, TYPE_FORMAT, 1 + (number + i) % t->types * t->stride);
		items[i].plain = buf_slice(&a->all->plain);
	}
	if (member_draft(a->m, &o, ret_draft) != CONSIGN_OK)
		bench_fail(a->m, "sealing");
}

static void
submit_next(struct actor *a)
{
	struct actors *all = a->all;
	struct draft d = {0};
	uint32_t number = ++all->number;

	all->sent[number - all->before - 1].at_us = clock_steady_us(a->m->agent.clock);
	draft_items(a, a->to, number, all->traffic, &d);
	if (member_submit(a->m, &d, number) != CONSIGN_OK)
		bench_fail(a->m, "submitting");
	draft_clear(&d);
	all->n_sent++;
	a->under_way++;
}

/* ── what comes back ── */

static struct sent *
sent_of(struct actors *all, uint64_t number)
{
	return all->sent != NULL && number > all->before && number <= all->number ? &all->sent[number - all->before - 1] : NULL;
}

static void
take_answers(struct actor *a, uint64_t now)
{
	struct actors *all = a->all;
	struct answer answer;

	while (a->m->answers != NULL) {
		if (member_answer(a->m, 0, &answer) != CONSIGN_OK)
			bench_fail(a->m, "an answer");
		if (answer.kind != ANSWER_ACCEPTED || answer.proof != CONSIGN_OK) {
			fprintf(
			    stderr, "bench-members: error: not accepted: %s %s\n", consign_code_text(answer.code), answer.detail);
			bench_fail(a->m, "an answer");
		}
		struct sent *s = sent_of(all, answer.sequence);

		a->under_way--;
		if (s != NULL && !s->is_answered)
			all->accepted[all->n_answered] = (double)(now - s->at_us);
		if (s != NULL)
			s->is_answered = true;
		all->n_answered++;
		all->heard_us = now;
	}
}

static void
take_settlements(struct actor *a, uint64_t now)
{
	struct actors *all = a->all;
	struct settled settled;

	while (a->m->settled != NULL) {
		if (member_settled(a->m, NULL, &settled) != CONSIGN_OK || settled.proof != CONSIGN_OK || settled.is_tombstone)
			bench_fail(a->m, "a delivery receipt");
		struct sent *s = sent_of(all, number_of(&settled.id));

		if (s == NULL || s->is_settled)
			continue;
		s->is_settled = true;
		all->delivered[all->n_settled++] = (double)(now - s->at_us);
		all->ended_us = now;
	}
}

/* As an agent: all that came together is acknowledged together. */
static void
take_mail(struct actor *a)
{
	struct receipt receipts[RECEIPTS_AT_ONCE], *list[RECEIPTS_AT_ONCE];
	struct mail mail;
	size_t n;

	do {
		for (n = 0; n < RECEIPTS_AT_ONCE && a->m->heard != NULL && a->m->heard->command->deliver != NULL; n++) {
			if (member_mail(a->m, &mail) != CONSIGN_OK || mail.v.outcome != VERIFY_TAKE)
				bench_fail(a->m, "a delivery");
			if (member_receipt(a->m, &mail, &receipts[n]) != CONSIGN_OK)
				bench_fail(a->m, "a receipt");
			list[n] = &receipts[n];
			mail_clear(&mail);
		}
		if (n > 0 && member_delivered(a->m, list, n) != CONSIGN_OK)
			bench_fail(a->m, "delivered");
		a->all->n_mail += n;
		for (size_t i = 0; i < n; i++)
			receipt_clear(&receipts[i]);
	} while (n == RECEIPTS_AT_ONCE);
}

static void fill_more(struct actor *a);

static void
received(void *context, struct frame *frames, size_t n)
{
	member_received(((struct actor *)context)->m, frames, n);
}

static void
happened(void *context, enum link_event event)
{
	member_happened(((struct actor *)context)->m, event);
}

static void
round_over(void *context)
{
	struct actor *a = context;
	struct actors *all = a->all;
	uint64_t now = clock_steady_us(a->m->agent.clock);

	if (a->m->agent.loop != all->still)
		return; /* it is being connected */
	if (a->m->has_bye || a->m->is_down)
		bench_fail(a->m, a->m->has_bye ? a->m->bye_detail : "the connection");
	take_answers(a, now);
	take_settlements(a, now);
	take_mail(a);
	if (all->traffic == NULL)
		fill_more(a);
	if (all->traffic != NULL ? all->n_settled == all->total : all->n_answered == all->total)
		loop_stop(all->loop);
}

/* ── connecting ── */

struct actors *
actors_open(const char *folder, unsigned n)
{
	struct actors *all = calloc(1, sizeof *all);

	if (all == NULL || n > ACTORS_MAX || loop_new(&all->loop) != CONSIGN_OK || loop_new(&all->still) != CONSIGN_OK ||
	    member_payload(slice_text(TEXT), &all->plain) != CONSIGN_OK)
		bench_fail(NULL, "the actors");
	for (unsigned i = 0; i < n; i++) {
		struct live_member *m = bench_member_open(folder, i + 1);

		loop_free(&m->agent.loop);
		m->wait_ms = 15000;
		all->actor[i] = (struct actor){.all = all, .m = m, .is_sender = i % 2 == 0};
	}
	all->n = n;
	for (unsigned i = 0; i < n; i += 2)
		all->actor[i].to = all->actor[i + 1].m->agent.org.s;
	return all;
}

/* In a crowd the broker may cut who has not come through yet: so it is tried again, as by an agent. */
static void
greet(struct live_member *m, const struct link_options *handlers, unsigned seconds)
{
	uint64_t until_us = clock_steady_us(clock_system()) + seconds * 1000000ull;

	while (bench_member_greet(m, handlers) != CONSIGN_OK) {
		if (clock_steady_us(clock_system()) > until_us)
			bench_fail(m, "connecting");
		usleep(TRY_AGAIN_US);
	}
}

static void
connect_actor(struct actor *a)
{
	struct link_options handlers = {.received = received, .round = round_over, .event = happened, .context = a};

	a->m->agent.loop = a->all->loop;
	greet(a->m, &handlers, CONNECT_S);
	a->m->agent.loop = a->all->still;
	a->under_way = 0;
}

void
actors_connect(struct actors *all)
{
	for (unsigned i = 0; i < all->n; i++)
		connect_actor(&all->actor[i]);
}

void
actors_close(struct actors **actors)
{
	struct actors *all = *actors;

	if (all == NULL)
		return;
	for (unsigned i = 0; i < all->n; i++) {
		struct live_member *m = all->actor[i].m;

		member_disconnect(m);
		m->agent.loop = NULL;
		bench_member_close(&m);
	}
	loop_free(&all->loop);
	loop_free(&all->still);
	buf_clear(&all->plain);
	free(all);
	*actors = NULL;
}

/* ── exchanging ── */

static void
start(struct actors *all, const struct traffic *traffic, uint64_t total)
{
	all->traffic = traffic;
	all->total = total;
	all->before = all->number;
	all->n_sent = all->n_answered = all->n_settled = all->n_mail = 0;
	all->begun_us = all->heard_us = clock_steady_us(clock_system());
}

/* What is due is submitted by the sender whose turn it is; one whose window is full makes the others wait, and the figures show
 * it. */
static void
pace(void *context)
{
	struct actors *all = context;
	uint64_t now = clock_steady_us(clock_system()), passed = now - all->begun_us;
	uint64_t due = 1 + passed * all->traffic->rate / 1000000;

	if (passed > all->traffic->seconds * 1000000ull + PATIENCE_US) {
		fprintf(stderr,
		    "bench-members: error: of %llu consignments %llu were submitted, %llu accepted, %llu delivered, %llu "
		    "settled\n",
		    (unsigned long long)all->total, (unsigned long long)all->n_sent, (unsigned long long)all->n_answered,
		    (unsigned long long)all->n_mail, (unsigned long long)all->n_settled);
		bench_fail(NULL, "the exchange does not end");
	}
	while (all->n_sent < all->total && all->n_sent < due) {
		struct actor *a = &all->actor[all->n_sent * 2 % all->n];

		if (a->under_way >= AT_ONCE)
			return;
		submit_next(a);
	}
}

static void
median_and_p99(double *values, uint64_t n, double ret_two[2])
{
	sort_values(values, n);
	ret_two[0] = share_of(values, n, 0.5);
	ret_two[1] = share_of(values, n, 0.99);
}

void
actors_exchange(struct actors *all, const struct traffic *order, struct traffic_figures *ret_figures)
{
	uint64_t total = (uint64_t)order->rate * order->seconds;
	int timer;

	all->sent = calloc(total, sizeof *all->sent);
	all->accepted = calloc(total, sizeof *all->accepted);
	all->delivered = calloc(total, sizeof *all->delivered);
	if (all->sent == NULL || all->accepted == NULL || all->delivered == NULL)
		bench_fail(NULL, "memory");
	start(all, order, total);
	if (loop_every(all->loop, PACE_MS, pace, all, &timer) != CONSIGN_OK)
		bench_fail(NULL, "a timer");
	loop_run(all->loop);
	loop_cancel(all->loop, timer);
	ret_figures->messages = total * order->items;
	ret_figures->seconds = (double)(all->ended_us - all->begun_us) / 1e6;
	median_and_p99(all->accepted, total, ret_figures->accepted);
	median_and_p99(all->delivered, total, ret_figures->delivered);
	free(all->sent);
	free(all->accepted);
	free(all->delivered);
	all->sent = NULL;
}

/* ── filling ── */

/* Sealed once for each mailbox and sent again under new ids, which the broker cannot tell. */
static void
fill_more(struct actor *a)
{
	struct actors *all = a->all;

	while (a->is_sender && a->under_way < AT_ONCE && all->n_sent < all->total) {
		struct draft *d = &a->drafts[all->n_sent % all->n_mailboxes];

		number_id(d, ++all->number);
		if (member_sign(a->m, d) != CONSIGN_OK || member_submit(a->m, d, all->number) != CONSIGN_OK)
			bench_fail(a->m, "submitting");
		all->n_sent++;
		a->under_way++;
	}
}

static void
watch_filling(void *context)
{
	struct actors *all = context;

	if (clock_steady_us(clock_system()) - all->heard_us > PATIENCE_US)
		bench_fail(NULL, "the mailboxes are not filled: no answer for 30 s");
}

void
actors_fill(struct actors *all, uint64_t consignments, unsigned first, unsigned last)
{
	static const struct traffic bundles = {.items = CONSIGN_BUNDLE_MAX_ITEMS, .types = 1};
	int timer;

	all->n_mailboxes = last - first + 1;
	for (unsigned i = 0; i < all->n; i += 2) {
		struct actor *a = &all->actor[i];

		a->drafts = calloc(all->n_mailboxes, sizeof *a->drafts);
		if (a->drafts == NULL)
			bench_fail(NULL, "memory");
		for (unsigned j = 0; j < all->n_mailboxes; j++) {
			char to[CONSIGN_ORG_MAX_BYTES + 1];

			snprintf(to, sizeof to, "org-%04u", first + j);
			draft_items(a, to, 0, &bundles, &a->drafts[j]);
		}
	}
	start(all, NULL, consignments);
	if (loop_every(all->loop, 1000, watch_filling, all, &timer) != CONSIGN_OK)
		bench_fail(NULL, "a timer");
	for (unsigned i = 0; i < all->n; i++)
		fill_more(&all->actor[i]);
	if (consignments > 0)
		loop_run(all->loop);
	loop_cancel(all->loop, timer);
	for (unsigned i = 0; i < all->n; i += 2) {
		for (unsigned j = 0; j < all->n_mailboxes; j++)
			draft_clear(&all->actor[i].drafts[j]);
		free(all->actor[i].drafts);
		all->actor[i].drafts = NULL;
	}
}

/* ── after a restart ── */

uint64_t
actors_first_receipt_us(struct actors *all, unsigned seconds)
{
	static const struct traffic one = {.items = 1, .types = 1};
	struct actor *a = &all->actor[0];
	struct live_member *m = a->m;
	struct draft d = {0};
	struct answer answer;

	for (unsigned i = 0; i < all->n; i++)
		member_disconnect(all->actor[i].m);
	m->agent.loop = all->loop;
	greet(m, NULL, seconds);
	draft_items(a, all->actor[1].m->agent.org.s, ++all->number, &one, &d);
	if (member_ask(m, &d, all->number, &answer) != CONSIGN_OK || answer.kind != ANSWER_ACCEPTED)
		bench_fail(m, "no receipt after the broker's start");
	uint64_t at_us = clock_wall_us(clock_system());

	draft_clear(&d);
	return at_us;
}
