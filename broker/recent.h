/*
 * The mail accepted last, kept in memory for consignees who are connected: who keeps up gets it without a read of the
 * store. What is not here any more, or never was, is read (deliver.c); nothing depends on it.
 *
 * A consignment is kept once, whoever it is for. All of it together is bounded by RECENT_MAX_BYTES, the oldest goes first;
 * of one mailbox the last RECENT_PLACES positions are known.
 *
 * Invariant   what stands here is durable and neither settled nor a tombstone.
 * Threads     the loop
 */
#ifndef BROKER_RECENT_H
#define BROKER_RECENT_H

#include "net/transport.h"
#include "store/store.h"

#define RECENT_MAX_BYTES (4u * 1024u * 1024u)
#define RECENT_PLACES 64u

/* One consignment. */
struct recent_mail {
	struct store_mail mail; /* but for position, previous and salt, which are each place's own; slices are the frames' */
	struct frame manifest;
	struct frame body;
	struct buf record;
	size_t refs; /* places, and the list */
	bool is_gone; /* from the list: the frames are empty */
	struct recent_mail *next;
};

/* One position of one mailbox; mail NULL: none. */
struct recent_place {
	uint64_t position;
	struct consign_hash previous;
	struct consign_hash salt;
	struct recent_mail *mail;
};

/* All of them, oldest first. Zero-initialised; cleared after the places. */
struct recent {
	struct recent_mail *first;
	struct recent_mail **last;
	size_t bytes;
};

/*
 * Keeps what an entry accepted.
 * manifest, body   borrow: their bytes are shared when they are many, else copied
 * Returns NULL when out of memory: then it will be read.
 */
struct recent_mail *recent_keep(struct recent *r, const struct store_entry *entry, struct frame *manifest, struct frame *body);
/* Gives it a place in a mailbox. places is that mailbox's, RECENT_PLACES of them. */
void recent_put(struct recent_place *places, const struct store_mailbox *row, struct recent_mail *mail);
/* The mail at a position, as the store would give it; NULL when it is not here. ret_mail lives as long as the place. */
struct recent_mail *recent_find(const struct recent_place *places, uint64_t position, struct store_mail *ret_mail);
/* It was settled or buried. */
void recent_forget(struct recent_place *places, uint64_t position);
void recent_free_places(struct recent_place **places);
void recent_clear(struct recent *r);

#endif
