/*
 * Tests of lib/catalogue/format_gs1.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "format_texts.h"

static void
test_sscc_is_18_digits_with_a_check_digit(void **state)
{
	static const struct text accepted[] = {
	    T("106141412345678908"), T("040123450000003338"), T("000000000000000000"), T("006141411234567890")};
	static const struct text refused[] = {T(""), T("106141412345678909"), T("10614141234567890"), T("1061414123456789080"),
	    T("1061414123456789O8"), T("(00)106141412345678908"), T(" 106141412345678908"), T("106141412345678908 "),
	    T("urn:epc:id:sscc:0614141.1234567890"), T("10614141234567890\0"),
	    T("\xd9\xa1"
	      "0614141234567890")};

	(void)state;
	ACCEPT(sscc_is, accepted);
	REFUSE(sscc_is, refused);
}

static void
test_epc_is_a_urn_of_a_known_scheme(void **state)
{
	static const struct text accepted[] = {T("urn:epc:id:sgtin:0614141.107346.2017"),
	    T("urn:epc:id:sgtin:061414.1107346.2017"), T("urn:epc:id:sgtin:061414110734.6.2017"),
	    T("urn:epc:id:sgtin:0614141.107346.A%2FB"), T("urn:epc:id:sgtin:0614141.107346.a.b:c"),
	    T("urn:epc:id:sgtin:0614141.107346.12345678901234567890"),
	    T("urn:epc:id:sgtin:0614141.107346.1234567890123456789%22"), T("urn:epc:id:sscc:0614141.1234567890"),
	    T("urn:epc:id:sgln:0614141.07346.1234"), T("urn:epc:id:sgln:952001234567..0"), T("urn:epc:id:pgln:0614141.00777"),
	    T("urn:epc:id:pgln:952001234567."), T("urn:epc:id:grai:4012345.66666.87"), T("urn:epc:id:giai:4012345.AAbb"),
	    T("urn:epc:id:giai:4012345.12.3"), T("urn:epc:id:gsrn:4012345.9876540000"), T("urn:epc:id:gsrnp:4012345.0000098765"),
	    T("urn:epc:id:gdti:4012345.55555.98"), T("urn:epc:id:cpi:4012345.ABC.123"), T("urn:epc:id:cpi:4012345.A-%23%2F1.123"),
	    T("urn:epc:id:sgcn:4012345.99999.44"), T("urn:epc:id:ginc:4012345.333"), T("urn:epc:id:gsin:4012345.999987654"),
	    T("urn:epc:id:itip:4012345.012345.01.02.999"), T("urn:epc:id:upui:4012345.012345.AB12"),
	    T("urn:epc:id:gid:95100000.12345.400"), T("urn:epc:id:bic:CSQU3054383"), T("urn:epc:id:imovn:9176187"),
	    T("urn:epc:class:lgtin:4012345.012345.998877"), T("urn:epc:class:lgtin:479602638.0024.018o1"),
	    T("urn:epc:idpat:sgtin:4012345.098765.*"), T("urn:epc:idpat:sgtin:4012345.*.*"), T("urn:epc:idpat:sgtin:*.*.*"),
	    T("urn:epc:idpat:itip:4012345.012345.01.02.*"), T("urn:epc:idpat:cpi:4012345.ABC.*"),
	    T("urn:epc:idpat:giai:4012345.*")};
	static const struct text refused[] = {T(""), T("urn:epc:"), T("urn:epc:id:"), T("urn:epc:id:sgtin"),
	    T("urn:epc:id:sgtin:"), T("urn:epc:id:sgtin:0614141"), T("urn:epc:id:sgtin:0614141.107346"),
	    T("urn:epc:id:sgtin:0614141.107346."), T("urn:epc:id:sgtin:0614141.10734.2017"),
	    T("urn:epc:id:sgtin:0614141.1073460.2017"), T("urn:epc:id:sgtin:06141.41107346.2017"),
	    T("urn:epc:id:sgtin:0614141107346..2017"), T("urn:epc:id:sgtin:O614141.107346.2017"),
	    T("urn:epc:id:sgtin:0614141.10734x.2017"), T("urn:epc:id:sgtin:0614141.107346.123456789012345678901"),
	    T("urn:epc:id:sgtin:0614141.107346.A/B"), T("urn:epc:id:sgtin:0614141.107346.A B"),
	    T("urn:epc:id:sgtin:0614141.107346.A%2"), T("urn:epc:id:sgtin:0614141.107346.A%"),
	    T("urn:epc:id:sgtin:0614141.107346.A%41"), T("urn:epc:id:sgtin:0614141.107346.A%00"),
	    T("urn:epc:id:sgtin:0614141.107346.A%GG"), T("urn:epc:id:sgtin:0614141.*.*"), T("urn:epc:id:sgtin:*.*.*"),
	    T("urn:epc:idpat:sgtin:*.107346.*"), T("urn:epc:idpat:sgtin:0614141.*.2017"), T("urn:epc:idpat:sgtin:06141.*.*"),
	    T("urn:epc:idpat:sgtin:4012345.098765"), T("urn:epc:idpat:lgtin:4012345.012345.*"),
	    T("urn:epc:id:lgtin:4012345.012345.998877"), T("urn:epc:class:sgtin:0614141.107346.2017"),
	    T("urn:epc:class:lgtin:4012345.012345"), T("urn:epc:class:lgtin:4012345.12345.998877"),
	    T("urn:epc:id:sscc:0614141.123456789"), T("urn:epc:id:sscc:0614141.1234567890.1"), T("urn:epc:id:sgln:0614141.07346"),
	    T("urn:epc:id:pgln:0614141.00777.0"), T("urn:epc:id:giai:4012345"), T("urn:epc:id:giai:4012345."),
	    T("urn:epc:id:giai:4012345.123456789012345678901234"), T("urn:epc:id:cpi:4012345.abc.123"),
	    T("urn:epc:id:cpi:4012345.ABC.12X"), T("urn:epc:id:cpi:4012345.ABC.1234567890123"),
	    T("urn:epc:id:itip:4012345.012345.1.02.999"), T("urn:epc:id:imovn:917618"),
	    T("urn:epc:id:unknown:0614141.107346.2017"), T("urn:epc:tag:sgtin-96:3.0614141.107346.2017"), T("urn:epc:raw:96.x"),
	    T("URN:EPC:ID:SGTIN:0614141.107346.2017"), T("urn:epc:id:SGTIN:0614141.107346.2017"),
	    T("urn:epcglobal:cbv:bt:0614141073467:1152"), T("urn:uuid:01a201e5-5f6c-7a7b-99da-7c293136ca15"),
	    T("epc:id:sgtin:0614141.107346.2017"), T(" urn:epc:id:sgtin:0614141.107346.2017"),
	    T("urn:epc:id:sgtin:0614141.107346.2017 "),
	    T("urn:epc:id:sgtin:0614141.107346.20\0"
	      "17"),
	    T("urn:epc:id:sgtin:0614141.107346.\0"), T("urn:epc:id:sgtin:0614141.107346.\xc3\xa9"),
	    T("urn:epc:id:sgtin:0614141.107346.1\n")};

	(void)state;
	ACCEPT(epc_is, accepted);
	REFUSE(epc_is, refused);
}

static void
test_epc_is_a_digital_link_with_a_check_digit(void **state)
{
	static const struct text accepted[] = {T("https://id.gs1.org/01/09521141012345"),
	    T("https://id.gs1.org/01/09521141012345/21/2017"), T("https://id.gs1.org/01/70614141123451/10/998877"),
	    T("https://id.gs1.org/01/70614141123451/22/2A/10/L1/21/S1"), T("https://id.gs1.org/01/09521141012345/21/a%2Fb"),
	    T("https://id.gs1.org/01/09521141012345/235/1234567890123456789012345678"), T("https://id.gs1.de/414/4012345000115"),
	    T("https://id.gs1.org/414/4012345000115/254/32a"), T("https://id.gs1.org/00/040123450000003338"),
	    T("https://example.com/some/path/00/106141412345678908"), T("https://example.com:8443/01/09521141012345"),
	    T("https://id.gs1.org/01/09521141012345/21/2017?17=261231&3103=000195"),
	    T("https://id.example.org/253/4012345000054987"), T("https://id.gs1.org/253/4012345000054"),
	    T("https://id.gs1.org/8003/00401234500074"), T("https://id.gs1.org/8003/0040123450007418765"),
	    T("https://id.gs1.org/8004/4000001111"), T("https://id.gs1.org/8006/095211410123450102/21/7"),
	    T("https://id.gs1.org/8010/4012345ABC/8011/123"), T("https://id.gs1.org/401/4012345333"),
	    T("https://id.gs1.org/01/01/01/09521141012345")};
	static const struct text refused[] = {T("https://"), T("https://id.gs1.org"), T("https://id.gs1.org/"),
	    T("https://id.gs1.org/01"), T("https://id.gs1.org/01/"), T("https://id.gs1.org/01/09521141012346"),
	    T("https://id.gs1.org/01/0952114101234"), T("https://id.gs1.org/01/9521141012345"),
	    T("https://id.gs1.org/01/095211410123455"), T("https://id.gs1.org/01/0952114101234X"),
	    T("https://id.gs1.org/00/040123450000003339"), T("https://id.gs1.org/414/4012345000116"),
	    T("https://id.gs1.org/253/4012345000055987"), T("https://id.gs1.org/8006/095211410123460102"),
	    T("https://id.gs1.org/01/09521141012345/"), T("https://id.gs1.org/01/09521141012345/21"),
	    T("https://id.gs1.org/01/09521141012345/21/"), T("https://id.gs1.org/01/09521141012345/21/2017/"),
	    T("https://id.gs1.org/01/09521141012345//2017"), T("https://id.gs1.org/01/09521141012345/99/1"),
	    T("https://id.gs1.org/01/09521141012345/21/S1/10/L1"), T("https://id.gs1.org/01/09521141012345/21/S1/21/S2"),
	    T("https://id.gs1.org/01/09521141012345/21/a b"), T("https://id.gs1.org/01/09521141012345/21/a%zz"),
	    T("https://id.gs1.org/01/09521141012345/21/a%00"),
	    T("https://id.gs1.org/01/09521141012345/235/12345678901234567890123456789"),
	    T("https://id.gs1.org/00/040123450000003338/21/1"), T("https://id.gs1.org/01/09521141012345/01/09521141012345"),
	    T("https://id.gs1.org/01/09521141012345#top"), T("https://id.gs1.org/gtin/09521141012345"),
	    T("http://id.gs1.org/01/09521141012345"), T("HTTPS://id.gs1.org/01/09521141012345"), T("https:///01/09521141012345"),
	    T("https://user@id.gs1.org/01/09521141012345"), T("https://id.gs1.org:/01/09521141012345"),
	    T("https://id.gs1.org:999999/01/09521141012345"), T("https://id.gs1.org:8x/01/09521141012345"),
	    T("https://-x/01/09521141012345"), T("https://id.gs1.org?01/09521141012345"),
	    T("https://id.gs1.org/x?/01/09521141012345"), T("https://example.com/product/123"),
	    T("ftp://id.gs1.org/01/09521141012345"), T("id.gs1.org/01/09521141012345"), T("javascript:alert(1)"),
	    T("https://id.gs1.org/01/09521141012345/21/a\0"
	      "b"),
	    T("https://id.gs1.org/01/09521141012345/21/\xc3\xa9"), T("https://id.gs1.org/01/09521141012345\n"),
	    T("https://id.gs1.\xd0\xbe"
	      "rg/01/09521141012345"),
	    T("https://id.gs1.org/01/09521141012345?a=\xff")};

	(void)state;
	ACCEPT(epc_is, accepted);
	REFUSE(epc_is, refused);
}

static void
test_epc_of_1_mib_is_linear(void **state)
{
	(void)state;
	check_long(epc_is, "urn:epc:id:sgtin:", "1", false);
	check_long(epc_is, "urn:epc:id:sgtin:0614141.107346.", "1", false);
	check_long(epc_is, "urn:epc:id:sgtin:0614141.107346.", "%", false);
	check_long(epc_is, "urn:epc:", ":", false);
	check_long(epc_is, "urn:epc:id:sgtin:", ".", false);
	check_long(epc_is, "https://", "a", false);
	check_long(epc_is, "https://a", "/01", false);
	check_long(epc_is, "https://a", "/8004/x", false);
	check_long(epc_is, "https://a", "/8004", false);
	check_long(epc_is, "https://a", "/01/x", false);
	check_long(epc_is, "https://a", "/01/09521141012345", false);
	check_long(epc_is, "https://a", "/", false);
	check_long(epc_is, "https://id.gs1.org/01/09521141012345?", "a", true);
	check_long(sscc_is, "", "0", false);
}

/* A lot in the place of a serial would pass a blinded shipment: so it is refused there. */
static void
test_epc_of_one_is_no_class_and_names_no_lot(void **state)
{
	static const struct {
		const char *text;
		bool is_epc, is_of_one;
	} rows[] = {
	    {"urn:epc:id:sgtin:0614141.107346.2017", true, true},
	    {"urn:epc:id:sscc:0614141.1234567890", true, true},
	    {"urn:epc:class:lgtin:4012345.012345.998877", true, false},
	    {"urn:epc:idpat:sgtin:0614141.107346.*", true, false},
	    {"https://id.gs1.org/01/09521141012345/21/2017", true, true},
	    {"https://id.gs1.org/01/09521141012345", true, false},
	    {"https://id.gs1.org/01/09521141012345/10/L1", true, false},
	    {"https://id.gs1.org/01/09521141012345/10/L1/21/2017", true, false},
	    {"not an EPC", false, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (epc_is(slice_text(rows[i].text)) != rows[i].is_epc || epc_of_one_is(slice_text(rows[i].text)) != rows[i].is_of_one)
			fail_msg("%s", rows[i].text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sscc_is_18_digits_with_a_check_digit),
	    cmocka_unit_test(test_epc_is_a_urn_of_a_known_scheme),
	    cmocka_unit_test(test_epc_is_a_digital_link_with_a_check_digit),
	    cmocka_unit_test(test_epc_of_1_mib_is_linear),
	    cmocka_unit_test(test_epc_of_one_is_no_class_and_names_no_lot),
	};

	return cmocka_run_group_tests_name("catalogue/format_gs1", tests, NULL, NULL);
}
