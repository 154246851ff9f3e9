/*
 * What every bench says of itself: the machine, the commit, how far its rounds lie apart. Times of the wall come from
 * CLOCK_MONOTONIC, times of the cpu from the process's own clock.
 *
 * Threads   any; nothing is kept
 */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <stddef.h>
#include <stdint.h>

/* The middle of several rounds, with how far they lie apart. */
struct spread {
	double median, low, high; /* low and high: the quartiles, of 4 rounds or more; else the least and the most */
};

/* Sorts the values. n is 1 at least. */
struct spread spread_of(double *values, size_t n);
/* The value below which this share (0 to 1) of n sorted values lies. */
double share_of(const double *sorted, size_t n, double share);
void sort_values(double *values, size_t n);

uint64_t bench_wall_ns(void);
uint64_t bench_cpu_ns(void);

/* "Linux x86_64, 2 cores, Intel(R) …": one line without quotes or line breaks. */
const char *bench_machine(void);
/* `git describe` of the source, or "unknown". */
const char *bench_commit(void);
/* The first line of a bench's text output. what: "bench-seal" and how it was called. */
void bench_title(const char *what, unsigned rounds);
/* ,"rounds":N,"commit":"…","machine":"…"} and the line's end: the end of a bench's JSON object. */
void bench_json_end(unsigned rounds);

#endif
