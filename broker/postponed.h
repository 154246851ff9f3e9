/*
 * What is postponed, as an administrator who watches is told of it: who, why and for whom, once when it begins, then at growing distances
 * while it goes on, with how often and since when. What waits for a quota of a day asks every half minute, in each of its lanes.
 *
 * Zero-initialised. Threads: the loop
 * Source    docs/PROTOCOL.md 7.12
 */
#ifndef BROKER_POSTPONED_H
#define BROKER_POSTPONED_H

#include "wire/session_wire.h"

#define POSTPONED_SLOTS 256u
/* From one telling to the next: doubled each time, up to five minutes. */
#define POSTPONED_FIRST_US 1000000u
#define POSTPONED_LONGEST_US 300000000u
/* Who was not postponed for so long waits no more: longer than any pause that is told. */
#define POSTPONED_QUIET_US 120000000u

struct postponed {
	uint64_t key; /* of who, for whom, and why, without what changes from one asking to the next; 0 free */
	char org[CONSIGN_ORG_MAX_BYTES + 1];
	char whom[CONSIGN_ORG_MAX_BYTES + 1];
	char detail[384];
	enum consign_code code;
	uint64_t since_us; /* wall */
	uint64_t seen_us, told_us, pause_us; /* steady */
	uint64_t others; /* since it was told */
};

/* The slots of a hub; when all are taken the one that was quiet for longest goes. */
struct postponed_list {
	struct postponed v[POSTPONED_SLOTS];
};

/* Texts of one event; it points into this. */
struct postponed_told {
	struct admin_event event;
	char detail[448];
};

/* One more. True: it is to be told now. */
bool postponed_note(struct postponed_list *list, const char *org, const char *whom, enum consign_code code, struct consign_slice detail,
    uint64_t steady_us, uint64_t wall_us, struct postponed_told *ret_told);
/* The next of those that went on, and whose time has come. *at is 0 at first. False: no more. */
bool postponed_next(struct postponed_list *list, size_t *at, uint64_t steady_us, struct postponed_told *ret_told);

#endif
