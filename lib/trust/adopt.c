/* From a verified stage into the hub: leaves for what is published, the store's copy, and taking it in. */
#include "trust/hub_private.h"

#include <stdlib.h>
#include <string.h>

#include "core/limits.h"

typedef void assign_leaf(void *context, enum sign_kind kind, const char *org, uint64_t version, const struct consign_hash *hash,
    struct leaf *ret_leaf);

/* The document is the stage's own memory (its arena), so its leaf may be set here. */
static void
assign_one(struct hub_stage *stage, assign_leaf *assign, void *context, const struct published_document *p, const char *org,
    uint64_t version, const struct consign_hash *hash, uint64_t *ret_index)
{
	struct published_document *own = (struct published_document *)(uintptr_t)p;

	own->leaf = arena_alloc(stage->frame->arena, sizeof *own->leaf);
	struct leaf leaf = {0};

	assign(context, (enum sign_kind)p->document->kind, org, version, hash, &leaf);
	if (own->leaf != NULL) {
		leaf.record = arena_copy(stage->frame->arena, leaf.record);
		*own->leaf = leaf;
	}
	*ret_index = leaf.index;
}

void
hub_stage_assign(struct hub_stage *stage, assign_leaf *assign, void *context)
{
	for (size_t i = 0; i < stage->cards.n; i++) {
		struct hub_card *c = &((struct card_cell *)stage->cards.v[i])->card;

		assign_one(stage, assign, context, c->document, c->card->org.s, c->card->version, &c->hash, &c->leaf);
	}
	for (size_t i = 0; i < stage->directories.n; i++) {
		struct hub_directory *d = &((struct directory_cell *)stage->directories.v[i])->directory;

		assign_one(stage, assign, context, d->bundle->head, "", d->version, &d->hash, &d->leaf);
	}
	for (size_t i = 0; i < stage->policies.n; i++) {
		struct hub_policy *p = &((struct policy_cell *)stage->policies.v[i])->policy;

		assign_one(stage, assign, context, p->bundle->head, "", p->version, &p->hash, &p->leaf);
	}
	for (size_t i = 0; i < stage->roots.n; i++) {
		struct hub_root *r = &((struct root_cell *)stage->roots.v[i])->root;

		assign_one(stage, assign, context, r->document, "", r->root->version, &r->hash, &r->leaf);
	}
}

/* NULL also when there was no memory for the leaf that was assigned. */
static struct published_document *
without_proof(struct arena *arena, const struct published_document *p)
{
	struct published_document *copy
	    = p->leaf == NULL || p->leaf->record.data == NULL ? NULL : arena_alloc(arena, sizeof *copy);

	if (copy != NULL) {
		*copy = *p;
		/* Leaf and path stand together or not at all (PROTOCOL.md 7.4); in the store the path is empty. */
		copy->path = arena_alloc(arena, sizeof *copy->path);
		if (copy->path == NULL)
			return NULL;
	}
	return copy;
}

static struct sliced_bundle *
bundle_without_proof(struct arena *arena, const struct sliced_bundle *b)
{
	struct sliced_bundle *copy = arena_alloc(arena, sizeof *copy);

	if (copy != NULL) {
		*copy = *b;
		copy->head = without_proof(arena, b->head);
		if (copy->head == NULL)
			return NULL;
	}
	return copy;
}

enum consign_err
hub_stage_encode(const struct hub_stage *stage, struct buf *out)
{
	struct arena *arena = NULL;
	struct session_documents d = {0};
	size_t most = stage->roots.n + stage->directories.n + stage->policies.n + stage->cards.n + 4;
	enum consign_err err = arena_new(most * 1024, &arena);

	if (err != CONSIGN_OK)
		return err;
	err = CONSIGN_E_NO_MEMORY;
	d.roots.v = arena_alloc(arena, (stage->roots.n + 1) * sizeof *d.roots.v);
	d.directories.v = arena_alloc(arena, (stage->directories.n + 1) * sizeof *d.directories.v);
	d.policies.v = arena_alloc(arena, (stage->policies.n + 1) * sizeof *d.policies.v);
	d.cards.v = arena_alloc(arena, (stage->cards.n + 1) * sizeof *d.cards.v);
	if (d.roots.v == NULL || d.directories.v == NULL || d.policies.v == NULL || d.cards.v == NULL)
		goto out;
	for (size_t i = 0; i < stage->roots.n; i++)
		if ((d.roots.v[d.roots.n++] = without_proof(arena, ((struct root_cell *)stage->roots.v[i])->root.document)) == NULL)
			goto out;
	for (size_t i = 0; i < stage->directories.n; i++)
		if ((d.directories.v[d.directories.n++]
		        = bundle_without_proof(arena, ((struct directory_cell *)stage->directories.v[i])->directory.bundle)) == NULL)
			goto out;
	for (size_t i = 0; i < stage->policies.n; i++)
		if ((d.policies.v[d.policies.n++]
		        = bundle_without_proof(arena, ((struct policy_cell *)stage->policies.v[i])->policy.bundle)) == NULL)
			goto out;
	for (size_t i = 0; i < stage->cards.n; i++)
		if ((d.cards.v[d.cards.n++] = without_proof(arena, ((struct card_cell *)stage->cards.v[i])->card.document)) == NULL)
			goto out;
	err = session_documents_encode(&d, out);
out:
	arena_free(&arena);
	return err;
}

static void
insert_at(struct cell_list *list, size_t at, void *cell)
{
	memmove(list->v + at + 1, list->v + at, (list->n - at) * sizeof *list->v);
	list->v[at] = cell;
	list->n++;
}

static void *
take_out(struct cell_list *list, size_t at)
{
	void *cell = list->v[at];

	memmove(list->v + at, list->v + at + 1, (--list->n - at) * sizeof *list->v);
	return cell;
}

/* A slice of a version that is held takes the place of the one held, and keeps it: it may point into it. */
static void
replace_directory(struct hub *hub, struct directory_cell *cell)
{
	for (size_t i = hub->directories.n; i > 0; i--)
		if (((struct directory_cell *)hub->directories.v[i - 1])->directory.version == cell->directory.version) {
			cell->before = take_out(&hub->directories, i - 1);
			return;
		}
}

static void
replace_policy(struct hub *hub, struct policy_cell *cell)
{
	for (size_t i = hub->policies.n; i > 0; i--)
		if (((struct policy_cell *)hub->policies.v[i - 1])->policy.version == cell->policy.version) {
			cell->before = take_out(&hub->policies, i - 1);
			policy_free(&cell->before->policy.policy);
			return;
		}
}

static void
adopt_directory(struct hub *hub, struct directory_cell *cell)
{
	size_t at = 0;

	while (at < hub->directories.n && ((struct directory_cell *)hub->directories.v[at])->directory.version < cell->directory.version)
		at++;
	insert_at(&hub->directories, at, cell);
}

static void
adopt_policy(struct hub *hub, struct policy_cell *cell)
{
	size_t at = 0;

	while (at < hub->policies.n && ((struct policy_cell *)hub->policies.v[at])->policy.version < cell->policy.version)
		at++;
	insert_at(&hub->policies, at, cell);
}

static void
adopt_card(struct hub *hub, struct card_cell *cell)
{
	size_t at = 0;

	while (at < hub->cards.n) {
		const struct card *other = ((struct card_cell *)hub->cards.v[at])->card.card;
		int order = strcmp(other->org.s, cell->card.card->org.s);

		if (order > 0 || (order == 0 && other->version > cell->card.card->version))
			break;
		at++;
	}
	insert_at(&hub->cards, at, cell);
}

/* The oldest versions make room; never one of the newest HUB_VERSIONS_KEPT. */
static void
drop_old(struct hub *hub)
{
	while (hub->directories.n > HUB_VERSIONS_KEPT) {
		directory_cell_free(hub->directories.v[0]);
		memmove(hub->directories.v, hub->directories.v + 1, --hub->directories.n * sizeof *hub->directories.v);
	}
	while (hub->policies.n > HUB_VERSIONS_KEPT) {
		policy_cell_free(hub->policies.v[0]);
		memmove(hub->policies.v, hub->policies.v + 1, --hub->policies.n * sizeof *hub->policies.v);
	}
}

void
hub_adopt(struct hub *hub, struct hub_stage **stage)
{
	struct hub_stage *s = *stage;

	for (size_t i = 0; i < s->directories.n; i++)
		replace_directory(hub, s->directories.v[i]);
	for (size_t i = 0; i < s->policies.n; i++)
		replace_policy(hub, s->policies.v[i]);
	drop_old(hub); /* before, so that an old version fetched for held mail stays until the next change */
	for (size_t i = 0; i < s->roots.n; i++)
		insert_at(&hub->roots, hub->roots.n, s->roots.v[i]);
	for (size_t i = 0; i < s->directories.n; i++)
		adopt_directory(hub, s->directories.v[i]);
	for (size_t i = 0; i < s->policies.n; i++)
		adopt_policy(hub, s->policies.v[i]);
	for (size_t i = 0; i < s->cards.n; i++)
		adopt_card(hub, s->cards.v[i]);
	s->roots.n = s->directories.n = s->policies.n = s->cards.n = 0;
	if (s->has_checkpoint) {
		buf_clear(&hub->note);
		hub->note = s->note;
		s->note = (struct buf){0};
		hub->checkpoint = s->checkpoint;
		if (s->is_whole)
			hub->documents_size = s->checkpoint.size;
	}
	hub_stage_free(stage);
}

enum consign_err
hub_take_stored(struct hub *hub, struct consign_slice documents, char ret_problem[HUB_PROBLEM_BYTES])
{
	struct hub_stage *stage;
	enum consign_err err = hub_stage(hub, documents, HUB_STORED, &stage, ret_problem);

	if (err != CONSIGN_OK)
		return err == CONSIGN_E_NO_MEMORY ? err : CONSIGN_E_CORRUPT;
	hub_adopt(hub, &stage);
	return CONSIGN_OK;
}
