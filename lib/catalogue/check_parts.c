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

/* The text of a field of a part; len 0: absent. */
static struct consign_slice
text_of(const struct catalogue_field *row, const ProtobufCMessage *part, const char *name)
{
	struct found f = path_find(row->part, part, name);

	return found_is_present(&f) ? field_text(part, f.field, 0) : (struct consign_slice){0};
}

static void
check_null(struct checking *c, const struct place *at, const struct catalogue_field *row, const ProtobufCMessage *part)
{
	struct consign_slice flavor = text_of(row, part, "null_flavor");

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
	struct consign_slice text = text_of(row, part, "text"), precision = text_of(row, part, "precision");
	struct consign_slice offset = text_of(row, part, "offset");
	char expected[PROBLEM_EXPECTED_BYTES];
	struct date date;

	check_null(c, at, row, part);
	if (text.len == 0 || !date_parse(text, &date))
		return; /* its own row says so */
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
	struct consign_slice unit = text_of(row, part, "unit");

	check_null(c, at, row, part);
	if (row->unit == NULL || text_of(row, part, "value").len == 0)
		return;
	if (unit.len == 0)
		report_words(c, at, "unit", "unit", "nothing", row->unit);
	else if (!slice_equal(unit, slice_text(row->unit)))
		report(c, at, "unit", "unit", unit, row->unit);
}

/* ── originals ── */

/* Trap: labels lie. The digest is made of the bytes, and the size is counted. */
static void
check_original(struct checking *c, const struct place *at, const struct catalogue_field *row, const ProtobufCMessage *part)
{
	struct found content = path_find(row->part, part, "content"), size = path_find(row->part, part, "size");
	struct consign_slice sha256 = text_of(row, part, "sha256"), bytes = {0};
	char words[PROBLEM_EXPECTED_BYTES], hex[65];
	struct consign_hash digest;

	if (!found_is_present(&content))
		return;
	bytes = field_text(part, content.field, 0);
	c->originals_bytes += bytes.len;
	if (found_is_present(&size) && field_number(part, size.field) != (int64_t)bytes.len) {
		snprintf(words, sizeof words, "%zu, the number of bytes of content", bytes.len);
		char found[24];

		snprintf(found, sizeof found, "%" PRId64, field_number(part, size.field));
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
	case SHAPE_CODED:
		check_null(c, at, row, part);
		break;
	case SHAPE_ORIGINAL:
		check_original(c, at, row, part);
		break;
	}
}
