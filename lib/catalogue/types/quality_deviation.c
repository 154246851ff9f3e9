#include "catalogue/describe.h"
#include "consign/v1/quality.pb-c.h"

static const struct catalogue_state states[] = {
    {"opened", "classified", "found and taken down"},
    {"classified", "contained investigating", "the quality unit has said how serious it is"},
    {"contained", "investigating", "the immediate action is done: it does no more harm"},
    {"investigating", "prelim_report root_cause", "the cause is looked for"},
    {"prelim_report", "root_cause", "what is known so far is reported"},
    {"root_cause", "qa_approved investigating", "the cause is found"},
    {"qa_approved", "closed", "the quality unit agrees with cause, impact and action"},
    {"closed", "reopened", "nothing more is to be done"},
    {"reopened", "investigating", "what was closed is looked into again"},
    {0},
};

static const struct catalogue_code class_codes[] = {
    {"minor", "no effect on the quality of the product or the safety of a participant"},
    {"major", "may affect it"},
    {"critical", "affects it, or is likely to"},
    {0},
};
static const struct catalogue_codes classes = {"Class of a deviation", NULL, class_codes};

static const struct catalogue_field fields[] = {
    CATALOGUE_EVENT_FIELD,
    {.name = "dev_no", .title = "Deviation", .need = MANDATORY, .format = FORMAT_ID, .example = "\"DEV-26-0142\""},
    {.name = "study_id", .title = "Study", .format = FORMAT_ID, .example = "\"ACME-301\"", .help = "Where it concerns one study only."},
    {.name = "title", .title = "In short", .need = MANDATORY, .format = FORMAT_LINE, .max_bytes = 200, .example = "\"Filling line 2 stood for 42 minutes\"",
	.help = "One line for lists and timelines, without batch numbers."},
    {.name = "class", .title = "Class", .format = FORMAT_CODE, .codes = &classes, .example = "\"major\""},
    {.name = "location", .title = "Where", .format = FORMAT_LINE, .max_bytes = 200, .example = "\"Building 4, filling line 2\""},
    {.name = "batch_ids", .title = "Batch", .format = FORMAT_ID, .max_count = 200, .least_label = CONSIGN_LABEL_RESTRICTED, .example = "\"BM-26-0417\"",
	.help = "The batches that it touches, by their true numbers; none when it touches none."},
    {.name = "occurred_at", .title = "Happened at", .need = MANDATORY, .format = FORMAT_PART, .part = &part_when, .may_be_null = true,
	.example = "{\"text\": \"2026-03-02T08:10\", \"offset\": \"+01:00\"}",
	.help = "When the deviation itself happened; the time of the event is that of this state."},
    {.name = "detected_at", .title = "Detected at", .need = MANDATORY, .format = FORMAT_PART, .part = &part_when, .least = PRECISION_DAY,
	.example = "{\"text\": \"2026-03-02T08:52\", \"offset\": \"+01:00\"}", .help = "The clock of the quality agreement starts here."},
    {.name = "description", .title = "Description", .need = MANDATORY, .format = FORMAT_PROSE, .max_bytes = 8000,
	.example = "\"A stopper jam halted filling between 08:10 and 08:52. Filled vials waited unstoppered; the limit is 15 minutes.\""},
    {.name = "immediate_action", .title = "Immediate action", .format = FORMAT_PROSE, .max_bytes = 4000,
	.example = "\"Unstoppered vials discarded, line cleared, batch set on hold.\""},
    {.name = "impact", .title = "Impact", .format = FORMAT_PROSE, .max_bytes = 4000,
	.example = "\"Vials filled before the halt were stoppered in time. No other batch was on the line.\"", .help = "On product, participants, data and supply."},
    {.name = "owner", .title = "Owner", .need = MANDATORY, .format = FORMAT_PART, .part = &part_person, .help = "Answers for it until it is closed."},
    {.name = "root_cause", .title = "Root cause", .format = FORMAT_PROSE, .max_bytes = 4000, .example = "\"Stopper bowl worn beyond its tolerance.\""},
    {.name = "capa_ref", .title = "Corrective action", .format = FORMAT_PART, .part = &part_reference,
	.example = "{\"kind\": \"capa\", \"id\": \"CAPA-26-0031\"}", .help = "The corrective and preventive action that it led to."},
    {.name = "notice_due_at", .title = "Notice due", .format = FORMAT_PART, .part = &part_when, .least = PRECISION_DAY,
	.example = "{\"text\": \"2026-03-04T08:52\", \"offset\": \"+01:00\"}", .help = "When the quality agreement wants notice at the latest."},
};

static const struct catalogue_rule rules[] = {
    {.id = "quality.deviation.class", .says = "A deviation has a class once it is classified.", .kind = RULE_REQUIRED,
	.when = {"event.state", TEST_IS_NOT, "opened"}, .paths = {"class"}, .breaks = "{\"class\": null}"},
    {.id = "quality.deviation.action", .says = "Once contained or investigated, a deviation says what was done at once, be it nothing.",
	.kind = RULE_REQUIRED, .when = {"event.state", TEST_IS, "contained|investigating|prelim_report|root_cause|qa_approved|closed"},
	.paths = {"immediate_action"}, .breaks = "{\"immediateAction\": null}"},
    {.id = "quality.deviation.impact", .says = "A report says what the deviation means for product and participants.", .kind = RULE_REQUIRED,
	.when = {"event.state", TEST_IS, "prelim_report|root_cause|qa_approved|closed"}, .paths = {"impact"},
	.breaks = "{\"event\": {\"state\": \"prelim_report\"}, \"impact\": null}"},
    {.id = "quality.deviation.root-cause", .says = "A root cause that was found, approved or closed is said.", .kind = RULE_REQUIRED,
	.when = {"event.state", TEST_IS, "root_cause|qa_approved|closed"}, .paths = {"root_cause"},
	.breaks = "{\"event\": {\"state\": \"root_cause\"}, \"rootCause\": null}"},
    {.id = "quality.deviation.investigated", .says = "A root cause comes of an investigation.", .kind = RULE_VALUE,
	.when = {"root_cause", TEST_PRESENT, NULL}, .paths = {"event.state"},
	.values = "investigating|prelim_report|root_cause|qa_approved|closed|reopened", .breaks = "{\"event\": {\"state\": \"classified\"}}"},
    {.id = "quality.deviation.capa", .says = "The corrective action is referred to as one.", .kind = RULE_VALUE, .paths = {"capa_ref.kind"},
	.values = "capa", .breaks = "{\"capaRef\": {\"kind\": \"other\"}}"},
    {.id = "quality.deviation.critical", .says = "A critical deviation is not approved or closed without a corrective action.", .kind = RULE_REQUIRED,
	.when = {"event.state", TEST_IS, "qa_approved|closed"}, .and_when = {"class", TEST_IS, "critical"}, .paths = {"capa_ref"}, .source = "ICH Q10 3.2.2",
	.breaks = "{\"event\": {\"state\": \"closed\"}, \"class\": \"critical\", \"capaRef\": null}"},
    {.id = "quality.deviation.signed", .says = "Approval, closing and reopening are signed.", .kind = RULE_REQUIRED,
	.when = {"event.state", TEST_IS, "qa_approved|closed|reopened"}, .paths = {"event.signatures"},
	.breaks = "{\"event\": {\"state\": \"closed\", \"signatures\": null}}"},
    {.id = "quality.deviation.reopened", .says = "A deviation that is opened again says why.", .kind = RULE_REQUIRED,
	.when = {"event.state", TEST_IS, "reopened"}, .paths = {"event.reason"},
	.breaks = "{\"event\": {\"state\": \"reopened\", \"reason\": null, \"supersedes\": null}}"},
    {.id = "quality.deviation.detected", .says = "A deviation is not detected before it happened.", .kind = RULE_ORDER,
	.paths = {"occurred_at", "detected_at"}, .breaks = "{\"occurredAt\": {\"text\": \"2026-03-03T08:10\"}}"},
    {.id = "quality.deviation.notice", .says = "Notice is not due before the deviation was detected.", .kind = RULE_ORDER,
	.paths = {"detected_at", "notice_due_at"}, .breaks = "{\"noticeDueAt\": {\"text\": \"2026-03-01T08:52\"}}"},
};

const struct catalogue_type type_quality_deviation = {
    .name = "quality.deviation",
    .version = 1,
    .title = "Deviation",
    .says = "Something was not done, or did not turn out, as laid down, where product is made, tested, kept or used. From whom it happened to, "
	    "to the quality unit that answers for the product.",
    .standard = "Deviation or non-conformance report; no file standard",
    .producers = "cdmo cmo depot lab site",
    .consumers = "sponsor cdmo",
    .least_label = CONSIGN_LABEL_OPEN,
    .label_why = "A deviation of a line, a refrigerator or a method says nothing about treatment and may reach those who are blind. True batch numbers "
		 "give it away together with kits or shipments: a message that has them is at least restricted, which a sponsor's quality unit is "
		 "cleared for. One whose text or original names a batch is sent as restricted too.",
    .clock = "Notice and preliminary report by the quality agreement: usually 24 to 72 hours, and 5 to 15 business days, after detection.",
    .states = states,
    .key = "dev_no",
    .headline = "dev_no class title",
    .message = {.descriptor = &consign__v1__quality_deviation__descriptor, .title = "Deviation", .fields = fields, CATALOGUE_RULES(rules)},
};
