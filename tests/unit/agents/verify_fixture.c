/* Deliveries to bolt's agent (verify_fixture.h). */
#include "verify_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

int
verify_setup(void **state)
{
	struct fixture *t = calloc(1, sizeof *t);

	hub_fixture_begin(&t->f, 1, 1);
	hub_fixture_standard(&t->f);
	t->agent.hub = hub_fixture_hub(&t->f, false);
	t->agent.hub_id = t->f.hub_id;
	snprintf(t->agent.org.s, sizeof t->agent.org.s, "bolt");
	assert_int_equal(arena_new(1 << 22, &t->arena), CONSIGN_OK);
	*state = t;
	return 0;
}

int
verify_teardown(void **state)
{
	struct fixture *t = *state;

	hub_free(&t->agent.hub);
	arena_free(&t->arena);
	hub_fixture_end(&t->f);
	free(t);
	return 0;
}

void
learn(struct fixture *t)
{
	fixture_publish_all(&t->f);
	assert_int_equal(
	    fixture_take(&t->f, t->agent.hub, fixture_all(&t->f, hub_checkpoint(t->agent.hub)->size), HUB_PROVEN), CONSIGN_OK);
}

void
leave_study(struct fixture *t)
{
	static const char without_us[] = "studies:\n"
					 "  - id: one\n"
					 "    parties:\n"
					 "      - {org: acme, roles: [sponsor], clearance: unblinded}\n"
					 "      - {org: cora, roles: [site]}\n"
					 "rules:\n"
					 "  - {id: notes, permit: [x.note]}\n";

	fixture_policy(&t->f, without_us, FIXTURE_ALL_SIGN);
	fixture_root(&t->f, FIXTURE_ALL_SIGN);
}

void
write_manifest(struct fixture *t, struct delivery *d)
{
	static const char *const to[] = {"bolt"};

	*d = (struct delivery){.t = t, .body = fixture_body()};
	d->m = fixture_manifest(&t->f, "acme", "one", "x.note", CONSIGN_LABEL_OPEN, to, 1);
}

void
write_record(struct delivery *d)
{
	d->sm = fixture_sign_manifest(&d->t->f, d->m);
	d->frame = fixture_encode(&d->t->f, &wire_signed_manifest, d->sm);
	mailbox_genesis(&d->t->f.hub_id, "bolt", &d->opening.previous);
	snprintf(d->opening.org.s, sizeof d->opening.org.s, "bolt");
	d->opening.position = 1;
	d->accepted = (struct accepted_record){.consignor = d->m->consignor,
	    .consignment_id = d->m->consignment_id,
	    .attempt = d->m->attempt,
	    .root = fixture_ref(&d->t->f, fixture_newest(&d->t->f.roots)),
	    .card = fixture_ref(&d->t->f, &d->t->f.cards.v[0])};
	hash_sha256(d->sm->manifest, &d->accepted.manifest_digest);
	d->accepted.mailboxes.v = arena_alloc(d->t->arena, sizeof *d->accepted.mailboxes.v);
	mailbox_commitment(&d->t->f.hub_id, &d->opening, &d->accepted.mailboxes.v[0]);
	d->accepted.mailboxes.n = 1;
	d->record = (struct ledger_record){.format = 1, .at_us = FIXTURE_NOW_US, .accepted = &d->accepted};
}

void
state_it(struct delivery *d, const struct ledger_record *record, struct statement *s)
{
	*s = (struct statement){.leaf = fixture_leaf(&d->t->f, record), .has_place = 1};
}

void
sign_unplaced(struct delivery *d, struct statement *s)
{
	struct consign_hash entry;

	tree_entry(&s->leaf->salt, s->leaf->record, &entry);
	statement_sign(d->t->f.receipt, &d->t->f.hub_id, &entry, &d->signature);
	s->signature = SLICE_ARRAY(d->signature.b);
	s->leaf->index = 0;
	s->has_place = 0;
	s->path = NULL;
}

void
prove(struct delivery *d)
{
	struct mailbox_opening **openings = arena_alloc(d->t->arena, sizeof *openings);

	openings[0] = &d->opening;
	d->statement.openings.v = openings;
	d->statement.openings.n = 1;
	d->statement.path = fixture_path(&d->t->f, d->statement.leaf->index);
	if (d->tombstone.leaf != NULL) {
		d->tombstone.path = fixture_path(&d->t->f, d->tombstone.leaf->index);
		d->d.tombstone = &d->tombstone;
	}
	d->d.position = 1;
	d->d.statement = &d->statement;
	d->checkpoint = fixture_checkpoint(&d->t->f);
	d->d.seen = d->m->seen->checkpoint != NULL ? fixture_consistency(&d->t->f, d->m->seen->checkpoint->size) : NULL;
}

void
verify_it(struct delivery *d, struct verified *v)
{
	assert_int_equal(verify_delivery(&d->t->agent, &d->d, d->frame, d->body, &d->checkpoint, d->t->arena, v), CONSIGN_OK);
}

void
make_delivery(struct fixture *t, const struct verify_case *c, struct delivery *d)
{
	write_manifest(t, d);
	if (c->manifest != NULL)
		c->manifest(d);
	write_record(d);
	if (c->record != NULL)
		c->record(d);
	state_it(d, &d->record, &d->statement);
	fixture_pass(&t->f, 2);
	prove(d);
	if (c->delivered != NULL)
		c->delivered(d);
}
