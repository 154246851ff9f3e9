/*
 * What waits to be sent, study by study: a bounded part of the stored outbox, in its order. The uplink sends from here;
 * answers come back here.
 *
 * Order (PROTOCOL.md 5.5): within a study, a consignment that waits (postponed, being sealed anew) holds back every later
 * one that shares a consignee with it, or with one held back by it. Others pass, however far behind: what waits for one before it
 * is known by its consignees only, up to 4,096 of a study. Between studies: bytes sent decide.
 *
 * What the broker turned back holds its lanes there, so that nothing that was on its way behind it passes (PROTOCOL.md 7.6), up to a
 * bound. Where more waits than that, the holds of a study of which all answers have come are given up for a while: the order is kept here.
 *
 * Threads   the loop
 */
#ifndef AGENTS_LANES_H
#define AGENTS_LANES_H

#include "agent.h"
#include "net/transport.h"
#include "sealing.h"
#include "wire/manifest_wire.h"
#include "wire/session_wire.h"

enum out_state {
	OUT_WAITING,
	OUT_SENT, /* unanswered */
	OUT_BUSY, /* its answer, or its next attempt, waits for its commit */
};

/* Why the hub did not take it yet, as the broker said last. */
struct postponement {
	enum consign_code code; /* NONE: it was not postponed */
	struct consign_org org; /* whom it is about; "" nobody in particular */
	char detail[384];
	uint64_t since_us; /* wall: since then for this reason */
};

struct out_entry {
	uint64_t seq; /* in the store */
	struct consign_id id;
	struct consign_study study;
	struct consign_org *consignees;
	size_t n_consignees;
	struct consign_hash digest; /* of the manifest */
	uint64_t created_us;
	uint64_t expires_us;
	struct frame manifest; /* signed */
	struct frame body;
	bool is_bare; /* the frames are in the store only: it waits for one before it */
	enum out_state state;
	uint64_t sequence; /* of the submit, while OUT_SENT */
	uint32_t held;     /* lanes that the broker holds for it in this session; 0 none */
	uint64_t retry_us; /* steady; 0 at once */
	uint32_t stale_tries; /* attempts sealed anew for stale documents or keys */
	struct postponement postponed;
	struct out_entry *next;
};

struct lanes;
CONSIGN_MUST_CHECK enum consign_err lanes_new(struct agent *a, struct lanes **ret_lanes);
void lanes_free(struct lanes **lanes);
/* Forgets everything and starts over from the store. */
CONSIGN_MUST_CHECK enum consign_err lanes_load(struct lanes *l);
/* A consignment became durable. Takes frame and body out of sealed when there is room in memory; else it is read when its turn comes. */
void lanes_added(struct lanes *l, uint64_t seq, struct sealed *sealed);
/*
 * As much as a whole bundle of this study is in memory, sent or not: what is added now waits behind it. Or two of its consignments are
 * unanswered: what comes until one is shares the next, signatures and commits with it, so that there is cpu for the answers.
 */
bool lanes_are_busy(const struct lanes *l, const struct consign_study *study);
/* Sends what may be sent. window: how much more may be under way. */
void lanes_pump(struct lanes *l);
void lanes_window(struct lanes *l, uint32_t consignments, uint64_t bytes);
/* The connection is gone: what was sent and not answered waits again. */
void lanes_unsent(struct lanes *l);
/* The entry that an answer is for: no longer under way. NULL: none (an answer nobody waits for). */
struct out_entry *lanes_answered(struct lanes *l, uint64_t sequence);
void lanes_postpone(struct lanes *l, struct out_entry *e, uint64_t pause_us);
/* Its answer was one after which the broker holds its lanes until it is accepted or released. */
void lanes_holds(struct lanes *l, struct out_entry *e);
/* Notes why, and postpones. */
void lanes_try_later(struct lanes *l, struct out_entry *e, const struct session_try_later *why);
/* The policy changed, and with it perhaps a quota: what waits for one asks again at once, whatever pause it was told. */
void lanes_hurry(struct lanes *l);
/* NULL when that consignment was not postponed, or is not in memory. Lends until lanes are used again. */
const struct postponement *lanes_postponement(const struct lanes *l, const struct consign_id *id);
/* What waits and why, reason by reason: `since` is the oldest of each. LANE_HELD is not a reason of its own. Fills up to max; returns how many. */
struct postponed {
	struct postponement why;
	uint64_t consignments;
};
size_t lanes_postponed(const struct lanes *l, struct postponed *ret_list, size_t max);
/* Accepted or refused for good, durably. Frees the entry. */
void lanes_finished(struct lanes *l, struct out_entry *e);
/* Its next attempt is durable. Takes frame and body. Errors: NO_MEMORY */
CONSIGN_MUST_CHECK enum consign_err lanes_replaced(struct lanes *l, struct out_entry *e, struct sealed *sealed);
/* What it takes on its way. */
uint64_t lanes_entry_bytes(struct out_entry *e);

#endif
