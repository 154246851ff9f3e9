#include "catalogue/describe.h"
#include "consign/v1/quality.pb-c.h"

static const struct catalogue_state states[] = {
    {"draft", "qa_signed", "results may be missing; nobody has signed"},
    {"qa_signed", "issued draft", "signed by the quality unit, not yet given out"},
    {"issued", "revised revoked", "given out: others may rely on it"},
    {"revised", "revised revoked", "replaces a certificate that was given out"},
    {"revoked", "", "nobody may rely on it any more"},
    {0},
};

static const struct catalogue_code verdict_codes[] = {
    {"pass", "within its limits"},
    {"fail", "outside of them"},
    {0},
};
static const struct catalogue_codes verdicts = {"Verdict of a test", NULL, verdict_codes};

static const struct catalogue_code conclusion_codes[] = {
    {"complies", "the batch meets its specification"},
    {"does-not-comply", "it does not"},
    {0},
};
static const struct catalogue_codes conclusions = {"Conclusion of a certificate", NULL, conclusion_codes};

/* ── parts ── */

static const struct catalogue_field establishment_fields[] = {
    {.name = "name", .title = "Name", .need = MANDATORY, .format = FORMAT_LINE, .max_bytes = 200, .example = "\"Biomake GmbH\""},
    {.name = "address", .title = "Address", .need = MANDATORY, .format = FORMAT_PROSE, .max_bytes = 500, .example = "\"Werkstrasse 8, 4057 Basel, Switzerland\""},
    {.name = "telephone", .title = "Telephone", .format = FORMAT_LINE, .max_bytes = 40, .example = "\"+41 61 555 01 00\""},
};
static const struct catalogue_message part_establishment = {.descriptor = &consign__v1__establishment__descriptor, .title = "Establishment",
    .says = "Who makes or analyses, as a certificate names them.", .fields = establishment_fields};

#define LIMIT_HELP                                                                                                                                \
	"Itself allowed; in the unit of the value. A limit of the kind \"less than\" or \"more than\" stays in words in `limit`: then neither "    \
	"of the two numbers is given."

static const struct catalogue_field test_fields[] = {
    {.name = "test", .title = "Test", .need = MANDATORY, .format = FORMAT_LINE, .max_bytes = 200, .example = "\"Assay\""},
    {.name = "method", .title = "Method", .need = MANDATORY, .format = FORMAT_LINE, .max_bytes = 200, .example = "\"AM-0417 (HPLC)\""},
    {.name = "limit", .title = "Limit", .need = MANDATORY, .format = FORMAT_LINE, .max_bytes = 400, .example = "\"95.0 to 105.0 % of label claim\"",
	.help = "As the specification words it."},
    {.name = "limit_low", .title = "Limit from", .format = FORMAT_DECIMAL, .example = "\"95.0\"", .help = LIMIT_HELP},
    {.name = "limit_high", .title = "Limit to", .format = FORMAT_DECIMAL, .example = "\"105.0\"", .help = LIMIT_HELP},
    {.name = "result", .title = "Result", .need = MANDATORY, .format = FORMAT_PART, .part = &part_text, .may_be_null = true,
	.example = "{\"value\": \"99.2 %\"}", .help = "As the laboratory reports it."},
    {.name = "result_value", .title = "Value", .format = FORMAT_PART, .part = &part_quantity, .may_be_null = true,
	.example = "{\"value\": \"99.2\", \"unit\": \"%\"}",
	.help = "The result as a number, rounded as the specification says: what is held against limits in numbers."},
    {.name = "verdict", .title = "Verdict", .format = FORMAT_CODE, .codes = &verdicts, .example = "\"pass\""},
};
static const struct catalogue_rule test_rules[] = {
    {.id = "quality.coa.test.limits", .says = "A limit does not begin above its end.", .kind = RULE_ORDER, .paths = {"limit_low", "limit_high"}},
    {.id = "quality.coa.test.verdict", .says = "A test with a value and limits in numbers is passed exactly when the value lies within them.",
	.kind = RULE_WITHIN, .paths = {"verdict", "result_value.value", "limit_low", "limit_high"}, .values = "pass|fail"},
    {.id = "quality.coa.test.judged", .says = "A result has a verdict.", .kind = RULE_REQUIRED, .when = {"result.value", TEST_PRESENT, NULL},
	.paths = {"verdict"}},
    {.id = "quality.coa.test.no-result", .says = "A test without a result has no verdict.", .kind = RULE_FORBIDDEN,
	.when = {"result.null_flavor", TEST_PRESENT, NULL}, .paths = {"verdict"}},
    {.id = "quality.coa.test.no-value", .says = "A test without a result has no value.", .kind = RULE_FORBIDDEN,
	.when = {"result.null_flavor", TEST_PRESENT, NULL}, .paths = {"result_value.value"}},
    {.id = "quality.coa.test.value", .says = "A result with a limit in numbers has its value, or says why not.", .kind = RULE_SOME,
	.when = {"limit_low", TEST_PRESENT, NULL}, .paths = {"result_value", "result.null_flavor"}, .source = "ICH Q7 11.4"},
    {.id = "quality.coa.test.value", .says = "A result with a limit in numbers has its value, or says why not.", .kind = RULE_SOME,
	.when = {"limit_high", TEST_PRESENT, NULL}, .and_when = {"limit_low", TEST_ABSENT, NULL}, .paths = {"result_value", "result.null_flavor"},
	.source = "ICH Q7 11.4"},
};
static const struct catalogue_message part_test = {.descriptor = &consign__v1__coa_test__descriptor, .title = "Test",
    .says = "One test of a certificate: how it was done, what is allowed, what came out.", .fields = test_fields, CATALOGUE_RULES(test_rules)};

/* ── the certificate ── */

static const struct catalogue_field fields[] = {
    CATALOGUE_EVENT_FIELD,
    {.name = "coa_no", .title = "Certificate", .need = MANDATORY, .format = FORMAT_ID, .example = "\"COA-26-0417-01\""},
    {.name = "study_id", .title = "Study", .format = FORMAT_ID, .example = "\"ACME-301\"", .help = "Where the batch is for one study only."},
    {.name = "issuer", .title = "Issued by", .need = MANDATORY, .format = FORMAT_PART, .part = &part_establishment},
    {.name = "manufacturer", .title = "Made by", .format = FORMAT_PART, .part = &part_establishment,
	.help = "The original manufacturer, when another than the issuer."},
    {.name = "material", .title = "Material", .need = MANDATORY, .format = FORMAT_LINE, .max_bytes = 200, .example = "\"ACM-0301 tablets 50 mg\""},
    {.name = "material_code", .title = "Material code", .format = FORMAT_ID, .example = "\"FP-3010050\""},
    {.name = "grade", .title = "Grade", .format = FORMAT_LINE, .max_bytes = 100, .example = "\"clinical\""},
    {.name = "batch_id", .title = "Batch", .need = MANDATORY, .format = FORMAT_ID, .example = "\"BM-26-0417\""},
    {.name = "spec_id", .title = "Specification", .need = MANDATORY, .format = FORMAT_ID, .example = "\"SPEC-3010050\""},
    {.name = "spec_version", .title = "Version of it", .need = MANDATORY, .format = FORMAT_LINE, .max_bytes = 40, .example = "\"4\""},
    {.name = "manufactured_at", .title = "Made on", .format = FORMAT_PART, .part = &part_when, .least = PRECISION_MONTH, .example = "{\"text\": \"2026-01-14\"}"},
    {.name = "tested_from", .title = "Tested from", .format = FORMAT_PART, .part = &part_when, .least = PRECISION_MONTH, .example = "{\"text\": \"2026-01-20\"}"},
    {.name = "tested_to", .title = "Tested until", .format = FORMAT_PART, .part = &part_when, .least = PRECISION_MONTH, .example = "{\"text\": \"2026-02-05\"}"},
    {.name = "tests", .title = "Test", .need = MANDATORY, .format = FORMAT_PART, .part = &part_test, .max_count = 200},
    {.name = "conclusion", .title = "Conclusion", .format = FORMAT_CODE, .codes = &conclusions, .example = "\"complies\""},
    {.name = "released_at", .title = "Released on", .format = FORMAT_PART, .part = &part_when, .least = PRECISION_MONTH,
	.example = "{\"text\": \"2026-02-10\"}", .help = "By the quality unit of the issuer; not the release for a trial (batch.release)."},
    {.name = "expires_at", .title = "Expires", .format = FORMAT_PART, .part = &part_when, .least = PRECISION_MONTH, .example = "{\"text\": \"2028-01\"}"},
    {.name = "retest_at", .title = "Retest", .format = FORMAT_PART, .part = &part_when, .least = PRECISION_MONTH, .example = "{\"text\": \"2027-01\"}"},
    {.name = "storage", .title = "Storage", .format = FORMAT_LINE, .max_bytes = 200, .example = "\"15 to 25 °C, in the original container\""},
    {.name = "signatory", .title = "Signed by", .format = FORMAT_PART, .part = &part_person},
    {.name = "signatory_title", .title = "Title of the signatory", .format = FORMAT_LINE, .max_bytes = 200, .example = "\"Head of Quality Control\""},
    {.name = "issued_at", .title = "Issued on", .format = FORMAT_PART, .part = &part_when, .least = PRECISION_DAY, .example = "{\"text\": \"2026-02-11\"}"},
};

static const struct catalogue_rule rules[] = {
    {.id = "quality.coa.given-out", .says = "A certificate with a date of issue is no draft and not still to be issued.", .kind = RULE_VALUE,
	.when = {"issued_at", TEST_PRESENT, NULL}, .paths = {"event.state"}, .values = "issued|revised|revoked", .breaks = "{\"event\": {\"state\": \"draft\"}}"},
    {.id = "quality.coa.dated", .says = "An issued certificate is dated.", .kind = RULE_REQUIRED, .when = {"event.state", TEST_IS, "issued|revised"},
	.paths = {"issued_at"}, .source = "ICH Q7 11.4", .breaks = "{\"issuedAt\": null}"},
    {.id = "quality.coa.signatory", .says = "Whoever signed is named, once it is no draft.", .kind = RULE_REQUIRED,
	.when = {"event.state", TEST_IS_NOT, "draft"}, .paths = {"signatory.name"}, .source = "ICH Q7 11.4", .breaks = "{\"signatory\": null}"},
    {.id = "quality.coa.signatory-title", .says = "Whoever signed has a title, once it is no draft.", .kind = RULE_REQUIRED,
	.when = {"event.state", TEST_IS_NOT, "draft"}, .paths = {"signatory_title"}, .source = "WHO good manufacturing practices 17.16 (b)",
	.breaks = "{\"signatoryTitle\": null}"},
    {.id = "quality.coa.quality-unit", .says = "The quality unit or a qualified person signs.", .kind = RULE_VALUE, .paths = {"signatory.role"},
	.values = "quality|qualified-person", .source = "ICH Q7 11.4", .breaks = "{\"signatory\": {\"role\": \"production\"}}"},
    {.id = "quality.coa.conclusion", .says = "A signed certificate says whether the batch complies.", .kind = RULE_REQUIRED,
	.when = {"event.state", TEST_IS_NOT, "draft"}, .paths = {"conclusion"}, .source = "WHO TRS 1010, annex 4", .breaks = "{\"conclusion\": null}"},
    {.id = "quality.coa.complies", .says = "A batch complies when every test passed.", .kind = RULE_EVERY, .when = {"conclusion", TEST_IS, "complies"},
	.paths = {"tests", "verdict"}, .values = "pass", .breaks = "{\"tests\": [{\"test\": \"Assay\", \"method\": \"AM-0042\", \"limit\": \"95.0 to 105.0 %\", "
		  "\"limitLow\": \"95.0\", \"limitHigh\": \"105.0\", \"result\": {\"value\": \"91.4 %\"}, "
		  "\"resultValue\": {\"value\": \"91.4\", \"unit\": \"%\"}, \"verdict\": \"fail\"}]}"},
    {.id = "quality.coa.tested", .says = "An issued certificate says when the batch was tested.", .kind = RULE_REQUIRED,
	.when = {"event.state", TEST_IS, "issued|revised"}, .paths = {"tested_to"}, .source = "WHO good manufacturing practices 17.16 (g)",
	.breaks = "{\"testedTo\": null}"},
    {.id = "quality.coa.released", .says = "An issued certificate has the date of release.", .kind = RULE_REQUIRED,
	.when = {"event.state", TEST_IS, "issued|revised"}, .paths = {"released_at"}, .source = "ICH Q7 11.4", .breaks = "{\"releasedAt\": null}"},
    {.id = "quality.coa.shelf-life", .says = "An issued certificate has an expiry date or a retest date.", .kind = RULE_SOME,
	.when = {"event.state", TEST_IS, "issued|revised"}, .paths = {"expires_at", "retest_at"}, .source = "ICH Q7 11.4",
	.breaks = "{\"expiresAt\": null, \"retestAt\": null}"},
    {.id = "quality.coa.test-dates", .says = "Testing ends after it begins, and before the certificate is issued.", .kind = RULE_ORDER,
	.paths = {"tested_from", "tested_to", "issued_at"}, .breaks = "{\"testedFrom\": {\"text\": \"2026-02-06\"}}"},
    {.id = "quality.coa.shelf-dates", .says = "A batch is made, then retested, then expires.", .kind = RULE_ORDER,
	.paths = {"manufactured_at", "retest_at", "expires_at"}, .breaks = "{\"expiresAt\": {\"text\": \"2026-12\"}}"},
    {.id = "quality.coa.revised", .says = "A revised certificate names the message that it replaces, or refers to what never travelled here.",
	.kind = RULE_SOME, .when = {"event.state", TEST_IS, "revised"}, .paths = {"event.supersedes", "event.references"},
	.breaks = "{\"event\": {\"state\": \"revised\", \"supersedes\": null, \"references\": null}}"},
    {.id = "quality.coa.revised-reason", .says = "A revised certificate says why, also when it replaces no message.", .kind = RULE_REQUIRED,
	.when = {"event.state", TEST_IS, "revised"}, .and_when = {"event.supersedes", TEST_ABSENT, NULL}, .paths = {"event.reason"},
	.source = "ICH E6(R3) 4.2.4", .breaks = "{\"event\": {\"state\": \"revised\", \"supersedes\": null, \"reason\": null}}"},
    {.id = "quality.coa.revised-author", .says = "A revised certificate has an author, also when it replaces no message.", .kind = RULE_REQUIRED,
	.when = {"event.state", TEST_IS, "revised"}, .and_when = {"event.supersedes", TEST_ABSENT, NULL}, .paths = {"event.author"},
	.source = "ICH E6(R3) 4.2.4", .breaks = "{\"event\": {\"state\": \"revised\", \"supersedes\": null, \"author\": null}}"},
    {.id = "quality.coa.revoked", .says = "A revoked certificate says why.", .kind = RULE_REQUIRED, .when = {"event.state", TEST_IS, "revoked"},
	.paths = {"event.reason"}, .breaks = "{\"event\": {\"state\": \"revoked\", \"reason\": null, \"supersedes\": null}}"},
};

const struct catalogue_type type_quality_coa = {
    .name = "quality.coa",
    .version = 1,
    .title = "Certificate of analysis",
    .says = "What was tested on a batch, by which method, what is allowed and what came out. Both ends check a value in numbers against limits in "
	    "numbers, taken in its unit; a limit in words is not checked.",
    .standard = "Certificate of analysis (ICH Q7 11.4, WHO TRS 1010 annex 4); HL7 FHIR PQ/CMC for the specification",
    .producers = "cdmo cmo lab",
    .consumers = "sponsor cdmo cmo regulator",
    .least_label = CONSIGN_LABEL_RESTRICTED,
    .label_why = "It names the true batch, and its assay tells active from placebo: with shipments or kits that unblinds.",
    .states = states,
    .key = "coa_no",
    .headline = "coa_no material batch_id conclusion",
    .message = {.descriptor = &consign__v1__quality_coa__descriptor, .title = "Certificate of analysis", .fields = fields, CATALOGUE_RULES(rules)},
};
