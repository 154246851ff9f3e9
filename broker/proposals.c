/*
 * What administrators propose and decide (proposals.h). Each handler checks everything before it writes anything; who is
 * refused hears why.
 */
#include "proposals.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "core/log.h"
#include "core/text.h"
#include "watching.h"

/* Four times the usual life: longer than that nobody remembers what was meant. */
#define LIFE_MAX_US (4 * CONSIGN_PROPOSAL_LIFE_US)
/* What is beside the documents in one answer. */
#define REST_BYTES 262144u

/* ── writing down ── */

struct decision_act {
	struct store_entry entry; /* first */
	struct broker *broker;
	uint64_t session;
	uint64_t request;
};

static enum consign_err
copy_slice(struct arena *arena, struct consign_slice from, struct consign_slice *to)
{
	*to = arena_copy(arena, from);
	return to->data == NULL ? CONSIGN_E_NO_MEMORY : CONSIGN_OK;
}

static enum consign_err
copy_proposal(struct arena *arena, const struct store_proposal *from, const struct store_proposal **to)
{
	struct store_proposal *p = arena_alloc(arena, sizeof *p);

	if (p == NULL)
		return CONSIGN_E_NO_MEMORY;
	*p = *from;
	*to = p;
	enum consign_err err = copy_slice(arena, from->proposal, &p->proposal);

	return err != CONSIGN_OK ? err : copy_slice(arena, from->documents, &p->documents);
}

static enum consign_err
copy_decision(struct arena *arena, const struct store_decision *from, const struct store_decision **to)
{
	struct store_decision *d = arena_alloc(arena, sizeof *d);

	if (d == NULL)
		return CONSIGN_E_NO_MEMORY;
	*d = *from;
	*to = d;
	return copy_slice(arena, from->decision, &d->decision);
}

/* "alice: because", cut where a record ends. */
static struct consign_slice
name_who_and_why(const struct decided *d, char text[CONSIGN_TEXT_MAX_BYTES + 1])
{
	size_t len = strlen(d->administrator), room;

	memcpy(text, d->administrator, len);
	if (d->reason.len > 0) {
		memcpy(text + len, ": ", 2);
		len += 2;
		room = CONSIGN_TEXT_MAX_BYTES - len;
		size_t n = d->reason.len < room ? d->reason.len : room;

		while (n < d->reason.len && n > 0 && (d->reason.data[n] & 0xc0) == 0x80)
			n--; /* not within a character */
		memcpy(text + len, d->reason.data, n);
		len += n;
	}
	return slice_of(text, len);
}

enum consign_err
decided_enter(struct broker *b, const struct decided *d, struct store_entry *entry)
{
	char text[CONSIGN_TEXT_MAX_BYTES + 1];
	struct act_record act = {.count = 1, .detail = name_who_and_why(d, text)};
	struct ledger_record record = broker_record(b);
	struct buf id = {0};
	enum consign_err err = hex_format(SLICE_ARRAY(d->id->b), &id);

	if (err == CONSIGN_OK && d->proposal != NULL)
		err = copy_proposal(entry->arena, d->proposal, &entry->proposal);
	if (err == CONSIGN_OK && d->decision != NULL)
		err = copy_decision(entry->arena, d->decision, &entry->decision);
	memcpy(act.act, d->act, strlen(d->act) + 1);
	act.subject = buf_slice(&id);
	record.act = &act;
	/* Last: a leaf that is made must be written. */
	if (err == CONSIGN_OK)
		err = ledger_append(b->ledger, &record, entry->arena, &entry->leaves[entry->n_leaves]);
	if (err == CONSIGN_OK)
		entry->n_leaves++;
	buf_clear(&id);
	return err;
}

static void
decision_done(struct commit_job *job, enum consign_err err)
{
	struct decision_act *a = (struct decision_act *)job;
	struct broker *b = a->broker;
	struct session *s = sessions_by_number(b->sessions, a->session);

	broker_done(b, &a->entry, err);
	b->deciding = false;
	if (s != NULL && s->state != SESSION_STATES)
		say_done(b, s, a->request, err == CONSIGN_OK ? CONSIGN_CODE_NONE : CONSIGN_CODE_TRY_LATER, err == CONSIGN_OK ? "" : consign_err_text(err));
	store_entry_clear(&a->entry);
	free(a);
}

/* Writes down what changes no document. */
static void
write_down(struct broker *b, struct session *s, uint64_t request, const struct decided *d)
{
	struct store_entry *entry;
	enum consign_err err = broker_entry(b, CONSIGN_UNPACK_BUDGET_BASE_BYTES + d->bytes, sizeof(struct decision_act), &entry);

	if (err != CONSIGN_OK) {
		say_done(b, s, request, CONSIGN_CODE_TRY_LATER, consign_err_text(err));
		return;
	}
	struct decision_act *a = (struct decision_act *)entry;

	a->broker = b;
	a->session = s->number;
	a->request = request;
	entry->job.done = decision_done;
	entry->leaves = arena_alloc(entry->arena, sizeof *entry->leaves);
	err = entry->leaves == NULL ? CONSIGN_E_NO_MEMORY : decided_enter(b, d, entry);
	if (err != CONSIGN_OK) {
		say_done(b, s, request, CONSIGN_CODE_TRY_LATER, consign_err_text(err));
		store_entry_clear(entry);
		free(a);
		return;
	}
	b->deciding = true;
	broker_commit(b, entry);
}

/* ── who signed ── */

static const struct admin *
admin_named(const struct broker *b, const char *name)
{
	const struct root *root = hub_root(b->hub)->root;

	for (size_t i = 0; i < root->admins.n; i++)
		if (strcmp(root->admins.v[i]->name, name) == 0)
			return root->admins.v[i];
	return NULL;
}

/* Whether the administrator of this name, and nobody else, signed the document. */
static bool
is_signed_by(const struct broker *b, const struct signed_document *d, enum sign_kind kind, const char *name)
{
	const struct admin *admin = admin_named(b, name);
	struct consign_key_id id;

	if (admin == NULL || d->kind != kind || d->signatures.n != 1)
		return false;
	key_id_of(&admin->signing_key, &id);
	return key_id_equal(&d->signatures.v[0]->key_id, &id)
	    && sign_verify(&admin->signing_key, kind, &b->hub_id, d->content, &d->signatures.v[0]->signature) == CONSIGN_OK;
}

/* The nth document that administrators sign: roots, then directories, then policies; NULL past the end. */
static struct signed_document *
signable(const struct session_documents *d, size_t n)
{
	if (n < d->roots.n)
		return d->roots.v[n]->document;
	n -= d->roots.n;
	if (n < d->directories.n)
		return d->directories.v[n]->head->document;
	n -= d->directories.n;
	return n < d->policies.n ? d->policies.v[n]->head->document : NULL;
}

/* Adds an administrator's signature to each document. false: they are not over these documents. */
static bool
add_signatures(const struct broker *b, const struct session_documents *d, const struct decision *decision, struct arena *arena)
{
	const struct admin *admin = admin_named(b, decision->administrator);
	struct signed_document *document;
	struct consign_key_id id;
	size_t n;

	if (admin == NULL)
		return false;
	key_id_of(&admin->signing_key, &id);
	for (n = 0; (document = signable(d, n)) != NULL; n++) {
		struct doc_signature **list = arena_alloc(arena, (document->signatures.n + 1) * sizeof *list);

		if (list == NULL || n >= decision->signatures.n || document->signatures.n >= CONSIGN_ADMINS_MAX
		    || !key_id_equal(&decision->signatures.v[n]->key_id, &id)
		    || sign_verify(&admin->signing_key, (enum sign_kind)document->kind, &b->hub_id, document->content, &decision->signatures.v[n]->signature)
		        != CONSIGN_OK)
			return false;
		memcpy(list, document->signatures.v, document->signatures.n * sizeof *list);
		list[document->signatures.n++] = decision->signatures.v[n];
		document->signatures.v = list;
	}
	return n > 0 && n == decision->signatures.n;
}

/* ── proposing ── */

static void
refuse(struct broker *b, struct session *s, uint64_t request, enum consign_code code, const char *why)
{
	log_event(LOG_WARN, "proposal.refused", "by", "s", s->name, "reason", "s", why, NULL);
	watching_tell(b, &(struct admin_event){.kind = "denied", .org = slice_text(s->name), .subject = slice_text("proposal"), .code = code,
	    .detail = slice_text(why)});
	say_done(b, s, request, code, why);
}

/* Whether it is what it says, from who it says. NULL: it is. */
static const char *
check_proposal(const struct broker *b, const struct session *s, const struct session_propose *in, const struct proposal *p,
    struct consign_slice documents)
{
	uint64_t now = clock_wall_us(b->clock);
	struct consign_hash digest;

	hash_sha256(documents, &digest);
	if (!hash_equal(&p->hub_id, &b->hub_id))
		return "the proposal is for another hub";
	if (strcmp(p->author, s->name) != 0 || !is_signed_by(b, in->proposal, SIGN_PROPOSAL, p->author))
		return "the proposal is not signed by the administrator who brings it";
	if (!hash_equal(&digest, &p->documents_digest))
		return "the documents are not those that the proposal names";
	if (p->expires_us <= now || p->expires_us > now + LIFE_MAX_US)
		return "a proposal must expire within four weeks";
	if (in->documents->roots.n == 0 || signable(in->documents, CONSIGN_PROPOSED_MAX) != NULL)
		return "a proposal holds one next root, and at most one directory and one policy";
	return NULL;
}

/* The documents would be taken, but for the signatures that are missing still. */
static enum consign_err
check_documents(struct broker *b, const struct proposal *p, struct consign_slice documents, char problem[HUB_PROBLEM_BYTES])
{
	struct hub_stage *stage = NULL;
	enum consign_err err = hub_stage(b->hub, documents, HUB_PROPOSED, &stage, problem);

	if (err == CONSIGN_OK && (hub_stage_root(stage) == NULL || hub_stage_root(stage)->root->version != p->root_version)) {
		snprintf(problem, HUB_PROBLEM_BYTES, "the proposal does not put the root in force that it names");
		err = CONSIGN_E_MALFORMED;
	}
	if (err == CONSIGN_OK)
		problem[0] = '\0'; /* hub_stage leaves words there in any case */
	hub_stage_free(&stage);
	return err;
}

struct open_count {
	const char *author;
	unsigned n;
};

static enum consign_err
count_author(void *context, struct consign_slice bytes)
{
	struct open_count *count = context;
	struct arena *arena = NULL;
	struct signed_document *document;
	struct proposal *p;
	enum consign_err err = arena_new(CONSIGN_UNPACK_BUDGET_BASE_BYTES + bytes.len * CONSIGN_UNPACK_BUDGET_PER_BYTE, &arena);

	/* It was checked before it was written: nobody who proposes now is to blame when it cannot be read. */
	if (err == CONSIGN_OK
	    && (signed_document_decode(bytes, arena, &document) != CONSIGN_OK || proposal_decode(document->content, arena, &p) != CONSIGN_OK))
		err = CONSIGN_E_CORRUPT;
	if (err == CONSIGN_OK)
		count->n += strcmp(p->author, count->author) == 0;
	arena_free(&arena);
	return err;
}

/* All that can be open at once stands in one answer: nobody has to guess the id of what is to be decided on. */
_Static_assert(CONSIGN_ADMINS_MAX * CONSIGN_PROPOSALS_OPEN_MAX <= CONSIGN_PROPOSALS_SHOWN_MAX, "an answer shows all open proposals");

/*
 * Counted for each author: one who proposes on and on fills what is his, and the others can still propose that he goes. Errors: FULL,
 * and those of the store
 */
static enum consign_err
check_room(struct broker *b, const char *author, char problem[HUB_PROBLEM_BYTES])
{
	struct open_count open = {.author = author};
	enum consign_err err = store_proposals_open(b->db, hub_root(b->hub)->root->version, clock_wall_us(b->clock), count_author, &open);

	if (err == CONSIGN_OK && open.n >= CONSIGN_PROPOSALS_OPEN_MAX) {
		snprintf(problem, HUB_PROBLEM_BYTES, "%s has %u proposals open, as many as one administrator may have", author, open.n);
		err = CONSIGN_E_FULL;
	}
	return err;
}

/* Errors: CONFLICT, and those of the store */
static enum consign_err
check_new(struct broker *b, const struct consign_hash *id, struct arena *arena, char problem[HUB_PROBLEM_BYTES])
{
	struct store_proposed stored;
	enum consign_err err = store_proposal(b->db, id, false, arena, &stored);

	if (err == CONSIGN_E_NOT_FOUND)
		return CONSIGN_OK;
	if (err == CONSIGN_OK) {
		snprintf(problem, HUB_PROBLEM_BYTES, "this proposal was made before");
		err = CONSIGN_E_CONFLICT;
	}
	return err;
}

static enum consign_code
propose_code(enum consign_err err)
{
	return err == CONSIGN_E_FULL ? CONSIGN_CODE_QUOTA : err == CONSIGN_E_CONFLICT ? CONSIGN_CODE_DENIED : documents_code(err);
}

void
on_propose(struct broker *b, struct request *r)
{
	const struct session_propose *in = r->command->propose;
	struct session *s = r->session;
	char problem[HUB_PROBLEM_BYTES] = "";
	struct buf documents = {0}, bytes = {0};
	struct consign_hash id;
	struct proposal *p;
	enum consign_err err = CONSIGN_E_MALFORMED;

	if (b->deciding) {
		say_done(b, s, in->request, CONSIGN_CODE_TRY_LATER, "another decision is being written down");
		return;
	}
	if (proposal_decode(in->proposal->content, r->arena, &p) != CONSIGN_OK) {
		refuse(b, s, in->request, CONSIGN_CODE_MALFORMED, "the proposal is malformed");
		return;
	}
	hash_sha256(in->proposal->content, &id);
	err = session_documents_encode(in->documents, &documents);
	if (err == CONSIGN_OK)
		err = signed_document_encode(in->proposal, &bytes);
	const char *why = err == CONSIGN_OK ? check_proposal(b, s, in, p, buf_slice(&documents)) : NULL;

	if (why != NULL) {
		refuse(b, s, in->request, CONSIGN_CODE_DENIED, why);
		goto out;
	}
	if (err == CONSIGN_OK)
		err = check_documents(b, p, buf_slice(&documents), problem);
	if (err == CONSIGN_OK)
		err = check_new(b, &id, r->arena, problem);
	if (err == CONSIGN_OK)
		err = check_room(b, p->author, problem);
	if (err == CONSIGN_OK && documents.len > CONSIGN_COMMAND_MAX_BYTES - REST_BYTES)
		err = CONSIGN_E_TOO_BIG;
	if (err != CONSIGN_OK) {
		refuse(b, s, in->request, propose_code(err), problem[0] != '\0' ? problem : consign_err_text(err));
		goto out;
	}
	struct store_proposal row = {.id = id, .created_us = p->created_us, .expires_us = p->expires_us, .root_version = p->root_version,
	    .proposal = buf_slice(&bytes), .documents = buf_slice(&documents)};
	struct decided decided = {.proposal = &row, .act = "proposal.made", .id = &row.id, .administrator = p->author, .reason = p->reason,
	    .bytes = documents.len + bytes.len + CONSIGN_UNPACK_BUDGET_BASE_BYTES};

	log_event(LOG_INFO, "proposal.made", "by", "s", p->author, "root", "u", p->root_version, NULL);
	write_down(b, s, in->request, &decided);
out:
	buf_clear(&documents);
	buf_clear(&bytes);
}

/* ── deciding ── */

/* A proposal out of the store, decoded, with the signatures that were given so far. */
struct opened {
	struct arena *arena;
	struct store_proposed stored;
	struct signed_document *document;
	struct proposal *content;
	struct session_documents *documents; /* NULL unless asked for */
	struct signed_document *decisions[CONSIGN_ADMINS_MAX];
	struct decision *said[CONSIGN_ADMINS_MAX];
	size_t n;
	size_t approvals; /* the author's is the first */
	size_t rejections;
};

static enum consign_err
decode_all(struct opened *o)
{
	enum consign_err err = signed_document_decode(o->stored.proposal, o->arena, &o->document);

	if (err == CONSIGN_OK)
		err = proposal_decode(o->document->content, o->arena, &o->content);
	if (err == CONSIGN_OK && o->stored.documents.len > 0)
		err = session_documents_decode(o->stored.documents, o->arena, &o->documents);
	o->approvals = 1;
	for (size_t i = 0; err == CONSIGN_OK && i < o->stored.n_decisions; i++) {
		err = signed_document_decode(o->stored.decisions[i], o->arena, &o->decisions[i]);
		if (err == CONSIGN_OK)
			err = decision_decode(o->decisions[i]->content, o->arena, &o->said[i]);
		if (err != CONSIGN_OK)
			break;
		o->n++;
		o->approvals += o->said[i]->decision == DECISION_APPROVE;
		o->rejections += o->said[i]->decision == DECISION_REJECT;
	}
	return err;
}

static enum consign_err
open_proposal(struct broker *b, const struct consign_hash *id, bool with_documents, struct opened *o)
{
	*o = (struct opened){0};
	enum consign_err err = arena_new(4 * CONSIGN_COMMAND_MAX_BYTES + 64 * CONSIGN_UNPACK_BUDGET_BASE_BYTES, &o->arena);

	if (err == CONSIGN_OK)
		err = store_proposal(b->db, id, with_documents, o->arena, &o->stored);
	if (err == CONSIGN_OK)
		err = decode_all(o);
	if (err != CONSIGN_OK)
		arena_free(&o->arena);
	return err;
}

/* What it is now: the store does not write down what follows from the newest root and the time. */
static enum proposal_state
state_of(const struct broker *b, const struct opened *o)
{
	if (o->stored.state != PROPOSAL_OPEN)
		return (enum proposal_state)o->stored.state;
	if (o->content->root_version <= hub_root(b->hub)->root->version)
		return PROPOSAL_SUPERSEDED;
	return o->content->expires_us <= clock_wall_us(b->clock) ? PROPOSAL_EXPIRED : PROPOSAL_OPEN;
}

static const char *
state_words(enum proposal_state state)
{
	static const char *const words[] = {
	    [PROPOSAL_IN_FORCE] = "this proposal is in force already",
	    [PROPOSAL_REJECTED] = "this proposal was rejected",
	    [PROPOSAL_WITHDRAWN] = "this proposal was withdrawn",
	    [PROPOSAL_SUPERSEDED] = "another change came into force first: propose it anew on what holds now",
	    [PROPOSAL_EXPIRED] = "this proposal has expired",
	};

	return words[state];
}

/* Whether this administrator may say this now. NULL: yes. */
static const char *
check_decision(const struct broker *b, const struct opened *o, const struct decision *d, const struct signed_document *document)
{
	bool is_author = strcmp(o->content->author, d->administrator) == 0;

	if (!hash_equal(&d->hub_id, &b->hub_id))
		return "the decision is for another hub";
	if (!is_signed_by(b, document, SIGN_DECISION, d->administrator))
		return "the decision is not signed by an administrator of this hub";
	if (state_of(b, o) != PROPOSAL_OPEN)
		return state_words(state_of(b, o));
	if (is_author && d->decision == DECISION_APPROVE)
		return "one's own proposal counts as approved by its author: another administrator must approve it";
	if (is_author && d->decision == DECISION_REJECT)
		return "one's own proposal is withdrawn, not rejected";
	if (!is_author && d->decision == DECISION_WITHDRAW)
		return "only its author withdraws a proposal";
	for (size_t i = 0; i < o->n; i++)
		if (strcmp(o->said[i]->administrator, d->administrator) == 0)
			return "this administrator has decided on it already";
	return NULL;
}

/* Enough have approved: the documents with everybody's signatures. */
static void
put_in_force(struct broker *b, struct request *r, struct opened *o, struct decided *decided, struct store_decision *row)
{
	char problem[HUB_PROBLEM_BYTES] = "";

	for (size_t i = 0; i < o->n; i++)
		if (o->said[i]->decision == DECISION_APPROVE)
			(void)add_signatures(b, o->documents, o->said[i], o->arena); /* checked when it was taken */
	row->state = PROPOSAL_IN_FORCE;
	enum consign_err err = documents_publish(b, r->session, o->documents, r->command->decide->request, decided, problem);

	if (err != CONSIGN_OK)
		refuse(b, r->session, r->command->decide->request, documents_code(err), problem[0] != '\0' ? problem : consign_err_text(err));
	else
		log_event(LOG_INFO, "documents.published", "by", "s", decided->administrator, "root", "u", hub_root(b->hub)->root->version, NULL);
}

static void
decide(struct broker *b, struct request *r, struct opened *o, const struct decision *d, struct consign_slice bytes)
{
	static const char *const acts[] = {
	    [DECISION_APPROVE] = "proposal.approved", [DECISION_REJECT] = "proposal.rejected", [DECISION_WITHDRAW] = "proposal.withdrawn"};
	const struct root *root = hub_root(b->hub)->root;
	struct store_decision row = {.proposal = o->stored.id, .decision = bytes, .state = PROPOSAL_OPEN, .at_us = clock_wall_us(b->clock)};
	struct decided decided = {.decision = &row, .act = acts[d->decision], .id = &o->stored.id, .administrator = d->administrator,
	    .reason = d->reason, .bytes = bytes.len + CONSIGN_UNPACK_BUDGET_BASE_BYTES};

	log_event(LOG_INFO, decided.act, "by", "s", d->administrator, "root", "u", o->content->root_version, NULL);
	if (d->decision == DECISION_WITHDRAW)
		row.state = PROPOSAL_WITHDRAWN;
	else if (d->decision == DECISION_REJECT && root->admins.n - (o->rejections + 1) < root->threshold)
		row.state = PROPOSAL_REJECTED; /* too few are left who could approve */
	else if (d->decision == DECISION_APPROVE && o->approvals + 1 >= root->threshold) {
		put_in_force(b, r, o, &decided, &row);
		return;
	}
	write_down(b, r->session, r->command->decide->request, &decided);
}

void
on_decide(struct broker *b, struct request *r)
{
	const struct session_decide *in = r->command->decide;
	struct session *s = r->session;
	struct opened o;
	struct decision *d;
	struct buf bytes = {0};

	if (b->deciding) {
		say_done(b, s, in->request, CONSIGN_CODE_TRY_LATER, "another decision is being written down");
		return;
	}
	if (decision_decode(in->decision->content, r->arena, &d) != CONSIGN_OK) {
		refuse(b, s, in->request, CONSIGN_CODE_MALFORMED, "the decision is malformed");
		return;
	}
	enum consign_err err = open_proposal(b, &d->proposal, true, &o);

	if (err != CONSIGN_OK) {
		refuse(b, s, in->request, err == CONSIGN_E_NOT_FOUND ? CONSIGN_CODE_DENIED : CONSIGN_CODE_TRY_LATER,
		    err == CONSIGN_E_NOT_FOUND ? "there is no such proposal" : consign_err_text(err));
		return;
	}
	const char *why = check_decision(b, &o, d, in->decision);

	if (why == NULL && d->decision == DECISION_APPROVE && !add_signatures(b, o.documents, d, o.arena))
		why = "the signatures are not over the documents of this proposal";
	if (why == NULL && signed_document_encode(in->decision, &bytes) != CONSIGN_OK)
		why = "the decision cannot be kept";
	if (why != NULL)
		refuse(b, s, in->request, CONSIGN_CODE_DENIED, why);
	else
		decide(b, r, &o, d, buf_slice(&bytes));
	buf_clear(&bytes);
	arena_free(&o.arena);
}

/* ── showing ── */

static enum consign_err
answer_row(struct broker *b, const struct opened *o, struct arena *arena, struct proposal_row **ret_row)
{
	struct proposal_row *row = arena_alloc(arena, sizeof *row);

	if (row == NULL || (row->decisions.v = arena_alloc(arena, CONSIGN_ADMINS_MAX * sizeof *row->decisions.v)) == NULL)
		return CONSIGN_E_NO_MEMORY;
	row->proposal = o->document;
	memcpy(row->decisions.v, o->decisions, o->n * sizeof *row->decisions.v);
	row->decisions.n = o->n;
	row->state = state_of(b, o);
	row->ended_us = o->stored.ended_us;
	row->documents = o->documents;
	*ret_row = row;
	return CONSIGN_OK;
}

void
on_proposals_query(struct broker *b, struct request *r)
{
	const struct session_proposals_query *q = r->command->proposals_query;
	struct session_proposals_reply reply = {.request = q->request};
	struct consign_hash ids[CONSIGN_PROPOSALS_SHOWN_MAX];
	struct opened *o = calloc(CONSIGN_PROPOSALS_SHOWN_MAX, sizeof *o);
	struct proposal_row *rows[CONSIGN_PROPOSALS_SHOWN_MAX];
	size_t n = 1, opened = 0;
	enum consign_err err = o == NULL ? CONSIGN_E_NO_MEMORY : CONSIGN_OK;

	if (err == CONSIGN_OK && q->id.len > 0)
		memcpy(ids[0].b, q->id.data, sizeof ids[0].b);
	else if (err == CONSIGN_OK)
		err = store_proposals_newest(
		    b->db, hub_root(b->hub)->root->version, clock_wall_us(b->clock), CONSIGN_PROPOSALS_SHOWN_MAX, ids, &n);
	for (; err == CONSIGN_OK && opened < n; opened++) {
		err = open_proposal(b, &ids[opened], q->id.len > 0, &o[opened]);
		if (err == CONSIGN_OK)
			err = answer_row(b, &o[opened], o[opened].arena, &rows[opened]);
	}
	reply.proposals.v = rows;
	reply.proposals.n = opened;
	if (err == CONSIGN_OK)
		say(b, r->session, &(struct session_command){.proposals_reply = &reply});
	else
		say_done(b, r->session, q->request, err == CONSIGN_E_NOT_FOUND ? CONSIGN_CODE_DENIED : CONSIGN_CODE_TRY_LATER,
		    err == CONSIGN_E_NOT_FOUND ? "there is no such proposal" : consign_err_text(err));
	for (size_t i = 0; o != NULL && i < n; i++)
		arena_free(&o[i].arena);
	free(o);
}
