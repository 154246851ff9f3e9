/*
 * Verifying a Documents message as a whole, before anything of it is taken in. The order is that of trust: roots (each
 * signed by k administrators of the one before it), the checkpoint (by the newest root's ledger key), the leaf of every
 * document under it, directories and policies (stage_sliced.c), cards (signed by the identity key that the directory
 * names).
 *
 * Invariant: an error leaves the hub as it was.
 */
#include "trust/stage_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "ledger/statement.h"

/* Documents that are in no ledger yet. */
static bool
stage_is_new(const struct staging *s)
{
	return s->mode == HUB_PUBLISH || s->mode == HUB_PROPOSED;
}

enum consign_err
stage_fail(struct staging *s, enum consign_err err, const char *what, uint64_t version, const char *why)
{
	if (version > 0)
		snprintf(s->problem, HUB_PROBLEM_BYTES, "%s version %llu: %s", what, (unsigned long long)version, why);
	else
		snprintf(s->problem, HUB_PROBLEM_BYTES, "%s: %s", what, why);
	return err;
}

/* The newest root with those staged so far. */
const struct hub_root *
stage_newest_root(const struct staging *s)
{
	if (s->stage->roots.n > 0)
		return &((struct root_cell *)s->stage->roots.v[s->stage->roots.n - 1])->root;
	return hub_root(s->hub);
}

const struct hub_root *
stage_root_at(const struct staging *s, uint64_t version)
{
	const struct hub_root *known = hub_root_at(s->hub, version);

	if (known != NULL)
		return known;
	size_t at = version - 1 - s->hub->roots.n;

	return version == 0 || at >= s->stage->roots.n ? NULL : &((struct root_cell *)s->stage->roots.v[at])->root;
}

/* Counts distinct administrators of `admins` with a good signature. */
uint32_t
stage_count_signatures(const struct root *admins, enum sign_kind kind, const struct consign_hash *hub_id, const struct signed_document *d)
{
	uint32_t good = 0;

	for (size_t a = 0; a < admins->admins.n; a++) {
		struct consign_key_id id;

		key_id_of(&admins->admins.v[a]->signing_key, &id);
		for (size_t i = 0; i < d->signatures.n; i++)
			if (key_id_equal(&d->signatures.v[i]->key_id, &id)
			    && sign_verify(&admins->admins.v[a]->signing_key, kind, hub_id, d->content, &d->signatures.v[i]->signature)
			        == CONSIGN_OK) {
				good++;
				break;
			}
	}
	return good;
}

enum consign_err
stage_check_header(struct staging *s, const char *what, uint32_t format, struct consign_slice hub_id, uint64_t version)
{
	if (format != 1)
		return stage_fail(s, CONSIGN_E_MALFORMED, what, version, "a format that this version does not read");
	if (!(version == 1 && hub_id.len == 0 && strcmp(what, "root") == 0) && !slice_equal(hub_id, SLICE_ARRAY(s->hub->id.b)))
		return stage_fail(s, CONSIGN_E_MALFORMED, what, version, "belongs to another hub");
	return CONSIGN_OK;
}

void
hub_reason_digest(const struct reason *reason, struct consign_hash *ret_digest)
{
	hash_sha256_2(SLICE_ARRAY(reason->salt.b), reason->text, ret_digest);
}

enum consign_err
stage_reason(struct staging *s, const struct published_document *p, const char *what, uint64_t version, struct consign_slice digest,
    struct consign_slice *ret_text)
{
	struct consign_hash is;

	if (p->reason == NULL)
		return digest.len == 0 || !s->hub->complete ? CONSIGN_OK : stage_fail(s, CONSIGN_E_DENIED, what, version, "comes without its reason");
	hub_reason_digest(p->reason, &is);
	if (!slice_equal(digest, SLICE_ARRAY(is.b)))
		return stage_fail(s, CONSIGN_E_BAD_SIGNATURE, what, version, "its reason is not the one that was signed");
	*ret_text = p->reason->text;
	return CONSIGN_OK;
}

/* How many of those who may sign must have signed. */
uint32_t
stage_threshold(const struct staging *s, const struct root *signers)
{
	return s->mode == HUB_PROPOSED ? 1 : signers->threshold;
}

/* Whether enough of those signed it who may sign a root of this version: of the first, its own administrators. */
static bool
root_is_signed(const struct staging *s, const struct root *root, const struct signed_document *d)
{
	static const struct consign_hash no_hub;
	const struct hub_root *before = root->version > 1 ? stage_root_at(s, root->version - 1) : NULL;
	const struct root *signers = before == NULL ? root : before->root;

	return stage_count_signatures(signers, SIGN_ROOT, before == NULL ? &no_hub : &s->hub->id, d) >= stage_threshold(s, signers);
}

/* A version that a root names is the one of the root before it, or the next: none is skipped, none comes back. */
static bool
goes_on(const struct document_ref *before, const struct document_ref *named)
{
	if (named == NULL)
		return before == NULL;
	if (before != NULL && named->version == before->version)
		return hash_equal(&named->hash, &before->hash);
	return named->version == (before == NULL ? 1 : before->version + 1);
}

static enum consign_err
stage_root(struct staging *s, const struct published_document *p)
{
	const struct signed_document *d = p->document;
	struct root *root;
	struct consign_hash hash;

	if (d->kind != SIGN_ROOT)
		return stage_fail(s, CONSIGN_E_MALFORMED, "root", 0, "another document stands in its place");
	enum consign_err err = root_decode(d->content, s->arena, &root);

	if (err != CONSIGN_OK)
		return stage_fail(s, err, "root", 0, "is malformed");
	err = stage_check_header(s, "root", root->format, root->hub_id, root->version);
	if (err != CONSIGN_OK)
		return err;
	hash_sha256(d->content, &hash);
	const struct hub_root *known = stage_root_at(s, root->version), *previous = stage_newest_root(s);

	if (known != NULL && hash_equal(&known->hash, &hash))
		return CONSIGN_OK;
	if (known == NULL && root->version != (previous == NULL ? 1 : previous->root->version + 1))
		return stage_fail(s, CONSIGN_E_STALE, "root", root->version, "does not follow the newest one known");
	/* Before all that speaks of two histories: what administrators did not sign proves nothing against anybody. */
	if (!root_is_signed(s, root, d))
		return stage_fail(s, CONSIGN_E_BAD_SIGNATURE, "root", root->version, "too few administrators signed it");
	if (known != NULL)
		return stage_fail(s, CONSIGN_E_FORK, "root", root->version, "differs from the one verified before");
	if (previous == NULL && !hash_equal(&hash, &s->hub->id))
		return stage_fail(s, CONSIGN_E_FORK, "root", 1, "is not the one whose hash is the hub's id");
	if (previous != NULL && !slice_equal(root->previous, SLICE_ARRAY(previous->hash.b)))
		return stage_fail(s, CONSIGN_E_FORK, "root", root->version, "does not name the one before it");
	if (previous != NULL && (!goes_on(previous->root->directory, root->directory) || !goes_on(previous->root->policy, root->policy)))
		return stage_fail(s, CONSIGN_E_STALE, "root", root->version, "names a directory or policy that does not follow the one before");
	if (root->version == s->hub->pinned_version && !hash_equal(&hash, &s->hub->pinned_hash))
		return stage_fail(s, CONSIGN_E_FORK, "root", root->version, "is not the one that the invite named");
	err = stage_reason(s, p, "root", root->version, root->reason_digest, &root->reason);
	if (err != CONSIGN_OK)
		return err;
	struct root_cell *cell = calloc(1, sizeof *cell);

	if (cell == NULL || cell_list_put(&s->stage->roots, cell) != CONSIGN_OK) {
		free(cell);
		return CONSIGN_E_NO_MEMORY;
	}
	cell->frame = s->stage->frame;
	cell->frame->refs++;
	cell->root = (struct hub_root){.root = root, .hash = hash, .leaf = HUB_LEAF_UNKNOWN, .document = p};
	return CONSIGN_OK;
}

/* The document's leaf says what the document is; in proven mode it is under the checkpoint. */
enum consign_err
stage_check_leaf(struct staging *s, const struct published_document *p, const char *org, uint64_t version, const struct consign_hash *hash,
    uint64_t *ret_leaf)
{
	struct ledger_record *record;
	struct consign_hash entry;
	enum consign_err err;

	if (stage_is_new(s))
		return CONSIGN_OK;
	if (p->leaf == NULL)
		return stage_fail(s, CONSIGN_E_BAD_PROOF, "document", version, "comes without its leaf");
	err = ledger_record_decode(p->leaf->record, s->arena, &record);
	if (err != CONSIGN_OK)
		return stage_fail(s, err, "document", version, "has a malformed record");
	const struct document_record *r = record->document;

	if (r == NULL || r->kind != p->document->kind || strcmp(r->org, org) != 0 || r->document->version != version
	    || !hash_equal(&r->document->hash, hash))
		return stage_fail(s, CONSIGN_E_BAD_PROOF, "document", version, "its leaf speaks of something else");
	if (s->mode == HUB_PROVEN) {
		if (p->path == NULL)
			return stage_fail(s, CONSIGN_E_BAD_PROOF, "document", version, "comes without a proof");
		tree_entry(&p->leaf->salt, p->leaf->record, &entry);
		err = tree_verify_inclusion(&entry, p->leaf->index, s->stage->checkpoint.size, p->path->path.v, p->path->path.n,
		    &s->stage->checkpoint.head);
		if (err != CONSIGN_OK)
			return stage_fail(s, err, "document", version, "its proof does not lead to the checkpoint");
	}
	*ret_leaf = p->leaf->index;
	return CONSIGN_OK;
}

static enum consign_err
stage_roots(struct staging *s)
{
	for (size_t i = 0; i < s->documents->roots.n; i++) {
		enum consign_err err = stage_root(s, s->documents->roots.v[i]);

		if (err != CONSIGN_OK)
			return err;
	}
	return stage_newest_root(s) != NULL ? CONSIGN_OK : stage_fail(s, CONSIGN_E_STALE, "documents", 0, "no root is known yet and none is among them");
}

static enum consign_err
stage_checkpoint(struct staging *s)
{
	const struct checkpoint_update *update = s->documents->checkpoint;

	if (s->mode != HUB_PROVEN)
		return CONSIGN_OK;
	if (update == NULL)
		return stage_fail(s, CONSIGN_E_BAD_PROOF, "documents", 0, "come without a checkpoint");
	enum consign_err err = hub_check_update(s->hub, &stage_newest_root(s)->root->broker->ledger_key, update, &s->stage->checkpoint);

	if (err != CONSIGN_OK)
		return stage_fail(s, err, "checkpoint", 0, err == CONSIGN_E_FORK ? "same size, other head: two histories" : consign_err_text(err));
	s->stage->has_checkpoint = true;
	return buf_append(&s->stage->note, update->note);
}

static enum consign_err
stage_root_leaves(struct staging *s)
{
	const struct hub_root *known = hub_root(s->hub);
	uint64_t last = known != NULL ? known->leaf : 0;
	bool any = known != NULL;

	for (size_t i = 0; i < s->stage->roots.n; i++) {
		struct hub_root *r = &((struct root_cell *)s->stage->roots.v[i])->root;
		enum consign_err err = stage_check_leaf(s, r->document, "", r->root->version, &r->hash, &r->leaf);

		if (err != CONSIGN_OK)
			return err;
		if (!stage_is_new(s) && any && r->leaf <= last)
			return stage_fail(s, CONSIGN_E_BAD_PROOF, "root", r->root->version, "its leaf is not after the one before it");
		last = r->leaf;
		any = true;
	}
	return CONSIGN_OK;
}

/* The member as the newest directory that names it has it: an identity key that was replaced signs nothing any more. */
static const struct member *
newest_member(const struct staging *s, const char *org)
{
	const struct cell_list *lists[] = {&s->stage->directories, &s->hub->directories};
	const struct member *newest = NULL;
	uint64_t version = 0;

	for (size_t l = 0; l < sizeof lists / sizeof *lists; l++)
		for (size_t i = 0; i < lists[l]->n; i++) {
			const struct hub_directory *d = &((const struct directory_cell *)lists[l]->v[i])->directory;
			const struct member *member = d->version > version ? hub_member(d, org) : NULL;

			if (member != NULL) {
				newest = member;
				version = d->version;
			}
		}
	return newest;
}

static bool
card_is_staged(const struct staging *s, const struct card *card)
{
	for (size_t i = 0; i < s->stage->cards.n; i++) {
		const struct card *other = ((struct card_cell *)s->stage->cards.v[i])->card.card;

		if (other->version == card->version && strcmp(other->org.s, card->org.s) == 0)
			return true;
	}
	return false;
}

static enum consign_err
stage_card(struct staging *s, const struct published_document *p)
{
	const struct signed_document *d = p->document;
	struct card *card;
	struct consign_hash hash;

	if (d->kind != SIGN_CARD || d->signatures.n != 1 || p->reason != NULL)
		return stage_fail(s, CONSIGN_E_MALFORMED, "card", 0, "another document stands in its place");
	enum consign_err err = card_decode(d->content, s->arena, &card);

	if (err != CONSIGN_OK)
		return stage_fail(s, err, "card", 0, "is malformed");
	err = stage_check_header(s, "card", card->format, SLICE_ARRAY(card->hub_id.b), card->version);
	if (err != CONSIGN_OK)
		return err;
	const struct member *member = newest_member(s, card->org.s);

	if (member == NULL)
		return stage_fail(s, CONSIGN_E_NOT_FOUND, "card", card->version, "its organisation is not in the directory");
	if (memcmp(member->identity_key.b, card->identity_key.b, sizeof card->identity_key.b) != 0)
		return stage_fail(s, CONSIGN_E_BAD_SIGNATURE, "card", card->version, "its identity key is not the one in the directory");
	if (sign_verify(&member->identity_key, SIGN_CARD, &s->hub->id, d->content, &d->signatures.v[0]->signature) != CONSIGN_OK)
		return stage_fail(s, CONSIGN_E_BAD_SIGNATURE, "card", card->version, "is not signed by its identity key");
	hash_sha256(d->content, &hash);
	const struct hub_card *known = hub_card_at(s->hub, card->org.s, card->version), *newest = hub_card(s->hub, card->org.s);

	if (known != NULL)
		return hash_equal(&known->hash, &hash) ? CONSIGN_OK : stage_fail(s, CONSIGN_E_FORK, "card", card->version, "differs from the one verified before");
	if (card_is_staged(s, card))
		return stage_fail(s, CONSIGN_E_MALFORMED, "card", card->version, "is there twice");
	/* A new card follows the newest; an older one may be fetched for old mail, but only from its ledger leaf. */
	if (newest != NULL && card->version == newest->card->version + 1 && !slice_equal(card->previous, SLICE_ARRAY(newest->hash.b)))
		return stage_fail(s, CONSIGN_E_FORK, "card", card->version, "does not name the one before it");
	if (stage_is_new(s) && card->version != (newest == NULL ? 1 : newest->card->version + 1))
		return stage_fail(s, CONSIGN_E_STALE, "card", card->version, "does not follow the newest one known");
	struct card_cell *cell = calloc(1, sizeof *cell);

	if (cell == NULL || cell_list_put(&s->stage->cards, cell) != CONSIGN_OK) {
		free(cell);
		return CONSIGN_E_NO_MEMORY;
	}
	cell->frame = s->stage->frame;
	cell->frame->refs++;
	cell->card = (struct hub_card){.card = card, .hash = hash, .leaf = HUB_LEAF_UNKNOWN, .document = p};
	return stage_check_leaf(s, p, card->org.s, card->version, &hash, &cell->card.leaf);
}

/* Who demands everything must hold what the newest root puts in force. */
static enum consign_err
check_complete(struct staging *s)
{
	const struct root *root = stage_newest_root(s)->root;
	bool has_directory = false, has_policy = false;

	if (!s->hub->complete || root->directory == NULL)
		return CONSIGN_OK;
	has_directory = hub_directory_at(s->hub, root->directory->version) != NULL;
	has_policy = hub_policy_at(s->hub, root->policy->version) != NULL;
	for (size_t i = 0; i < s->stage->directories.n; i++)
		if (((struct directory_cell *)s->stage->directories.v[i])->directory.version == root->directory->version)
			has_directory = true;
	for (size_t i = 0; i < s->stage->policies.n; i++)
		if (((struct policy_cell *)s->stage->policies.v[i])->policy.version == root->policy->version)
			has_policy = true;
	return has_directory && has_policy ? CONSIGN_OK
	                                   : stage_fail(s, CONSIGN_E_DENIED, "root", root->version, "comes without the directory or policy that it names");
}

static enum consign_err
stage_all(struct staging *s)
{
	enum consign_err err = stage_roots(s);

	if (err == CONSIGN_OK)
		err = stage_checkpoint(s);
	if (err == CONSIGN_OK)
		err = stage_root_leaves(s);
	for (size_t i = 0; err == CONSIGN_OK && i < s->documents->directories.n; i++)
		err = stage_directory(s, s->documents->directories.v[i]);
	for (size_t i = 0; err == CONSIGN_OK && i < s->documents->policies.n; i++)
		err = stage_policy(s, s->documents->policies.v[i]);
	for (size_t i = 0; err == CONSIGN_OK && i < s->documents->cards.n; i++)
		err = stage_card(s, s->documents->cards.v[i]);
	if (err == CONSIGN_OK)
		err = check_complete(s);
	/* A chain that ends before the root of the invite was cut short for us: it must not be taken for all there is. */
	if (err == CONSIGN_OK && s->mode == HUB_PROVEN && stage_newest_root(s)->root->version < s->hub->pinned_version)
		err = stage_fail(s, CONSIGN_E_STALE, "root", stage_newest_root(s)->root->version, "is older than the one that the invite named");
	/* Room for adopting, so that adopting cannot fail. */
	if (err == CONSIGN_OK)
		err = cell_list_reserve(&s->hub->roots, s->stage->roots.n);
	if (err == CONSIGN_OK)
		err = cell_list_reserve(&s->hub->directories, s->stage->directories.n);
	if (err == CONSIGN_OK)
		err = cell_list_reserve(&s->hub->policies, s->stage->policies.n);
	if (err == CONSIGN_OK)
		err = cell_list_reserve(&s->hub->cards, s->stage->cards.n);
	return err;
}

enum consign_err
hub_stage(struct hub *hub, struct consign_slice documents, enum hub_mode mode, struct hub_stage **ret_stage,
    char ret_problem[HUB_PROBLEM_BYTES])
{
	struct hub_stage *stage = calloc(1, sizeof *stage);
	struct session_documents *decoded;
	enum consign_err err = CONSIGN_E_NO_MEMORY;

	snprintf(ret_problem, HUB_PROBLEM_BYTES, "out of memory");
	if (stage == NULL)
		return err;
	stage->frame = calloc(1, sizeof *stage->frame);
	if (stage->frame == NULL)
		goto out;
	stage->frame->refs = 1;
	/* Documents are decoded twice over: the message, then each content; both live in this arena. */
	err = arena_new(2 * (CONSIGN_UNPACK_BUDGET_BASE_BYTES + documents.len * CONSIGN_UNPACK_BUDGET_PER_BYTE), &stage->frame->arena);
	if (err != CONSIGN_OK)
		goto out;
	err = session_documents_decode(documents, stage->frame->arena, &decoded);
	if (err != CONSIGN_OK) {
		snprintf(ret_problem, HUB_PROBLEM_BYTES, "documents: malformed");
		goto out;
	}
	struct staging s = {hub, stage, mode, decoded, stage->frame->arena, ret_problem};

	err = stage_all(&s);
	stage->is_whole = decoded->directories.n > 0 && decoded->policies.n > 0 && decoded->cards.n > 0;
out:
	if (err != CONSIGN_OK) {
		hub_stage_free(&stage);
		return err;
	}
	*ret_stage = stage;
	return CONSIGN_OK;
}

void
hub_stage_free(struct hub_stage **stage)
{
	struct hub_stage *s = *stage;

	if (s == NULL)
		return;
	for (size_t i = 0; i < s->roots.n; i++)
		root_cell_free(s->roots.v[i]);
	for (size_t i = 0; i < s->directories.n; i++)
		directory_cell_free(s->directories.v[i]);
	for (size_t i = 0; i < s->policies.n; i++)
		policy_cell_free(s->policies.v[i]);
	for (size_t i = 0; i < s->cards.n; i++)
		card_cell_free(s->cards.v[i]);
	free(s->roots.v);
	free(s->directories.v);
	free(s->policies.v);
	free(s->cards.v);
	buf_clear(&s->note);
	hub_frame_release(&s->frame);
	free(s);
	*stage = NULL;
}

bool
hub_stage_is_empty(const struct hub_stage *s)
{
	return s->roots.n == 0 && s->directories.n == 0 && s->policies.n == 0 && s->cards.n == 0;
}

const struct hub_root *
hub_stage_root(const struct hub_stage *s)
{
	return s->roots.n == 0 ? NULL : &((const struct root_cell *)s->roots.v[s->roots.n - 1])->root;
}

const struct hub_directory *
hub_stage_directory(const struct hub_stage *s)
{
	return s->directories.n == 0 ? NULL : &((const struct directory_cell *)s->directories.v[s->directories.n - 1])->directory;
}

const struct hub_policy *
hub_stage_policy(const struct hub_stage *s)
{
	return s->policies.n == 0 ? NULL : &((const struct policy_cell *)s->policies.v[s->policies.n - 1])->policy;
}
