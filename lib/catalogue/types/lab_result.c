#include "catalogue/describe.h"
#include "consign/v1/lab.pb-c.h"

static const struct catalogue_state states[] = {
    {"preliminary", "final corrected cancelled", "measured, not yet confirmed"},
    {"final", "corrected cancelled", "confirmed by the laboratory"},
    {"corrected", "corrected cancelled", "replaces a result that was wrong"},
    {"cancelled", "", "the result does not stand: the specimen or the test was not usable"},
    {0},
};

static const struct catalogue_code indicator_codes[] = {
    {"NORMAL", "within the reference range"},
    {"LOW", "below it"},
    {"HIGH", "above it"},
    {"LOW LOW", "critically low"},
    {"HIGH HIGH", "critically high"},
    {"ABNORMAL", "not as expected, where there is no low or high"},
    {0},
};
static const struct catalogue_codes indicators = {"Reference range indicator", "CDISC NRIND", indicator_codes};

static const struct catalogue_field fields[] = {
    CATALOGUE_EVENT_FIELD,
    {.name = "study_id", .title = "Study", .source = "STUDYID", .need = MANDATORY, .format = FORMAT_ID, .example = "\"ACME-301\""},
    {.name = "site_id", .title = "Site", .source = "SITEID", .format = FORMAT_ID, .example = "\"101\""},
    {.name = "subject_key", .title = "Subject", .source = "USUBJID", .need = MANDATORY, .format = FORMAT_ID, .example = "\"ACME-301-101-1007\"",
	.help = "The coded identifier; never a name or date of birth."},
    {.name = "sequence", .title = "Number", .source = "LBSEQ", .format = FORMAT_NUMBER, .lo = "1", .hi = "4294967295", .example = "14"},
    {.name = "accession", .title = "Accession", .source = "LBREFID", .format = FORMAT_ID, .example = "\"CL-26-048813\""},
    {.name = "specimen_id", .title = "Specimen", .source = "LBSPID", .format = FORMAT_ID, .example = "\"SP-7781203\""},
    {.name = "test_code", .title = "Test code", .source = "LBTESTCD", .need = MANDATORY, .format = FORMAT_ID, .max_bytes = 40, .example = "\"K\""},
    {.name = "test_name", .title = "Test", .source = "LBTEST", .need = MANDATORY, .format = FORMAT_LINE, .example = "\"Potassium\""},
    {.name = "category", .title = "Category", .source = "LBCAT", .format = FORMAT_LINE, .example = "\"CHEMISTRY\""},
    {.name = "result", .title = "Result", .source = "LBORRES", .need = MANDATORY, .format = FORMAT_PART, .part = &part_text, .may_be_null = true,
	.example = "{\"value\": \"6.4\"}", .help = "As the laboratory reported it."},
    {.name = "result_unit", .title = "Unit", .source = "LBORRESU", .format = FORMAT_LINE, .max_bytes = 40, .example = "\"mmol/L\""},
    {.name = "range_low", .title = "Range from", .source = "LBORNRLO", .format = FORMAT_LINE, .max_bytes = 40, .example = "\"3.5\""},
    {.name = "range_high", .title = "Range to", .source = "LBORNRHI", .format = FORMAT_LINE, .max_bytes = 40, .example = "\"5.1\""},
    {.name = "standard_text", .title = "Standard result", .source = "LBSTRESC", .format = FORMAT_LINE, .example = "\"6.4\""},
    {.name = "standard", .title = "Standard value", .source = "LBSTRESN, LBSTRESU", .format = FORMAT_PART, .part = &part_quantity, .may_be_null = true,
	.example = "{\"value\": \"6.4\", \"unit\": \"mmol/L\"}"},
    {.name = "standard_low", .title = "Standard range from", .source = "LBSTNRLO", .format = FORMAT_DECIMAL, .example = "\"3.5\""},
    {.name = "standard_high", .title = "Standard range to", .source = "LBSTNRHI", .format = FORMAT_DECIMAL, .example = "\"5.1\""},
    {.name = "indicator", .title = "Indicator", .source = "LBNRIND", .format = FORMAT_CODE, .codes = &indicators, .example = "\"HIGH HIGH\""},
    {.name = "baseline", .title = "Last before treatment", .source = "LBLOBXFL", .format = FORMAT_FLAG, .example = "true"},
    {.name = "visit_number", .title = "Visit number", .source = "VISITNUM", .format = FORMAT_DECIMAL, .example = "\"5\""},
    {.name = "visit", .title = "Visit", .source = "VISIT", .format = FORMAT_LINE, .example = "\"WEEK 4\""},
    {.name = "epoch", .title = "Epoch", .source = "EPOCH", .format = FORMAT_LINE, .example = "\"TREATMENT\""},
    {.name = "collected_at", .title = "Collected at", .source = "LBDTC", .need = MANDATORY, .format = FORMAT_PART, .part = &part_when, .may_be_null = true,
	.example = "{\"text\": \"2026-03-30T08:05\"}"},
    {.name = "study_day", .title = "Study day", .source = "LBDY", .format = FORMAT_NUMBER, .example = "29"},
};

static const struct catalogue_rule rules[] = {
    {.id = "lab.result.range", .says = "A range does not begin above its end.", .kind = RULE_ORDER, .paths = {"standard_low", "standard_high"},
	.breaks = "{\"standardLow\": \"9\"}"},
    {.id = "lab.result.indicator", .says = "The indicator agrees with the result and the range as reported: standard values are converted, and rounding moves them over a limit.", .kind = RULE_INDICATOR,
	.paths = {"indicator", "result.value", "range_low", "range_high"}, .values = "LOW,LOW LOW|NORMAL|HIGH,HIGH HIGH",
	.and_when = {"indicator", TEST_IS_NOT, "ABNORMAL"}, .breaks = "{\"indicator\": \"NORMAL\"}"},
    {.id = "lab.result.indicated", .says = "A value with a range has an indicator.", .kind = RULE_REQUIRED, .when = {"standard_high", TEST_PRESENT, NULL},
	.and_when = {"standard.value", TEST_PRESENT, NULL}, .paths = {"indicator"}, .breaks = "{\"indicator\": null}"},
    {.id = "lab.result.study-day", .says = "There is no study day 0: day 1 follows day -1.", .kind = RULE_FORBIDDEN, .when = {"study_day", TEST_IS, "0"},
	.paths = {"study_day"}, .source = "CDISC SDTMIG 4.4.4", .breaks = "{\"studyDay\": 0}"},
    {.id = "lab.result.corrected", .says = "A corrected result names the message that it replaces, or refers to what never travelled here.",
	.kind = RULE_SOME, .when = {"event.state", TEST_IS, "corrected"}, .paths = {"event.supersedes", "event.references"},
	.breaks = "{\"event\": {\"state\": \"corrected\", \"supersedes\": null, \"references\": null}}"},
    {.id = "lab.result.corrected-reason", .says = "A corrected result says why, also when it replaces no message.", .kind = RULE_REQUIRED,
	.when = {"event.state", TEST_IS, "corrected"}, .and_when = {"event.supersedes", TEST_ABSENT, NULL}, .paths = {"event.reason"},
	.source = "ICH E6(R3) 4.2.4", .breaks = "{\"event\": {\"state\": \"corrected\", \"supersedes\": null, \"reason\": null}}"},
    {.id = "lab.result.corrected-author", .says = "A corrected result has an author, also when it replaces no message.", .kind = RULE_REQUIRED,
	.when = {"event.state", TEST_IS, "corrected"}, .and_when = {"event.supersedes", TEST_ABSENT, NULL}, .paths = {"event.author"},
	.source = "ICH E6(R3) 4.2.4", .breaks = "{\"event\": {\"state\": \"corrected\", \"supersedes\": null, \"author\": null}}"},
    {.id = "lab.result.cancelled", .says = "A cancelled result says why.", .kind = RULE_REQUIRED, .when = {"event.state", TEST_IS, "cancelled"},
	.paths = {"event.reason"}, .breaks = "{\"event\": {\"state\": \"cancelled\", \"reason\": null, \"supersedes\": null, \"author\": null}}"},
};

const struct catalogue_type type_lab_result = {
    .name = "lab.result",
    .version = 1,
    .title = "Laboratory result",
    .says = "One result of one test on one specimen, from the laboratory to those who treat, monitor and report.",
    .standard = "CDISC SDTM LB and LAB, HL7 FHIR Observation",
    .producers = "lab smo site cro",
    .consumers = "cro smo site sponsor",
    .least_label = CONSIGN_LABEL_OPEN,
    .label_why = "A safety result says nothing about treatment. One that gives the arm away (a biomarker, a drug level) is sent as restricted or unblinded.",
    .clock = "The investigator has timely access to central laboratory results (ICH E6(R3) 3.16.1(k)); critical values by the laboratory manual.",
    .states = states,
    .key = "subject_key test_code accession",
    .headline = "subject_key test_name result result_unit indicator",
    .message = {.descriptor = &consign__v1__lab_result__descriptor, .title = "Laboratory result", .fields = fields, CATALOGUE_RULES(rules)},
};
