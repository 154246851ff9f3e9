/* What the engine knows of the shared parts beyond their rows. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "catalogue/check.h"
#include "catalogue/formats.h"
#include "core/sign.h"
#include "core/text.h"

static const char *const precision_words[] = {"any", "year", "month", "day", "hour", "minute", "second", "fraction"};
_Static_assert(sizeof precision_words / sizeof precision_words[0] == PRECISION_FRACTION + 1, "a word for each precision");

/* Where the fields of the parts stand: parts.proto's order, which test_describe.c holds for each row. */
enum { WHEN_TEXT, WHEN_PRECISION, WHEN_OFFSET, WHEN_NULL };
enum { QUANTITY_VALUE, QUANTITY_UNIT, QUANTITY_REPORTED, QUANTITY_NULL };
enum { TEXT_VALUE, TEXT_NULL };
enum { CODED_NULL = 5 };
enum { ORIGINAL_SIZE = 2, ORIGINAL_SHA256, ORIGINAL_CONTENT };

/* The text of field i of a part; len 0: absent. */
static struct consign_slice
text_at(const ProtobufCMessage *part, size_t i)
{
	const ProtobufCFieldDescriptor *f = &part->descriptor->fields[i];

	return field_is_present(part, f) ? field_text(part, f, 0) : (struct consign_slice){0};
}

bool
is_plain(const struct catalogue_message *d, const ProtobufCMessage *part)
{
	const ProtobufCFieldDescriptor *f = part->descriptor->fields;

	switch (d->shape) {
	case SHAPE_WHEN:
		return field_is_present(part, &f[WHEN_TEXT]) && !field_is_present(part, &f[WHEN_NULL]);
	case SHAPE_QUANTITY:
		return field_is_present(part, &f[QUANTITY_VALUE]) && field_is_present(part, &f[QUANTITY_UNIT]) && !field_is_present(part, &f[QUANTITY_NULL]);
	case SHAPE_TEXT:
		return field_is_present(part, &f[TEXT_VALUE]) && !field_is_present(part, &f[TEXT_NULL]);
	default:
		return false;
	}
}

static void
check_null(struct checking *c, const struct place *at, const struct catalogue_field *row, const ProtobufCMessage *part, size_t flavor_at)
{
	struct consign_slice flavor = text_at(part, flavor_at);

	if (flavor.len > 0 && !row->may_be_null)
		report(c, at, "null_flavor", "null-flavour", flavor, "a value: this field may not be missing with a reason");
}

/* ── dates ── */

static enum catalogue_precision
precision_of(struct consign_slice word)
{
	for (int i = PRECISION_YEAR; i <= PRECISION_FRACTION; i++)
		if (slice_equal(word, slice_text(precision_words[i])))
			return (enum catalogue_precision)i;
	return PRECISION_ANY;
}

bool
when_read(const struct catalogue_message *d, const ProtobufCMessage *when, struct consign_slice *ret_text, struct date *ret_date)
{
	struct found text = path_find(d, when, "text"), precision = path_find(d, when, "precision"), offset = path_find(d, when, "offset");
	char buffer[24];
	struct date date;

	if (!found_is_present(&text) || !date_parse(field_text(when, text.field, 0), &date))
		return false;
	enum catalogue_precision meant = precision_of(found_text(&precision, buffer));

	if (meant != PRECISION_ANY && meant < date.precision)
		date.precision = meant;
	if (!date.has_offset && offset_parse(found_text(&offset, buffer), &date.offset_min))
		date.has_offset = true;
	*ret_text = field_text(when, text.field, 0);
	*ret_date = date;
	return true;
}

/* A text in Z says nothing of the place, so any offset may stand beside it; another offset must be the same. */
static void
check_offset(struct checking *c, const struct place *at, const struct date *date, struct consign_slice offset)
{
	int16_t minutes;

	if (offset.len == 0 || !offset_parse(offset, &minutes))
		return;
	if (date->precision < PRECISION_HOUR)
		report(c, at, "offset", "date.offset-of", offset, "no offset beside a date without a time");
	else if (date->has_offset && !date->is_z && date->offset_min != minutes)
		report(c, at, "offset", "date.offset", offset, "the offset that stands in the text, or none");
}

static void
check_when(struct checking *c, const struct place *at, const struct catalogue_field *row, const ProtobufCMessage *part)
{
	struct consign_slice text = text_at(part, WHEN_TEXT), precision = text_at(part, WHEN_PRECISION);
	struct consign_slice offset = text_at(part, WHEN_OFFSET);
	char expected[PROBLEM_EXPECTED_BYTES];
	struct date date;

	check_null(c, at, row, part, WHEN_NULL);
	if (text.len == 0 || text.len > format_of(FORMAT_DATE)->max_bytes)
		return; /* its own row says so */
	if (!date_parse(text, &date)) {
		report(c, at, "text", "format", text, format_of(FORMAT_DATE)->expected);
		return;
	}
	enum catalogue_precision stated = precision.len > 0 ? precision_of(precision) : PRECISION_ANY;

	if (stated > date.precision)
		report(c, at, "precision", "date.precision", precision, "no finer than the text");
	else if (stated != PRECISION_ANY)
		date.precision = stated;
	if (date.precision < row->least) {
		snprintf(expected, sizeof expected, "a date that is known to the %s", precision_words[row->least]);
		report(c, at, "text", "date.least", text, expected);
	}
	if (row->has_offset && !date.has_offset && offset.len == 0)
		report(c, at, "text", "date.no-offset", text, "an offset from UTC, in the text or beside it");
	check_offset(c, at, &date, offset);
}

/* ── quantities ── */

static void
check_quantity(struct checking *c, const struct place *at, const struct catalogue_field *row, const ProtobufCMessage *part)
{
	struct consign_slice unit = text_at(part, QUANTITY_UNIT);

	check_null(c, at, row, part, QUANTITY_NULL);
	if (row->unit == NULL || text_at(part, QUANTITY_VALUE).len == 0)
		return;
	if (unit.len == 0)
		report_words(c, at, "unit", "unit", "nothing", row->unit);
	else if (!slice_equal(unit, slice_text(row->unit)))
		report(c, at, "unit", "unit", unit, row->unit);
}

/* ── originals ── */

/* Trap: labels lie. The digest is made of the bytes, and the size is counted. */
static void
check_original(struct checking *c, const struct place *at, const ProtobufCMessage *part)
{
	const ProtobufCFieldDescriptor *fields = part->descriptor->fields;
	struct consign_slice sha256 = text_at(part, ORIGINAL_SHA256), bytes;
	char words[PROBLEM_EXPECTED_BYTES], hex[65];
	struct consign_hash digest;

	if (!field_is_present(part, &fields[ORIGINAL_CONTENT]))
		return;
	bytes = field_text(part, &fields[ORIGINAL_CONTENT], 0);
	c->originals_bytes += bytes.len;
	if (field_is_present(part, &fields[ORIGINAL_SIZE]) && field_number(part, &fields[ORIGINAL_SIZE]) != (int64_t)bytes.len) {
		snprintf(words, sizeof words, "%zu, the number of bytes of content", bytes.len);
		char found[24];

		snprintf(found, sizeof found, "%" PRId64, field_number(part, &fields[ORIGINAL_SIZE]));
		report_words(c, at, "size", "original.size", found, words);
	}
	if (sha256.len != 64)
		return;
	hash_sha256(bytes, &digest);
	for (size_t i = 0; i < sizeof digest.b; i++) {
		hex[2 * i] = "0123456789abcdef"[digest.b[i] >> 4];
		hex[2 * i + 1] = "0123456789abcdef"[digest.b[i] & 15];
	}
	hex[64] = '\0';
	if (!slice_equal(sha256, slice_text(hex))) {
		snprintf(words, sizeof words, "%s, the SHA-256 of the content", hex);
		report(c, at, "sha256", "original.digest", sha256, words);
	}
}

void
check_shape(struct checking *c, const struct place *at, const struct catalogue_field *row, const ProtobufCMessage *part)
{
	switch (row->part->shape) {
	case SHAPE_PLAIN:
		break;
	case SHAPE_WHEN:
		check_when(c, at, row, part);
		break;
	case SHAPE_QUANTITY:
		check_quantity(c, at, row, part);
		break;
	case SHAPE_TEXT:
		check_null(c, at, row, part, TEXT_NULL);
		break;
	case SHAPE_CODED:
		check_null(c, at, row, part, CODED_NULL);
		break;
	case SHAPE_ORIGINAL:
		check_original(c, at, part);
		break;
	}
}
