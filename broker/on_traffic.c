/*
 * What was sent, for an administrator: read on the reader thread, a page a question, so that a month of traffic holds up
 * neither the loop nor mail for longer than a page.
 */
#include "broker.h"

#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "core/log.h"

/* A page of the largest manifests, decoded; most are a hundredth of it. */
#define TRAFFIC_ARENA_BYTES (256u * 1024u * 1024u)

struct traffic_job {
	struct reader_job job; /* first */
	struct broker *broker;
	uint64_t session; /* its number */
	uint64_t request;
	uint64_t since_us;
	uint64_t from_leaf;
	bool is_of_one;
	struct consign_id id;
	struct arena *arena;
	struct store_traffic traffic;
};

static enum consign_err
read_traffic(struct reader_job *job, struct db *db)
{
	struct traffic_job *j = (struct traffic_job *)job;

	return j->is_of_one ? store_traffic_of(db, &j->id, j->arena, &j->traffic)
			    : store_traffic_since(db, j->since_us, j->from_leaf, j->arena, &j->traffic);
}

static void
traffic_read(struct reader_job *job, enum consign_err err)
{
	struct traffic_job *j = (struct traffic_job *)job;
	struct broker *b = j->broker;
	struct session *s = sessions_by_number(b->sessions, j->session);
	struct session_traffic_reply reply = {.request = j->request, .rows = {j->traffic.rows, j->traffic.n}, .next = j->traffic.next};

	b->traffic_reads--;
	if (err != CONSIGN_OK && err != CONSIGN_E_STATE)
		log_event(LOG_ERROR, "traffic.failed", "reason", "s", consign_err_text(err), NULL);
	if (s != NULL && s->state == SESSION_ADMIN && err == CONSIGN_OK)
		say(b, s, &(struct session_command){.traffic_reply = &reply});
	else if (s != NULL && s->state == SESSION_ADMIN && err != CONSIGN_E_STATE)
		say_done(b, s, j->request, CONSIGN_CODE_TRY_LATER, consign_err_text(err));
	arena_free(&j->arena);
	free(j);
}

void
on_traffic_query(struct broker *b, struct request *r)
{
	const struct session_traffic_query *q = r->command->traffic_query;
	struct traffic_job *j;

	if (b->traffic_reads >= CONSIGN_TRAFFIC_READS_MAX) {
		say_done(b, r->session, q->request, CONSIGN_CODE_TRY_LATER, "other questions about traffic are being answered");
		return;
	}
	j = calloc(1, sizeof *j);
	if (j == NULL || arena_new(TRAFFIC_ARENA_BYTES, &j->arena) != CONSIGN_OK) {
		free(j);
		say_done(b, r->session, q->request, CONSIGN_CODE_TRY_LATER, "out of memory");
		return;
	}
	j->job.read = read_traffic;
	j->job.done = traffic_read;
	j->broker = b;
	j->session = r->session->number;
	j->request = q->request;
	j->since_us = q->since_us;
	j->from_leaf = q->from_leaf;
	j->is_of_one = q->consignment_id.len > 0;
	if (j->is_of_one)
		memcpy(j->id.b, q->consignment_id.data, sizeof j->id.b);
	b->traffic_reads++;
	reader_put(b->reader, &j->job);
}
