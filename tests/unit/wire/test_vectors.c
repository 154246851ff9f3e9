/*
 * The vectors of tests/vectors/wire: what must be accepted is, and encodes to the same bytes; what must be rejected is,
 * with the error it names and for the reason it names; and no rule of any table is without a vector.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "support/wire_rules.h"

#define VECTORS CONSIGN_SOURCE_DIR "/tests/vectors/wire/"
#define VECTORS_MAX_BYTES (16u << 20)
#define ARENA_BYTES ((size_t)512 << 20)
#define COLUMNS_MAX 5u

struct fixture {
	struct arena *arena;
	struct buf accept; /* the files, NUL-terminated; lines are cut in place */
	struct buf reject;
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	assert_int_equal(arena_new(ARENA_BYTES, &f->arena), CONSIGN_OK);
	assert_int_equal(file_read(VECTORS "accept.tsv", VECTORS_MAX_BYTES, &f->accept), CONSIGN_OK);
	assert_int_equal(file_read(VECTORS "reject.tsv", VECTORS_MAX_BYTES, &f->reject), CONSIGN_OK);
	assert_int_equal(buf_append_u8(&f->accept, 0), CONSIGN_OK);
	assert_int_equal(buf_append_u8(&f->reject, 0), CONSIGN_OK);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	arena_free(&f->arena);
	buf_clear(&f->accept);
	buf_clear(&f->reject);
	free(f);
	return 0;
}

/* Hex pairs up to the end or ')'. Gives what follows. */
static const char *
parse_hex(const char *text, struct buf *out)
{
	for (; *text != '\0' && *text != '(' && *text != ')'; text += 2) {
		char pair[3] = {text[0], text[1], '\0'};
		assert_int_equal(strspn(pair, "0123456789abcdef"), 2);
		assert_int_equal(buf_append_u8(out, (uint8_t)strtoul(pair, NULL, 16)), CONSIGN_OK);
	}
	return text;
}

/* Hex, and (N*HEX) for N times HEX. */
static void
parse_bytes(const char *text, struct buf *out)
{
	struct buf once = {0};

	for (text = parse_hex(text, out); *text == '('; text = parse_hex(text + 1, out)) {
		char *star;
		unsigned long n = strtoul(text + 1, &star, 10);
		assert_int_equal(*star, '*');
		buf_reset(&once);
		text = parse_hex(star + 1, &once);
		assert_int_equal(*text, ')');
		assert_true(n * once.len <= VECTORS_MAX_BYTES);
		for (unsigned long i = 0; i < n; i++)
			assert_int_equal(buf_append(out, buf_slice(&once)), CONSIGN_OK);
	}
	assert_int_equal(*text, '\0');
	buf_clear(&once);
}

/* Exactly as many bytes as there are, so that the sanitizer sees a read behind them. */
static struct consign_slice
exact_copy(const struct buf *b)
{
	uint8_t *copy = malloc(b->len > 0 ? b->len : 1);

	assert_non_null(copy);
	if (b->len > 0)
		memcpy(copy, b->data, b->len);
	return slice_of(copy, b->len);
}

/* Cuts the line at *line into columns; false at the end. Skips comments. */
static bool
next_line(char **line, char *columns[COLUMNS_MAX], size_t *ret_n)
{
	while (**line == '#')
		*line = strchr(*line, '\n') + 1;
	if (**line == '\0')
		return false;
	*ret_n = 0;
	for (char *p = *line;; p++) {
		assert_true(*ret_n < COLUMNS_MAX);
		columns[(*ret_n)++] = p;
		p += strcspn(p, "\t\n");
		if (*p == '\n') {
			*p = '\0';
			*line = p + 1;
			return true;
		}
		*p = '\0';
	}
}

static void
test_vectors_accepted_decode_and_encode_to_the_same_bytes(void **state)
{
	struct fixture *f = *state;
	char *line = (char *)f->accept.data, *columns[COLUMNS_MAX];
	struct buf bytes = {0}, again = {0};
	size_t n, count = 0;

	while (next_line(&line, columns, &n)) {
		const struct wire_message *m = wire_message_find(columns[0]);
		struct consign_slice in;
		void *message = NULL;
		assert_int_equal(n, 3);
		assert_non_null(m);
		buf_reset(&bytes);
		parse_bytes(columns[2], &bytes);
		in = exact_copy(&bytes);
		arena_reset(f->arena);
		if (wire_decode(m, in, f->arena, &message) != CONSIGN_OK)
			fail_msg("%s %s is refused", columns[0], columns[1]);
		free((void *)(uintptr_t)in.data);
		buf_reset(&again);
		if (wire_encode(m, message, &again) != CONSIGN_OK || !slice_equal(buf_slice(&again), buf_slice(&bytes)))
			fail_msg("%s %s encodes to other bytes", columns[0], columns[1]);
		count++;
	}
	assert_true(count > 300);
	buf_clear(&bytes);
	buf_clear(&again);
}

static void
test_vectors_rejected_fail_with_the_error_they_name(void **state)
{
	struct fixture *f = *state;
	struct buf copy = {0}, bytes = {0};
	char *line, *columns[COLUMNS_MAX];
	size_t n, count = 0;

	assert_int_equal(buf_append(&copy, buf_slice(&f->reject)), CONSIGN_OK);
	line = (char *)copy.data;
	while (next_line(&line, columns, &n)) {
		const struct wire_message *m = wire_message_find(columns[0]);
		struct consign_slice in;
		enum consign_err expected, err;
		void *message = f;
		assert_int_equal(n, 5);
		assert_non_null(m);
		expected = strcmp(columns[4], "TOO_BIG") == 0 ? CONSIGN_E_TOO_BIG : CONSIGN_E_MALFORMED;
		buf_reset(&bytes);
		parse_bytes(columns[3], &bytes);
		in = exact_copy(&bytes);
		arena_reset(f->arena);
		err = wire_decode(m, in, f->arena, &message);
		free((void *)(uintptr_t)in.data);
		if (err != expected || message != f)
			fail_msg("%s %s %s: error %#x, expected %#x", columns[0], columns[1], columns[2], (unsigned)err,
			    (unsigned)expected);
		count++;
	}
	assert_true(count > 2000);
	buf_clear(&copy);
	buf_clear(&bytes);
}

/* ── a vector breaks its rule and no other ── */

static bool
reason_of(const char *word, enum wire_reason *ret_reason)
{
	for (int reason = 0; reason < REASONS_COUNT; reason++)
		if (strcmp(wire_reason_word((enum wire_reason)reason), word) == 0) {
			*ret_reason = (enum wire_reason)reason;
			return true;
		}
	return false;
}

/* Takes one rule out of a field. False when that rule is not in the table but in the engine, or guards memory. */
static bool
loosen_field(struct wire_field *f, enum wire_reason reason)
{
	switch (reason) {
	case REASON_MISSING:
		f->min_count = 0;
		return true;
	case REASON_BELOW:
		f->min = 0;
		return true;
	case REASON_ABOVE:
		f->max = UINT64_MAX;
		return true;
	case REASON_SHORT:
		f->min = 1;
		f->form = FORM_RAW; /* an org of one byte has no form either */
		return true;
	case REASON_LONG:
		f->max = UINT64_MAX;
		return f->kind == WIRE_BYTES;
	case REASON_FORM:
	case REASON_NUL:
		f->form = FORM_RAW;
		return true;
	case REASON_MANY:
		f->max_count = UINT32_MAX;
		return true;
	default:
		return false;
	}
}

/* A table like m without the rule that (field, word) names. The checks go with rules on which they rely. */
static bool
loosen(const struct wire_message *m, const char *field, const char *word, struct wire_message *ret_m,
    struct wire_field fields[WIRE_FIELDS_MAX], struct wire_check checks[WIRE_FIELDS_MAX])
{
	enum wire_reason reason;

	*ret_m = *m;
	ret_m->fields = fields;
	ret_m->checks = checks;
	ret_m->n_checks = 0;
	memcpy(fields, m->fields, m->n_fields * sizeof(*fields));
	for (size_t i = 0; i < m->n_checks; i++)
		if (strcmp(field, "-") != 0 || strcmp(m->checks[i].word, word) != 0)
			checks[ret_m->n_checks++] = m->checks[i];
	if (!reason_of(word, &reason))
		return true;
	if (reason == REASON_NO_CHOICE || reason == REASON_TWO_CHOICES) {
		ret_m->has_choice = false;
		return true;
	}
	ret_m->n_checks = 0;
	for (size_t i = 0; i < m->n_fields; i++)
		if (strcmp(fields[i].name, field) == 0)
			return loosen_field(&fields[i], reason);
	return false;
}

static void
test_vectors_rejected_break_the_rule_they_name_and_no_other(void **state)
{
	struct fixture *f = *state;
	struct wire_message loose;
	struct wire_field fields[WIRE_FIELDS_MAX];
	struct wire_check checks[WIRE_FIELDS_MAX];
	struct buf copy = {0}, bytes = {0};
	char *line, *columns[COLUMNS_MAX];
	size_t n, count = 0;

	assert_int_equal(buf_append(&copy, buf_slice(&f->reject)), CONSIGN_OK);
	line = (char *)copy.data;
	while (next_line(&line, columns, &n)) {
		void *message;
		if (!loosen(wire_message_find(columns[0]), columns[1], columns[2], &loose, fields, checks))
			continue;
		buf_reset(&bytes);
		parse_bytes(columns[3], &bytes);
		arena_reset(f->arena);
		/* Very many very small elements may cost more than their bytes allow: TOO_BIG, after every rule held. */
		if (wire_decode(&loose, buf_slice(&bytes), f->arena, &message) == CONSIGN_E_MALFORMED)
			fail_msg("%s %s %s: breaks some other rule", columns[0], columns[1], columns[2]);
		count++;
	}
	assert_true(count > 500);
	buf_clear(&copy);
	buf_clear(&bytes);
}

/* ── no rule without a vector ── */

/* The reject file holds a line that begins so. Lines are long: the search looks at their beginnings only. */
static bool
has_vector(const struct fixture *f, const char *message, const char *field, const char *word)
{
	char beginning[256];
	size_t len = (size_t)snprintf(beginning, sizeof(beginning), "%s\t%s\t%s\t", message, field, word);

	for (const char *line = (const char *)f->reject.data; *line != '\0'; line = strchr(line, '\n') + 1)
		if (strncmp(line, beginning, len) == 0)
			return true;
	return false;
}

static void
demand(const struct fixture *f, const char *message, const char *field, const char *word)
{
	if (!has_vector(f, message, field, word))
		fail_msg("no reject vector for %s %s %s", message, field, word);
}

static void
demand_message(const struct wire_message *m, void *context)
{
	const struct fixture *f = context;

	for (int reason = 0; reason < REASONS_COUNT; reason++) {
		const char *word = wire_reason_word((enum wire_reason)reason);
		for (size_t i = 0; i < m->n_fields; i++)
			if (wire_field_may_break(&m->fields[i], (enum wire_reason)reason))
				demand(f, m->name, m->fields[i].name, word);
		if (wire_message_may_break(m, (enum wire_reason)reason))
			demand(f, m->name, "-", word);
	}
	for (size_t i = 0; i < m->n_checks; i++)
		demand(f, m->name, "-", m->checks[i].word);
}

static void
test_vectors_cover_every_rule_of_every_table(void **state)
{
	wire_each_message(demand_message, *state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_vectors_cover_every_rule_of_every_table), /* first: the others cut lines */
	    cmocka_unit_test(test_vectors_accepted_decode_and_encode_to_the_same_bytes),
	    cmocka_unit_test(test_vectors_rejected_fail_with_the_error_they_name),
	    cmocka_unit_test(test_vectors_rejected_break_the_rule_they_name_and_no_other),
	};

	return cmocka_run_group_tests_name("wire vectors", tests, setup, teardown);
}
