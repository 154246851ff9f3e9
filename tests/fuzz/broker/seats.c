/* Sessions: how they begin and how they may end; and the script that holds the broker's process. See world.h. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/statement.h"
#include "member_private.h"
#include "world.h"

long
ask(const char *format, ...)
{
	char line[128], answer[32];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof line, format, args);
	va_end(args);
	note(NULL, "%s", line);
	printf("%s\n", line);
	fflush(stdout);
	if (fgets(answer, sizeof answer, stdin) == NULL)
		broken(NULL, "the script does not do: %s", line);
	return strtol(answer, NULL, 10);
}

static void
forget_session(struct seat *s)
{
	while (s->said != NULL) {
		struct submission *x = s->said;

		if (x->sequence != 0 && !x->is_answered) {
			x->version->under_way--;
			x->version->is_uncertain = true;
		}
		s->said = x->next;
		free(x);
	}
	while (s->line != NULL) {
		struct held_one *next = s->line->next;

		free(s->line);
		s->line = next;
	}
	received_free(&s->got);
	received_free(&s->given);
}

void
seat_lost(struct seat *s)
{
	member_disconnect(s->m);
	forget_session(s);
	*s = (struct seat){.org = s->org, .number = s->number, .m = s->m};
}

void
seat_leave(struct seat *s)
{
	if (one_in(2)) {
		note(s, "leaves");
		(void)seat_ok(s, member_bye(s->m));
	} else {
		note(s, "is cut");
	}
	if (s->is_open)
		seat_lost(s);
}

void
seat_end(struct seat *s)
{
	seat_lost(s);
	member_close(&s->m);
}

/* The broker has ended the session, or is gone. What it had said before was taken in first. */
static void
check_end(struct seat *s, enum consign_err err)
{
	if (err == CONSIGN_E_TIMEOUT)
		broken(s, "no answer within %u ms", s->m->wait_ms);
	if (err != CONSIGN_E_STATE && err != CONSIGN_E_UNREACHABLE && err != CONSIGN_E_DENIED)
		broken(s, "%s", s->m->problem);
	if (s->m->has_bye) {
		note(s, "  bye: %s, %s", consign_code_text(s->m->bye), s->m->bye_detail);
		if ((s->may_say & UINT64_C(1) << s->m->bye) == 0 &&
		    !(world.is_stopping && s->m->bye == CONSIGN_CODE_SHUTTING_DOWN))
			broken(s, "the broker ends the session: %s, %s", consign_code_text(s->m->bye), s->m->bye_detail);
		return;
	}
	note(s, "  cut: %s", s->m->problem);
	if (!s->may_cut && !world.is_down && !world.is_stopping)
		broken(s, "the broker cuts the connection without a word: %s", s->m->problem);
}

bool
seat_ok(struct seat *s, enum consign_err err)
{
	if (err == CONSIGN_OK)
		return true;
	if (s->is_open || s->may_say != 0 || s->may_cut)
		check_end(s, err);
	else
		broken(s, "a session does not begin: %s", s->m->problem);
	seat_lost(s);
	return false;
}

/* One of these may have come to tell the other seat of the org. */
static void
supersede(struct seat *s)
{
	for (unsigned i = 0; i < SEATS; i++) {
		struct seat *other = &world.seats[s->org][i];

		if (other == s || !other->is_open)
			continue;
		other->may_say |= UINT64_C(1) << CONSIGN_CODE_SUPERSEDED;
		enum consign_err err = member_ended(other->m);

		if (err != CONSIGN_OK)
			broken(other, "a newer session of the organisation begins, and this one does not end: %s",
			    consign_err_text(err));
		(void)seat_ok(other, CONSIGN_E_STATE);
	}
}

static void
check_welcome(struct seat *s)
{
	struct org *o = &world.orgs[s->org];
	const struct session_welcome *w = &s->m->welcome;

	if (w->epoch <= o->epoch)
		broken(s, "the epoch does not rise");
	if (w->mailbox_position + 1 < o->n_places)
		broken(s, "the mailbox of %s ends at %llu, and position %zu was given", o->name,
		    (unsigned long long)w->mailbox_position, o->n_places - 1);
	if (w->window_consignments != CONSIGN_WINDOW_CONSIGNMENTS || w->window_bytes != CONSIGN_WINDOW_BYTES)
		broken(s, "another window than the protocol's");
	o->epoch = w->epoch;
}

bool
seat_open(struct seat *s)
{
	static const uint32_t windows[] = {1, 2, 5, 64, 64, 1024, 4000000};
	static const uint64_t bytes[] = {1, 2000, 20000, CONSIGN_WINDOW_BYTES, CONSIGN_WINDOW_BYTES, UINT64_MAX / 4};
	struct session_hello hello;
	struct hello_room room;

	s->m->window_consignments = windows[pick(sizeof windows / sizeof *windows)];
	s->m->window_bytes = s->window_bytes = bytes[pick(sizeof bytes / sizeof *bytes)];
	note(s, "opens, window %u, %llu bytes", s->m->window_consignments, (unsigned long long)s->window_bytes);
	if ((state_now()->suspended & 1u << s->org) != 0) {
		if (member_connect(s->m) == CONSIGN_OK)
			broken(s, "it is suspended, and let in");
		seat_lost(s);
		return false;
	}
	enum consign_err err = member_connect(s->m);

	if (err == CONSIGN_OK)
		err = member_challenge(s->m, NULL);
	if (err == CONSIGN_OK)
		err = member_hello(s->m, &hello, &room);
	hello.mailbox_position = pick(50); /* for the broker's information only */
	if (err == CONSIGN_OK) {
		s->is_open = true; /* mail may come from here on */
		s->opened_move = world.moves;
		s->session = ++world.sessions;
		s->said_end = &s->said;
		err = member_welcome(s->m, &hello);
	}
	if (!seat_ok(s, err))
		return false;
	check_welcome(s);
	supersede(s);
	return true;
}

/* Commands that nobody waits for. */
static void
drop_heard(struct seat *s)
{
	struct heard *h = NULL;
	bool is_left = true;

	while (is_left) {
		is_left = false;
		for (struct heard *i = s->m->heard; i != NULL; i = i->next)
			is_left = is_left || i->command->deliver == NULL;
		if (!is_left)
			return;
		if (member_hear(s->m, ~(unsigned)HEAR_DELIVER, &h) != CONSIGN_OK)
			return;
		const struct session_command *c = h->command;

		if (c->documents == NULL && c->credit == NULL && c->pong == NULL && c->done == NULL)
			broken(s, "the broker speaks out of turn");
		heard_free(&h);
	}
}

bool
seat_settle(struct seat *s)
{
	if (!seat_ok(s, member_ping(s->m)))
		return false;
	drop_heard(s);
	return true;
}

static bool
all_answered(struct live_member *m, void *context)
{
	(void)m;
	return ((struct seat *)context)->under_way == 0;
}

bool
seat_answered(struct seat *s)
{
	if (!seat_ok(s, member_wait(s->m, all_answered, s)))
		return false;
	line_replay(s);
	line_pass(s);
	return true;
}
