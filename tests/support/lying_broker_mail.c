/* The lies about mail: the part of lying_broker_says.c, which lists them, that is told in deliveries. */
#include <stdio.h>
#include <stdlib.h>

#include "lying_broker.h"

/* What was delivered before, to whomever: for lies with authentic parts. */
static struct frame before[TRANSPORT_FRAMES_MAX];
static bool has_before;

void
remember_delivery(struct saying *s)
{
	for (size_t i = 0; i < 3; i++) {
		if (!has_before)
			frame_init(&before[i]);
		set_frame(&before[i], frame_slice(&s->frames[i]));
	}
	has_before = true;
}

enum outcome
lie_body_flip(struct saying *s)
{
	set_frame(&s->frames[2], flip(s->arena, arena_copy(s->arena, frame_slice(&s->frames[2]))));
	return CHANGED;
}

enum outcome
lie_body_cut(struct saying *s)
{
	struct consign_slice body = arena_copy(s->arena, frame_slice(&s->frames[2]));

	set_frame(&s->frames[2], slice_of(body.data, body.len - 1));
	return CHANGED;
}

enum outcome
lie_body_other(struct saying *s)
{
	if (!has_before)
		return NOTHING;
	set_frame(&s->frames[2], frame_slice(&before[2]));
	return CHANGED;
}

enum outcome
lie_manifest_flip(struct saying *s)
{
	set_frame(&s->frames[1], flip(s->arena, arena_copy(s->arena, frame_slice(&s->frames[1]))));
	return CHANGED;
}

enum outcome
lie_manifest_other(struct saying *s)
{
	if (!has_before)
		return NOTHING;
	set_frame(&s->frames[1], frame_slice(&before[1]));
	return CHANGED;
}

enum outcome
lie_consignees(struct saying *s)
{
	struct signed_manifest *sm;
	struct manifest *m;
	struct buf content = {0}, frame = {0};
	struct manifest_consignee more;

	must_be(signed_manifest_decode(frame_slice(&s->frames[1]), s->arena, &sm));
	must_be(manifest_decode(sm->manifest, s->arena, &m));
	struct manifest_consignee **v = must(arena_alloc(s->arena, (m->consignees.n + 1) * sizeof *v));

	random_bytes(&more.seal_key_id, sizeof more.seal_key_id);
	snprintf(more.org.s, sizeof more.org.s, "%.40s", s->lie->argument);
	memcpy(v, m->consignees.v, m->consignees.n * sizeof *v);
	v[m->consignees.n++] = &more;
	m->consignees.v = v;
	must_be(manifest_encode(m, &content));
	sm->manifest = encoded(s->arena, &content);
	must_be(signed_manifest_encode(sm, &frame));
	set_frame(&s->frames[1], buf_slice(&frame));
	buf_clear(&frame);
	return CHANGED;
}

enum outcome
lie_statement_flip(struct saying *s)
{
	rename_consignor(s, s->command->deliver->statement, s->lie->argument);
	return CHANGED;
}

enum outcome
lie_statement_signed(struct saying *s)
{
	sign_beside(s, s->command->deliver->statement);
	return BENT;
}

enum outcome
lie_statement_unplaced(struct saying *s)
{
	sign_unplaced(s, s->command->deliver->statement);
	return CHANGED;
}

enum outcome
lie_position(struct saying *s)
{
	s->command->deliver->position += 1000;
	return CHANGED;
}

enum outcome
lie_opening(struct saying *s)
{
	s->command->deliver->position += 1000;
	s->command->deliver->statement->openings.v[0]->position += 1000;
	return CHANGED;
}

enum outcome
lie_position_before(struct saying *s)
{
	s->command->deliver->position--;
	s->command->deliver->statement->openings.v[0]->position--;
	return CHANGED;
}

enum outcome
lie_tombstone(struct saying *s)
{
	struct session_deliver *d = s->command->deliver;
	struct ledger_record *accepted, record = {.format = 1, .at_us = clock_wall_us(lying_broker->clock)};
	struct retention_record r = {.position = d->position, .reason = RETENTION_EXPIRED};
	struct statement *st = must(arena_alloc(s->arena, sizeof *st));
	struct buf bytes = {0};

	must_be(ledger_record_decode(d->statement->leaf->record, s->arena, &accepted));
	r.consignor = accepted->accepted->consignor;
	r.consignment_id = accepted->accepted->consignment_id;
	memcpy(r.consignee.s, s->org, strlen(s->org));
	record.retention = &r;
	must_be(ledger_record_encode(&record, &bytes));
	*st = *d->statement;
	st->openings.n = 0;
	st->leaf = must(arena_alloc(s->arena, sizeof *st->leaf));
	*st->leaf = *d->statement->leaf;
	st->leaf->record = encoded(s->arena, &bytes);
	d->tombstone = st;
	set_frame(&s->frames[1], slice_of(NULL, 0));
	set_frame(&s->frames[2], slice_of(NULL, 0));
	return CHANGED;
}

enum outcome
lie_tombstone_signed(struct saying *s)
{
	enum outcome outcome = lie_tombstone(s);

	sign_unplaced(s, s->command->deliver->tombstone);
	return outcome;
}

enum outcome
lie_seen_lost(struct saying *s)
{
	if (s->command->deliver->seen == NULL || s->command->deliver->seen->path.n == 0)
		return NOTHING;
	s->command->deliver->seen = NULL;
	return CHANGED;
}

static void
copy_frames(const struct saying *s, struct frame copy[TRANSPORT_FRAMES_MAX])
{
	for (size_t i = 0; i < s->n; i++) {
		frame_init(&copy[i]);
		must_be(frame_copy(&copy[i], frame_slice(&s->frames[i])));
	}
}

enum outcome
lie_replay(struct saying *s)
{
	struct frame copy[TRANSPORT_FRAMES_MAX];

	copy_frames(s, copy);
	say_really(s->route, s->frames, s->n);
	say_really(s->route, copy, s->n);
	return TAKEN;
}

enum outcome
lie_replay_as_new(struct saying *s)
{
	struct session_command *other;
	struct buf bytes = {0};

	if (!has_before)
		return NOTHING;
	must_be(session_command_decode(frame_slice(&before[0]), s->arena, &other));
	other->deliver->position = s->command->deliver->position;
	other->deliver->checkpoint = s->command->deliver->checkpoint;
	must_be(ledger_prove(lying_broker->ledger, other->deliver->statement->leaf->index, s->arena, &other->deliver->statement->path));
	must_be(session_command_encode(other, &bytes));
	set_frame(&s->frames[0], buf_slice(&bytes));
	set_frame(&s->frames[1], frame_slice(&before[1]));
	set_frame(&s->frames[2], frame_slice(&before[2]));
	buf_clear(&bytes);
	say_really(s->route, s->frames, s->n);
	return TAKEN;
}

/* What is not said now has brought no checkpoint either: the next frame begins where this one did. */
static void
rebase(struct saying *s)
{
	struct session *session = sessions_agent(lying_broker->sessions, s->org);

	if (session != NULL && has_checkpoint(s->command))
		session->seen_size = (*checkpoint_of(s->command))->from_size;
}

enum outcome
lie_reorder(struct saying *s)
{
	rebase(s);
	keep_for_later(s->route, s->frames, s->n, UINT64_MAX);
	return TAKEN;
}

enum outcome
lie_drop(struct saying *s)
{
	rebase(s);
	return DROPPED;
}

/* Only the delivery at the position ARGUMENT, every time. */
enum outcome
lie_withhold(struct saying *s)
{
	return s->command->deliver->position == strtoull(s->lie->argument, NULL, 10) ? lie_drop(s) : NOTHING;
}

enum outcome
lie_misdeliver(struct saying *s)
{
	struct session *other = sessions_agent(lying_broker->sessions, s->lie->argument);
	struct frame copy[TRANSPORT_FRAMES_MAX];
	struct buf bytes = {0};

	if (other == NULL)
		return NOTHING;
	copy_frames(s, copy);
	say_really(s->route, s->frames, s->n);
	must_be(ledger_update(lying_broker->ledger, other->seen_size, s->arena, &s->command->deliver->checkpoint));
	other->seen_size = ledger_checkpoint(lying_broker->ledger)->size;
	must_be(session_command_encode(s->command, &bytes));
	set_frame(&copy[0], buf_slice(&bytes));
	buf_clear(&bytes);
	say_really(&other->route, copy, s->n);
	return TAKEN;
}

