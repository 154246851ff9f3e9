/*
 * What an organisation is shown of the documents: parts of studies it is a party to, organisations it shares a study
 * with, their cards. An organisation never learns that another study exists (design 6).
 */
#include "trust/hub_private.h"

#include <string.h>

#include "core/limits.h"

struct slicing {
	const struct hub *hub;
	const char *org; /* NULL: an administrator, who sees all */
	const struct hub_proofs *proofs;
	struct arena *arena;
};

bool
hub_may_know(const struct hub *hub, const char *a, const char *b)
{
	const struct hub_policy *policy = hub_policy(hub);

	return strcmp(a, b) == 0 || (policy != NULL && policy_share_study(policy->policy, a, b));
}

static enum consign_err
prove(const struct slicing *s, const struct published_document *p, struct published_document **ret_p)
{
	struct published_document *copy = arena_alloc(s->arena, sizeof *copy);

	if (copy == NULL)
		return CONSIGN_E_NO_MEMORY;
	*copy = *p;
	if (s->org != NULL)
		copy->reason = NULL; /* it may name a study, or a company, that this one has nothing to do with */
	enum consign_err err = s->proofs->prove(s->proofs->self, p->leaf->index, s->arena, &copy->path);

	if (err == CONSIGN_OK)
		*ret_p = copy;
	return err;
}

static enum consign_err
slice_roots(const struct slicing *s, uint64_t after, struct session_documents *d)
{
	size_t n = s->hub->roots.n > after ? s->hub->roots.n - after : 0;
	enum consign_err err = CONSIGN_OK;

	d->roots.v = arena_alloc(s->arena, (n + 1) * sizeof *d->roots.v);
	if (d->roots.v == NULL)
		return CONSIGN_E_NO_MEMORY;
	for (size_t i = 0; err == CONSIGN_OK && i < n; i++) {
		err = prove(s, ((struct root_cell *)s->hub->roots.v[after + i])->root.document, &d->roots.v[i]);
		if (err == CONSIGN_OK)
			d->roots.n++;
	}
	return err;
}

/* Whether the two ever shared a study, as far as policies are kept: then each knows of the other, and has mail of it. */
static bool
have_met(const struct hub *hub, const char *a, const char *b)
{
	for (size_t i = 0; i < hub->policies.n; i++)
		if (policy_share_study(((const struct policy_cell *)hub->policies.v[i])->policy.policy, a, b))
			return true;
	return false;
}

/* Whether the reader is to be told of the member. That one is compromised it must hear even after they parted: of mail that is on its way. */
static bool
member_concerns(const struct slicing *s, const struct hub_policy *policy, const struct member *m)
{
	if (s->org == NULL || strcmp(s->org, m->org.s) == 0)
		return true;
	if (policy != NULL && policy_share_study(policy->policy, s->org, m->org.s))
		return true;
	return m->status == MEMBER_COMPROMISED && have_met(s->hub, s->org, m->org.s);
}

static enum consign_err
slice_directory(const struct slicing *s, const struct hub_directory *dir, const struct hub_policy *policy, struct session_documents *d)
{
	struct sliced_bundle *b = arena_alloc(s->arena, sizeof *b);

	d->directories.v = arena_alloc(s->arena, sizeof *d->directories.v);
	if (b == NULL || d->directories.v == NULL || (b->parts.v = arena_alloc(s->arena, (dir->n_members + 1) * sizeof *b->parts.v)) == NULL)
		return CONSIGN_E_NO_MEMORY;
	for (size_t i = 0; i < dir->n_members; i++)
		if (member_concerns(s, policy, dir->members[i]))
			b->parts.v[b->parts.n++] = dir->member_parts[i];
	enum consign_err err = prove(s, dir->bundle->head, &b->head);

	if (err == CONSIGN_OK)
		d->directories.v[d->directories.n++] = b;
	return err;
}

static bool
part_concerns(const struct policy_part *part, const char *org)
{
	if (org == NULL || part->common != NULL)
		return true;
	if (part->study == NULL)
		return false; /* the source text: administrators only */
	for (size_t i = 0; i < part->study->parties.n; i++)
		if (strcmp(part->study->parties.v[i]->org.s, org) == 0)
			return true;
	return false;
}

static enum consign_err
slice_policy(const struct slicing *s, const struct hub_policy *policy, struct session_documents *d)
{
	struct sliced_bundle *b = arena_alloc(s->arena, sizeof *b);

	d->policies.v = arena_alloc(s->arena, sizeof *d->policies.v);
	if (b == NULL || d->policies.v == NULL || (b->parts.v = arena_alloc(s->arena, (policy->n_parts + 1) * sizeof *b->parts.v)) == NULL)
		return CONSIGN_E_NO_MEMORY;
	for (size_t i = 0; i < policy->n_parts; i++)
		if (part_concerns(policy->parts[i], s->org))
			b->parts.v[b->parts.n++] = policy->bundle->parts.v[i];
	enum consign_err err = prove(s, policy->bundle->head, &b->head);

	if (err == CONSIGN_OK)
		d->policies.v[d->policies.n++] = b;
	return err;
}

/* Those whose leaves are not before `since`. */
static enum consign_err
slice_cards(const struct slicing *s, uint64_t since, struct session_documents *d)
{
	enum consign_err err = CONSIGN_OK;
	const struct hub_directory *dir = hub_directory(s->hub);

	d->cards.v = arena_alloc(s->arena, (s->hub->cards.n + 1) * sizeof *d->cards.v);
	if (d->cards.v == NULL)
		return CONSIGN_E_NO_MEMORY;
	for (size_t i = 0; err == CONSIGN_OK && i < s->hub->cards.n; i++) {
		const struct hub_card *c = &((struct card_cell *)s->hub->cards.v[i])->card;
		const char *org = c->card->org.s;

		if (c->leaf < since)
			continue;
		bool is_newest = i + 1 == s->hub->cards.n
		    || strcmp(((struct card_cell *)s->hub->cards.v[i + 1])->card.card->org.s, org) != 0;

		if (!is_newest || hub_member(dir, org) == NULL || (s->org != NULL && !hub_may_know(s->hub, s->org, org)))
			continue;
		err = prove(s, c->document, &d->cards.v[d->cards.n]);
		if (err == CONSIGN_OK)
			d->cards.n++;
	}
	return err;
}

enum consign_err
hub_slice(const struct hub *hub, const char *org, uint64_t root_after, uint64_t root_only_version, const struct hub_proofs *proofs,
    struct arena *arena, struct session_documents **ret_documents)
{
	struct slicing s = {hub, org, proofs, arena};
	struct session_documents *d = arena_alloc(arena, sizeof *d);
	enum consign_err err = CONSIGN_OK;

	if (d == NULL)
		return CONSIGN_E_NO_MEMORY;
	const struct hub_root *root = root_only_version > 0 ? hub_root_at(hub, root_only_version) : hub_root(hub);

	if (root == NULL)
		return CONSIGN_E_NOT_FOUND;
	if (root_only_version == 0)
		err = slice_roots(&s, root_after, d);
	const struct hub_directory *dir = root->root->directory == NULL ? NULL : hub_directory_at(hub, root->root->directory->version);
	const struct hub_policy *policy = root->root->policy == NULL ? NULL : hub_policy_at(hub, root->root->policy->version);

	if (err == CONSIGN_OK && root->root->directory != NULL && (dir == NULL || policy == NULL))
		return CONSIGN_E_NOT_FOUND; /* older than what is kept in memory */
	if (err == CONSIGN_OK && dir != NULL)
		err = slice_directory(&s, dir, policy, d);
	if (err == CONSIGN_OK && policy != NULL)
		err = slice_policy(&s, policy, d);
	if (err == CONSIGN_OK && root_only_version == 0)
		err = slice_cards(&s, 0, d);
	if (err != CONSIGN_OK)
		return err;
	d->checkpoint = (struct checkpoint_update *)(uintptr_t)proofs->checkpoint;
	*ret_documents = d;
	return CONSIGN_OK;
}

enum consign_err
hub_slice_since(const struct hub *hub, const char *org, uint64_t size, const struct hub_proofs *proofs, struct arena *arena,
    struct session_documents **ret_documents)
{
	struct slicing s = {hub, org, proofs, arena};
	struct session_documents *d = arena_alloc(arena, sizeof *d);
	enum consign_err err = d == NULL ? CONSIGN_E_NO_MEMORY : slice_cards(&s, size, d);

	if (err != CONSIGN_OK)
		return err;
	d->checkpoint = (struct checkpoint_update *)(uintptr_t)proofs->checkpoint;
	*ret_documents = d;
	return CONSIGN_OK;
}

/*
 * A partner's card of now; or, of somebody who was a partner, one from before they parted: mail that was accepted then names
 * it, and may be fetched much later.
 */
static bool
may_have_card(const struct hub *hub, const char *reader, const struct hub_card *card)
{
	uint64_t parted = HUB_LEAF_UNKNOWN;

	if (hub_may_know(hub, reader, card->card->org.s))
		return true;
	for (size_t i = hub->policies.n; i > 0; i--) {
		const struct hub_policy *p = &((struct policy_cell *)hub->policies.v[i - 1])->policy;

		if (card->leaf < parted && policy_share_study(p->policy, reader, card->card->org.s))
			return true;
		parted = p->leaf;
	}
	return false;
}

enum consign_err
hub_slice_card(const struct hub *hub, const char *reader, const char *org, uint64_t version, const struct hub_proofs *proofs,
    struct arena *arena, struct session_documents **ret_documents)
{
	struct slicing s = {hub, reader, proofs, arena};
	const struct hub_card *card = hub_card_at(hub, org, version);
	struct session_documents *d = arena_alloc(arena, sizeof *d);

	if (card == NULL || (reader != NULL && !may_have_card(hub, reader, card)))
		return CONSIGN_E_NOT_FOUND;
	if (d == NULL || (d->cards.v = arena_alloc(arena, sizeof *d->cards.v)) == NULL)
		return CONSIGN_E_NO_MEMORY;
	enum consign_err err = prove(&s, card->document, &d->cards.v[0]);

	if (err != CONSIGN_OK)
		return err;
	d->cards.n = 1;
	d->checkpoint = (struct checkpoint_update *)(uintptr_t)proofs->checkpoint;
	*ret_documents = d;
	return CONSIGN_OK;
}
