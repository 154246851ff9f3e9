/* Trust documents at the agent: the broker carries them, the chain and the ledger prove them. */
#include "documents.h"

#include <stdlib.h>

#include "accusations.h"
#include "card.h"
#include "core/log.h"
#include "lanes.h"
#include "reception.h"
#include "store/store.h"
#include "uplink.h"

struct documents_job {
	struct commit_job job; /* first */
	struct agent *agent;
	struct buf documents;
	struct buf note;
};

static enum consign_err
apply_documents(struct commit_job *job, struct db *db)
{
	struct documents_job *j = (struct documents_job *)job;
	enum consign_err err = j->documents.len > 0 ? store_add_documents(db, buf_slice(&j->documents)) : CONSIGN_OK;

	return err != CONSIGN_OK ? err : store_set_fact(db, "checkpoint", buf_slice(&j->note));
}

static void
documents_done(struct commit_job *job, enum consign_err err)
{
	struct documents_job *j = (struct documents_job *)job;

	if (err != CONSIGN_OK)
		agent_store_failed(j->agent, err);
	buf_clear(&j->documents);
	buf_clear(&j->note);
	free(j);
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

void
documents_take(struct agent *a, const struct session_documents *documents)
{
	struct hub_stage *stage = NULL;
	struct documents_job *j = calloc(1, sizeof *j);
	char problem[HUB_PROBLEM_BYTES] = "out of memory";
	struct buf bytes = {0};
	enum consign_err err = j == NULL ? CONSIGN_E_NO_MEMORY : session_documents_encode(documents, &bytes);

	if (err == CONSIGN_OK)
		err = hub_stage(a->hub, buf_slice(&bytes), HUB_PROVEN, &stage, problem);
	if (err == CONSIGN_OK && !hub_stage_is_empty(stage))
		err = hub_stage_encode(stage, &j->documents);
	if (err == CONSIGN_OK)
		err = buf_append(&j->note, documents->checkpoint->note);
	buf_clear(&bytes);
	if (err != CONSIGN_OK) {
		hub_stage_free(&stage);
		if (j != NULL) {
			buf_clear(&j->documents);
			buf_clear(&j->note);
		}
		free(j);
		if (consign_err_class(err) == CONSIGN_CLASS_PEER)
			accuse_of_documents(a, documents, err, problem);
		uplink_break(a->uplink, problem);
		return;
	}
	hub_adopt(a->hub, &stage);
	j->agent = a;
	j->job.apply = apply_documents;
	j->job.done = documents_done;
	commit_put(a->committer, &j->job);
	log_event(LOG_INFO, "documents.taken", "root", "u", hub_root(a->hub)->root->version, NULL);
	card_tend(a);
	reception_retry(a->reception);
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
