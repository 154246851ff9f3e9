/*
 * Checking what a tool hands in, and bundling it. Durable writing is in outbox_store.c.
 *
 * A message for several consignees is taken for all of them or refused (docs/decisions/0006): one refused consignee
 * refuses it, and the tool hears which.
 */
#include "outbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalogue/catalogue.h"
#include "catalogue/payload.h"
#include "core/limits.h"
#include "core/log.h"
#include "core/text.h"
#include "lanes.h"
#include "outbox_private.h"
#include "sealing.h"

struct outbox {
	struct agent *agent;
	struct bundle *open; /* oldest first; pairwise without common study and consignee */
	uint64_t last_id_ms; /* ids rise: a clock that steps back does not make them fall */
	int timer;           /* of the age of the oldest open bundle; -1 none */
	struct bundle_message *keyed; /* messages with an idempotency key that are not durable yet */
};

enum consign_err
outbox_new(struct agent *a, struct outbox **ret_outbox)
{
	struct outbox *o = calloc(1, sizeof *o);

	if (o == NULL)
		return CONSIGN_E_NO_MEMORY;
	o->agent = a;
	o->timer = -1;
	*ret_outbox = o;
	return CONSIGN_OK;
}

void
bundle_free(struct bundle *b)
{
	for (size_t i = 0; i < b->n; i++) {
		buf_wipe(&b->messages[i].plain);
		buf_clear(&b->messages[i].key);
	}
	free(b);
}

void
outbox_free(struct outbox **outbox)
{
	if (*outbox == NULL)
		return;
	while ((*outbox)->open != NULL) {
		struct bundle *next = (*outbox)->open->next;

		bundle_free((*outbox)->open);
		(*outbox)->open = next;
	}
	free(*outbox);
	*outbox = NULL;
}

static void
new_id(struct outbox *o, struct consign_id *ret_id)
{
	uint8_t random[10];
	uint64_t now = clock_wall_us(o->agent->clock);

	if (now / 1000 < o->last_id_ms)
		now = o->last_id_ms * 1000;
	o->last_id_ms = now / 1000;
	random_bytes(random, sizeof random);
	id_make(now, random, ret_id);
}

/* What is wrong with a message, as the tool hears it. code NONE: nothing. */
struct objection {
	enum consign_code code;
	const char *org;
	const char *rule;
	char detail[256];
	struct problems problems; /* of TYPE_INVALID */
};

static void
object(struct objection *x, enum consign_code code, const char *org, const char *rule, const char *detail)
{
	x->code = code;
	x->org = org;
	x->rule = rule;
	snprintf(x->detail, sizeof x->detail, "%s", detail);
}

static void
check_consignee(const struct agent *a, const char *org, struct objection *x)
{
	const struct member *m = hub_member(hub_directory(a->hub), org);

	if (m == NULL)
		object(x, CONSIGN_CODE_ORG_UNKNOWN, org, "", "the consignee is not in the directory");
	else if (m->status == MEMBER_COMPROMISED)
		object(x, CONSIGN_CODE_COMPROMISED, org, "", "the consignee is compromised");
	else if (m->status != MEMBER_ACTIVE)
		object(x, CONSIGN_CODE_ORG_SUSPENDED, org, "", "the consignee is suspended or has left");
	else if (sealing_key_of(a, org) == NULL)
		object(x, CONSIGN_CODE_STALE_SEAL_KEY, org, "", "no current seal key of the consignee is known yet; try again when connected");
}

/*
 * A rule that permits ten a day lets ten through at once. What travels in one consignment is weighed as one: a larger one would
 * pass an empty bucket whole.
 */
static void
heed_rate(const struct policy *policy, const char *rule, size_t *most)
{
	const struct policy_rate *rate = policy_rule_rate(policy, rule);

	if (rate != NULL && rate->messages < *most)
		*most = (size_t)rate->messages;
}

/* ret_most: lowered to what one consignment with this message may have of messages */
static void
check_policy(const struct agent *a, const struct local_outgoing *m, enum consign_label label, size_t plain_bytes, uint64_t now_us,
    struct objection *x, size_t *ret_most)
{
	const struct hub_policy *policy = hub_policy(a->hub);

	if (policy == NULL || hub_directory(a->hub) == NULL) {
		object(x, CONSIGN_CODE_TRY_LATER, "", "", "no policy is known yet: the agent has not reached the broker since it joined");
		return;
	}
	for (size_t i = 0; i < m->to.n && x->code == CONSIGN_CODE_NONE; i++) {
		struct policy_question q = {.consignor = a->org.s, .consignee = m->to.v[i].s, .study = m->study.s, .type = m->type.s,
		    .label = label, .at_us = now_us, .bytes = seal_padded_bytes(plain_bytes, label)};
		struct policy_verdict v;

		policy_decide(policy->policy, &q, &v);
		if (v.code != CONSIGN_CODE_NONE)
			object(x, v.code, m->to.v[i].s, v.rule, "the access policy does not permit it");
		else
			check_consignee(a, m->to.v[i].s, x);
		heed_rate(policy->policy, v.rule, ret_most);
	}
}

static void
check_self(const struct agent *a, struct objection *x)
{
	const struct member *me = hub_directory(a->hub) == NULL ? NULL : hub_member(hub_directory(a->hub), a->org.s);

	if (me != NULL && me->status != MEMBER_ACTIVE)
		object(x, CONSIGN_CODE_ORG_SUSPENDED, a->org.s, "", "this organisation is suspended or has left the hub");
	else if (a->disk_full)
		object(x, CONSIGN_CODE_DISK_FULL, "", "", "this agent's disk is nearly full");
	else if (a->store_failed)
		object(x, CONSIGN_CODE_TRY_LATER, "", "", "this agent's store takes nothing at the moment");
	else if (a->stopping)
		object(x, CONSIGN_CODE_SHUTTING_DOWN, "", "", "this agent is stopping");
}

/* Checks the content and encodes it into plain. */
static void
check_content(const struct local_outgoing *m, struct objection *x, struct buf *plain, enum consign_label *ret_label)
{
	struct payload handed = {.name = m->name, .content = m->content};
	struct arena *arena = NULL; /* nothing of a file is unpacked */
	enum consign_err err = catalogue_find(m->type.s) == NULL ? CONSIGN_OK : arena_new(BUSINESS_ARENA_BYTES(m->content.len), &arena);

	memcpy(handed.media_type, m->media_type, sizeof handed.media_type);
	if (err == CONSIGN_OK)
		err = payload_make(m->type.s, &handed, (enum consign_label)m->label, arena, &x->problems, plain, ret_label);
	arena_free(&arena);
	if (err == CONSIGN_E_NO_MEMORY)
		object(x, CONSIGN_CODE_TRY_LATER, "", "", "out of memory");
	else if (err != CONSIGN_OK)
		object(x, err == CONSIGN_E_TOO_BIG ? CONSIGN_CODE_TOO_BIG : CONSIGN_CODE_TYPE_INVALID, "", "", "the content is not what its type demands");
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct consign_org *)a)->s, ((const struct consign_org *)b)->s);
}

/* Sorted, each once: one order for one set, so that sets share session keys and bundles. */
static size_t
normal_consignees(const struct local_outgoing *m, struct consign_org ret_orgs[CONSIGN_CONSIGNEES_MAX])
{
	size_t n = 0;

	memcpy(ret_orgs, m->to.v, m->to.n * sizeof *ret_orgs);
	qsort(ret_orgs, m->to.n, sizeof *ret_orgs, by_name);
	for (size_t i = 0; i < m->to.n; i++)
		if (n == 0 || strcmp(ret_orgs[n - 1].s, ret_orgs[i].s) != 0)
			ret_orgs[n++] = ret_orgs[i];
	return n;
}

/* What an idempotency key stands for: the same key with other content is a conflict. */
static enum consign_err
message_digest(const struct local_outgoing *m, const struct consign_org *orgs, size_t n_orgs, enum consign_label label,
    struct consign_slice plain, struct consign_hash *ret_digest)
{
	struct buf b = {0};
	enum consign_err err = CONSIGN_OK;

	for (size_t i = 0; err == CONSIGN_OK && i < n_orgs; i++)
		err = buf_append(&b, slice_of(orgs[i].s, strlen(orgs[i].s) + 1));
	if (err == CONSIGN_OK)
		err = buf_printf(&b, "%s %s %d ", m->study.s, m->type.s, (int)label);
	if (err == CONSIGN_OK)
		err = buf_append(&b, plain);
	if (err == CONSIGN_OK)
		hash_sha256(buf_slice(&b), ret_digest);
	buf_wipe(&b);
	return err;
}

static void
tell(outbox_outcome *told, void *context, uint64_t request, size_t index, const struct consign_message_id *id, enum consign_code code,
    const char *detail, bool repeated)
{
	struct local_outcome out = {.code = code, .retry_class = code != CONSIGN_CODE_NONE && consign_code_may_retry(code), .repeated = repeated};

	if (id != NULL)
		message_id_format(id, out.id);
	out.detail = slice_text(detail);
	told(context, request, index, &out);
}

/* True when the key was used before and the tool has been told. */
static bool
is_repeated(struct outbox *o, const struct local_outgoing *m, const struct consign_hash *digest, outbox_outcome *told, void *context,
    uint64_t request, size_t index)
{
	struct consign_message_id id;
	struct consign_hash before;

	for (const struct bundle_message *k = o->keyed; k != NULL; k = k->keyed_next)
		if (slice_equal(buf_slice(&k->key), m->idempotency_key)) {
			bool same = hash_equal(&k->digest, digest);

			tell(told, context, request, index, NULL, same ? CONSIGN_CODE_TRY_LATER : CONSIGN_CODE_DUPLICATE_CONFLICT,
			    same ? "a message with this key is being stored" : "this idempotency key is being used for other content", false);
			return true;
		}
	enum consign_err err = outbox_find_key(o->agent->db, m->idempotency_key, &before, &id);

	if (err == CONSIGN_E_NOT_FOUND)
		return false;
	if (err != CONSIGN_OK) {
		log_event(LOG_ERROR, "outbox.unreadable", "study", "s", m->study.s, "reason", "s", consign_err_text(err), "hint", "s",
		    "check the disk and its file system; nothing was queued", NULL);
		tell(told, context, request, index, NULL, CONSIGN_CODE_TRY_LATER, consign_err_text(err), false);
	} else if (!hash_equal(&before, digest))
		tell(told, context, request, index, &id, CONSIGN_CODE_DUPLICATE_CONFLICT, "this idempotency key was used for other content", false);
	else
		tell(told, context, request, index, &id, CONSIGN_CODE_NONE, "", true);
	return true;
}

static bool
bundle_serves(
    const struct bundle *b, const struct local_outgoing *m, enum consign_label label, const struct consign_org *orgs, size_t n, size_t most)
{
	if (b->n >= b->most || b->n >= most || b->label != label || b->expires_us != m->expires_us || strcmp(b->study.s, m->study.s) != 0 || b->n_orgs != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (strcmp(b->orgs[i].s, orgs[i].s) != 0)
			return false;
	return true;
}

static void
unlink_bundle(struct outbox *o, struct bundle *b)
{
	for (struct bundle **at = &o->open; *at != NULL; at = &(*at)->next)
		if (*at == b) {
			*at = b->next;
			return;
		}
}

static void
close_bundle(struct outbox *o, struct bundle *b)
{
	unlink_bundle(o, b);
	outbox_commit_bundle(o->agent, b);
}

static bool
bundle_conflicts(const struct bundle *b, const struct local_outgoing *m, const struct consign_org *orgs, size_t n)
{
	if (strcmp(b->study.s, m->study.s) != 0)
		return false;
	for (size_t i = 0; i < b->n_orgs; i++)
		for (size_t j = 0; j < n; j++)
			if (strcmp(b->orgs[i].s, orgs[j].s) == 0)
				return true;
	return false;
}

/*
 * Open bundles never share study and consignee with one another, so joining one overtakes nobody: a bundle that the new
 * message cannot join, and must not overtake, is closed first. Order is what the tool handed in, whatever the label.
 */
static struct bundle *
bundle_for(struct outbox *o, const struct local_outgoing *m, enum consign_label label, const struct consign_org *orgs, size_t n_orgs, size_t size,
    size_t most)
{
	for (struct bundle *b = o->open, *next; b != NULL; b = next) {
		next = b->next;
		if (bundle_serves(b, m, label, orgs, n_orgs, most) && b->bytes + size <= CONSIGN_BUNDLE_MAX_BYTES)
			return b;
		if (bundle_conflicts(b, m, orgs, n_orgs))
			close_bundle(o, b);
	}
	struct bundle *b = malloc(sizeof *b);

	if (b == NULL)
		return NULL;
	memset(b, 0, offsetof(struct bundle, messages));
	new_id(o, &b->id);
	b->study = m->study;
	b->label = label;
	b->expires_us = m->expires_us;
	memcpy(b->orgs, orgs, n_orgs * sizeof *orgs);
	b->n_orgs = n_orgs;
	b->most = most;
	b->opened_us = clock_steady_us(o->agent->clock);
	struct bundle **last = &o->open;

	while (*last != NULL)
		last = &(*last)->next;
	*last = b;
	return b;
}

void
outbox_forget_keyed(struct outbox *o, struct bundle_message *message)
{
	for (struct bundle_message **at = &o->keyed; *at != NULL; at = &(*at)->keyed_next)
		if (*at == message) {
			*at = message->keyed_next;
			return;
		}
}

static void
bundle_message(struct outbox *o, const struct local_outgoing *m, enum consign_label label, const struct consign_org *orgs, size_t n_orgs,
    struct buf *plain, size_t most, const struct consign_hash *digest, outbox_outcome *told, void *context, uint64_t request, size_t index)
{
	struct buf key = {0};
	struct bundle *b;

	if (buf_append(&key, m->idempotency_key) != CONSIGN_OK || (b = bundle_for(o, m, label, orgs, n_orgs, plain->len, most)) == NULL) {
		buf_clear(&key);
		tell(told, context, request, index, NULL, CONSIGN_CODE_TRY_LATER, "out of memory", false);
		return;
	}
	struct bundle_message *x = &b->messages[b->n];

	*x = (struct bundle_message){.type = m->type, .plain = *plain, .key = key, .digest = *digest, .told = told, .context = context,
	    .request = request, .index = index};
	*plain = (struct buf){0};
	if (key.len > 0) {
		x->keyed_next = o->keyed;
		o->keyed = x;
	}
	b->bytes += x->plain.len;
	b->n++;
	if (b->most > most)
		b->most = most;
	if (b->n == b->most || b->bytes >= CONSIGN_BUNDLE_MAX_BYTES)
		close_bundle(o, b);
}

static void
refuse(struct outbox *o, const struct local_outgoing *m, enum consign_label label, const struct objection *x, outbox_outcome *told,
    void *context, uint64_t request, size_t index)
{
	struct consign_id id;

	new_id(o, &id);
	/* Our own trouble is no decision: the tool tries again, and there is nothing to track. */
	if (o->agent->store_failed || o->agent->disk_full || o->agent->stopping) {
		tell(told, context, request, index, NULL, x->code, x->detail, false);
		return;
	}
	outbox_commit_refusal(o->agent, m, label, &id, x->code, x->org, x->rule, x->detail, &x->problems, told, context, request, index);
}

void
outbox_put(struct outbox *o, const struct local_outgoing *m, outbox_outcome *told, void *context, uint64_t request, size_t index)
{
	struct objection x = {.org = "", .rule = ""};
	enum consign_label label = m->label != 0 ? (enum consign_label)m->label : payload_least_label(m->type.s);
	struct consign_org orgs[CONSIGN_CONSIGNEES_MAX];
	struct consign_hash digest = {0}; /* of a message with an idempotency key */
	struct buf plain = {0};
	size_t n_orgs, most = CONSIGN_BUNDLE_MAX_ITEMS;

	check_self(o->agent, &x);
	if (x.code == CONSIGN_CODE_NONE)
		check_content(m, &x, &plain, &label);
	if (x.code == CONSIGN_CODE_NONE && (m->to.n == 0 || m->to.n > CONSIGN_CONSIGNEES_MAX))
		object(&x, CONSIGN_CODE_MALFORMED, "", "", "a message has 1 to 32 consignees");
	uint64_t now = clock_wall_us(o->agent->clock);

	if (x.code == CONSIGN_CODE_NONE && m->expires_us != 0 && (m->expires_us <= now || m->expires_us - now > CONSIGN_EXPIRES_MAX_US))
		object(&x, CONSIGN_CODE_EXPIRED, "", "", "a message expires in the future, within 366 days");
	if (x.code == CONSIGN_CODE_NONE)
		check_policy(o->agent, m, label, plain.len, now, &x, &most);
	if (x.code != CONSIGN_CODE_NONE) {
		refuse(o, m, label, &x, told, context, request, index);
		problems_clear(&x.problems);
		buf_wipe(&plain);
		return;
	}
	n_orgs = normal_consignees(m, orgs);
	enum consign_err err = m->idempotency_key.len == 0 ? CONSIGN_OK : message_digest(m, orgs, n_orgs, label, buf_slice(&plain), &digest);

	if (err != CONSIGN_OK)
		tell(told, context, request, index, NULL, CONSIGN_CODE_TRY_LATER, consign_err_text(err), false);
	else if (m->idempotency_key.len == 0 || !is_repeated(o, m, &digest, told, context, request, index))
		bundle_message(o, m, label, orgs, n_orgs, &plain, most, &digest, told, context, request, index);
	buf_wipe(&plain);
}

static void
age_over(void *context)
{
	struct outbox *o = context;

	o->timer = -1;
	outbox_flush(o);
}

/* Nobody is served sooner by a bundle that is closed half full and then waits behind others. */
static bool
is_due(const struct outbox *o, const struct bundle *b, bool is_idle, uint64_t now)
{
	uint64_t age = now - b->opened_us;

	if (!o->agent->stopping && lanes_are_busy(o->agent->lanes, &b->study))
		return age >= CONSIGN_BUNDLE_BUSY_AGE_US;
	return is_idle || age >= CONSIGN_BUNDLE_MAX_AGE_US;
}

void
outbox_flush(struct outbox *o)
{
	if (o->open == NULL)
		return;
	bool is_idle = commit_is_idle(o->agent->committer);
	uint64_t now = clock_steady_us(o->agent->clock);

	for (struct bundle *b = o->open, *next; b != NULL; b = next) {
		next = b->next;
		if (is_due(o, b, is_idle, now))
			close_bundle(o, b);
	}
	if (o->open != NULL && o->timer < 0 && loop_once(o->agent->loop, CONSIGN_BUNDLE_MAX_AGE_US / 1000, age_over, o, &o->timer) != CONSIGN_OK)
		while (o->open != NULL)
			close_bundle(o, o->open);
}

enum consign_err
outbox_facts(struct outbox *o, struct outbox_facts *ret_facts)
{
	struct db_statement *s;
	enum consign_err err = db_statement(o->agent->db, "SELECT count(*), ifnull(min(created_us), 0) FROM outbox WHERE state = 1", &s);

	if (err != CONSIGN_OK)
		return err;
	err = db_row(s);
	if (err == CONSIGN_OK)
		*ret_facts = (struct outbox_facts){db_column_u64(s, 0), db_column_u64(s, 1)};
	db_reset(s);
	return err;
}
