/*
 * What the tests of validation share: a laboratory result built by hand (JSON would refuse the empty texts that the wire can
 * carry), a description of the same message whose rows and rules a test may change, and exact assertions on problems.
 */
#ifndef CHECK_FIXTURE_H
#define CHECK_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalogue/check.h"
#include "consign/v1/lab.pb-c.h"

#define MAYBE_UNUSED __attribute__((unused))
#define EACH(TEST) cmocka_unit_test_setup_teardown(TEST, setup, teardown)
#define LAB_FIELDS 25u
#define CUSTOM_RULES_MAX 8u

struct fixture {
	struct arena *arena;
	struct problems problems;
	struct buf out;
};

static MAYBE_UNUSED int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	assert_non_null(f);
	assert_int_equal(arena_new(64u << 20, &f->arena), CONSIGN_OK);
	*state = f;
	return 0;
}

static MAYBE_UNUSED int
teardown(void **state)
{
	struct fixture *f = *state;

	arena_free(&f->arena);
	problems_clear(&f->problems);
	buf_clear(&f->out);
	free(f);
	return 0;
}

/* ── a laboratory result: what is mandatory, and room for what a test adds ── */

struct lab {
	Consign__V1__LabResult m;
	Consign__V1__Event event;
	Consign__V1__When occurred_at, collected_at, recorded_at, due_at;
	Consign__V1__SourceSystem source;
	Consign__V1__Text result;
	Consign__V1__Quantity standard;
};

static MAYBE_UNUSED void
lab_begin(struct lab *l)
{
	consign__v1__lab_result__init(&l->m);
	consign__v1__event__init(&l->event);
	consign__v1__when__init(&l->occurred_at);
	consign__v1__when__init(&l->collected_at);
	consign__v1__when__init(&l->recorded_at);
	consign__v1__when__init(&l->due_at);
	consign__v1__source_system__init(&l->source);
	consign__v1__text__init(&l->result);
	consign__v1__quantity__init(&l->standard);
	l->occurred_at.text = (char *)"2026-03-02T09:14:00+01:00";
	l->collected_at.text = (char *)"2026-03-02T08:05";
	l->source.name = (char *)"LIMS";
	l->event.state = (char *)"final";
	l->event.occurred_at = &l->occurred_at;
	l->event.source = &l->source;
	l->result.value = (char *)"6.4";
	l->m.event = &l->event;
	l->m.study_id = (char *)"ACME-301";
	l->m.subject_key = (char *)"1007";
	l->m.test_code = (char *)"K";
	l->m.test_name = (char *)"Potassium";
	l->m.result = &l->result;
	l->m.collected_at = &l->collected_at;
}

/* A constant text as generated structs hold it: nobody writes to it. */
static MAYBE_UNUSED char *
words(const char *text)
{
	return (char *)(uintptr_t)text;
}

static MAYBE_UNUSED const struct catalogue_type *
type_of(const char *name)
{
	const struct catalogue_type *t = catalogue_find(name);

	assert_non_null(t);
	return t;
}

/* ── the same message, described by the test ── */

static struct catalogue_field custom_rows[LAB_FIELDS];
static struct catalogue_rule custom_rules[CUSTOM_RULES_MAX];
static struct catalogue_type custom;

/* The rows of lab.result, no rules. */
static MAYBE_UNUSED void
custom_begin(void)
{
	custom = *type_of("lab.result");
	assert_int_equal(custom.message.descriptor->n_fields, LAB_FIELDS);
	memcpy(custom_rows, custom.message.fields, sizeof custom_rows);
	custom.message.fields = custom_rows;
	custom.message.rules = custom_rules;
	custom.message.n_rules = 0;
}

static MAYBE_UNUSED struct catalogue_field *
custom_row(const char *name)
{
	for (size_t i = 0; i < LAB_FIELDS; i++)
		if (strcmp(custom_rows[i].name, name) == 0)
			return &custom_rows[i];
	fail_msg("no row %s", name);
	return NULL;
}

/* One rule, and no other. Id and sentence are the same for all. */
static MAYBE_UNUSED void
custom_rule(struct catalogue_rule rule)
{
	custom_begin();
	rule.id = "test.rule";
	rule.says = "As it should be.";
	custom_rules[0] = rule;
	custom.message.n_rules = 1;
}

/* ── checking ── */

static MAYBE_UNUSED enum consign_err
check_as(struct fixture *f, const struct catalogue_type *t, enum consign_label label, const void *message)
{
	enum consign_err err;

	problems_clear(&f->problems);
	err = business_check(t, label, message, &f->problems);
	assert_int_equal(err, f->problems.total > 0 ? CONSIGN_E_MALFORMED : CONSIGN_OK);
	return err;
}

static MAYBE_UNUSED void
print_problems(const struct problems *p)
{
	for (size_t i = 0; i < p->n; i++)
		print_error("  %s: %s: found %s, expected %s\n", p->v[i].path, p->v[i].rule, p->v[i].found, p->v[i].expected);
}

static MAYBE_UNUSED void
assert_problem(const struct problems *p, size_t i, const char *path, const char *rule, const char *found, const char *expected)
{
	assert_true(i < p->n);
	assert_string_equal(p->v[i].path, path);
	assert_string_equal(p->v[i].rule, rule);
	assert_string_equal(p->v[i].found, found);
	assert_string_equal(p->v[i].expected, expected);
}

/* Exactly this problem. */
static MAYBE_UNUSED void
assert_only(const struct problems *p, const char *path, const char *rule, const char *found, const char *expected)
{
	if (p->total != 1)
		print_problems(p);
	assert_int_equal(p->total, 1);
	assert_problem(p, 0, path, rule, found, expected);
}

static MAYBE_UNUSED void
assert_passes(struct fixture *f, const struct catalogue_type *t, const void *message)
{
	if (check_as(f, t, CONSIGN_LABEL_OPEN, message) != CONSIGN_OK) {
		print_problems(&f->problems);
		fail_msg("%zu problems", f->problems.total);
	}
}

/* The custom rule holds, or is broken once, at this path and with this finding. */
static MAYBE_UNUSED void
assert_rule_broken(struct fixture *f, const struct lab *l, const char *path, const char *found)
{
	assert_int_equal(check_as(f, &custom, CONSIGN_LABEL_OPEN, &l->m), CONSIGN_E_MALFORMED);
	assert_only(&f->problems, path, "test.rule", found, "As it should be.");
}

/* A message of a type from its JSON form. */
static MAYBE_UNUSED void *
message_of(struct fixture *f, const struct catalogue_type *t, const char *json)
{
	const ProtobufCMessage *m;

	problems_clear(&f->problems);
	if (business_from_json(t, slice_text(json), f->arena, &f->problems, &m) != CONSIGN_OK) {
		print_problems(&f->problems);
		fail_msg("the test's own JSON is wrong");
	}
	return (void *)(uintptr_t)m;
}

/* A text of n times the same character, in the arena. */
static MAYBE_UNUSED char *
text_of_length(struct fixture *f, size_t n, char c)
{
	char *text = arena_alloc(f->arena, n + 1);

	assert_non_null(text);
	memset(text, c, n);
	return text;
}

#endif
