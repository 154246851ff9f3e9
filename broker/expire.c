/*
 * Mail whose time is over: a tombstone at its position, in the ledger, for the consignee and for the
 * consignor. Mail that is on its way to an agent is left alone: its receipt may be coming.
 */
#include "broker.h"

#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "core/log.h"

#define EXPIRED_A_READ 256u

struct expire_job {
	struct reader_job job; /* first */
	struct broker *broker;
	uint64_t now_us;
	struct arena *arena;
	struct store_expired *list;
	size_t n;
};

struct tombstone {
	struct store_entry entry; /* first */
	struct broker *broker;
	struct tombstone *next; /* in broker.burying */
};

bool
expire_is_burying(const struct broker *b, const char *org, uint64_t position)
{
	for (const struct tombstone *t = b->burying; t != NULL; t = t->next)
		if (t->entry.position == position && strcmp(t->entry.consignee.s, org) == 0)
			return true;
	return false;
}

static void
buried(struct broker *b, const struct tombstone *gone)
{
	for (struct tombstone **at = &b->burying; *at != NULL; at = &(*at)->next)
		if (*at == gone) {
			*at = gone->next;
			return;
		}
}

static void
tombstone_done(struct commit_job *job, enum consign_err err)
{
	struct tombstone *t = (struct tombstone *)job;
	struct broker *b = t->broker;
	struct session *consignor = sessions_agent(b->sessions, t->entry.consignor.s);

	broker_done(b, &t->entry, err);
	buried(b, t);
	if (err == CONSIGN_OK) {
		metrics_add(b->metrics, METRIC_EXPIRED, 1);
		deliver_to_org(b, t->entry.consignee.s);
		if (consignor != NULL) {
			consignor->settle_more = true;
			settle_pump(b, consignor);
		}
	}
	b->expiring--;
	store_entry_clear(&t->entry);
	free(t);
}

static bool
is_on_its_way(struct broker *b, const struct store_expired *x)
{
	const struct session *s = sessions_agent(b->sessions, x->consignee.s);

	/* What is being read now will be on its way in a moment. */
	if (s != NULL && s->reading && x->position >= s->next_position)
		return true;
	for (uint32_t i = 0; s != NULL && i < s->n_in_flight; i++)
		if (s->in_flight[i].position == x->position)
			return true;
	return false;
}

static enum consign_err
bury(struct broker *b, const struct store_expired *x)
{
	struct store_entry *entry;
	struct retention_record retention = {x->consignor, x->consignment_id, x->consignee, x->position, RETENTION_EXPIRED};
	struct ledger_record record = broker_record(b);
	enum consign_err err = broker_entry(b, CONSIGN_UNPACK_BUDGET_BASE_BYTES, sizeof(struct tombstone), &entry);

	if (err != CONSIGN_OK)
		return err;
	((struct tombstone *)entry)->broker = b;
	entry->job.done = tombstone_done;
	entry->has_tombstone = true;
	entry->consignee = x->consignee;
	entry->consignor = x->consignor;
	entry->consignment_id = x->consignment_id;
	entry->position = x->position;
	record.retention = &retention;
	entry->leaves = arena_alloc(entry->arena, sizeof *entry->leaves);
	err = entry->leaves == NULL ? CONSIGN_E_NO_MEMORY : ledger_append(b->ledger, &record, entry->arena, &entry->leaves[0]);
	if (err != CONSIGN_OK) {
		store_entry_clear(entry);
		free(entry);
		return err;
	}
	entry->n_leaves = 1;
	b->expiring++;
	struct mailbox *box = mailbox_of(b->mailboxes, x->consignee.s);

	if (box != NULL)
		recent_forget(box->recent, x->position);
	((struct tombstone *)entry)->next = b->burying;
	b->burying = (struct tombstone *)entry;
	broker_commit(b, entry);
	return CONSIGN_OK;
}

static enum consign_err
read_expired(struct reader_job *job, struct db *db)
{
	struct expire_job *j = (struct expire_job *)job;

	return store_expired(db, j->now_us, EXPIRED_A_READ, j->arena, &j->list, &j->n);
}

static void
expired_read(struct reader_job *job, enum consign_err err)
{
	struct expire_job *j = (struct expire_job *)job;
	struct broker *b = j->broker;

	b->expiring--;
	for (size_t i = 0; err == CONSIGN_OK && i < j->n && !b->draining; i++)
		if (!is_on_its_way(b, &j->list[i]))
			err = bury(b, &j->list[i]);
	if (err != CONSIGN_OK && err != CONSIGN_E_STATE)
		log_event(LOG_ERROR, "expire.failed", "reason", "s", consign_err_text(err), NULL);
	arena_free(&j->arena);
	free(j);
}

static enum consign_err
drop_bodies(struct commit_job *job, struct db *db)
{
	struct store_entry *e = (struct store_entry *)job;
	uint64_t dropped;

	/* confirm_to carries the time: this entry confirms nothing and has no leaves. */
	return store_drop_bodies(db, e->confirm_to, &dropped);
}

static void
bodies_dropped(struct commit_job *job, enum consign_err err)
{
	struct tombstone *t = (struct tombstone *)job;

	broker_done(t->broker, &t->entry, err);
	store_entry_clear(&t->entry);
	free(t);
}

/*
 * A clock that is set ahead by minutes or more while we run would bury mail that has time left. So nothing expires and nothing is dropped until
 * it is where it was, or somebody who has looked at it starts the broker anew. One that is set back buries nothing too early; one that is
 * slewed is followed.
 */
static bool
clock_can_be_trusted(struct broker *b)
{
	int64_t ahead = clock_wall_ahead(b->clock), jump = ahead - b->wall_ahead_us;
	bool is_ahead = jump > (int64_t)CONSIGN_CLOCK_SKEW_MAX_US, has_jumped = is_ahead || jump < -(int64_t)CONSIGN_CLOCK_SKEW_MAX_US;

	if (!has_jumped)
		b->wall_ahead_us = ahead;
	if (has_jumped && !b->clock_has_jumped)
		log_event(LOG_ERROR, "clock.jumped", "seconds", "d", (int)(jump / 1000000), "hint", "s",
		    is_ahead ? "nothing expires until it is right again; if it is right now, restart the broker" : "set this machine's clock", NULL);
	if (!has_jumped && b->clock_has_jumped)
		log_event(LOG_INFO, "clock.back", NULL);
	b->clock_has_jumped = has_jumped;
	return !is_ahead;
}

void
expire_tick(void *context)
{
	struct broker *b = context;
	struct expire_job *j;
	struct store_entry *entry;

	if (b->draining || b->expiring > 0 || !clock_can_be_trusted(b))
		return;
	j = calloc(1, sizeof *j);
	if (j == NULL || arena_new(CONSIGN_UNPACK_BUDGET_BASE_BYTES + (EXPIRED_A_READ + 1) * sizeof(struct store_expired) * 2, &j->arena) != CONSIGN_OK) {
		free(j);
		return;
	}
	j->job.read = read_expired;
	j->job.done = expired_read;
	j->broker = b;
	j->now_us = clock_wall_us(b->clock);
	b->expiring++;
	reader_put(b->reader, &j->job);
	if (b->retention_us > 0 && j->now_us > b->retention_us
	    && broker_entry(b, 0, sizeof(struct tombstone), &entry) == CONSIGN_OK) {
		((struct tombstone *)entry)->broker = b;
		entry->job.apply = drop_bodies;
		entry->job.done = bodies_dropped;
		entry->confirm_to = j->now_us - b->retention_us;
		broker_commit(b, entry);
	}
}
