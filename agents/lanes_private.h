/*
 * What of the stored outbox is in memory, between lanes.c (which says what goes when) and lanes_store.c (which reads it).
 */
#ifndef AGENTS_LANES_PRIVATE_H
#define AGENTS_LANES_PRIVATE_H

#include "lanes.h"

struct out_study {
	struct consign_study id;
	struct out_entry *first;
	struct out_entry **last;
	size_t n;           /* with their frames */
	size_t bare_n;      /* without */
	uint64_t bytes;     /* in memory */
	uint64_t loaded_to; /* highest seq that is, or was, in memory */
	bool more;          /* the store has queued ones behind loaded_to */
	bool rewinding;     /* something was postponed: what is under way is answered first */
	uint32_t sent;      /* unanswered */
	uint64_t served;    /* bytes sent: the study with the least goes first */
	uint64_t held;      /* lanes that the broker holds */
	struct out_study *next;
};

struct lanes {
	struct agent *agent;
	struct out_study *studies;
	uint32_t window_consignments;
	uint64_t window_bytes;
	uint32_t sent;
	uint64_t sent_bytes;
	uint64_t last_sequence;
	uint64_t held;       /* lanes that the broker holds in this session, of all studies */
	uint64_t sent_lanes; /* of what is under way and not among them: they will be held should it be turned back */
};

/* Consignees held back in one scan of a study. */
#define HELD_MAX 256u
struct held {
	const struct consign_org *org[HELD_MAX];
	uint32_t name[HELD_MAX]; /* a number made of it: most that differ differ there */
	size_t n;
	bool all; /* more than fit: nothing passes */
};
bool held_has(const struct held *h, const struct consign_org *org);
void held_put(struct held *h, const struct out_entry *e);

void lanes_entry_free(struct out_entry *e);
/* Takes frame and body; a failure leaves the entry as it was. */
CONSIGN_MUST_CHECK enum consign_err lanes_entry_set(struct out_entry *e, struct sealed *sealed);
/* Behind what is in memory, when there is room. False when not, or out of memory. */
bool lanes_append(struct out_study *s, uint64_t seq, struct sealed *sealed);
/* The next ones of the store, when half of the room is free. */
void lanes_refill(struct lanes *l, struct out_study *s);
/* Behind what is in memory, when all of that waits: up to the first that may go past what `h` holds. Some rows a time: the loop has others to serve. */
void lanes_look_further(struct lanes *l, struct out_study *s, struct held *h);
/* The frames of a bare one, whose turn has come. */
CONSIGN_MUST_CHECK enum consign_err lanes_load_frames(struct lanes *l, struct out_study *s, struct out_entry *e);

#endif
