#include "sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "measure.h"

#define ARENA_BYTES (4u * 1024u * 1024u)
#define DAY_US UINT64_C(86400000000)

static void *
take(struct sample *s, size_t size)
{
	void *p = arena_alloc(s->arena, size);

	must_be(p != NULL, "out of memory");
	return p;
}

static struct document_ref *
random_ref(struct sample *s)
{
	struct document_ref *ref = take(s, sizeof *ref);

	ref->version = 12;
	random_bytes(ref->hash.b, sizeof ref->hash.b);
	return ref;
}

static struct seen *
make_seen(struct sample *s)
{
	struct seen *seen = take(s, sizeof *seen);

	seen->root = random_ref(s);
	seen->directory = random_ref(s);
	seen->policy = random_ref(s);
	seen->card = random_ref(s);
	seen->checkpoint = take(s, sizeof *seen->checkpoint);
	seen->checkpoint->size = 1000000;
	random_bytes(seen->checkpoint->hash.b, sizeof seen->checkpoint->hash.b);
	return seen;
}

static struct manifest *
make_manifest(struct sample *s, size_t items, size_t consignees)
{
	struct manifest *m = take(s, sizeof *m);

	m->format = 1;
	m->suite = 1;
	m->attempt = 1;
	m->hub_id = s->context.hub_id;
	m->consignment_id = s->context.consignment_id;
	m->random = s->context.random;
	snprintf(m->consignor.s, sizeof m->consignor.s, "globalcro");
	snprintf(m->study.s, sizeof m->study.s, "ACME-301");
	m->label = CONSIGN_LABEL_OPEN;
	m->created_us = SAMPLE_CREATED_US;
	m->expires_us = SAMPLE_CREATED_US + 30 * DAY_US;
	key_id_of(&s->signing_public, &m->signing_key_id);
	m->consignees.v = take(s, consignees * sizeof *m->consignees.v);
	for (; m->consignees.n < consignees; m->consignees.n++) {
		struct manifest_consignee *c = take(s, sizeof *c);

		snprintf(c->org.s, sizeof c->org.s, "sponsor-%zu", m->consignees.n);
		key_id_of(&s->consignees[m->consignees.n], &c->seal_key_id);
		m->consignees.v[m->consignees.n] = c;
	}
	m->items.v = take(s, items * sizeof *m->items.v);
	for (; m->items.n < items; m->items.n++) {
		struct manifest_item *item = take(s, sizeof *item);

		item->index = (uint32_t)m->items.n;
		snprintf(item->type.s, sizeof item->type.s, "lab.result");
		m->items.v[m->items.n] = item;
	}
	m->seen = make_seen(s);
	return m;
}

void
sample_new(struct sample *s, size_t size, size_t items, size_t consignees)
{
	uint8_t *plain;
	struct secret *unused;

	if (items > 1 && size * items > CONSIGN_BUNDLE_MAX_BYTES)
		options_refuse("no agent bundles so many items of that size: together they are over CONSIGN_BUNDLE_MAX_BYTES");
	*s = (struct sample){.context.attempt = 1};
	must(secret_start(), "libsodium");
	must(arena_new(ARENA_BYTES, &s->arena), "arena");
	must(secret_new(&s->key), "key");
	must(sign_keypair(&s->signing, &s->signing_public), "signing key");
	must(sign_keypair(&unused, &s->identity), "identity key");
	secret_free(&unused);
	for (size_t i = 0; i < consignees; i++) {
		must(box_keypair(i == 0 ? &s->seal : &unused, &s->consignees[i]), "seal key");
		if (i > 0)
			secret_free(&unused);
	}
	random_bytes(s->context.hub_id.b, sizeof s->context.hub_id.b);
	random_bytes(s->context.consignment_id.b, sizeof s->context.consignment_id.b);
	random_bytes(s->context.random.b, sizeof s->context.random.b);
	s->context.consignor_identity = s->identity;
	plain = take(s, size);
	random_bytes(plain, size);
	s->plain = slice_of(plain, size);
	s->manifest = make_manifest(s, items, consignees);
}

void
sample_free(struct sample *s)
{
	seal_session_free(&s->session);
	secret_free(&s->key);
	secret_free(&s->signing);
	secret_free(&s->seal);
	arena_free(&s->arena);
}

void
sample_seal(struct sample *s, struct buf *body)
{
	struct manifest *m = s->manifest;

	/* As an agent does: one session key for many consignments, until it is spent. */
	if (s->session == NULL || !seal_session_serves(s->session, s->consignees, m->consignees.n, 0)) {
		seal_session_free(&s->session);
		must(seal_session_new(s->consignees, m->consignees.n, 0, &s->session), "session key");
	}
	buf_reset(body);
	must(seal_begin(s->session, &s->context, s->key, body), "seal");
	for (size_t i = 0; i < m->items.n; i++)
		must(seal_item(s->key, &s->context, m->items.v[i]->index, (enum consign_label)m->label, s->plain, body,
			 &m->items.v[i]->commitment),
		    "seal");
}

void
sample_digest(struct sample *s, const struct buf *body)
{
	s->manifest->body_bytes = body->len;
	hash_sha256(buf_slice(body), &s->manifest->body_digest);
}

void
sample_encode(const struct sample *s, struct buf *manifest)
{
	buf_reset(manifest);
	must(manifest_encode(s->manifest, manifest), "manifest");
}

void
sample_sign(const struct sample *s, const struct buf *manifest, struct buf *frame)
{
	struct signed_manifest sm = {.manifest = buf_slice(manifest)};

	sign_make(s->signing, SIGN_MANIFEST, &s->context.hub_id, sm.manifest, &sm.signature);
	buf_reset(frame);
	must(signed_manifest_encode(&sm, frame), "signed manifest");
}
