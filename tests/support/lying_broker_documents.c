/* The lies of lying_broker_says.c about documents: altered, exchanged, of yesterday, or not all of them. */
#include <string.h>

#include "lying_broker.h"

/* Changes ARGUMENT's card; a new identity key signs it, or nobody. */
static enum outcome
change_card(struct saying *s, bool is_signed)
{
	struct session_documents *d = s->command->documents;

	for (size_t i = 0; i < d->cards.n; i++) {
		struct signed_document *sd = d->cards.v[i]->document;
		struct secret *secret = NULL;
		struct buf bytes = {0};
		struct card *card;

		must_be(card_decode(sd->content, s->arena, &card));
		if (strcmp(card->org.s, s->lie->argument) != 0)
			continue;
		if (is_signed)
			must_be(sign_keypair(&secret, &card->identity_key));
		random_bytes(&card->seal_keys.v[0]->key, sizeof card->seal_keys.v[0]->key);
		must_be(card_encode(card, &bytes));
		sd->content = encoded(s->arena, &bytes);
		if (is_signed)
			sign_make(secret, SIGN_CARD, &lying_broker->hub_id, sd->content, &sd->signatures.v[0]->signature);
		secret_free(&secret);
		return CHANGED;
	}
	return NOTHING;
}

enum outcome
lie_card_key(struct saying *s)
{
	return change_card(s, false);
}

enum outcome
lie_card_owner(struct saying *s)
{
	return change_card(s, true);
}

enum outcome
lie_member_key(struct saying *s)
{
	struct session_documents *d = s->command->documents;

	for (size_t i = 0; i < d->directories.n; i++)
		for (size_t k = 0; k < d->directories.v[i]->parts.n; k++) {
			struct directory_part *part;
			struct buf bytes = {0};

			must_be(directory_part_decode(d->directories.v[i]->parts.v[k], s->arena, &part));
			if (strcmp(part->member->org.s, s->lie->argument) != 0)
				continue;
			random_bytes(&part->member->identity_key, sizeof part->member->identity_key);
			must_be(directory_part_encode(part, &bytes));
			d->directories.v[i]->parts.v[k] = encoded(s->arena, &bytes);
			return CHANGED;
		}
	return NOTHING;
}

enum outcome
lie_policy_part(struct saying *s)
{
	struct session_documents *d = s->command->documents;

	if (d->policies.n == 0 || d->policies.v[0]->parts.n == 0)
		return NOTHING;
	d->policies.v[0]->parts.v[0] = flip(s->arena, d->policies.v[0]->parts.v[0]);
	return CHANGED;
}

enum outcome
lie_policy_head(struct saying *s)
{
	struct session_documents *d = s->command->documents;
	struct document_head *head;
	struct buf bytes = {0};

	if (d->policies.n == 0)
		return NOTHING;
	struct signed_document *sd = d->policies.v[0]->head->document;

	must_be(wire_decode(&wire_policy_head, sd->content, s->arena, (void **)&head));
	head->created_us++;
	must_be(wire_encode(&wire_policy_head, head, &bytes));
	sd->content = encoded(s->arena, &bytes);
	return CHANGED;
}

/* The newest root that the agent has already, and a change in it. */
enum outcome
lie_root_other(struct saying *s)
{
	struct session_documents *d = s->command->documents;
	const struct hub_root *newest = hub_root(lying_broker->hub);
	struct published_document *p = must(arena_alloc(s->arena, sizeof *p));
	struct signed_document *sd = must(arena_alloc(s->arena, sizeof *sd));
	struct root *root;
	struct buf bytes = {0};

	*sd = *newest->document->document;
	must_be(root_decode(sd->content, s->arena, &root));
	root->created_us++;
	must_be(root_encode(root, &bytes));
	sd->content = encoded(s->arena, &bytes);
	*p = (struct published_document){sd, newest->document->leaf, NULL};
	must_be(ledger_prove(lying_broker->ledger, p->leaf->index, s->arena, &p->path));
	d->roots.v = must(arena_alloc(s->arena, sizeof *d->roots.v));
	d->roots.v[0] = p;
	d->roots.n = 1;
	return CHANGED;
}

/* What a part is about: a study, an organisation, or "" the rules of all studies. */
static const char *
subject_of(struct saying *s, bool is_policy, struct consign_slice bytes)
{
	struct policy_part *policy;
	struct directory_part *directory;

	if (!is_policy) {
		must_be(directory_part_decode(bytes, s->arena, &directory));
		return directory->member->org.s;
	}
	must_be(policy_part_decode(bytes, s->arena, &policy));
	return policy->study != NULL ? policy->study->id.s : policy->common != NULL ? "" : "(source)";
}

static enum outcome
leave_out(struct saying *s, bool is_policy, const char *subject)
{
	struct session_documents *d = s->command->documents;
	enum outcome outcome = NOTHING;

	for (size_t i = 0; i < (is_policy ? d->policies.n : d->directories.n); i++) {
		struct sliced_bundle *b = is_policy ? d->policies.v[i] : d->directories.v[i];

		for (size_t k = b->parts.n; k > 0; k--)
			if (strcmp(subject_of(s, is_policy, b->parts.v[k - 1]), subject) == 0) {
				b->parts.v[k - 1] = b->parts.v[--b->parts.n];
				outcome = CHANGED;
			}
	}
	return outcome;
}

enum outcome
lie_study_none(struct saying *s)
{
	return leave_out(s, true, s->lie->argument);
}

enum outcome
lie_rules_none(struct saying *s)
{
	return leave_out(s, true, "");
}

enum outcome
lie_partner_none(struct saying *s)
{
	struct session_documents *d = s->command->documents;
	enum outcome outcome = leave_out(s, false, s->lie->argument);

	for (size_t i = d->cards.n; i > 0; i--) {
		struct card *card;

		must_be(card_decode(d->cards.v[i - 1]->document->content, s->arena, &card));
		if (strcmp(card->org.s, s->lie->argument) == 0) {
			memmove(d->cards.v + i - 1, d->cards.v + i, (d->cards.n - i) * sizeof *d->cards.v);
			d->cards.n--;
			outcome = CHANGED;
		}
	}
	return outcome;
}

static struct buf first_documents;

enum outcome
lie_documents_old(struct saying *s)
{
	struct session_command *old;
	struct checkpoint_update *now = s->command->documents->checkpoint;

	if (first_documents.len == 0)
		return NOTHING;
	must_be(session_command_decode(buf_slice(&first_documents), s->arena, &old));
	*s->command->documents = *old->documents;
	s->command->documents->checkpoint = now;
	/* Their proofs lead to the checkpoint of today. */
	struct session_documents *d = s->command->documents;

	for (size_t i = 0; i < d->roots.n; i++)
		must_be(ledger_prove(lying_broker->ledger, d->roots.v[i]->leaf->index, s->arena, &d->roots.v[i]->path));
	for (size_t i = 0; i < d->directories.n; i++)
		must_be(ledger_prove(
		    lying_broker->ledger, d->directories.v[i]->head->leaf->index, s->arena, &d->directories.v[i]->head->path));
	for (size_t i = 0; i < d->policies.n; i++)
		must_be(ledger_prove(
		    lying_broker->ledger, d->policies.v[i]->head->leaf->index, s->arena, &d->policies.v[i]->head->path));
	for (size_t i = 0; i < d->cards.n; i++)
		must_be(ledger_prove(lying_broker->ledger, d->cards.v[i]->leaf->index, s->arena, &d->cards.v[i]->path));
	return CHANGED;
}

void
remember_documents(struct saying *s)
{
	if (first_documents.len == 0 && s->command->documents->policies.n > 0)
		must_be(buf_append(&first_documents, frame_slice(&s->frames[0])));
}
