/*
 * Sequences that found something once, played at the beginning of every run. What must hold is looked at as always; here is only
 * what chance rarely plays. See world.h.
 */
#include "world.h"

#define ROUNDS 3u
#define MAILS 12u

static struct seat *
opened(unsigned org, unsigned number)
{
	struct seat *s = &world.seats[org][number];

	if (!s->is_open && !seat_open(s))
		broken(s, "a session does not begin");
	return s;
}

/* Mail from org 0 to org 1, one item each. */
static void
send(size_t n)
{
	struct seat *s = opened(0, 0);

	while (n-- > 0)
		if (!version_submit(s, version_make_to(s, consignment_begin(s), 1u << 1, 0)))
			broken(s, "the session ended");
	if (!seat_answered(s))
		broken(s, "the session ended");
}

/* What is acknowledged, and waits for its commit, is asked for again: it is not on its way twice. */
static void
again_while_acknowledged(void)
{
	struct seat *s = opened(1, 0);

	send(MAILS);
	if (!mail_take(s) || !mail_acknowledge(s, MAILS, true) || !mail_redeliver(s) || !mail_take(s) || !mail_await(s))
		broken(s, "the session ended");
}

/* ... or while more is being read. */
static void
again_while_read(void)
{
	struct seat *s = opened(1, 0);

	seat_leave(s);
	send(2 * MAILS);
	s = opened(1, 0);
	for (unsigned i = 0; i < ROUNDS; i++)
		if (!mail_take(s) || !mail_redeliver(s))
			broken(s, "the session ended");
	if (!mail_await(s))
		broken(s, "the session ended");
}

/* A receipt waits for its commit when a newer session takes over: its mail comes again, is acknowledged again, and is settled
 * once. */
static void
taken_over_while_acknowledged(void)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct seat *s = opened(1, 0);

		send(MAILS);
		if (!mail_take(s) || !mail_acknowledge(s, MAILS, true))
			broken(s, "the session ended");
		s = opened(1, 1);
		if (!mail_take(s) || !mail_acknowledge(s, MAILS, true) || !mail_await(s))
			broken(s, "the session ended");
		seat_leave(s);
	}
}

/* Other content under a used id, twice, before the first refusal is durable: a conflict holds no lanes. */
static void
conflict_twice(void)
{
	struct seat *s = opened(0, 0);
	struct consignment *c = consignment_begin(s);
	bool is_ok = version_submit(s, version_make_to(s, c, 1u << 1, 0)) && seat_answered(s);
	struct version *other = version_make_to(s, c, 1u << 1, 0);

	is_ok = is_ok && version_submit(s, other) && version_submit(s, other);
	is_ok = is_ok && version_submit(s, version_make_to(s, consignment_begin(s), 1u << 1, 0)) && seat_answered(s);
	if (!is_ok || !mail_await(opened(1, 0)))
		broken(s, "the session ended");
}

/* A connection ends while its answers are on their way, and the next has its descriptor: it must not be cut for it. */
static void
gone_and_back(void)
{
	for (unsigned i = 0; i < 2 * ROUNDS; i++) {
		struct seat *s = opened(0, 0);

		if (!version_submit(s, version_make_to(s, consignment_begin(s), 1u << 1, 0)))
			broken(s, "the session ended");
		seat_leave(s);
		s = opened(2, 0);
		if (!seat_settle(s))
			broken(s, "the session ended");
		seat_leave(s);
	}
	if (!mail_await(opened(1, 0)))
		broken(NULL, "the session ended");
}

void
known_play(void)
{
	static void (*const sequences[])(void) = {
	    again_while_acknowledged, again_while_read, taken_over_while_acknowledged, conflict_twice, gone_and_back};

	for (size_t i = 0; i < sizeof sequences / sizeof *sequences; i++) {
		world.moves++;
		note(NULL, "known sequence %zu", i);
		sequences[i]();
	}
	for (unsigned i = 0; i < ORGS * SEATS; i++)
		if (world.seats[i / SEATS][i % SEATS].is_open)
			seat_leave(&world.seats[i / SEATS][i % SEATS]);
}
