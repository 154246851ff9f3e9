/*
 * Who waits for a bucket, and whose turn is next. Without it what has just trickled in goes to whoever asks at that moment: a
 * consignment that needs much would never find it there, behind others that each need little.
 *
 * Consignors stand in line, each at one place, with up to CONSIGN_TURNS_MAX consignments behind one another at it. The first at a
 * place is next; when it was served its place goes to the end of the line, or goes. So who sends much waits for one consignment of each
 * other, and they for one of its own. A place is kept by asking again: who does not in the time that it was told, and some more, has left.
 *
 * Zero-initialised; ends with turns_clear. Pure. Threads: any, one object belongs to one.
 * Source    docs/PROTOCOL.md 7.5, row 21
 */
#ifndef BROKER_TURNS_H
#define BROKER_TURNS_H

#include "quota.h"

struct turns_place;
struct turns {
	struct turns_place *first;
	size_t n; /* places, at most CONSIGN_PARTIES_MAX: those of a study, once each */
};

/* Who asks, lent for the call. consignor NULL: somebody who stands in no line, behind all. */
struct asker {
	const char *consignor;
	const struct consign_id *id; /* of the consignment */
};

/* Those who did not ask again in time leave. Before all others, with what the clock says now. */
void turns_drop_late(struct turns *t, uint64_t now_us);
/* What those take who are before it: the first of each place before its own; of every place when it is not the first of its own. */
void turns_ahead(const struct turns *t, const struct asker *asker, const struct quota *quota, struct owed *ret_ahead);
/*
 * Takes a place, at the end, or keeps the one it has, for so many messages and bytes, until then (steady). False: where there is no
 * room, or no memory, it stands nowhere and is behind all.
 */
bool turns_wait(struct turns *t, const struct asker *asker, uint64_t messages, uint64_t bytes, uint64_t until_us);
/* It waits no more; of nobody who stands in no line. was_served: the next of its consignor goes to the end. */
void turns_leave(struct turns *t, const struct asker *asker, bool was_served);
/* Whether somebody waits who is not late. */
bool turns_has(const struct turns *t, uint64_t now_us);
void turns_clear(struct turns *t);

#endif
