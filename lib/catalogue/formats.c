/*
 * The rows of formats.h. `expected` is what a person reads who must mend the value; `bad` is read by the failing examples of
 * every type, so `holds` refuses it.
 */
#include "catalogue/formats.h"

#include <assert.h>

#include "catalogue/format_text.h"
#include "core/limits.h"

static bool
date_is(struct consign_slice text)
{
	struct date date;

	return date_parse(text, &date);
}

static bool
offset_is(struct consign_slice text)
{
	int16_t minutes;

	return offset_parse(text, &minutes);
}

static const struct format formats[FORMATS_END] = {
    [FORMAT_LINE] = {"line", "one line of text with no blank at either end, and no control or hidden characters", 200, line_is,
	"\" x\""},
    [FORMAT_PROSE] = {"prose",
	"text that begins and ends with no blank; with line breaks (\\n or \\r\\n) and tabs, but no other control or hidden characters",
	8000, prose_is, "\" x\""},
    [FORMAT_ID] = {"id", "an identifier without blanks, control or invisible characters, such as ACME-301-101-1007", 128, id_is,
	"\"a b\""},
    [FORMAT_STUDY] = {"study", "a study as the hub knows it: letters, digits, dots, hyphens and underscores, such as ACME-301",
	CONSIGN_STUDY_MAX_BYTES, study_is, "\"ACME 301\""},
    [FORMAT_ORG] = {"org", "an organisation as the hub knows it: lower-case letters, digits and hyphens, such as globalcro",
	CONSIGN_ORG_MAX_BYTES, org_is, "\"Global CRO\""},
    [FORMAT_CODE] = {"code", "one of the codes of the field", 100, NULL, NULL},
    [FORMAT_STATE] = {"state", "one of the states of the type", 64, NULL, NULL},
    [FORMAT_DECIMAL] = {"decimal",
	"a decimal number written out with a point, of up to 34 digits, without leading zeros or exponent, such "
	"as -12.50",
	40, decimal_is, "\"12,5\""},
    [FORMAT_UNIT] = {"unit", "a UCUM unit in its own case, such as mg/dL, 10*9/L, [iU]/mL, Cel or {kit}; 1 for a plain number",
	64, unit_is, "\"mg per dl\""},
    [FORMAT_DATE] = {"date",
	"a date that exists: ISO 8601 (2026, 2026-03, 2026-03-02, 2026-03-02T09:14:07+01:00), E2B (20260302, "
	"20260302091407+0100) or 02-MAR-2026; no 24:00, no second 60",
	48, date_is, "\"2026-02-30\""},
    [FORMAT_OFFSET] = {"offset", "an offset from UTC, up to 14 hours, such as +01:00 or -05:00", 6, offset_is, "\"+1:00\""},
    [FORMAT_MESSAGE_ID] = {"message-id", "the id of a message of this hub, such as 01a201e5-5f6c-7a7b-99da-7c293136ca15.0",
	CONSIGN_MESSAGE_ID_TEXT_BYTES - 1, message_id_is, "\"01a201e5-5f6c-7a7b-99da-7c293136ca15\""},
    [FORMAT_SHA256] = {"sha256", "a SHA-256 as 64 lower-case hex digits", 64, sha256_is, "\"2C26B46B\""},
    [FORMAT_MEDIA_TYPE] = {"media-type", "a media type, such as application/pdf or text/csv; charset=utf-8",
	CONSIGN_MEDIA_TYPE_MAX_BYTES, media_type_is, "\"pdf\""},
    [FORMAT_FILE_NAME] = {"file-name",
	"the name of a file without a folder: no slash, backslash or colon, no dot at either end, no blank at "
	"either end, no hidden characters, no device such as CON or NUL",
	CONSIGN_NAME_MAX_BYTES, file_name_is, "\"../note.txt\""},
    [FORMAT_COUNTRY] = {"country", "a country as two capital letters of ISO 3166-1, such as DE, GB or US", 2, country_is,
	"\"UK\""},
    [FORMAT_SSCC] = {"sscc", "an SSCC: 18 digits, the last of which is the GS1 check digit of the others", 18, sscc_is,
	"\"106141412345678909\""},
    [FORMAT_EPC] = {"epc",
	"an EPC such as urn:epc:id:sgtin:0614141.107346.2017, or an https GS1 Digital Link with a right check digit, such "
	"as https://id.gs1.org/01/09521141012345/21/2017",
	256, epc_is, "\"urn:epc:id:sgtin:0614141.107346\""},
    [FORMAT_EPC_OF_ONE] = {"epc-of-one",
	"an EPC of one thing, with its serial and without a lot, such as urn:epc:id:sgtin:0614141.107346.2017; a class or lot "
	"belongs into the field for classes",
	256, epc_of_one_is, "\"urn:epc:class:lgtin:9521321.000301.L-17\""},
    [FORMAT_CASE_ID] = {"case-id", "country, organisation and number joined by hyphens, such as GB-ACME-2026-00017 (E2B C.1.1)",
	100, case_id_is, "\"ACME-17\""},
    [FORMAT_MEDDRA] = {"meddra", "a MedDRA code of eight digits, such as 10019211", 8, meddra_is, "\"1001921\""},
    [FORMAT_MEDDRA_VERSION] = {"meddra-version", "a MedDRA version, such as 27.0", 4, meddra_version_is, "\"v27\""},
    [FORMAT_NUMBER] = {"number", "a whole number", 0, NULL, NULL},
    [FORMAT_FLAG] = {"flag", "true or false", 0, NULL, NULL},
    [FORMAT_BYTES] = {"bytes", "bytes, in JSON as base64", CONSIGN_CONTENT_MAX_BYTES, NULL, NULL},
    [FORMAT_PART] = {"part", "an object with the fields of the part", 0, NULL, NULL},
};

const struct format *
format_of(enum catalogue_format format)
{
	assert(format >= FORMAT_LINE && format < FORMATS_END);
	return &formats[format];
}
