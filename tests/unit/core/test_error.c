/*
 * Tests of lib/core/error.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "consign/error.h"
#include "consign/types.h"

static void
test_error_class_tells_whose_doing(void **state)
{
	(void)state;
	assert_int_equal(consign_err_class(CONSIGN_OK), CONSIGN_CLASS_NONE);
	assert_int_equal(consign_err_class(CONSIGN_E_MALFORMED), CONSIGN_CLASS_PEER);
	assert_int_equal(consign_err_class(CONSIGN_E_STATE), CONSIGN_CLASS_PEER);
	assert_int_equal(consign_err_class(CONSIGN_E_NO_MEMORY), CONSIGN_CLASS_OURS);
	assert_int_equal(consign_err_class(CONSIGN_E_UNREACHABLE), CONSIGN_CLASS_OURS);
	assert_int_equal(consign_err_class(CONSIGN_E_CONFIG), CONSIGN_CLASS_OPERATOR);
	assert_int_equal(consign_err_class(CONSIGN_E_USAGE), CONSIGN_CLASS_OPERATOR);
	assert_int_equal(consign_err_class((enum consign_err)0x7777), CONSIGN_CLASS_NONE);
}

/* Each range of the enum is dense: from its first to its last, every number has its own phrase. */
static void
test_error_text_exists_for_every_error(void **state)
{
	static const struct {
		enum consign_err first;
		enum consign_err last;
	} ranges[] = {
	    {CONSIGN_E_MALFORMED, CONSIGN_E_STATE},
	    {CONSIGN_E_NO_MEMORY, CONSIGN_E_UNREACHABLE},
	    {CONSIGN_E_CONFIG, CONSIGN_E_USAGE},
	};

	(void)state;
	assert_string_equal(consign_err_text(CONSIGN_OK), "done");
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		for (int err = (int)ranges[i].first; err <= (int)ranges[i].last; err++)
			assert_string_not_equal(consign_err_text((enum consign_err)err), "unknown error");
	}
	assert_string_equal(consign_err_text((enum consign_err)0x7777), "unknown error");
}

static void
test_error_code_text_is_the_word_of_the_code(void **state)
{
	(void)state;
	assert_string_equal(consign_code_text(CONSIGN_CODE_TOO_BIG), "TOO_BIG");
	assert_string_equal(consign_code_text(CONSIGN_CODE_POLICY_NO_RULE), "POLICY_NO_RULE");
	assert_string_equal(consign_code_text(CONSIGN_CODE_LAST), "LANE_HELD");
	assert_string_equal(consign_code_text((enum consign_code)(CONSIGN_CODE_LAST + 1)), "UNKNOWN");
	assert_string_equal(consign_code_text((enum consign_code) - 1), "UNKNOWN");
	for (int code = 0; code <= CONSIGN_CODE_LAST; code++)
		assert_non_null(consign_code_text((enum consign_code)code));
}

static void
test_error_code_may_retry_what_passes_by_itself(void **state)
{
	(void)state;
	assert_true(consign_code_may_retry(CONSIGN_CODE_TRY_LATER));
	assert_true(consign_code_may_retry(CONSIGN_CODE_QUOTA));
	assert_true(consign_code_may_retry(CONSIGN_CODE_MAILBOX_FULL));
	assert_true(consign_code_may_retry(CONSIGN_CODE_DISK_FULL));
	assert_true(consign_code_may_retry(CONSIGN_CODE_SHUTTING_DOWN));
	assert_false(consign_code_may_retry(CONSIGN_CODE_POLICY_FORBIDDEN));
	assert_false(consign_code_may_retry(CONSIGN_CODE_EXPIRED));
	assert_false(consign_code_may_retry(CONSIGN_CODE_NONE));
	assert_false(consign_code_may_retry((enum consign_code)1000));
}

static void
test_error_label_text_is_unknown_for_no_label(void **state)
{
	(void)state;
	assert_string_equal(consign_label_text(CONSIGN_LABEL_OPEN), "open");
	assert_string_equal(consign_label_text(CONSIGN_LABEL_RESTRICTED), "restricted");
	assert_string_equal(consign_label_text(CONSIGN_LABEL_UNBLINDED), "unblinded");
	assert_string_equal(consign_label_text((enum consign_label)0), "unknown");
	assert_string_equal(consign_label_text((enum consign_label)4), "unknown");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_error_class_tells_whose_doing),
	    cmocka_unit_test(test_error_text_exists_for_every_error),
	    cmocka_unit_test(test_error_code_text_is_the_word_of_the_code),
	    cmocka_unit_test(test_error_code_may_retry_what_passes_by_itself),
	    cmocka_unit_test(test_error_label_text_is_unknown_for_no_label),
	};

	return cmocka_run_group_tests_name("core/error", tests, NULL, NULL);
}
