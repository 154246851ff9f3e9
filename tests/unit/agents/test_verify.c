/* The acceptance rule (PROTOCOL.md 7.7): one row an outcome, each a good delivery with one thing changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hub_fixture.h"
#include "verify.h"

/* bolt's agent, which is given mail from acme. */
struct fixture {
	struct hub_fixture f;
	struct agent agent;
	struct arena *arena;
};

/* Made in this order; a case changes what it is about, then the rest is made from it. */
struct delivery {
	struct fixture *t;
	struct manifest *m;
	struct signed_manifest *sm;
	struct consign_slice body;
	struct accepted_record accepted;
	struct ledger_record record;
	struct mailbox_opening opening;
	struct statement statement;
	struct statement tombstone;
	struct consign_signature signature;
	struct session_deliver d;
	struct consign_slice frame;
	struct checkpoint checkpoint;
};

static int
setup(void **state)
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

static int
teardown(void **state)
{
	struct fixture *t = *state;

	hub_free(&t->agent.hub);
	arena_free(&t->arena);
	hub_fixture_end(&t->f);
	free(t);
	return 0;
}

static void
learn(struct fixture *t)
{
	fixture_publish_all(&t->f);
	assert_int_equal(
	    fixture_take(&t->f, t->agent.hub, fixture_all(&t->f, hub_checkpoint(t->agent.hub)->size), HUB_PROVEN), CONSIGN_OK);
}

static void
write_manifest(struct fixture *t, struct delivery *d)
{
	static const char *const to[] = {"bolt"};

	*d = (struct delivery){.t = t, .body = fixture_body()};
	d->m = fixture_manifest(&t->f, "acme", "one", "x.note", CONSIGN_LABEL_OPEN, to, 1);
}

static void
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

static void
state_it(struct delivery *d, const struct ledger_record *record, struct statement *s)
{
	*s = (struct statement){.leaf = fixture_leaf(&d->t->f, record), .has_place = 1};
}

/* Takes its place away and has it signed, as a refusal may be. */
static void
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

static void
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

/* The places where a case may put its hand in. */
struct verify_case {
	const char *name;
	void (*manifest)(struct delivery *d); /* before it is signed */
	void (*record)(struct delivery *d);   /* before it becomes a leaf */
	void (*delivered)(struct delivery *d);
	enum verify_outcome outcome;
	enum consign_code code;
};

static void
check(struct delivery *d, struct verified *v)
{
	assert_int_equal(verify_delivery(&d->t->agent, &d->d, d->frame, d->body, &d->checkpoint, d->t->arena, v), CONSIGN_OK);
}

static void
make(struct fixture *t, const struct verify_case *c, struct delivery *d)
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

static void
seen_nothing(struct delivery *d)
{
	d->m->seen->checkpoint = NULL;
}

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
root_not_here(struct delivery *d)
{
	d->accepted.root->version = 3;
}

static void
another_root(struct delivery *d)
{
	d->accepted.root->hash.b[0] ^= 1;
}

static void
root_no_longer_in_force(struct delivery *d)
{
	d->accepted.root = fixture_ref(&d->t->f, fixture_at(&d->t->f.roots, 1));
}

static void
card_not_here(struct delivery *d)
{
	d->accepted.card->version = 2;
}

static void
another_card(struct delivery *d)
{
	d->accepted.card->hash.b[0] ^= 1;
}

static void
card_no_longer_in_force(struct delivery *d)
{
	fixture_card(&d->t->f, "acme");
	learn(d->t);
}

static void
unsigned_manifest(struct delivery *d)
{
	d->sm->signature.b[0] ^= 1;
	d->frame = fixture_encode(&d->t->f, &wire_signed_manifest, d->sm);
}

static void
key_of_no_card(struct delivery *d)
{
	d->m->signing_key_id.b[0] ^= 1;
}

static void
seen_a_newer_root(struct delivery *d)
{
	d->m->seen->root->version = 3;
}

static void
seen_another_root(struct delivery *d)
{
	d->m->seen->root->hash.b[0] ^= 1;
}

static void
seen_another_ledger(struct delivery *d)
{
	d->m->seen->checkpoint->hash.b[0] ^= 1;
}

static void
no_path_from_seen(struct delivery *d)
{
	d->d.seen = NULL;
}

static void
change_member(struct fixture *t, const char *org, enum member_status status, uint64_t since)
{
	fixture_org(&t->f, org)->member.status = status;
	fixture_org(&t->f, org)->member.compromised_since = since;
	fixture_directory(&t->f, FIXTURE_ALL_SIGN);
	fixture_root(&t->f, FIXTURE_ALL_SIGN);
	learn(t);
}

/* After the acceptance: proofs and checkpoint are made anew, since the ledger has grown. */
static void
consignor_compromised(struct delivery *d)
{
	change_member(d->t, "acme", MEMBER_COMPROMISED, d->statement.leaf->index);
	prove(d);
}

static void
consignor_compromised_later(struct delivery *d)
{
	change_member(d->t, "acme", MEMBER_COMPROMISED, d->statement.leaf->index + 1);
	prove(d);
}

static void
we_are_compromised(struct delivery *d)
{
	change_member(d->t, "bolt", MEMBER_COMPROMISED, 1);
	prove(d);
}

static void
consignor_suspended(struct delivery *d)
{
	change_member(d->t, "acme", MEMBER_SUSPENDED, 0);
	prove(d);
}

/* Before the acceptance: the directory in force at its leaf. */
static void
accepted_though_suspended(struct delivery *d)
{
	change_member(d->t, "acme", MEMBER_SUSPENDED, 0);
}

static void
accepted_though_compromised(struct delivery *d)
{
	change_member(d->t, "acme", MEMBER_COMPROMISED, 1);
}

static void
dated_before(struct delivery *d)
{
	d->record.at_us = d->m->created_us - CONSIGN_CLOCK_SKEW_MAX_US - 1;
}

static void
dated_just_before(struct delivery *d)
{
	d->record.at_us = d->m->created_us - CONSIGN_CLOCK_SKEW_MAX_US;
}

static void
dated_after(struct delivery *d)
{
	d->record.at_us = d->m->expires_us + CONSIGN_CLOCK_SKEW_MAX_US + 1;
}

static void
dated_just_after(struct delivery *d)
{
	d->record.at_us = d->m->expires_us + CONSIGN_CLOCK_SKEW_MAX_US;
}

static void
restricted(struct delivery *d)
{
	d->m->label = CONSIGN_LABEL_RESTRICTED;
}

static void
clearance_lowered(struct delivery *d)
{
	static const char lower[] = "studies:\n"
				    "  - id: one\n"
				    "    title: First\n"
				    "    parties:\n"
				    "      - {org: acme, roles: [sponsor], clearance: unblinded}\n"
				    "      - {org: bolt, roles: [cro], clearance: open}\n"
				    "rules:\n"
				    "  - {id: notes, permit: [x.note]}\n";

	fixture_policy(&d->t->f, lower, FIXTURE_ALL_SIGN);
	fixture_root(&d->t->f, FIXTURE_ALL_SIGN);
	learn(d->t);
	prove(d);
}

static const char without_us[] = "studies:\n"
				 "  - id: one\n"
				 "    parties:\n"
				 "      - {org: acme, roles: [sponsor], clearance: unblinded}\n"
				 "      - {org: cora, roles: [site]}\n"
				 "rules:\n"
				 "  - {id: notes, permit: [x.note]}\n";

static void
no_party_any_more(struct delivery *d)
{
	fixture_policy(&d->t->f, without_us, FIXTURE_ALL_SIGN);
	fixture_root(&d->t->f, FIXTURE_ALL_SIGN);
	learn(d->t);
	prove(d);
}

/* The broker names a root that comes into force only behind the acceptance. */
static void
root_of_later(struct delivery *d)
{
	struct document_ref *ref;

	fixture_policy(&d->t->f, without_us, FIXTURE_ALL_SIGN);
	fixture_root(&d->t->f, FIXTURE_ALL_SIGN);
	ref = fixture_ref(&d->t->f, fixture_newest(&d->t->f.roots));
	d->accepted.root = ref;
}

static void
learn_of_later(struct delivery *d)
{
	learn(d->t);
	prove(d);
}

/* What the agent has of the newest directory and policy, without the part at a place; the rest of what it has stays. */
static void
forget_part(struct fixture *t, bool is_policy, size_t place)
{
	struct session_documents *all = fixture_all(&t->f, 0);
	struct sliced_bundle *b = is_policy ? all->policies.v[0] : all->directories.v[0];

	b->parts.v[place] = b->parts.v[--b->parts.n];
	all->cards.n = is_policy ? all->cards.n : 0;
	hub_free(&t->agent.hub);
	assert_int_equal(hub_new(&t->f.hub_id, false, &t->agent.hub), CONSIGN_OK);
	assert_int_equal(fixture_take(&t->f, t->agent.hub, all, HUB_PROVEN), CONSIGN_OK);
	b->parts.n++; /* the fixture's own */
}

static void
rules_not_here(struct delivery *d)
{
	forget_part(d->t, true, 0);
}

static void
study_not_here(struct delivery *d)
{
	forget_part(d->t, true, 1);
}

static void
another_study_not_here(struct delivery *d)
{
	forget_part(d->t, true, 2);
}

static void
consignor_not_here(struct delivery *d)
{
	forget_part(d->t, false, 0);
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

static const struct verify_case cases[] = {
    {"a good delivery", NULL, NULL, NULL, VERIFY_TAKE, 0},
    {"before any checkpoint was seen", seen_nothing, NULL, NULL, VERIFY_TAKE, 0},
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
    {"a root that is not here", NULL, root_not_here, NULL, VERIFY_HOLD, 0},
    {"another root", NULL, another_root, NULL, VERIFY_ACCUSE, 0},
    {"a root no longer in force", NULL, root_no_longer_in_force, NULL, VERIFY_ACCUSE, 0},
    {"a root that came into force later", NULL, root_of_later, learn_of_later, VERIFY_ACCUSE, 0},
    {"a policy without its rules", NULL, NULL, rules_not_here, VERIFY_HOLD, 0},
    {"a policy without this study", NULL, NULL, study_not_here, VERIFY_HOLD, 0},
    {"a policy without another study", NULL, NULL, another_study_not_here, VERIFY_TAKE, 0},
    {"a directory without the consignor", NULL, NULL, consignor_not_here, VERIFY_HOLD, 0},
    {"a card that is not here", NULL, card_not_here, NULL, VERIFY_HOLD, 0},
    {"another card", NULL, another_card, NULL, VERIFY_ACCUSE, 0},
    {"a card no longer in force", NULL, card_no_longer_in_force, NULL, VERIFY_ACCUSE, 0},
    {"a manifest that does not verify", NULL, NULL, unsigned_manifest, VERIFY_ACCUSE, 0},
    {"a signing key of no card", key_of_no_card, NULL, NULL, VERIFY_ACCUSE, 0},
    {"a newer root seen", seen_a_newer_root, NULL, NULL, VERIFY_ACCUSE, 0},
    {"another root seen", seen_another_root, NULL, NULL, VERIFY_ACCUSE, 0},
    {"another ledger seen", seen_another_ledger, NULL, NULL, VERIFY_ACCUSE, 0},
    {"no path from what was seen", NULL, NULL, no_path_from_seen, VERIFY_ACCUSE, 0},
    {"a consignor compromised before", NULL, NULL, consignor_compromised, VERIFY_REJECT, CONSIGN_CODE_COMPROMISED},
    {"a consignor compromised after", NULL, NULL, consignor_compromised_later, VERIFY_TAKE, 0},
    {"a consignor suspended since", NULL, NULL, consignor_suspended, VERIFY_TAKE, 0},
    {"a consignor suspended before", accepted_though_suspended, NULL, NULL, VERIFY_ACCUSE, 0},
    {"a consignor compromised in the directory in force", accepted_though_compromised, NULL, NULL, VERIFY_ACCUSE, 0},
    {"an acceptance dated before the manifest", NULL, dated_before, NULL, VERIFY_ACCUSE, 0},
    {"... as far as clocks may differ", NULL, dated_just_before, NULL, VERIFY_TAKE, 0},
    {"an acceptance dated after the expiry", NULL, dated_after, NULL, VERIFY_ACCUSE, 0},
    {"... as far as clocks may differ", NULL, dated_just_after, NULL, VERIFY_TAKE, 0},
    {"ourselves compromised", NULL, NULL, we_are_compromised, VERIFY_REJECT, CONSIGN_CODE_COMPROMISED},
    {"a clearance that covers", restricted, NULL, NULL, VERIFY_TAKE, 0},
    {"a clearance lowered since", restricted, NULL, clearance_lowered, VERIFY_REJECT, CONSIGN_CODE_CLEARANCE},
    {"no party any more, with open mail", NULL, NULL, no_party_any_more, VERIFY_TAKE, 0},
    {"no party any more, with mail above it", restricted, NULL, no_party_any_more, VERIFY_REJECT, CONSIGN_CODE_CLEARANCE},
    {"a tombstone", NULL, NULL, buried, VERIFY_TAKE, 0},
    {"a tombstone of another's mail", NULL, NULL, buried_for_another, VERIFY_ACCUSE, 0},
    {"a tombstone of other mail", NULL, NULL, buried_elsewhere, VERIFY_ACCUSE, 0},
    {"a tombstone without proof", NULL, NULL, buried_without_proof, VERIFY_ACCUSE, 0},
    {"a tombstone without place, signed", NULL, NULL, buried_by_a_signature, VERIFY_ACCUSE, 0},
    {"an acceptance as tombstone", NULL, NULL, buried_by_the_acceptance, VERIFY_ACCUSE, 0},
};

static void
test_verify_gives_each_outcome_for_its_reason(void **state)
{
	static const char *const words[] = {"take", "reject", "hold", "accuse"};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct verify_case *c = &cases[i];
		struct delivery d;
		struct verified v;
		void *own;

		setup(&own);
		make(own, c, &d);
		check(&d, &v);
		if (v.outcome != c->outcome || v.code != c->code)
			fail_msg("%s: %s %s (%s), not %s", c->name, words[v.outcome], consign_code_text(v.code), v.why,
			    words[c->outcome]);
		assert_int_equal(v.why[0] != '\0', c->outcome != VERIFY_TAKE);
		teardown(&own);
	}
}

static void
test_verify_tells_what_it_found(void **state)
{
	struct fixture *t = *state;
	struct delivery d;
	struct verified v;

	make(t, &cases[0], &d);
	check(&d, &v);
	assert_int_equal(v.leaf, d.statement.leaf->index);
	assert_int_equal(v.my_place, 0);
	assert_ptr_equal(v.opening, &d.opening);
	assert_string_equal(v.manifest->study.s, "one");
	assert_null(v.tombstone);
	assert_int_equal(v.item_codes[0], CONSIGN_CODE_NONE);
	assert_int_equal(v.accepted_us, FIXTURE_NOW_US);
	assert_memory_equal(v.consignor_identity.b, fixture_org(&t->f, "acme")->identity_public.b, 32);
}

static void
test_verify_says_what_to_fetch(void **state)
{
	struct fixture *t = *state;
	struct delivery d;
	struct verified v;

	make(t, &(struct verify_case){.record = root_not_here}, &d);
	check(&d, &v);
	assert_int_equal(v.fetch.root_after, 2);
	assert_int_equal(v.fetch.root_version, 0);
	make(t, &(struct verify_case){.record = card_not_here}, &d);
	check(&d, &v);
	assert_string_equal(v.fetch.card_org, "acme");
	assert_int_equal(v.fetch.card_version, 2);
}

/* The agent joined later and has the newest directory and policy only. */
static void
test_verify_holds_mail_for_an_old_directory_and_policy(void **state)
{
	struct fixture *t = *state;
	struct delivery d;
	struct verified v;

	make(t, &cases[0], &d);
	fixture_directory(&t->f, FIXTURE_ALL_SIGN);
	fixture_root(&t->f, FIXTURE_ALL_SIGN);
	fixture_publish_all(&t->f);
	prove(&d);
	struct session_documents *all = fixture_all(&t->f, 0);

	all->directories.v[0] = all->directories.v[1];
	all->directories.n = 1;
	hub_free(&t->agent.hub);
	assert_int_equal(hub_new(&t->f.hub_id, false, &t->agent.hub), CONSIGN_OK);
	assert_int_equal(fixture_take(&t->f, t->agent.hub, all, HUB_PROVEN), CONSIGN_OK);
	check(&d, &v);
	assert_int_equal(v.outcome, VERIFY_HOLD);
	assert_int_equal(v.fetch.root_version, 2);
	all = fixture_none(&t->f, 0);
	fixture_add_directory(&t->f, all, fixture_at(&t->f.directories, 1));
	assert_int_equal(fixture_take(&t->f, t->agent.hub, all, HUB_PROVEN), CONSIGN_OK);
	check(&d, &v);
	assert_int_equal(v.outcome, VERIFY_TAKE);
}

static void
forbidden(struct delivery *d)
{
	snprintf(d->m->items.v[0]->type.s, sizeof d->m->items.v[0]->type.s, "x.secret");
}

static void
some_forbidden(struct delivery *d)
{
	static const char *const types[] = {"x.note", "x.secret", "x.secret", "x.note", "x.note", "x.secret"};
	const struct manifest_item first = *d->m->items.v[0];

	d->m->items.v = arena_alloc(d->t->arena, 6 * sizeof *d->m->items.v);
	for (uint32_t i = 0; i < 6; i++) {
		d->m->items.v[i] = arena_alloc(d->t->arena, sizeof first);
		*d->m->items.v[i] = first;
		d->m->items.v[i]->index = i;
		snprintf(d->m->items.v[i]->type.s, sizeof first.type.s, "%s", types[i]);
	}
	d->m->items.n = 6;
}

/* What the broker should have refused is rejected item by item. */
static void
test_verify_asks_the_policy_of_each_item(void **state)
{
	struct fixture *t = *state;
	struct delivery d;
	struct verified v;

	make(t, &(struct verify_case){.manifest = forbidden}, &d);
	check(&d, &v);
	assert_int_equal(v.outcome, VERIFY_TAKE);
	assert_int_equal(v.item_codes[0], CONSIGN_CODE_POLICY_FORBIDDEN);
	make(t, &(struct verify_case){.manifest = some_forbidden}, &d);
	check(&d, &v);
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(v.item_codes[i], i == 0 || i == 3 || i == 4 ? CONSIGN_CODE_NONE : CONSIGN_CODE_POLICY_FORBIDDEN);
}

static void
ten_more_microseconds_and_two_blocks(struct policy_rule *rule)
{
	if (rule->effect != POLICY_PERMIT)
		return;
	rule->until_us = FIXTURE_NOW_US + 10;
	rule->max_bytes = 512;
}

static void
of_three_sizes(struct delivery *d)
{
	static const uint32_t sizes[] = {512, 768, 256};

	d->body = fixture_body_of(&d->t->f, sizes, 3);
	fixture_give_body(&d->t->f, d->m, 3, d->body);
}

static void
accepted_in_time(struct delivery *d)
{
	d->record.at_us = FIXTURE_NOW_US + 9;
}

static void
accepted_too_late(struct delivery *d)
{
	d->record.at_us = FIXTURE_NOW_US + 10;
}

/* The time is that of the record, not of the arrival; the sizes are those that the broker saw. */
static void
test_verify_asks_with_the_time_of_acceptance_and_the_size_of_each_item(void **state)
{
	struct fixture *t = *state;
	struct delivery d;
	struct verified v;

	t->f.bend_rule = ten_more_microseconds_and_two_blocks;
	fixture_policy(&t->f, fixture_yaml, FIXTURE_ALL_SIGN);
	fixture_root(&t->f, FIXTURE_ALL_SIGN);
	learn(t);
	make(t, &(struct verify_case){.manifest = of_three_sizes, .record = accepted_in_time}, &d);
	check(&d, &v);
	assert_int_equal(v.outcome, VERIFY_TAKE);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(v.item_codes[i], i == 1 ? CONSIGN_CODE_POLICY_NO_RULE : CONSIGN_CODE_NONE);
	make(t, &(struct verify_case){.manifest = of_three_sizes, .record = accepted_too_late}, &d);
	check(&d, &v);
	assert_int_equal(v.outcome, VERIFY_TAKE);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(v.item_codes[i], CONSIGN_CODE_POLICY_NO_RULE);
}

/* A policy in which our clearance is this; 0: we are no party. */
static void
set_clearance(struct fixture *t, uint32_t clearance)
{
	static const char *const labels[] = {"", "open", "restricted", "unblinded"};
	char yaml[512];
	int n = snprintf(yaml, sizeof yaml,
	    "studies:\n  - id: one\n    parties:\n      - {org: acme, roles: [sponsor], clearance: unblinded}\n"
	    "      - {org: cora, roles: [site]}\n");

	if (clearance > 0)
		n += snprintf(
		    yaml + n, sizeof yaml - (size_t)n, "      - {org: bolt, roles: [cro], clearance: %s}\n", labels[clearance]);
	snprintf(yaml + n, sizeof yaml - (size_t)n, "rules:\n  - {id: notes, permit: [x.note]}\n");
	fixture_policy(&t->f, (const char *)arena_copy(t->f.arena, slice_of(yaml, strlen(yaml) + 1)).data, FIXTURE_ALL_SIGN);
	fixture_root(&t->f, FIXTURE_ALL_SIGN);
	learn(t);
}

/* Whatever a broker delivers: nothing above the clearance of then, nor above that of now, is taken. */
static void
R21_verify_takes_nothing_above_the_clearance_of_then_and_now(void **state)
{
	(void)state;
	for (uint32_t label = CONSIGN_LABEL_OPEN; label <= CONSIGN_LABEL_UNBLINDED; label++)
		for (uint32_t then = CONSIGN_LABEL_OPEN; then <= CONSIGN_LABEL_UNBLINDED; then++)
			for (uint32_t now = 0; now <= CONSIGN_LABEL_UNBLINDED; now++) {
				uint32_t of_now = now == 0 ? CONSIGN_LABEL_OPEN : now;
				struct delivery d;
				struct verified v;
				void *own;

				setup(&own);
				set_clearance(own, then);
				write_manifest(own, &d);
				d.m->label = label;
				write_record(&d);
				state_it(&d, &d.record, &d.statement);
				set_clearance(own, now);
				prove(&d);
				check(&d, &v);
				assert_int_equal(v.outcome == VERIFY_TAKE && v.item_codes[0] == CONSIGN_CODE_NONE,
				    label <= then && label <= of_now);
				assert_int_not_equal(v.outcome, VERIFY_ACCUSE);
				assert_int_not_equal(v.outcome, VERIFY_HOLD);
				if (label > then)
					assert_int_equal(v.item_codes[0], CONSIGN_CODE_CLEARANCE);
				else if (label > of_now)
					assert_int_equal(v.code, CONSIGN_CODE_CLEARANCE);
				teardown(&own);
			}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_verify_gives_each_outcome_for_its_reason),
	    cmocka_unit_test_setup_teardown(test_verify_tells_what_it_found, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_verify_says_what_to_fetch, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_verify_holds_mail_for_an_old_directory_and_policy, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_verify_asks_the_policy_of_each_item, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_verify_asks_with_the_time_of_acceptance_and_the_size_of_each_item, setup, teardown),
	    cmocka_unit_test(R21_verify_takes_nothing_above_the_clearance_of_then_and_now),
	};

	return cmocka_run_group_tests_name("agents/verify", tests, NULL, NULL);
}
