/* What the engine knows of the shared parts beyond their rows: null flavours, dates, quantities, coded values, originals. */
#include "check_fixture.h"

#include "catalogue/formats.h"

#define SHA_OF_FOO "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"
#define SHA_OF_NOTHING "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

/* ── null flavours ── */

static void
test_check_parts_takes_a_null_flavour_where_the_row_does(void **state)
{
	struct fixture *f = *state;
	struct lab l;

	lab_begin(&l);
	l.result.value = NULL;
	l.result.null_flavor = (char *)"MSK";
	l.collected_at.text = NULL;
	l.collected_at.null_flavor = (char *)"UNK";
	l.standard.null_flavor = (char *)"NA";
	l.m.standard = &l.standard;
	assert_passes(f, type_of("lab.result"), &l.m);
	l.occurred_at.text = NULL;
	l.occurred_at.null_flavor = (char *)"UNK";
	check_as(f, type_of("lab.result"), CONSIGN_LABEL_OPEN, &l.m);
	assert_only(&f->problems, "event.occurredAt.nullFlavor", "null-flavour", "\"UNK\"",
	    "a value: this field may not be missing with a reason");
}

static void
test_check_parts_refuses_a_null_flavour_of_every_shape(void **state)
{
	struct fixture *f = *state;
	struct lab l;

	lab_begin(&l);
	custom_begin();
	custom_row("result")->may_be_null = custom_row("standard")->may_be_null = custom_row("collected_at")->may_be_null = false;
	l.result.value = l.collected_at.text = NULL;
	l.result.null_flavor = l.collected_at.null_flavor = l.standard.null_flavor = (char *)"NI";
	l.m.standard = &l.standard;
	check_as(f, &custom, CONSIGN_LABEL_OPEN, &l.m);
	assert_int_equal(f->problems.total, 3);
	assert_string_equal(f->problems.v[0].path, "result.nullFlavor");
	assert_string_equal(f->problems.v[1].path, "standard.nullFlavor");
	assert_string_equal(f->problems.v[2].path, "collectedAt.nullFlavor");
	for (size_t i = 0; i < 3; i++)
		assert_string_equal(f->problems.v[i].rule, "null-flavour");
}

static void
test_check_parts_wants_either_the_value_or_why_it_is_missing(void **state)
{
	struct fixture *f = *state;
	struct lab l;

	lab_begin(&l);
	l.result.null_flavor = (char *)"UNK";
	l.collected_at.text = NULL;
	l.m.standard = &l.standard;
	check_as(f, type_of("lab.result"), CONSIGN_LABEL_OPEN, &l.m);
	assert_int_equal(f->problems.total, 3);
	assert_problem(&f->problems, 0, "result.value", "text.one", "2 of them", "Either the value or why it is missing.");
	assert_problem(
	    &f->problems, 1, "standard.value", "quantity.one", "none of them", "Either the value or why it is missing.");
	assert_problem(&f->problems, 2, "collectedAt.text", "date.one", "none of them", "Either the date or why it is missing.");
}

static void
test_check_parts_is_not_fooled_by_an_empty_null_flavour(void **state)
{
	struct fixture *f = *state;
	struct lab l;

	lab_begin(&l);
	l.result.value = NULL;
	l.result.null_flavor = (char *)"";
	check_as(f, type_of("lab.result"), CONSIGN_LABEL_OPEN, &l.m);
	assert_only(&f->problems, "result.nullFlavor", "empty", "an empty text", "a text, or no such field");
}

/* What is passed as plain keeps every rule of its part: with each set of fields there, and empty ones among them. */
static void
test_check_parts_takes_for_plain_only_what_breaks_no_rule(void **state)
{
	static const struct catalogue_message *const parts[] = {
	    &part_when, &part_quantity, &part_text, &part_coded, &part_person, &part_reference};
	struct fixture *f = *state;
	size_t n_plain = 0, n_broken = 0;

	for (size_t p = 0; p < sizeof parts / sizeof parts[0]; p++) {
		const ProtobufCMessageDescriptor *d = parts[p]->descriptor;

		/* Two bits a field: absent, empty, a text. */
		for (unsigned set = 0; set < 1u << 2 * d->n_fields; set++) {
			struct checking c = {
			    .type = type_of("lab.result"), .label = CONSIGN_LABEL_OPEN, .problems = &f->problems};
			_Alignas(max_align_t) uint8_t bytes[sizeof(Consign__V1__Coded)];
			void *m = bytes;

			assert_true(d->sizeof_message <= sizeof bytes);
			d->message_init(m);
			for (unsigned i = 0; i < d->n_fields; i++) {
				const char *text = (set >> 2 * i & 3) < 2 ? NULL : (set >> 2 * i & 1) != 0 ? "x" : "";

				memcpy(bytes + d->fields[i].offset, &text, sizeof text);
			}
			problems_clear(&f->problems);
			check_rules(&c, NULL, parts[p], m);
			n_broken += f->problems.total > 0;
			if (is_plain(parts[p], m)) {
				n_plain++;
				if (f->problems.total > 0)
					fail_msg("%s, fields %#x: %s", d->name, set, f->problems.v[0].rule);
			}
		}
	}
	assert_true(n_plain > 0);
	assert_true(n_broken > 0);
}

/* ── dates ── */

static void
test_check_parts_holds_dates_to_text_precision_and_offset(void **state)
{
	static const struct {
		const char *text, *precision, *offset;
		enum catalogue_precision least;
		bool has_offset;
		const char *path, *rule, *found, *expected; /* NULL: passes */
	} rows[] = {
	    {"2026", NULL, NULL, PRECISION_ANY, false, NULL, NULL, NULL, NULL},
	    {"2026-03", NULL, NULL, PRECISION_MONTH, false, NULL, NULL, NULL, NULL},
	    {"2026-03", NULL, NULL, PRECISION_DAY, false, "collectedAt.text", "date.least", "\"2026-03\"",
		"a date that is known to the day"},
	    {"2026-03-02", "month", NULL, PRECISION_DAY, false, "collectedAt.text", "date.least", "\"2026-03-02\"",
		"a date that is known to the day"},
	    {"2026-03-02", "month", NULL, PRECISION_MONTH, false, NULL, NULL, NULL, NULL},
	    {"2026-03-02", "day", NULL, PRECISION_DAY, false, NULL, NULL, NULL, NULL},
	    {"2026-03-02", "minute", NULL, PRECISION_ANY, false, "collectedAt.precision", "date.precision", "\"minute\"",
		"no finer than the text"},
	    {"2026-03-02T09:14:07", "fraction", NULL, PRECISION_ANY, false, "collectedAt.precision", "date.precision",
		"\"fraction\"", "no finer than the text"},
	    {"2026-03-02T09:14:07.5", "fraction", NULL, PRECISION_FRACTION, false, NULL, NULL, NULL, NULL},
	    {"20260302", NULL, NULL, PRECISION_MINUTE, false, "collectedAt.text", "date.least", "\"20260302\"",
		"a date that is known to the minute"},
	    {"2026-03-02T09:14", NULL, NULL, PRECISION_MINUTE, true, "collectedAt.text", "date.no-offset", "\"2026-03-02T09:14\"",
		"an offset from UTC, in the text or beside it"},
	    {"2026-03-02T09:14", NULL, "+01:00", PRECISION_MINUTE, true, NULL, NULL, NULL, NULL},
	    {"2026-03-02T09:14+01:00", NULL, NULL, PRECISION_MINUTE, true, NULL, NULL, NULL, NULL},
	    {"2026-03-02T09:14Z", NULL, NULL, PRECISION_MINUTE, true, NULL, NULL, NULL, NULL},
	    {"2026-03-02T09:14Z", NULL, "+05:30", PRECISION_MINUTE, true, NULL, NULL, NULL, NULL},
	    {"2026-03-02T09:14+01:00", NULL, "+01:00", PRECISION_ANY, false, NULL, NULL, NULL, NULL},
	    {"2026-03-02T09:14+01:00", NULL, "+02:00", PRECISION_ANY, false, "collectedAt.offset", "date.offset", "\"+02:00\"",
		"the offset that stands in the text, or none"},
	    {"20260302091400+0100", NULL, "+01:00", PRECISION_ANY, false, NULL, NULL, NULL, NULL},
	    {"20260302091400+0000", NULL, "+01:00", PRECISION_ANY, false, "collectedAt.offset", "date.offset", "\"+01:00\"",
		"the offset that stands in the text, or none"},
	    {"2026-03-02", NULL, "+01:00", PRECISION_ANY, false, "collectedAt.offset", "date.offset-of", "\"+01:00\"",
		"no offset beside a date without a time"},
	    {"2026-03-02T09:14", "day", "+01:00", PRECISION_ANY, false, "collectedAt.offset", "date.offset-of", "\"+01:00\"",
		"no offset beside a date without a time"},
	};
	struct fixture *f = *state;
	struct lab l;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		lab_begin(&l);
		custom_begin();
		custom_row("collected_at")->least = rows[i].least;
		custom_row("collected_at")->has_offset = rows[i].has_offset;
		l.collected_at.text = (char *)(uintptr_t)rows[i].text;
		l.collected_at.precision = (char *)(uintptr_t)rows[i].precision;
		l.collected_at.offset = (char *)(uintptr_t)rows[i].offset;
		check_as(f, &custom, CONSIGN_LABEL_OPEN, &l.m);
		if (f->problems.total != (rows[i].path == NULL ? 0 : 1))
			fail_msg("row %zu (%s): %zu problems", i, rows[i].text, f->problems.total);
		if (rows[i].path != NULL)
			assert_only(&f->problems, rows[i].path, rows[i].rule, rows[i].found, rows[i].expected);
	}
}

static void
test_check_parts_says_once_that_a_date_does_not_exist(void **state)
{
	static const char *const wrong[] = {"2026-02-30", "2026-13", "2026-03-02T24:00", "2026-03-02T09:14:60", "yesterday",
	    "2026-03-02T9", "0000", "2026-03-02T09:14+15:00"};
	struct fixture *f = *state;
	struct lab l;

	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		lab_begin(&l);
		custom_begin();
		custom_row("collected_at")->least = PRECISION_SECOND;
		custom_row("collected_at")->has_offset = true;
		l.collected_at.text = (char *)(uintptr_t)wrong[i];
		check_as(f, &custom, CONSIGN_LABEL_OPEN, &l.m);
		assert_int_equal(f->problems.total, 1);
		assert_string_equal(f->problems.v[0].path, "collectedAt.text");
		assert_string_equal(f->problems.v[0].rule, "format");
	}
}

static void
test_check_parts_wants_a_date_beside_precision_and_offset(void **state)
{
	struct fixture *f = *state;
	struct lab l;

	lab_begin(&l);
	l.collected_at.text = NULL;
	l.collected_at.null_flavor = (char *)"UNK";
	l.collected_at.precision = (char *)"day";
	l.collected_at.offset = (char *)"+01:00";
	check_as(f, type_of("lab.result"), CONSIGN_LABEL_OPEN, &l.m);
	assert_int_equal(f->problems.total, 2);
	assert_problem(&f->problems, 0, "collectedAt.precision", "date.precision-of", "\"day\"", "A precision needs a date.");
	assert_problem(&f->problems, 1, "collectedAt.offset", "date.offset-of", "\"+01:00\"", "An offset needs a date.");
}

static void
test_check_parts_does_not_take_a_malformed_offset_for_one(void **state)
{
	struct fixture *f = *state;
	struct lab l;

	lab_begin(&l);
	custom_begin();
	custom_row("collected_at")->has_offset = true;
	l.collected_at.offset = (char *)"+1:00";
	check_as(f, &custom, CONSIGN_LABEL_OPEN, &l.m);
	assert_only(&f->problems, "collectedAt.offset", "format", "\"+1:00\"",
	    "an offset from UTC, up to 14 hours, such as +01:00 or -05:00");
	l.collected_at.offset = (char *)"";
	check_as(f, &custom, CONSIGN_LABEL_OPEN, &l.m);
	assert_int_equal(f->problems.total, 2);
	assert_string_equal(f->problems.v[0].rule, "empty");
	assert_string_equal(f->problems.v[1].rule, "date.no-offset");
}

/* Dates are read where a part is a date: a row of that format anywhere else would not be looked at. */
static void
assert_dates_in_dates(const struct catalogue_message *d, unsigned depth)
{
	assert_true(depth < 8);
	for (unsigned i = 0; i < d->descriptor->n_fields; i++) {
		if (d->fields[i].format == FORMAT_DATE && (d->shape != SHAPE_WHEN || i != 0))
			fail_msg("%s.%s is a date, and no part of one", d->descriptor->name, d->fields[i].name);
		if (d->fields[i].part != NULL)
			assert_dates_in_dates(d->fields[i].part, depth + 1);
	}
}

static void
test_check_parts_looks_at_every_date_that_is_described(void **state)
{
	(void)state;
	for (size_t i = 0; catalogue_at(i) != NULL; i++)
		assert_dates_in_dates(&catalogue_at(i)->message, 0);
}

static void
test_check_parts_reads_a_date_no_finer_than_it_is_meant(void **state)
{
	Consign__V1__When when = CONSIGN__V1__WHEN__INIT;
	struct consign_slice text = {0};
	struct date date = {0};

	(void)state;
	assert_false(when_read(&part_when, &when.base, &text, &date));
	when.text = (char *)"2026-03-02T09:14";
	when.offset = (char *)"-05:00";
	assert_true(when_read(&part_when, &when.base, &text, &date));
	assert_true(slice_equal(text, slice_text("2026-03-02T09:14")));
	assert_int_equal(date.precision, PRECISION_MINUTE);
	assert_true(date.has_offset);
	assert_int_equal(date.offset_min, -300);
	when.precision = (char *)"year";
	assert_true(when_read(&part_when, &when.base, &text, &date));
	assert_int_equal(date.precision, PRECISION_YEAR);
	/* Finer than the text, and no word at all: the text counts. */
	when.precision = (char *)"fraction";
	assert_true(when_read(&part_when, &when.base, &text, &date));
	assert_int_equal(date.precision, PRECISION_MINUTE);
	when.precision = (char *)"any";
	assert_true(when_read(&part_when, &when.base, &text, &date));
	assert_int_equal(date.precision, PRECISION_MINUTE);
	when.text = (char *)"2026-02-30";
	text = slice_text("untouched");
	assert_false(when_read(&part_when, &when.base, &text, &date));
	assert_true(slice_equal(text, slice_text("untouched")));
}

/* ── quantities ── */

static void
test_check_parts_takes_the_unit_of_the_row_and_no_other(void **state)
{
	static const struct {
		const char *unit, *reported, *found; /* found NULL: passes */
	} rows[] = {{"Cel", NULL, NULL}, {"Cel", "°C", NULL}, {NULL, "Cel", "nothing"}, {"K", NULL, "\"K\""},
	    {"Cel{x}", NULL, "\"Cel{x}\""}};
	struct fixture *f = *state;
	struct lab l;

	lab_begin(&l);
	custom_begin();
	custom_row("standard")->unit = "Cel";
	l.m.standard = &l.standard;
	l.standard.value = (char *)"5";
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		l.standard.unit = (char *)(uintptr_t)rows[i].unit;
		l.standard.reported_unit = (char *)(uintptr_t)rows[i].reported;
		if (rows[i].found == NULL) {
			assert_passes(f, &custom, &l.m);
			continue;
		}
		check_as(f, &custom, CONSIGN_LABEL_OPEN, &l.m);
		assert_only(&f->problems, "standard.unit", "unit", rows[i].found, "Cel");
	}
	/* Without a value there is nothing to have a unit. */
	l.standard = (Consign__V1__Quantity)CONSIGN__V1__QUANTITY__INIT;
	l.standard.null_flavor = (char *)"UNK";
	assert_passes(f, &custom, &l.m);
}

static void
test_check_parts_wants_some_unit_beside_a_value(void **state)
{
	struct fixture *f = *state;
	struct lab l;

	lab_begin(&l);
	l.m.standard = &l.standard;
	l.standard.value = (char *)"5";
	check_as(f, type_of("lab.result"), CONSIGN_LABEL_OPEN, &l.m);
	assert_only(&f->problems, "standard.unit", "quantity.unit", "none of them", "A value has a unit.");
	l.standard.unit = (char *)"";
	check_as(f, type_of("lab.result"), CONSIGN_LABEL_OPEN, &l.m);
	assert_only(&f->problems, "standard.unit", "empty", "an empty text", "a text, or no such field");
}

/* ── coded values ── */

static const struct catalogue_code colours_codes[] = {{"red", "r"}, {"green", "g"}, {0}};
static const struct catalogue_codes colours = {"Colour", NULL, colours_codes};

static void
test_check_parts_takes_codes_of_the_row_only(void **state)
{
	const struct catalogue_type *sae = type_of("safety.sae");
	struct fixture *f = *state;
	static struct catalogue_field rows[64];
	struct catalogue_type t = *sae;
	/* NULL: passes */
	static const char *const wrong[][2] = {{"red", NULL}, {"Red", "\"Red\""}, {"green ", NULL}, {"blue", "\"blue\""}};
	char json[800];
	size_t term = 0;

	memcpy(rows, sae->message.fields, sae->message.descriptor->n_fields * sizeof rows[0]);
	while (strcmp(rows[term].name, "preferred_term") != 0)
		term++;
	rows[term].codes = &colours;
	t.message.fields = rows;
	t.message.n_rules = 0;
	for (size_t i = 0; i < 4; i++) {
		snprintf(json, sizeof json, "{\"preferredTerm\": {\"code\": \"%s\", \"system\": \"S\", \"version\": \"1\"}}",
		    wrong[i][0]);
		const void *m = message_of(f, &t, json);
		size_t n = 0;

		check_as(f, &t, CONSIGN_LABEL_OPEN, m);
		for (size_t k = 0; k < f->problems.n; k++)
			if (strcmp(f->problems.v[k].path, "preferredTerm.code") == 0 &&
			    strcmp(f->problems.v[k].rule, "code") == 0) {
				n++;
				assert_string_equal(f->problems.v[k].expected, "one of red, green (Colour)");
				if (wrong[i][1] != NULL)
					assert_string_equal(f->problems.v[k].found, wrong[i][1]);
			}
		/* "green " breaks the format of its line too. */
		assert_int_equal(n, i == 0 ? 0 : 1);
	}
}

static void
test_check_parts_wants_a_code_words_or_why_there_are_none(void **state)
{
	static const struct {
		const char *json, *path, *rule, *found;
	} rows[] = {
	    {"{}", "code", "coded.one", "none of them"},
	    {"{\"code\": \"1\"}", "system", "coded.system", "nothing"},
	    {"{\"code\": \"1\", \"system\": \"S\", \"nullFlavor\": \"UNK\"}", "nullFlavor", "coded.null", "\"UNK\""},
	    {"{\"originalText\": \"headache\"}", NULL, NULL, NULL},
	    {"{\"nullFlavor\": \"UNK\"}", "nullFlavor", "null-flavour", "\"UNK\""},
	};
	const struct catalogue_type *t = type_of("safety.sae");
	struct fixture *f = *state;
	char json[400], path[64];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		bool found = false;

		snprintf(json, sizeof json, "{\"bodySystem\": %s}", rows[i].json);
		snprintf(path, sizeof path, "bodySystem.%s", rows[i].path == NULL ? "" : rows[i].path);
		check_as(f, t, CONSIGN_LABEL_OPEN, message_of(f, t, json));
		for (size_t k = 0; k < f->problems.n; k++) {
			const struct problem *p = &f->problems.v[k];

			if (strncmp(p->path, "bodySystem", 10) != 0)
				continue;
			if (rows[i].path == NULL)
				fail_msg("%s: %s", p->path, p->rule);
			if (strcmp(p->rule, rows[i].rule) == 0) {
				found = true;
				assert_string_equal(p->path, path);
				assert_string_equal(p->found, rows[i].found);
			}
		}
		assert_int_equal(found, rows[i].path != NULL);
	}
}

static void
test_check_parts_says_once_that_a_code_is_empty(void **state)
{
	const struct catalogue_type *sae = type_of("safety.sae");
	static struct catalogue_field rows[64];
	Consign__V1__Coded coded = CONSIGN__V1__CODED__INIT;
	struct fixture *f = *state;
	struct checking c = {.type = sae, .label = CONSIGN_LABEL_OPEN, .problems = &f->problems};
	struct catalogue_message d = sae->message;
	ProtobufCMessage *m = arena_alloc(f->arena, d.descriptor->sizeof_message);
	size_t term = 0, n = 0;

	assert_non_null(m);
	d.descriptor->message_init(m);
	memcpy(rows, d.fields, d.descriptor->n_fields * sizeof rows[0]);
	while (strcmp(rows[term].name, "preferred_term") != 0)
		term++;
	rows[term].codes = &colours;
	d.fields = rows;
	d.n_rules = 0;
	coded.code = (char *)"";
	coded.system = (char *)"S";
	memcpy((uint8_t *)m + d.descriptor->fields[term].offset, &(void *){&coded}, sizeof(void *));
	check_message(&c, NULL, &d, m);
	for (size_t i = 0; i < f->problems.n; i++)
		if (strcmp(f->problems.v[i].path, "preferredTerm.code") == 0) {
			n++;
			assert_string_equal(f->problems.v[i].rule, "empty");
		}
	assert_int_equal(n, 1);
}

/* ── originals ── */

static void
original_begin(struct lab *l, Consign__V1__Original *o, Consign__V1__Original **list)
{
	lab_begin(l);
	consign__v1__original__init(o);
	o->media_type = (char *)"text/plain";
	o->name = (char *)"note.txt";
	o->has_size = o->has_content = 1;
	o->size = 3;
	o->sha256 = (char *)SHA_OF_FOO;
	o->content = (ProtobufCBinaryData){3, (uint8_t *)"foo"};
	list[0] = o;
	l->event.originals = list;
	l->event.n_originals = 1;
}

static void
test_check_parts_recomputes_the_digest_of_an_original(void **state)
{
	const struct catalogue_type *t = type_of("lab.result");
	struct fixture *f = *state;
	Consign__V1__Original o, *list[1];
	struct lab l;

	original_begin(&l, &o, list);
	assert_passes(f, t, &l.m);
	o.content.data = (uint8_t *)"fop";
	check_as(f, t, CONSIGN_LABEL_OPEN, &l.m);
	assert_int_equal(f->problems.total, 1);
	assert_string_equal(f->problems.v[0].path, "event.originals[0].sha256");
	assert_string_equal(f->problems.v[0].rule, "original.digest");
	assert_memory_equal(f->problems.v[0].found, "\"2c26b46b", 9);
	assert_string_equal(f->problems.v[0].expected,
	    "431721848396eb5d6590c9b99f5f883e778178bb089bad425c335831646d2910, the SHA-256 of the content");
}

static void
test_check_parts_counts_the_bytes_of_an_original(void **state)
{
	const struct catalogue_type *t = type_of("lab.result");
	struct fixture *f = *state;
	Consign__V1__Original o, *list[1];
	struct lab l;

	original_begin(&l, &o, list);
	o.size = 4;
	check_as(f, t, CONSIGN_LABEL_OPEN, &l.m);
	assert_only(&f->problems, "event.originals[0].size", "original.size", "4", "3, the number of bytes of content");
	o.size = UINT32_MAX;
	check_as(f, t, CONSIGN_LABEL_OPEN, &l.m);
	assert_int_equal(f->problems.total, 2);
	assert_problem(&f->problems, 0, "event.originals[0].size", "range", "\"4294967295\"", "from 0 to 1048576");
	assert_problem(
	    &f->problems, 1, "event.originals[0].size", "original.size", "4294967295", "3, the number of bytes of content");
}

static void
test_check_parts_misses_size_digest_and_content(void **state)
{
	const struct catalogue_type *t = type_of("lab.result");
	struct fixture *f = *state;
	Consign__V1__Original o, *list[1];
	struct lab l;

	original_begin(&l, &o, list);
	o.has_size = 0;
	o.sha256 = NULL;
	check_as(f, t, CONSIGN_LABEL_OPEN, &l.m);
	assert_int_equal(f->problems.total, 2);
	assert_problem(&f->problems, 0, "event.originals[0].size", "mandatory", "nothing", "Size");
	assert_problem(&f->problems, 1, "event.originals[0].sha256", "mandatory", "nothing", "SHA-256");
	original_begin(&l, &o, list);
	o.has_content = 0;
	check_as(f, t, CONSIGN_LABEL_OPEN, &l.m);
	assert_only(&f->problems, "event.originals[0].content", "mandatory", "nothing", "Content");
	/* A digest in capitals is no digest, and is not compared. */
	original_begin(&l, &o, list);
	o.sha256 = (char *)"2C26B46B68FFC68FF99B453C1D30413413422D706483BFA0F98A5E886266E7AE";
	check_as(f, t, CONSIGN_LABEL_OPEN, &l.m);
	assert_true(f->problems.total >= 1);
	assert_string_equal(f->problems.v[0].path, "event.originals[0].sha256");
	assert_string_equal(f->problems.v[0].rule, "format");
}

static void
test_check_parts_takes_an_original_without_bytes(void **state)
{
	const struct catalogue_type *t = type_of("lab.result");
	struct fixture *f = *state;
	Consign__V1__Original o, *list[1];
	struct lab l;

	original_begin(&l, &o, list);
	o.content = (ProtobufCBinaryData){0, NULL};
	o.size = 0;
	o.sha256 = (char *)SHA_OF_NOTHING;
	assert_passes(f, t, &l.m);
}

static void
test_check_parts_refuses_names_with_path_tricks(void **state)
{
	static const char *const wrong[] = {"../x", "a/b", "a\\b", "C:x", "..", ".x", "x.", " x", "NUL", "con.txt",
	    ("a\xe2\x80\xae"
	     "fdp.exe")};
	const struct catalogue_type *t = type_of("lab.result");
	struct fixture *f = *state;
	Consign__V1__Original o, *list[1];
	struct lab l;

	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		original_begin(&l, &o, list);
		o.name = (char *)(uintptr_t)wrong[i];
		check_as(f, t, CONSIGN_LABEL_OPEN, &l.m);
		assert_int_equal(f->problems.total, 1);
		assert_string_equal(f->problems.v[0].path, "event.originals[0].name");
		assert_string_equal(f->problems.v[0].rule, "format");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    EACH(test_check_parts_takes_a_null_flavour_where_the_row_does),
	    EACH(test_check_parts_refuses_a_null_flavour_of_every_shape),
	    EACH(test_check_parts_wants_either_the_value_or_why_it_is_missing),
	    EACH(test_check_parts_is_not_fooled_by_an_empty_null_flavour),
	    EACH(test_check_parts_takes_for_plain_only_what_breaks_no_rule),
	    EACH(test_check_parts_holds_dates_to_text_precision_and_offset),
	    EACH(test_check_parts_says_once_that_a_date_does_not_exist),
	    EACH(test_check_parts_wants_a_date_beside_precision_and_offset),
	    EACH(test_check_parts_does_not_take_a_malformed_offset_for_one),
	    EACH(test_check_parts_looks_at_every_date_that_is_described),
	    EACH(test_check_parts_reads_a_date_no_finer_than_it_is_meant),
	    EACH(test_check_parts_takes_the_unit_of_the_row_and_no_other),
	    EACH(test_check_parts_wants_some_unit_beside_a_value),
	    EACH(test_check_parts_takes_codes_of_the_row_only),
	    EACH(test_check_parts_wants_a_code_words_or_why_there_are_none),
	    EACH(test_check_parts_says_once_that_a_code_is_empty),
	    EACH(test_check_parts_recomputes_the_digest_of_an_original),
	    EACH(test_check_parts_counts_the_bytes_of_an_original),
	    EACH(test_check_parts_misses_size_digest_and_content),
	    EACH(test_check_parts_takes_an_original_without_bytes),
	    EACH(test_check_parts_refuses_names_with_path_tricks),
	};

	return cmocka_run_group_tests_name("check parts", tests, NULL, NULL);
}
