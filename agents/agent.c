/* The agent as a whole: opening in order, regular turns, what follows a failed commit, ending. */
#include "agent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "accusations.h"
#include "alarms.h"
#include "card.h"
#include "core/file.h"
#include "core/limits.h"
#include "core/log.h"
#include "documents.h"
#include "doors/socket.h"
#include "freshness.h"
#include "inbox.h"
#include "lanes.h"
#include "outbox.h"
#include "recent.h"
#include "reception.h"
#include "sealing.h"
#include "store/store.h"
#include "uplink.h"

#define TICK_MS 500u
#define CARD_MS 3600000u
#define RELOAD_PAUSE_US 250000u
#define RELOAD_PAUSE_MAX_US 15000000u
#define RELOAD_CALM_US 60000000u

enum consign_err
agent_seen(const struct agent *a, struct arena *arena, struct seen **ret_seen)
{
	const struct hub_root *root = hub_root(a->hub);
	const struct hub_card *card = hub_card(a->hub, a->org.s);
	const struct checkpoint *checkpoint = hub_checkpoint(a->hub);
	struct seen *seen = arena_alloc(arena, sizeof *seen);
	struct document_ref *refs = arena_alloc(arena, 4 * sizeof *refs);

	if (seen == NULL || refs == NULL)
		return CONSIGN_E_NO_MEMORY;
	if (root == NULL || root->root->directory == NULL || card == NULL)
		return CONSIGN_E_NOT_FOUND;
	refs[0] = (struct document_ref){root->root->version, root->hash};
	refs[1] = *root->root->directory;
	refs[2] = *root->root->policy;
	refs[3] = (struct document_ref){card->card->version, card->hash};
	seen->root = &refs[0];
	seen->directory = &refs[1];
	seen->policy = &refs[2];
	seen->card = &refs[3];
	if (checkpoint->size > 0) {
		seen->checkpoint = arena_alloc(arena, sizeof *seen->checkpoint);
		if (seen->checkpoint == NULL)
			return CONSIGN_E_NO_MEMORY;
		*seen->checkpoint = (struct checkpoint_ref){checkpoint->size, checkpoint->head};
	}
	*ret_seen = seen;
	return CONSIGN_OK;
}

static const char *
store_hint(enum consign_err err)
{
	return err == CONSIGN_E_FULL ? "free some disk" : "check the disk and its file system; nothing was promised";
}

void
agent_store_failed(struct agent *a, enum consign_err err)
{
	recent_clear(a->recent);
	if (a->store_failed)
		return;
	log_event(LOG_ERROR, "store.failed", "reason", "s", consign_err_text(err), "hint", "s", store_hint(err), NULL);
	uint64_t now = clock_steady_us(a->clock);

	/* The first failure is looked at soon, the next ones at a distance: a full disk does not empty by asking. */
	a->reload_pause_us = now - a->reloaded_us > RELOAD_CALM_US ? RELOAD_PAUSE_US
	    : a->reload_pause_us * 2 > RELOAD_PAUSE_MAX_US        ? RELOAD_PAUSE_MAX_US
	                                                           : a->reload_pause_us * 2;
	a->reload_us = now + a->reload_pause_us;
	a->store_err = err;
	a->store_failed = true;
}

static enum consign_err
load(struct agent *a)
{
	enum consign_err err = documents_load(a);

	if (err == CONSIGN_OK)
		err = reception_load(a->reception);
	if (err == CONSIGN_OK)
		err = lanes_load(a->lanes);
	return err;
}

/* Everything decided since the failed commit is forgotten; tools and broker were told, or will ask again. */
static void
reload(struct agent *a)
{
	char why[128];

	snprintf(why, sizeof why, "the store failed: %s: %s", consign_err_text(a->store_err), store_hint(a->store_err));
	uplink_break(a->uplink, why);
	if (a->reload_us > clock_steady_us(a->clock))
		return;
	commit_flush(a->committer);
	commit_reap(a->committer);
	if (commit_waiting(a->committer) > 0 || load(a) != CONSIGN_OK)
		return;
	commit_resume(a->committer);
	a->store_failed = false;
	a->reloaded_us = clock_steady_us(a->clock);
	log_event(LOG_WARN, "store.reloaded", NULL);
}

static void
on_commits(void *context)
{
	struct agent *a = context;

	commit_reap(a->committer);
	outbox_flush(a->outbox);
	reception_flush(a->reception);
	lanes_pump(a->lanes);
}

static void
check_disk(struct agent *a)
{
	unsigned used;
	uint64_t left;

	if (file_disk_use(a->home, &used, &left) != CONSIGN_OK)
		return;
	bool full = file_disk_is_full(used, left);

	if (full != a->disk_full)
		log_event(full ? LOG_ERROR : LOG_INFO, full ? "disk.full" : "disk.has_room", "used_percent", "u", (uint64_t)used, NULL);
	a->disk_full = full;
}

static void
finish_stopping(struct agent *a)
{
	outbox_flush(a->outbox);
	if (commit_waiting(a->committer) == 0)
		loop_stop(a->loop);
}

/* A clock that was set during a session: the handshake compares it with the broker's, and says so when it is wrong. */
static void
check_clock(struct agent *a)
{
	int64_t ahead = clock_wall_ahead(a->clock), jump = ahead - a->wall_ahead_us;

	a->wall_ahead_us = ahead;
	if (jump <= (int64_t)CONSIGN_CLOCK_SKEW_WARN_US && jump >= -(int64_t)CONSIGN_CLOCK_SKEW_WARN_US)
		return;
	log_event(LOG_WARN, "clock.jumped", "seconds", "d", (int)(jump / 1000000), NULL);
	uplink_break(a->uplink, "this machine's clock has jumped: it is compared with the broker's anew");
}

static void
tick(void *context)
{
	struct agent *a = context;

	check_clock(a);
	if (a->store_failed)
		reload(a);
	if (a->stopping) {
		finish_stopping(a);
	} else {
		check_disk(a);
		alarms_turn(a->alarms);
		reception_turn(a->reception);
		freshness_tend(a);
		settlements_tend(a);
		if (a->keys_unsettled)
			card_tend(a);
		socket_door_keys(a->door);
	}
	outbox_flush(a->outbox);
}

static void
tend_card(void *context)
{
	card_tend(context);
}

static void
on_signal(void *context)
{
	struct agent *a = context;
	struct session_bye bye = {0};

	if (a->stopping)
		return;
	log_event(LOG_INFO, "agent.stopping", NULL);
	a->stopping = true;
	if (uplink_state(a->uplink) == UPLINK_UP
	    && uplink_say(a->uplink, &(struct session_command){.bye = &bye}, NULL, NULL) != CONSIGN_OK)
		log_event(LOG_DEBUG, "bye.unsent", NULL);
	finish_stopping(a);
}

/* Another company's store would send in its name, and take its place in the mailbox for ours. */
static enum consign_err
claim_store(const struct agent *a, struct db *db)
{
	struct buf owner = {0};
	enum consign_err err = buf_append(&owner, SLICE_ARRAY(a->hub_id.b));

	if (err == CONSIGN_OK)
		err = buf_append(&owner, slice_text(a->org.s));
	if (err == CONSIGN_OK)
		err = store_claim(db, buf_slice(&owner));
	buf_clear(&owner);
	return err;
}

static const char *
store_problem(enum consign_err err)
{
	switch (err) {
	case CONSIGN_E_NOT_FOUND:
		return "it was here and is gone; restore it from a backup: an empty one would lack what was queued and received";
	case CONSIGN_E_CORRUPT:
		return "the store is damaged; restore it from a backup";
	case CONSIGN_E_CONFIG:
		return "it is the store of another company or hub; put back the one that belongs to this home";
	default:
		return consign_err_text(err);
	}
}

static enum consign_err
open_store(struct agent *a, char ret_problem[256])
{
	char *path = path_join(a->home, "agent.db");
	struct db *writing = NULL;
	enum consign_err err = path == NULL ? CONSIGN_E_NO_MEMORY : agent_store_open(path, false, &writing);

	if (err == CONSIGN_OK)
		err = claim_store(a, writing);
	if (err == CONSIGN_OK)
		err = agent_store_open(path, true, &a->db);
	if (err == CONSIGN_OK)
		err = load(a);
	if (err == CONSIGN_OK)
		err = commit_start(&writing, NULL, NULL, &a->committer);
	/* Nobody else wrote it: what is not as we wrote it is damage. */
	if (consign_err_class(err) == CONSIGN_CLASS_PEER && err != CONSIGN_E_NOT_FOUND)
		err = CONSIGN_E_CORRUPT;
	if (err != CONSIGN_OK)
		snprintf(ret_problem, 256, "agent.db: %s", store_problem(err));
	db_close(&writing);
	free(path);
	return err;
}

static enum consign_err
open_keys(struct agent *a, char ret_problem[256])
{
	a->identity_key = keyfile_find(a->keys, "identity", NULL);
	a->storage_key = keyfile_find(a->keys, "storage", NULL);
	if (a->identity_key != NULL && keyfile_find(a->keys, "transport", NULL) != NULL && a->storage_key != NULL)
		return CONSIGN_OK;
	snprintf(ret_problem, 256, "keys/agent.key lacks identity, transport or storage key");
	return CONSIGN_E_KEY_FILE;
}

static enum consign_err
open_parts(struct agent *a, const struct agent_options *options, char ret_problem[256])
{
	int timer;
	enum consign_err err = reception_new(a, &a->reception);

	if (err == CONSIGN_OK)
		err = freshness_new(a, &a->freshness);
	if (err == CONSIGN_OK)
		err = lanes_new(a, &a->lanes);
	if (err == CONSIGN_OK)
		err = sealing_new(a, &a->sealing);
	if (err == CONSIGN_OK)
		err = seal_receiver_new(&a->receiver);
	if (err == CONSIGN_OK)
		err = open_store(a, ret_problem);
	if (err == CONSIGN_OK)
		err = outbox_new(a, &a->outbox);
	if (err == CONSIGN_OK)
		err = inbox_new(a, &a->inbox);
	if (err == CONSIGN_OK)
		err = recent_new(&a->recent);
	if (err == CONSIGN_OK)
		err = alarms_new(a, options->profile, &a->alarms);
	if (err == CONSIGN_OK)
		err = loop_watch(a->loop, commit_fd(a->committer), LOOP_READ, on_commits, a);
	if (err == CONSIGN_OK)
		err = loop_every(a->loop, TICK_MS, tick, a, &timer);
	if (err == CONSIGN_OK)
		err = loop_every(a->loop, CARD_MS, tend_card, a, &timer);
	if (err == CONSIGN_OK)
		err = transport_new(1, &a->transport);
	if (err == CONSIGN_OK)
		err = uplink_new(a, options, &a->uplink);
	if (err == CONSIGN_OK) {
		/* The profile's subscriptions are asked for before any tool can: the first one decides on the filter. */
		alarms_turn(a->alarms);
		err = socket_door_open(a, &a->door);
		if (err != CONSIGN_OK)
			snprintf(ret_problem, 256, "agent.sock cannot be opened: another agent, or a path that is too long for a socket");
	}
	return err;
}

enum consign_err
agent_open(const struct agent_options *options, struct agent **ret_agent, char ret_problem[256])
{
	struct agent *a = calloc(1, sizeof *a);
	enum consign_err err;

	snprintf(ret_problem, 256, "out of memory");
	if (a == NULL)
		return CONSIGN_E_NO_MEMORY;
	a->clock = clock_system();
	a->started_us = clock_wall_us(a->clock);
	a->wall_ahead_us = clock_wall_ahead(a->clock);
	a->home = options->home;
	a->org = options->org;
	a->hub_id = options->hub_id;
	a->invited_root = options->invited_root;
	a->keys = *options->keys;
	*options->keys = NULL;
	snprintf(a->key_path, sizeof a->key_path, "%s/keys/agent.key", options->home);
	err = accusations_new(a, &a->accusations);
	if (err == CONSIGN_OK)
		err = loop_new(&a->loop);
	/* Signals are blocked before the first thread is started, so that every thread has them blocked. */
	if (err == CONSIGN_OK)
		err = loop_on_signals(a->loop, on_signal, a);
	if (err == CONSIGN_OK)
		err = open_keys(a, ret_problem);
	if (err == CONSIGN_OK)
		err = open_parts(a, options, ret_problem);
	if (err != CONSIGN_OK) {
		agent_close(&a);
		return err;
	}
	*ret_agent = a;
	return CONSIGN_OK;
}

void
agent_run(struct agent *a)
{
	loop_run(a->loop);
}

void
agent_close(struct agent **agent)
{
	struct agent *a = *agent;

	if (a == NULL)
		return;
	a->stopping = true;
	socket_door_close(&a->door);
	if (a->committer != NULL) {
		commit_flush(a->committer);
		commit_reap(a->committer);
		commit_stop(&a->committer);
	}
	uplink_free(&a->uplink);
	outbox_free(&a->outbox);
	alarms_free(&a->alarms);
	inbox_free(&a->inbox);
	recent_free(&a->recent);
	reception_free(&a->reception);
	lanes_free(&a->lanes);
	freshness_free(&a->freshness);
	sealing_free(&a->sealing);
	seal_receiver_free(&a->receiver);
	transport_free(&a->transport);
	loop_free(&a->loop);
	hub_free(&a->hub);
	db_close(&a->db);
	keyfile_free(&a->keys);
	accusations_free(&a->accusations);
	free(a);
	*agent = NULL;
}
