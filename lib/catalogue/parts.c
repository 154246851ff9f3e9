/*
 * The parts that business messages share, one row a field. What the engine knows beyond these rows (that a date's precision is no finer than
 * its text, that the digest of an original is recomputed) is in check_parts.c, by the shape of the part.
 */
#include "catalogue/describe.h"
#include "consign/v1/parts.pb-c.h"
#include "core/limits.h"

/* Null flavour or value: what the four parts with a null flavour have in common. */
#define NULL_FLAVOR                                                                                                                         \
	{                                                                                                                                   \
		.name = "null_flavor", .title = "Missing because", .format = FORMAT_CODE, .codes = &codes_null_flavor, .example = "\"UNK\""  \
	}

static const struct catalogue_field when_fields[] = {
    {.name = "text", .title = "Date", .format = FORMAT_DATE, .example = "\"2026-03-02T09:14:00+01:00\"",
	.help = "As the source wrote it: ISO 8601 (2026, 2026-03, 2026-03-02T09:14, with or without offset), E2B (20260302091400+0100) or 02-MAR-2026."},
    {.name = "precision", .title = "Precision", .format = FORMAT_CODE, .codes = &codes_precision, .example = "\"second\"",
	.help = "How much of the text is meant, when the source fills up what it does not know; never finer than the text."},
    {.name = "offset", .title = "Offset", .format = FORMAT_OFFSET, .example = "\"+01:00\"",
	.help = "Offset from UTC of the place, when the text does not say it or says Z."},
    NULL_FLAVOR,
};
static const struct catalogue_rule when_rules[] = {
    {.id = "date.one", .says = "Either the date or why it is missing.", .kind = RULE_ONE, .paths = {"text", "null_flavor"}},
    {.id = "date.precision-of", .says = "A precision needs a date.", .kind = RULE_FORBIDDEN, .when = {"text", TEST_ABSENT, NULL}, .paths = {"precision"}},
    {.id = "date.offset-of", .says = "An offset needs a date.", .kind = RULE_FORBIDDEN, .when = {"text", TEST_ABSENT, NULL}, .paths = {"offset"}},
};
const struct catalogue_message part_when = {.descriptor = &consign__v1__when__descriptor, .shape = SHAPE_WHEN, .title = "Date",
    .says = "A date or time as its source wrote it, also partial. It is never converted: what the source did not say is not made up.",
    .fields = when_fields, CATALOGUE_RULES(when_rules)};

static const struct catalogue_field quantity_fields[] = {
    {.name = "value", .title = "Value", .format = FORMAT_DECIMAL, .example = "\"5.4\""},
    {.name = "unit", .title = "Unit", .format = FORMAT_UNIT, .example = "\"mmol/L\"", .help = "UCUM, case-sensitive; 1 for a plain number, {kit} for things that are counted."},
    {.name = "reported_unit", .title = "Unit as reported", .format = FORMAT_LINE, .max_bytes = 40, .example = "\"mmol/L\"",
	.help = "As the source writes it: kept beside UCUM, or alone where there is no UCUM for it."},
    NULL_FLAVOR,
};
static const struct catalogue_rule quantity_rules[] = {
    {.id = "quantity.one", .says = "Either the value or why it is missing.", .kind = RULE_ONE, .paths = {"value", "null_flavor"}},
    {.id = "quantity.unit", .says = "A value has a unit.", .kind = RULE_SOME, .when = {"value", TEST_PRESENT, NULL}, .paths = {"unit", "reported_unit"}},
};
const struct catalogue_message part_quantity = {.descriptor = &consign__v1__quantity__descriptor, .shape = SHAPE_QUANTITY, .title = "Quantity",
    .says = "A decimal number as text, with its unit. It is never a floating-point number on its way.",
    .fields = quantity_fields, CATALOGUE_RULES(quantity_rules)};

static const struct catalogue_field text_fields[] = {
    {.name = "value", .title = "Value", .format = FORMAT_LINE, .max_bytes = 1000, .example = "\"NEGATIVE\""},
    NULL_FLAVOR,
};
static const struct catalogue_rule text_rules[] = {
    {.id = "text.one", .says = "Either the value or why it is missing.", .kind = RULE_ONE, .paths = {"value", "null_flavor"}},
};
const struct catalogue_message part_text = {.descriptor = &consign__v1__text__descriptor, .shape = SHAPE_TEXT, .title = "Text",
    .says = "A text, or why there is none.", .fields = text_fields, CATALOGUE_RULES(text_rules)};

static const struct catalogue_field coded_fields[] = {
    {.name = "code", .title = "Code", .format = FORMAT_LINE, .max_bytes = 100, .example = "\"10019211\""},
    {.name = "system", .title = "Code system", .format = FORMAT_LINE, .max_bytes = 200, .example = "\"MedDRA\""},
    {.name = "version", .title = "Version", .format = FORMAT_LINE, .max_bytes = 40, .example = "\"28.1\""},
    {.name = "display", .title = "Meaning", .format = FORMAT_LINE, .max_bytes = 400, .example = "\"Headache\""},
    {.name = "original_text", .title = "As reported", .format = FORMAT_LINE, .max_bytes = 1000, .example = "\"bad headache since morning\""},
    NULL_FLAVOR,
};
static const struct catalogue_rule coded_rules[] = {
    {.id = "coded.one", .says = "A code, the words that are not coded yet, or why there are none.", .kind = RULE_SOME,
	.paths = {"code", "original_text", "null_flavor"}},
    {.id = "coded.null", .says = "A code has no null flavour.", .kind = RULE_FORBIDDEN, .when = {"code", TEST_PRESENT, NULL}, .paths = {"null_flavor"}},
    {.id = "coded.system", .says = "A code belongs to a code system.", .kind = RULE_REQUIRED, .when = {"code", TEST_PRESENT, NULL}, .paths = {"system"}},
};
const struct catalogue_message part_coded = {.descriptor = &consign__v1__coded__descriptor, .shape = SHAPE_CODED, .title = "Coded value",
    .says = "A code with its code system and version, and the words it was made of.", .fields = coded_fields, CATALOGUE_RULES(coded_rules)};

static const struct catalogue_field person_fields[] = {
    {.name = "id", .title = "Id", .need = MANDATORY, .format = FORMAT_ID, .example = "\"u-2107\"", .help = "The person in the systems of the company."},
    {.name = "name", .title = "Name", .format = FORMAT_LINE, .max_bytes = 100, .example = "\"R. Okafor\""},
    {.name = "role", .title = "Role", .need = MANDATORY, .format = FORMAT_CODE, .codes = &codes_role, .example = "\"quality\""},
    {.name = "org", .title = "Organisation", .format = FORMAT_ORG, .example = "\"biomake\""},
};
const struct catalogue_message part_person = {.descriptor = &consign__v1__person__descriptor, .title = "Person",
    .says = "Staff of a company. A trial participant is never a person here, but a subject key.", .fields = person_fields};

static const struct catalogue_field signature_fields[] = {
    {.name = "signer", .title = "Signer", .need = MANDATORY, .format = FORMAT_PART, .part = &part_person},
    {.name = "meaning", .title = "Meaning", .need = MANDATORY, .format = FORMAT_CODE, .codes = &codes_meaning, .example = "\"approval\""},
    {.name = "signed_at", .title = "Signed at", .need = MANDATORY, .format = FORMAT_PART, .part = &part_when, .least = PRECISION_MINUTE, .has_offset = true},
};
static const struct catalogue_rule signature_rules[] = {
    {.id = "signature.name", .says = "A signature shows the printed name of the signer.", .kind = RULE_REQUIRED, .paths = {"signer.name"},
	.source = "21 CFR 11.50(a)(1)"},
};
const struct catalogue_message part_signature = {.descriptor = &consign__v1__electronic_signature__descriptor, .title = "Signature",
    .says = "The record of an electronic signature made in the company's own system: who, what it meant, when. The proof of this "
	    "message is the company's signature over the consignment, which covers it.",
    .fields = signature_fields, CATALOGUE_RULES(signature_rules)};

static const struct catalogue_field reference_fields[] = {
    {.name = "kind", .title = "Kind", .need = MANDATORY, .format = FORMAT_CODE, .codes = &codes_reference, .example = "\"protocol\""},
    {.name = "id", .title = "Id", .need = MANDATORY, .format = FORMAT_LINE, .max_bytes = 200, .example = "\"ACME-301-PRT\""},
    {.name = "version", .title = "Version", .format = FORMAT_LINE, .max_bytes = 40, .example = "\"3.0\""},
    {.name = "message", .title = "Message", .format = FORMAT_MESSAGE_ID, .example = "\"01a201e5-5f6c-7a7b-99da-7c293136ca15.0\""},
    {.name = "sha256", .title = "SHA-256", .format = FORMAT_SHA256, .example = "\"2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae\""},
};
const struct catalogue_message part_reference = {.descriptor = &consign__v1__reference__descriptor, .title = "Reference",
    .says = "A record elsewhere; with its message id when it travelled through this hub.", .fields = reference_fields};

static const struct catalogue_field source_fields[] = {
    {.name = "name", .title = "System", .need = MANDATORY, .format = FORMAT_LINE, .max_bytes = 100, .example = "\"LIMS\""},
    {.name = "version", .title = "Version", .format = FORMAT_LINE, .max_bytes = 40, .example = "\"7.2\""},
};
const struct catalogue_message part_source = {.descriptor = &consign__v1__source_system__descriptor, .title = "Source system",
    .says = "The system that the data comes from.", .fields = source_fields};

static const struct catalogue_field original_fields[] = {
    {.name = "media_type", .title = "Media type", .need = MANDATORY, .format = FORMAT_MEDIA_TYPE, .example = "\"text/plain\""},
    {.name = "name", .title = "Name", .need = MANDATORY, .format = FORMAT_FILE_NAME, .example = "\"note.txt\""},
    {.name = "size", .title = "Size", .need = MANDATORY, .format = FORMAT_NUMBER, .lo = "0", .hi = "1048576", .example = "3"},
    {.name = "sha256", .title = "SHA-256", .need = MANDATORY, .format = FORMAT_SHA256, .help = "Recomputed at both ends; never trusted.",
	.example = "\"2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae\""},
    {.name = "content", .title = "Content", .need = MANDATORY, .format = FORMAT_BYTES, .max_bytes = CONSIGN_CONTENT_MAX_BYTES, .example = "\"Zm9v\""},
};
const struct catalogue_message part_original = {.descriptor = &consign__v1__original__descriptor, .shape = SHAPE_ORIGINAL, .title = "Original",
    .says = "A file as it was, byte for byte: what the message was made of, or what belongs to it. All originals of a message together hold up to 1 MiB.",
    .fields = original_fields};

static const struct catalogue_field event_fields[] = {
    {.name = "state", .title = "State", .need = MANDATORY, .format = FORMAT_STATE},
    {.name = "occurred_at", .title = "Occurred at", .need = MANDATORY, .format = FORMAT_PART, .part = &part_when,
	.help = "When it happened in the world, by its source."},
    {.name = "recorded_at", .title = "Recorded at", .format = FORMAT_PART, .part = &part_when, .help = "When the source system took it down."},
    {.name = "source", .title = "Source", .need = MANDATORY, .format = FORMAT_PART, .part = &part_source},
    {.name = "sequence", .title = "Sequence", .format = FORMAT_NUMBER, .lo = "1", .hi = "4294967295", .example = "1",
	.help = "Of the messages about one thing: 1, 2, 3 …"},
    {.name = "author", .title = "Author", .format = FORMAT_PART, .part = &part_person},
    {.name = "supersedes", .title = "Supersedes", .format = FORMAT_MESSAGE_ID, .example = "\"01a201e5-5f6c-7a7b-99da-7c293136ca15.0\"",
	.help = "The message that this one corrects and replaces."},
    {.name = "voids", .title = "Voids", .format = FORMAT_MESSAGE_ID, .example = "\"01a201e5-5f6c-7a7b-99da-7c293136ca16.0\"",
	.help = "The message that should never have been sent."},
    {.name = "reason", .title = "Reason", .format = FORMAT_PROSE, .max_bytes = 2000, .example = "\"unit was wrong\""},
    {.name = "causes", .title = "Because of", .format = FORMAT_MESSAGE_ID, .max_count = 32, .example = "\"01a201e5-5f6c-7a7b-99da-7c293136ca17.0\"",
	.help = "Messages that led to this one."},
    {.name = "references", .title = "See", .format = FORMAT_PART, .part = &part_reference, .max_count = 64},
    {.name = "due_at", .title = "Due at", .format = FORMAT_PART, .part = &part_when, .least = PRECISION_DAY, .help = "When an answer or act is owed."},
    {.name = "signatures", .title = "Signed by", .format = FORMAT_PART, .part = &part_signature, .max_count = 16},
    {.name = "originals", .title = "Original", .format = FORMAT_PART, .part = &part_original, .max_count = CONSIGN_ORIGINALS_MAX},
    {.name = "note", .title = "Note", .format = FORMAT_PROSE, .max_bytes = 4000, .example = "\"seen by phone first\""},
};
static const struct catalogue_rule event_rules[] = {
    {.id = "event.correction", .says = "A message corrects another or voids it, not both.", .kind = RULE_FORBIDDEN,
	.when = {"supersedes", TEST_PRESENT, NULL}, .paths = {"voids"}},
    {.id = "event.reason", .says = "A correction says why.", .kind = RULE_REQUIRED, .when = {"supersedes", TEST_PRESENT, NULL}, .paths = {"reason"},
	.source = "ICH E6(R3) 4.2.4"},
    {.id = "event.reason", .says = "A correction says why.", .kind = RULE_REQUIRED, .when = {"voids", TEST_PRESENT, NULL}, .paths = {"reason"},
	.source = "ICH E6(R3) 4.2.4"},
    {.id = "event.author", .says = "A correction has an author.", .kind = RULE_REQUIRED, .when = {"supersedes", TEST_PRESENT, NULL}, .paths = {"author"},
	.source = "ICH E6(R3) 4.2.4"},
    {.id = "event.author", .says = "A correction has an author.", .kind = RULE_REQUIRED, .when = {"voids", TEST_PRESENT, NULL}, .paths = {"author"},
	.source = "ICH E6(R3) 4.2.4"},
};
const struct catalogue_message part_event = {.descriptor = &consign__v1__event__descriptor, .title = "Event",
    .says = "What every message says of itself: state, time, source, corrections, causes, people, originals.",
    .fields = event_fields, CATALOGUE_RULES(event_rules)};
