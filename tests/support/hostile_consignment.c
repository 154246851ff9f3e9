/* Lies in a consignment that the broker sees. PROTOCOL.md 7.5. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "hostile.h"

#define SECOND_US UINT64_C(1000000)
#define DAY_US (24 * 3600 * SECOND_US)

static const char *consignee, *outsider;

/* ── before it is signed ── */

static void
anothers_name(struct liar *l, struct draft *d)
{
	(void)l;
	snprintf(d->manifest->consignor.s, sizeof d->manifest->consignor.s, "%s", consignee);
}

static void
anothers_key_id(struct liar *l, struct draft *d)
{
	const struct hub_card *card = hub_card(l->m->agent.hub, consignee);

	if (card != NULL)
		key_id_of(&card->card->signing_keys.v[0]->key, &d->manifest->signing_key_id);
}

static void
another_hub(struct liar *l, struct draft *d)
{
	(void)l;
	d->manifest->hub_id.b[31] ^= 1;
}

static void
tomorrow(struct liar *l, struct draft *d)
{
	(void)l;
	d->manifest->created_us += DAY_US;
}

static void
yesterday(struct liar *l, struct draft *d)
{
	(void)l;
	d->manifest->created_us -= 2 * DAY_US;
	d->manifest->expires_us = d->manifest->created_us + DAY_US;
}

static void
a_root_that_never_was(struct liar *l, struct draft *d)
{
	(void)l;
	d->manifest->seen->root->hash.b[0] ^= 1;
}

static void
the_first_root(struct liar *l, struct draft *d)
{
	const struct hub_root *first = hub_root_at(l->m->agent.hub, 1);

	if (first != NULL)
		*d->manifest->seen->root = (struct document_ref){1, first->hash};
}

static void
another_policy(struct liar *l, struct draft *d)
{
	(void)l;
	d->manifest->seen->policy->hash.b[0] ^= 1;
}

static void
a_root_to_come(struct liar *l, struct draft *d)
{
	(void)l;
	d->manifest->seen->root->version += 1000;
}

static void
a_card_to_come(struct liar *l, struct draft *d)
{
	(void)l;
	d->manifest->seen->card->version += 1000;
}

static void
another_ledger(struct liar *l, struct draft *d)
{
	(void)l;
	if (d->manifest->seen->checkpoint != NULL)
		d->manifest->seen->checkpoint->hash.b[0] ^= 1;
}

static void
a_longer_ledger(struct liar *l, struct draft *d)
{
	(void)l;
	if (d->manifest->seen->checkpoint != NULL)
		d->manifest->seen->checkpoint->size = INT64_MAX;
}

static void
a_seal_key_that_never_was(struct liar *l, struct draft *d)
{
	(void)l;
	d->manifest->consignees.v[0]->seal_key_id.b[0] ^= 1;
}

static void
an_unknown_study(struct liar *l, struct draft *d)
{
	(void)l;
	snprintf(d->manifest->study.s, sizeof d->manifest->study.s, "S9");
}

static void
a_study_of_others(struct liar *l, struct draft *d)
{
	(void)l;
	snprintf(d->manifest->study.s, sizeof d->manifest->study.s, "S2");
}

static void
to_nobody(struct liar *l, struct draft *d)
{
	(void)l;
	snprintf(d->manifest->consignees.v[0]->org.s, sizeof d->manifest->consignees.v[0]->org.s, "nobody");
}

static void
to_an_outsider(struct liar *l, struct draft *d)
{
	(void)l;
	snprintf(d->manifest->consignees.v[0]->org.s, sizeof d->manifest->consignees.v[0]->org.s, "%s", outsider);
}

static void
above_clearance(struct liar *l, struct draft *d)
{
	(void)l;
	d->manifest->label = CONSIGN_LABEL_UNBLINDED;
}

static void
without_a_rule(struct liar *l, struct draft *d)
{
	(void)l;
	snprintf(d->manifest->items.v[0]->type.s, sizeof d->manifest->items.v[0]->type.s, "lab.result");
}

static void
forbidden(struct liar *l, struct draft *d)
{
	(void)l;
	snprintf(d->manifest->items.v[0]->type.s, sizeof d->manifest->items.v[0]->type.s, "x.secret");
}

/* ── after it was signed ── */

static void
an_altered_signature(struct liar *l, struct draft *d)
{
	(void)l;
	d->frame.data[d->frame.len - 1] ^= 1; /* the last field */
}

static void
a_strangers_signature(struct liar *l, struct draft *d)
{
	struct secret *key;
	struct consign_public_key public;

	if (!step(l, sign_keypair(&key, &public), "a key"))
		return;
	(void)step(l, member_sign_by(l->m, key, SIGN_MANIFEST, d), "signing");
	secret_free(&key);
}

static void
a_signature_for_something_else(struct liar *l, struct draft *d)
{
	struct consign_key_id id;

	(void)step(l, member_sign_by(l->m, agent_signing_key(&l->m->agent, &id), SIGN_DELIVERY, d), "signing");
}

static void
another_body(struct liar *l, struct draft *d)
{
	(void)l;
	d->body.data[0] ^= 1;
}

static void
a_longer_body(struct liar *l, struct draft *d)
{
	(void)step(l, buf_append_u8(&d->body, 0), "a body");
}

static void
grow(struct liar *l, struct buf *b, size_t len)
{
	if (!step(l, buf_reserve(b, len), "room"))
		return;
	memset(b->data + b->len, 0, len);
	b->len += len;
}

static void
a_body_over_the_limit(struct liar *l, struct draft *d)
{
	grow(l, &d->body, CONSIGN_BODY_MAX_BYTES + 1 - d->body.len);
}

static void
a_manifest_over_the_limit(struct liar *l, struct draft *d)
{
	grow(l, &d->frame, CONSIGN_MANIFEST_MAX_BYTES);
}

static void
a_manifest_of_garbage(struct liar *l, struct draft *d)
{
	(void)l;
	random_bytes(d->frame.data, d->frame.len);
}

static void
an_empty_manifest(struct liar *l, struct draft *d)
{
	(void)l;
	d->frame.len = 0;
}

/* The manifest's bytes with more behind them, signed. */
static void
sign_with(struct liar *l, struct draft *d, struct consign_slice more)
{
	struct buf bytes = {0};
	struct signed_manifest sm;
	struct consign_key_id id;
	enum consign_err err = manifest_encode(d->manifest, &bytes);

	if (err == CONSIGN_OK)
		err = buf_append(&bytes, more);
	buf_reset(&d->frame);
	if (err == CONSIGN_OK) {
		sm.manifest = buf_slice(&bytes);
		sign_make(agent_signing_key(&l->m->agent, &id), SIGN_MANIFEST, &l->m->agent.hub_id, sm.manifest, &sm.signature);
		err = signed_manifest_encode(&sm, &d->frame);
	}
	(void)step(l, err, "signing");
	buf_clear(&bytes);
}

static void
a_field_that_is_none(struct liar *l, struct draft *d)
{
	static const uint8_t field_31[] = {0xf8, 0x01, 0x01};

	sign_with(l, d, SLICE_ARRAY(field_31));
}

static void
its_consignor_twice(struct liar *l, struct draft *d)
{
	static const uint8_t acme[] = {0x3a, 0x04, 'a', 'c', 'm', 'e'};

	sign_with(l, d, SLICE_ARRAY(acme));
}

/* Each item holds the next, as far as a manifest reaches. */
static void
items_in_items(struct liar *l, struct draft *d)
{
	static uint8_t bytes[30000];
	size_t at = sizeof bytes, inside = 0;

	while (at > 4) {
		size_t n = inside < 0x80 ? 1 : inside < 0x4000 ? 2 : 3;

		for (size_t i = 0; i < n; i++)
			bytes[at - n + i] = (uint8_t)((inside >> (7 * i) & 0x7f) | (i + 1 < n ? 0x80 : 0));
		bytes[at - n - 1] = 0x72; /* items */
		at -= n + 1;
		inside += n + 1;
	}
	sign_with(l, d, slice_of(bytes + at, sizeof bytes - at));
}

/* ── the table ── */

struct consignment_lie {
	const char *name;
	void (*before)(struct liar *l, struct draft *d); /* it is signed; NULL */
	void (*after)(struct liar *l, struct draft *d);  /* it was signed; NULL */
	struct expected expected;
};
#define REFUSED(CODE, DETAIL)                                                                                                    \
	{                                                                                                                        \
		ANSWER_REFUSED, CONSIGN_CODE_##CODE, NULL, DETAIL, true, NULL                                                    \
	}
#define REFUSED_FOR(ORG, CODE, DETAIL)                                                                                           \
	{                                                                                                                        \
		ANSWER_REFUSED, CONSIGN_CODE_##CODE, ORG, DETAIL, true, NULL                                                     \
	}
#define UNPLACED(CODE, DETAIL)                                                                                                   \
	{                                                                                                                        \
		ANSWER_REFUSED, CONSIGN_CODE_##CODE, NULL, DETAIL, false, NULL                                                   \
	}
#define LATER(DETAIL)                                                                                                            \
	{                                                                                                                        \
		ANSWER_TRY_LATER, CONSIGN_CODE_TRY_LATER, NULL, DETAIL, false, NULL                                              \
	}
#define HIM "\1" /* the consignee of the words */
#define OUTSIDER "\2"
static const struct consignment_lie lies[] = {
    {"another's name", anothers_name, NULL,
	UNPLACED(SIGNATURE_BAD, "the manifest names another consignor than this connection's")},
    {"another's key", anothers_key_id, NULL, REFUSED(STALE_DOCUMENT, "the signing key is not in a valid card of the consignor")},
    {"an altered signature", NULL, an_altered_signature, REFUSED(SIGNATURE_BAD, "the manifest's signature does not verify")},
    {"a stranger's signature", NULL, a_strangers_signature, REFUSED(SIGNATURE_BAD, "the manifest's signature does not verify")},
    {"a signature for a delivery", NULL, a_signature_for_something_else,
	REFUSED(SIGNATURE_BAD, "the manifest's signature does not verify")},
    {"another hub", another_hub, NULL, REFUSED(WRONG_HUB, "the manifest is for another hub")},
    {"another body", NULL, another_body, REFUSED(BODY_DIGEST, "the body's digest is not the one in the manifest")},
    {"a longer body", NULL, a_longer_body, REFUSED(BODY_DIGEST, "the body's length is not the one in the manifest")},
    {"made tomorrow", tomorrow, NULL, REFUSED(CLOCK_SKEW, "created in the future: the consignor's clock is wrong")},
    {"expired yesterday", yesterday, NULL, REFUSED(EXPIRED, "it has expired")},
    {"a root that never was", a_root_that_never_was, NULL,
	REFUSED(STALE_DOCUMENT, "the manifest has seen a root that this hub never had")},
    {"the root before any policy", the_first_root, NULL,
	REFUSED(STALE_DOCUMENT, "the manifest's directory and policy are not those of its root")},
    {"another policy than its root's", another_policy, NULL,
	REFUSED(STALE_DOCUMENT, "the manifest's directory and policy are not those of its root")},
    {"a root to come", a_root_to_come, NULL, LATER("the manifest has seen documents that have not come here yet")},
    {"a card to come", a_card_to_come, NULL, LATER("the manifest has seen documents that have not come here yet")},
    {"another ledger", another_ledger, NULL,
	REFUSED(CHAIN_BROKEN, "the manifest has seen a ledger that is not a beginning of this one")},
    {"a longer ledger", a_longer_ledger, NULL,
	REFUSED(CHAIN_BROKEN, "the manifest has seen a ledger that is not a beginning of this one")},
    {"a seal key that never was", a_seal_key_that_never_was, NULL,
	REFUSED_FOR(HIM, STALE_SEAL_KEY, "the item is sealed to a key that the consignee no longer offers")},
    {"a study that nobody knows", an_unknown_study, NULL, REFUSED_FOR(HIM, STUDY_UNKNOWN, NULL)},
    {"a study of others: the same words", a_study_of_others, NULL, REFUSED_FOR(HIM, STUDY_UNKNOWN, NULL)},
    {"to nobody", to_nobody, NULL, REFUSED_FOR("nobody", NOT_A_PARTY, NULL)},
    {"to an outsider: the same words", to_an_outsider, NULL, REFUSED_FOR(OUTSIDER, NOT_A_PARTY, NULL)},
    {"a label above the clearance", above_clearance, NULL, REFUSED_FOR(HIM, CLEARANCE, NULL)},
    {"a type without a rule", without_a_rule, NULL, REFUSED_FOR(HIM, POLICY_NO_RULE, NULL)},
    {"a type that a rule forbids", forbidden, NULL,
	{ANSWER_REFUSED, CONSIGN_CODE_POLICY_FORBIDDEN, HIM, NULL, true, "no-secrets"}},
    {"a body over the limit", NULL, a_body_over_the_limit, UNPLACED(TOO_BIG, "the body is over its limit")},
    {"a manifest over the limit", NULL, a_manifest_over_the_limit, UNPLACED(TOO_BIG, "the manifest is over its limit")},
    {"a manifest of garbage", NULL, a_manifest_of_garbage, UNPLACED(MALFORMED, "the manifest is malformed")},
    {"no manifest", NULL, an_empty_manifest, UNPLACED(MALFORMED, "the manifest is malformed")},
    {"a field that is none, signed", NULL, a_field_that_is_none, UNPLACED(MALFORMED, "the manifest is malformed")},
    {"two consignors, signed", NULL, its_consignor_twice, UNPLACED(MALFORMED, "the manifest is malformed")},
    {"items in items, ten thousand deep, signed", NULL, items_in_items, UNPLACED(MALFORMED, "the manifest is malformed")},
};

void
hostile_consignments(struct liar *l, int argc, char **argv)
{
	(void)argc;
	consignee = argv[0];
	outsider = argv[1];
	for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
		struct expected e = lies[i].expected;
		struct draft d;

		l->lie = lies[i].name;
		e.org = e.org == NULL                  ? NULL
			: strcmp(e.org, HIM) == 0      ? consignee
			: strcmp(e.org, OUTSIDER) == 0 ? outsider
						       : e.org;
		if (!honest_draft(l, consignee, "S1", "a lie", &d))
			return;
		if (lies[i].before != NULL) {
			lies[i].before(l, &d);
			if (!step(l, member_sign(l->m, &d), "signing"))
				return;
		}
		if (lies[i].after != NULL)
			lies[i].after(l, &d);
		(void)expect_answer(l, &d, &e, NULL);
		draft_clear(&d);
	}
}

/* ── ids that were used ── */

void
hostile_duplicates(struct liar *l, int argc, char **argv)
{
	static const struct expected fine = {ANSWER_ACCEPTED, CONSIGN_CODE_NONE, NULL, NULL, true, NULL};
	static const struct expected conflict = REFUSED(DUPLICATE_CONFLICT, "this id was used before, for other content");
	struct draft first, other;
	struct answer a, again;

	(void)argc;
	await_next_second(l);
	l->lie = "an honest message";
	if (!honest_draft(l, argv[0], "S1", "the first under this id", &first) || !expect_answer(l, &first, &fine, &a))
		return;
	l->lie = "the same again";
	if (expect_answer(l, &first, &fine, &again) && again.leaf != a.leaf)
		tell_wrong(l, "leaf %llu, expected %llu again", (unsigned long long)again.leaf, (unsigned long long)a.leaf);
	if (!honest_draft(l, argv[0], "S1", "other content under the same id", &other))
		return;
	other.manifest->consignment_id = first.manifest->consignment_id;
	l->lie = "other content under its id";
	if (step(l, member_sign(l->m, &other), "signing"))
		(void)expect_answer(l, &other, &conflict, NULL);
	other.manifest->attempt = 2;
	l->lie = "a next attempt after it was accepted";
	if (step(l, member_sign(l->m, &other), "signing"))
		(void)expect_answer(l, &other, &conflict, NULL);
	l->lie = "the same manifest with another body: the same answer, and what was stored stays";
	buf_reset(&other.body);
	if (step(l, buf_append(&other.body, slice_text("another body altogether")), "a body") &&
	    step(l, (buf_reset(&other.frame), buf_append(&other.frame, buf_slice(&first.frame))), "a manifest") &&
	    expect_answer(l, &other, &fine, &again) && again.leaf != a.leaf)
		tell_wrong(l, "leaf %llu, expected %llu again", (unsigned long long)again.leaf, (unsigned long long)a.leaf);
	draft_clear(&first);
	draft_clear(&other);
}
