/* Consignments: good ones, and those with a flaw. See world.h. */
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "world.h"

#define TEXT_MAX 900u
#define LONG_TEXT 70000u
#define SHORT_LIFE_US 3000000u

static void
payloads(struct seat *s, const struct version *v, struct sealing_item items[ITEMS_MAX], struct buf plain[ITEMS_MAX])
{
	static char text[LONG_TEXT];

	for (size_t i = 0; i < v->n_items; i++) {
		size_t len = one_in(60) ? LONG_TEXT : pick(TEXT_MAX);

		memset(text, (int)('a' + pick(26)), len);
		if (member_payload(slice_of(text, len), &plain[i]) != CONSIGN_OK)
			broken(s, "the fuzzer is out of memory");
		items[i] = (struct sealing_item){.index = (uint32_t)i * (1 + pick(2)), .plain = buf_slice(&plain[i])};
		if (i > 0 && items[i].index <= items[i - 1].index)
			items[i].index = items[i - 1].index + 1;
		snprintf(items[i].type.s, sizeof items[i].type.s, "%s", type_name(v->types[i]));
	}
}

/* What, to whom, in which study. */
static void
choose(struct seat *s, struct version *v)
{
	v->study = one_in(40) ? STUDIES : pick(STUDIES);
	v->label = one_in(15) ? CONSIGN_LABEL_UNBLINDED : CONSIGN_LABEL_OPEN;
	while (v->to == 0)
		for (unsigned o = 0; o < ORGS; o++)
			if (o != s->org && one_in(3))
				v->to |= 1u << o;
	v->n_items = one_in(2) ? 1 : 1 + pick(ITEMS_MAX);
	for (size_t i = 0; i < v->n_items; i++)
		v->types[i] = one_in(60) ? TYPES - 1 : pick(TYPES - 1);
}

/* Before the manifest is signed. */
static void
spoil(struct seat *s, struct draft *d, struct version *v)
{
	static const uint8_t more = 'm';
	struct manifest *m = d->manifest;
	uint64_t now = clock_wall_us(s->m->agent.clock);
	bool is_ok = true;

	switch (v->flaw) {
	case FLAW_TOO_BIG:
		is_ok = buf_reserve(&d->body, CONSIGN_BODY_MAX_BYTES) == CONSIGN_OK;
		memset(d->body.data + d->body.len, 0, CONSIGN_BODY_MAX_BYTES + 1 - d->body.len);
		d->body.len = CONSIGN_BODY_MAX_BYTES + 1;
		break;
	case FLAW_HUB:
		m->hub_id.b[pick(32)] ^= 1;
		break;
	case FLAW_NAME:
		snprintf(m->consignor.s, sizeof m->consignor.s, "%s", world.orgs[(s->org + 1) % ORGS].name);
		for (size_t i = 0; i < m->consignees.n; i++) /* nobody sends to himself: that would be malformed */
			if (strcmp(m->consignees.v[i]->org.s, m->consignor.s) == 0)
				snprintf(m->consignor.s, sizeof m->consignor.s, "nobody");
		break;
	case FLAW_LENGTH:
		is_ok = buf_append(&d->body, slice_of(&more, 1)) == CONSIGN_OK;
		break;
	case FLAW_FUTURE:
		m->created_us = now + 2 * CONSIGN_CLOCK_SKEW_MAX_US;
		m->expires_us = m->created_us + CONSIGN_EXPIRES_DEFAULT_US;
		break;
	case FLAW_EXPIRED:
		m->created_us = now - 20000000;
		m->expires_us = now - 1000 * (1 + pick(1000));
		break;
	case FLAW_AHEAD:
		m->seen->root->version += 1 + pick(1000);
		break;
	case FLAW_ROOT:
		m->seen->root->hash.b[pick(32)] ^= 1;
		break;
	case FLAW_POLICY:
		m->seen->policy->hash.b[pick(32)] ^= 1;
		break;
	case FLAW_SEAL_KEY:
		m->consignees.v[0]->seal_key_id.b[pick(sizeof m->consignees.v[0]->seal_key_id.b)] ^= 1;
		break;
	case FLAW_FORK:
		if (m->seen->checkpoint == NULL)
			v->flaw = FLAW_NONE;
		else if (one_in(2))
			m->seen->checkpoint->hash.b[pick(32)] ^= 1;
		else
			m->seen->checkpoint->size += 1000000;
		break;
	default:
		break;
	}
	if (!is_ok)
		broken(s, "the fuzzer is out of memory");
}

static void
sign(struct seat *s, struct draft *d, const struct version *v)
{
	struct secret *key = NULL;
	struct consign_public_key public;
	struct consign_key_id id;
	enum consign_err err;

	if (v->flaw == FLAW_KEY) {
		err = sign_keypair(&key, &public);
		if (err == CONSIGN_OK)
			err = member_sign_by(s->m, key, SIGN_MANIFEST, d);
	} else if (v->flaw == FLAW_KIND) {
		err = member_sign_by(s->m, agent_signing_key(&s->m->agent, &id), SIGN_DELIVERY, d);
	} else {
		err = member_sign(s->m, d);
	}
	secret_free(&key);
	if (err != CONSIGN_OK)
		broken(s, "%s", s->m->problem);
}

static void
take_draft(struct seat *s, struct draft *d, struct version *v)
{
	struct signed_manifest *sm;

	if (v->flaw == FLAW_BODY)
		d->body.data[pick((uint32_t)d->body.len)] ^= (uint8_t)(1 + pick(255));
	if (signed_manifest_decode(buf_slice(&d->frame), d->arena, &sm) != CONSIGN_OK)
		broken(s, "a manifest of ours is malformed");
	hash_sha256(sm->manifest, &v->digest);
	v->expires_us = d->manifest->expires_us;
	if (v->flaw == FLAW_MALFORMED)
		d->frame.len = pick((uint32_t)d->frame.len);
	v->frame = d->frame;
	v->body = d->body;
	d->frame = d->body = (struct buf){0};
	hash_sha256(buf_slice(&v->frame), &v->frame_hash);
	hash_sha256(buf_slice(&v->body), &v->body_hash);
}

static struct version *
version_new(struct seat *s, struct consignment *c, uint32_t attempt, enum flaw flaw)
{
	struct version *v = calloc(1, sizeof *v);

	if (v == NULL)
		broken(s, "the fuzzer is out of memory");
	*v = (struct version){.of = c, .attempt = attempt, .flaw = flaw, .next = c->versions};
	c->versions = v;
	c->attempts = attempt > c->attempts ? attempt : c->attempts;
	return v;
}

static void
write_draft(struct seat *s, struct version *v, uint64_t life_us)
{
	struct sealing_item items[ITEMS_MAX];
	struct buf plain[ITEMS_MAX] = {0};
	struct consign_org to[ORGS];
	uint64_t now = clock_wall_us(s->m->agent.clock);
	struct sealing_order o = {.id = v->of->id,
	    .attempt = v->attempt,
	    .created_us = now,
	    .expires_us = now + life_us,
	    .consignees = to,
	    .items = items};
	struct draft d;

	payloads(s, v, items, plain);
	o.n_items = v->n_items;
	o.label = (enum consign_label)v->label;
	snprintf(o.study.s, sizeof o.study.s, "%s", study_name(v->study));
	for (unsigned i = 0; i < ORGS; i++)
		if ((v->to & 1u << i) != 0)
			snprintf(to[o.n_consignees++].s, sizeof to->s, "%s", world.orgs[i].name);
	if (member_draft(s->m, &o, &d) != CONSIGN_OK)
		broken(s, "%s", s->m->problem);
	spoil(s, &d, v);
	sign(s, &d, v);
	take_draft(s, &d, v);
	draft_clear(&d);
	for (size_t i = 0; i < v->n_items; i++)
		buf_clear(&plain[i]);
}

struct version *
version_make(struct seat *s, struct consignment *c, uint32_t attempt, enum flaw flaw)
{
	struct version *v = version_new(s, c, attempt, flaw);

	choose(s, v);
	write_draft(s, v, one_in(12) ? 1 + pick(SHORT_LIFE_US) : CONSIGN_EXPIRES_DEFAULT_US);
	return v;
}

struct version *
version_make_to(struct seat *s, struct consignment *c, unsigned to, unsigned study)
{
	struct version *v = version_new(s, c, 1, FLAW_NONE);

	v->to = to;
	v->study = study;
	v->label = CONSIGN_LABEL_OPEN;
	v->n_items = 1;
	write_draft(s, v, CONSIGN_EXPIRES_DEFAULT_US);
	return v;
}

struct consignment *
consignment_begin(struct seat *s)
{
	struct consign_id id;
	uint8_t random[10];

	for (size_t i = 0; i < sizeof random; i++)
		random[i] = (uint8_t)pick(256);
	id_make(clock_wall_us(s->m->agent.clock), random, &id);
	return consignment_new(s->org, &id);
}

static struct submission *
submission_new(struct seat *s, struct version *v)
{
	struct submission *x = calloc(1, sizeof *x);

	if (x == NULL)
		broken(s, "the fuzzer is out of memory");
	x->version = v;
	*s->said_end = x;
	s->said_end = &x->next;
	return x;
}

bool
version_submit(struct seat *s, struct version *v)
{
	struct draft d = {.frame = v->frame, .body = v->body};
	const struct consignment *c = v->of;

	if (v->frame.data == NULL || s->under_way >= UNDER_WAY_MAX)
		return true;
	struct submission *x = submission_new(s, v);
	bool is_own = v->flaw != FLAW_NAME && v->flaw != FLAW_MALFORMED && v->flaw != FLAW_TOO_BIG;

	x->sequence = ++s->sequence;
	x->since = world.n_states - 1;
	x->said_move = world.moves;
	x->said_us = clock_steady_us(s->m->agent.clock);
	world.orgs[s->org].said_us[world.orgs[s->org].n_said++ % SAID_KEPT] = x->said_us;
	x->was_accepted = c->accepted == v;
	x->was_refused = c->refused == v;
	x->must_conflict = is_own && ((c->accepted != NULL && c->accepted != v) ||
					 (c->refused != NULL && c->refused != v && v->attempt <= c->refused->attempt));
	x->is_again = v->under_way > 0 || v->is_uncertain || c->accepted == v;
	for (const struct version *o = c->versions; o != NULL; o = o->next)
		x->is_racy = x->is_racy || o->under_way > 0 || o->is_uncertain;
	if (v->under_way == 0 && !v->is_uncertain)
		v->since = x->since;
	v->under_way++;
	s->under_way++;
	note(s, "submits %llu: %02x%02x.%u flaw %d study %u to %x items %zu%s", (unsigned long long)x->sequence, c->id.b[14],
	    c->id.b[15], v->attempt, v->flaw, v->study, v->to, v->n_items, x->is_again ? ", again" : "");
	return seat_ok(s, member_submit(s->m, &d, x->sequence));
}

bool
version_release(struct seat *s, struct version *v)
{
	struct submission *x = submission_new(s, v);

	x->is_answered = true; /* it has none */
	note(s, "releases %02x%02x", v->of->id.b[14], v->of->id.b[15]);
	bool is_ok = seat_ok(s, member_release(s->m, &v->of->id));

	if (is_ok)
		line_replay(s);
	return is_ok;
}
