/*
 * What the broker counts, as Prometheus text, and /healthz. HTTP is libmicrohttpd's, on a thread of its own.
 * Threads   counters are atomic: any thread
 */
#ifndef BROKER_METRICS_H
#define BROKER_METRICS_H

#include <stdatomic.h>
#include <stdint.h>

#include "consign/error.h"
#include "consign/types.h"

enum metric {
	METRIC_ACCEPTED,          /* consignments */
	METRIC_ACCEPTED_ITEMS,
	METRIC_ACCEPTED_BYTES,
	METRIC_REPEATED,          /* the same again: answered with the same receipt */
	METRIC_TRY_LATER,
	METRIC_DELIVERED,         /* sent to an agent */
	METRIC_SETTLED,           /* delivery receipts taken in */
	METRIC_EXPIRED,
	METRIC_LEAVES,
	METRIC_COMMITS_FAILED,
	METRIC_FRAMES_MALFORMED,
	METRIC_ADMISSIONS_REFUSED,
	METRIC_CUT_CROWD, /* connections that the guard cut off, by its reasons, in their order */
	METRIC_CUT_BEFORE,
	METRIC_CUT_SLOW,
	METRIC_CUT_AHEAD,
	METRIC_CUT_BEHIND,
	METRIC_COUNTERS,
	METRIC_SESSIONS = METRIC_COUNTERS, /* gauges from here */
	METRIC_CONNECTIONS,
	METRIC_STRANGERS,
	METRIC_WAITING,
	METRIC_LEDGER_SIZE,
	METRICS
};

struct metrics {
	_Atomic uint64_t value[METRICS];
	_Atomic uint64_t refused[CONSIGN_CODE_LAST + 1]; /* by code */
	_Atomic uint64_t postponed[CONSIGN_CODE_LAST + 1]; /* the same */
	_Atomic uint64_t heartbeat_us; /* steady: when the loop last turned */
	_Atomic int store_ok;
	struct metrics_server *server;
};

CONSIGN_MUST_CHECK enum consign_err metrics_new(struct metrics **ret_metrics);
void metrics_free(struct metrics **metrics); /* stops the server */
/* host:port; port 0 picks one. Errors: CONFIG */
CONSIGN_MUST_CHECK enum consign_err metrics_serve(struct metrics *m, const char *bind);
void metrics_add(struct metrics *m, enum metric which, uint64_t n);
void metrics_set(struct metrics *m, enum metric which, uint64_t n);

#endif
