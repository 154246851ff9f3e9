/* How fields lie in memory, and where paths lead. */
#include "check_fixture.h"

#include <pthread.h>

#include "core/text.h"

/* As a description would hold it: one address for one text. */
static const char null_flavor[] = "null_flavor", value[] = "value", text[] = "text";

static const ProtobufCFieldDescriptor *
field_named(const ProtobufCMessageDescriptor *d, const char *name)
{
	const ProtobufCFieldDescriptor *f = protobuf_c_message_descriptor_get_field_by_name(d, name);

	assert_non_null(f);
	return f;
}

static void
test_field_tells_present_from_absent(void **state)
{
	const ProtobufCMessageDescriptor *lab = &consign__v1__lab_result__descriptor, *event = &consign__v1__event__descriptor;
	Consign__V1__Original original = CONSIGN__V1__ORIGINAL__INIT;
	char *causes[] = {(char *)"", (char *)"x"};
	struct lab l;

	(void)state;
	lab_begin(&l);
	assert_true(field_is_present(&l.m.base, field_named(lab, "study_id")));
	assert_false(field_is_present(&l.m.base, field_named(lab, "site_id")));
	l.m.site_id = (char *)"";
	assert_true(field_is_present(&l.m.base, field_named(lab, "site_id")));
	assert_true(field_is_present(&l.m.base, field_named(lab, "event")));
	assert_false(field_is_present(&l.m.base, field_named(lab, "standard")));
	l.m.sequence = 7;
	assert_false(field_is_present(&l.m.base, field_named(lab, "sequence")));
	assert_int_equal(field_count(&l.m.base, field_named(lab, "sequence")), 0);
	l.m.has_sequence = 1;
	assert_int_equal(field_count(&l.m.base, field_named(lab, "sequence")), 1);
	l.m.has_baseline = 1;
	assert_true(field_is_present(&l.m.base, field_named(lab, "baseline")));
	assert_false(field_flag(&l.m.base, field_named(lab, "baseline")));
	assert_int_equal(field_count(&l.event.base, field_named(event, "causes")), 0);
	assert_false(field_is_present(&l.event.base, field_named(event, "causes")));
	l.event.causes = causes;
	l.event.n_causes = 2;
	assert_int_equal(field_count(&l.event.base, field_named(event, "causes")), 2);
	assert_true(slice_equal(field_text(&l.event.base, field_named(event, "causes"), 1), slice_text("x")));
	assert_int_equal(field_text(&l.event.base, field_named(event, "causes"), 0).len, 0);
	assert_false(field_is_present(&original.base, field_named(&consign__v1__original__descriptor, "content")));
	original.has_content = 1;
	assert_true(field_is_present(&original.base, field_named(&consign__v1__original__descriptor, "content")));
	original.content = (ProtobufCBinaryData){3, (uint8_t *)"a\0b"};
	assert_true(slice_equal(
	    field_text(&original.base, field_named(&consign__v1__original__descriptor, "content"), 0), slice_of("a\0b", 3)));
}

static void
test_field_reads_numbers_of_both_signs(void **state)
{
	const ProtobufCMessageDescriptor *lab = &consign__v1__lab_result__descriptor;
	struct lab l;

	(void)state;
	lab_begin(&l);
	l.m.sequence = UINT32_MAX;
	l.m.study_day = INT32_MIN;
	assert_true(field_number(&l.m.base, field_named(lab, "sequence")) == (int64_t)UINT32_MAX);
	assert_true(field_number(&l.m.base, field_named(lab, "study_day")) == (int64_t)INT32_MIN);
}

static void
test_field_writes_scalars_as_text(void **state)
{
	const struct catalogue_message *d = &type_of("lab.result")->message;
	char buffer[24];
	struct found f;
	struct lab l;

	(void)state;
	lab_begin(&l);
	l.m.has_sequence = l.m.has_study_day = l.m.has_baseline = 1;
	l.m.sequence = UINT32_MAX;
	l.m.study_day = INT32_MIN;
	f = path_find(d, &l.m.base, "sequence");
	assert_true(slice_equal(found_text(&f, buffer), slice_text("4294967295")));
	f = path_find(d, &l.m.base, "study_day");
	assert_true(slice_equal(found_text(&f, buffer), slice_text("-2147483648")));
	f = path_find(d, &l.m.base, "baseline");
	assert_true(slice_equal(found_text(&f, buffer), slice_text("false")));
	l.m.baseline = 1;
	assert_true(slice_equal(found_text(&f, buffer), slice_text("true")));
	f = path_find(d, &l.m.base, "study_id");
	assert_true(slice_equal(found_text(&f, buffer), slice_text("ACME-301")));
	/* Parts, and what is absent, have no text. */
	f = path_find(d, &l.m.base, "event");
	assert_int_equal(found_text(&f, buffer).len, 0);
	f = path_find(d, &l.m.base, "site_id");
	assert_int_equal(found_text(&f, buffer).len, 0);
	f = (struct found){0};
	assert_int_equal(found_text(&f, buffer).len, 0);
	assert_false(found_is_present(&f));
}

static void
test_field_finds_rows_through_parts(void **state)
{
	const struct catalogue_message *d = &type_of("lab.result")->message;
	struct found f;
	struct lab l;

	(void)state;
	lab_begin(&l);
	f = path_find(d, &l.m.base, "event.occurred_at.text");
	assert_ptr_equal(f.message, &l.occurred_at);
	assert_string_equal(f.field->name, "text");
	assert_ptr_equal(f.row, &part_when.fields[0]);
	assert_true(found_is_present(&f));
	/* The way there is absent: the row is found all the same. */
	f = path_find(d, &l.m.base, "event.author.name");
	assert_null(f.message);
	assert_ptr_equal(f.row, &part_person.fields[1]);
	assert_false(found_is_present(&f));
	f = path_find(d, NULL, "event.author.name");
	assert_null(f.message);
	assert_ptr_equal(f.row, &part_person.fields[1]);
	f = path_find(d, NULL, "event");
	assert_ptr_equal(f.row, &d->fields[0]);
	assert_false(found_is_present(&f));
}

static void
test_field_finds_nothing_where_no_path_leads(void **state)
{
	static const char *const nowhere[] = {"", ".", "event.", ".event", "event..state", "nothing", "event.nothing",
	    "study_id.value", "Event", "event.state.", "event.author.name.x", "studyId",
	    "a_name_that_is_far_longer_than_any_field_of_a_proto_has_ever_been_or_will_be"};
	const struct catalogue_message *d = &type_of("lab.result")->message;
	struct lab l;

	(void)state;
	lab_begin(&l);
	for (size_t i = 0; i < sizeof nowhere / sizeof nowhere[0]; i++)
		for (int twice = 0; twice < 2; twice++) { /* also when it is remembered */
			struct found f = path_find(d, &l.m.base, nowhere[i]);

			assert_null(f.message);
			assert_null(f.field);
			assert_null(f.row);
		}
}

/* A path leads elsewhere in another description, whatever was looked up before. */
static void
find_in_all_parts(void)
{
	static const struct {
		const struct catalogue_message *d;
		const char *path;
		size_t row;
	} rows[] = {{&part_text, null_flavor, 1}, {&part_quantity, null_flavor, 3}, {&part_coded, null_flavor, 5},
	    {&part_when, null_flavor, 3}, {&part_text, value, 0}, {&part_quantity, value, 0}, {&part_when, text, 0}};

	for (int round = 0; round < 3; round++)
		for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
			struct found f = path_find(rows[i].d, NULL, rows[i].path);

			assert_ptr_equal(f.row, &rows[i].d->fields[rows[i].row]);
			assert_ptr_equal(f.field, &rows[i].d->descriptor->fields[rows[i].row]);
		}
	assert_null(path_find(&part_coded, NULL, value).row);
	assert_null(path_find(&part_when, NULL, value).row);
	assert_null(path_find(&part_text, NULL, text).row);
}

static void
test_field_does_not_mix_up_descriptions_that_share_a_path(void **state)
{
	(void)state;
	find_in_all_parts();
}

static void
test_field_remembers_more_ways_than_it_has_places_for(void **state)
{
	enum { N = 5000 };
	static char paths[N][24];
	const struct catalogue_message *d = &type_of("lab.result")->message;
	static const char *const names[] = {"event.state", "study_id", "event.source.name", "collected_at.text", "nowhere"};

	(void)state;
	for (size_t i = 0; i < N; i++)
		snprintf(paths[i], sizeof paths[i], "%s", names[i % 5]);
	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < N; i++) {
			const struct catalogue_field *row = path_find(d, NULL, paths[i]).row;

			if (i % 5 == 4)
				assert_null(row);
			else
				assert_string_equal(row->name,
				    strrchr(names[i % 5], '.') == NULL ? names[i % 5] : strrchr(names[i % 5], '.') + 1);
		}
	find_in_all_parts();
}

static void *
find_in_a_thread(void *ret_is_right)
{
	const struct catalogue_message *parts[] = {&part_text, &part_quantity, &part_coded, &part_when};
	static const size_t rows[] = {1, 3, 5, 3};
	bool is_right = true;

	for (size_t i = 0; i < 20000; i++)
		is_right = is_right && path_find(parts[i % 4], NULL, null_flavor).row == &parts[i % 4]->fields[rows[i % 4]];
	*(bool *)ret_is_right = is_right;
	return NULL;
}

static void
test_field_keeps_the_ways_of_each_thread_apart(void **state)
{
	pthread_t threads[4];
	bool is_right[4] = {false};

	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, find_in_a_thread, &is_right[i]), 0);
	for (size_t i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		assert_true(is_right[i]);
	}
}

/* Every path of every rule and condition of the catalogue, against a search by hand. */
static void
test_field_finds_every_path_of_every_rule(void **state)
{
	size_t n = 0;

	(void)state;
	for (size_t i = 0; catalogue_at(i) != NULL; i++) {
		const struct catalogue_message *d = &catalogue_at(i)->message;

		for (size_t k = 0; k < d->n_rules; k++)
			for (const char *const *path = d->rules[k].paths;
			     path < d->rules[k].paths + RULE_PATHS_MAX && *path != NULL; path++) {
				if ((d->rules[k].kind == RULE_UNIQUE || d->rules[k].kind == RULE_EVERY) &&
				    path == d->rules[k].paths + 1)
					continue;
				const char *last = strrchr(*path, '.');
				struct found f = path_find(d, NULL, *path);

				assert_non_null(f.row);
				assert_string_equal(f.row->name, last == NULL ? *path : last + 1);
				n++;
			}
	}
	assert_true(n > 100);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    EACH(test_field_tells_present_from_absent),
	    EACH(test_field_reads_numbers_of_both_signs),
	    EACH(test_field_writes_scalars_as_text),
	    EACH(test_field_finds_rows_through_parts),
	    EACH(test_field_finds_nothing_where_no_path_leads),
	    EACH(test_field_does_not_mix_up_descriptions_that_share_a_path),
	    EACH(test_field_remembers_more_ways_than_it_has_places_for),
	    EACH(test_field_keeps_the_ways_of_each_thread_apart),
	    EACH(test_field_finds_every_path_of_every_rule),
	};

	return cmocka_run_group_tests_name("field", tests, NULL, NULL);
}
