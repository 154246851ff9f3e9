/* The mail of a hub in memory: bodies and manifests; see hub_fixture.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/text.h"
#include "hub_fixture.h"
#include "wire/body.h"

struct consign_slice
fixture_body(void)
{
	return slice_text("sealed bytes that nobody here can read");
}

struct consign_slice
fixture_body_of(struct hub_fixture *f, const uint32_t *sizes, size_t n)
{
	struct buf b = {0};

	for (size_t i = 0; i < BODY_WRAP_BYTES; i++)
		assert_int_equal(buf_append_u8(&b, 1), CONSIGN_OK);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(buf_append_be32(&b, sizes[i] + BODY_TAG_BYTES), CONSIGN_OK);
		for (size_t j = 0; j < sizes[i] + BODY_TAG_BYTES; j++)
			assert_int_equal(buf_append_u8(&b, 2), CONSIGN_OK);
	}
	struct consign_slice body = arena_copy(f->arena, buf_slice(&b));

	buf_clear(&b);
	return body;
}

void
fixture_give_body(struct hub_fixture *f, struct manifest *m, size_t n, struct consign_slice body)
{
	struct manifest_item *first = m->items.v[0];

	m->items.v = fixture_alloc(f, n * sizeof *m->items.v);
	m->items.n = n;
	for (uint32_t i = 0; i < n; i++) {
		m->items.v[i] = fixture_alloc(f, sizeof *first);
		*m->items.v[i] = *first;
		m->items.v[i]->index = i;
	}
	hash_sha256(body, &m->body_digest);
	m->body_bytes = body.len;
}

static struct seen *
everything_seen(struct hub_fixture *f, const char *org)
{
	struct seen *seen = fixture_alloc(f, sizeof *seen);
	struct checkpoint c = fixture_checkpoint(f);

	seen->root = fixture_ref(f, fixture_newest(&f->roots));
	seen->directory = fixture_ref(f, fixture_newest(&f->directories));
	seen->policy = fixture_ref(f, fixture_newest(&f->policies));
	for (size_t i = 0; i < f->cards.n; i++)
		if (strcmp(f->cards.v[i].org.s, org) == 0)
			seen->card = fixture_ref(f, &f->cards.v[i]);
	seen->checkpoint = fixture_alloc(f, sizeof *seen->checkpoint);
	*seen->checkpoint = (struct checkpoint_ref){c.size, c.head};
	return seen;
}

struct manifest *
fixture_manifest(struct hub_fixture *f, const char *from, const char *study, const char *type, enum consign_label label,
    const char *const *to, size_t n_to)
{
	struct manifest *m = fixture_alloc(f, sizeof *m);
	uint8_t random[10];

	m->format = m->suite = 1;
	m->hub_id = f->hub_id;
	random_bytes(random, sizeof random);
	id_make(FIXTURE_NOW_US, random, &m->consignment_id);
	m->attempt = 1;
	random_bytes(m->random.b, sizeof m->random.b);
	snprintf(m->consignor.s, sizeof m->consignor.s, "%s", from);
	key_id_of(&fixture_org(f, from)->signing_public, &m->signing_key_id);
	snprintf(m->study.s, sizeof m->study.s, "%s", study);
	m->label = label;
	m->created_us = FIXTURE_NOW_US;
	m->expires_us = FIXTURE_NOW_US + FIXTURE_DAY_US;
	m->consignees.v = fixture_alloc(f, (n_to + 1) * sizeof *m->consignees.v);
	for (size_t i = 0; i < n_to; i++) {
		struct manifest_consignee *c = fixture_alloc(f, sizeof *c);

		snprintf(c->org.s, sizeof c->org.s, "%s", to[i]);
		for (size_t o = 0; o < f->n_orgs; o++)
			if (strcmp(f->orgs[o].member.org.s, to[i]) == 0)
				key_id_of(&f->orgs[o].seal_public, &c->seal_key_id);
		m->consignees.v[m->consignees.n++] = c;
	}
	m->items.v = fixture_alloc(f, 2 * sizeof *m->items.v);
	m->items.v[0] = fixture_alloc(f, sizeof **m->items.v);
	snprintf(m->items.v[0]->type.s, sizeof m->items.v[0]->type.s, "%s", type);
	m->items.n = 1;
	hash_sha256(fixture_body(), &m->body_digest);
	m->body_bytes = fixture_body().len;
	m->seen = everything_seen(f, from);
	return m;
}

struct signed_manifest *
fixture_sign_manifest(struct hub_fixture *f, const struct manifest *m)
{
	struct signed_manifest *sm = fixture_alloc(f, sizeof *sm);

	sm->manifest = fixture_encode(f, &wire_manifest, m);
	sign_make(fixture_org(f, m->consignor.s)->signing, SIGN_MANIFEST, &f->hub_id, sm->manifest, &sm->signature);
	return sm;
}
