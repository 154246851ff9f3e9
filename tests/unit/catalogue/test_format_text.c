/*
 * Tests of lib/catalogue/format_text.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "format_texts.h"
#include "catalogue/format_text.h"

static bool
is_shown_line(struct consign_slice text)
{
	return text_is_shown(text, false);
}

static bool
is_shown_prose(struct consign_slice text)
{
	return text_is_shown(text, true);
}

static void
test_text_is_shown_refuses_what_hides_or_turns_text(void **state)
{
	static const struct text accepted[] = {T(""), T("abc"), T("12345678"), T("123456789"), T(" ~"), T("\xc3\xa9tude"),
	    T("10\xc2\xb3/\xe3\x8e\x95"), T("\xce\xbckat/L"), T("\xe6\xb2\xbb\xe9\xa8\x93"),
	    T("\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d"), T("\xc2\xa0"), T("\xef\xb7\x8f"), T("\xef\xbf\xbd"), T("\xf0\x9f\x98\x80"),
	    T("\xe2\x80\xa7"), T("\xe2\x80\x8c"), T("\xe2\x80\x8d"), T("\xef\xb8\x8f"), T("\xf3\xa0\x84\x80")};
	static const struct text refused[] = {T("a\xe2\x81\xaa"), T("a\xc2\xad"), T("a\xe2\x80\x8b"), T("\xe3\x85\xa4"), T("\xf3\xa0\x81\x81"), T("a\0b"), T("\0"), T("abcdefg\0"), T("abcdefgh\0"), T("abcdefgh\x1fijklmnop"),
	    T("abcdefgh\x7fijklmnop"),
	    T("abc\x01"
	      "defgh"),
	    T("\x1b[2J"), T("a\rb"), T("\xc2\x80"), T("\xc2\x9f"), T("\xd8\x9c"),
	    T("a\xe2\x80\x8e"
	      "b"),
	    T("a\xe2\x80\x8f"), T("\xe2\x80\xa8"), T("\xe2\x80\xa9"), T("evil\xe2\x80\xaegnp.exe"), T("\xe2\x80\xaa"),
	    T("\xe2\x80\xab"), T("\xe2\x80\xac"), T("\xe2\x80\xad"), T("\xe2\x81\xa6"), T("\xe2\x81\xa7"), T("\xe2\x81\xa8"),
	    T("\xe2\x81\xa9"),
	    T("\xef\xbb\xbf"
	      "begins"),
	    T("\xef\xb7\x90"), T("\xef\xb7\xaf"), T("\xef\xbf\xbe"), T("\xef\xbf\xbf"), T("\xf0\x9f\xbf\xbf"),
	    T("\xf4\x8f\xbf\xbe"), T("\xff"), T("abcdefgh\xe9"), T("\xc0\x80"), T("\xc3"), T("\xe2\x82"), T("\xf0\x9f\x98"),
	    T("\xed\xa0\x80"), T("\xf4\x90\x80\x80"), T("\x80"), T("\xe0\x80\xaf"), T("a\tb"), T("a\nb")};

	(void)state;
	ACCEPT(is_shown_line, accepted);
	REFUSE(is_shown_line, refused);
}

static void
test_text_is_shown_lets_prose_have_line_breaks_and_tabs(void **state)
{
	static const struct text accepted[] = {T(""), T("abc"), T("12345678"), T("123456789"), T(" ~"), T("\xc3\xa9tude"),
	    T("10\xc2\xb3/\xe3\x8e\x95"), T("\xce\xbckat/L"), T("\xe6\xb2\xbb\xe9\xa8\x93"),
	    T("\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d"), T("\xc2\xa0"), T("\xef\xb7\x8f"), T("\xef\xbf\xbd"), T("\xf0\x9f\x98\x80"),
	    T("\xe2\x80\xa7"), T("a\tb\n\nc"), T("a\r\nb"), T("\n")};
	static const struct text refused[] = {T("a\0b"), T("\0"), T("abcdefg\0"), T("abcdefgh\0"), T("abcdefgh\x1fijklmnop"),
	    T("abcdefgh\x7fijklmnop"),
	    T("abc\x01"
	      "defgh"),
	    T("\x1b[2J"), T("a\rb"), T("\xc2\x80"), T("\xc2\x9f"), T("\xd8\x9c"),
	    T("a\xe2\x80\x8e"
	      "b"),
	    T("a\xe2\x80\x8f"), T("\xe2\x80\xa8"), T("\xe2\x80\xa9"), T("evil\xe2\x80\xaegnp.exe"), T("\xe2\x80\xaa"),
	    T("\xe2\x80\xab"), T("\xe2\x80\xac"), T("\xe2\x80\xad"), T("\xe2\x81\xa6"), T("\xe2\x81\xa7"), T("\xe2\x81\xa8"),
	    T("\xe2\x81\xa9"),
	    T("\xef\xbb\xbf"
	      "begins"),
	    T("\xef\xb7\x90"), T("\xef\xb7\xaf"), T("\xef\xbf\xbe"), T("\xef\xbf\xbf"), T("\xf0\x9f\xbf\xbf"),
	    T("\xf4\x8f\xbf\xbe"), T("\xff"), T("abcdefgh\xe9"), T("\xc0\x80"), T("\xc3"), T("\xe2\x82"), T("\xf0\x9f\x98"),
	    T("\xed\xa0\x80"), T("\xf4\x90\x80\x80"), T("\x80"), T("\xe0\x80\xaf"), T("a\r\r\nb"), T("a\r"), T("a\vb")};

	(void)state;
	ACCEPT(is_shown_prose, accepted);
	REFUSE(is_shown_prose, refused);
}

static void
test_text_is_shown_looks_at_every_byte_of_a_word(void **state)
{
	(void)state;
	for (size_t i = 0; i < 24; i++) {
		for (unsigned c = 0; c < 256; c++) {
			uint8_t text[24];

			memset(text, 'x', sizeof(text));
			text[i] = (uint8_t)c;
			if (text_is_shown(SLICE_ARRAY(text), false) != (c >= 0x20 && c <= 0x7e))
				fail_msg("byte %#x at %zu", c, i);
			if (id_is(SLICE_ARRAY(text)) != (c > 0x20 && c <= 0x7e))
				fail_msg("byte %#x at %zu of an id", c, i);
		}
	}
}

static void
test_format_text_line_has_no_blank_ends(void **state)
{
	static const struct text accepted[] = {T("x"), T("two words"), T("it's 5 < 6"), T("\xc3\xa9"), T("a \xc3\xa9")};
	static const struct text refused[] = {T(""), T(" x"), T("x "), T(" "), T("a\tb"), T("a\n"), T("\xc2\xa0x"),
	    T("x\xe3\x80\x80"), T("x\xe2\x80\x89"), T("\xe3\x80\x80"), T("a\0"), T("a\xff")};

	(void)state;
	ACCEPT(line_is, accepted);
	REFUSE(line_is, refused);
}

static void
test_format_text_prose_has_lines(void **state)
{
	static const struct text accepted[] = {T("x"), T("first\n\tsecond\n\nthird"), T("x\n"), T("x\r\n"), T("a\r\nb")};
	static const struct text refused[] = {T(""), T(" x"), T("x "), T("\nx"), T("x\n\n"), T("x \n"), T("\n"), T("x\t"), T("x\r"), T("a\rb"), T("a\0b")};

	(void)state;
	ACCEPT(prose_is, accepted);
	REFUSE(prose_is, refused);
}

static void
test_format_text_id_has_nothing_blank_or_invisible(void **state)
{
	static const struct text accepted[] = {T("ACME-301-101-1007"), T("701"), T("a/b#c:d"), T("x"),
	    T("MU.10\xc2\xb3/\xe3\x8e\x95"), T("\xe7\x97\x87\xe4\xbe\x8b-1")};
	static const struct text refused[] = {T(""), T("a b"), T(" a"), T("a "), T("a\tb"), T("a\0"),
	    T("a\xc2\xa0"
	      "b"),
	    T("a\xe2\x80\x8b"
	      "b"),
	    T("a\xc2\xad"
	      "b"),
	    T("a\xe2\x81\xa0"
	      "b"),
	    T("a\xef\xb8\x8f"), T("a\xf3\xa0\x81\xa1"),
	    T("a\xe2\x80\xae"
	      "b"),
	    T("\xff"), T("a\n")};

	(void)state;
	ACCEPT(id_is, accepted);
	REFUSE(id_is, refused);
}

static void
test_format_text_file_name_stays_in_its_folder(void **state)
{
	static const struct text accepted[] = {T("note.txt"), T("logger 2026-03-02.csv"), T("a..b"), T("x"), T("README"),
	    T("console.txt"), T("com10"), T("com"), T("nul-1.txt"), T("comet.pdf"), T("-x"), T("lpt.txt"), T("~x"),
	    T("auxiliary")};
	static const struct text refused[] = {T(""), T("."), T(".."), T("..."), T("../note.txt"), T("..\\note.txt"), T("a/b"),
	    T("/etc/passwd"), T("a\\b"), T("C:x"), T("x:y"), T(".hidden"), T("..x"), T("x."), T("x.."), T("x "), T(" x"),
	    T("CON"), T("con"), T("nul"), T("NUL.txt"), T("nul .txt"), T("Aux.tar.gz"), T("prn"), T("COM1"), T("com9.csv"),
	    T("LPT0"), T("lpt1.txt"), T("CONIN$"), T("conout$.x"), T("clock$"), T("com1 .txt"), T("a\0.txt"), T("a\nb"),
	    T("a\tb"), T("evil\xe2\x80\xaegnp.exe"), T("x\xc2\xa0"), T("x\xe3\x80\x80"), T("COM\xc2\xb9"), T("lpt\xc2\xb2.txt"),
	    T("com\xc2\xb3.a.b"), T("\xff.txt")};

	(void)state;
	ACCEPT(file_name_is, accepted);
	REFUSE(file_name_is, refused);
}

static void
test_format_text_media_type_has_type_subtype_and_parameters(void **state)
{
	static const struct text accepted[] = {T("text/plain"), T("application/pdf"),
	    T("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"), T("image/svg+xml"),
	    T("text/csv; charset=utf-8"), T("text/csv;charset=utf-8;header=present"), T("text/plain; charset=\"utf-8\""),
	    T("text/plain ; x=\"a\\\"b; c\"")};
	static const struct text refused[] = {T(""), T("text"), T("text/"), T("/plain"), T("text/plain/x"), T("text /plain"),
	    T("text/ plain"), T("text/pl ain"), T("text/plain;"), T("text/plain; "), T("text/plain; charset"),
	    T("text/plain; charset="), T("text/plain; =x"), T("text/plain; a=\"x"), T("text/plain; a=\"x\"y"),
	    T("text/plain, text/csv"), T("text/plain "), T(" text/plain"), T(".x/y"), T("*/*"), T("text/plain; a=\"x\\"),
	    T("text/plain\0"),
	    T("text/pl\xc3\xa4"
	      "in"),
	    T("text/plain; a=\"\xc3\xa4\""), T("text/plain; a=\"\\\xff\""), T("text/plain\r\nX: y")};

	(void)state;
	ACCEPT(media_type_is, accepted);
	REFUSE(media_type_is, refused);
}

static void
test_format_text_org_is_that_of_the_hub(void **state)
{
	static const struct text accepted[] = {T("globalcro"), T("a-1"), T("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")};
	static const struct text refused[] = {
	    T(""), T("a"), T("A1"), T("a b"), T("-ab"), T("a_b"), T("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), T("ab\0")};

	(void)state;
	ACCEPT(org_is, accepted);
	REFUSE(org_is, refused);
}

static void
test_format_text_study_is_that_of_the_hub(void **state)
{
	static const struct text accepted[] = {
	    T("ACME-301"), T("a.b_c"), T("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")};
	static const struct text refused[] = {
	    T(""), T("a b"), T("a/b"), T("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"), T("a\0")};

	(void)state;
	ACCEPT(study_is, accepted);
	REFUSE(study_is, refused);
}

static void
test_format_text_message_id_has_one_form(void **state)
{
	static const struct text accepted[] = {
	    T("01a201e5-5f6c-7a7b-99da-7c293136ca15.0"), T("01a201e5-5f6c-7a7b-99da-7c293136ca15.511")};
	static const struct text refused[] = {T(""), T("01a201e5-5f6c-7a7b-99da-7c293136ca15"),
	    T("01a201e5-5f6c-7a7b-99da-7c293136ca15."), T("01a201e5-5f6c-7a7b-99da-7c293136ca15.512"),
	    T("01a201e5-5f6c-7a7b-99da-7c293136ca15.00"), T("01a201e5-5f6c-7a7b-99da-7c293136ca15.0 "),
	    T("01A201E5-5F6C-7A7B-99DA-7C293136CA15.0"), T("{01a201e5-5f6c-7a7b-99da-7c293136ca15}.0")};

	(void)state;
	ACCEPT(message_id_is, accepted);
	REFUSE(message_id_is, refused);
}

static void
test_format_text_sha256_is_lower_case_hex(void **state)
{
	static const struct text accepted[] = {T("2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae")};
	static const struct text refused[] = {T(""), T("2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7a"),
	    T("2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae0"),
	    T("2C26B46B68FFC68FF99B453C1D30413413422D706483BFA0F98A5E886266E7AE"),
	    T("sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"),
	    T("2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ag"), T("SHA256-2c26b46b68ffc68ff99b453c1d304134")};

	(void)state;
	ACCEPT(sha256_is, accepted);
	REFUSE(sha256_is, refused);
}

static void
test_format_text_country_is_assigned(void **state)
{
	static const struct text accepted[] = {
	    T("DE"), T("GB"), T("US"), T("CH"), T("IN"), T("CN"), T("AQ"), T("XK"), T("ZW"), T("SS")};
	static const struct text refused[] = {T(""), T("D"), T("DEU"), T("de"), T("De"), T("UK"), T("XX"), T("ZZ"),
	    T("AA"), T("D "), T("00"), T("D\0"), T("\0\0")};

	(void)state;
	ACCEPT(country_is, accepted);
	REFUSE(country_is, refused);
}

static void
test_format_text_case_id_has_country_organisation_and_number(void **state)
{
	static const struct text accepted[] = {T("GB-ACME-2026-00017"), T("US-APHARMA-8744554B"),
	    T("US-APHARMA-8744554B-UPDATE-TESTING222"), T("EU-EC-1"), T("GB-MHRA-ADR 12345678"),
	    T("US-B.I. PHARMACEUTICALS,INC./RIDGEFIELD-2014-BI-1")};
	static const struct text refused[] = {T(""), T("ACME-17"), T("GB-ACME"), T("GB-17"), T("gb-ACME-17"), T("GBR-ACME-17"),
	    T("GB-ACME-"), T("GB--17"), T("GB- ACME-17"), T("GB-ACME-17 "), T("GB-ACME-X"),
	    T("01a201e5-5f6c-7a7b-99da-7c293136ca15"), T("GB ACME 17"), T("GB-"), T("GB-ACME-1\0"),
	    T("GB-ACME-1\0"
	      "7"),
	    T("GB-\xc3\x84"
	      "CME-17"),
	    T("GB-A\nB-17")};

	(void)state;
	ACCEPT(case_id_is, accepted);
	REFUSE(case_id_is, refused);
}

static void
test_format_text_meddra_has_eight_digits(void **state)
{
	static const struct text accepted[] = {T("10019211")};
	static const struct text refused[] = {T(""), T("1001921"), T("100192111"), T("1001921a"), T(" 10019211"), T("1001921 ")};

	(void)state;
	ACCEPT(meddra_is, accepted);
	REFUSE(meddra_is, refused);
}

static void
test_format_text_meddra_version_has_a_point(void **state)
{
	static const struct text accepted[] = {T("27.0"), T("28.1"), T("9.1")};
	static const struct text refused[] = {T(""), T("27"), T("27."), T(".0"), T("27.00"), T("127.0"), T("v27"), T("2a.0"),
	    T("27,0"), T("07.0"), T("0.1"), T("27.x")};

	(void)state;
	ACCEPT(meddra_version_is, accepted);
	REFUSE(meddra_version_is, refused);
}

static void
test_format_text_is_linear_in_1_mib(void **state)
{
	(void)state;
	check_long(line_is, "", "abcdefgh", true);
	check_long(line_is, "", "\xc3\xa9", true);
	check_long(line_is, "", "\xf0\x9f\x98\x80", true);
	check_long(line_is, "", "\x80", false);
	check_long(prose_is, "x", "\nx", true);
	check_long(id_is, "", "x", true);
	check_long(file_name_is, "", "x", true);
	check_long(file_name_is, "", "a.", false);
	check_long(file_name_is, "nul", "   x", true);
	check_long(media_type_is, "text/plain", ";a=b", true);
	check_long(media_type_is, "text/plain;a=\"", "x", false);
	check_long(case_id_is, "GB-ACME", "-", false);
	check_long(case_id_is, "GB-ACME", "-x", false);
	check_long(org_is, "", "a", false);
	check_long(study_is, "", "a", false);
	check_long(message_id_is, "", "0", false);
	check_long(sha256_is, "", "0", false);
	check_long(country_is, "", "D", false);
	check_long(meddra_is, "", "1", false);
	check_long(meddra_version_is, "", "1", false);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_text_is_shown_refuses_what_hides_or_turns_text),
	    cmocka_unit_test(test_text_is_shown_lets_prose_have_line_breaks_and_tabs),
	    cmocka_unit_test(test_text_is_shown_looks_at_every_byte_of_a_word),
	    cmocka_unit_test(test_format_text_line_has_no_blank_ends),
	    cmocka_unit_test(test_format_text_prose_has_lines),
	    cmocka_unit_test(test_format_text_id_has_nothing_blank_or_invisible),
	    cmocka_unit_test(test_format_text_file_name_stays_in_its_folder),
	    cmocka_unit_test(test_format_text_media_type_has_type_subtype_and_parameters),
	    cmocka_unit_test(test_format_text_org_is_that_of_the_hub),
	    cmocka_unit_test(test_format_text_study_is_that_of_the_hub),
	    cmocka_unit_test(test_format_text_message_id_has_one_form),
	    cmocka_unit_test(test_format_text_sha256_is_lower_case_hex),
	    cmocka_unit_test(test_format_text_country_is_assigned),
	    cmocka_unit_test(test_format_text_case_id_has_country_organisation_and_number),
	    cmocka_unit_test(test_format_text_meddra_has_eight_digits),
	    cmocka_unit_test(test_format_text_meddra_version_has_a_point),
	    cmocka_unit_test(test_format_text_is_linear_in_1_mib),
	};

	return cmocka_run_group_tests_name("catalogue/format_text", tests, NULL, NULL);
}
