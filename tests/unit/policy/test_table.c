/* Hash tables that only grow. */
#include "build.h"
#include "policy/table.h"

static void
test_table_names_are_numbered_in_order_of_first_put(void **state)
{
	(void)state;
	struct names t = {0};
	char text[16];
	uint32_t id;
	assert_int_equal(names_find_text(&t, "a"), TABLE_NONE);
	for (uint32_t round = 0; round < 2; round++) {
		for (uint32_t i = 0; i < 5000; i++) {
			(void)snprintf(text, sizeof text, "name-%u", i);
			assert_int_equal(names_put(&t, slice_text(text), &id), CONSIGN_OK);
			assert_int_equal(id, i);
		}
	}
	assert_int_equal(t.n, 5000);
	assert_string_equal(names_text(&t, 4321), "name-4321");
	assert_int_equal(names_find_text(&t, "name-4999"), 4999);
	assert_int_equal(names_find_text(&t, "name-5000"), TABLE_NONE);
	names_clear(&t);
}

static void
test_table_names_tell_the_empty_text_and_nul_bytes_apart(void **state)
{
	(void)state;
	struct names t = {0};
	uint32_t id;
	assert_int_equal(names_put(&t, slice_of("", 0), &id), CONSIGN_OK);
	assert_int_equal(names_put(&t, slice_of("\0", 1), &id), CONSIGN_OK);
	assert_int_equal(id, 1);
	assert_int_equal(names_find(&t, slice_of(NULL, 0)), 0);
	names_clear(&t);
}

/* Every length up to the longest type: the words of a text, and what is left of the last one. */
static void
test_table_finds_the_longest_text_that_begins_another(void **state)
{
	(void)state;
	static const char text[] =
	    "material.shipment.dispatched.material.shipment.dispatched.material.shipment.dispatched.material."
	    "shipment.dispatched.to";
	struct names t = {0};
	struct lengths lengths = {0}, odd = {0};
	uint32_t id;
	assert_true(sizeof text > CONSIGN_TYPE_MAX_BYTES);
	for (size_t len = 0; len < sizeof text; len++) {
		assert_int_equal(names_find_longest(&t, &lengths, slice_of(text, len)), len == 0 ? TABLE_NONE : len - 1);
		assert_int_equal(names_put(&t, slice_of(text, len), &id), CONSIGN_OK);
		assert_int_equal(id, len);
		lengths_add(&lengths, len);
		if (len % 2 == 1)
			lengths_add(&odd, len);
		assert_int_equal(names_find_longest(&t, &lengths, slice_of(text, len)), len);
	}
	for (size_t len = 1; len < sizeof text; len++) {
		assert_int_equal(names_find(&t, slice_of(text, len)), len);
		assert_int_equal(names_find_longest(&t, &odd, slice_of(text, len)), len % 2 == 1 ? len : len - 1);
		char other[sizeof text];
		memcpy(other, text, sizeof text);
		other[len - 1] = '*';
		assert_int_equal(names_find(&t, slice_of(other, len)), TABLE_NONE);
		assert_int_equal(names_find_longest(&t, &lengths, slice_of(other, sizeof text - 1)), len - 1);
	}
	names_clear(&t);
}

/* What is looked up may be longer than anything that was put. */
static void
test_table_finds_the_longest_beginning_of_a_text_without_end(void **state)
{
	(void)state;
	char text[1024];
	struct names t = {0};
	struct lengths lengths = {0};
	uint32_t id;
	memset(text, 'x', sizeof text);
	assert_int_equal(names_put(&t, slice_of(text, 127), &id), CONSIGN_OK);
	lengths_add(&lengths, 127);
	for (size_t len = 0; len < sizeof text; len++)
		assert_int_equal(names_find_longest(&t, &lengths, slice_of(text, len)), len < 127 ? TABLE_NONE : 0);
	names_clear(&t);
}

static void
test_table_numbers_keep_the_first_value_of_a_key(void **state)
{
	(void)state;
	struct numbers t = {0};
	uint32_t value;
	assert_int_equal(numbers_find(&t, 7), TABLE_NONE);
	for (uint32_t i = 0; i < 5000; i++) {
		assert_int_equal(numbers_put(&t, (uint64_t)i << 40, i, &value), CONSIGN_OK);
		assert_int_equal(value, i);
	}
	assert_int_equal(numbers_put(&t, (uint64_t)17 << 40, 99, &value), CONSIGN_OK);
	assert_int_equal(value, 17);
	assert_int_equal(t.n, 5000);
	for (uint32_t i = 0; i < 5000; i++)
		assert_int_equal(numbers_find(&t, (uint64_t)i << 40), i);
	assert_int_equal(numbers_find(&t, UINT64_MAX), TABLE_NONE);
	numbers_clear(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_table_names_are_numbered_in_order_of_first_put),
	    cmocka_unit_test(test_table_names_tell_the_empty_text_and_nul_bytes_apart),
	    cmocka_unit_test(test_table_finds_the_longest_text_that_begins_another),
	    cmocka_unit_test(test_table_finds_the_longest_beginning_of_a_text_without_end),
	    cmocka_unit_test(test_table_numbers_keep_the_first_value_of_a_key),
	};
	return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
