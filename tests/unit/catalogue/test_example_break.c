/* Every broken example of every type is refused, for the reason that it was made for. */
#include "reading.h"

#include "catalogue/example.h"

static bool
is_rule_of(const struct catalogue_type *t, const char *id)
{
	for (size_t i = 0; i < t->message.n_rules; i++)
		if (strcmp(t->message.rules[i].id, id) == 0)
			return true;
	return false;
}

/* A rule of the type alone is broken; a field is named with what is wrong with it, whatever else follows from that. */
static bool
is_refused(const struct reading *r, const struct example_broken *broken)
{
	bool is_rule = is_rule_of(r->type, broken->rule), named = false;

	for (size_t i = 0; i < r->problems.n; i++) {
		const struct problem *p = &r->problems.v[i];

		if (is_rule && strcmp(p->rule, broken->rule) != 0)
			return false;
		named |= strcmp(p->rule, broken->rule) == 0 && (is_rule || strcmp(p->path, broken->path) == 0);
	}
	return named;
}

/* Whether there was one. */
static bool
break_one(const struct catalogue_type *t, size_t i, size_t *n_bad)
{
	struct example_broken broken;
	struct buf json = {0};
	struct reading r;
	enum consign_err err = example_break(t, i, &broken, &json);

	if (err == CONSIGN_E_NOT_FOUND)
		return false;
	assert_int_equal(err, CONSIGN_OK);
	assert_true(broken.what[0] != '\0');
	r = read_json(t, buf_slice(&json));
	check_reading(&r, broken.label);
	if (!is_refused(&r, &broken)) {
		print_error("%s: %s is not refused by %s alone at \"%s\", but:\n", t->name, broken.what, broken.rule, broken.path);
		print_problems(&r);
		++*n_bad;
	}
	buf_clear(&json);
	end_reading(&r);
	return true;
}

static void
test_example_break_is_refused_for_its_reason(void **state)
{
	size_t n_bad = 0;

	(void)state;
	for (size_t i = 0; i < catalogue_n_types; i++)
		for (size_t k = 0; break_one(catalogue_types[i], k, &n_bad); k++)
			;
	assert_int_equal(n_bad, 0);
}

/* Whether some broken example has the rule, and, unless NULL, the path. */
static bool
is_broken(const struct catalogue_type *t, const char *rule, const char *path, struct example_broken *ret_broken)
{
	struct buf json = {0};
	bool found = false;

	for (size_t i = 0; !found && example_break(t, i, ret_broken, &json) == CONSIGN_OK; i++) {
		found = strcmp(ret_broken->rule, rule) == 0 && (path == NULL || strcmp(ret_broken->path, path) == 0);
		buf_reset(&json);
	}
	buf_clear(&json);
	return found;
}

static void
test_example_break_shows_each_way_to_be_wrong(void **state)
{
	static const struct {
		const char *type, *rule, *path, *what;
	} rows[] = {
	    {"lab.result", "mandatory", "subjectKey", "without subjectKey"},
	    {"lab.result", "format", "studyId", NULL},
	    {"lab.result", "code", "event.state", "event.state \"no-such-code\""},
	    {"lab.result", "code", "indicator", "indicator \"no-such-code\""},
	    {"lab.result", "length", "testCode", "testCode of 41 bytes"},
	    {"lab.result", "length", "event.originals[0].content", "event.originals[0].content of 1048577 bytes"},
	    {"lab.result", "range", "sequence", "sequence 0"},
	    {"lab.result", "count", "event.causes", "event.causes with 33 elements"},
	    {"lab.result", "format", "event.causes[0]", NULL},
	    {"lab.result", "null-flavour", "event.occurredAt.nullFlavor", "event.occurredAt.nullFlavor \"UNK\""},
	    {"lab.result", "date.least", "event.signatures[0].signedAt.text", "event.signatures[0].signedAt.text \"2026-03-02\""},
	    {"lab.result", "date.no-offset", "event.signatures[0].signedAt.text", "event.signatures[0].signedAt.text without an offset"},
	    {"lab.result", "date.precision", "collectedAt.precision", "collectedAt.precision \"minute\" of a day"},
	    {"lab.result", "original.size", "event.originals[0].size", "event.originals[0].size 4 of 3 bytes"},
	    {"lab.result", "original.digest", "event.originals[0].sha256", "event.originals[0].sha256 of other bytes"},
	    {"quality.coa", "label", "", "under the label open"},
	    {"material.shipment.dispatched", "label", "items[0].trueLot", "items[0].trueLot under the label open"},
	    {"material.shipment.dispatched", "label", "items[0].treatment", "items[0].treatment under the label restricted"},
	    {"material.shipment.dispatched", "range", "storageLow.value", "storageLow.value \"-274\""},
	    {"material.shipment.dispatched", "unit", "storageLow.unit", "storageLow.unit \"kg\""},
	    {"material.shipment.dispatched", "material.shipment.dispatched.destination", "", "without shipTo, without orderNo"},
	};
	struct example_broken broken;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (!is_broken(catalogue_find(rows[i].type), rows[i].rule, rows[i].path, &broken))
			fail_msg("%s: no example breaks %s at %s", rows[i].type, rows[i].rule, rows[i].path);
		if (rows[i].what != NULL)
			assert_string_equal(broken.what, rows[i].what);
	}
}

static void
test_example_break_shows_every_rule_of_a_type(void **state)
{
	const struct catalogue_type *t = catalogue_find("lab.result");
	struct example_broken broken;

	(void)state;
	for (size_t i = 0; i < t->message.n_rules; i++)
		if (!is_broken(t, t->message.rules[i].id, NULL, &broken))
			fail_msg("no example breaks %s", t->message.rules[i].id);
}

static void
test_example_break_ends_and_leaves_its_outputs_alone(void **state)
{
	struct example_broken broken = {.rule = "untouched"};
	struct buf json = {0};

	(void)state;
	assert_int_equal(example_break(catalogue_find("lab.result"), 100000, &broken, &json), CONSIGN_E_NOT_FOUND);
	assert_string_equal(broken.rule, "untouched");
	assert_int_equal(json.len, 0);
	buf_clear(&json);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_example_break_is_refused_for_its_reason),
	    cmocka_unit_test(test_example_break_shows_each_way_to_be_wrong),
	    cmocka_unit_test(test_example_break_shows_every_rule_of_a_type),
	    cmocka_unit_test(test_example_break_ends_and_leaves_its_outputs_alone),
	};

	return cmocka_run_group_tests_name("catalogue/example_break", tests, NULL, NULL);
}
