/* A hub in memory; see hub_fixture.h. */
#include "hub_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/limits.h"
#include "core/text.h"
#include "policy/policy_file.h"

#define ARENA_BYTES (256u * 1024u * 1024u)
#define PARTS 16u

const char fixture_yaml[] = "studies:\n"
			    "  - id: one\n"
			    "    title: First\n"
			    "    parties:\n"
			    "      - {org: acme, roles: [sponsor], clearance: unblinded}\n"
			    "      - {org: bolt, roles: [cro], clearance: restricted}\n"
			    "  - id: two\n"
			    "    title: Second\n"
			    "    parties:\n"
			    "      - {org: acme, roles: [sponsor], clearance: unblinded}\n"
			    "      - {org: cora, roles: [site], clearance: open}\n"
			    "rules:\n"
			    "  - {id: no-secrets, forbid: [x.secret]}\n"
			    "  - {id: notes, permit: [x.note, x.secret]}\n";

void *
fixture_alloc(struct hub_fixture *f, size_t size)
{
	void *p = arena_alloc(f->arena, size);

	assert_non_null(p);
	return p;
}

struct consign_slice
fixture_encode(struct hub_fixture *f, const struct wire_message *table, const void *message)
{
	struct buf b = {0};

	assert_int_equal(wire_encode(table, message, &b), CONSIGN_OK);
	struct consign_slice s = arena_copy(f->arena, buf_slice(&b));

	assert_non_null(s.data);
	buf_clear(&b);
	return s;
}

static enum consign_err
read_node(void *self, uint32_t level, uint64_t index, struct consign_hash *ret_hash)
{
	const struct hub_fixture *f = self;

	for (size_t i = 0; i < f->n_nodes; i++)
		if (f->nodes[i].level == level && f->nodes[i].index == index) {
			*ret_hash = f->nodes[i].hash;
			return CONSIGN_OK;
		}
	return CONSIGN_E_NOT_FOUND;
}

struct leaf *
fixture_leaf(struct hub_fixture *f, const struct ledger_record *record)
{
	struct leaf *leaf = fixture_alloc(f, sizeof *leaf);
	struct tree_node nodes[CONSIGN_PATH_MAX];
	struct consign_hash entry;
	size_t n;

	leaf->index = tree_size(f->tree);
	random_bytes(leaf->salt.b, sizeof leaf->salt.b);
	leaf->record = fixture_encode(f, &wire_ledger_record, record);
	tree_entry(&leaf->salt, leaf->record, &entry);
	tree_append(f->tree, &entry, nodes, &n);
	for (size_t i = 0; i < n; i++) {
		if (f->n_nodes == f->cap_nodes) {
			f->cap_nodes = f->cap_nodes == 0 ? 64 : 2 * f->cap_nodes;
			f->nodes = realloc(f->nodes, f->cap_nodes * sizeof *f->nodes);
			assert_non_null(f->nodes);
		}
		f->nodes[f->n_nodes++] = nodes[i];
	}
	return leaf;
}

void
fixture_pass(struct hub_fixture *f, size_t n)
{
	struct act_record act = {.act = "restart", .count = 1};
	struct ledger_record record = {.format = 1, .at_us = FIXTURE_NOW_US, .act = &act};

	for (size_t i = 0; i < n; i++)
		fixture_leaf(f, &record);
}

static struct proof *
proof_of(struct arena *arena, const struct tree_path *path)
{
	struct proof *p = arena_alloc(arena, sizeof *p);

	assert_non_null(p);
	p->path.v = arena_alloc(arena, (path->n + 1) * sizeof *p->path.v);
	assert_non_null(p->path.v);
	memcpy(p->path.v, path->hash, path->n * sizeof *p->path.v);
	p->path.n = path->n;
	return p;
}

enum consign_err
fixture_prove(void *self, uint64_t leaf, struct arena *arena, struct proof **ret_proof)
{
	struct hub_fixture *f = self;
	struct tree_path path = {.n = 0};
	enum consign_err err = tree_inclusion(f->tree, leaf, tree_size(f->tree), &path);

	if (err == CONSIGN_OK)
		*ret_proof = proof_of(arena, &path);
	return err;
}

struct proof *
fixture_path(struct hub_fixture *f, uint64_t leaf)
{
	struct proof *p;

	assert_int_equal(fixture_prove(f, leaf, f->arena, &p), CONSIGN_OK);
	return p;
}

struct proof *
fixture_consistency(struct hub_fixture *f, uint64_t from)
{
	struct tree_path path = {.n = 0};

	assert_int_equal(tree_consistency(f->tree, from, tree_size(f->tree), &path), CONSIGN_OK);
	return proof_of(f->arena, &path);
}

struct checkpoint
fixture_checkpoint(struct hub_fixture *f)
{
	struct checkpoint c = {.size = tree_size(f->tree)};

	assert_int_equal(tree_head(f->tree, c.size, &c.head), CONSIGN_OK);
	return c;
}

struct checkpoint_update *
fixture_update(struct hub_fixture *f, uint64_t from)
{
	struct checkpoint_update *u = fixture_alloc(f, sizeof *u);
	struct checkpoint c = fixture_checkpoint(f);
	struct buf note = {0};
	char origin[256];

	checkpoint_origin(&f->hub_id, origin);
	assert_int_equal(checkpoint_make(origin, &c, f->ledger, &note), CONSIGN_OK);
	u->note = arena_copy(f->arena, buf_slice(&note));
	buf_clear(&note);
	u->from_size = from;
	u->consistency = from > 0 ? fixture_consistency(f, from) : NULL;
	return u;
}

struct signed_document *
fixture_sign(
    struct hub_fixture *f, enum sign_kind kind, const struct consign_hash *hub_id, struct consign_slice content, unsigned signers)
{
	struct signed_document *d = fixture_alloc(f, sizeof *d);

	d->kind = kind;
	d->content = content;
	d->signatures.v = fixture_alloc(f, (f->n_admins + 1) * sizeof *d->signatures.v);
	for (size_t i = 0; i < f->n_admins; i++)
		if ((signers & 1u << i) != 0) {
			struct doc_signature *s = fixture_alloc(f, sizeof *s);

			key_id_of(&f->admins[i].admin.signing_key, &s->key_id);
			sign_make(f->admins[i].signing, kind, hub_id, content, &s->signature);
			d->signatures.v[d->signatures.n++] = s;
		}
	return d;
}

struct published_document *
fixture_document_by(struct hub_fixture *f, enum sign_kind kind, const struct secret *key, struct consign_slice content)
{
	struct published_document *p = fixture_alloc(f, sizeof *p);
	struct doc_signature *s = fixture_alloc(f, sizeof *s);
	struct consign_public_key public;

	p->document = fixture_alloc(f, sizeof *p->document);
	p->document->kind = kind;
	p->document->content = content;
	sign_public(key, &public);
	key_id_of(&public, &s->key_id);
	sign_make(key, kind, &f->hub_id, content, &s->signature);
	p->document->signatures.v = fixture_alloc(f, sizeof *p->document->signatures.v);
	p->document->signatures.v[p->document->signatures.n++] = s;
	return p;
}

static struct fixture_document *
remember(struct fixture_documents *all, uint64_t version, struct consign_slice content)
{
	assert_true(all->n < FIXTURE_DOCUMENTS);
	struct fixture_document *d = &all->v[all->n++];

	*d = (struct fixture_document){.version = version};
	hash_sha256(content, &d->hash);
	return d;
}

const struct fixture_document *
fixture_newest(const struct fixture_documents *all)
{
	return all->n == 0 ? NULL : &all->v[all->n - 1];
}

const struct fixture_document *
fixture_at(const struct fixture_documents *all, uint64_t version)
{
	for (size_t i = all->n; i > 0; i--)
		if (all->v[i - 1].version == version)
			return &all->v[i - 1];
	fail_msg("the fixture has no version %llu", (unsigned long long)version);
	return NULL;
}

struct document_ref *
fixture_ref(struct hub_fixture *f, const struct fixture_document *d)
{
	struct document_ref *ref = fixture_alloc(f, sizeof *ref);

	*ref = (struct document_ref){d->version, d->hash};
	return ref;
}

static uint64_t
next_version(const struct fixture_documents *all, struct consign_slice *ret_previous)
{
	const struct fixture_document *newest = fixture_newest(all);

	*ret_previous = newest == NULL ? (struct consign_slice){0} : SLICE_ARRAY(newest->hash.b);
	return newest == NULL ? 1 : newest->version + 1;
}

/* The fixture's reason, and its digest; NULL and nothing when it has none. */
static struct reason *
salt_reason(struct hub_fixture *f, struct consign_slice *ret_digest)
{
	struct reason *r = f->reason == NULL ? NULL : fixture_alloc(f, sizeof *r);
	struct consign_hash *digest = f->reason == NULL ? NULL : fixture_alloc(f, sizeof *digest);

	if (r == NULL)
		return NULL;
	random_bytes(r->salt.b, sizeof r->salt.b);
	r->text = slice_text(f->reason);
	hub_reason_digest(r, digest);
	*ret_digest = SLICE_ARRAY(digest->b);
	return r;
}

struct fixture_document *
fixture_root(struct hub_fixture *f, unsigned signers)
{
	static const struct consign_hash no_hub;
	static const uint8_t random[32] = {1, 2, 3};
	struct root r = {.format = 1,
	    .created_us = FIXTURE_NOW_US,
	    .name = slice_text("Test hub"),
	    .threshold = f->threshold,
	    .broker = &f->broker};
	struct admin *admins[4];

	for (size_t i = 0; i < f->n_admins; i++)
		admins[i] = &f->admins[i].admin;
	r.admins.v = admins;
	r.admins.n = f->n_admins;
	r.freshness_keys.v = f->freshness;
	r.freshness_keys.n = f->n_freshness;
	r.version = next_version(&f->roots, &r.previous);
	if (r.version == 1) {
		r.random = SLICE_ARRAY(random);
	} else {
		r.hub_id = SLICE_ARRAY(f->hub_id.b);
		r.directory = fixture_ref(f, fixture_newest(&f->directories));
		r.policy = fixture_ref(f, fixture_newest(&f->policies));
	}
	struct reason *reason = salt_reason(f, &r.reason_digest);
	struct consign_slice content = fixture_encode(f, &wire_root, &r);
	struct fixture_document *d = remember(&f->roots, r.version, content);

	d->document = fixture_alloc(f, sizeof *d->document);
	d->document->reason = reason;
	d->document->document = fixture_sign(f, SIGN_ROOT, r.version == 1 ? &no_hub : &f->hub_id, content, signers);
	return d;
}

static int
by_hash(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct consign_hash));
}

/* The head over parts; parts in the order of their hashes. */
static struct fixture_document *
bundle_of(struct hub_fixture *f, struct fixture_documents *all, enum sign_kind kind, const struct consign_slice *parts, size_t n,
    unsigned signers)
{
	struct document_head head = {.format = 1, .hub_id = f->hub_id, .created_us = FIXTURE_NOW_US};
	struct consign_hash hashes[PARTS];
	struct sliced_bundle *b = fixture_alloc(f, sizeof *b);

	assert_true(n <= PARTS);
	b->parts.v = fixture_alloc(f, (n + 1) * sizeof *b->parts.v);
	for (size_t i = 0; i < n; i++) {
		hash_sha256(parts[i], &hashes[i]);
		b->parts.v[b->parts.n++] = parts[i];
	}
	qsort(hashes, n, sizeof *hashes, by_hash);
	head.parts.v = hashes;
	head.parts.n = n;
	head.version = next_version(all, &head.previous);
	struct reason *reason = salt_reason(f, &head.reason_digest);
	struct consign_slice content = fixture_encode(f, kind == SIGN_POLICY ? &wire_policy_head : &wire_document_head, &head);
	struct fixture_document *d = remember(all, head.version, content);

	b->head = fixture_alloc(f, sizeof *b->head);
	b->head->document = fixture_sign(f, kind, &f->hub_id, content, signers);
	b->head->reason = reason;
	d->bundle = b;
	return d;
}

struct fixture_document *
fixture_directory(struct hub_fixture *f, unsigned signers)
{
	struct consign_slice parts[PARTS];
	size_t n = 0;

	for (size_t i = 0; i < f->n_orgs; i++) {
		struct directory_part part = {.member = &f->orgs[i].member};

		if (!f->orgs[i].is_listed)
			continue;
		random_bytes(part.salt.b, sizeof part.salt.b);
		parts[n++] = fixture_encode(f, &wire_directory_part, &part);
	}
	return bundle_of(f, &f->directories, SIGN_DIRECTORY, parts, n, signers);
}

static void
bend_rules(const struct hub_fixture *f, const struct policy_part *part)
{
	for (size_t i = 0; part->common != NULL && i < part->common->rules.n; i++)
		f->bend_rule(part->common->rules.v[i]);
	for (size_t i = 0; part->study != NULL && i < part->study->rules.n; i++)
		f->bend_rule(part->study->rules.v[i]);
}

struct fixture_document *
fixture_policy(struct hub_fixture *f, const char *yaml, unsigned signers)
{
	struct policy_file_parts parsed = {0};
	struct policy_file_error error = {0};
	struct consign_slice parts[PARTS];
	struct policy_part source = {.source = slice_text(yaml)};
	size_t n = 0;

	if (policy_file_parse(slice_text(yaml), NULL, NULL, f->arena, &parsed, &error) != CONSIGN_OK)
		fail_msg("policy %zu:%zu: %s", error.line, error.column, error.text);
	for (; n < parsed.parts.n; n++) {
		if (f->bend_rule != NULL)
			bend_rules(f, parsed.parts.v[n]);
		random_bytes(parsed.parts.v[n]->salt.b, sizeof parsed.parts.v[n]->salt.b);
		parts[n] = fixture_encode(f, &wire_policy_part, parsed.parts.v[n]);
	}
	random_bytes(source.salt.b, sizeof source.salt.b);
	parts[n++] = fixture_encode(f, &wire_policy_part, &source);
	return bundle_of(f, &f->policies, SIGN_POLICY, parts, n, signers);
}

struct fixture_org *
fixture_org(struct hub_fixture *f, const char *name)
{
	for (size_t i = 0; i < f->n_orgs; i++)
		if (strcmp(f->orgs[i].member.org.s, name) == 0)
			return &f->orgs[i];
	assert_true(f->n_orgs < sizeof f->orgs / sizeof *f->orgs);
	struct fixture_org *o = &f->orgs[f->n_orgs++];

	*o = (struct fixture_org){.is_listed = true};
	snprintf(o->member.org.s, sizeof o->member.org.s, "%s", name);
	assert_int_equal(sign_keypair(&o->identity, &o->identity_public), CONSIGN_OK);
	assert_int_equal(sign_keypair(&o->signing, &o->signing_public), CONSIGN_OK);
	assert_int_equal(box_keypair(&o->seal, &o->seal_public), CONSIGN_OK);
	assert_int_equal(box_keypair(&o->transport, &o->transport_public), CONSIGN_OK);
	o->member.name = arena_copy(f->arena, slice_text(name));
	o->member.identity_key = o->identity_public;
	o->member.status = MEMBER_ACTIVE;
	return o;
}

struct fixture_document *
fixture_card(struct hub_fixture *f, const char *name)
{
	struct fixture_org *o = fixture_org(f, name);
	struct valid_key signing = {o->signing_public, FIXTURE_NOW_US, FIXTURE_NOW_US + 30 * FIXTURE_DAY_US};
	struct valid_key seal = {o->seal_public, FIXTURE_NOW_US, FIXTURE_NOW_US + 30 * FIXTURE_DAY_US};
	struct valid_key *signing_keys[] = {&signing}, *seal_keys[] = {&seal};
	uint32_t formats[] = {1};
	struct card card = {.format = 1,
	    .hub_id = f->hub_id,
	    .org = o->member.org,
	    .version = 1,
	    .created_us = FIXTURE_NOW_US,
	    .expires_us = FIXTURE_NOW_US + 30 * FIXTURE_DAY_US,
	    .identity_key = o->identity_public,
	    .transport_key = o->transport_public,
	    .witness_key = o->identity_public,
	    .signing_keys = {signing_keys, 1},
	    .seal_keys = {seal_keys, 1},
	    .formats = {formats, 1}};

	for (size_t i = 0; i < f->cards.n; i++)
		if (strcmp(f->cards.v[i].org.s, name) == 0) {
			card.version = f->cards.v[i].version + 1;
			card.previous = SLICE_ARRAY(f->cards.v[i].hash.b);
		}
	struct consign_slice content = fixture_encode(f, &wire_card, &card);
	struct fixture_document *d = remember(&f->cards, card.version, content);

	d->org = card.org;
	d->document = fixture_document_by(f, SIGN_CARD, o->identity, content);
	return d;
}

void
fixture_publish(struct hub_fixture *f, struct fixture_document *d)
{
	struct published_document *p = d->document != NULL ? d->document : d->bundle->head;
	struct document_ref ref = {d->version, d->hash};
	struct document_record document = {.kind = p->document->kind, .document = &ref};
	struct ledger_record record = {.format = 1, .at_us = FIXTURE_NOW_US, .document = &document};

	memcpy(document.org, d->org.s, sizeof document.org);
	p->leaf = fixture_leaf(f, &record);
}

static void
publish_new(struct hub_fixture *f, struct fixture_documents *all)
{
	for (size_t i = 0; i < all->n; i++)
		if ((all->v[i].document != NULL ? all->v[i].document : all->v[i].bundle->head)->leaf == NULL)
			fixture_publish(f, &all->v[i]);
}

void
fixture_publish_all(struct hub_fixture *f)
{
	publish_new(f, &f->cards);
	publish_new(f, &f->directories);
	publish_new(f, &f->policies);
	publish_new(f, &f->roots);
}

struct session_documents *
fixture_none(struct hub_fixture *f, uint64_t from)
{
	struct session_documents *d = fixture_alloc(f, sizeof *d);

	d->roots.v = fixture_alloc(f, FIXTURE_DOCUMENTS * sizeof *d->roots.v);
	d->directories.v = fixture_alloc(f, FIXTURE_DOCUMENTS * sizeof *d->directories.v);
	d->policies.v = fixture_alloc(f, FIXTURE_DOCUMENTS * sizeof *d->policies.v);
	d->cards.v = fixture_alloc(f, FIXTURE_DOCUMENTS * sizeof *d->cards.v);
	d->checkpoint = fixture_update(f, from);
	return d;
}

/* A copy of its own, so that a test may alter it. */
static struct published_document *
proven(struct hub_fixture *f, const struct published_document *p)
{
	struct published_document *copy = fixture_alloc(f, sizeof *copy);

	*copy = *p;
	copy->path = p->leaf != NULL ? fixture_path(f, p->leaf->index) : NULL;
	return copy;
}

static struct sliced_bundle *
proven_bundle(struct hub_fixture *f, const struct sliced_bundle *b)
{
	struct sliced_bundle *copy = fixture_alloc(f, sizeof *copy);

	copy->head = proven(f, b->head);
	copy->parts.v = fixture_alloc(f, (b->parts.n + 2) * sizeof *copy->parts.v);
	memcpy(copy->parts.v, b->parts.v, b->parts.n * sizeof *copy->parts.v);
	copy->parts.n = b->parts.n;
	return copy;
}

void
fixture_add_root(struct hub_fixture *f, struct session_documents *d, const struct fixture_document *root)
{
	d->roots.v[d->roots.n++] = proven(f, root->document);
}

void
fixture_add_directory(struct hub_fixture *f, struct session_documents *d, const struct fixture_document *directory)
{
	d->directories.v[d->directories.n++] = proven_bundle(f, directory->bundle);
}

void
fixture_add_policy(struct hub_fixture *f, struct session_documents *d, const struct fixture_document *policy)
{
	d->policies.v[d->policies.n++] = proven_bundle(f, policy->bundle);
}

void
fixture_add_card(struct hub_fixture *f, struct session_documents *d, const struct fixture_document *card)
{
	d->cards.v[d->cards.n++] = proven(f, card->document);
}

struct session_documents *
fixture_all(struct hub_fixture *f, uint64_t from)
{
	struct session_documents *d = fixture_none(f, from);

	for (size_t i = 0; i < f->roots.n; i++)
		fixture_add_root(f, d, &f->roots.v[i]);
	for (size_t i = 0; i < f->directories.n; i++)
		fixture_add_directory(f, d, &f->directories.v[i]);
	for (size_t i = 0; i < f->policies.n; i++)
		fixture_add_policy(f, d, &f->policies.v[i]);
	for (size_t i = 0; i < f->cards.n; i++)
		fixture_add_card(f, d, &f->cards.v[i]);
	return d;
}

void
hub_fixture_begin(struct hub_fixture *f, size_t n_admins, uint32_t threshold)
{
	memset(f, 0, sizeof *f);
	assert_int_equal(secret_start(), CONSIGN_OK);
	assert_int_equal(arena_new(ARENA_BYTES, &f->arena), CONSIGN_OK);
	f->n_admins = n_admins;
	f->threshold = threshold;
	for (size_t i = 0; i < n_admins; i++) {
		snprintf(f->admins[i].admin.name, sizeof f->admins[i].admin.name, "admin-%zu", i);
		assert_int_equal(sign_keypair(&f->admins[i].signing, &f->admins[i].admin.signing_key), CONSIGN_OK);
		assert_int_equal(box_keypair(&f->admins[i].transport, &f->admins[i].admin.transport_key), CONSIGN_OK);
	}
	assert_int_equal(sign_keypair(&f->receipt, &f->broker.receipt_key), CONSIGN_OK);
	assert_int_equal(sign_keypair(&f->ledger, &f->broker.ledger_key), CONSIGN_OK);
	assert_int_equal(box_keypair(&f->transport, &f->broker.transport_key), CONSIGN_OK);
	snprintf(f->broker.endpoint, sizeof f->broker.endpoint, "tcp://127.0.0.1:1");
	struct tree_store store = {read_node, f};

	assert_int_equal(tree_new(&store, 0, &f->tree), CONSIGN_OK);
	struct fixture_document *root = fixture_root(f, FIXTURE_ALL_SIGN);

	f->hub_id = root->hash;
	fixture_publish(f, root);
}

void
hub_fixture_end(struct hub_fixture *f)
{
	for (size_t i = 0; i < f->n_admins; i++) {
		secret_free(&f->admins[i].signing);
		secret_free(&f->admins[i].transport);
	}
	for (size_t i = 0; i < f->n_orgs; i++) {
		secret_free(&f->orgs[i].identity);
		secret_free(&f->orgs[i].signing);
		secret_free(&f->orgs[i].seal);
		secret_free(&f->orgs[i].transport);
	}
	secret_free(&f->receipt);
	secret_free(&f->ledger);
	secret_free(&f->transport);
	tree_free(&f->tree);
	free(f->nodes);
	arena_free(&f->arena);
}

void
hub_fixture_standard(struct hub_fixture *f)
{
	static const char *const names[] = {"acme", "bolt", "cora", "dune"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		fixture_card(f, names[i]);
	fixture_directory(f, FIXTURE_ALL_SIGN);
	fixture_policy(f, fixture_yaml, FIXTURE_ALL_SIGN);
	fixture_root(f, FIXTURE_ALL_SIGN);
	fixture_publish_all(f);
}

enum consign_err
fixture_take(struct hub_fixture *f, struct hub *hub, const struct session_documents *d, enum hub_mode mode)
{
	struct hub_stage *stage = NULL;
	char problem[HUB_PROBLEM_BYTES] = "";
	enum consign_err err = hub_stage(hub, fixture_encode(f, &wire_session_documents, d), mode, &stage, problem);

	if (err == CONSIGN_OK)
		hub_adopt(hub, &stage);
	assert_null(stage);
	return err;
}

struct hub *
hub_fixture_hub(struct hub_fixture *f, bool complete)
{
	struct hub *hub;

	assert_int_equal(hub_new(&f->hub_id, complete, &hub), CONSIGN_OK);
	assert_int_equal(fixture_take(f, hub, fixture_all(f, 0), HUB_PROVEN), CONSIGN_OK);
	return hub;
}
