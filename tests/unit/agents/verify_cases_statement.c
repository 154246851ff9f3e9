/* Deliveries whose statement, opening, mail or tombstone is another than the ledger proves (verify_fixture.h). */
#include "verify_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void
statement_altered(struct delivery *d)
{
	d->statement.leaf->salt.b[0] ^= 1;
}

static void
statement_at_another_place(struct delivery *d)
{
	d->statement.leaf->index--;
}

static void
statement_without_place(struct delivery *d)
{
	d->statement.has_place = 0;
}

static void
statement_signed_without_place(struct delivery *d)
{
	sign_unplaced(d, &d->statement);
}

static void
statement_signed_with_a_place(struct delivery *d)
{
	d->statement.signature = SLICE_ARRAY(d->signature.b);
}

static void
path_to_elsewhere(struct delivery *d)
{
	d->statement.path->path.v[0].b[0] ^= 1;
}

static void
older_checkpoint(struct delivery *d)
{
	fixture_pass(&d->t->f, 1);
	d->checkpoint = fixture_checkpoint(&d->t->f);
}

static void
record_of_a_refusal(struct delivery *d)
{
	static struct verdict verdict;
	static struct verdict *verdicts[] = {&verdict};
	struct refused_record *r = arena_alloc(d->t->arena, sizeof *r);

	verdict.code = CONSIGN_CODE_EXPIRED;
	*r = (struct refused_record){.consignor = d->m->consignor,
	    .consignment_id = d->m->consignment_id,
	    .attempt = 1,
	    .root = d->accepted.root,
	    .verdicts = {verdicts, 1}};
	d->record.accepted = NULL;
	d->record.refused = r;
}

static void
opening_of_another_org(struct delivery *d)
{
	snprintf(d->opening.org.s, sizeof d->opening.org.s, "cora");
}

static void
opening_of_another_position(struct delivery *d)
{
	d->opening.position = 2;
	d->d.position = 2;
}

static void
position_other_than_the_opening(struct delivery *d)
{
	d->d.position = 2;
}

static void
no_opening(struct delivery *d)
{
	d->statement.openings.n = 0;
}

static void
other_manifest(struct delivery *d)
{
	d->m->random.b[0] ^= 1;
	d->frame = fixture_encode(&d->t->f, &wire_signed_manifest, fixture_sign_manifest(&d->t->f, d->m));
}

static void
malformed_manifest(struct delivery *d)
{
	d->frame.len--;
}

static void
other_body(struct delivery *d)
{
	d->body = slice_text("other bytes altogether");
}

static void
record_of_another_attempt(struct delivery *d)
{
	d->accepted.attempt = 2;
}

static void
record_of_another_id(struct delivery *d)
{
	d->accepted.consignment_id.b[15] ^= 1;
}

static void
record_of_another_consignor(struct delivery *d)
{
	snprintf(d->accepted.consignor.s, sizeof d->accepted.consignor.s, "cora");
}

static void
addressed_to_another(struct delivery *d)
{
	snprintf(d->m->consignees.v[0]->org.s, sizeof d->m->consignees.v[0]->org.s, "cora");
}

static void
for_another_hub(struct delivery *d)
{
	d->m->hub_id.b[0] ^= 1;
}

static void
bury(struct delivery *d, const char *consignee, uint64_t position)
{
	struct retention_record r = {.consignor = d->m->consignor,
	    .consignment_id = d->m->consignment_id,
	    .position = position,
	    .reason = RETENTION_EXPIRED};
	struct ledger_record record = {.format = 1, .at_us = FIXTURE_NOW_US, .retention = &r};

	snprintf(r.consignee.s, sizeof r.consignee.s, "%s", consignee);
	state_it(d, &record, &d->tombstone);
	prove(d);
	d->frame = d->body = (struct consign_slice){0};
}

static void
buried(struct delivery *d)
{
	bury(d, "bolt", 1);
}

static void
buried_for_another(struct delivery *d)
{
	bury(d, "cora", 1);
}

static void
buried_elsewhere(struct delivery *d)
{
	bury(d, "bolt", 2);
}

static void
buried_without_proof(struct delivery *d)
{
	bury(d, "bolt", 1);
	d->tombstone.path->path.v[0].b[0] ^= 1;
}

static void
buried_by_a_signature(struct delivery *d)
{
	bury(d, "bolt", 1);
	sign_unplaced(d, &d->tombstone);
}

static void
buried_by_the_acceptance(struct delivery *d)
{
	d->d.tombstone = &d->statement;
}

const struct verify_case verify_cases_statement[] = {
    {"a good delivery", NULL, NULL, NULL, VERIFY_TAKE, 0},
    {"a statement that was altered", NULL, NULL, statement_altered, VERIFY_ACCUSE, 0},
    {"a statement at another place", NULL, NULL, statement_at_another_place, VERIFY_ACCUSE, 0},
    {"a statement without place", NULL, NULL, statement_without_place, VERIFY_ACCUSE, 0},
    {"a statement without place, signed", NULL, NULL, statement_signed_without_place, VERIFY_ACCUSE, 0},
    {"a statement with place and signature", NULL, NULL, statement_signed_with_a_place, VERIFY_ACCUSE, 0},
    {"a path that leads elsewhere", NULL, NULL, path_to_elsewhere, VERIFY_ACCUSE, 0},
    {"a path to another checkpoint", NULL, NULL, older_checkpoint, VERIFY_ACCUSE, 0},
    {"a refusal in place of an acceptance", NULL, record_of_a_refusal, NULL, VERIFY_ACCUSE, 0},
    {"an opening of another org", NULL, NULL, opening_of_another_org, VERIFY_ACCUSE, 0},
    {"an opening of another position", NULL, NULL, opening_of_another_position, VERIFY_ACCUSE, 0},
    {"a position that is not the opening's", NULL, NULL, position_other_than_the_opening, VERIFY_ACCUSE, 0},
    {"no opening", NULL, NULL, no_opening, VERIFY_ACCUSE, 0},
    {"another manifest", NULL, NULL, other_manifest, VERIFY_ACCUSE, 0},
    {"a malformed manifest", NULL, NULL, malformed_manifest, VERIFY_ACCUSE, 0},
    {"another body", NULL, NULL, other_body, VERIFY_ACCUSE, 0},
    {"an acceptance of another attempt", NULL, record_of_another_attempt, NULL, VERIFY_ACCUSE, 0},
    {"an acceptance of another id", NULL, record_of_another_id, NULL, VERIFY_ACCUSE, 0},
    {"an acceptance of another consignor", NULL, record_of_another_consignor, NULL, VERIFY_ACCUSE, 0},
    {"mail addressed to another", addressed_to_another, NULL, NULL, VERIFY_ACCUSE, 0},
    {"mail for another hub", for_another_hub, NULL, NULL, VERIFY_ACCUSE, 0},
    {"a tombstone", NULL, NULL, buried, VERIFY_TAKE, 0},
    {"a tombstone of another's mail", NULL, NULL, buried_for_another, VERIFY_ACCUSE, 0},
    {"a tombstone of other mail", NULL, NULL, buried_elsewhere, VERIFY_ACCUSE, 0},
    {"a tombstone without proof", NULL, NULL, buried_without_proof, VERIFY_ACCUSE, 0},
    {"a tombstone without place, signed", NULL, NULL, buried_by_a_signature, VERIFY_ACCUSE, 0},
    {"an acceptance as tombstone", NULL, NULL, buried_by_the_acceptance, VERIFY_ACCUSE, 0},
    {NULL, NULL, NULL, NULL, VERIFY_TAKE, 0},
};
