/* The steps of the acceptance rule, in order; the first that fails decides. */
#include "verify.h"

#include <stdio.h>
#include <string.h>

#include "core/limits.h"
#include "wire/body.h"

struct checking {
	const struct agent *a;
	const struct session_deliver *d;
	struct consign_slice manifest_frame;
	struct consign_slice body;
	const struct checkpoint *checkpoint;
	struct arena *arena;
	struct verified *v;
	const struct hub_root *root; /* in force at the leaf */
	const struct hub_card *card; /* the consignor's, in force at the leaf */
	const struct signed_manifest *sm;
	enum consign_err err; /* our own trouble: then nothing is decided */
};

/* Each step answers true to go on; else it has filled in the outcome. */
static bool
end(struct checking *c, enum verify_outcome outcome, enum consign_code code, const char *why)
{
	c->v->outcome = outcome;
	c->v->code = code;
	snprintf(c->v->why, sizeof c->v->why, "%s", why);
	return false;
}

/* Whether it is our own trouble, which is nobody's fault and no outcome. */
static bool
is_trouble(struct checking *c, enum consign_err err)
{
	if (consign_err_class(err) != CONSIGN_CLASS_OURS)
		return false;
	c->err = err;
	return true;
}

static bool
accuse_broker(struct checking *c, const char *why)
{
	return end(c, VERIFY_ACCUSE, CONSIGN_CODE_NONE, why);
}

static bool
hold_for_root(struct checking *c, uint64_t version, bool have_root)
{
	if (have_root)
		c->v->fetch.root_version = version;
	else
		c->v->fetch.root_after = hub_root(c->a->hub) != NULL ? hub_root(c->a->hub)->root->version : 0;
	return end(c, VERIFY_HOLD, CONSIGN_CODE_NONE, "documents that were in force are not here yet");
}

/* (a) the acceptance is in the ledger that we follow. */
static bool
check_statement(struct checking *c)
{
	struct ledger_record *record;
	enum consign_err err = statement_verify(c->d->statement, c->checkpoint, c->arena, &record, &c->v->entry);

	if (is_trouble(c, err))
		return false;
	if (err != CONSIGN_OK || record->accepted == NULL)
		return accuse_broker(c, "a delivery whose acceptance is not proven by the ledger");
	c->v->accepted = record->accepted;
	c->v->leaf = c->d->statement->leaf->index;
	c->v->accepted_us = record->at_us;
	return true;
}

/* Our mailbox entry is bound by the leaf. Which commitment is ours follows from the manifest; any match will do. */
static bool
check_opening(struct checking *c)
{
	const struct statement *st = c->d->statement;
	struct consign_hash commitment;

	if (st->openings.n != 1 || strcmp(st->openings.v[0]->org.s, c->a->org.s) != 0 || st->openings.v[0]->position != c->d->position)
		return accuse_broker(c, "a delivery without the opening of its mailbox entry");
	mailbox_commitment(&c->a->hub_id, st->openings.v[0], &commitment);
	for (size_t i = 0; i < c->v->accepted->mailboxes.n; i++)
		if (hash_equal(&c->v->accepted->mailboxes.v[i], &commitment)) {
			c->v->opening = st->openings.v[0];
			c->v->my_place = i;
			return true;
		}
	return accuse_broker(c, "a delivery at a mailbox position that its acceptance does not bind");
}

static bool
check_tombstone(struct checking *c)
{
	struct ledger_record *record;
	struct consign_hash entry;
	enum consign_err err = statement_verify(c->d->tombstone, c->checkpoint, c->arena, &record, &entry);
	const struct accepted_record *accepted = c->v->accepted;

	if (is_trouble(c, err))
		return false;
	if (err != CONSIGN_OK || record->retention == NULL || record->retention->position != c->d->position
	    || strcmp(record->retention->consignee.s, c->a->org.s) != 0 || strcmp(record->retention->consignor.s, accepted->consignor.s) != 0
	    || memcmp(record->retention->consignment_id.b, accepted->consignment_id.b, sizeof accepted->consignment_id.b) != 0)
		return accuse_broker(c, "a tombstone that is not proven, or of other mail");
	c->v->tombstone = record->retention;
	return end(c, VERIFY_TAKE, CONSIGN_CODE_NONE, "");
}

/* Manifest and body are those that were accepted: else the broker's store or the broker is at fault, not the consignor. */
static bool
check_content(struct checking *c)
{
	struct signed_manifest *sm;
	struct manifest *m;
	struct consign_hash digest, body;

	enum consign_err err = signed_manifest_decode(c->manifest_frame, c->arena, &sm);

	if (is_trouble(c, err))
		return false;
	if (err != CONSIGN_OK)
		return accuse_broker(c, "a delivered manifest that is malformed: the broker accepted another");
	hash_sha256(sm->manifest, &digest);
	err = manifest_decode(sm->manifest, c->arena, &m);
	if (is_trouble(c, err))
		return false;
	if (!hash_equal(&digest, &c->v->accepted->manifest_digest) || err != CONSIGN_OK)
		return accuse_broker(c, "a delivered manifest that is not the accepted one");
	hash_sha256(c->body, &body);
	if (c->body.len != m->body_bytes || !hash_equal(&body, &m->body_digest))
		return accuse_broker(c, "a delivered body that is not the one in the manifest");
	if (strcmp(m->consignor.s, c->v->accepted->consignor.s) != 0
	    || memcmp(m->consignment_id.b, c->v->accepted->consignment_id.b, sizeof m->consignment_id.b) != 0
	    || memcmp(m->hub_id.b, c->a->hub_id.b, sizeof m->hub_id.b) != 0 || m->attempt != c->v->accepted->attempt)
		return accuse_broker(c, "an acceptance that speaks of another consignment than it binds");
	if (c->v->my_place >= m->consignees.n || strcmp(m->consignees.v[c->v->my_place]->org.s, c->a->org.s) != 0)
		return accuse_broker(c, "mail that is not addressed to this organisation at the place that its acceptance binds");
	if (!verify_is_dated_well(m->created_us, m->expires_us, c->v->accepted_us))
		return accuse_broker(c, "an acceptance dated before its manifest was made, or after it had expired");
	c->sm = sm;
	c->v->manifest = m;
	return true;
}

bool
verify_is_dated_well(uint64_t created_us, uint64_t expires_us, uint64_t accepted_us)
{
	return accepted_us + CONSIGN_CLOCK_SKEW_MAX_US >= created_us && accepted_us <= expires_us + CONSIGN_CLOCK_SKEW_MAX_US;
}

/*
 * Whether the slices held of these versions can decide about this mail. An honest broker brings, and accepts, nothing else: a
 * study that is not there, rules or a consignor that are not there were left out of the slice, or come late.
 */
static bool
is_whole(const struct hub_policy *p, const struct hub_directory *directory, const struct manifest *m)
{
	bool has_rules = false, has_study = false;

	for (size_t i = 0; i < p->n_parts; i++) {
		has_rules = has_rules || p->parts[i]->common != NULL;
		has_study = has_study || (p->parts[i]->study != NULL && strcmp(p->parts[i]->study->id.s, m->study.s) == 0);
	}
	return has_rules && has_study && hub_member(directory, m->consignor.s) != NULL;
}

/* (b) the versions in the acceptance are those in force at its leaf. */
static bool
check_in_force(struct checking *c)
{
	const struct document_ref *ref = c->v->accepted->root;
	const struct hub_root *root = hub_root_at(c->a->hub, ref->version);
	const struct hub_root *in_force = hub_root_in_force(c->a->hub, c->v->leaf);

	if (root == NULL)
		return hold_for_root(c, ref->version, false);
	if (!hash_equal(&root->hash, &ref->hash))
		return accuse_broker(c, "an acceptance under a root that differs from the one verified here: two histories");
	if (in_force != root)
		return accuse_broker(c, "an acceptance under documents that were not in force at its leaf");
	if (root->root->directory == NULL)
		return accuse_broker(c, "an acceptance under a root that names no directory");
	const struct hub_directory *directory = hub_directory_at(c->a->hub, root->root->directory->version);
	const struct hub_policy *policy = hub_policy_at(c->a->hub, root->root->policy->version);

	if (directory == NULL || policy == NULL || !is_whole(policy, directory, c->v->manifest))
		return hold_for_root(c, ref->version, true);
	const struct member *consignor = hub_member(directory, c->v->manifest->consignor.s);

	if (consignor->status != MEMBER_ACTIVE)
		return accuse_broker(c, "mail of an organisation that was not active when it was accepted: the broker must not have accepted it");
	c->root = root;
	return true;
}

static bool
check_card(struct checking *c)
{
	const struct document_ref *ref = c->v->accepted->card;
	const char *org = c->v->manifest->consignor.s;
	const struct hub_card *card = hub_card_at(c->a->hub, org, ref->version);

	if (card == NULL) {
		memcpy(c->v->fetch.card_org, org, strlen(org) + 1);
		c->v->fetch.card_version = ref->version;
		return end(c, VERIFY_HOLD, CONSIGN_CODE_NONE, "the consignor's card that was in force is not here yet");
	}
	if (!hash_equal(&card->hash, &ref->hash) || hub_card_in_force(c->a->hub, org, c->v->leaf) != card)
		return accuse_broker(c, "an acceptance under a card that was not in force at its leaf");
	c->card = card;
	c->v->consignor_identity = card->card->identity_key;
	return true;
}

static bool
check_signature(struct checking *c)
{
	const struct valid_key *key = card_signing_key(c->card->card, &c->v->manifest->signing_key_id);

	if (key == NULL || sign_verify(&key->key, SIGN_MANIFEST, &c->a->hub_id, c->sm->manifest, &c->sm->signature) != CONSIGN_OK)
		return accuse_broker(c, "mail whose manifest is not signed by its consignor: the broker must not have accepted it");
	return true;
}

/* (c) what the consignor had seen is part of our history. */
static bool
check_seen(struct checking *c)
{
	const struct seen *seen = c->v->manifest->seen;
	const struct hub_root *root = hub_root_at(c->a->hub, seen->root->version);

	if (seen->root->version > c->root->root->version)
		return accuse_broker(c, "a manifest that had seen newer documents than it was accepted under");
	if (root == NULL || !hash_equal(&root->hash, &seen->root->hash))
		return accuse_broker(c, "the consignor has verified another root than we have: two histories");
	if (seen->checkpoint == NULL)
		return true;
	if (c->d->seen == NULL
	    || tree_verify_consistency(seen->checkpoint->size, &seen->checkpoint->hash, c->checkpoint->size, &c->checkpoint->head,
	           c->d->seen->path.v, c->d->seen->path.n) != CONSIGN_OK)
		return accuse_broker(c, "the consignor has verified a ledger that is not a beginning of ours: two histories");
	return true;
}

/* (d) the policy in force permitted each item; (e) what is newest now does not forbid its arrival. */
static bool
check_policy(struct checking *c)
{
	const struct hub_policy *then = hub_policy_at(c->a->hub, c->root->root->policy->version), *now = hub_policy(c->a->hub);
	const struct member *consignor = hub_member(hub_directory(c->a->hub), c->v->manifest->consignor.s);
	const struct member *me = hub_member(hub_directory(c->a->hub), c->a->org.s);
	const struct manifest *m = c->v->manifest;
	struct policy_verdict verdict;
	uint64_t sizes[CONSIGN_BUNDLE_MAX_ITEMS];
	enum consign_label clearance;

	body_sizes(c->body, m->consignees.n, m->items.n, sizes);
	for (size_t i = 0; i < m->items.n; i++) {
		struct policy_question q = {.consignor = m->consignor.s, .consignee = c->a->org.s, .study = m->study.s,
		    .type = m->items.v[i]->type.s, .label = (enum consign_label)m->label, .at_us = c->v->accepted_us, .bytes = sizes[i]};

		/* Items of one type and size in a row are one question. */
		if (i == 0 || strcmp(q.type, m->items.v[i - 1]->type.s) != 0 || sizes[i] != sizes[i - 1])
			policy_decide(then->policy, &q, &verdict);
		c->v->item_codes[i] = verdict.code;
	}
	if ((consignor != NULL && consignor->status == MEMBER_COMPROMISED && c->v->leaf >= consignor->compromised_since)
	    || (me != NULL && me->status == MEMBER_COMPROMISED))
		return end(c, VERIFY_REJECT, CONSIGN_CODE_COMPROMISED, "the directory calls a party compromised");
	/* Who is no party any more has no clearance: what was accepted before still comes when it is open, and nothing above. */
	if (now != NULL && !policy_clearance(now->policy, m->study.s, c->a->org.s, &clearance))
		clearance = CONSIGN_LABEL_OPEN;
	if (now != NULL && clearance < (enum consign_label)m->label)
		return end(c, VERIFY_REJECT, CONSIGN_CODE_CLEARANCE, "this organisation's clearance no longer covers the label");
	return end(c, VERIFY_TAKE, CONSIGN_CODE_NONE, "");
}

enum consign_err
verify_delivery(const struct agent *a, const struct session_deliver *d, struct consign_slice manifest, struct consign_slice body,
    const struct checkpoint *checkpoint, struct arena *arena, struct verified *ret_verified)
{
	struct checking c = {.a = a, .d = d, .manifest_frame = manifest, .body = body, .checkpoint = checkpoint, .arena = arena, .v = ret_verified};

	memset(ret_verified, 0, sizeof *ret_verified);
	ret_verified->signed_manifest = manifest;
	if (!check_statement(&c) || !check_opening(&c))
		return c.err;
	if (d->tombstone != NULL) {
		check_tombstone(&c);
		return c.err;
	}
	if (check_content(&c) && check_in_force(&c) && check_card(&c) && check_signature(&c) && check_seen(&c))
		check_policy(&c);
	return c.err;
}
