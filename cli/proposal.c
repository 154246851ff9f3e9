/* A proposal at an administrator's (proposal.h). */
#include "proposal.h"

#include <stdio.h>
#include <string.h>

#include "armor.h"
#include "changes.h"
#include "core/limits.h"
#include "core/text.h"
#include "draft.h"
#include "print.h"

#define DECODE_BUDGET_BYTES (8u * CONSIGN_COMMAND_MAX_BYTES)

const char *
proposal_id_text(const struct consign_hash *id, char ret_text[PROPOSAL_ID_BYTES])
{
	hex_text(id->b, (PROPOSAL_ID_BYTES - 1) / 2, ret_text);
	return ret_text;
}

const char *
proposal_state_text(uint32_t state)
{
	static const char *const words[] = {
	    [PROPOSAL_OPEN] = "open",
	    [PROPOSAL_IN_FORCE] = "in force",
	    [PROPOSAL_REJECTED] = "rejected",
	    [PROPOSAL_WITHDRAWN] = "withdrawn",
	    [PROPOSAL_SUPERSEDED] = "superseded",
	    [PROPOSAL_EXPIRED] = "expired",
	};

	return state < sizeof words / sizeof words[0] && words[state] != NULL ? words[state] : "unknown";
}

/* ── opening ── */

/* Signed by the administrator of this name in the newest root. */
static enum consign_err
check_signer(const struct hub *hub, const struct signed_document *d, enum sign_kind kind, const char *name)
{
	const struct admin *admin = d->signatures.n == 1 && d->kind == kind ? hub_admin_by_signing(hub, &d->signatures.v[0]->key_id) : NULL;

	if (admin == NULL || strcmp(admin->name, name) != 0
	    || sign_verify(&admin->signing_key, kind, hub_id(hub), d->content, &d->signatures.v[0]->signature) != CONSIGN_OK)
		return say_fail(CONSIGN_E_BAD_SIGNATURE, "what was shown as %s's is not signed by the administrator %s", name, name);
	return CONSIGN_OK;
}

static enum consign_err
open_decisions(const struct proposal_row *row, struct proposal_seen *p)
{
	enum consign_err err = CONSIGN_OK;

	for (size_t i = 0; err == CONSIGN_OK && i < row->decisions.n; i++) {
		struct decision *d;

		err = decision_decode(row->decisions.v[i]->content, p->arena, &d);
		if (err != CONSIGN_OK || !hash_equal(&d->proposal, &p->id))
			return say_fail(CONSIGN_E_MALFORMED, "a decision is malformed, or about another proposal");
		if (row->state == PROPOSAL_OPEN)
			err = check_signer(p->hub, row->decisions.v[i], SIGN_DECISION, d->administrator);
		p->decisions[p->n_decisions++] = (struct seen_decision){d, row->decisions.v[i]};
		p->approvals += d->decision == DECISION_APPROVE;
	}
	return err;
}

enum consign_err
proposal_open(const struct hub *hub, const struct proposal_row *row, struct proposal_seen *ret_seen)
{
	struct proposal_seen p = {.hub = hub, .document = row->proposal, .state = row->state, .ended_us = row->ended_us, .documents = row->documents, .approvals = 1};
	struct proposal *content;
	struct consign_hash digest;
	struct buf encoded = {0};
	enum consign_err err = arena_new(DECODE_BUDGET_BYTES, &p.arena);

	if (err == CONSIGN_OK)
		err = proposal_decode(row->proposal->content, p.arena, &content);
	if (err != CONSIGN_OK) {
		say_error("the proposal cannot be read: %s", consign_err_text(err));
		goto out;
	}
	p.content = content;
	hash_sha256(row->proposal->content, &p.id);
	if (!hash_equal(&content->hub_id, hub_id(hub)))
		err = say_fail(CONSIGN_E_MALFORMED, "the proposal is for another hub");
	if (err == CONSIGN_OK && row->state == PROPOSAL_OPEN)
		err = check_signer(hub, row->proposal, SIGN_PROPOSAL, content->author);
	if (err == CONSIGN_OK && row->documents != NULL) {
		err = session_documents_encode(row->documents, &encoded);
		hash_sha256(buf_slice(&encoded), &digest);
		if (err != CONSIGN_OK || !hash_equal(&digest, &content->documents_digest))
			err = say_fail(CONSIGN_E_BAD_SIGNATURE, "the documents are not those that %s proposed", content->author);
	}
	if (err == CONSIGN_OK)
		err = open_decisions(row, &p);
out:
	buf_clear(&encoded);
	if (err != CONSIGN_OK)
		arena_free(&p.arena);
	else
		*ret_seen = p;
	return err;
}

void
proposal_clear(struct proposal_seen *p)
{
	arena_free(&p->arena);
	*p = (struct proposal_seen){0};
}

/* ── what it means ── */

/* Before: what held when it was made, which is what holds now unless it has ended. */
static enum consign_err
state_before(const struct proposal_seen *p, struct hub_state *ret_state)
{
	const struct hub_root *root = hub_root_at(p->hub, p->content->root_version - 1);

	if (root == NULL || root->root->directory == NULL)
		return CONSIGN_E_STATE;
	*ret_state = (struct hub_state){root->root, hub_directory_at(p->hub, root->root->directory->version), hub_policy_at(p->hub, root->root->policy->version)};
	return ret_state->directory == NULL || ret_state->policy == NULL ? CONSIGN_E_STATE : CONSIGN_OK;
}

enum consign_err
proposal_changes(const struct proposal_seen *p, struct buf *out)
{
	struct hub_state before, after;
	struct hub_stage *stage = NULL;
	struct buf encoded = {0};
	char problem[HUB_PROBLEM_BYTES];
	enum consign_err err = p->documents == NULL ? CONSIGN_E_STATE : state_before(p, &before);

	if (err != CONSIGN_OK)
		return say_fail(err, "what this proposal was to change cannot be shown any more: older documents are not held here");
	if (p->content->root_version <= hub_root(p->hub)->root->version)
		return say_fail(CONSIGN_E_STALE, "another change came into force since: this proposal can never be completed");
	err = session_documents_encode(p->documents, &encoded);
	if (err == CONSIGN_OK)
		err = hub_stage((struct hub *)(uintptr_t)p->hub, buf_slice(&encoded), HUB_PROPOSED, &stage, problem);
	buf_clear(&encoded);
	if (err != CONSIGN_OK)
		return say_fail(err, "the proposed documents are refused: %s", problem);
	after = (struct hub_state){hub_stage_root(stage) == NULL ? before.root : hub_stage_root(stage)->root,
	    hub_stage_directory(stage) == NULL ? before.directory : hub_stage_directory(stage),
	    hub_stage_policy(stage) == NULL ? before.policy : hub_stage_policy(stage)};
	if (after.policy != before.policy)
		err = changes_check_source(after.policy);
	if (err == CONSIGN_E_CONFLICT) {
		say_error("the proposed policy's text says something else than what would be obeyed");
		say_hint("whoever made it did not use this program as it is: reject it, and ask %s", p->content->author);
	}
	if (err == CONSIGN_OK)
		err = changes_format(p->hub, &before, &after, out);
	hub_stage_free(&stage);
	return err;
}

/* ── answering ── */

static struct consign_slice
signable(const struct session_documents *d, size_t n, enum sign_kind *ret_kind)
{
	const struct signed_document *document;

	if (n < d->roots.n)
		document = d->roots.v[n]->document;
	else if (n - d->roots.n < d->directories.n)
		document = d->directories.v[n - d->roots.n]->head->document;
	else if (n - d->roots.n - d->directories.n < d->policies.n)
		document = d->policies.v[n - d->roots.n - d->directories.n]->head->document;
	else
		return (struct consign_slice){0};
	*ret_kind = (enum sign_kind)document->kind;
	return document->content;
}

static enum consign_err
sign_documents(const struct proposal_seen *p, const struct secret *signing, struct arena *arena, struct decision *d)
{
	struct consign_public_key public;
	enum sign_kind kind;

	sign_public(signing, &public);
	d->signatures.v = arena_alloc(arena, CONSIGN_PROPOSED_MAX * sizeof *d->signatures.v);
	if (d->signatures.v == NULL)
		return CONSIGN_E_NO_MEMORY;
	for (struct consign_slice content; (content = signable(p->documents, d->signatures.n, &kind)).data != NULL;) {
		struct doc_signature *signature = arena_alloc(arena, sizeof *signature);

		if (signature == NULL || d->signatures.n == CONSIGN_PROPOSED_MAX)
			return CONSIGN_E_NO_MEMORY;
		key_id_of(&public, &signature->key_id);
		sign_make(signing, kind, hub_id(p->hub), content, &signature->signature);
		d->signatures.v[d->signatures.n++] = signature;
	}
	return CONSIGN_OK;
}

enum consign_err
proposal_decide(const struct proposal_seen *p, enum decision_kind kind, const char *administrator, const struct secret *signing,
    const char *reason, uint64_t now_us, struct arena *arena, struct signed_document **ret_decision)
{
	struct decision d = {.format = 1, .hub_id = *hub_id(p->hub), .proposal = p->id, .decision = kind, .at_us = now_us,
	    .reason = slice_text(reason)};
	struct consign_slice content = {0};
	struct buf encoded = {0};
	enum consign_err err = CONSIGN_OK;

	snprintf(d.administrator, sizeof d.administrator, "%s", administrator);
	if (kind == DECISION_APPROVE)
		err = p->documents == NULL ? CONSIGN_E_STATE : sign_documents(p, signing, arena, &d);
	if (err == CONSIGN_OK)
		err = decision_encode(&d, &encoded);
	if (err == CONSIGN_OK && (content = arena_copy(arena, buf_slice(&encoded))).data == NULL)
		err = CONSIGN_E_NO_MEMORY;
	buf_clear(&encoded);
	if (err == CONSIGN_OK)
		err = document_sign(arena, SIGN_DECISION, hub_id(p->hub), content, signing, ret_decision);
	return err == CONSIGN_OK ? CONSIGN_OK : say_fail(err, "the decision cannot be made: %s", consign_err_text(err));
}

/* ── files ── */

/* The chain of roots, and what the newest puts in force, as a verifier keeps them: without proofs. */
static enum consign_err
put_known(const struct hub *hub, struct arena *arena, struct buf *out)
{
	uint64_t newest = hub_root(hub)->root->version;
	struct session_documents d = {0};
	struct sliced_bundle *directory, *policy;

	d.roots.v = arena_alloc(arena, newest * sizeof *d.roots.v);
	d.directories.v = arena_alloc(arena, sizeof *d.directories.v);
	d.policies.v = arena_alloc(arena, sizeof *d.policies.v);
	directory = arena_alloc(arena, sizeof *directory);
	policy = arena_alloc(arena, sizeof *policy);
	if (d.roots.v == NULL || d.directories.v == NULL || d.policies.v == NULL || directory == NULL || policy == NULL)
		return CONSIGN_E_NO_MEMORY;
	for (uint64_t v = 1; v <= newest; v++)
		d.roots.v[d.roots.n++] = (struct published_document *)(uintptr_t)hub_root_at(hub, v)->document;
	*directory = *hub_directory(hub)->bundle;
	*policy = *hub_policy(hub)->bundle;
	d.directories.v[d.directories.n++] = directory;
	d.policies.v[d.policies.n++] = policy;
	return session_documents_encode(&d, out);
}

enum consign_err
proposal_file_format(const struct proposal_seen *p, struct buf *out)
{
	char id[PROPOSAL_ID_BYTES];
	struct signed_document *decisions[CONSIGN_ADMINS_MAX];
	struct proposal_row row = {.proposal = (struct signed_document *)(uintptr_t)p->document, .state = PROPOSAL_OPEN, .documents = p->documents};
	struct proposal_row *list[] = {&row};
	struct session_proposals_reply reply = {.proposals = {list, 1}};
	struct session_command command = {.proposals_reply = &reply};
	struct buf known = {0}, encoded = {0};
	enum consign_err err = put_known(p->hub, p->arena, &known);

	for (size_t i = 0; i < p->n_decisions; i++)
		decisions[i] = (struct signed_document *)(uintptr_t)p->decisions[i].document;
	row.decisions.v = decisions;
	row.decisions.n = p->n_decisions;
	if (err == CONSIGN_OK)
		err = session_command_encode(&command, &encoded);
	if (err == CONSIGN_OK)
		err = buf_printf(out,
		    "A proposal for administrators of a Consign hub. It is no secret; what it says is signed.\n"
		    "proposal %s\nby       %s\nuse      consign proposal sign FILE --home DIR > DECISION\n\n",
		    proposal_id_text(&p->id, id), p->content->author);
	if (err == CONSIGN_OK)
		err = armor_format("HUB", buf_slice(&known), out);
	if (err == CONSIGN_OK)
		err = armor_format("PROPOSAL", buf_slice(&encoded), out);
	buf_clear(&known);
	buf_clear(&encoded);
	return err == CONSIGN_OK ? CONSIGN_OK : say_fail(err, "the proposal cannot be written: %s", consign_err_text(err));
}

static enum consign_err
take_known(struct consign_slice known, const struct consign_hash *id, struct hub **ret_hub)
{
	char problem[HUB_PROBLEM_BYTES] = "out of memory";
	struct hub *hub = NULL;
	enum consign_err err = hub_new(id, true, &hub);

	if (err == CONSIGN_OK)
		err = hub_take_stored(hub, known, problem);
	if (err == CONSIGN_OK && (hub_root(hub) == NULL || hub_directory(hub) == NULL || hub_policy(hub) == NULL)) {
		err = CONSIGN_E_MALFORMED;
		snprintf(problem, sizeof problem, "documents are missing");
	}
	if (err != CONSIGN_OK) {
		hub_free(&hub);
		return say_fail(err, "what the file says of the hub is refused: %s", problem);
	}
	*ret_hub = hub;
	return CONSIGN_OK;
}

enum consign_err
proposal_file_parse(struct consign_slice text, const struct consign_hash *hub_id, struct hub **ret_hub, struct arena **ret_arena,
    struct proposal_row **ret_row)
{
	struct buf known = {0}, encoded = {0};
	struct session_command *command = NULL;
	enum consign_err err = armor_parse("HUB", text, &known);

	if (err == CONSIGN_OK)
		err = armor_parse("PROPOSAL", text, &encoded);
	if (err == CONSIGN_OK)
		err = arena_new(DECODE_BUDGET_BYTES, ret_arena);
	if (err == CONSIGN_OK)
		err = session_command_decode(buf_slice(&encoded), *ret_arena, &command);
	if (err == CONSIGN_OK && (command->proposals_reply == NULL || command->proposals_reply->proposals.n != 1))
		err = CONSIGN_E_MALFORMED;
	if (err != CONSIGN_OK) {
		say_error("this is no file of `consign proposal export`: %s", armor_problem_text(err));
	} else {
		*ret_row = command->proposals_reply->proposals.v[0];
		err = take_known(buf_slice(&known), hub_id, ret_hub);
	}
	buf_clear(&known);
	buf_clear(&encoded);
	if (err != CONSIGN_OK)
		arena_free(ret_arena);
	return err;
}

enum consign_err
decision_file_format(const struct signed_document *decision, struct buf *out)
{
	struct buf encoded = {0};
	enum consign_err err = signed_document_encode(decision, &encoded);

	if (err == CONSIGN_OK)
		err = armor_format("DECISION", buf_slice(&encoded), out);
	buf_clear(&encoded);
	return err == CONSIGN_OK ? CONSIGN_OK : say_fail(err, "the decision cannot be written: %s", consign_err_text(err));
}

enum consign_err
decision_file_parse(struct consign_slice text, struct arena *arena, struct signed_document **ret_decision)
{
	struct buf encoded = {0};
	enum consign_err err = armor_parse("DECISION", text, &encoded);

	if (err == CONSIGN_OK)
		err = signed_document_decode(buf_slice(&encoded), arena, ret_decision);
	buf_clear(&encoded);
	return err == CONSIGN_OK ? CONSIGN_OK : say_fail(err, "this is no file of `consign proposal sign`: %s", armor_problem_text(err));
}
