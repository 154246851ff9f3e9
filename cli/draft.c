/* Making trust documents (draft.h). */
#include "draft.h"

#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "core/text.h"

/* Documents of one draft: two roots at most, one directory, one policy, their parts, a card. */
#define DRAFT_BUDGET_BYTES (4u * CONSIGN_COMMAND_MAX_BYTES)
#define DRAFT_ROOTS_MAX 2u

enum consign_err
draft_start(
    struct draft *draft, const struct consign_hash *hub_id, const struct secret *signing, uint64_t now_us, const char *reason)
{
	struct draft d = {.hub_id = *hub_id,
	    .signing = signing,
	    .now_us = now_us,
	    .reason = slice_of(reason, reason == NULL ? 0 : strlen(reason))};
	enum consign_err err = arena_new(DRAFT_BUDGET_BYTES, &d.arena);

	if (err == CONSIGN_OK)
		*draft = d;
	return err;
}

void
draft_clear(struct draft *draft)
{
	arena_free(&draft->arena);
	*draft = (struct draft){0};
}

/* The encoded struct, kept in the arena. Takes the buffer. */
static enum consign_err
keep(struct arena *arena, enum consign_err err, struct buf *encoded, struct consign_slice *ret_bytes)
{
	struct consign_slice bytes = {0};

	if (err == CONSIGN_OK) {
		bytes = arena_copy(arena, buf_slice(encoded));
		err = bytes.data == NULL ? CONSIGN_E_NO_MEMORY : CONSIGN_OK;
	}
	buf_clear(encoded);
	if (err == CONSIGN_OK)
		*ret_bytes = bytes;
	return err;
}

enum consign_err
document_sign(struct arena *arena, enum sign_kind kind, const struct consign_hash *hub_id, struct consign_slice content,
    const struct secret *signing, struct signed_document **ret_document)
{
	struct signed_document *d = arena_alloc(arena, sizeof *d);
	struct doc_signature *signature = arena_alloc(arena, sizeof *signature);
	struct doc_signature **list = arena_alloc(arena, sizeof *list);
	struct consign_public_key public;

	if (d == NULL || signature == NULL || list == NULL)
		return CONSIGN_E_NO_MEMORY;
	sign_public(signing, &public);
	key_id_of(&public, &signature->key_id);
	sign_make(signing, kind, hub_id, content, &signature->signature);
	list[0] = signature;
	d->kind = kind;
	d->content = content;
	d->signatures.v = list;
	d->signatures.n = 1;
	*ret_document = d;
	return CONSIGN_OK;
}

static enum consign_err
publish(struct draft *draft, struct signed_document *document, struct reason *reason, struct published_document **ret_published)
{
	struct published_document *p = arena_alloc(draft->arena, sizeof *p);

	if (p == NULL)
		return CONSIGN_E_NO_MEMORY;
	p->document = document;
	p->reason = reason;
	*ret_published = p;
	return CONSIGN_OK;
}

static int
by_bytes(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct consign_hash));
}

/* A slice over a hash that lives in the arena. */
static enum consign_err
keep_hash(struct arena *arena, const struct consign_hash *hash, struct consign_slice *ret_slice)
{
	*ret_slice = arena_copy(arena, SLICE_ARRAY(hash->b));
	return ret_slice->data == NULL ? CONSIGN_E_NO_MEMORY : CONSIGN_OK;
}

/* The draft's reason, to stand beside a document, and its digest, to stand in it. NULL and empty when none was given. */
static enum consign_err
salt_reason(struct draft *draft, struct reason **ret_reason, struct consign_slice *ret_digest)
{
	struct consign_hash digest;
	struct reason *reason = NULL;
	enum consign_err err = CONSIGN_OK;

	*ret_digest = (struct consign_slice){0};
	if (draft->reason.len > 0) {
		if (draft->reason.len > CONSIGN_TEXT_MAX_BYTES || !text_is(CHARSET_UTF8, draft->reason))
			return CONSIGN_E_MALFORMED;
		reason = arena_alloc(draft->arena, sizeof *reason);
		if (reason == NULL)
			return CONSIGN_E_NO_MEMORY;
		random_bytes(reason->salt.b, sizeof reason->salt.b);
		reason->text = draft->reason;
		hub_reason_digest(reason, &digest);
		err = keep_hash(draft->arena, &digest, ret_digest);
	}
	*ret_reason = reason;
	return err;
}

struct head_before {
	uint64_t version; /* 0: none */
	const struct consign_hash *hash;
};

/* The next head over parts, its bundle and the reference that a root will name it by. */
static enum consign_err
make_bundle(struct draft *draft, enum sign_kind kind, struct head_before before, const struct consign_slice *parts, size_t n,
    struct sliced_bundle **ret_bundle, struct document_ref **ret_ref)
{
	struct document_head head = {
	    .format = 1, .hub_id = draft->hub_id, .version = before.version + 1, .created_us = draft->now_us};
	struct arena *arena = draft->arena;
	struct sliced_bundle *bundle = arena_alloc(arena, sizeof *bundle);
	struct document_ref *ref = arena_alloc(arena, sizeof *ref);
	struct signed_document *document;
	struct consign_slice content;
	struct reason *reason;
	struct buf encoded = {0};
	enum consign_err err = salt_reason(draft, &reason, &head.reason_digest);

	if (err != CONSIGN_OK)
		return err;
	head.parts.v = arena_alloc(arena, (n + 1) * sizeof *head.parts.v);
	head.parts.n = n;
	if (bundle == NULL || ref == NULL || head.parts.v == NULL)
		return CONSIGN_E_NO_MEMORY;
	for (size_t i = 0; i < n; i++)
		hash_sha256(parts[i], &head.parts.v[i]);
	qsort(head.parts.v, n, sizeof *head.parts.v, by_bytes);
	bundle->parts.v = arena_alloc(arena, (n + 1) * sizeof *bundle->parts.v);
	bundle->parts.n = n;
	if (bundle->parts.v == NULL)
		return CONSIGN_E_NO_MEMORY;
	for (size_t i = 0; i < n; i++)
		bundle->parts.v[i] = parts[i];
	if (before.version > 0)
		err = keep_hash(arena, before.hash, &head.previous);
	if (err == CONSIGN_OK)
		err =
		    kind == SIGN_POLICY ? wire_encode(&wire_policy_head, &head, &encoded) : document_head_encode(&head, &encoded);
	err = keep(arena, err, &encoded, &content);
	if (err == CONSIGN_OK)
		err = document_sign(arena, kind, &draft->hub_id, content, draft->signing, &document);
	if (err == CONSIGN_OK)
		err = publish(draft, document, reason, &bundle->head);
	if (err != CONSIGN_OK)
		return err;
	ref->version = head.version;
	hash_sha256(content, &ref->hash);
	*ret_bundle = bundle;
	*ret_ref = ref;
	return CONSIGN_OK;
}

enum consign_err
draft_directory(struct draft *draft, const struct hub_directory *previous, const struct consign_slice *parts, size_t n)
{
	struct head_before before = {previous == NULL ? 0 : previous->version, previous == NULL ? NULL : &previous->hash};
	struct sliced_bundle **list = arena_alloc(draft->arena, sizeof *list);

	if (list == NULL)
		return CONSIGN_E_NO_MEMORY;
	enum consign_err err = make_bundle(draft, SIGN_DIRECTORY, before, parts, n, &list[0], &draft->directory);

	if (err != CONSIGN_OK)
		return err;
	draft->documents.directories.v = list;
	draft->documents.directories.n = 1;
	return CONSIGN_OK;
}

enum consign_err
draft_policy(struct draft *draft, const struct hub_policy *previous, const struct consign_slice *parts, size_t n)
{
	struct head_before before = {previous == NULL ? 0 : previous->version, previous == NULL ? NULL : &previous->hash};
	struct sliced_bundle **list = arena_alloc(draft->arena, sizeof *list);

	if (list == NULL)
		return CONSIGN_E_NO_MEMORY;
	enum consign_err err = make_bundle(draft, SIGN_POLICY, before, parts, n, &list[0], &draft->policy);

	if (err != CONSIGN_OK)
		return err;
	draft->documents.policies.v = list;
	draft->documents.policies.n = 1;
	return CONSIGN_OK;
}

enum consign_err
draft_card(struct draft *draft, struct signed_document *card)
{
	struct published_document **list = arena_alloc(draft->arena, sizeof *list);
	enum consign_err err = list == NULL ? CONSIGN_E_NO_MEMORY : publish(draft, card, NULL, &list[0]);

	if (err != CONSIGN_OK)
		return err;
	draft->documents.cards.v = list;
	draft->documents.cards.n = 1;
	return CONSIGN_OK;
}

/* Encodes, signs and appends a root; hub_id is the domain it is signed under. */
static enum consign_err
put_root(struct draft *draft, const struct root *without_reason, const struct consign_hash *hub_id)
{
	struct root root = *without_reason;
	struct signed_document *document;
	struct consign_slice content;
	struct reason *reason;
	struct buf encoded = {0};
	enum consign_err err = salt_reason(draft, &reason, &root.reason_digest);

	if (err == CONSIGN_OK)
		err = root_encode(&root, &encoded);
	err = keep(draft->arena, err, &encoded, &content);
	if (err == CONSIGN_OK && draft->documents.roots.v == NULL) {
		draft->documents.roots.v = arena_alloc(draft->arena, DRAFT_ROOTS_MAX * sizeof *draft->documents.roots.v);
		err = draft->documents.roots.v == NULL ? CONSIGN_E_NO_MEMORY : CONSIGN_OK;
	}
	if (err == CONSIGN_OK)
		err = document_sign(draft->arena, SIGN_ROOT, hub_id, content, draft->signing, &document);
	if (err == CONSIGN_OK)
		err = publish(draft, document, reason, &draft->documents.roots.v[draft->documents.roots.n]);
	if (err != CONSIGN_OK)
		return err;
	draft->documents.roots.n++;
	draft->root.version = root.version;
	hash_sha256(content, &draft->root.hash);
	return CONSIGN_OK;
}

enum consign_err
draft_first_root(struct draft *draft, const struct root *root)
{
	static const struct consign_hash no_hub;
	enum consign_err err = put_root(draft, root, &no_hub);

	if (err == CONSIGN_OK)
		draft->hub_id = draft->root.hash;
	return err;
}

enum consign_err
draft_root(struct draft *draft, const struct root *previous, const struct consign_hash *previous_hash)
{
	struct root root = *previous;
	enum consign_err err = keep_hash(draft->arena, &draft->hub_id, &root.hub_id);

	if (err == CONSIGN_OK)
		err = keep_hash(draft->arena, previous_hash, &root.previous);
	if (err != CONSIGN_OK)
		return err;
	root.version = previous->version + 1;
	root.created_us = draft->now_us;
	root.random = (struct consign_slice){0}; /* only the first needs one: the others differ by what they follow */
	if (draft->directory != NULL)
		root.directory = draft->directory;
	if (draft->policy != NULL)
		root.policy = draft->policy;
	return put_root(draft, &root, &draft->hub_id);
}

enum consign_err
draft_member_part(struct draft *draft, struct member *member, struct consign_slice *ret_part)
{
	struct directory_part part = {.member = member};
	struct buf encoded = {0};

	random_bytes(part.salt.b, sizeof part.salt.b);
	return keep(draft->arena, directory_part_encode(&part, &encoded), &encoded, ret_part);
}

enum consign_err
draft_policy_part(struct draft *draft, struct policy_part *part, struct consign_slice *ret_part)
{
	struct buf encoded = {0};

	random_bytes(part->salt.b, sizeof part->salt.b);
	return keep(draft->arena, policy_part_encode(part, &encoded), &encoded, ret_part);
}
