/*
 * Identifiers of ODM (OIDs) are lines of text here, not ids: real studies have blanks in them.
 */
#include "catalogue/describe.h"
#include "consign/v1/trial.pb-c.h"

/* ODM 2.0 QueryStateType, spelled as there. A query may end unanswered: the data was changed, or the check no longer fires. */
static const struct catalogue_state states[] = {
    {"Candidate", "Open Cancelled", "written, not yet put to the site"},
    {"Open", "Answered Closed Cancelled Resolved", "waits for the site"},
    {"Answered", "Open Closed Cancelled Resolved", "waits for whoever asked; opened again when the answer does not do"},
    {"Closed", "", "whoever asked is content"},
    {"Cancelled", "", "should not have been asked, or is no longer asked"},
    {"Resolved", "", "the data was changed so that nothing is left to ask"},
    {0},
};

static const struct catalogue_code type_codes[] = {
    {"Manual", "a person asks"},
    {"System", "a programmed check asks"},
    {0},
};
static const struct catalogue_codes query_types = {"Type of a query", "CDISC ODM 2.0 QueryType", type_codes};

static const struct catalogue_code raiser_codes[] = {
    {"System", "a programmed check"},
    {"Data Management", "a data manager"},
    {"Site Monitor", "a monitor"},
    {"Coding System", "the coding of terms"},
    {"Safety Reviewer", "a reviewer of safety data"},
    {0},
};
static const struct catalogue_codes raisers = {"Who raised a query", "CDISC ODM 2.0 QuerySourceType", raiser_codes};

static const struct catalogue_field fields[] = {
    CATALOGUE_EVENT_FIELD,
    {.name = "query_id", .title = "Query", .source = "ODM Query/@OID", .need = MANDATORY, .format = FORMAT_ID, .example = "\"Q-004711\"",
	.help = "The same in every message about this query."},
    {.name = "study_id", .title = "Study", .source = "STUDYID", .need = MANDATORY, .format = FORMAT_ID, .example = "\"ACME-301\""},
    {.name = "study_oid", .title = "Study OID", .source = "ODM ClinicalData/@StudyOID", .format = FORMAT_LINE, .example = "\"ACME-301(PROD)\""},
    {.name = "mdv_oid", .title = "Metadata version", .source = "ODM ClinicalData/@MetaDataVersionOID", .format = FORMAT_LINE,
	.example = "\"MDV.7\"", .help = "Where the OIDs of this message are defined."},
    {.name = "site_id", .title = "Site", .source = "ODM SiteRef/@LocationOID", .format = FORMAT_ID, .example = "\"101\""},
    {.name = "site_name", .title = "Site name", .format = FORMAT_LINE, .example = "\"Site 101\""},
    {.name = "subject_key", .title = "Subject", .source = "ODM SubjectData/@SubjectKey", .need = MANDATORY, .format = FORMAT_ID,
	.example = "\"ACME-301-101-1007\"", .help = "The coded identifier; never a name or date of birth."},
    {.name = "visit", .title = "Visit", .source = "ODM StudyEventData/@StudyEventOID", .format = FORMAT_LINE,
	.example = "\"SE.WEEK4\"", .help = "Absent when the subject as a whole is asked about."},
    {.name = "visit_repeat", .title = "Visit repeat", .source = "ODM StudyEventData/@StudyEventRepeatKey", .format = FORMAT_LINE, .max_bytes = 100,
	.example = "\"1\""},
    {.name = "visit_name", .title = "Visit name", .format = FORMAT_LINE, .example = "\"Week 4\""},
    {.name = "form", .title = "Form", .source = "ODM FormData/@FormOID", .format = FORMAT_LINE, .example = "\"F.VS\""},
    {.name = "form_repeat", .title = "Form repeat", .source = "ODM FormData/@FormRepeatKey", .format = FORMAT_LINE, .max_bytes = 100,
	.example = "\"1\""},
    {.name = "form_name", .title = "Form name", .format = FORMAT_LINE, .example = "\"Vital signs\""},
    {.name = "item_group", .title = "Item group", .source = "ODM ItemGroupData/@ItemGroupOID", .format = FORMAT_LINE, .example = "\"IG.VS\"",
	.help = "In ODM 2.0 a form is an item group too: the innermost one stands here."},
    {.name = "item_group_repeat", .title = "Item group repeat", .source = "ODM ItemGroupData/@ItemGroupRepeatKey", .format = FORMAT_LINE,
	.max_bytes = 100, .example = "\"2\""},
    {.name = "item", .title = "Item", .source = "ODM ItemData/@ItemOID", .format = FORMAT_LINE, .example = "\"I.VS.SYSBP\"",
	.help = "Absent when a subject, or a whole visit, form or item group is asked about."},
    {.name = "item_name", .title = "Item name", .format = FORMAT_LINE, .example = "\"Systolic blood pressure\""},
    {.name = "value", .title = "Value", .source = "ODM ItemData/@Value, @IsNull", .format = FORMAT_PART, .part = &part_text, .may_be_null = true,
	.example = "{\"value\": \"1280\"}", .help = "What stood there when the question was asked; a null flavour when nothing did."},
    {.name = "type", .title = "Type", .source = "ODM Query/@Type", .need = MANDATORY, .format = FORMAT_CODE, .codes = &query_types,
	.example = "\"Manual\""},
    {.name = "raised_by", .title = "Raised by", .source = "ODM Query/@Source", .format = FORMAT_CODE, .codes = &raisers,
	.example = "\"Data Management\""},
    {.name = "opened_by", .title = "Opened by", .format = FORMAT_LINE, .example = "\"Data reviewer 2\"",
	.help = "As the source system calls who asked."},
    {.name = "marking_group", .title = "Marking group", .format = FORMAT_LINE, .example = "\"Data management to site\"",
	.help = "Who asks whom, as the source system calls it; ODM has no place for it."},
    {.name = "text", .title = "Question", .source = "ODM Query/Value", .need = MANDATORY, .format = FORMAT_PROSE, .max_bytes = 4000,
	.example = "\"Systolic pressure is out of range. Please check against the source.\"", .help = "Must not say or hint at the treatment."},
    {.name = "response", .title = "Answer", .format = FORMAT_PROSE, .max_bytes = 4000, .example = "\"Typing error, corrected to 128.\""},
    {.name = "opened_at", .title = "Opened at", .source = "ODM AuditRecord/DateTimeStamp", .format = FORMAT_PART, .part = &part_when,
	.example = "{\"text\": \"2026-04-02T10:15:00+02:00\"}", .help = "When it was opened first."},
    {.name = "answered_at", .title = "Answered at", .source = "ODM AuditRecord/DateTimeStamp", .format = FORMAT_PART, .part = &part_when,
	.example = "{\"text\": \"2026-04-03T08:30:00+02:00\"}", .help = "When it was answered last."},
    {.name = "closed_at", .title = "Ended at", .source = "ODM AuditRecord/DateTimeStamp", .format = FORMAT_PART, .part = &part_when,
	.example = "{\"text\": \"2026-04-07T16:02:00+02:00\"}", .help = "When it was closed, cancelled or resolved."},
};

static const struct catalogue_rule rules[] = {
    {.id = "trial.query.opened", .says = "A query that was put to the site has the date of that.", .kind = RULE_REQUIRED,
	.when = {"event.state", TEST_IS, "Open|Answered|Closed|Resolved"}, .paths = {"opened_at"},
	.breaks = "{\"event\": {\"state\": \"Open\"}, \"openedAt\": null, \"closedAt\": null}"},
    {.id = "trial.query.answered", .says = "An answered query has an answer.", .kind = RULE_REQUIRED, .when = {"event.state", TEST_IS, "Answered"},
	.paths = {"response"}, .breaks = "{\"event\": {\"state\": \"Answered\"}, \"response\": null, \"closedAt\": null}"},
    {.id = "trial.query.answered-at", .says = "An answer has a date.", .kind = RULE_REQUIRED, .when = {"response", TEST_PRESENT, NULL},
	.paths = {"answered_at"}, .breaks = "{\"answeredAt\": null}"},
    {.id = "trial.query.ended", .says = "A query that is closed, cancelled or resolved has the date of that.", .kind = RULE_REQUIRED,
	.when = {"event.state", TEST_IS, "Closed|Cancelled|Resolved"}, .paths = {"closed_at"},
	.breaks = "{\"event\": {\"state\": \"Closed\"}, \"closedAt\": null}"},
    {.id = "trial.query.waits", .says = "A query that waits for somebody has not ended.", .kind = RULE_FORBIDDEN,
	.when = {"event.state", TEST_IS, "Candidate|Open|Answered"}, .paths = {"closed_at"},
	.breaks = "{\"event\": {\"state\": \"Open\"}, \"closedAt\": {\"text\": \"2026-04-07\"}}"},
    {.id = "trial.query.order", .says = "One system keeps the dates of a query: opened, answered, ended.", .kind = RULE_ORDER,
	.paths = {"opened_at", "answered_at", "closed_at"}, .breaks = "{\"answeredAt\": {\"text\": \"2026-04-01T08:30:00+02:00\"}}"},
    {.id = "trial.query.visit", .says = "A form or item group stands in a visit.", .kind = RULE_REQUIRED, .when = {"form", TEST_PRESENT, NULL},
	.paths = {"visit"}, .source = "CDISC ODM",
	.breaks = "{\"visit\": null, \"visitRepeat\": null, \"itemGroup\": null, \"itemGroupRepeat\": null}"},
    {.id = "trial.query.visit", .says = "A form or item group stands in a visit.", .kind = RULE_REQUIRED, .when = {"item_group", TEST_PRESENT, NULL},
	.and_when = {"form", TEST_ABSENT, NULL}, .paths = {"visit"}, .source = "CDISC ODM",
	.breaks = "{\"visit\": null, \"visitRepeat\": null, \"form\": null, \"formRepeat\": null}"},
    {.id = "trial.query.item", .says = "An item stands in a form or an item group.", .kind = RULE_SOME, .when = {"item", TEST_PRESENT, NULL},
	.paths = {"form", "item_group"}, .source = "CDISC ODM",
	.breaks = "{\"form\": null, \"formRepeat\": null, \"itemGroup\": null, \"itemGroupRepeat\": null}"},
    {.id = "trial.query.visit-repeat", .says = "A repeat key belongs to a visit.", .kind = RULE_FORBIDDEN, .when = {"visit", TEST_ABSENT, NULL},
	.paths = {"visit_repeat"}, .source = "CDISC ODM",
	.breaks = "{\"visit\": null, \"form\": null, \"formRepeat\": null, \"itemGroup\": null, \"itemGroupRepeat\": null, \"item\": null, "
		  "\"value\": null}"},
    {.id = "trial.query.form-repeat", .says = "A repeat key belongs to a form.", .kind = RULE_FORBIDDEN, .when = {"form", TEST_ABSENT, NULL},
	.paths = {"form_repeat"}, .source = "CDISC ODM", .breaks = "{\"form\": null}"},
    {.id = "trial.query.item-group-repeat", .says = "A repeat key belongs to an item group.", .kind = RULE_FORBIDDEN,
	.when = {"item_group", TEST_ABSENT, NULL}, .paths = {"item_group_repeat"}, .source = "CDISC ODM", .breaks = "{\"itemGroup\": null}"},
    {.id = "trial.query.value", .says = "A value belongs to an item.", .kind = RULE_FORBIDDEN, .when = {"item", TEST_ABSENT, NULL},
	.paths = {"value"}, .source = "CDISC ODM", .breaks = "{\"item\": null}"},
};

const struct catalogue_type type_trial_query = {
    .name = "trial.query",
    .version = 1,
    .title = "Data query",
    .says = "A question to a site about data that looks wrong or is missing, and its answer. Each step is a message: whoever asks opens and "
	    "ends it, the site answers.",
    .standard = "CDISC ODM 2.0 Query; query listings of data capture systems",
    .producers = "cro sponsor site smo",
    .consumers = "site smo cro sponsor",
    .least_label = CONSIGN_LABEL_OPEN,
    .label_why = "Sites read it, so question and answer must say nothing of treatment. What cannot be asked without that is not asked here.",
    .states = states,
    .key = "query_id",
    .headline = "query_id subject_key visit form item",
    .message = {.descriptor = &consign__v1__trial_query__descriptor, .title = "Data query", .fields = fields, CATALOGUE_RULES(rules)},
};
