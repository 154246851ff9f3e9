/*
 * What the role profile of this home (lib/policy/profile.h) gives the agent: subscriptions that are there from the start,
 * and alarms, which are looked at every minute and whenever somebody asks for `status`.
 *
 * What an alarm costs does not grow with the inbox: each received message is looked at once, in its turn, a bounded number
 * at a time; those that are not acknowledged are remembered, the oldest ALARM_OPEN_MAX of them, and looked at again.
 *
 * Threads   the loop
 */
#ifndef AGENTS_ALARMS_H
#define AGENTS_ALARMS_H

#include "inbox.h"
#include "policy/profile.h"

#define ALARM_EVERY_US (60ull * 1000000)

struct alarms;

/*
 * profile  borrowed for the life of the alarms; NULL: there is none, and nothing to do
 * Errors: NO_MEMORY
 */
CONSIGN_MUST_CHECK enum consign_err alarms_new(struct agent *a, const struct profile *profile, struct alarms **ret_alarms);
void alarms_free(struct alarms **alarms);
const struct profile *alarms_profile(const struct alarms *x);

/* A turn of the loop: makes the subscriptions of `watches` that are not there, and looks at the alarms when it is time. */
void alarms_turn(struct alarms *x);
/* Looks at them now. Logs each alarm whose number has changed. */
void alarms_look(struct alarms *x);

/* An alarm that is raised. */
struct alarm {
	const struct profile_alarm *profile;
	uint64_t count;
	bool is_more;      /* there are more than count */
	uint64_t since_us; /* wall: when the oldest of them was received, or refused */
};

/* Alarm i of those that were raised when they were last looked at; false past the last. */
bool alarms_raised(const struct alarms *x, size_t i, struct alarm *ret_alarm);

#endif
