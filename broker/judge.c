/* The broker's judgement of a submission. */
#include "judge.h"

#include <stdio.h>
#include <string.h>

#include "core/limits.h"
#include "wire/body.h"

enum consign_err
judge_whole(struct arena *arena, enum consign_code code, const char *detail, struct judgement *ret_judgement)
{
	struct verdict *v = arena_alloc(arena, sizeof *v);
	struct judgement j = {.code = code, .n = 1};

	j.verdicts = arena_alloc(arena, sizeof *j.verdicts);
	if (v == NULL || j.verdicts == NULL)
		return CONSIGN_E_NO_MEMORY;
	v->code = code;
	v->detail = arena_copy(arena, slice_text(detail));
	j.verdicts[0] = v;
	snprintf(j.detail, sizeof j.detail, "%s", detail);
	*ret_judgement = j;
	return CONSIGN_OK;
}

/* Who speaks: hub, org, signature. The card's signing key must be one of the newest card and of its time. */
static enum consign_code
judge_author(const struct hub *hub, const char *org, const struct signed_manifest *sm, const struct manifest *m, uint64_t now_us,
    const char **why)
{
	if (memcmp(m->hub_id.b, hub_id(hub)->b, sizeof m->hub_id.b) != 0) {
		*why = "the manifest is for another hub";
		return CONSIGN_CODE_WRONG_HUB;
	}
	if (strcmp(m->consignor.s, org) != 0) {
		*why = "the manifest names another consignor than this connection's";
		return CONSIGN_CODE_SIGNATURE_BAD;
	}
	const struct hub_card *card = hub_card(hub, org);
	const struct valid_key *key = card == NULL ? NULL : card_signing_key(card->card, &m->signing_key_id);

	if (key == NULL || key->not_after_us <= now_us || card->card->expires_us <= now_us) {
		*why = "the signing key is not in a valid card of the consignor";
		return CONSIGN_CODE_STALE_DOCUMENT;
	}
	if (sign_verify(&key->key, SIGN_MANIFEST, hub_id(hub), sm->manifest, &sm->signature) != CONSIGN_OK) {
		*why = "the manifest's signature does not verify";
		return CONSIGN_CODE_SIGNATURE_BAD;
	}
	return CONSIGN_CODE_NONE;
}

static enum consign_code
judge_body(const struct manifest *m, struct consign_slice body, const char **why)
{
	struct consign_hash digest;

	if (body.len != m->body_bytes) {
		*why = "the body's length is not the one in the manifest";
		return CONSIGN_CODE_BODY_DIGEST;
	}
	hash_sha256(body, &digest);
	if (!hash_equal(&digest, &m->body_digest)) {
		*why = "the body's digest is not the one in the manifest";
		return CONSIGN_CODE_BODY_DIGEST;
	}
	return CONSIGN_CODE_NONE;
}

static enum consign_code
judge_time(const struct manifest *m, uint64_t now_us, const char **why)
{
	if (m->created_us > now_us + CONSIGN_CLOCK_SKEW_MAX_US) {
		*why = "created in the future: the consignor's clock is wrong";
		return CONSIGN_CODE_CLOCK_SKEW;
	}
	if (m->expires_us <= now_us) {
		*why = "it has expired";
		return CONSIGN_CODE_EXPIRED;
	}
	if (m->expires_us - m->created_us > CONSIGN_EXPIRES_MAX_US) {
		*why = "it would expire later than any consignment may";
		return CONSIGN_CODE_MALFORMED;
	}
	return CONSIGN_CODE_NONE;
}

/* What the author has seen: older is its right, newer is our lack, other is a fork. */
static enum consign_code
judge_seen(const struct hub *hub, const struct manifest *m, const char **why)
{
	const struct hub_root *newest = hub_root(hub), *root = hub_root_at(hub, m->seen->root->version);
	const struct hub_card *card = hub_card(hub, m->consignor.s);

	if (m->seen->root->version > newest->root->version || m->seen->card->version > card->card->version) {
		*why = "the manifest has seen documents that have not come here yet";
		return CONSIGN_CODE_TRY_LATER;
	}
	if (root == NULL || !hash_equal(&root->hash, &m->seen->root->hash)) {
		*why = "the manifest has seen a root that this hub never had";
		return CONSIGN_CODE_STALE_DOCUMENT;
	}
	if (root->root->directory == NULL || root->root->directory->version != m->seen->directory->version
	    || !hash_equal(&root->root->directory->hash, &m->seen->directory->hash)
	    || root->root->policy->version != m->seen->policy->version || !hash_equal(&root->root->policy->hash, &m->seen->policy->hash)) {
		*why = "the manifest's directory and policy are not those of its root";
		return CONSIGN_CODE_STALE_DOCUMENT;
	}
	return CONSIGN_CODE_NONE;
}

static enum consign_err
add_verdict(struct arena *arena, struct judgement *j, const struct manifest_item *item, const char *org, enum consign_code code, const char *rule,
    const char *detail)
{
	struct verdict *v = arena_alloc(arena, sizeof *v);

	if (v == NULL)
		return CONSIGN_E_NO_MEMORY;
	v->index = item->index;
	memcpy(v->type, item->type.s, sizeof v->type);
	v->code = code;
	snprintf(v->org, sizeof v->org, "%s", org);
	snprintf(v->rule, sizeof v->rule, "%s", rule);
	v->detail = arena_copy(arena, slice_text(detail));
	j->verdicts[j->n++] = v;
	if (j->code == CONSIGN_CODE_NONE)
		j->code = code;
	return CONSIGN_OK;
}

/* The consignee as such: in the directory, active, sealed to by a current key. NONE when it may receive. */
static enum consign_code
judge_consignee(const struct hub *hub, const struct manifest_consignee *c, uint64_t now_us, const char **why)
{
	const struct member *member = hub_member(hub_directory(hub), c->org.s);
	const struct hub_card *card = hub_card(hub, c->org.s);

	if (member == NULL || card == NULL) {
		*why = "the consignee is not in the directory";
		return CONSIGN_CODE_ORG_UNKNOWN;
	}
	if (member->status == MEMBER_COMPROMISED) {
		*why = "the consignee is compromised";
		return CONSIGN_CODE_COMPROMISED;
	}
	if (member->status != MEMBER_ACTIVE) {
		*why = "the consignee is suspended or has left";
		return CONSIGN_CODE_ORG_SUSPENDED;
	}
	const struct valid_key *key = card_seal_key(card->card, &c->seal_key_id);

	if (key == NULL || key->not_after_us <= now_us) {
		*why = "the item is sealed to a key that the consignee no longer offers";
		return CONSIGN_CODE_STALE_SEAL_KEY;
	}
	return CONSIGN_CODE_NONE;
}

/* What was found of one consignee: it is asked once, and the policy once for items of one type and size in a row. */
struct asked {
	struct policy_verdict verdict; /* for the type and size of the item before */
	enum consign_code self;
	const char *why;
	bool is_known; /* self and why */
	struct rated *rated; /* what the verdict's rule permitted so far; NULL: it has no rate */
};

/* From now on the verdict of this consignee is another. */
static enum consign_err
begin_rated(const struct hub *hub, const char *consignee, struct arena *arena, struct judgement *j, struct asked *a)
{
	const struct policy_rate *rate =
	    a->verdict.code != CONSIGN_CODE_NONE ? NULL : policy_rule_rate(hub_policy(hub)->policy, a->verdict.rule);

	a->rated = NULL;
	if (rate == NULL)
		return CONSIGN_OK;
	a->rated = arena_alloc(arena, sizeof *a->rated);
	if (a->rated == NULL)
		return CONSIGN_E_NO_MEMORY;
	*a->rated = (struct rated){.rule = a->verdict.rule, .rate = rate, .consignee = consignee, .next = j->rated};
	j->rated = a->rated;
	return CONSIGN_OK;
}

static bool
is_as_before(const struct manifest *m, const uint64_t *sizes, size_t item)
{
	return item > 0 && strcmp(m->items.v[item]->type.s, m->items.v[item - 1]->type.s) == 0 && sizes[item] == sizes[item - 1];
}

static void
ask(const struct hub *hub, const struct manifest *m, const uint64_t *sizes, size_t item, size_t consignee, uint64_t now_us, struct asked *a)
{
	const struct manifest_consignee *c = m->consignees.v[consignee];
	struct policy_question q = {.consignor = m->consignor.s, .consignee = c->org.s, .study = m->study.s,
	    .type = m->items.v[item]->type.s, .label = (enum consign_label)m->label, .at_us = now_us, .bytes = sizes[item]};

	/* The policy first: an outsider must not learn from our answers who is in the directory. */
	policy_decide(hub_policy(hub)->policy, &q, &a->verdict);
	if (a->verdict.code == CONSIGN_CODE_NONE && !a->is_known) {
		a->self = judge_consignee(hub, c, now_us, &a->why);
		a->is_known = true;
	}
}

static enum consign_err
judge_policy(const struct hub *hub, const struct manifest *m, struct consign_slice body, uint64_t now_us, struct arena *arena,
    struct judgement *j)
{
	struct asked asked[CONSIGN_CONSIGNEES_MAX] = {0};
	uint64_t sizes[CONSIGN_BUNDLE_MAX_ITEMS];

	body_sizes(body, m->consignees.n, m->items.n, sizes);
	for (size_t i = 0; i < m->items.n; i++)
		for (size_t c = 0; c < m->consignees.n; c++) {
			struct asked *a = &asked[c];
			bool is_by_policy;
			enum consign_err err = CONSIGN_OK;

			if (!is_as_before(m, sizes, i)) {
				ask(hub, m, sizes, i, c, now_us, a);
				err = begin_rated(hub, m->consignees.v[c]->org.s, arena, j, a);
			}
			if (err != CONSIGN_OK)
				return err;
			if (a->rated != NULL)
				a->rated->messages++;
			is_by_policy = a->verdict.code != CONSIGN_CODE_NONE;
			if ((!is_by_policy && a->self == CONSIGN_CODE_NONE) || j->n == CONSIGN_VERDICTS_MAX)
				continue;
			err = add_verdict(arena, j, m->items.v[i], m->consignees.v[c]->org.s, is_by_policy ? a->verdict.code : a->self,
			    is_by_policy ? a->verdict.rule : "", is_by_policy ? "" : a->why);
			if (err != CONSIGN_OK)
				return err;
		}
	return CONSIGN_OK;
}

enum consign_err
judge_submission(const struct hub *hub, const char *org, const struct signed_manifest *sm, const struct manifest *m,
    struct consign_slice body, uint64_t now_us, struct arena *arena, struct judgement *ret_judgement)
{
	const char *why = "";
	struct judgement j = {0};
	const struct member *me = hub_member(hub_directory(hub), org);
	enum consign_code code = judge_author(hub, org, sm, m, now_us, &why);

	if (code == CONSIGN_CODE_NONE)
		code = judge_body(m, body, &why);
	if (code == CONSIGN_CODE_NONE)
		code = judge_time(m, now_us, &why);
	if (code == CONSIGN_CODE_NONE)
		code = judge_seen(hub, m, &why);
	if (code == CONSIGN_CODE_NONE && (me == NULL || me->status != MEMBER_ACTIVE)) {
		code = me != NULL && me->status == MEMBER_COMPROMISED ? CONSIGN_CODE_COMPROMISED : CONSIGN_CODE_ORG_SUSPENDED;
		why = "the consignor is suspended, has left or is compromised";
	}
	if (code != CONSIGN_CODE_NONE)
		return judge_whole(arena, code, why, ret_judgement);
	j.verdicts = arena_alloc(arena, (m->items.n * m->consignees.n + 1) * sizeof *j.verdicts);
	if (j.verdicts == NULL)
		return CONSIGN_E_NO_MEMORY;
	enum consign_err err = judge_policy(hub, m, body, now_us, arena, &j);

	if (err == CONSIGN_OK)
		*ret_judgement = j;
	return err;
}
