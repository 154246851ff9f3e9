/*
 * The stateful fuzzer: members of a hub play random commands against a real broker, which a script starts, kills and stops
 * (tests/fuzz/broker/run). What must hold is looked at all the time; at the end everything that was accepted must have arrived.
 *
 *   fuzz-broker SECONDS SEED FOLDER HOME…     a home for each of four organisations, whose agents do not run
 *
 * It asks the script by lines on its standard output (crash, stop, start, suspend ORG, resume ORG, policy FILE), and takes a line
 * for each on its standard input: after `start` the process id of the broker. It ends with 0, or with 1 and what was broken.
 */
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/limits.h"
#include "ledger/statement.h"
#include "member_private.h"
#include "world.h"

/* A broker under AddressSanitizer, whose quarantine is small, holds less; what grows by a leak passes it. */
#define RSS_MAX_KIB (300L * 1024)
#define WAIT_MS 20000u
#define MOVES_A_LOOK 64u

static char folder[512];

static struct seat *
any_open(void)
{
	struct seat *s = &world.seats[pick(ORGS)][0];

	return s->is_open ? s : &world.seats[s->org][1];
}

/* ── the broker's process ── */

static void
look_at_process(void)
{
	char path[64], line[256];
	long kib = 0;

	snprintf(path, sizeof path, "/proc/%ld/status", world.broker);
	FILE *f = fopen(path, "r");

	if (f == NULL)
		broken(NULL, "the broker has ended by itself");
	while (fgets(line, sizeof line, f) != NULL) {
		if (strncmp(line, "State:\tZ", 8) == 0)
			broken(NULL, "the broker has ended by itself");
		if (strncmp(line, "VmRSS:", 6) == 0)
			kib = strtol(line + 6, NULL, 10);
	}
	fclose(f);
	world.rss_max_kib = kib > world.rss_max_kib ? kib : world.rss_max_kib;
	if (kib > RSS_MAX_KIB)
		broken(NULL, "the broker has %ld KiB", kib);
}

static void
all_lost(void)
{
	for (unsigned i = 0; i < ORGS * SEATS; i++) {
		struct seat *s = &world.seats[i / SEATS][i % SEATS];

		if (!s->is_open)
			continue;
		enum consign_err err = member_is_cut(s->m); /* what the broker had said is taken in */

		if (err != CONSIGN_OK)
			broken(s, "the broker has ended, and the connection has not: %s", consign_err_text(err));
		if (world.is_stopping && (!s->m->has_bye || s->m->bye != CONSIGN_CODE_SHUTTING_DOWN))
			broken(s, "the broker stops without a word");
		seat_lost(s);
	}
}

/* Some time within a commit, if there is one. */
static void
pause_a_little(void)
{
	(void)poll(NULL, 0, (int)pick(8));
}

static void
restart(bool by_kill)
{
	pause_a_little();
	look_at_process();
	world.is_down = by_kill;
	world.is_stopping = !by_kill;
	world.kills += by_kill;
	(void)ask(by_kill ? "crash" : "stop");
	all_lost();
	world.broker = ask("start");
	world.is_down = world.is_stopping = false;
}

/* ── the administrator ── */

static void
suspend(unsigned org)
{
	struct state next = *state_now();

	next.suspended |= 1u << org;
	state_next(next);
	for (unsigned i = 0; i < SEATS; i++)
		world.seats[org][i].may_say |= world.seats[org][i].is_open ? UINT64_C(1) << CONSIGN_CODE_ORG_SUSPENDED : 0;
	(void)ask("suspend %s", world.orgs[org].name);
	for (unsigned i = 0; i < SEATS; i++) {
		struct seat *s = &world.seats[org][i];

		if (!s->is_open)
			continue;
		enum consign_err err = member_ended(s->m);

		if (err != CONSIGN_OK || !s->m->has_bye)
			broken(s, "it is suspended, and its session goes on: %s", consign_err_text(err));
		(void)seat_ok(s, CONSIGN_E_STATE);
	}
}

static void
resume(unsigned org)
{
	struct state next = *state_now();

	next.suspended &= ~(1u << org);
	state_next(next);
	(void)ask("resume %s", world.orgs[org].name);
}

static void
apply_policy(unsigned p)
{
	struct state next = *state_now();
	char path[600];

	next.policy = p;
	snprintf(path, sizeof path, "%s/policy-%u.yaml", folder, p);
	FILE *f = fopen(path, "w");

	if (f == NULL)
		broken(NULL, "cannot write %s", path);
	policy_write(p, f);
	fclose(f);
	state_next(next);
	(void)ask("policy %s", path);
}

static void
administer(void)
{
	unsigned org = pick(ORGS), suspended = state_now()->suspended;

	if ((suspended & 1u << org) != 0)
		resume(org);
	else if (suspended == 0 && one_in(2))
		suspend(org);
	else
		apply_policy(pick(POLICIES));
}

/* ── moves of a session ── */

static struct consignment *
any_of(const struct seat *s)
{
	size_t n = world.n_consignments < RECENT ? world.n_consignments : RECENT, at = n == 0 ? 0 : pick((uint32_t)n);

	for (size_t i = 0; i < n; i++) {
		struct consignment *c = world.recent[(at + i) % n];

		if (c->from == s->org)
			return c;
	}
	return NULL;
}

static struct version *
any_version(const struct consignment *c)
{
	struct version *v = c->versions;

	while (v->next != NULL && one_in(2))
		v = v->next;
	return v;
}

static bool
submit_new(struct seat *s)
{
	bool is_ok = true;

	for (size_t n = one_in(4) ? 1 + pick(12) : 1; is_ok && n > 0; n--)
		is_ok = version_submit(
		    s, version_make(s, consignment_begin(s), 1, one_in(6) ? (enum flaw)(1 + pick(FLAWS - 1)) : FLAW_NONE));
	return is_ok;
}

static bool
submit_again(struct seat *s)
{
	struct consignment *c = any_of(s);

	return c == NULL || version_submit(s, any_version(c));
}

/* Other content under an id that was used: under the same attempt, an earlier or a later one. */
static bool
submit_other(struct seat *s)
{
	struct consignment *c = any_of(s);

	if (c == NULL)
		return true;
	uint32_t attempt = one_in(2) ? c->attempts + 1 : 1 + pick(c->attempts);

	return version_submit(s, version_make(s, c, attempt, one_in(6) ? (enum flaw)(1 + pick(FLAWS - 1)) : FLAW_NONE));
}

/* What holds its lanes comes again, or the next attempt of it, or is given up. */
static bool
go_on(struct seat *s)
{
	struct held_one *h = s->line;

	while (h != NULL && h->next != NULL && one_in(3))
		h = h->next;
	if (h == NULL)
		return true;
	struct version *v = h->version;

	switch (pick(4)) {
	case 0:
		return version_submit(s, v);
	case 1:
		return version_submit(s, version_make(s, v->of, v->of->attempts + 1, FLAW_NONE));
	default:
		return version_release(s, v);
	}
}

static bool
move_of(struct seat *s)
{
	unsigned r = pick(100);

	if (r < 30)
		return submit_new(s);
	if (r < 38)
		return submit_again(s);
	if (r < 43)
		return submit_other(s);
	if (r < 51)
		return go_on(s);
	if (r < 58)
		return seat_answered(s);
	if (r < 68)
		return mail_take(s);
	if (r < 80)
		return mail_acknowledge(s, 1 + pick(20), one_in(2));
	if (r < 82)
		return mail_acknowledge_again(s);
	if (r < 84)
		return mail_redeliver(s);
	if (r < 86)
		return mail_await(s);
	if (r < 93)
		return mail_confirm(s);
	if (r < 96)
		return odd_move(s);
	if (r < 98)
		return seat_settle(s);
	seat_leave(s);
	return false;
}

/* Where the other seat of its org is open, it takes over. */
static void
enter(struct seat *s)
{
	bool is_suspended = (state_now()->suspended & 1u << s->org) != 0;

	if (s->is_open || (is_suspended && !one_in(20)))
		return;
	if (one_in(6) && !is_suspended)
		odd_opening(s);
	else
		(void)seat_open(s);
}

static void
play_one(void)
{
	unsigned r = pick(1000);
	struct seat *s = any_open();

	world.moves++;
	if (world.moves % MOVES_A_LOOK == 0)
		look_at_process();
	if (r < 4)
		restart(true);
	else if (r < 6)
		restart(false);
	else if (r < 9)
		administer();
	else if (!s->is_open || r < 15)
		enter(&world.seats[s->org][pick(SEATS)]);
	else
		(void)move_of(s);
}

/* ── the end: all that was accepted has arrived, and everybody knows ── */

static bool
is_settled(const struct org *o)
{
	for (size_t p = 1; p < o->n_places; p++)
		if (o->places[p].settled_leaf == 0 && !o->places[p].is_buried)
			return false;
	return true;
}

static struct seat *
open_seat(unsigned org)
{
	struct seat *s = &world.seats[org][0];

	for (unsigned i = 0; i < SEATS; i++)
		if (world.seats[org][i].is_open)
			seat_lost(&world.seats[org][i]);
	while (!s->is_open)
		(void)seat_open(s);
	return s;
}

static void
drain(void)
{
	uint64_t until = clock_steady_us(clock_system()) + 3 * WAIT_MS * UINT64_C(1000);
	bool is_done = false;

	while (!is_done) {
		is_done = true;
		for (unsigned o = 0; o < ORGS; o++) {
			struct seat *s = &world.seats[o][0];

			if (!seat_answered(s) || !mail_await(s) || !mail_take(s) ||
			    !mail_acknowledge(s, CONSIGN_BATCH_MAX, true) || !mail_confirm(s) || !seat_settle(s))
				broken(s, "the session ended at the end");
			/* Positions of which no receipt was seen are known by the welcome only. */
			is_done = is_done && is_settled(&world.orgs[o]) &&
				  world.orgs[o].n_places > s->m->welcome.mailbox_position && s->got == NULL && s->cursor == 0;
		}
		if (!is_done && clock_steady_us(clock_system()) > until)
			broken(NULL, "what was accepted does not arrive, or its consignor does not hear of it");
	}
}

static void
check_arrived(void)
{
	for (size_t b = 0; b < sizeof world.bucket / sizeof *world.bucket; b++)
		for (const struct consignment *c = world.bucket[b]; c != NULL; c = c->next)
			for (unsigned o = 0; c->accepted != NULL && o < ORGS; o++)
				if ((c->accepted->to & 1u << o) != 0 &&
				    (c->position[o] == 0 || world.orgs[o].places[c->position[o]].n_said == 0))
					broken(NULL, "a consignment of leaf %" PRIu64 " did not arrive at %s", c->leaf,
					    world.orgs[o].name);
	for (unsigned o = 0; o < ORGS; o++)
		for (size_t p = 1; p < world.orgs[o].n_places; p++)
			if (world.orgs[o].places[p].mail == NULL)
				broken(NULL, "position %zu of %s was given to nothing", p, world.orgs[o].name);
}

static void
check_one_ledger(void)
{
	struct session_fetch fetch = {.root_after = 1};
	uint64_t size = 0;

	for (unsigned o = 0; o < ORGS; o++) {
		struct seat *s = &world.seats[o][0];

		if (!seat_settle(s) || !seat_ok(s, member_fetch(s->m, &fetch)))
			broken(s, "the session ended at the end");
		const struct checkpoint *c = hub_checkpoint(s->m->agent.hub);

		head_seen(s, c);
		if (o > 0 && c->size != size)
			broken(s, "it has a ledger of %" PRIu64 " leaves, and another of %" PRIu64, c->size, size);
		size = c->size;
	}
}

static void
finish(void)
{
	for (unsigned o = 0; o < ORGS; o++)
		if ((state_now()->suspended & 1u << o) != 0)
			resume(o);
	apply_policy(0);
	for (unsigned o = 0; o < ORGS; o++)
		(void)open_seat(o);
	drain();
	check_arrived();
	check_one_ledger();
	look_at_process();
	for (unsigned i = 0; i < ORGS * SEATS; i++)
		seat_end(&world.seats[i / SEATS][i % SEATS]);
	(void)ask("end");
}

/* ── the beginning ── */

static void
begin(char **homes)
{
	for (unsigned o = 0; o < ORGS; o++)
		for (unsigned i = 0; i < SEATS; i++) {
			struct seat *s = &world.seats[o][i];

			s->org = o;
			s->number = i;
			if (member_open(homes[o], &s->m) != CONSIGN_OK) {
				fprintf(stderr, "fuzz-broker: %s is no home of an organisation: %s\n", homes[o],
				    s->m != NULL ? s->m->problem : "");
				exit(2);
			}
			s->m->wait_ms = WAIT_MS;
			s->m->confirms = false;
			if (i > 0)
				continue;
			world.orgs[o].name = s->m->agent.org.s;
			world.orgs[o].n_places = 1;
			world.orgs[o].places = grow(NULL, 0, sizeof *world.orgs[o].places);
			mailbox_genesis(&s->m->agent.hub_id, s->m->agent.org.s, &world.orgs[o].genesis);
		}
	world.broker = ask("start");
	state_next((struct state){0});
	apply_policy(0);
}

int
main(int argc, char **argv)
{
	if (argc != 4 + (int)ORGS) {
		fprintf(stderr, "usage: fuzz-broker SECONDS SEED FOLDER HOME...\n");
		return 2;
	}
	const struct consign_clock *clock = clock_system();
	world.seed = world.random = strtoull(argv[2], NULL, 10);
	snprintf(folder, sizeof folder, "%s", argv[3]);
	note_all(folder);
	begin(argv + 4);
	known_play();
	uint64_t end = clock_steady_us(clock) + strtoull(argv[1], NULL, 10) * 1000000;

	while (clock_steady_us(clock) < end)
		play_one();
	finish();
	fprintf(stderr,
	    "%" PRIu64 " moves: %" PRIu64 " accepted, %" PRIu64 " refused, %" PRIu64 " delivered, %" PRIu64 " settled, %" PRIu64
	    " kills, %zu states of the hub, broker at most %ld MiB\n",
	    world.moves, world.accepted, world.refused, world.delivered, world.settled, world.kills, world.n_states,
	    world.rss_max_kib / 1024);
	return 0;
}
