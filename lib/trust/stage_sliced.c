/*
 * Verifying the sliced documents, directory and policy: a head that a root names and k administrators signed, and parts
 * whose hashes stand in it. Who demands everything gets every part; others get a slice.
 */
#include "trust/stage_private.h"

#include <stdlib.h>
#include <string.h>

#include "core/limits.h"

/* The first root that names this version, known or staged: who signed that one signed the head too. */
static const struct hub_root *
naming_root(const struct staging *s, bool is_policy, uint64_t version)
{
	uint64_t last = s->hub->roots.n + s->stage->roots.n;

	const struct hub_root *first = NULL;

	for (uint64_t v = last; v > 1; v--) {
		const struct hub_root *r = stage_root_at(s, v);
		const struct document_ref *ref = is_policy ? r->root->policy : r->root->directory;

		if (ref->version == version)
			first = r;
		if (ref->version < version)
			break;
	}
	return first;
}

static int
by_hash(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct consign_hash));
}

/* The place of a part's hash among those of the head; n when it is none of them. */
static size_t
place_in_head(const struct document_head *head, struct consign_slice part)
{
	struct consign_hash hash;

	hash_sha256(part, &hash);
	const struct consign_hash *found = head->parts.n == 0 ? NULL : bsearch(&hash, head->parts.v, head->parts.n, sizeof hash, by_hash);

	return found == NULL ? head->parts.n : (size_t)(found - head->parts.v);
}

/* Every part is one of those signed (their hashes stand sorted in the head); a part given twice counts once. */
static enum consign_err
count_parts(struct staging *s, const struct sliced_bundle *b, const char *what, const struct document_head *head, size_t *ret_distinct)
{
	bool *there = arena_alloc(s->arena, head->parts.n + 1);
	size_t distinct = 0;

	if (there == NULL)
		return CONSIGN_E_NO_MEMORY;
	for (size_t i = 0; i < b->parts.n; i++) {
		size_t place = place_in_head(head, b->parts.v[i]);

		if (place == head->parts.n)
			return stage_fail(s, CONSIGN_E_BAD_SIGNATURE, what, head->version, "a part is not the one that was signed");
		distinct += !there[place];
		there[place] = true;
	}
	*ret_distinct = distinct;
	return CONSIGN_OK;
}

/* Head and parts of a directory or policy: named by a root, signed, parts as hashed, complete where that is demanded. */
static enum consign_err
check_sliced(struct staging *s, const struct sliced_bundle *b, bool is_policy, struct document_head *head,
    const struct consign_hash *hash)
{
	const char *what = is_policy ? "policy" : "directory";
	const struct hub_root *naming = naming_root(s, is_policy, head->version);
	enum consign_err err = stage_check_header(s, what, head->format, SLICE_ARRAY(head->hub_id.b), head->version);

	if (err != CONSIGN_OK)
		return err;
	if (naming == NULL)
		return stage_fail(s, CONSIGN_E_STALE, what, head->version, "no root names it");
	const struct document_ref *ref = is_policy ? naming->root->policy : naming->root->directory;

	const struct root *signers = stage_root_at(s, naming->root->version - 1)->root;
	const struct document_ref *before = is_policy ? signers->policy : signers->directory;

	if (stage_count_signatures(signers, is_policy ? SIGN_POLICY : SIGN_DIRECTORY, &s->hub->id, b->head->document) < stage_threshold(s, signers))
		return stage_fail(s, CONSIGN_E_BAD_SIGNATURE, what, head->version, "too few administrators signed it");
	/* Signed, and another one: two histories. */
	if (!hash_equal(&ref->hash, hash))
		return stage_fail(s, CONSIGN_E_FORK, what, head->version, "is not the one that the root names");
	if (!slice_equal(head->previous, before == NULL ? (struct consign_slice){0} : SLICE_ARRAY(before->hash.b)))
		return stage_fail(s, CONSIGN_E_FORK, what, head->version, "does not name the one before it");
	size_t distinct = 0;

	err = count_parts(s, b, what, head, &distinct);
	if (err == CONSIGN_OK && s->hub->complete && distinct != head->parts.n)
		return stage_fail(s, CONSIGN_E_DENIED, what, head->version, "parts are missing");
	return err == CONSIGN_OK ? stage_reason(s, b->head, what, head->version, head->reason_digest, &head->reason) : err;
}

/*
 * The same version again: another slice of it, since partners change with the policy. What was held is kept beside what
 * comes, so that mail of before and of now finds its consignor.
 */
struct kept_parts {
	size_t *v; /* indices of the parts held that do not come again */
	size_t n;
	bool has_news; /* a part comes that is not held */
};

static enum consign_err
compare_parts(struct staging *s, const struct document_head *head, const struct consign_slice *held, size_t n_held,
    const struct sliced_bundle *b, struct kept_parts *ret_kept)
{
	struct kept_parts kept = {0};

	if (n_held == head->parts.n) { /* all there are */
		*ret_kept = kept;
		return CONSIGN_OK;
	}
	bool *comes = arena_alloc(s->arena, head->parts.n + 1), *is_held = arena_alloc(s->arena, head->parts.n + 1);

	kept.v = arena_alloc(s->arena, (n_held + 1) * sizeof *kept.v);
	if (comes == NULL || is_held == NULL || kept.v == NULL)
		return CONSIGN_E_NO_MEMORY;
	for (size_t i = 0; i < b->parts.n; i++)
		comes[place_in_head(head, b->parts.v[i])] = true;
	for (size_t i = 0; i < n_held; i++) {
		size_t place = place_in_head(head, held[i]);

		is_held[place] = true;
		if (!comes[place])
			kept.v[kept.n++] = i;
	}
	for (size_t i = 0; i < head->parts.n; i++)
		kept.has_news = kept.has_news || (comes[i] && !is_held[i]);
	*ret_kept = kept;
	return CONSIGN_OK;
}

struct member_with_part {
	const struct member *member;
	struct consign_slice part;
};

static int
by_org(const void *a, const void *b)
{
	return strcmp(((const struct member_with_part *)a)->member->org.s, ((const struct member_with_part *)b)->member->org.s);
}

/* known NULL: nothing of this version is held. */
static enum consign_err
fill_members(struct staging *s, struct directory_cell *cell, const struct hub_directory *known, const struct kept_parts *kept)
{
	struct hub_directory *d = &cell->directory;
	size_t n_new = d->bundle->parts.n, n = n_new + kept->n;
	struct member_with_part *m = calloc(n + 1, sizeof *m);
	struct consign_slice *parts = calloc(n + 1, sizeof *parts);
	enum consign_err err = CONSIGN_E_NO_MEMORY;

	d->members = calloc(n + 1, sizeof(const struct member *));
	d->member_parts = parts;
	if (m == NULL || parts == NULL || d->members == NULL)
		goto out;
	for (size_t i = 0; i < n_new; i++) {
		struct directory_part *part;

		err = directory_part_decode(d->bundle->parts.v[i], s->arena, &part);
		if (err != CONSIGN_OK) {
			err = stage_fail(s, err, "directory", d->version, "a part is malformed");
			goto out;
		}
		m[i] = (struct member_with_part){part->member, d->bundle->parts.v[i]};
	}
	for (size_t i = 0; i < kept->n; i++)
		m[n_new + i] = (struct member_with_part){known->members[kept->v[i]], known->member_parts[kept->v[i]]};
	qsort(m, n, sizeof *m, by_org);
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && strcmp(m[i].member->org.s, m[i - 1].member->org.s) == 0) {
			err = stage_fail(s, CONSIGN_E_MALFORMED, "directory", d->version, "names an organisation twice");
			goto out;
		}
		d->members[i] = m[i].member;
		parts[i] = m[i].part;
	}
	d->n_members = n;
	cell->merged.head = d->bundle->head;
	cell->merged.parts.v = parts;
	cell->merged.parts.n = n;
	d->bundle = &cell->merged;
	err = CONSIGN_OK;
out:
	free(m);
	return err;
}

enum consign_err
stage_directory(struct staging *s, const struct sliced_bundle *b)
{
	const struct signed_document *signed_head = b->head->document;
	struct document_head *head;
	struct consign_hash hash;

	if (signed_head->kind != SIGN_DIRECTORY)
		return stage_fail(s, CONSIGN_E_MALFORMED, "directory", 0, "another document stands in its place");
	enum consign_err err = document_head_decode(signed_head->content, s->arena, &head);

	if (err != CONSIGN_OK)
		return stage_fail(s, err, "directory", 0, "is malformed");
	if (head->parts.n > CONSIGN_ORGS_MAX)
		return stage_fail(s, CONSIGN_E_TOO_BIG, "directory", head->version, "names more organisations than a hub may have");
	hash_sha256(signed_head->content, &hash);
	err = check_sliced(s, b, false, head, &hash);
	if (err != CONSIGN_OK)
		return err;
	const struct hub_directory *known = hub_directory_at(s->hub, head->version);
	struct kept_parts kept = {0};

	if (known != NULL)
		err = compare_parts(s, head, known->member_parts, known->n_members, b, &kept);
	if (err != CONSIGN_OK || (known != NULL && !kept.has_news))
		return err;
	struct directory_cell *cell = calloc(1, sizeof *cell);

	if (cell == NULL || cell_list_put(&s->stage->directories, cell) != CONSIGN_OK) {
		free(cell);
		return CONSIGN_E_NO_MEMORY;
	}
	cell->frame = s->stage->frame;
	cell->frame->refs++;
	cell->directory = (struct hub_directory){.version = head->version, .hash = hash, .leaf = HUB_LEAF_UNKNOWN, .head = head, .bundle = b};
	err = stage_check_leaf(s, b->head, "", head->version, &hash, &cell->directory.leaf);
	return err != CONSIGN_OK ? err : fill_members(s, cell, known, &kept);
}

static enum consign_err
fill_parts(struct staging *s, struct policy_cell *cell, const struct hub_policy *known, const struct kept_parts *kept)
{
	struct hub_policy *p = &cell->policy;
	size_t n_new = p->bundle->parts.n, n = n_new + kept->n;
	struct consign_slice *slices = arena_alloc(s->arena, (n + 1) * sizeof *slices);

	p->parts = arena_alloc(s->arena, (n + 1) * sizeof *p->parts);
	if (p->parts == NULL || slices == NULL)
		return CONSIGN_E_NO_MEMORY;
	for (size_t i = 0; i < n_new; i++) {
		enum consign_err err = policy_part_decode(p->bundle->parts.v[i], s->arena, &p->parts[i]);

		if (err != CONSIGN_OK)
			return stage_fail(s, err, "policy", p->version, "a part is malformed");
		slices[i] = p->bundle->parts.v[i];
	}
	for (size_t i = 0; i < kept->n; i++) {
		p->parts[n_new + i] = known->parts[kept->v[i]];
		slices[n_new + i] = known->bundle->parts.v[kept->v[i]];
	}
	p->n_parts = n;
	cell->merged.head = p->bundle->head;
	cell->merged.parts.v = slices;
	cell->merged.parts.n = n;
	p->bundle = &cell->merged;
	return CONSIGN_OK;
}

enum consign_err
stage_policy(struct staging *s, const struct sliced_bundle *b)
{
	const struct signed_document *signed_head = b->head->document;
	struct document_head *head;
	void *decoded;
	struct consign_hash hash;

	if (signed_head->kind != SIGN_POLICY)
		return stage_fail(s, CONSIGN_E_MALFORMED, "policy", 0, "another document stands in its place");
	enum consign_err err = wire_decode(&wire_policy_head, signed_head->content, s->arena, &decoded);

	if (err != CONSIGN_OK)
		return stage_fail(s, err, "policy", 0, "is malformed");
	head = decoded;
	hash_sha256(signed_head->content, &hash);
	err = check_sliced(s, b, true, head, &hash);
	if (err != CONSIGN_OK)
		return err;
	const struct hub_policy *known = hub_policy_at(s->hub, head->version);
	struct kept_parts kept = {0};

	if (known != NULL)
		err = compare_parts(s, head, known->bundle->parts.v, known->n_parts, b, &kept);
	if (err != CONSIGN_OK || (known != NULL && !kept.has_news))
		return err;
	struct policy_cell *cell = calloc(1, sizeof *cell);

	if (cell == NULL || cell_list_put(&s->stage->policies, cell) != CONSIGN_OK) {
		free(cell);
		return CONSIGN_E_NO_MEMORY;
	}
	cell->frame = s->stage->frame;
	cell->frame->refs++;
	struct hub_policy *p = &cell->policy;

	*p = (struct hub_policy){.version = head->version, .hash = hash, .leaf = HUB_LEAF_UNKNOWN, .head = head, .bundle = b};
	err = stage_check_leaf(s, b->head, "", head->version, &hash, &p->leaf);
	if (err != CONSIGN_OK)
		return err;
	err = fill_parts(s, cell, known, &kept);
	if (err != CONSIGN_OK)
		return err;
	err = policy_compile(p->parts, p->n_parts, &p->policy);
	return err == CONSIGN_OK ? CONSIGN_OK : stage_fail(s, err, "policy", head->version, "cannot be compiled");
}
