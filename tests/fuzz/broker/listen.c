/*
 * What the broker says, held against what is known: answers, settlements, checkpoints, documents. The functions of the member
 * that take these in are wrapped by the linker, because the member keeps of them only what most tests ask for. See world.h.
 */
#include <stdlib.h>
#include <string.h>

#include "ledger/statement.h"
#include "member_private.h"
#include "world.h"

enum consign_err __real_hub_advance(struct hub *hub, const struct checkpoint_update *update);
enum consign_err __wrap_hub_advance(struct hub *hub, const struct checkpoint_update *update);
enum consign_err __real_hub_stage(struct hub *hub, struct consign_slice documents, enum hub_mode mode,
    struct hub_stage **ret_stage, char ret_problem[HUB_PROBLEM_BYTES]);
enum consign_err __wrap_hub_stage(struct hub *hub, struct consign_slice documents, enum hub_mode mode,
    struct hub_stage **ret_stage, char ret_problem[HUB_PROBLEM_BYTES]);
enum consign_err
__real_wire_decode(const struct wire_message *table, struct consign_slice in, struct arena *arena, void **ret_struct);
enum consign_err
__wrap_wire_decode(const struct wire_message *table, struct consign_slice in, struct arena *arena, void **ret_struct);
enum consign_err __real_member_take_answers(struct live_member *m, const struct session_answers *answers);
enum consign_err __wrap_member_take_answers(struct live_member *m, const struct session_answers *answers);
enum consign_err __wrap_member_take_try_later(struct live_member *m, const struct session_try_later *later);
enum consign_err __real_member_take_settled(struct live_member *m, const struct session_settled *settled);
enum consign_err __wrap_member_take_settled(struct live_member *m, const struct session_settled *settled);

static struct seat *
seat_of(const struct live_member *m)
{
	for (unsigned i = 0; i < ORGS * SEATS; i++)
		if (world.seats[i / SEATS][i % SEATS].m == m)
			return &world.seats[i / SEATS][i % SEATS];
	broken(NULL, "the fuzzer does not know a member");
}

static struct seat *
seat_of_hub(const struct hub *hub)
{
	for (unsigned i = 0; i < ORGS * SEATS; i++) {
		struct seat *s = &world.seats[i / SEATS][i % SEATS];

		if (s->m != NULL && s->m->agent.hub == hub)
			return s;
	}
	broken(NULL, "the fuzzer does not know a hub");
}

/* ── ledger and documents ── */

enum consign_err
__wrap_hub_advance(struct hub *hub, const struct checkpoint_update *update)
{
	struct seat *s = seat_of_hub(hub);
	enum consign_err err = __real_hub_advance(hub, update);

	if (err != CONSIGN_OK)
		broken(s, "a checkpoint does not follow from the last: %s", consign_err_text(err));
	head_seen(s, hub_checkpoint(hub));
	return err;
}

enum consign_err
__wrap_hub_stage(struct hub *hub, struct consign_slice documents, enum hub_mode mode, struct hub_stage **ret_stage,
    char ret_problem[HUB_PROBLEM_BYTES])
{
	enum consign_err err = __real_hub_stage(hub, documents, mode, ret_stage, ret_problem);

	if (err != CONSIGN_OK)
		broken(seat_of_hub(hub), "documents: %s: %s", consign_err_text(err), ret_problem);
	return err;
}

enum consign_err
__wrap_wire_decode(const struct wire_message *table, struct consign_slice in, struct arena *arena, void **ret_struct)
{
	enum consign_err err = __real_wire_decode(table, in, arena, ret_struct);

	if (err != CONSIGN_OK && table == &wire_session_command)
		broken(NULL, "the broker says what is no command: %s", consign_err_text(err));
	return err;
}

/* ── answers ── */

static struct submission *
submission_of(struct seat *s, uint64_t sequence)
{
	for (struct submission *x = s->said; x != NULL; x = x->next)
		if (x->sequence == sequence && sequence != 0 && !x->is_answered) {
			x->is_answered = true;
			x->version->under_way--;
			s->under_way--;
			return x;
		}
	if (!s->is_bent)
		broken(s, "an answer to submission %llu, which waits for none", (unsigned long long)sequence);
	return NULL;
}

void
statement_hash(const struct statement *st, struct consign_hash *ret_hash)
{
	struct consign_hash entry;
	uint8_t place[8];

	tree_entry(&st->leaf->salt, st->leaf->record, &entry);
	be64_store(place, st->leaf->index);
	hash_sha256_2(SLICE_ARRAY(entry.b), SLICE_ARRAY(place), ret_hash);
}

static void
openings_hash(const struct seat *s, const struct statement *st, struct consign_hash *ret_hash)
{
	struct buf bytes = {0};

	for (size_t i = 0; i < st->openings.n; i++)
		if (buf_append(&bytes, slice_of(st->openings.v[i], sizeof *st->openings.v[i])) != CONSIGN_OK)
			broken(s, "the fuzzer is out of memory");
	hash_sha256(buf_slice(&bytes), ret_hash);
	buf_clear(&bytes);
}

static void
check_openings(const struct seat *s, struct version *v, const struct statement *st)
{
	struct consign_hash entry;
	unsigned opened = 0;

	tree_entry(&st->leaf->salt, st->leaf->record, &entry);
	for (size_t i = 0; i < st->openings.n; i++) {
		unsigned to = org_number(st->openings.v[i]->org.s);

		if (to == ORGS || (v->to & 1u << to) == 0 || (opened & 1u << to) != 0)
			broken(s, "a receipt opens a mailbox of %s", st->openings.v[i]->org.s);
		opened |= 1u << to;
		place_given(s, to, v, st->openings.v[i], &entry);
	}
	if (opened != v->to)
		broken(s, "a receipt does not open every mailbox");
}

/* The mail that waits for an org is at least what was never acknowledged; more may wait, of which the receipt was not seen. */
static void
check_room(const struct seat *s, const struct version *v)
{
	for (unsigned to = 0; to < ORGS; to++) {
		uint64_t waiting = 0;

		if ((v->to & 1u << to) == 0)
			continue;
		for (size_t p = 1; p < world.orgs[to].n_places; p++)
			waiting += world.orgs[to].places[p].mail != NULL && world.orgs[to].places[p].n_said == 0;
		if (waiting > MAILBOX_CONSIGNMENTS)
			broken(s, "%llu consignments wait for %s, whose mailbox has room for %u", (unsigned long long)waiting,
			    world.orgs[to].name, MAILBOX_CONSIGNMENTS);
	}
}

static bool
may_be_full(const struct submission *x)
{
	const struct version *v = x->version;

	for (unsigned to = 0; to < ORGS; to++) {
		uint64_t all = 0, own = 0;

		if ((v->to & 1u << to) == 0)
			continue;
		/* At most: what may have been unsettled when it was decided, and what may have been accepted without our hearing
		 * of it. */
		for (size_t p = 1; p < world.orgs[to].n_places; p++) {
			const struct place *place = &world.orgs[to].places[p];

			if (place->mail == NULL || place->settled_leaf == 0 || place->settled_move >= x->said_move ||
			    place->is_buried) {
				all++;
				own += place->mail == NULL || place->mail->of->from == v->of->from;
			}
		}
		for (size_t i = 0; i < world.n_consignments && i < RECENT; i++)
			for (const struct version *u = world.recent[i]->versions; u != NULL; u = u->next)
				if (u->of->accepted == NULL && (u->is_uncertain || u->under_way > 0) && (u->to & 1u << to) != 0) {
					all++;
					own += u->of->from == v->of->from;
				}
		if (all + 1 > MAILBOX_CONSIGNMENTS || (own > 0 && all + own + 1 > MAILBOX_CONSIGNMENTS))
			return true;
	}
	return false;
}

static void
judge_acceptance(struct seat *s, struct submission *x, const struct answer *a, const struct statement *st)
{
	struct version *v = x->version;
	struct consignment *c = v->of;
	struct consign_hash receipt, openings;

	if (!hash_equal(&a->digest, &v->digest) || memcmp(a->id.b, c->id.b, sizeof c->id.b) != 0 ||
	    strcmp(a->consignor.s, world.orgs[c->from].name) != 0)
		broken(s, "a receipt for another consignment than submission %llu", (unsigned long long)x->sequence);
	statement_hash(st, &receipt);
	openings_hash(s, st, &openings);
	if (c->accepted != NULL && c->accepted != v)
		broken(s, "two versions of one consignment were accepted");
	if (c->accepted == v && (!hash_equal(&c->receipt, &receipt) || (c->has_openings && !hash_equal(&c->openings, &openings))))
		broken(s, "submission %llu has another receipt than before: leaf %llu, not %llu", (unsigned long long)x->sequence,
		    (unsigned long long)st->leaf->index, (unsigned long long)c->leaf);
	if (c->accepted == NULL && c->refused == v)
		broken(s, "submission %llu was accepted after it was refused", (unsigned long long)x->sequence);
	if (c->accepted == NULL && !verdict_may_be(v, v->since, CONSIGN_CODE_NONE))
		broken(s, "submission %llu was accepted, and must be refused: %s", (unsigned long long)x->sequence,
		    consign_code_text(verdict_of(v, state_now())));
	check_openings(s, v, st);
	if (c->accepted == NULL) {
		world.accepted++;
		check_room(s, v);
	}
	x->is_accepted = true;
	x->is_fresh = !x->is_again;
	x->leaf = st->leaf->index;
	c->accepted = v;
	c->receipt = receipt;
	c->openings = openings;
	c->has_openings = true;
	c->leaf = st->leaf->index;
}

/* Others of its consignment whose fate is not known. */
static bool
has_rivals(const struct version *v)
{
	for (const struct version *o = v->of->versions; o != NULL; o = o->next)
		if (o != v && (o->is_uncertain || o->under_way > 0))
			return true;
	return false;
}

static bool
may_conflict(const struct version *v, const struct submission *x)
{
	const struct consignment *c = v->of;

	if (v->flaw == FLAW_NAME || v->flaw == FLAW_MALFORMED || v->flaw == FLAW_TOO_BIG)
		return false; /* these have no id of the org's own */
	return (c->accepted != NULL && c->accepted != v) ||
	       (c->refused != NULL && c->refused != v && v->attempt <= c->refused->attempt) || x->is_racy || has_rivals(v);
}

/* Whether its org may have been refused more than has leaves in the second in which this was decided. */
static bool
are_many(const struct seat *s, const struct submission *x)
{
	const struct org *o = &world.orgs[s->org];
	uint64_t n = 0;

	for (size_t i = 0; i < SAID_KEPT && i < o->n_said; i++)
		n += o->said_us[i] + 2000000 > x->said_us; /* what was said long ago was decided long ago, or said again */
	return n > CONSIGN_REFUSAL_LEAVES_PER_SECOND;
}

static void
judge_refusal(struct seat *s, struct submission *x, const struct answer *a, const struct statement *st)
{
	struct version *v = x->version;
	struct consignment *c = v->of;
	bool is_unread = v->flaw == FLAW_TOO_BIG || v->flaw == FLAW_MALFORMED, is_repeated = c->refused == v && a->has_place;
	struct consign_hash refusal;

	if (!is_unread && (!hash_equal(&a->digest, &v->digest) || memcmp(a->id.b, c->id.b, sizeof c->id.b) != 0))
		broken(s, "a refusal of another consignment than submission %llu", (unsigned long long)x->sequence);
	if (c->accepted == v)
		broken(s, "submission %llu was refused after it was accepted: %s", (unsigned long long)x->sequence,
		    consign_code_text(a->code));
	statement_hash(st, &refusal);
	if (a->code == CONSIGN_CODE_DUPLICATE_CONFLICT) {
		if (!may_conflict(v, x))
			broken(s, "DUPLICATE_CONFLICT of submission %llu, which is new", (unsigned long long)x->sequence);
		return;
	}
	if (is_repeated && !hash_equal(&c->refusal, &refusal))
		broken(s, "submission %llu has another refusal than before", (unsigned long long)x->sequence);
	if (!is_repeated && !verdict_may_be(v, v->since, a->code) &&
	    !(a->code == CONSIGN_CODE_EXPIRED && v->expires_us <= clock_wall_us(s->m->agent.clock)))
		broken(s, "submission %llu was refused for %s (%s), and must be %s", (unsigned long long)x->sequence,
		    consign_code_text(a->code), a->detail, consign_code_text(verdict_of(v, state_now())));
	if (x->must_conflict)
		broken(s, "submission %llu was judged, and is a conflict", (unsigned long long)x->sequence);
	world.refused++;
	if (!a->has_place && !is_unread && v->flaw != FLAW_NAME && !are_many(s, x))
		broken(s, "a refusal without a place");
	if (a->has_place && (is_unread || v->flaw == FLAW_NAME))
		broken(s, "a refusal with a place, of what is nobody's");
	x->holds = !is_unread;
	if (!a->has_place || is_repeated)
		return;
	c->refused = c->refused == NULL || c->refused->attempt < v->attempt ? v : c->refused;
	if (c->refused == v)
		c->refusal = refusal;
}

/* What came of it is known: what an earlier session left open is decided with it. */
static void
decided(struct version *v)
{
	v->is_uncertain = false;
}

static void
answered(struct seat *s, const struct answer *a, const struct statement *st)
{
	struct submission *x = submission_of(s, a->sequence);

	note(s, "  answer %llu: %s%s leaf %llu", (unsigned long long)a->sequence,
	    a->kind == ANSWER_ACCEPTED ? "accepted" : "refused ", a->kind == ANSWER_ACCEPTED ? "" : consign_code_text(a->code),
	    (unsigned long long)a->leaf);
	if (a->proof != CONSIGN_OK)
		broken(s, "an answer that proves nothing: %s", consign_err_text(a->proof));
	if (x == NULL)
		return;
	if (a->kind == ANSWER_ACCEPTED)
		judge_acceptance(s, x, a, st);
	else
		judge_refusal(s, x, a, st);
	decided(x->version);
	line_replay(s);
}

enum consign_err
__wrap_member_take_answers(struct live_member *m, const struct session_answers *answers)
{
	struct seat *s = seat_of(m);
	bool is_late = m->is_late;
	enum consign_err err = __real_member_take_answers(m, answers);

	for (size_t i = 0; i < answers->answers.n; i++) {
		struct answer a;

		if (err == CONSIGN_OK)
			err = member_answer(m, 0, &a); /* it is there: this waits for nothing */
		if (err != CONSIGN_OK)
			broken(s, "answers: %s", consign_err_text(err));
		answered(s, &a, answers->answers.v[i]->statement);
	}
	m->is_late = is_late; /* of the wait that we are within */
	return err;
}

enum consign_err
__wrap_member_take_try_later(struct live_member *m, const struct session_try_later *later)
{
	struct seat *s = seat_of(m);
	struct submission *x = submission_of(s, later->sequence);

	if (x == NULL)
		return CONSIGN_OK;
	struct version *v = x->version;
	bool is_decided = (x->was_accepted || x->was_refused || x->must_conflict) && !x->is_racy;
	bool may = later->code == CONSIGN_CODE_LANE_HELD       ? true /* the line knows */
		   : later->code == CONSIGN_CODE_TRY_LATER     ? v->flaw == FLAW_AHEAD || x->is_racy
		   : later->code == CONSIGN_CODE_SHUTTING_DOWN ? world.is_stopping
		   : later->code == CONSIGN_CODE_MAILBOX_FULL  ? verdict_may_be(v, x->since, CONSIGN_CODE_NONE) && may_be_full(x)
							       : false;

	note(s, "  answer %llu: later, %s %s", (unsigned long long)later->sequence,
	    consign_code_text((enum consign_code)later->code), later->org);
	if (!may || is_decided)
		broken(s, "submission %llu was postponed: %s", (unsigned long long)later->sequence,
		    consign_code_text((enum consign_code)later->code));
	x->later = (enum consign_code)later->code;
	x->holds = true;
	line_replay(s);
	return CONSIGN_OK;
}

/* ── settlements ── */

static struct place *
settled_place(struct seat *s, const struct settled *in)
{
	struct consignment *c = consignment_find(world.orgs[s->org].name, &in->id);
	unsigned to = org_number(in->consignee.s);

	if (in->proof != CONSIGN_OK)
		broken(s, "a settlement that proves nothing: %s", consign_err_text(in->proof));
	if (c == NULL || to == ORGS || in->position == 0 || in->position >= world.orgs[to].n_places ||
	    world.orgs[to].places[in->position].mail == NULL || world.orgs[to].places[in->position].mail->of != c)
		broken(s, "a settlement of position %llu of %s, which is not known", (unsigned long long)in->position,
		    in->consignee.s);
	return &world.orgs[to].places[in->position];
}

/* What its consignee said before it in the same session was settled before it. */
static void
check_earlier(const struct seat *s, const struct org *o, const struct said *said)
{
	for (size_t position = 1; position < o->n_places; position++) {
		const struct place *p = &o->places[position];

		if (p->mail == NULL || p->mail->of->from != s->org || p->settled_leaf != 0 || p->is_buried)
			continue;
		for (size_t i = 0; i < p->n_said; i++)
			if (p->said[i].session == said->session && p->said[i].nth < said->nth)
				broken(s, "position %zu of %s was acknowledged before, and is not settled", position, o->name);
	}
}

static void
check_receipt(const struct seat *s, const struct org *o, const struct place *p, const struct delivery_receipt *r)
{
	struct consign_hash hash;

	hash_sha256_2(r->content, SLICE_ARRAY(r->signature.b), &hash);
	for (size_t i = 0; i < p->n_said; i++)
		if (hash_equal(&p->said[i].hash, &hash)) {
			check_earlier(s, o, &p->said[i]);
			return;
		}
	broken(s, "a delivery receipt that its consignee never said");
}

static void
settled_one(struct seat *s, const struct settled *in, const struct settlement *raw)
{
	uint64_t leaf = raw->statement->leaf->index;

	/* A receipt of an acceptance that we did not hear of: mail.c has noted the place when the consignee got it. A tombstone
	 * may come first. */
	if (raw->receipt == NULL && in->proof == CONSIGN_OK && org_number(in->consignee.s) < ORGS) {
		struct org *o = &world.orgs[org_number(in->consignee.s)];

		if (in->position >= o->n_places || o->places[in->position].mail == NULL) {
			note(s, "  settled: position %llu of %s is buried, which is not known yet",
			    (unsigned long long)in->position, o->name);
			return;
		}
	}
	struct place *p = settled_place(s, in);

	note(s, "  settled: position %llu of %s, leaf %llu%s", (unsigned long long)in->position, in->consignee.s,
	    (unsigned long long)leaf, in->is_tombstone ? ", buried" : "");
	if (raw->receipt != NULL)
		check_receipt(s, &world.orgs[org_number(in->consignee.s)], p, raw->receipt);
	else if (p->mail->expires_us > clock_wall_us(s->m->agent.clock))
		broken(s, "a tombstone of what has not expired");
	p->is_buried = p->is_buried || raw->receipt == NULL;
	if (p->settled_leaf != 0 && p->settled_leaf != leaf)
		broken(s, "position %llu of %s was settled twice: leaves %llu and %llu", (unsigned long long)in->position,
		    in->consignee.s, (unsigned long long)p->settled_leaf, (unsigned long long)leaf);
	if (leaf <= s->settled_leaf || leaf <= world.orgs[s->org].confirmed_leaf)
		broken(s, "a settlement again, or out of order: leaf %llu", (unsigned long long)leaf);
	if (p->settled_leaf == 0) {
		world.settled++;
		p->settled_move = world.moves;
	}
	p->settled_leaf = leaf;
	s->settled_leaf = leaf;
}

enum consign_err
__wrap_member_take_settled(struct live_member *m, const struct session_settled *settled)
{
	struct seat *s = seat_of(m);
	bool is_late = m->is_late;
	enum consign_err err = __real_member_take_settled(m, settled);

	if (s->cursor != 0)
		broken(s, "settlements, and the last were not confirmed");
	if (settled->settlements.n == 0 || settled->settlements.n > 128)
		broken(s, "%zu settlements in a frame", settled->settlements.n);
	if (s->is_confirmed) /* the confirmation is durable: what it named is forgotten */
		world.orgs[s->org].confirmed_leaf = s->settled_leaf;
	s->is_confirmed = false;
	for (size_t i = 0; i < settled->settlements.n; i++) {
		struct settled one;

		if (err == CONSIGN_OK)
			err = member_settled(m, NULL, &one);
		if (err != CONSIGN_OK)
			broken(s, "settlements: %s", consign_err_text(err));
		settled_one(s, &one, settled->settlements.v[i]);
	}
	s->cursor = settled->cursor;
	m->is_late = is_late;
	return err;
}
