/* What is known of a hub: keeping it and finding in it. Verification is in stage.c, slicing in slice.c. */
#include "trust/hub_private.h"

#include <stdlib.h>
#include <string.h>

enum consign_err
cell_list_reserve(struct cell_list *list, size_t more)
{
	if (list->cap - list->n >= more)
		return CONSIGN_OK;
	size_t cap = list->cap == 0 ? 8 : list->cap * 2;

	if (cap < list->n + more)
		cap = list->n + more;
	void **v = reallocarray(list->v, cap, sizeof *v);

	if (v == NULL)
		return CONSIGN_E_NO_MEMORY;
	list->v = v;
	list->cap = cap;
	return CONSIGN_OK;
}

enum consign_err
cell_list_put(struct cell_list *list, void *cell)
{
	enum consign_err err = cell_list_reserve(list, 1);

	if (err == CONSIGN_OK)
		list->v[list->n++] = cell;
	return err;
}

void
hub_frame_release(struct hub_frame **frame)
{
	struct hub_frame *f = *frame;

	*frame = NULL;
	if (f == NULL || --f->refs > 0)
		return;
	arena_free(&f->arena);
	free(f);
}

void
root_cell_free(struct root_cell *cell)
{
	hub_frame_release(&cell->frame);
	free(cell);
}

void
directory_cell_free(struct directory_cell *cell)
{
	while (cell != NULL) {
		struct directory_cell *before = cell->before;

		free(cell->directory.members);
		free((void *)cell->directory.member_parts);
		hub_frame_release(&cell->frame);
		free(cell);
		cell = before;
	}
}

void
policy_cell_free(struct policy_cell *cell)
{
	while (cell != NULL) {
		struct policy_cell *before = cell->before;

		policy_free(&cell->policy.policy);
		hub_frame_release(&cell->frame);
		free(cell);
		cell = before;
	}
}

void
card_cell_free(struct card_cell *cell)
{
	hub_frame_release(&cell->frame);
	free(cell);
}

enum consign_err
hub_new(const struct consign_hash *id, bool complete, struct hub **ret_hub)
{
	struct hub *hub = calloc(1, sizeof *hub);

	if (hub == NULL)
		return CONSIGN_E_NO_MEMORY;
	hub->id = *id;
	hub->complete = complete;
	*ret_hub = hub;
	return CONSIGN_OK;
}

void
hub_free(struct hub **hub)
{
	struct hub *h = *hub;

	if (h == NULL)
		return;
	for (size_t i = 0; i < h->roots.n; i++)
		root_cell_free(h->roots.v[i]);
	for (size_t i = 0; i < h->directories.n; i++)
		directory_cell_free(h->directories.v[i]);
	for (size_t i = 0; i < h->policies.n; i++)
		policy_cell_free(h->policies.v[i]);
	for (size_t i = 0; i < h->cards.n; i++)
		card_cell_free(h->cards.v[i]);
	free(h->roots.v);
	free(h->directories.v);
	free(h->policies.v);
	free(h->cards.v);
	buf_clear(&h->note);
	free(h);
	*hub = NULL;
}

void
hub_pin(struct hub *hub, uint64_t version, const struct consign_hash *hash)
{
	hub->pinned_version = version;
	hub->pinned_hash = *hash;
}

const struct consign_hash *
hub_id(const struct hub *hub)
{
	return &hub->id;
}

const struct hub_root *
hub_root(const struct hub *hub)
{
	return hub->roots.n == 0 ? NULL : &((struct root_cell *)hub->roots.v[hub->roots.n - 1])->root;
}

const struct hub_root *
hub_root_at(const struct hub *hub, uint64_t version)
{
	if (version == 0 || version > hub->roots.n)
		return NULL;
	return &((struct root_cell *)hub->roots.v[version - 1])->root;
}

const struct hub_root *
hub_root_in_force(const struct hub *hub, uint64_t leaf)
{
	size_t low = 0, high = hub->roots.n; /* roots' leaves rise with their versions */

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (((struct root_cell *)hub->roots.v[mid])->root.leaf < leaf)
			low = mid + 1;
		else
			high = mid;
	}
	return low == 0 ? NULL : &((struct root_cell *)hub->roots.v[low - 1])->root;
}

const struct consign_public_key *
hub_receipt_key(const struct hub *hub)
{
	const struct hub_root *root = hub_root(hub);

	return root == NULL ? NULL : &root->root->broker->receipt_key;
}

const struct hub_directory *
hub_directory_at(const struct hub *hub, uint64_t version)
{
	for (size_t i = hub->directories.n; i > 0; i--) {
		struct directory_cell *cell = hub->directories.v[i - 1];

		if (cell->directory.version == version)
			return &cell->directory;
	}
	return NULL;
}

const struct hub_policy *
hub_policy_at(const struct hub *hub, uint64_t version)
{
	for (size_t i = hub->policies.n; i > 0; i--) {
		struct policy_cell *cell = hub->policies.v[i - 1];

		if (cell->policy.version == version)
			return &cell->policy;
	}
	return NULL;
}

const struct hub_directory *
hub_directory(const struct hub *hub)
{
	const struct hub_root *root = hub_root(hub);

	return root == NULL || root->root->directory == NULL ? NULL : hub_directory_at(hub, root->root->directory->version);
}

const struct hub_policy *
hub_policy(const struct hub *hub)
{
	const struct hub_root *root = hub_root(hub);

	return root == NULL || root->root->policy == NULL ? NULL : hub_policy_at(hub, root->root->policy->version);
}

const struct member *
hub_member(const struct hub_directory *directory, const char *org)
{
	size_t low = 0, high = directory == NULL ? 0 : directory->n_members;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = strcmp(directory->members[mid]->org.s, org);

		if (order == 0)
			return directory->members[mid];
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

const char *
member_status_text(uint32_t status)
{
	static const char *const words[] = {
	    [MEMBER_ACTIVE] = "active", [MEMBER_SUSPENDED] = "suspended", [MEMBER_ENDED] = "ended", [MEMBER_COMPROMISED] = "compromised"};

	return status >= MEMBER_ACTIVE && status <= MEMBER_COMPROMISED ? words[status] : "unknown";
}

/* The place of the first card of an org, or where it would be. */
static size_t
first_card(const struct hub *hub, const char *org)
{
	size_t low = 0, high = hub->cards.n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(((struct card_cell *)hub->cards.v[mid])->card.card->org.s, org) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static const struct hub_card *
card_here(const struct hub *hub, size_t i, const char *org)
{
	if (i >= hub->cards.n)
		return NULL;
	const struct hub_card *card = &((struct card_cell *)hub->cards.v[i])->card;

	return strcmp(card->card->org.s, org) == 0 ? card : NULL;
}

const struct hub_card *
hub_card(const struct hub *hub, const char *org)
{
	const struct hub_card *newest = NULL, *card;

	for (size_t i = first_card(hub, org); (card = card_here(hub, i, org)) != NULL; i++)
		newest = card;
	return newest;
}

const struct hub_card *
hub_card_at(const struct hub *hub, const char *org, uint64_t version)
{
	const struct hub_card *card;

	for (size_t i = first_card(hub, org); (card = card_here(hub, i, org)) != NULL; i++)
		if (card->card->version == version)
			return card;
	return NULL;
}

const struct hub_card *
hub_card_in_force(const struct hub *hub, const char *org, uint64_t leaf)
{
	const struct hub_card *in_force = NULL, *card;

	for (size_t i = first_card(hub, org); (card = card_here(hub, i, org)) != NULL; i++)
		if (card->leaf < leaf)
			in_force = card;
	return in_force;
}

const struct hub_card *
hub_card_nth(const struct hub *hub, size_t n)
{
	for (size_t i = 0; i < hub->cards.n; i++) {
		const struct hub_card *card = &((struct card_cell *)hub->cards.v[i])->card;

		if (card_here(hub, i + 1, card->card->org.s) != NULL)
			continue; /* an older version of it */
		if (n-- == 0)
			return card;
	}
	return NULL;
}

const struct hub_card *
hub_card_by_transport(const struct hub *hub, const struct consign_public_key *key)
{
	for (size_t i = 0; i < hub->cards.n; i++) {
		const struct hub_card *card = &((struct card_cell *)hub->cards.v[i])->card;

		/* Only the newest card of an org counts: a key that an older one named may have been given up. */
		if (memcmp(card->card->transport_key.b, key->b, sizeof key->b) == 0 && card_here(hub, i + 1, card->card->org.s) == NULL)
			return card;
	}
	return NULL;
}

const struct admin *
hub_admin_by_transport(const struct hub *hub, const struct consign_public_key *key)
{
	const struct hub_root *root = hub_root(hub);

	for (size_t i = 0; root != NULL && i < root->root->admins.n; i++)
		if (memcmp(root->root->admins.v[i]->transport_key.b, key->b, sizeof key->b) == 0)
			return root->root->admins.v[i];
	return NULL;
}

const struct admin *
hub_admin_by_signing(const struct hub *hub, const struct consign_key_id *id)
{
	const struct hub_root *root = hub_root(hub);

	for (size_t i = 0; root != NULL && i < root->root->admins.n; i++) {
		struct consign_key_id mine;

		key_id_of(&root->root->admins.v[i]->signing_key, &mine);
		if (key_id_equal(&mine, id))
			return root->root->admins.v[i];
	}
	return NULL;
}

static const struct valid_key *
find_key(struct valid_key *const *keys, size_t n, const struct consign_key_id *id)
{
	for (size_t i = 0; i < n; i++) {
		struct consign_key_id mine;

		key_id_of(&keys[i]->key, &mine);
		if (key_id_equal(&mine, id))
			return keys[i];
	}
	return NULL;
}

const struct valid_key *
card_signing_key(const struct card *card, const struct consign_key_id *id)
{
	return find_key(card->signing_keys.v, card->signing_keys.n, id);
}

const struct valid_key *
card_seal_key(const struct card *card, const struct consign_key_id *id)
{
	return find_key(card->seal_keys.v, card->seal_keys.n, id);
}

uint64_t
hub_documents_size(const struct hub *hub)
{
	return hub->documents_size;
}

void
hub_doubt_documents(struct hub *hub)
{
	hub->documents_size = 0;
}

const struct checkpoint *
hub_checkpoint(const struct hub *hub)
{
	return &hub->checkpoint;
}

struct consign_slice
hub_checkpoint_note(const struct hub *hub)
{
	return buf_slice(&hub->note);
}

enum consign_err
hub_check_update(const struct hub *hub, const struct consign_public_key *ledger_key, const struct checkpoint_update *update,
    struct checkpoint *ret_checkpoint)
{
	char origin[256];
	struct checkpoint c;
	const struct checkpoint *mine = &hub->checkpoint;

	checkpoint_origin(&hub->id, origin);
	enum consign_err err = checkpoint_open(update->note, origin, ledger_key, &c);

	if (err != CONSIGN_OK)
		return err;
	if (c.size < mine->size)
		return CONSIGN_E_STALE;
	if (c.size == mine->size) {
		if (mine->size > 0 && !hash_equal(&c.head, &mine->head))
			return CONSIGN_E_FORK;
	} else {
		const struct consign_hash *path = update->consistency != NULL ? update->consistency->path.v : NULL;
		size_t n = update->consistency != NULL ? update->consistency->path.n : 0;

		if (mine->size > 0 && update->from_size != mine->size)
			return CONSIGN_E_BAD_PROOF;
		err = tree_verify_consistency(mine->size, &mine->head, c.size, &c.head, path, mine->size > 0 ? n : 0);
		if (err != CONSIGN_OK)
			return err;
	}
	*ret_checkpoint = c;
	return CONSIGN_OK;
}

enum consign_err
hub_advance(struct hub *hub, const struct checkpoint_update *update)
{
	const struct hub_root *root = hub_root(hub);
	struct checkpoint c;
	struct buf note = {0};

	if (root == NULL)
		return CONSIGN_E_STATE;
	/* Many frames share one checkpoint: the same bytes need no second look. */
	if (hub->note.len > 0 && slice_equal(buf_slice(&hub->note), update->note))
		return CONSIGN_OK;
	enum consign_err err = hub_check_update(hub, &root->root->broker->ledger_key, update, &c);

	if (err == CONSIGN_OK)
		err = buf_append(&note, update->note);
	if (err != CONSIGN_OK)
		return err;
	buf_clear(&hub->note);
	hub->note = note;
	hub->checkpoint = c;
	return CONSIGN_OK;
}

enum consign_err
hub_restore_checkpoint(struct hub *hub, struct consign_slice note)
{
	const struct hub_root *root = hub_root(hub);
	char origin[256];
	struct checkpoint c;
	struct buf copy = {0};

	if (root == NULL)
		return CONSIGN_E_STATE;
	checkpoint_origin(&hub->id, origin);
	enum consign_err err = checkpoint_open(note, origin, &root->root->broker->ledger_key, &c);

	if (err == CONSIGN_OK)
		err = buf_append(&copy, note);
	if (err != CONSIGN_OK)
		return err;
	buf_clear(&hub->note);
	hub->note = copy;
	hub->checkpoint = c;
	return CONSIGN_OK;
}
