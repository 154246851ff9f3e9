/*
 * One case as ICH E2B(R3) has it: its 33 required elements, and those that the industry fills most. Those of the transmission (N) are required
 * of a case that is to be sent or was, the others always. What has no field here (past drugs, a parent, devices) travels in the attached
 * original, which is the whole file.
 *
 * A rule with an id such as R0023 is that of FDA's table of rejections; those of our own come from ICH's table of elements, from the
 * states, or from how the parts are cut. Left out are published rules that need a registry or what was sent before, that look into lists,
 * that code lists or quantities hold already, and R0008 and R0110, which cannot be broken without R0023, R0111, R0112 or R0113; warnings
 * (W0001 …) refuse nothing. There is no order of dates: FDA's own samples are made before they are received. FDA's elements stand in a part
 * of their route, since its rules differ by route.
 */
#include "catalogue/types/safety_icsr.h"
#include "consign/v1/safety.pb-c.h"

static const struct catalogue_state states[] = {
    {"received", "valid nullified", "somebody told of it: day 0"},
    {"valid", "assessed nullified", "has a patient, a reporter, a reaction and a drug"},
    {"assessed", "reportable followup nullified amended", "seriousness, expectedness and causality are judged"},
    {"reportable", "submitted nullified", "must go to an authority or a partner"},
    {"submitted", "ack_positive ack_negative", "sent"},
    {"ack_positive", "followup nullified amended", "the receiver took it"},
    {"ack_negative", "submitted nullified", "the receiver refused it: repair and send again"},
    {"followup", "assessed reportable submitted", "more is known"},
    {"nullified", "", "should not exist: a duplicate, or no case"},
    {"amended", "assessed reportable submitted", "put right, without news from the source"},
    {0},
};

/* ── code lists: the codes are those of ICH, the words are ours ── */

static const struct catalogue_code message_type_codes[] = {{"ichicsr", "individual case safety reports"}, {0}};
static const struct catalogue_codes message_types = {"Type of messages in the batch", "ICH E2B(R3) N.1.1", message_type_codes};

static const struct catalogue_code report_type_codes[] = {
    {"1", "spontaneous"}, {"2", "from a study"}, {"3", "other"}, {"4", "the sender does not know"}, {0},
};
static const struct catalogue_codes report_types = {"Type of report", "ICH E2B(R3) C.1.3", report_type_codes};

static const struct catalogue_code yes_no_ni_codes[] = {{"true", "yes"}, {"false", "no"}, {"NI", "no information"}, {0}};
static const struct catalogue_codes yes_no_ni = {"Yes, no, or no information", "ICH E2B(R3)", yes_no_ni_codes};

static const struct catalogue_code yes_ni_codes[] = {{"true", "yes"}, {"NI", "no information; ICH has no plain no here"}, {0}};
static const struct catalogue_codes yes_ni = {"Yes, or no information", "ICH E2B(R3)", yes_ni_codes};

static const struct catalogue_code continuing_codes[] = {
    {"true", "yes"}, {"false", "no"}, {"MSK", "withheld"}, {"ASKU", "asked, not known"}, {"NASK", "not asked"}, {"UNK", "unknown"}, {0},
};
static const struct catalogue_codes continuings = {"Still going on", "ICH E2B(R3) D.7.1.r.3", continuing_codes};

static const struct catalogue_code autopsy_codes[] = {
    {"true", "yes"}, {"false", "no"}, {"ASKU", "asked, not known"}, {"NASK", "not asked"}, {"UNK", "unknown"}, {0},
};
static const struct catalogue_codes autopsies = {"Autopsy", "ICH E2B(R3) D.9.3", autopsy_codes};

static const struct catalogue_code first_sender_codes[] = {{"1", "an authority"}, {"2", "anybody else"}, {0}};
static const struct catalogue_codes first_senders = {"First sender", "ICH E2B(R3) C.1.8.2", first_sender_codes};

static const struct catalogue_code revision_codes[] = {{"1", "nullification: the case should not exist"}, {"2", "amendment: the case was put right"}, {0}};
static const struct catalogue_codes revisions = {"Nullification or amendment", "ICH E2B(R3) C.1.11.1", revision_codes};

static const struct catalogue_code qualification_codes[] = {
    {"1", "physician"}, {"2", "pharmacist"}, {"3", "other health professional"}, {"4", "lawyer"},
    {"5", "consumer, or no health professional"}, {"UNK", "unknown to the sender"}, {0},
};
static const struct catalogue_codes qualifications = {"Qualification", "ICH E2B(R3) C.2.r.4", qualification_codes};

static const struct catalogue_code sender_codes[] = {
    {"1", "company"}, {"2", "authority"}, {"3", "health professional"}, {"4", "regional centre"}, {"5", "centre that works for WHO"},
    {"6", "other organisation"}, {"7", "patient or consumer"}, {0},
};
static const struct catalogue_codes senders = {"Type of sender", "ICH E2B(R3) C.3.1", sender_codes};

static const struct catalogue_code study_type_codes[] = {
    {"1", "clinical trial"}, {"2", "use for one patient: compassionate, by name"}, {"3", "other study, such as epidemiology"}, {0},
};
static const struct catalogue_codes study_types = {"Type of study", "ICH E2B(R3) C.5.4", study_type_codes};

static const struct catalogue_code age_group_codes[] = {
    {"0", "foetus"}, {"1", "newborn"}, {"2", "infant"}, {"3", "child"}, {"4", "adolescent"}, {"5", "adult"}, {"6", "elderly"},
    {"MSK", "withheld"}, {"UNK", "unknown"}, {"ASKU", "asked, not known"}, {"NI", "no information"}, {0},
};
static const struct catalogue_codes age_groups = {"Age group", "ICH E2B(R3) D.2.3", age_group_codes};

static const struct catalogue_code sex_codes[] = {
    {"1", "male"}, {"2", "female"}, {"MSK", "withheld"}, {"UNK", "unknown"}, {"ASKU", "asked, not known"}, {"NASK", "not asked"}, {0},
};
static const struct catalogue_codes sexes = {"Sex", "ICH E2B(R3) D.5", sex_codes};

static const struct catalogue_code highlighted_codes[] = {
    {"1", "by the reporter, not serious"}, {"2", "not by the reporter, not serious"}, {"3", "by the reporter, serious"},
    {"4", "not by the reporter, serious"}, {0},
};
static const struct catalogue_codes highlights = {"Highlighted", "ICH E2B(R3) E.i.3.1", highlighted_codes};

static const struct catalogue_code outcome_codes[] = {
    {"1", "over"}, {"2", "getting better"}, {"3", "goes on"}, {"4", "over, and has left something behind"}, {"5", "fatal"}, {"0", "unknown"}, {0},
};
static const struct catalogue_codes outcomes = {"Outcome", "ICH E2B(R3) E.i.7", outcome_codes};

static const struct catalogue_code result_codes[] = {{"1", "positive"}, {"2", "negative"}, {"3", "borderline"}, {"4", "cannot be told"}, {0}};
static const struct catalogue_codes results = {"Result of a test", "ICH E2B(R3) F.r.3.1", result_codes};

static const struct catalogue_code us_type_codes[] = {
    {"1", "within 15 days"}, {"2", "not expedited"}, {"4", "within 5 days"}, {"5", "within 30 days: malfunction without an event"}, {"6", "within 7 days"}, {0},
};
static const struct catalogue_codes us_types = {"Local report type", "FDA.C.1.7.1", us_type_codes};

/* ── parts ── */

static const struct catalogue_field transmission_fields[] = {
    {.name = "message_type", .title = "Type of messages", .source = "N.1.1", .need = MANDATORY, .format = FORMAT_CODE,
	.codes = &message_types, .example = "\"ichicsr\""},
    {.name = "batch_number", .title = "Batch", .source = "N.1.2", .need = MANDATORY, .format = FORMAT_LINE, .max_bytes = 400,
	.example = "\"ACME-B-20260410-01\""},
    {.name = "batch_sender", .title = "Batch sender", .source = "N.1.3", .need = MANDATORY, .format = FORMAT_LINE, .max_bytes = 240,
	.example = "\"ACMEPHARMA\""},
    {.name = "batch_receiver", .title = "Batch receiver", .source = "N.1.4", .need = MANDATORY, .format = FORMAT_LINE, .max_bytes = 240,
	.example = "\"ZZFDA_PREMKT\""},
    {.name = "batch_sent_at", .title = "Batch sent", .source = "N.1.5", .need = MANDATORY, .format = FORMAT_PART, .part = &part_when,
	.least = PRECISION_SECOND, .example = "{\"text\": \"20260410093000+0200\"}"},
    {.name = "message_id", .title = "Message", .source = "N.2.r.1", .need = MANDATORY, .format = FORMAT_LINE, .max_bytes = 400,
	.example = "\"US-ACME-2026-00417\""},
    {.name = "message_sender", .title = "Message sender", .source = "N.2.r.2", .need = MANDATORY, .format = FORMAT_LINE, .max_bytes = 240,
	.example = "\"ACMEPHARMA\""},
    {.name = "message_receiver", .title = "Message receiver", .source = "N.2.r.3", .need = MANDATORY, .format = FORMAT_LINE, .max_bytes = 240,
	.example = "\"CDER_IND\""},
    {.name = "message_created_at", .title = "Message made", .source = "N.2.r.4", .need = MANDATORY, .format = FORMAT_PART, .part = &part_when,
	.least = PRECISION_SECOND, .example = "{\"text\": \"20260410092700+0200\"}"},
};
static const struct catalogue_message part_transmission = {.descriptor = &consign__v1__icsr_transmission__descriptor, .title = "Transmission of a case",
    .says = "The batch and the message of E2B that the case travels in.", .fields = transmission_fields};

static const struct catalogue_field other_id_fields[] = {
    {.name = "source", .title = "Source", .source = "C.1.9.1.r.1", .need = MANDATORY, .format = FORMAT_LINE, .max_bytes = 400,
	.example = "\"NORDCRO\""},
    {.name = "id", .title = "Id", .source = "C.1.9.1.r.2", .format = FORMAT_LINE, .max_bytes = 400, .example = "\"NC-SAE-1007-3\""},
};
static const struct catalogue_rule other_id_rules[] = {
    {.id = "R0018", .says = "The source of another identifier comes with the identifier.", .kind = RULE_REQUIRED,
	.when = {"source", TEST_PRESENT, NULL}, .paths = {"id"}, .source = "FDA R0018; ICH E2B(R3) C.1.9.1.r.2"},
};
static const struct catalogue_message part_other_id = {.descriptor = &consign__v1__icsr_other_id__descriptor, .title = "Other identifier of a case",
    .says = "What another sender calls the case.", .fields = other_id_fields, CATALOGUE_RULES(other_id_rules)};

static const struct catalogue_field reporter_fields[] = {
    {.name = "title", .title = "Title", .source = "C.2.r.1.1", .format = FORMAT_PART, .part = &part_text, .may_be_null = true,
	.example = "{\"value\": \"Dr\"}"},
    {.name = "given_name", .title = "Given name", .source = "C.2.r.1.2", .format = FORMAT_PART, .part = &part_text, .may_be_null = true,
	.example = "{\"nullFlavor\": \"MSK\"}"},
    {.name = "family_name", .title = "Family name", .source = "C.2.r.1.4", .format = FORMAT_PART, .part = &part_text, .may_be_null = true,
	.example = "{\"nullFlavor\": \"MSK\"}"},
    {.name = "organisation", .title = "Organisation", .source = "C.2.r.2.1", .format = FORMAT_PART, .part = &part_text, .may_be_null = true,
	.example = "{\"value\": \"Riverside Hospital\"}"},
    {.name = "city", .title = "City", .source = "C.2.r.2.4", .format = FORMAT_PART, .part = &part_text, .may_be_null = true,
	.example = "{\"value\": \"Uppsala\"}"},
    {.name = "country", .title = "Country", .source = "C.2.r.3", .format = FORMAT_COUNTRY, .example = "\"SE\""},
    {.name = "qualification", .title = "Qualification", .source = "C.2.r.4", .format = FORMAT_CODE, .codes = &qualifications, .example = "\"1\""},
};
static const struct catalogue_message part_reporter = {.descriptor = &consign__v1__icsr_reporter__descriptor, .title = "Reporter of a case",
    .says = "Who told of it.", .fields = reporter_fields};

static const struct catalogue_field sender_fields[] = {
    {.name = "type", .title = "Type", .source = "C.3.1", .need = MANDATORY, .format = FORMAT_CODE, .codes = &senders, .example = "\"1\""},
    {.name = "organisation", .title = "Organisation", .source = "C.3.2", .format = FORMAT_LINE, .max_bytes = 400, .example = "\"Acme Pharma\""},
    {.name = "department", .title = "Department", .source = "C.3.3.1", .format = FORMAT_LINE, .max_bytes = 240, .example = "\"Drug Safety\""},
    {.name = "given_name", .title = "Given name", .source = "C.3.3.3", .format = FORMAT_LINE, .max_bytes = 240, .example = "\"Ines\""},
    {.name = "family_name", .title = "Family name", .source = "C.3.3.5", .format = FORMAT_LINE, .max_bytes = 240, .example = "\"Moreau\""},
    {.name = "country", .title = "Country", .source = "C.3.4.5", .format = FORMAT_COUNTRY, .example = "\"US\""},
    {.name = "email", .title = "E-mail", .source = "C.3.4.8", .format = FORMAT_LINE, .max_bytes = 400, .example = "\"safety@acme.example\""},
};
static const struct catalogue_message part_sender = {.descriptor = &consign__v1__icsr_sender__descriptor, .title = "Sender of a case",
    .says = "Who answers for this report.", .fields = sender_fields};

static const struct catalogue_field registration_fields[] = {
    {.name = "number", .title = "Number", .source = "C.5.1.r.1", .need = MANDATORY, .format = FORMAT_PART, .part = &part_text, .may_be_null = true,
	.example = "{\"value\": \"2025-500117-12-00\"}"},
    {.name = "country", .title = "Country", .source = "C.5.1.r.2", .format = FORMAT_COUNTRY, .example = "\"SE\""},
};
static const struct catalogue_message part_registration = {.descriptor = &consign__v1__icsr_registration__descriptor, .title = "Registration of a study",
    .says = "Where the study is registered.", .fields = registration_fields};

static const struct catalogue_field study_fields[] = {
    {.name = "registrations", .title = "Registered", .source = "C.5.1.r", .format = FORMAT_PART, .part = &part_registration, .max_count = 64},
    {.name = "name", .title = "Name", .source = "C.5.2", .format = FORMAT_PART, .part = &part_text, .may_be_null = true,
	.example = "{\"value\": \"ACME-301: ACM-17 against placebo\"}"},
    {.name = "number", .title = "Number at the sponsor", .source = "C.5.3", .format = FORMAT_PART, .part = &part_text, .may_be_null = true,
	.example = "{\"value\": \"ACME-301\"}"},
    {.name = "type", .title = "Type", .source = "C.5.4", .format = FORMAT_CODE, .codes = &study_types, .example = "\"1\""},
};
static const struct catalogue_message part_study = {.descriptor = &consign__v1__icsr_study__descriptor, .title = "Study of a case",
    .says = "The study that the case comes from.", .fields = study_fields};

static const struct catalogue_field history_fields[] = {
    {MEDDRA_VERSION("D.7.1.r.1a")},
    {MEDDRA_CODE("D.7.1.r.1b", "10020772")},
    {.name = "started_at", .title = "Started", .source = "D.7.1.r.2", .format = FORMAT_PART, .part = &part_when, .may_be_null = true,
	.least = PRECISION_YEAR, .example = "{\"text\": \"2019\"}"},
    {.name = "continuing", .title = "Still going on", .source = "D.7.1.r.3", .format = FORMAT_CODE, .codes = &continuings, .example = "\"true\""},
    {.name = "ended_at", .title = "Ended", .source = "D.7.1.r.4", .format = FORMAT_PART, .part = &part_when, .may_be_null = true,
	.least = PRECISION_YEAR, .example = "{\"nullFlavor\": \"NASK\"}"},
    {.name = "comments", .title = "Comments", .source = "D.7.1.r.5", .format = FORMAT_PROSE, .max_bytes = 4000, .example = "\"treated by diet\""},
    {.name = "family", .title = "In the family", .source = "D.7.1.r.6", .format = FORMAT_FLAG, .example = "true"},
};
static const struct catalogue_rule history_rules[] = {MEDDRA_PAIR("R0033", "R0034")};
static const struct catalogue_message part_history = {.descriptor = &consign__v1__icsr_history__descriptor, .title = "Medical history",
    .says = "A disease, operation or other condition of before.", .fields = history_fields, CATALOGUE_RULES(history_rules)};

static const struct catalogue_field reported_cause_fields[] = {
    {MEDDRA_VERSION("D.9.2.r.1a")},
    {MEDDRA_CODE("D.9.2.r.1b", "10007515")},
    {.name = "text", .title = "In words", .source = "D.9.2.r.2", .format = FORMAT_LINE, .max_bytes = 1000, .example = "\"cardiac arrest\""},
};
static const struct catalogue_rule reported_cause_rules[] = {
    MEDDRA_PAIR("R0042", "R0043"),
    {.id = "R0044", .says = "A coded cause of death also stands in words.", .kind = RULE_REQUIRED, .when = {"meddra_code", TEST_PRESENT, NULL},
	.paths = {"text"}, .source = "FDA R0044"},
};
static const struct catalogue_message part_reported_cause = {.descriptor = &consign__v1__icsr_cause__descriptor, .title = "Reported cause of death",
    .says = "What the reporter says.", .fields = reported_cause_fields, CATALOGUE_RULES(reported_cause_rules)};

static const struct catalogue_field autopsy_cause_fields[] = {
    {MEDDRA_VERSION("D.9.4.r.1a")},
    {MEDDRA_CODE("D.9.4.r.1b", "10028596")},
    {.name = "text", .title = "In words", .source = "D.9.4.r.2", .format = FORMAT_LINE, .max_bytes = 1000, .example = "\"myocardial infarction\""},
};
static const struct catalogue_rule autopsy_cause_rules[] = {
    MEDDRA_PAIR("R0046", "R0047"),
    {.id = "R0048", .says = "A coded cause of death also stands in words.", .kind = RULE_REQUIRED, .when = {"meddra_code", TEST_PRESENT, NULL},
	.paths = {"text"}, .source = "FDA R0048"},
};
static const struct catalogue_message part_autopsy_cause = {.descriptor = &consign__v1__icsr_cause__descriptor, .title = "Cause of death by autopsy",
    .says = "What the autopsy found.", .fields = autopsy_cause_fields, CATALOGUE_RULES(autopsy_cause_rules)};

static const struct catalogue_field death_fields[] = {
    {.name = "died_at", .title = "Died", .source = "D.9.1", .format = FORMAT_PART, .part = &part_when, .may_be_null = true, .least = PRECISION_YEAR,
	.example = "{\"text\": \"20260409\"}"},
    {.name = "reported_causes", .title = "Reported cause", .source = "D.9.2.r", .format = FORMAT_PART, .part = &part_reported_cause, .max_count = 32},
    {.name = "autopsy", .title = "Autopsy", .source = "D.9.3", .format = FORMAT_CODE, .codes = &autopsies, .example = "\"true\""},
    {.name = "autopsy_causes", .title = "Cause by autopsy", .source = "D.9.4.r", .format = FORMAT_PART, .part = &part_autopsy_cause, .max_count = 32},
};
static const struct catalogue_message part_death = {.descriptor = &consign__v1__icsr_death__descriptor, .title = "Death", .says = "When and of what the patient died.",
    .fields = death_fields};

static const struct catalogue_field patient_fields[] = {
    {.name = "name", .title = "Name or initials", .source = "D.1", .need = MANDATORY, .format = FORMAT_PART, .part = &part_text, .may_be_null = true,
	.example = "{\"nullFlavor\": \"MSK\"}",
	.help = "Withheld for privacy (MSK), as a rule. AGGREGATE and SUMMARY stand for more than one patient."},
    {.name = "investigation_number", .title = "Subject", .source = "D.1.1.4", .format = FORMAT_PART, .part = &part_text, .may_be_null = true,
	.example = "{\"value\": \"ACME-301-101-1007\"}", .help = "The coded identifier."},
    {.name = "birth_date", .title = "Born", .source = "D.2.1", .format = FORMAT_PART, .part = &part_when, .may_be_null = true, .least = PRECISION_DAY,
	.example = "{\"nullFlavor\": \"MSK\"}"},
    {.name = "age", .title = "Age at onset", .source = "D.2.2a, D.2.2b (R0029, R0030)", .format = FORMAT_PART, .part = &part_quantity, .lo = "0",
	.example = "{\"value\": \"61\", \"unit\": \"a\"}"},
    {.name = "gestation", .title = "Gestation of the foetus", .source = "D.2.2.1a, D.2.2.1b (R0031, R0032)", .format = FORMAT_PART,
	.part = &part_quantity, .lo = "0", .example = "{\"value\": \"24\", \"unit\": \"wk\"}"},
    {.name = "age_group", .title = "Age group", .source = "D.2.3", .format = FORMAT_CODE, .codes = &age_groups, .example = "\"5\""},
    {.name = "weight", .title = "Weight", .source = "D.3", .format = FORMAT_PART, .part = &part_quantity, .lo = "0", .unit = "kg",
	.example = "{\"value\": \"71.5\", \"unit\": \"kg\"}"},
    {.name = "height", .title = "Height", .source = "D.4", .format = FORMAT_PART, .part = &part_quantity, .lo = "0", .unit = "cm",
	.example = "{\"value\": \"168\", \"unit\": \"cm\"}"},
    {.name = "sex", .title = "Sex", .source = "D.5", .format = FORMAT_CODE, .codes = &sexes, .example = "\"2\""},
    {.name = "last_menses", .title = "Last menstrual period", .source = "D.6", .format = FORMAT_PART, .part = &part_when, .may_be_null = true,
	.least = PRECISION_YEAR, .example = "{\"nullFlavor\": \"NASK\"}"},
    {.name = "history", .title = "Medical history", .source = "D.7.1.r", .format = FORMAT_PART, .part = &part_history, .max_count = 64},
    {.name = "history_text", .title = "Medical history in words", .source = "D.7.2", .format = FORMAT_PROSE, .max_bytes = 10000,
	.example = "\"Hypertension since 2019.\""},
    {.name = "history_text_null", .title = "Medical history missing because", .source = "D.7.2", .format = FORMAT_CODE,
	.codes = &codes_null_flavor, .example = "\"UNK\""},
    {.name = "concomitant_therapies", .title = "Other therapies", .source = "D.7.3", .format = FORMAT_FLAG, .example = "true"},
    {.name = "death", .title = "Death", .source = "D.9", .format = FORMAT_PART, .part = &part_death},
};
static const struct catalogue_message part_patient = {.descriptor = &consign__v1__icsr_patient__descriptor, .title = "Patient",
    .says = "Whom it happened to, without telling who that is.", .fields = patient_fields};

#define CRITERION(field, words, element)                                                                                                          \
	{.name = field, .title = words, .source = element, .need = MANDATORY, .format = FORMAT_CODE, .codes = &yes_ni, .example = "\"NI\""}

static const struct catalogue_field reaction_fields[] = {
    {.name = "id", .title = "Id", .need = MANDATORY, .format = FORMAT_ID, .example = "\"r1\"",
	.help = "Within this case: what a drug's assessment points at."},
    {.name = "native_text", .title = "In the reporter's language", .source = "E.i.1.1a", .format = FORMAT_LINE, .max_bytes = 1000,
	.example = "\"oregelbunden hjärtrytm\""},
    {.name = "native_language", .title = "Language", .source = "E.i.1.1b", .format = FORMAT_ID, .max_bytes = 16, .example = "\"swe\"",
	.help = "Three letters of ISO 639-2."},
    {.name = "translation", .title = "Translated", .source = "E.i.1.2", .format = FORMAT_LINE, .max_bytes = 1000, .example = "\"irregular heartbeat\""},
    {MEDDRA_VERSION("E.i.2.1a"), .need = MANDATORY},
    {MEDDRA_CODE("E.i.2.1b", "10003658"), .need = MANDATORY},
    {.name = "highlighted", .title = "Highlighted", .source = "E.i.3.1", .format = FORMAT_CODE, .codes = &highlights, .example = "\"3\""},
    CRITERION("results_in_death", "Results in death", "E.i.3.2a"),
    {.name = "life_threatening", .title = "Life-threatening", .source = "E.i.3.2b", .need = MANDATORY, .format = FORMAT_CODE,
	.codes = &yes_ni, .example = "\"true\""},
    {.name = "hospitalisation", .title = "Hospitalisation", .source = "E.i.3.2c", .need = MANDATORY, .format = FORMAT_CODE, .codes = &yes_ni,
	.example = "\"true\""},
    CRITERION("disabling", "Disabling", "E.i.3.2d"),
    CRITERION("congenital_anomaly", "Congenital anomaly", "E.i.3.2e"),
    CRITERION("medically_important", "Other medically important condition", "E.i.3.2f"),
    {.name = "started_at", .title = "Started", .source = "E.i.4", .format = FORMAT_PART, .part = &part_when, .may_be_null = true,
	.least = PRECISION_YEAR, .example = "{\"text\": \"20260402\"}"},
    {.name = "ended_at", .title = "Ended", .source = "E.i.5", .format = FORMAT_PART, .part = &part_when, .may_be_null = true, .least = PRECISION_YEAR,
	.example = "{\"text\": \"20260405\"}"},
    {.name = "duration", .title = "Duration", .source = "E.i.6a, E.i.6b (R0059, R0060)", .format = FORMAT_PART, .part = &part_quantity, .lo = "0",
	.example = "{\"value\": \"3\", \"unit\": \"d\"}"},
    {.name = "outcome", .title = "Outcome", .source = "E.i.7", .need = MANDATORY, .format = FORMAT_CODE, .codes = &outcomes, .example = "\"1\""},
    {.name = "confirmed", .title = "Confirmed by a health professional", .source = "E.i.8", .format = FORMAT_FLAG, .example = "true"},
    {.name = "country", .title = "Country", .source = "E.i.9", .format = FORMAT_COUNTRY, .example = "\"SE\""},
};
static const struct catalogue_rule reaction_rules[] = {
    {.id = "R0058", .says = "A text in another language says in which.", .kind = RULE_REQUIRED, .when = {"native_text", TEST_PRESENT, NULL},
	.paths = {"native_language"}, .source = "FDA R0058; ICH E2B(R3) E.i.1.1b"},
};
static const struct catalogue_message part_reaction = {.descriptor = &consign__v1__icsr_reaction__descriptor, .title = "Reaction",
    .says = "What happened: the term, why it is serious, how it ended.", .fields = reaction_fields, CATALOGUE_RULES(reaction_rules)};

static const struct catalogue_field test_fields[] = {
    {.name = "tested_at", .title = "Tested", .source = "F.r.1", .format = FORMAT_PART, .part = &part_when, .may_be_null = true, .least = PRECISION_YEAR,
	.example = "{\"text\": \"20260403\"}"},
    {.name = "name", .title = "Test", .source = "F.r.2.1", .format = FORMAT_LINE, .max_bytes = 1000, .example = "\"Potassium\""},
    {MEDDRA_VERSION("F.r.2.2a")},
    {MEDDRA_CODE("F.r.2.2b", "10005724")},
    {.name = "result_code", .title = "Result, coded", .source = "F.r.3.1", .format = FORMAT_CODE, .codes = &results, .example = "\"1\""},
    {.name = "result", .title = "Result", .source = "F.r.3.2, F.r.3.3 (R0067)", .format = FORMAT_PART, .part = &part_quantity,
	.example = "{\"value\": \"6.4\", \"unit\": \"mmol/L\"}"},
    {.name = "result_text", .title = "Result in words", .source = "F.r.3.4", .format = FORMAT_PROSE, .max_bytes = 4000, .example = "\"no haemolysis\""},
    {.name = "normal_low", .title = "Normal from", .source = "F.r.4", .format = FORMAT_LINE, .max_bytes = 200, .example = "\"3.5\""},
    {.name = "normal_high", .title = "Normal to", .source = "F.r.5", .format = FORMAT_LINE, .max_bytes = 200, .example = "\"5.1\""},
    {.name = "comments", .title = "Comments", .source = "F.r.6", .format = FORMAT_PROSE, .max_bytes = 4000, .example = "\"repeated the same day\""},
    {.name = "more_available", .title = "More available", .source = "F.r.7", .format = FORMAT_FLAG, .example = "false"},
};
static const struct catalogue_rule test_rules[] = {
    {.id = "R0061", .says = "A test that is named or coded has a date.", .kind = RULE_REQUIRED, .when = {"name", TEST_PRESENT, NULL},
	.paths = {"tested_at"}, .source = "FDA R0061"},
    {.id = "R0061", .says = "A test that is named or coded has a date.", .kind = RULE_REQUIRED, .when = {"meddra_code", TEST_PRESENT, NULL},
	.paths = {"tested_at"}, .source = "FDA R0061"},
    {.id = "R0062", .says = "A test on a date has a name or a code.", .kind = RULE_REQUIRED, .when = {"tested_at", TEST_PRESENT, NULL},
	.and_when = {"meddra_code", TEST_ABSENT, NULL}, .paths = {"name"}, .source = "FDA R0062, R0064"},
    {.id = "R0063", .says = "A MedDRA code comes with its version.", .kind = RULE_REQUIRED, .when = {"meddra_code", TEST_PRESENT, NULL},
	.paths = {"meddra_version"}, .source = "FDA R0063"},
    {.id = "R0065", .says = "A coded test has a result: as a code, a value or in words.", .kind = RULE_SOME,
	.when = {"meddra_code", TEST_PRESENT, NULL},
	.paths = {"result_code", "result", "result_text"}, .source = "FDA R0065, R0066, R0068"},
};
static const struct catalogue_message part_test = {.descriptor = &consign__v1__icsr_test__descriptor, .title = "Test",
    .says = "A test or procedure that tells of the reaction.", .fields = test_fields, CATALOGUE_RULES(test_rules)};

static const struct catalogue_field diagnosis_fields[] = {{MEDDRA_VERSION("H.3.r.1a")}, {MEDDRA_CODE("H.3.r.1b", "10003658")}};
static const struct catalogue_rule diagnosis_rules[] = {MEDDRA_PAIR("R0097", "R0098")};
static const struct catalogue_message part_diagnosis = {.descriptor = &consign__v1__icsr_diagnosis__descriptor, .title = "Diagnosis of the sender",
    .says = "What the sender takes the reactions together for.", .fields = diagnosis_fields, CATALOGUE_RULES(diagnosis_rules)};

static const struct catalogue_field summary_fields[] = {
    {.name = "text", .title = "Text", .source = "H.5.r.1a", .format = FORMAT_PROSE, .max_bytes = 10000,
	.example = "\"Inlagd dag 33, sinusrytm dag 35.\""},
    {.name = "language", .title = "Language", .source = "H.5.r.1b", .format = FORMAT_ID, .max_bytes = 16, .example = "\"swe\"",
	.help = "Three letters of ISO 639-2."},
};
static const struct catalogue_rule summary_rules[] = {
    {.id = "R0099", .says = "A text in another language says in which.", .kind = RULE_REQUIRED, .when = {"text", TEST_PRESENT, NULL},
	.paths = {"language"}, .source = "FDA R0099; ICH E2B(R3) H.5.r.1b"},
};
static const struct catalogue_message part_summary = {.descriptor = &consign__v1__icsr_summary__descriptor, .title = "Summary in another language",
    .says = "The case in the language that it was told in.", .fields = summary_fields, CATALOGUE_RULES(summary_rules)};

#define US_FIELDS(type)                                                                                                                           \
	{.name = "report_type", .title = "Local report type", .source = "FDA.C.1.7.1", .need = MANDATORY, .format = FORMAT_CODE, .codes = &us_types,  \
	    .example = "\"" type "\""},                                                                                                           \
	{.name = "combination_product", .title = "Combination product", .source = "FDA.C.1.12", .need = MANDATORY, .format = FORMAT_CODE,         \
	    .codes = &yes_no_ni, .example = "\"false\""}

static const struct catalogue_field us_postmarket_fields[] = {US_FIELDS("1")};
static const struct catalogue_message part_us_postmarket = {.descriptor = &consign__v1__icsr_us_postmarket__descriptor, .title = "FDA, product on the market",
    .says = "What FDA asks of a report on a product on the market.", .fields = us_postmarket_fields};

static const struct catalogue_field us_premarket_fields[] = {
    US_FIELDS("6"),
    {.name = "ind_number", .title = "IND", .source = "FDA.C.5.5a", .format = FORMAT_ID, .max_bytes = 10, .example = "\"123456\""},
    {.name = "pre_anda_number", .title = "Pre-ANDA", .source = "FDA.C.5.5b", .format = FORMAT_ID, .max_bytes = 10, .example = "\"234567\""},
    {.name = "cross_reported", .title = "Cross-reported IND", .source = "FDA.C.5.6.r", .format = FORMAT_PART, .part = &part_text,
	.may_be_null = true, .max_count = 64, .example = "{\"nullFlavor\": \"NA\"}", .help = "NA: there is no other."},
};
static const struct catalogue_message part_us_premarket = {.descriptor = &consign__v1__icsr_us_premarket__descriptor, .title = "FDA, product under study",
    .says = "What FDA asks of a report from a study under an IND, or one that needs none.", .fields = us_premarket_fields};

/* ── the case ── */

static const struct catalogue_field fields[] = {
    CATALOGUE_EVENT_FIELD,
    {.name = "transmission", .title = "Transmission", .source = "N.1, N.2.r", .format = FORMAT_PART, .part = &part_transmission,
	.help = "Exists once the case is to be sent as E2B."},
    {.name = "case_id", .title = "Case", .source = "C.1.1", .need = MANDATORY, .format = FORMAT_CASE_ID, .example = "\"US-ACME-2026-00417\"",
	.help = "What this sender calls it."},
    {.name = "created_at", .title = "Made", .source = "C.1.2", .need = MANDATORY, .format = FORMAT_PART, .part = &part_when, .least = PRECISION_SECOND,
	.example = "{\"text\": \"20260410092700+0200\"}"},
    {.name = "report_type", .title = "Type of report", .source = "C.1.3", .need = MANDATORY, .format = FORMAT_CODE, .codes = &report_types,
	.example = "\"2\""},
    {.name = "received_at", .title = "First received", .source = "C.1.4", .need = MANDATORY, .format = FORMAT_PART, .part = &part_when,
	.least = PRECISION_DAY, .example = "{\"text\": \"20260403\"}", .help = "Day 0 of the clocks."},
    {.name = "updated_at", .title = "Latest news", .source = "C.1.5", .need = MANDATORY, .format = FORMAT_PART, .part = &part_when,
	.least = PRECISION_DAY, .example = "{\"text\": \"20260409\"}"},
    {.name = "has_documents", .title = "Documents available", .source = "C.1.6.1", .need = MANDATORY, .format = FORMAT_FLAG, .example = "true"},
    {.name = "documents", .title = "Document", .source = "C.1.6.1.r.1", .format = FORMAT_PROSE, .max_bytes = 4000, .max_count = 32,
	.example = "\"discharge letter\""},
    {.name = "expedited", .title = "Expedited", .source = "C.1.7", .need = MANDATORY, .format = FORMAT_CODE, .codes = &yes_no_ni,
	.example = "\"true\""},
    {.name = "first_received_r2", .title = "First received in E2B(R2)", .format = FORMAT_FLAG, .example = "false",
	.help = "Only then may C.1.7 be NI."},
    {.name = "worldwide_id", .title = "Worldwide case", .source = "C.1.8.1", .need = MANDATORY, .format = FORMAT_CASE_ID,
	.example = "\"US-ACME-2026-00417\"", .help = "The same wherever the case goes."},
    {.name = "first_sender", .title = "First sender", .source = "C.1.8.2", .need = MANDATORY, .format = FORMAT_CODE, .codes = &first_senders,
	.example = "\"2\""},
    {.name = "has_other_ids", .title = "Other identifiers", .source = "C.1.9.1", .need = MANDATORY, .format = FORMAT_CODE, .codes = &yes_ni,
	.example = "\"true\""},
    {.name = "other_ids", .title = "Other identifier", .source = "C.1.9.1.r", .format = FORMAT_PART, .part = &part_other_id, .max_count = 32},
    {.name = "linked_reports", .title = "Linked report", .source = "C.1.10.r", .format = FORMAT_LINE, .max_bytes = 400, .max_count = 64,
	.example = "\"US-ACME-2026-00398\""},
    {.name = "revision", .title = "Nullification or amendment", .source = "C.1.11.1", .format = FORMAT_CODE, .codes = &revisions, .example = "\"2\""},
    {.name = "revision_reason", .title = "Reason of it", .source = "C.1.11.2", .format = FORMAT_PROSE, .max_bytes = 4000,
	.example = "\"outcome was coded wrong\""},
    {.name = "primary_reporter", .title = "Primary reporter", .source = "C.2.r with C.2.r.5 = 1 (R0021)", .need = MANDATORY,
	.format = FORMAT_PART, .part = &part_reporter, .help = "The one reporter who counts for the authority; a case has exactly one."},
    {.name = "other_reporters", .title = "Other reporter", .source = "C.2.r", .format = FORMAT_PART, .part = &part_reporter, .max_count = 16},
    {.name = "sender", .title = "Sender", .source = "C.3", .need = MANDATORY, .format = FORMAT_PART, .part = &part_sender},
    {.name = "literature", .title = "Literature", .source = "C.4.r.1", .format = FORMAT_LINE, .max_bytes = 2000, .max_count = 16,
	.example = "\"Okafor R. A case of arrhythmia. 2026.\""},
    {.name = "study", .title = "Study", .source = "C.5", .format = FORMAT_PART, .part = &part_study},
    {.name = "patient", .title = "Patient", .source = "D", .need = MANDATORY, .format = FORMAT_PART, .part = &part_patient},
    {.name = "reactions", .title = "Reaction", .source = "E.i", .need = MANDATORY, .format = FORMAT_PART, .part = &part_reaction, .max_count = 64},
    {.name = "tests", .title = "Test", .source = "F.r", .format = FORMAT_PART, .part = &part_test, .max_count = 128},
    {.name = "drugs", .title = "Drug", .source = "G.k", .need = MANDATORY, .format = FORMAT_PART, .part = &part_icsr_drug, .max_count = 64},
    {.name = "narrative", .title = "Narrative", .source = "H.1", .need = MANDATORY, .format = FORMAT_PROSE, .max_bytes = 32000,
	.example = "\"A woman of 61 had an irregular heartbeat on day 32 of a blinded study and was in hospital for two days.\"",
	.help = "A longer one is cut to a summary here, and stands whole in the attached original."},
    {.name = "reporter_comments", .title = "Reporter's comments", .source = "H.2", .format = FORMAT_PROSE, .max_bytes = 10000,
	.example = "\"no earlier episodes\""},
    {.name = "diagnoses", .title = "Sender's diagnosis", .source = "H.3.r", .format = FORMAT_PART, .part = &part_diagnosis, .max_count = 32},
    {.name = "sender_comments", .title = "Sender's comments", .source = "H.4", .format = FORMAT_PROSE, .max_bytes = 10000,
	.example = "\"unexpected; a cause cannot be excluded\""},
    {.name = "native_summaries", .title = "Summary in another language", .source = "H.5.r", .format = FORMAT_PART, .part = &part_summary,
	.max_count = 8},
    {.name = "us_postmarket", .title = "FDA, on the market", .source = "FDA", .format = FORMAT_PART, .part = &part_us_postmarket},
    {.name = "us_premarket", .title = "FDA, under study", .source = "FDA", .format = FORMAT_PART, .part = &part_us_premarket},
};

#define REACTION_R1                                                                                                                               \
	"{\"id\": \"r1\", \"meddraVersion\": \"28.1\", \"meddraCode\": \"10003658\", \"resultsInDeath\": \"NI\", \"lifeThreatening\": \"NI\", "            \
	"\"hospitalisation\": \"true\", \"disabling\": \"NI\", \"congenitalAnomaly\": \"NI\", \"medicallyImportant\": \"NI\", \"outcome\": \"1\"}"
#define TO_CDER "\"transmission\": {\"batchReceiver\": \"ZZFDA\", \"messageReceiver\": \"CDER\"}"
#define ON_MARKET(type, combination)                                                                                                              \
	TO_CDER ", \"usPremarket\": null, \"usPostmarket\": {\"reportType\": \"" type "\", \"combinationProduct\": \"" combination "\"}"

/* Receivers CDER_IND, CBER_IND and CDER_IND_EXEMPT_BA_BE exist behind FDA's premarket gateway only: where FDA also names N.1.4, and three
   conditions would be needed, N.2.r.3 stands for both. */
static const struct catalogue_rule rules[] = {
    {.id = "safety.icsr.transmission", .says = "A case that goes out, or was answered, has the batch and message that it travels in.", .kind = RULE_REQUIRED,
	.when = {"event.state", TEST_IS, "reportable|submitted|ack_positive|ack_negative"}, .paths = {"transmission"},
	.source = "ICH E2B(R3) N.1, N.2.r", .breaks = "{\"event\": {\"state\": \"submitted\"}, \"transmission\": null}"},
    {.id = "R0006", .says = "FDA's postmarket gateway delivers to CDER.", .kind = RULE_VALUE, .when = {"transmission.batch_receiver", TEST_IS, "ZZFDA"},
	.paths = {"transmission.message_receiver"}, .values = "CDER", .source = "FDA R0006",
	.breaks = "{\"transmission\": {\"batchReceiver\": \"ZZFDA\"}}"},
    {.id = "R0007", .says = "FDA's premarket gateway delivers to CDER_IND, CBER_IND or CDER_IND_EXEMPT_BA_BE.", .kind = RULE_VALUE,
	.when = {"transmission.batch_receiver", TEST_IS, "ZZFDA_PREMKT"}, .paths = {"transmission.message_receiver"},
	.values = "CDER_IND|CBER_IND|CDER_IND_EXEMPT_BA_BE", .source = "FDA R0007", .breaks = "{\"transmission\": {\"messageReceiver\": \"CDER\"}}"},
    {.id = "R0009", .says = "Documents that are available are named.", .kind = RULE_REQUIRED, .when = {"has_documents", TEST_IS, "true"},
	.paths = {"documents"}, .source = "FDA R0009; ICH E2B(R3) C.1.6.1.r.1", .breaks = "{\"documents\": null}"},
    {.id = "R0011", .says = "Whether a case is expedited is yes or no, unless it was first received in E2B(R2).", .kind = RULE_SOME,
	.when = {"expedited", TEST_IS, "NI"}, .paths = {"first_received_r2"}, .source = "FDA R0011; ICH E2B(R3) C.1.7",
	.breaks = "{\"expedited\": \"NI\"}"},
    {.id = "R0012", .says = "An expedited report on a combination product is due within 15 or 5 days: 1 or 4.", .kind = RULE_VALUE,
	.when = {"us_postmarket.combination_product", TEST_IS, "true"}, .and_when = {"expedited", TEST_IS, "true"},
	.paths = {"us_postmarket.report_type"}, .values = "1|4", .source = "FDA R0012", .breaks = "{" ON_MARKET("2", "true") "}"},
    {.id = "R0013", .says = "A report on a combination product that is not expedited is 2 or 5.", .kind = RULE_VALUE,
	.when = {"us_postmarket.combination_product", TEST_IS, "true"}, .and_when = {"expedited", TEST_IS, "false|NI"},
	.paths = {"us_postmarket.report_type"},
	.values = "2|5", .source = "FDA R0013", .breaks = "{\"expedited\": \"false\", " ON_MARKET("1", "true") "}"},
    {.id = "R0014", .says = "An expedited report on any other product is due within 15 days: 1.", .kind = RULE_VALUE,
	.when = {"us_postmarket.combination_product", TEST_IS, "false|NI"}, .and_when = {"expedited", TEST_IS, "true"},
	.paths = {"us_postmarket.report_type"}, .values = "1", .source = "FDA R0014", .breaks = "{" ON_MARKET("4", "false") "}"},
    {.id = "R0015", .says = "A report on any other product that is not expedited is 2.", .kind = RULE_VALUE,
	.when = {"us_postmarket.combination_product", TEST_IS, "false|NI"}, .and_when = {"expedited", TEST_IS, "false|NI"},
	.paths = {"us_postmarket.report_type"},
	.values = "2", .source = "FDA R0015", .breaks = "{\"expedited\": \"false\", " ON_MARKET("5", "NI") "}"},
    {.id = "R0016", .says = "An expedited report before the market is due within 15 or 7 days: 1 or 6.", .kind = RULE_VALUE,
	.when = {"expedited", TEST_IS, "true"},
	.and_when = {"report_type", TEST_IS, "1|2"}, .paths = {"us_premarket.report_type"}, .values = "1|6", .source = "FDA R0016",
	.breaks = "{\"usPremarket\": {\"reportType\": \"2\"}}"},
    {.id = "R0017", .says = "Other identifiers that exist are given.", .kind = RULE_REQUIRED, .when = {"has_other_ids", TEST_IS, "true"},
	.paths = {"other_ids"}, .source = "FDA R0017; ICH E2B(R3) C.1.9.1.r.1", .breaks = "{\"otherIds\": null}"},
    {.id = "R0019", .says = "The primary reporter has a country.", .kind = RULE_REQUIRED, .when = {"primary_reporter", TEST_PRESENT, NULL},
	.paths = {"primary_reporter.country"}, .source = "FDA R0019; ICH E2B(R3) C.2.r.3", .breaks = "{\"primaryReporter\": {\"country\": null}}"},
    {.id = "R0020", .says = "The primary reporter has a qualification; UNK is one.", .kind = RULE_REQUIRED,
	.when = {"primary_reporter", TEST_PRESENT, NULL},
	.paths = {"primary_reporter.qualification"}, .source = "FDA R0020; ICH E2B(R3) C.2.r.4",
	.breaks = "{\"primaryReporter\": {\"qualification\": null}}"},
    {.id = "R0022", .says = "A sender who is no patient has an organisation.", .kind = RULE_REQUIRED, .when = {"sender.type", TEST_IS, "1|2|3|4|5|6"},
	.paths = {"sender.organisation"}, .source = "FDA R0022; ICH E2B(R3) C.3.2", .breaks = "{\"sender\": {\"organisation\": null}}"},
    {.id = "R0023", .says = "A report from a study says what type of study.", .kind = RULE_REQUIRED, .when = {"report_type", TEST_IS, "2"},
	.paths = {"study.type"}, .source = "FDA R0023; ICH E2B(R3) C.5.4", .breaks = "{\"study\": {\"type\": null}}"},
    {.id = "R0024", .says = "A report to an IND centre has the IND.", .kind = RULE_REQUIRED,
	.when = {"transmission.message_receiver", TEST_IS, "CDER_IND|CBER_IND"},
	.and_when = {"report_type", TEST_IS, "1|2"}, .paths = {"us_premarket.ind_number"}, .source = "FDA R0024",
	.breaks = "{\"usPremarket\": {\"indNumber\": null}}"},
    {.id = "R0025", .says = "A report from a study that needs no IND has the pre-ANDA number.", .kind = RULE_REQUIRED,
	.when = {"transmission.message_receiver", TEST_IS, "CDER_IND_EXEMPT_BA_BE"}, .and_when = {"report_type", TEST_IS, "2"},
	.paths = {"us_premarket.pre_anda_number"}, .source = "FDA R0025",
	.breaks = "{\"transmission\": {\"messageReceiver\": \"CDER_IND_EXEMPT_BA_BE\"}, \"usPremarket\": {\"preAndaNumber\": null}}"},
    {.id = "R0026", .says = "An IND comes with the INDs that are reported beside it, or NA.", .kind = RULE_REQUIRED,
	.when = {"us_premarket.ind_number", TEST_PRESENT, NULL},
	.and_when = {"transmission.batch_receiver", TEST_IS, "ZZFDA_PREMKT"}, .paths = {"us_premarket.cross_reported"}, .source = "FDA R0026",
	.breaks = "{\"usPremarket\": {\"crossReported\": null}}"},
    {.id = "R0035", .says = "Without coded medical history there is a text, or why there is none.", .kind = RULE_SOME,
	.when = {"patient.history", TEST_ABSENT, NULL},
	.paths = {"patient.history_text", "patient.history_text_null"}, .source = "FDA R0035; ICH E2B(R3) D.7.2",
	.breaks = "{\"patient\": {\"history\": null, \"historyText\": null}}"},
    {.id = "R0045", .says = "With a date of death it is said whether there was an autopsy.", .kind = RULE_REQUIRED,
	.when = {"patient.death.died_at", TEST_PRESENT, NULL},
	.paths = {"patient.death.autopsy"}, .source = "FDA R0045; ICH E2B(R3) D.9.3", .breaks = "{\"patient\": {\"death\": {\"autopsy\": null}}}"},
    {.id = "R0103", .says = "A spontaneous report to CDER has no type of study.", .kind = RULE_FORBIDDEN, .when = {"report_type", TEST_IS, "1"},
	.and_when = {"transmission.message_receiver", TEST_IS, "CDER"}, .paths = {"study.type"}, .source = "FDA R0103",
	.breaks = "{\"reportType\": \"1\", " ON_MARKET("1", "false") "}"},
    {.id = "R0107", .says = "A report on a product on the market has no IND.", .kind = RULE_FORBIDDEN,
	.when = {"transmission.batch_receiver", TEST_IS, "ZZFDA"},
	.and_when = {"transmission.message_receiver", TEST_IS, "CDER|CBER"}, .paths = {"us_premarket.ind_number"}, .source = "FDA R0107",
	.breaks = "{" TO_CDER ", \"usPremarket\": {\"preAndaNumber\": null, \"crossReported\": null}}"},
    {.id = "R0108", .says = "A report on a product on the market has no pre-ANDA number.", .kind = RULE_FORBIDDEN,
	.when = {"transmission.batch_receiver", TEST_IS, "ZZFDA"},
	.and_when = {"transmission.message_receiver", TEST_IS, "CDER|CBER"}, .paths = {"us_premarket.pre_anda_number"}, .source = "FDA R0108",
	.breaks = "{" TO_CDER ", \"usPremarket\": {\"indNumber\": null, \"crossReported\": null}}"},
    {.id = "R0109", .says = "A report on a product on the market has no cross-reported IND.", .kind = RULE_FORBIDDEN,
	.when = {"transmission.batch_receiver", TEST_IS, "ZZFDA"}, .and_when = {"transmission.message_receiver", TEST_IS, "CDER|CBER"},
	.paths = {"us_premarket.cross_reported"}, .source = "FDA R0109",
	.breaks = "{" TO_CDER ", \"usPremarket\": {\"indNumber\": null, \"preAndaNumber\": null}}"},
    {.id = "R0111", .says = "A report that needs no IND is one from a study.", .kind = RULE_VALUE,
	.when = {"transmission.batch_receiver", TEST_IS, "ZZFDA_PREMKT"},
	.and_when = {"transmission.message_receiver", TEST_IS, "CDER_IND_EXEMPT_BA_BE"}, .paths = {"report_type"}, .values = "2", .source = "FDA R0111",
	.breaks = "{\"reportType\": \"3\", \"transmission\": {\"messageReceiver\": \"CDER_IND_EXEMPT_BA_BE\"}}"},
    {.id = "R0112", .says = "A report to an IND centre is spontaneous or from a study.", .kind = RULE_VALUE,
	.when = {"transmission.batch_receiver", TEST_IS, "ZZFDA_PREMKT"},
	.and_when = {"transmission.message_receiver", TEST_IS, "CDER_IND|CBER_IND"}, .paths = {"report_type"}, .values = "1|2", .source = "FDA R0112",
	.breaks = "{\"reportType\": \"3\"}"},
    {.id = "R0113", .says = "A spontaneous report to an IND centre has no type of study.", .kind = RULE_FORBIDDEN,
	.when = {"report_type", TEST_IS, "1"},
	.and_when = {"transmission.message_receiver", TEST_IS, "CDER_IND|CBER_IND"}, .paths = {"study.type"}, .source = "FDA R0113",
	.breaks = "{\"reportType\": \"1\"}"},
    {.id = "safety.icsr.us-route", .says = "A case goes to FDA by one route.", .kind = RULE_FORBIDDEN, .when = {"us_premarket", TEST_PRESENT, NULL},
	.paths = {"us_postmarket"}, .breaks = "{\"usPostmarket\": {\"reportType\": \"1\", \"combinationProduct\": \"false\"}}"},
    {.id = "safety.icsr.revision-reason", .says = "A nullification or amendment says why.", .kind = RULE_REQUIRED,
	.when = {"revision", TEST_PRESENT, NULL},
	.paths = {"revision_reason"}, .source = "ICH E2B(R3) C.1.11.2", .breaks = "{\"revisionReason\": null}"},
    {.id = "safety.icsr.revision", .says = "A nullified or amended case is marked as one.", .kind = RULE_REQUIRED,
	.when = {"event.state", TEST_IS, "nullified|amended"},
	.paths = {"revision"}, .source = "ICH E2B(R3) C.1.11.1", .breaks = "{\"event\": {\"state\": \"amended\"}, \"revision\": null}"},
    {.id = "safety.icsr.nullified", .says = "The mark of a nullified case is 1.", .kind = RULE_VALUE, .when = {"event.state", TEST_IS, "nullified"},
	.paths = {"revision"}, .values = "1", .source = "ICH E2B(R3) C.1.11.1", .breaks = "{\"event\": {\"state\": \"nullified\"}}"},
    {.id = "safety.icsr.amended", .says = "The mark of an amended case is 2.", .kind = RULE_VALUE,
	.when = {"event.state", TEST_IS, "amended"}, .paths = {"revision"},
	.values = "2", .source = "ICH E2B(R3) C.1.11.1", .breaks = "{\"event\": {\"state\": \"amended\"}, \"revision\": \"1\"}"},
    {.id = "safety.icsr.patient-name", .says = "A name may be missing as MSK, ASKU, NASK, UNK or NA.", .kind = RULE_VALUE,
	.paths = {"patient.name.null_flavor"},
	.values = "MSK|ASKU|NASK|UNK|NA", .source = "ICH E2B(R3) D.1", .breaks = "{\"patient\": {\"name\": {\"nullFlavor\": \"NI\"}}}"},
    {.id = "safety.icsr.birth-date", .says = "A date of birth may be missing as MSK.", .kind = RULE_VALUE,
	.paths = {"patient.birth_date.null_flavor"}, .values = "MSK",
	.source = "ICH E2B(R3) D.2.1", .breaks = "{\"patient\": {\"birthDate\": {\"nullFlavor\": \"UNK\"}}}"},
    {.id = "safety.icsr.history-missing", .says = "A text on medical history is given or missing, not both.", .kind = RULE_FORBIDDEN,
	.when = {"patient.history_text", TEST_PRESENT, NULL}, .paths = {"patient.history_text_null"},
	.breaks = "{\"patient\": {\"historyTextNull\": \"UNK\"}}"},
    {.id = "safety.icsr.history-flavour", .says = "Medical history may be missing as MSK, ASKU, NASK or UNK.", .kind = RULE_VALUE,
	.paths = {"patient.history_text_null"}, .values = "MSK|ASKU|NASK|UNK", .source = "ICH E2B(R3) D.7.2",
	.breaks = "{\"patient\": {\"historyText\": null, \"historyTextNull\": \"NI\"}}"},
    {.id = "safety.icsr.reaction-ids", .says = "Each reaction has an id of its own.", .kind = RULE_UNIQUE, .paths = {"reactions", "id"},
	.breaks = "{\"reactions\": [" REACTION_R1 ", " REACTION_R1 "]}"},
    {.id = "safety.icsr.refused", .says = "A case that the receiver refused says why.", .kind = RULE_REQUIRED,
	.when = {"event.state", TEST_IS, "ack_negative"},
	.paths = {"event.reason"}, .breaks = "{\"event\": {\"state\": \"ack_negative\", \"reason\": null, \"supersedes\": null, \"author\": null}}"},
};

const struct catalogue_type type_safety_icsr = {
    .name = "safety.icsr",
    .version = 1,
    .title = "Individual case safety report",
    .says = "One case of suspected harm by a drug, as it goes to authorities and partners: patient, reporter, reactions, drugs, narrative.",
    .standard = "ICH E2B(R3), message PORR_IN049016UV; the whole file is the attached original",
    .producers = "sponsor pv cro regulator",
    .consumers = "regulator sponsor pv cro",
    .least_label = CONSIGN_LABEL_OPEN,
    .label_why = "A case that is still blinded (G.k.2.5 true) names the product as the trial does, which tells no "
		 "treatment. One whose blind is broken says so on the drug and is sent as unblinded; "
		 "one with a lot at least as restricted, for true lots tell the treatment.",
    .clock = "A SUSAR that is fatal or life-threatening: 7 calendar days from receipt (day 0), completed within 8 more; any other: 15 days (ICH E2A III.B).",
    .states = states,
    .key = "worldwide_id",
    .headline = "case_id report_type expedited updated_at",
    .message = {.descriptor = &consign__v1__safety_icsr__descriptor, .title = "Individual case safety report", .fields = fields, CATALOGUE_RULES(rules)},
};
