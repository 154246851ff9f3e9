/*
 * The file itself is an original of the event, or lies elsewhere and is named by its digest. Rows are not looked into here: that the file has as
 * many as `records` says is for the receiver to check, who answers with findings.
 */
#include "catalogue/describe.h"
#include "consign/v1/trial.pb-c.h"

static const struct catalogue_state states[] = {
    {"announced", "sent", "will come: what and until which cutoff"},
    {"sent", "received superseded", "is attached, or lies where it can be fetched"},
    {"received", "validated rejected superseded", "the receiver has the file, and its digest is right"},
    {"validated", "accepted rejected superseded", "the receiver has checked it; findings say what was noticed"},
    {"accepted", "superseded", "the receiver uses it"},
    {"rejected", "superseded", "the receiver does not use it; findings say why"},
    {"superseded", "", "a later one replaces it"},
    {0},
};

static const struct catalogue_code format_codes[] = {
    {"dataset-json-1.1", "CDISC Dataset-JSON 1.1, one JSON document"},
    {"ndjson", "CDISC Dataset-JSON 1.1, one JSON text a line"},
    {"dsjc", "CDISC Dataset-JSON 1.1, compressed"},
    {"xpt", "SAS transport file"},
    {"odm", "CDISC ODM snapshot, of one or many item groups"},
    {"csv", "text with separators, columns as the agreement says"},
    {0},
};
static const struct catalogue_codes formats = {"Format of a dataset", NULL, format_codes};

static const struct catalogue_code blinding_codes[] = {
    {"open", "says nothing of treatment"},
    {"restricted", "could unblind together with other data"},
    {"unblinded", "shows treatment"},
    {0},
};
static const struct catalogue_codes blindings = {"Blinding class", NULL, blinding_codes};

static const struct catalogue_field finding_fields[] = {
    {.name = "rule", .title = "Rule", .need = MANDATORY, .format = FORMAT_ID, .example = "\"records\"",
	.help = "The id of the rule in the receiver's checks; the same id for the same fault, always."},
    {.name = "path", .title = "Where", .format = FORMAT_LINE, .max_bytes = 200, .example = "\"rows[17].EXLOT\"", .help = "Absent: the whole file."},
    {.name = "text", .title = "Finding", .need = MANDATORY, .format = FORMAT_LINE, .max_bytes = 400, .example = "\"411 rows found, 412 announced\"",
	.help = "Says what is wrong without more of the data than that needs."},
};
static const struct catalogue_message part_finding = {.descriptor = &consign__v1__snapshot_finding__descriptor, .title = "Finding",
    .says = "One thing that the receiver found wrong or odd in a dataset.", .fields = finding_fields};

static const struct catalogue_field fields[] = {
    CATALOGUE_EVENT_FIELD,
    {.name = "study_id", .title = "Study", .source = "STUDYID", .need = MANDATORY, .format = FORMAT_ID, .example = "\"ACME-301\""},
    {.name = "study_oid", .title = "Study OID", .source = "Dataset-JSON studyOID; ODM ClinicalData/@StudyOID", .need = MANDATORY,
	.format = FORMAT_LINE,
	.example = "\"acme.example/ACME-301\"", .help = "As the file has it; the study again, where its format has no place for one."},
    {.name = "dta_id", .title = "Agreement", .need = MANDATORY, .format = FORMAT_ID, .example = "\"DTA-EX-01\"",
	.help = "The data transfer agreement."},
    {.name = "dta_version", .title = "Agreement version", .need = MANDATORY, .format = FORMAT_LINE, .max_bytes = 40, .example = "\"1.2\""},
    {.name = "sequence", .title = "Transfer number", .need = MANDATORY, .format = FORMAT_NUMBER, .lo = "1", .hi = "4294967295", .example = "7",
	.help = "1, 2, 3 … under one agreement, all its versions together, without gaps: a missing number is a missing transfer."},
    {.name = "format", .title = "Format", .need = MANDATORY, .format = FORMAT_CODE, .codes = &formats, .example = "\"ndjson\""},
    {.name = "format_version", .title = "Format version", .source = "Dataset-JSON datasetJSONVersion; ODM/@ODMVersion",
	.format = FORMAT_LINE, .max_bytes = 40, .example = "\"1.1.0\""},
    {.name = "file_oid", .title = "File OID", .source = "Dataset-JSON fileOID; ODM/@FileOID", .format = FORMAT_LINE,
	.example = "\"acme.example/ACME-301/2026-04-10/ex\""},
    {.name = "prior_file_oid", .title = "Prior file OID", .source = "ODM/@PriorFileOID", .format = FORMAT_LINE,
	.example = "\"acme.example/ACME-301/2026-03-10/ex\""},
    {.name = "created_at", .title = "File made at", .source = "Dataset-JSON datasetJSONCreationDateTime; ODM/@CreationDateTime",
	.format = FORMAT_PART, .part = &part_when, .example = "{\"text\": \"2026-04-10T05:00:00\"}"},
    {.name = "originator", .title = "Originator", .source = "Dataset-JSON originator", .format = FORMAT_LINE, .example = "\"Rando Supply Ltd\""},
    {.name = "item_group", .title = "Item group", .source = "Dataset-JSON itemGroupOID; ODM ItemGroupData/@ItemGroupOID",
	.format = FORMAT_LINE, .example = "\"IG.EX\""},
    {.name = "dataset", .title = "Dataset", .source = "Dataset-JSON name; XPT member", .format = FORMAT_LINE, .max_bytes = 64, .example = "\"EX\""},
    {.name = "label", .title = "Dataset label", .source = "Dataset-JSON label", .format = FORMAT_LINE, .example = "\"Exposure\""},
    {.name = "records", .title = "Records", .source = "Dataset-JSON records", .format = FORMAT_NUMBER, .lo = "0", .hi = "4294967295",
	.example = "412", .help = "Rows of data; the header is none."},
    {.name = "columns", .title = "Columns", .source = "Dataset-JSON columns", .format = FORMAT_NUMBER, .lo = "1", .hi = "65535", .example = "17"},
    {.name = "db_last_modified", .title = "Data as of", .source = "Dataset-JSON dbLastModifiedDateTime", .format = FORMAT_PART, .part = &part_when,
	.may_be_null = true, .example = "{\"text\": \"2026-04-10T04:31:07\"}", .help = "When the source database was changed last."},
    {.name = "cutoff", .title = "Data cutoff", .need = MANDATORY, .format = FORMAT_PART, .part = &part_when, .may_be_null = true,
	.example = "{\"text\": \"2026-03-31\"}", .help = "What happened after it is not in the file; NA for all there is."},
    {.name = "mdv_oid", .title = "Metadata version", .source = "Dataset-JSON metaDataVersionOID; ODM ClinicalData/@MetaDataVersionOID",
	.format = FORMAT_LINE, .example = "\"MDV.7\""},
    {.name = "metadata_ref", .title = "Metadata", .source = "Dataset-JSON metaDataRef", .need = MANDATORY, .format = FORMAT_LINE,
	.example = "\"define.xml\"", .help = "What describes the columns: define.xml, or the specification of the agreement."},
    {.name = "blinding", .title = "Blinding class", .need = MANDATORY, .format = FORMAT_CODE, .codes = &blindings, .example = "\"unblinded\"",
	.help = "Declared by the sender. The message needs at least the label of this name."},
    {.name = "restricted_columns", .title = "Columns that could unblind", .format = FORMAT_LINE, .max_bytes = 200, .max_count = 256,
	.least_label = CONSIGN_LABEL_RESTRICTED, .example = "\"EXLOT\"",
	.help = "Such as a true lot number, or a marker that moves under treatment."},
    {.name = "unblinding_columns", .title = "Columns that show treatment", .format = FORMAT_LINE, .max_bytes = 200, .max_count = 256,
	.least_label = CONSIGN_LABEL_UNBLINDED, .example = "\"EXTRT\"", .help = "Such as ARM, ACTARM, EXTRT."},
    {.name = "sha256", .title = "SHA-256 of the file", .format = FORMAT_SHA256,
	.help = "Of the file as it lies there, byte for byte. Never of values: the formats round differently. Where anything is attached, the file is.",
	.example = "\"2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae\""},
    {.name = "location", .title = "Location", .format = FORMAT_LINE, .max_bytes = 400,
	.example = "\"sftp://data.rando.example/ACME-301/ex.ndjson\"",
	.help = "Where a file that is not attached can be fetched; never with a password."},
    {.name = "findings", .title = "Findings", .format = FORMAT_PART, .part = &part_finding, .max_count = 100,
	.help = "The first hundred, when there are more."},
};

static const struct catalogue_rule rules[] = {
    {.id = "trial.data.snapshot.file", .says = "The file is attached or named by its digest.", .kind = RULE_SOME,
	.when = {"event.state", TEST_IS, "sent|received|validated|accepted|rejected"}, .paths = {"event.originals", "sha256"},
	.breaks = "{\"event\": {\"state\": \"validated\", \"originals\": null}, \"sha256\": null, \"location\": null}"},
    {.id = "trial.data.snapshot.location", .says = "A file that lies elsewhere has its digest here.", .kind = RULE_REQUIRED,
	.when = {"location", TEST_PRESENT, NULL}, .paths = {"sha256"}, .breaks = "{\"sha256\": null}"},
    {.id = "trial.data.snapshot.digest", .says = "The digest is that of an attached file, when any is attached.", .kind = RULE_DIGEST,
	.paths = {"sha256", "event.originals"}, .breaks = "{\"sha256\": \"0000000000000000000000000000000000000000000000000000000000000000\"}"},
    {.id = "trial.data.snapshot.dataset", .says = "A file of one dataset names its item group; only ODM holds many.", .kind = RULE_REQUIRED,
	.when = {"format", TEST_IS_NOT, "odm"}, .paths = {"item_group"}, .breaks = "{\"itemGroup\": null}"},
    {.id = "trial.data.snapshot.records", .says = "A dataset that was sent says how many records it has.", .kind = RULE_REQUIRED,
	.when = {"event.state", TEST_IS_NOT, "announced"}, .and_when = {"format", TEST_IS_NOT, "odm"}, .paths = {"records"},
	.source = "CDISC Dataset-JSON 1.1", .breaks = "{\"event\": {\"state\": \"validated\"}, \"records\": null}"},
    {.id = "trial.data.snapshot.as-of",
	.says = "A dataset that was sent says when its database was changed last, or why that is not known.", .kind = RULE_REQUIRED,
	.when = {"event.state", TEST_IS_NOT, "announced"}, .paths = {"db_last_modified"},
	.breaks = "{\"event\": {\"state\": \"validated\"}, \"dbLastModified\": null}"},
    {.id = "trial.data.snapshot.prior", .says = "A file does not follow itself.", .kind = RULE_DIFFER, .paths = {"prior_file_oid", "file_oid"},
	.breaks = "{\"fileOid\": \"F.1\", \"priorFileOid\": \"F.1\"}"},
    {.id = "trial.data.snapshot.open", .says = "An open dataset has no column that could unblind.", .kind = RULE_FORBIDDEN,
	.when = {"blinding", TEST_IS, "open"}, .paths = {"restricted_columns"}, .breaks = "{\"blinding\": \"open\", \"unblindingColumns\": null}"},
    {.id = "trial.data.snapshot.blinded", .says = "A dataset that is not unblinded has no column that shows treatment.", .kind = RULE_FORBIDDEN,
	.when = {"blinding", TEST_IS, "open|restricted"}, .paths = {"unblinding_columns"}, .breaks = "{\"blinding\": \"restricted\"}"},
    {.id = "trial.data.snapshot.restricted", .says = "A restricted dataset names the columns that could unblind.", .kind = RULE_REQUIRED,
	.when = {"blinding", TEST_IS, "restricted"}, .paths = {"restricted_columns"},
	.breaks = "{\"blinding\": \"restricted\", \"restrictedColumns\": null, \"unblindingColumns\": null}"},
    {.id = "trial.data.snapshot.unblinded", .says = "An unblinded dataset names the columns that show treatment.", .kind = RULE_REQUIRED,
	.when = {"blinding", TEST_IS, "unblinded"}, .paths = {"unblinding_columns"},
	.breaks = "{\"blinding\": \"unblinded\", \"unblindingColumns\": null}"},
    {.id = "trial.data.snapshot.rejected", .says = "A rejected dataset has findings.", .kind = RULE_REQUIRED,
	.when = {"event.state", TEST_IS, "rejected"}, .paths = {"findings"}, .breaks = "{\"event\": {\"state\": \"rejected\"}, \"findings\": null}"},
    {.id = "trial.data.snapshot.unchecked", .says = "What has not been checked has no findings.", .kind = RULE_FORBIDDEN,
	.when = {"event.state", TEST_IS, "announced|sent|received"}, .paths = {"findings"},
	.breaks = "{\"event\": {\"state\": \"sent\"}, \"findings\": [{\"rule\": \"records\", \"text\": \"a row is missing\"}]}"},
    {.id = "trial.data.snapshot.superseded", .says = "A dataset that is replaced says why.", .kind = RULE_REQUIRED,
	.when = {"event.state", TEST_IS, "superseded"}, .paths = {"event.reason"},
	.breaks = "{\"event\": {\"state\": \"superseded\", \"reason\": null, \"supersedes\": null, \"author\": null}}"},
};

const struct catalogue_type type_trial_data_snapshot = {
    .name = "trial.data.snapshot",
    .version = 1,
    .title = "Dataset transfer",
    .says = "One dataset as it stood at one time, under a data transfer agreement. The sender announces and sends it; the receiver answers "
	    "with the same type: received, validated, accepted, or rejected with findings.",
    .standard = "CDISC Dataset-JSON 1.1 (JSON, NDJSON, DSJC), SAS XPT, ODM snapshot",
    .producers = "cro lab irt sponsor",
    .consumers = "sponsor cro regulator lab irt",
    .least_label = CONSIGN_LABEL_OPEN,
    .label_why = "The sender declares the blinding class. A dataset that could unblind names the columns, and a message with such names is sent "
		 "as restricted or unblinded.",
    .clock = "How often, and how many days after the cutoff: the data transfer agreement says.",
    .states = states,
    .key = "dta_id sequence",
    .headline = "dataset records sequence dta_id blinding",
    .message = {.descriptor = &consign__v1__trial_data_snapshot__descriptor, .title = "Dataset transfer", .fields = fields, CATALOGUE_RULES(rules)},
};
