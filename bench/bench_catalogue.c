/*
 * bench-catalogue [--json] [--rounds N]: what validation and conversion of business messages cost.
 *
 * A laboratory result of 20 values, as a data transfer has it, then per type, on its full example: validation of a message that is unpacked; unpacking with the strict walk; JSON to message and back to JSON.
 * A round takes the cpu time of a batch of about 20 ms; the median of the rounds is printed with the spread between its quartiles. Memory: everything
 * comes from one arena that is reset for each message, and the allocator's own count must not change over many messages: the exit is 1 when it does.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalogue/catalogue.h"
#include "catalogue/example.h"
#include "report.h"

#define ROUNDS_DEFAULT 15u
#define ROUNDS_MAX 1001u
#define BATCH_NS 20000000ull
/* Messages of each type a round, for what outlives them: a million of all types in the rounds that it has when not told. */
#define MESSAGES_A_ROUND 4800u

struct subject {
	const char *name;
	const struct catalogue_type *type;
	struct buf json, encoded;
	struct arena *arena, *kept;
	const struct ProtobufCMessage *message; /* in kept */
	enum consign_label label;
	struct buf out;
};

/* 20 values: what a row of SDTM LB fills in, with its event. */
static const char row_of_20[] =
    "{\"event\":{\"state\":\"final\",\"occurredAt\":{\"text\":\"2026-03-30T08:05\"},\"source\":{\"name\":\"LIMS\",\"version\":\"7.2\"}},"
    "\"studyId\":\"ACME-301\",\"subjectKey\":\"ACME-301-101-1007\",\"sequence\":14,\"testCode\":\"K\",\"testName\":\"Potassium\","
    "\"category\":\"CHEMISTRY\",\"result\":{\"value\":\"6.4\"},\"resultUnit\":\"mmol/L\",\"rangeLow\":\"3.5\",\"rangeHigh\":\"5.1\","
    "\"standard\":{\"value\":\"6.4\",\"unit\":\"mmol/L\"},\"indicator\":\"HIGH HIGH\",\"visitNumber\":\"5\",\"visit\":\"WEEK 4\","
    "\"collectedAt\":{\"text\":\"2026-03-30T08:05\"}}";

static void
must(enum consign_err err, const char *what)
{
	if (err == CONSIGN_OK)
		return;
	fprintf(stderr, "bench-catalogue: error: %s: %s\n", what, consign_err_text(err));
	exit(1);
}

static void
prepare(struct subject *s, const char *name, const struct catalogue_type *type, const char *json)
{
	struct problems problems = {0};
	struct buf pretty = {0};

	*s = (struct subject){.name = name, .type = type};
	must(json == NULL ? example_make(type, EXAMPLE_FULL, &pretty) : buf_append(&pretty, slice_text(json)), "example");
	must(arena_new(1u << 20, &s->arena), "arena");
	must(arena_new(1u << 20, &s->kept), "arena");
	must(business_from_json(type, buf_slice(&pretty), s->kept, &problems, &s->message), "from JSON");
	must(business_to_json(s->message, 0, &s->json), "to JSON");
	must(business_encode(s->message, &s->encoded), "encode");
	s->label = business_least_label(type, s->message);
	must(business_check(type, s->label, s->message, &problems), "check");
	buf_clear(&pretty);
}

static void
finish(struct subject *s)
{
	arena_free(&s->arena);
	arena_free(&s->kept);
	buf_clear(&s->json);
	buf_clear(&s->encoded);
	buf_clear(&s->out);
}

static void
do_validate(struct subject *s)
{
	struct problems problems = {0};

	must(business_check(s->type, s->label, s->message, &problems), "check");
}

static void
do_decode(struct subject *s)
{
	struct problems problems = {0};
	const struct ProtobufCMessage *message;

	arena_reset(s->arena);
	must(business_decode(s->type, buf_slice(&s->encoded), s->arena, &problems, &message), "decode");
}

/* JSON → protobuf bytes → JSON. */
static void
do_round_trip(struct subject *s)
{
	struct problems problems = {0};
	const struct ProtobufCMessage *message;

	arena_reset(s->arena);
	buf_reset(&s->out);
	must(business_from_json(s->type, buf_slice(&s->json), s->arena, &problems, &message), "from JSON");
	must(business_to_json(message, 0, &s->out), "to JSON");
}

static struct spread
measure(struct subject *s, void (*act)(struct subject *), unsigned rounds)
{
	double ns[ROUNDS_MAX];
	uint64_t n = 1, took;

	for (;;) {
		uint64_t from = bench_cpu_ns();

		for (uint64_t i = 0; i < n; i++)
			act(s);
		took = bench_cpu_ns() - from;
		if (took > BATCH_NS)
			break;
		n = took == 0 ? n * 16 : n * 2;
	}
	for (unsigned r = 0; r < rounds; r++) {
		uint64_t from = bench_cpu_ns();

		for (uint64_t i = 0; i < n; i++)
			act(s);
		ns[r] = (double)(bench_cpu_ns() - from) / (double)n;
	}
	return spread_of(ns, rounds);
}

/* Bytes that the allocator has given out, before and after: what outlives a message would add up. */
static long
growth(struct subject *s, unsigned rounds)
{
	size_t before;

	for (int i = 0; i < 1000; i++) {
		do_validate(s);
		do_decode(s);
		do_round_trip(s);
	}
	before = mallinfo2().uordblks;
	for (unsigned i = 0; i < rounds * MESSAGES_A_ROUND; i++) {
		do_validate(s);
		do_decode(s);
		do_round_trip(s);
	}
	return (long)(mallinfo2().uordblks - before);
}

/* Whether nothing was left over. */
static bool
report(const char *name, const struct catalogue_type *type, const char *json, unsigned rounds, bool as_json)
{
	struct subject s;
	prepare(&s, name, type, json);
	struct spread validate = measure(&s, do_validate, rounds), decode = measure(&s, do_decode, rounds);
	struct spread trip = measure(&s, do_round_trip, rounds);
	double mb_per_s = (double)s.json.len * 1000.0 / trip.median;
	long left = growth(&s, rounds);

	if (as_json)
		printf("{\"message\":\"%s\",\"json_bytes\":%zu,\"encoded_bytes\":%zu,\"validate_ns\":%.0f,\"validate_ns_quartiles\":[%.0f,%.0f],"
		       "\"decode_ns\":%.0f,\"json_mb_per_s\":%.1f,\"left_over_bytes\":%ld",
		    s.name, s.json.len, s.encoded.len, validate.median, validate.low, validate.high, decode.median, mb_per_s, left);
	else
		printf("%-30s %6zu %6zu  %6.0f (%5.0f to %5.0f)    %-12.0f %-12.1f %ld\n", s.name, s.json.len, s.encoded.len, validate.median,
		    validate.low, validate.high, decode.median, mb_per_s, left);
	if (as_json)
		bench_json_end(rounds);
	fflush(stdout);
	finish(&s);
	return left == 0;
}

int
main(int argc, char **argv)
{
	unsigned rounds = ROUNDS_DEFAULT;
	bool as_json = false;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			as_json = true;
		else if (strcmp(argv[i], "--rounds") == 0 && i + 1 < argc && atoi(argv[i + 1]) > 2 && atoi(argv[i + 1]) < (int)ROUNDS_MAX)
			rounds = (unsigned)atoi(argv[++i]);
		else {
			fprintf(stderr, "usage: bench-catalogue [--json] [--rounds 3..1000]\n");
			return 2;
		}
	}
	if (!as_json) {
		bench_title("bench-catalogue", rounds);
		printf("%-30s %6s %6s  %-24s %-12s %-12s %s\n", "message", "json B", "pb B", "validate ns", "decode ns", "json MB/s", "left over B");
	}
	bool is_clean = report("lab.result of 20 values", catalogue_find("lab.result"), row_of_20, rounds, as_json);

	for (size_t i = 0; catalogue_at(i) != NULL; i++)
		is_clean = report(catalogue_type_name(catalogue_at(i)), catalogue_at(i), NULL, rounds, as_json) && is_clean;
	return is_clean ? 0 : 1;
}
