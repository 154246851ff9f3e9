#include "measure.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH_NS 20000000ull
#define ROUNDS_MIN 3u

static _Noreturn void
usage(const struct option_number *numbers)
{
	fprintf(stderr, "usage: %s", program_invocation_short_name);
	for (const struct option_number *o = numbers; o->name != NULL; o++)
		fprintf(stderr, " [%s %llu..%llu]", o->name, (unsigned long long)o->min, (unsigned long long)o->max);
	fprintf(stderr, " [--rounds %u..%u] [--json]\n", ROUNDS_MIN, MEASURE_ROUNDS_MAX);
	exit(2);
}

/* Digits only: no sign, no blank, nothing behind. */
static bool
read_number(const char *text, uint64_t min, uint64_t max, uint64_t *ret_value)
{
	unsigned long long value;

	if (text == NULL || text[0] == '\0' || text[strspn(text, "0123456789")] != '\0')
		return false;
	errno = 0;
	value = strtoull(text, NULL, 10);
	if (errno != 0 || value < min || value > max)
		return false;
	*ret_value = value;
	return true;
}

void
options_read(int argc, char **argv, const struct option_number *numbers, struct bench_run *run)
{
	for (int i = 1; i < argc; i++) {
		const struct option_number *o = numbers;
		uint64_t rounds;

		if (strcmp(argv[i], "--json") == 0) {
			run->as_json = true;
			continue;
		}
		i++; /* argv[argc] is NULL, which is no number */
		if (strcmp(argv[i - 1], "--rounds") == 0) {
			if (!read_number(argv[i], ROUNDS_MIN, MEASURE_ROUNDS_MAX, &rounds))
				usage(numbers);
			run->rounds = (unsigned)rounds;
			continue;
		}
		while (o->name != NULL && strcmp(argv[i - 1], o->name) != 0)
			o++;
		if (o->name == NULL || !read_number(argv[i], o->min, o->max, o->value))
			usage(numbers);
	}
}

void
options_refuse(const char *why)
{
	fprintf(stderr, "%s: error: %s\n", program_invocation_short_name, why);
	exit(2);
}

void
must(enum consign_err err, const char *what)
{
	if (err == CONSIGN_OK)
		return;
	fprintf(stderr, "%s: error: %s: %s\n", program_invocation_short_name, what, consign_err_text(err));
	exit(1);
}

void
must_be(bool is, const char *what)
{
	if (is)
		return;
	fprintf(stderr, "%s: error: %s\n", program_invocation_short_name, what);
	exit(1);
}

static uint64_t
time_calls(const struct measured *m, uint64_t calls)
{
	uint64_t from = bench_cpu_ns();

	for (uint64_t i = 0; i < calls; i++)
		m->act(m->context);
	return bench_cpu_ns() - from;
}

/* So many that they take the time of a batch; finding out warms the caches. */
static uint64_t
calls_of_a_batch(const struct measured *m)
{
	uint64_t calls = 1, took;

	while ((took = time_calls(m, calls)) < BATCH_NS / 2)
		calls *= took < BATCH_NS / 32 ? 16 : 2;
	return calls;
}

void
measure(struct measured *const *all, size_t n, unsigned rounds)
{
	uint64_t *calls = calloc(n, sizeof *calls);

	must_be(calls != NULL, "out of memory");
	for (size_t i = 0; i < n; i++)
		calls[i] = calls_of_a_batch(all[i]);
	for (unsigned r = 0; r < rounds; r++)
		for (size_t i = 0; i < n; i++)
			all[i]->ns[r] = (double)time_calls(all[i], calls[i]) / (double)calls[i];
	free(calls);
}

struct spread
measured_spread(const double *rounds_ns, unsigned rounds)
{
	double sorted[MEASURE_ROUNDS_MAX];

	memcpy(sorted, rounds_ns, rounds * sizeof *sorted);
	return spread_of(sorted, rounds);
}
