/* The drugs of a case: ICH E2B(R3) G.k. See safety_icsr.h. */
#include "catalogue/types/safety_icsr.h"
#include "consign/v1/safety.pb-c.h"

static const struct catalogue_code role_codes[] = {
    {"1", "suspect"}, {"2", "taken beside it"}, {"3", "interacting"}, {"4", "not given"}, {0},
};
static const struct catalogue_codes roles = {"Role of a drug", "ICH E2B(R3) G.k.1", role_codes};

static const struct catalogue_code action_codes[] = {
    {"1", "withdrawn"}, {"2", "dose reduced"}, {"3", "dose increased"}, {"4", "dose not changed"}, {"0", "unknown"}, {"9", "not applicable"}, {0},
};
static const struct catalogue_codes actions = {"Action taken with a drug", "ICH E2B(R3) G.k.8", action_codes};

static const struct catalogue_code recurred_codes[] = {
    {"1", "given again, and it came back"}, {"2", "given again, and it did not"}, {"3", "given again, and nobody knows"}, {"4", "not given again"}, {0},
};
static const struct catalogue_codes recurrences = {"Recurrence", "ICH E2B(R3) G.k.9.i.4", recurred_codes};

static const struct catalogue_code circumstance_codes[] = {
    {"1", "counterfeit"}, {"2", "overdose"}, {"3", "taken by the father"}, {"4", "taken after its expiry"}, {"5", "lot tested, and good"},
    {"6", "lot tested, and bad"}, {"7", "medication error"}, {"8", "misuse"}, {"9", "abuse"}, {"10", "met at work"}, {"11", "used off label"}, {0},
};
static const struct catalogue_codes circumstances = {"Circumstances of a drug", "ICH E2B(R3) G.k.10.r", circumstance_codes};

static const struct catalogue_field substance_fields[] = {
    {.name = "name", .title = "Substance", .source = "G.k.2.3.r.1", .format = FORMAT_LINE, .max_bytes = 1000, .example = "\"ACM-17 or placebo\""},
    {.name = "term_version", .title = "Term version", .source = "G.k.2.3.r.2a", .format = FORMAT_LINE, .max_bytes = 40, .example = "\"2026-01\""},
    {.name = "term_id", .title = "Term", .source = "G.k.2.3.r.2b", .format = FORMAT_LINE, .max_bytes = 400, .example = "\"SUB-000117\""},
    {.name = "strength", .title = "Strength", .source = "G.k.2.3.r.3a, G.k.2.3.r.3b (R0073)", .format = FORMAT_PART, .part = &part_quantity, .lo = "0",
	.example = "{\"value\": \"10\", \"unit\": \"mg\"}"},
};
static const struct catalogue_message part_substance = {.descriptor = &consign__v1__icsr_substance__descriptor, .title = "Substance",
    .says = "What is in a drug.", .fields = substance_fields};

static const struct catalogue_field dose_fields[] = {
    {.name = "dose", .title = "Dose", .source = "G.k.4.r.1a, G.k.4.r.1b (R0075)", .format = FORMAT_PART, .part = &part_quantity, .lo = "0",
	.example = "{\"value\": \"10\", \"unit\": \"mg\"}"},
    {.name = "interval", .title = "Every", .source = "G.k.4.r.2, G.k.4.r.3 (R0076)", .format = FORMAT_PART, .part = &part_quantity, .may_be_null = true,
	.lo = "0", .example = "{\"value\": \"1\", \"unit\": \"d\"}", .help = "As needed is {asnecessary} with NI for its number."},
    {.name = "started_at", .title = "Started", .source = "G.k.4.r.4", .format = FORMAT_PART, .part = &part_when, .may_be_null = true,
	.least = PRECISION_YEAR, .example = "{\"text\": \"20260302\"}"},
    {.name = "ended_at", .title = "Last given", .source = "G.k.4.r.5", .format = FORMAT_PART, .part = &part_when, .may_be_null = true,
	.least = PRECISION_YEAR, .example = "{\"nullFlavor\": \"ASKU\"}"},
    {.name = "duration", .title = "Given for", .source = "G.k.4.r.6a, G.k.4.r.6b (R0077, R0078)", .format = FORMAT_PART,
	.part = &part_quantity, .lo = "0", .example = "{\"value\": \"31\", \"unit\": \"d\"}"},
    {.name = "lot", .title = "Lot", .source = "G.k.4.r.7", .format = FORMAT_LINE, .max_bytes = 140, .least_label = CONSIGN_LABEL_RESTRICTED,
	.example = "\"PK-0417\"",
	.help = "A true lot may tell the treatment: a message with one is at least restricted. A case that stays open gives none of a blinded product."},
    {.name = "text", .title = "In words", .source = "G.k.4.r.8", .format = FORMAT_PROSE, .max_bytes = 4000, .example = "\"one tablet in the morning\""},
    {.name = "form", .title = "Dose form", .source = "G.k.4.r.9.1, G.k.4.r.9.2", .format = FORMAT_PART, .part = &part_coded, .may_be_null = true,
	.example = "{\"code\": \"PDF-10219000\", \"system\": \"EDQM\", \"display\": \"Tablet\"}"},
    {.name = "route", .title = "Route", .source = "G.k.4.r.10.1, G.k.4.r.10.2", .format = FORMAT_PART, .part = &part_coded, .may_be_null = true,
	.example = "{\"code\": \"ROA-20053000\", \"system\": \"EDQM\", \"display\": \"Oral use\"}"},
};
static const struct catalogue_message part_dose = {.descriptor = &consign__v1__icsr_dose__descriptor, .title = "Dosage", .says = "How a drug was given.",
    .fields = dose_fields};

static const struct catalogue_field indication_fields[] = {
    {.name = "text", .title = "As reported", .source = "G.k.7.r.1", .format = FORMAT_PART, .part = &part_text, .may_be_null = true,
	.example = "{\"value\": \"high blood pressure\"}"},
    {MEDDRA_VERSION("G.k.7.r.2a")},
    {MEDDRA_CODE("G.k.7.r.2b", "10020772")},
};
static const struct catalogue_rule indication_rules[] = {MEDDRA_PAIR("R0083", "R0084")};
static const struct catalogue_message part_indication = {.descriptor = &consign__v1__icsr_indication__descriptor, .title = "Indication", .says = "What a drug was given for.",
    .fields = indication_fields, CATALOGUE_RULES(indication_rules)};

static const struct catalogue_field relatedness_fields[] = {
    {.name = "source", .title = "Judged by", .source = "G.k.9.i.2.r.1", .format = FORMAT_LINE, .max_bytes = 240, .example = "\"Sponsor\""},
    {.name = "method", .title = "Method", .source = "G.k.9.i.2.r.2", .format = FORMAT_LINE, .max_bytes = 240, .example = "\"FDA\""},
    {.name = "result", .title = "Result", .source = "G.k.9.i.2.r.3", .format = FORMAT_LINE, .max_bytes = 240, .example = "\"Suspected\""},
};
static const struct catalogue_message part_relatedness = {.descriptor = &consign__v1__icsr_relatedness__descriptor, .title = "Relatedness",
    .says = "One judgement on whether a drug caused a reaction.", .fields = relatedness_fields};

static const struct catalogue_field assessment_fields[] = {
    {.name = "reaction", .title = "Reaction", .source = "G.k.9.i.1", .need = MANDATORY, .format = FORMAT_ID, .example = "\"r1\"",
	.help = "The id of a reaction of this case."},
    {.name = "relatedness", .title = "Relatedness", .source = "G.k.9.i.2.r", .format = FORMAT_PART, .part = &part_relatedness, .max_count = 16},
    {.name = "since_first_dose", .title = "After the first dose", .source = "G.k.9.i.3.1a, G.k.9.i.3.1b (R0088, R0089)",
	.format = FORMAT_PART, .part = &part_quantity, .lo = "0", .example = "{\"value\": \"31\", \"unit\": \"d\"}"},
    {.name = "since_last_dose", .title = "After the last dose", .source = "G.k.9.i.3.2a, G.k.9.i.3.2b (R0090, R0091)", .format = FORMAT_PART,
	.part = &part_quantity, .lo = "0", .example = "{\"value\": \"4\", \"unit\": \"h\"}"},
    {.name = "recurred", .title = "Came back", .source = "G.k.9.i.4", .format = FORMAT_CODE, .codes = &recurrences, .example = "\"4\""},
};
static const struct catalogue_message part_assessment = {.descriptor = &consign__v1__icsr_assessment__descriptor, .title = "Assessment of a drug",
    .says = "A drug against one reaction.", .fields = assessment_fields};

static const struct catalogue_field drug_fields[] = {
    {.name = "role", .title = "Role", .source = "G.k.1", .need = MANDATORY, .format = FORMAT_CODE, .codes = &roles, .example = "\"1\""},
    {.name = "mpid_version", .title = "MPID version", .source = "G.k.2.1.1a", .format = FORMAT_LINE, .max_bytes = 80, .example = "\"202601\""},
    {.name = "mpid", .title = "MPID", .source = "G.k.2.1.1b", .format = FORMAT_LINE, .max_bytes = 1000, .example = "\"00000-0117\""},
    {.name = "phpid_version", .title = "PhPID version", .source = "G.k.2.1.2a", .format = FORMAT_LINE, .max_bytes = 40, .example = "\"202601\""},
    {.name = "phpid", .title = "PhPID", .source = "G.k.2.1.2b", .format = FORMAT_LINE, .max_bytes = 1000, .example = "\"PH-117\""},
    {.name = "name", .title = "Drug", .source = "G.k.2.2", .need = MANDATORY, .format = FORMAT_LINE, .max_bytes = 1000,
	.example = "\"ACM-17 10 mg or placebo\"", .help = "As reported; of a blinded product as the trial names it, which does not tell what it was."},
    {.name = "substances", .title = "Substance", .source = "G.k.2.3.r", .format = FORMAT_PART, .part = &part_substance, .max_count = 64},
    {.name = "country", .title = "Obtained in", .source = "G.k.2.4", .format = FORMAT_COUNTRY, .example = "\"SE\""},
    {.name = "blinded", .title = "Blinded", .source = "G.k.2.5", .format = FORMAT_FLAG, .example = "true",
	.help = "The blind of this product still stood when the case was made. Then nothing names it beside what was reported."},
    {.name = "unblinded", .title = "Blind broken", .format = FORMAT_FLAG, .least_label = CONSIGN_LABEL_UNBLINDED, .example = "true",
	.help = "True: this case tells what the patient was given in a blinded study."},
    {.name = "authorisation", .title = "Authorisation", .source = "G.k.3.1", .format = FORMAT_LINE, .max_bytes = 140, .example = "\"IND123456\""},
    {.name = "authorisation_country", .title = "Authorised in", .source = "G.k.3.2", .format = FORMAT_COUNTRY, .example = "\"US\""},
    {.name = "holder", .title = "Holder", .source = "G.k.3.3", .format = FORMAT_LINE, .max_bytes = 240, .example = "\"Acme Pharma\""},
    {.name = "doses", .title = "Dosage", .source = "G.k.4.r", .format = FORMAT_PART, .part = &part_dose, .max_count = 64},
    {.name = "cumulative_dose", .title = "Dose until the reaction", .source = "G.k.5a, G.k.5b (R0079, R0080)", .format = FORMAT_PART,
	.part = &part_quantity, .lo = "0", .example = "{\"value\": \"310\", \"unit\": \"mg\"}"},
    {.name = "gestation", .title = "Gestation at exposure", .source = "G.k.6a, G.k.6b (R0081, R0082)", .format = FORMAT_PART,
	.part = &part_quantity, .lo = "0", .example = "{\"value\": \"12\", \"unit\": \"wk\"}"},
    {.name = "indications", .title = "Indication", .source = "G.k.7.r", .format = FORMAT_PART, .part = &part_indication, .max_count = 32},
    {.name = "action_taken", .title = "Action taken", .source = "G.k.8", .format = FORMAT_CODE, .codes = &actions, .example = "\"1\""},
    {.name = "assessments", .title = "Assessment", .source = "G.k.9.i", .format = FORMAT_PART, .part = &part_assessment, .max_count = 64},
    {.name = "circumstances", .title = "Circumstance", .source = "G.k.10.r", .format = FORMAT_CODE, .codes = &circumstances, .max_count = 16,
	.example = "\"7\""},
    {.name = "remark", .title = "Remark", .source = "G.k.11", .format = FORMAT_PROSE, .max_bytes = 4000, .example = "\"taken with food\""},
};

/* What a register knows of a product tells which arm it is of. */
#define BLINDED_WITHOUT(rule_id, words, field)                                                                                                    \
	{.id = rule_id, .says = "A blinded product is named as the trial names it: it has no " words ".", .kind = RULE_FORBIDDEN,                 \
	    .when = {"blinded", TEST_IS, "true"}, .paths = {field}}

static const struct catalogue_rule drug_rules[] = {
    {.id = "safety.icsr.product-id", .says = "A product has one kind of identifier: MPID or PhPID.", .kind = RULE_FORBIDDEN,
	.when = {"mpid", TEST_PRESENT, NULL}, .paths = {"phpid"}, .source = "ICH E2B(R3) G.k.2.1"},
    {.id = "safety.icsr.blinded", .says = "Blinded is true or not stated.", .kind = RULE_VALUE, .paths = {"blinded"}, .values = "true",
	.source = "ICH E2B(R3) G.k.2.5"},
    {.id = "safety.icsr.unblinded", .says = "A product is blinded or its blind is broken, not both.", .kind = RULE_FORBIDDEN,
	.when = {"blinded", TEST_IS, "true"}, .and_when = {"unblinded", TEST_IS, "true"}, .paths = {"unblinded"}},
    BLINDED_WITHOUT("safety.icsr.drug.blinded-mpid", "MPID", "mpid"),
    BLINDED_WITHOUT("safety.icsr.drug.blinded-mpid", "MPID", "mpid_version"),
    BLINDED_WITHOUT("safety.icsr.drug.blinded-phpid", "PhPID", "phpid"),
    BLINDED_WITHOUT("safety.icsr.drug.blinded-phpid", "PhPID", "phpid_version"),
    BLINDED_WITHOUT("safety.icsr.drug.blinded-substance", "substances", "substances"),
    BLINDED_WITHOUT("safety.icsr.drug.blinded-authorisation", "authorisation", "authorisation"),
    BLINDED_WITHOUT("safety.icsr.drug.blinded-authorisation", "authorisation", "authorisation_country"),
    BLINDED_WITHOUT("safety.icsr.drug.blinded-holder", "holder of an authorisation", "holder"),
    {.id = "R0074", .says = "An authorisation says in which country.", .kind = RULE_REQUIRED, .when = {"authorisation", TEST_PRESENT, NULL},
	.paths = {"authorisation_country"}, .source = "FDA R0074; ICH E2B(R3) G.k.3.2"},
};
const struct catalogue_message part_icsr_drug = {.descriptor = &consign__v1__icsr_drug__descriptor, .title = "Drug",
    .says = "A drug that the patient was given, and what it has to do with the reactions.", .fields = drug_fields, CATALOGUE_RULES(drug_rules)};
