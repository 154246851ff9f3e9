/*
 * What the benches share beside report.h: their options, their end when something fails, and the cpu time of a call.
 *
 * Threads   one
 */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "consign/error.h"
#include "report.h"

#define MEASURE_ROUNDS_MAX 1000u

/* A number behind an option; value holds the default. */
struct option_number {
	const char *name; /* "--size" */
	uint64_t *value;
	uint64_t min, max;
};

struct bench_run {
	unsigned rounds; /* holds the default */
	bool as_json;
};

/*
 * Reads --json, --rounds N and the numbers; numbers ends with a row without a name. Anything else, or a number outside its range:
 * says on stderr what there is, and ends with status 2.
 */
void options_read(int argc, char **argv, const struct option_number *numbers, struct bench_run *run);
/* For what the ranges cannot say: the reason on stderr, status 2. */
_Noreturn void options_refuse(const char *why);

/* Ends the program with status 1 unless err is CONSIGN_OK; what: what was being done. */
void must(enum consign_err err, const char *what);
/* The same when a program's own condition does not hold. */
void must_be(bool is, const char *what);

/* A call to be measured. */
struct measured {
	void (*act)(void *context);
	void *context;
	double ns[MEASURE_ROUNDS_MAX]; /* out: cpu time of one call, round by round */
};

/*
 * A round measures a batch of each in turn, about 20 ms of it: what disturbs the machine for a while so disturbs all of them, and
 * sums and ratios of one round hold. 3 rounds at least, MEASURE_ROUNDS_MAX at most.
 */
void measure(struct measured *const *all, size_t n, unsigned rounds);
/* Of a copy: the rounds stay in their order. */
struct spread measured_spread(const double *rounds_ns, unsigned rounds);

#endif
