/*
 * The lies of lying_broker.c that are told on the wire, to ORG, which may be an administrator.
 *
 * Of a delivery:
 *   body-flip        one byte of what is sealed is another
 *   body-cut         its last byte is missing
 *   body-other       the body of the delivery before
 *   manifest-flip    one byte is another
 *   manifest-other   the manifest of the delivery before
 *   consignees       ARGUMENT is put among the consignees
 *   statement-flip   the acceptance names ARGUMENT as consignor, under the old path
 *   statement-signed the acceptance has a signature beside its place
 *   statement-unplaced
 *                    the acceptance has a signature in the stead of its place
 *   position         another position than was opened
 *   opening          another position, opened
 *   tombstone        a tombstone that the ledger does not hold, in the place of the mail
 *   tombstone-signed likewise, with a signature in the stead of a place
 *   seen-lost        without the path from the ledger that the consignor had seen
 *   replay           it is sent twice
 *   replay-as-new    the delivery before is sent once more, in the place of this one
 *   reorder          it is sent after the one behind it
 *   skip             it is not sent
 *   withhold         it is not sent, when its position is ARGUMENT
 *   misdeliver       it is sent to ARGUMENT too
 *   position-before  as the position before: what same-position has written down
 * Of a checkpoint, wherever there is one:
 *   ledger-older     the first one that was ever said to anybody
 *   ledger-fork      as large as the one that was said before, with another head, signed
 *   ledger-grown     larger, with a head that does not follow, signed
 *   ledger-none      none at all (documents)
 * Of documents:
 *   card-key         the seal key in ARGUMENT's card is another
 *   card-owner       ARGUMENT's card has another identity key, and its signature
 *   member-key       the identity key in ARGUMENT's part of the directory is another
 *   policy-part      one byte of a part of the policy is another
 *   policy-head      one byte of the head of the policy is another
 *   root-other       the newest root says another time
 *   documents-old    those that were said first, under a checkpoint of today
 *   documents-none   none
 *   study-none       the policy without ARGUMENT, a study
 *   rules-none       the policy without the rules of all studies
 *   partner-none     the directory without ARGUMENT, and no card of it
 * Of answers and settlements:
 *   answer-forged    the receipt names another consignor, under the old path
 *   answer-signed    the receipt has a signature beside its place
 *   answer-unplaced  the receipt has a signature in the stead of its place
 *   answer-other     the receipt of the answer before
 *   answer-openings  another position is opened
 *   answer-refused   a refusal of something else, signed, without a place
 *   answer-unsigned  a refusal of what was sent, without a place, whose signature does not verify
 *   answer-none      none
 *   settled-flip     one byte of the delivery receipt is another
 *   settled-other    another consignee is said to have signed it
 *   settled-forged   the record of it says another time, under the old path
 *   settled-unplaced the record of it has a signature in the stead of its place
 *   settled-unseen   nothing proves that what its consignee had seen is a beginning of this ledger
 *   settled-fork     what proves it is of another ledger
 *   settled-none     none
 * Of anything:
 *   clock            the challenge says a time one hour ago
 *   half             the second half of the frame is missing
 *   noise            random bytes
 *   out-of-turn      a command that only agents say
 *   slow             it is sent ARGUMENT ms later
 *   mute             nothing is said
 */
#include <stddef.h>
#include <stdlib.h>

#include "core/limits.h"
#include "ledger/statement.h"
#include "lying_broker.h"

void *
must(void *p)
{
	if (p == NULL)
		abort();
	return p;
}

/* A copy in which the byte in the middle is another. */
struct consign_slice
flip(struct arena *arena, struct consign_slice s)
{
	uint8_t *copy = must(arena_alloc(arena, s.len + 1));

	memcpy(copy, s.data, s.len);
	copy[s.len / 2] ^= 1;
	return slice_of(copy, s.len);
}

struct consign_slice
encoded(struct arena *arena, struct buf *b)
{
	struct consign_slice s = arena_copy(arena, buf_slice(b));

	must((void *)(uintptr_t)s.data);
	buf_clear(b);
	return s;
}

void
set_frame(struct frame *f, struct consign_slice s)
{
	frame_clear(f);
	must_be(frame_copy(f, s));
}

struct checkpoint_update **
checkpoint_of(struct session_command *c)
{
	return c->deliver != NULL ? &c->deliver->checkpoint
	    : c->documents != NULL ? &c->documents->checkpoint
	    : c->answers != NULL   ? &c->answers->checkpoint
	    : c->settled != NULL   ? &c->settled->checkpoint
				   : NULL;
}

bool
has_checkpoint(struct session_command *c)
{
	struct checkpoint_update **u = checkpoint_of(c);

	return u != NULL && *u != NULL;
}

/* ── statements ── */

/* The broker's true signature over what a statement says. */
void
sign_beside(struct saying *s, struct statement *st)
{
	struct consign_hash entry;
	struct consign_signature *signature = must(arena_alloc(s->arena, sizeof *signature));

	tree_entry(&st->leaf->salt, st->leaf->record, &entry);
	statement_sign(lying_broker->receipt_key, &lying_broker->hub_id, &entry, signature);
	st->signature = SLICE_ARRAY(signature->b);
}

void
sign_unplaced(struct saying *s, struct statement *st)
{
	st->has_place = 0;
	st->leaf->index = 0;
	st->path = NULL;
	st->openings.n = 0;
	sign_beside(s, st);
}

/* Another consignor in the record of a statement. */
void
rename_consignor(struct saying *s, struct statement *st, const char *org)
{
	struct ledger_record *record;
	struct buf bytes = {0};

	must_be(ledger_record_decode(st->leaf->record, s->arena, &record));
	memset(&record->accepted->consignor, 0, sizeof record->accepted->consignor);
	memcpy(record->accepted->consignor.s, org, strlen(org));
	must_be(ledger_record_encode(record, &bytes));
	st->leaf->record = encoded(s->arena, &bytes);
}

/* ── checkpoints ── */

static struct buf first_note;

/* A note of our own, over a head that is made up. */
static enum outcome
false_note(struct saying *s, uint64_t size)
{
	struct checkpoint c = {.size = size};
	char origin[256];
	struct buf note = {0};

	if (!has_checkpoint(s->command) || size == 0)
		return NOTHING;
	random_bytes(&c.head, sizeof c.head);
	checkpoint_origin(&lying_broker->hub_id, origin);
	must_be(checkpoint_make(origin, &c, lying_broker->ledger_key, &note));
	(*checkpoint_of(s->command))->note = encoded(s->arena, &note);
	return CHANGED;
}

static enum outcome
ledger_fork(struct saying *s)
{
	return false_note(s, has_checkpoint(s->command) ? (*checkpoint_of(s->command))->from_size : 0);
}

static enum outcome
ledger_grown(struct saying *s)
{
	return false_note(s, ledger_checkpoint(lying_broker->ledger)->size + 7);
}

static enum outcome
ledger_older(struct saying *s)
{
	if (!has_checkpoint(s->command) || first_note.len == 0)
		return NOTHING;
	(*checkpoint_of(s->command))->note = buf_slice(&first_note);
	return CHANGED;
}

static enum outcome
ledger_none(struct saying *s)
{
	if (s->command->documents == NULL)
		return NOTHING;
	s->command->documents->checkpoint = NULL;
	return CHANGED;
}

/* ── answers and settlements ── */

static struct statement *
first_receipt(struct saying *s)
{
	struct session_answers *a = s->command->answers;
	struct ledger_record *record;

	for (size_t i = 0; i < a->answers.n; i++) {
		must_be(ledger_record_decode(a->answers.v[i]->statement->leaf->record, s->arena, &record));
		if (record->accepted != NULL)
			return a->answers.v[i]->statement;
	}
	return NULL;
}

static enum outcome
answer_forged(struct saying *s)
{
	struct statement *st = first_receipt(s);

	if (st == NULL)
		return NOTHING;
	rename_consignor(s, st, "somebody");
	return CHANGED;
}

static enum outcome
answer_signed(struct saying *s)
{
	struct statement *st = first_receipt(s);

	if (st == NULL)
		return NOTHING;
	sign_beside(s, st);
	return BENT;
}

static enum outcome
answer_unplaced(struct saying *s)
{
	struct statement *st = first_receipt(s);

	if (st == NULL)
		return NOTHING;
	sign_unplaced(s, st);
	return CHANGED;
}

static struct buf receipt_before; /* encoded statement */

static enum outcome
answer_other(struct saying *s)
{
	struct statement *st = first_receipt(s), *old;

	if (st == NULL || receipt_before.len == 0)
		return NOTHING;
	must_be(statement_decode(buf_slice(&receipt_before), s->arena, &old));
	*st = *old;
	must_be(ledger_prove(lying_broker->ledger, st->leaf->index, s->arena, &st->path));
	return CHANGED;
}

static enum outcome
answer_openings(struct saying *s)
{
	struct statement *st = first_receipt(s);

	if (st == NULL)
		return NOTHING;
	st->openings.v[0]->position++;
	return CHANGED;
}

/* A refusal in the stead of the receipt; id NULL: of what was sent. */
static enum outcome
refuse_instead(struct saying *s, const struct consign_id *id)
{
	struct statement *st = first_receipt(s);
	struct verdict verdict = {.code = CONSIGN_CODE_DENIED}, *verdicts[] = {&verdict};
	struct refused_record refused = {.attempt = 1, .verdicts = {verdicts, 1}};
	struct ledger_record *accepted, record = {.format = 1, .at_us = clock_wall_us(lying_broker->clock), .refused = &refused};
	struct buf bytes = {0};

	if (st == NULL)
		return NOTHING;
	must_be(ledger_record_decode(st->leaf->record, s->arena, &accepted));
	refused.consignor = accepted->accepted->consignor;
	refused.manifest_digest = accepted->accepted->manifest_digest;
	refused.root = accepted->accepted->root;
	refused.consignment_id = id != NULL ? *id : accepted->accepted->consignment_id;
	must_be(ledger_record_encode(&record, &bytes));
	st->leaf->record = encoded(s->arena, &bytes);
	sign_unplaced(s, st);
	return CHANGED;
}

static enum outcome
answer_refused(struct saying *s)
{
	struct consign_id other;

	random_bytes(&other, sizeof other);
	return refuse_instead(s, &other);
}

static enum outcome
answer_unsigned(struct saying *s)
{
	struct statement *st = first_receipt(s);
	enum outcome outcome = refuse_instead(s, NULL);

	if (outcome == CHANGED)
		st->signature = flip(s->arena, st->signature);
	return outcome;
}

static struct settlement *
first_delivery(struct saying *s)
{
	struct session_settled *settled = s->command->settled;

	for (size_t i = 0; i < settled->settlements.n; i++)
		if (settled->settlements.v[i]->receipt != NULL)
			return settled->settlements.v[i];
	return NULL;
}

static enum outcome
settled_flip(struct saying *s)
{
	struct settlement *d = first_delivery(s);

	if (d == NULL)
		return NOTHING;
	d->receipt->content = flip(s->arena, d->receipt->content);
	return CHANGED;
}

static enum outcome
settled_other(struct saying *s)
{
	struct settlement *d = first_delivery(s);

	if (d == NULL)
		return NOTHING;
	random_bytes(&d->receipt->signature, sizeof d->receipt->signature);
	return CHANGED;
}

static enum outcome
settled_forged(struct saying *s)
{
	struct settlement *d = first_delivery(s);
	struct ledger_record *record;
	struct buf bytes = {0};

	if (d == NULL)
		return NOTHING;
	must_be(ledger_record_decode(d->statement->leaf->record, s->arena, &record));
	record->at_us--;
	must_be(ledger_record_encode(record, &bytes));
	d->statement->leaf->record = encoded(s->arena, &bytes);
	return CHANGED;
}

static enum outcome
settled_unseen(struct saying *s)
{
	if (s->command->settled->seen.n == 0)
		return NOTHING;
	s->command->settled->seen.n = 0;
	return CHANGED;
}

static enum outcome
settled_fork(struct saying *s)
{
	struct session_settled *settled = s->command->settled;

	if (settled->seen.n == 0)
		return NOTHING;
	for (size_t i = 0; i < settled->seen.n; i++)
		settled->seen.v[i]->path->path.v[0].b[0] ^= 1;
	return CHANGED;
}

static enum outcome
settled_unplaced(struct saying *s)
{
	struct settlement *d = first_delivery(s);

	if (d == NULL)
		return NOTHING;
	sign_unplaced(s, d->statement);
	return CHANGED;
}

/* ── anything ── */

static enum outcome
clock_ago(struct saying *s)
{
	s->command->challenge->now_us -= 3600ull * 1000000;
	return CHANGED;
}

static enum outcome
half(struct saying *s)
{
	struct consign_slice bytes = arena_copy(s->arena, frame_slice(&s->frames[0]));

	set_frame(&s->frames[0], slice_of(bytes.data, bytes.len / 2));
	say_really(s->route, s->frames, s->n);
	return TAKEN;
}

static enum outcome
noise(struct saying *s)
{
	uint8_t bytes[200];

	random_bytes(bytes, sizeof bytes);
	bytes[0] = 0xff; /* no field begins so */
	set_frame(&s->frames[0], SLICE_ARRAY(bytes));
	say_really(s->route, s->frames, s->n);
	return TAKEN;
}

static enum outcome
out_of_turn(struct saying *s)
{
	static struct session_ping ping = {1};

	*s->command = (struct session_command){.ping = &ping};
	return CHANGED;
}

static enum outcome
slow(struct saying *s)
{
	keep_for_later(s->route, s->frames, s->n, clock_steady_us(lying_broker->clock) + strtoull(s->lie->argument, NULL, 10) * 1000);
	return TAKEN;
}

/* ── what is remembered, and the table ── */

/* Every honest word is looked at here before it goes: what later lies are made of. */
void
say_remember(struct saying *s)
{
	struct session_command *c = s->command;

	if (has_checkpoint(c) && first_note.len == 0)
		must_be(buf_append(&first_note, (*checkpoint_of(c))->note));
	if (c->documents != NULL)
		remember_documents(s);
	if (c->deliver != NULL && c->deliver->tombstone == NULL)
		remember_delivery(s);
	if (c->answers != NULL && first_receipt(s) != NULL) {
		buf_reset(&receipt_before);
		must_be(statement_encode(first_receipt(s), &receipt_before));
	}
}

#define OF(COMMAND) offsetof(struct session_command, COMMAND)

const struct wire_lie wire_lies[] = {
    {"body-flip", OF(deliver), lie_body_flip},
    {"body-cut", OF(deliver), lie_body_cut},
    {"body-other", OF(deliver), lie_body_other},
    {"manifest-flip", OF(deliver), lie_manifest_flip},
    {"manifest-other", OF(deliver), lie_manifest_other},
    {"consignees", OF(deliver), lie_consignees},
    {"statement-flip", OF(deliver), lie_statement_flip},
    {"statement-signed", OF(deliver), lie_statement_signed},
    {"statement-unplaced", OF(deliver), lie_statement_unplaced},
    {"position", OF(deliver), lie_position},
    {"opening", OF(deliver), lie_opening},
    {"tombstone", OF(deliver), lie_tombstone},
    {"tombstone-signed", OF(deliver), lie_tombstone_signed},
    {"seen-lost", OF(deliver), lie_seen_lost},
    {"replay", OF(deliver), lie_replay},
    {"replay-as-new", OF(deliver), lie_replay_as_new},
    {"reorder", OF(deliver), lie_reorder},
    {"skip", OF(deliver), lie_drop},
    {"withhold", OF(deliver), lie_withhold},
    {"misdeliver", OF(deliver), lie_misdeliver},
    {"position-before", OF(deliver), lie_position_before},
    {"ledger-older", SIZE_MAX, ledger_older},
    {"ledger-fork", SIZE_MAX, ledger_fork},
    {"ledger-grown", SIZE_MAX, ledger_grown},
    {"ledger-none", SIZE_MAX, ledger_none},
    {"card-key", OF(documents), lie_card_key},
    {"card-owner", OF(documents), lie_card_owner},
    {"member-key", OF(documents), lie_member_key},
    {"policy-part", OF(documents), lie_policy_part},
    {"policy-head", OF(documents), lie_policy_head},
    {"root-other", OF(documents), lie_root_other},
    {"documents-old", OF(documents), lie_documents_old},
    {"documents-none", OF(documents), lie_drop},
    {"study-none", OF(documents), lie_study_none},
    {"rules-none", OF(documents), lie_rules_none},
    {"partner-none", OF(documents), lie_partner_none},
    {"answer-forged", OF(answers), answer_forged},
    {"answer-signed", OF(answers), answer_signed},
    {"answer-unplaced", OF(answers), answer_unplaced},
    {"answer-other", OF(answers), answer_other},
    {"answer-openings", OF(answers), answer_openings},
    {"answer-refused", OF(answers), answer_refused},
    {"answer-unsigned", OF(answers), answer_unsigned},
    {"answer-none", OF(answers), lie_drop},
    {"settled-flip", OF(settled), settled_flip},
    {"settled-other", OF(settled), settled_other},
    {"settled-forged", OF(settled), settled_forged},
    {"settled-unplaced", OF(settled), settled_unplaced},
    {"settled-unseen", OF(settled), settled_unseen},
    {"settled-fork", OF(settled), settled_fork},
    {"settled-none", OF(settled), lie_drop},
    {"clock", OF(challenge), clock_ago},
    {"half", SIZE_MAX, half},
    {"noise", SIZE_MAX, noise},
    {"out-of-turn", SIZE_MAX, out_of_turn},
    {"slow", SIZE_MAX, slow},
    {"mute", SIZE_MAX, lie_drop},
    {0},
};
