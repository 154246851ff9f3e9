/* Trust documents at the agent: the broker carries them, the chain and the ledger prove them. */
#include "documents.h"

#include <stdlib.h>
#include <string.h>

#include "accusations.h"
#include "card.h"
#include "core/log.h"
#include "core/text.h"
#include "doors/socket.h"
#include "freshness.h"
#include "lanes.h"
#include "recent.h"
#include "reception.h"
#include "store/store.h"
#include "uplink.h"
#include "withdraw.h"

/* An organisation of which the directory says now, and did not before, that it is compromised since this leaf. */
struct found_out {
	struct consign_org org;
	uint64_t since_leaf;
	uint64_t withdrawn; /* out: consignments */
};

struct documents_job {
	struct commit_job job; /* first */
	struct agent *agent;
	struct buf documents;
	struct buf note;
	struct found_out *found;
	size_t n_found;
};

static void
free_job(struct documents_job *j)
{
	if (j == NULL)
		return;
	buf_clear(&j->documents);
	buf_clear(&j->note);
	free(j->found);
	free(j);
}

static enum consign_err
apply_documents(struct commit_job *job, struct db *db)
{
	struct documents_job *j = (struct documents_job *)job;
	enum consign_err err = j->documents.len > 0 ? store_add_documents(db, buf_slice(&j->documents)) : CONSIGN_OK;

	/* With the directory that says so: after a crash both are there, or neither. */
	for (size_t i = 0; err == CONSIGN_OK && i < j->n_found; i++)
		err = withdraw_mail(db, j->found[i].org.s, j->found[i].since_leaf, &j->found[i].withdrawn);
	return err != CONSIGN_OK ? err : store_set_fact(db, "checkpoint", buf_slice(&j->note));
}

static void
documents_done(struct commit_job *job, enum consign_err err)
{
	struct documents_job *j = (struct documents_job *)job;

	j->agent->documents_waiting--;
	if (err != CONSIGN_OK)
		agent_store_failed(j->agent, err);
	else
		card_tend(j->agent);
	socket_door_keys(j->agent->door);
	if (j->n_found > 0)
		recent_clear(j->agent->recent); /* a copy of what tools are not to be given any more */
	for (size_t i = 0; err == CONSIGN_OK && i < j->n_found; i++)
		log_event(LOG_WARN, "mail.withdrawn", "consignor", "s", j->found[i].org.s, "since_leaf", "u", j->found[i].since_leaf, "consignments",
		    "u", j->found[i].withdrawn, NULL);
	free_job(j);
}

/* A ledger that does not continue ours is said in the words of every other frame that brings one. */
static void
accuse_of_documents(struct agent *a, const struct session_documents *documents, enum consign_err err, const char *problem)
{
	if (documents->checkpoint != NULL && hub_advance(a->hub, documents->checkpoint) == err)
		accuse_ledger(a, err, NULL);
	else
		accuse(a, err == CONSIGN_E_FORK ? "fork" : "documents", problem);
}

/* Those that the newest directory calls compromised. Errors: NO_MEMORY */
static enum consign_err
list_compromised(const struct hub *hub, struct found_out **ret_list, size_t *ret_n)
{
	const struct hub_directory *d = hub_directory(hub);
	struct found_out *list = calloc((d == NULL ? 0 : d->n_members) + 1, sizeof *list);
	size_t n = 0;

	if (list == NULL)
		return CONSIGN_E_NO_MEMORY;
	for (size_t i = 0; d != NULL && i < d->n_members; i++)
		if (d->members[i]->status == MEMBER_COMPROMISED)
			list[n++] = (struct found_out){.org = d->members[i]->org, .since_leaf = d->members[i]->compromised_since};
	*ret_list = list;
	*ret_n = n;
	return CONSIGN_OK;
}

/* Leaves in the job's list what was not known before. */
static void
drop_known(struct documents_job *j, const struct found_out *known, size_t n_known)
{
	size_t n = 0;

	for (size_t i = 0; i < j->n_found; i++) {
		bool is_known = false;

		for (size_t k = 0; k < n_known && !is_known; k++)
			is_known = strcmp(known[k].org.s, j->found[i].org.s) == 0 && known[k].since_leaf <= j->found[i].since_leaf;
		if (!is_known)
			j->found[n++] = j->found[i];
	}
	j->n_found = n;
}

/* Takes the stage in, and notes who has turned out to be compromised by it. */
static enum consign_err
adopt(struct agent *a, struct hub_stage **stage, struct documents_job *j)
{
	struct found_out *known;
	size_t n_known;
	enum consign_err err = list_compromised(a->hub, &known, &n_known);

	if (err != CONSIGN_OK)
		return err;
	hub_adopt(a->hub, stage);
	err = list_compromised(a->hub, &j->found, &j->n_found);
	if (err == CONSIGN_OK)
		drop_known(j, known, n_known);
	else
		agent_store_failed(a, err); /* taken in and not to be stored: back to what is, and they come again */
	free(known);
	return err;
}

void
documents_take(struct agent *a, const struct session_documents *documents)
{
	struct hub_stage *stage = NULL;
	struct documents_job *j = calloc(1, sizeof *j);
	char problem[HUB_PROBLEM_BYTES] = "out of memory", hash[2 * sizeof(struct consign_hash) + 1];
	struct buf bytes = {0};
	enum consign_err err = j == NULL ? CONSIGN_E_NO_MEMORY : session_documents_encode(documents, &bytes);

	if (err == CONSIGN_OK)
		err = hub_stage(a->hub, buf_slice(&bytes), HUB_PROVEN, &stage, problem);
	if (err == CONSIGN_OK && !hub_stage_is_empty(stage))
		err = hub_stage_encode(stage, &j->documents);
	if (err == CONSIGN_OK)
		err = buf_append(&j->note, documents->checkpoint->note);
	buf_clear(&bytes);
	if (err == CONSIGN_OK)
		err = adopt(a, &stage, j);
	if (err != CONSIGN_OK) {
		hub_stage_free(&stage);
		free_job(j);
		if (consign_err_class(err) == CONSIGN_CLASS_PEER)
			accuse_of_documents(a, documents, err, problem);
		uplink_break(a->uplink, problem);
		return;
	}
	j->agent = a;
	j->job.apply = apply_documents;
	j->job.done = documents_done;
	a->documents_waiting++;
	commit_put(a->committer, &j->job);
	hex_text(hub_root(a->hub)->hash.b, sizeof hub_root(a->hub)->hash.b, hash);
	log_event(LOG_INFO, "documents.taken", "root", "u", hub_root(a->hub)->root->version, "hash", "s", hash, NULL);
	reception_retry(a->reception);
	freshness_tend(a);
	lanes_hurry(a->lanes);
	settlements_tend(a);
	lanes_pump(a->lanes);
}

static enum consign_err
take_stored(void *context, struct consign_slice documents)
{
	char problem[HUB_PROBLEM_BYTES];
	enum consign_err err = hub_take_stored(context, documents, problem);

	if (err != CONSIGN_OK)
		log_event(LOG_ERROR, "store.documents", "problem", "s", problem, NULL);
	return err;
}

enum consign_err
documents_load(struct agent *a)
{
	struct hub *hub;
	struct buf note = {0};
	enum consign_err err = hub_new(&a->hub_id, false, &hub);

	if (err != CONSIGN_OK)
		return err;
	hub_pin(hub, a->invited_root.version, &a->invited_root.hash);
	err = store_each_documents(a->db, take_stored, hub);
	if (err == CONSIGN_OK)
		err = store_fact(a->db, "checkpoint", &note);
	if (err == CONSIGN_OK)
		err = hub_restore_checkpoint(hub, buf_slice(&note));
	if (err == CONSIGN_E_NOT_FOUND)
		err = CONSIGN_OK; /* nothing was ever verified */
	buf_clear(&note);
	if (err != CONSIGN_OK) {
		hub_free(&hub);
		return err;
	}
	hub_free(&a->hub);
	a->hub = hub;
	return CONSIGN_OK;
}
