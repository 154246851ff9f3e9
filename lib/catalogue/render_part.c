/* Parts that are printed in one line: dates, quantities, codes, people, references, originals. */
#include "catalogue/render_part.h"

#include <inttypes.h>
#include <string.h>

#include "catalogue/check.h"

struct consign_slice
part_text_of(const struct catalogue_message *d, const ProtobufCMessage *m, const char *path)
{
	struct found f = path_find(d, m, path);

	if (!found_is_present(&f) || f.field->type != PROTOBUF_C_TYPE_STRING || f.field->label == PROTOBUF_C_LABEL_REPEATED)
		return (struct consign_slice){0};
	return field_text(f.message, f.field, 0);
}

const ProtobufCMessage *
part_within(const struct catalogue_message *d, const ProtobufCMessage *m, const char *name)
{
	struct found f = path_find(d, m, name);

	return found_is_present(&f) ? field_message(f.message, f.field, 0) : NULL;
}

const char *
codes_meaning_of(const struct catalogue_codes *codes, struct consign_slice code)
{
	for (const struct catalogue_code *c = codes->codes; c->code != NULL; c++)
		if (slice_equal(code, slice_text(c->code)))
			return c->meaning;
	return NULL;
}

static void
shown(struct page *p, struct consign_slice text)
{
	page_shown(p, text, SIZE_MAX);
}

/* "before TEXT", where there is a text. */
static void
with(struct page *p, const char *before, struct consign_slice text)
{
	if (text.len == 0)
		return;
	page_text(p, before);
	shown(p, text);
}

static void
print_null(struct page *p, struct consign_slice flavor)
{
	const char *meaning = codes_meaning_of(&codes_null_flavor, flavor);

	if (meaning != NULL) {
		page_printf(p, "- (%s)", meaning);
		return;
	}
	page_text(p, "- (null flavour ");
	shown(p, flavor);
	page_text(p, ")");
}

static void
print_when(struct page *p, const struct catalogue_message *d, const ProtobufCMessage *m)
{
	struct consign_slice text = part_text_of(d, m, "text");

	shown(p, text.len > 0 ? text : slice_text("-"));
	with(p, ", known to the ", part_text_of(d, m, "precision"));
	with(p, ", offset ", part_text_of(d, m, "offset"));
}

/* "6.4 mmol/L"; 1 is no unit to read, what is counted needs no braces, and degrees are written as on a thermometer. */
static void
print_quantity(struct page *p, const struct catalogue_message *d, const ProtobufCMessage *m)
{
	struct consign_slice unit = part_text_of(d, m, "unit"), reported = part_text_of(d, m, "reported_unit");

	shown(p, part_text_of(d, m, "value"));
	if (unit.len > 2 && unit.data[0] == '{' && memchr(unit.data, '}', unit.len) == unit.data + unit.len - 1)
		unit = slice_of(unit.data + 1, unit.len - 2);
	if (unit.len == 0)
		with(p, " ", reported);
	else if (slice_equal(unit, slice_text("Cel")))
		page_text(p, " °C");
	else if (!slice_equal(unit, slice_text("1")))
		with(p, " ", unit);
	if (unit.len > 0 && reported.len > 0 && !slice_equal(unit, reported)) {
		with(p, " (reported in ", reported);
		page_text(p, ")");
	}
}

/* "Headache (MedDRA 28.1: 10019211), reported as "bad headache"". */
static void
print_coded(struct page *p, const struct catalogue_field *row, const struct catalogue_message *d, const ProtobufCMessage *m)
{
	struct consign_slice code = part_text_of(d, m, "code"), display = part_text_of(d, m, "display"), original = part_text_of(d, m, "original_text");

	if (display.len == 0 && row->codes != NULL && codes_meaning_of(row->codes, code) != NULL)
		display = slice_text(codes_meaning_of(row->codes, code));
	shown(p, display.len > 0 ? display : code);
	if (code.len > 0) {
		with(p, " (", part_text_of(d, m, "system"));
		if (part_text_of(d, m, "system").len == 0)
			page_text(p, " (");
		with(p, " ", part_text_of(d, m, "version"));
		with(p, ": ", display.len > 0 ? code : (struct consign_slice){0});
		page_text(p, ")");
	}
	if (original.len > 0) {
		with(p, code.len + display.len > 0 ? ", reported as \"" : "reported as \"", original);
		page_text(p, "\"");
	}
}

static void
print_person(struct page *p, const struct catalogue_message *d, const ProtobufCMessage *m)
{
	struct consign_slice name = part_text_of(d, m, "name"), id = part_text_of(d, m, "id");

	shown(p, name.len > 0 ? name : id);
	with(p, ", ", part_text_of(d, m, "role"));
	with(p, ", ", part_text_of(d, m, "org"));
	if (name.len > 0 && id.len > 0) {
		with(p, " (", id);
		page_text(p, ")");
	}
}

static void
print_reference(struct page *p, const struct catalogue_message *d, const ProtobufCMessage *m)
{
	shown(p, part_text_of(d, m, "kind"));
	with(p, " ", part_text_of(d, m, "id"));
	with(p, ", version ", part_text_of(d, m, "version"));
	with(p, ", message ", part_text_of(d, m, "message"));
	with(p, ", SHA-256 ", part_text_of(d, m, "sha256"));
}

static void
print_signature(struct page *p, const struct catalogue_message *d, const ProtobufCMessage *m)
{
	const ProtobufCMessage *signer = part_within(d, m, "signer"), *at = part_within(d, m, "signed_at");

	if (signer != NULL)
		print_person(p, &part_person, signer);
	with(p, ": ", part_text_of(d, m, "meaning"));
	if (at != NULL) {
		page_text(p, ", ");
		print_when(p, &part_when, at);
	}
}

static void
print_original(struct page *p, const struct catalogue_message *d, const ProtobufCMessage *m, size_t i)
{
	struct found size = path_find(d, m, "size");

	shown(p, part_text_of(d, m, "name"));
	with(p, ", ", part_text_of(d, m, "media_type"));
	if (found_is_present(&size))
		page_printf(p, ", %" PRId64 " bytes", field_number(size.message, size.field));
	with(p, ", SHA-256 ", part_text_of(d, m, "sha256"));
	page_printf(p, " (--attachment %zu)", i + 1);
}

/* Whether a part is printed in one line. */
bool
part_is_line(const struct catalogue_message *part)
{
	return part->shape != SHAPE_PLAIN || part == &part_person || part == &part_reference || part == &part_source || part == &part_signature;
}

void
part_print(struct page *p, const struct catalogue_field *row, const ProtobufCMessage *m, size_t i)
{
	const struct catalogue_message *d = row->part;
	struct consign_slice flavor = {0};

	if (d->shape == SHAPE_ORIGINAL) {
		print_original(p, d, m, i);
	} else if (d->shape != SHAPE_PLAIN && (flavor = part_text_of(d, m, "null_flavor")).len > 0) {
		print_null(p, flavor);
		/* Words that could not be coded stand beside the reason why. */
		if (d->shape == SHAPE_CODED && part_text_of(d, m, "original_text").len > 0) {
			with(p, ", reported as \"", part_text_of(d, m, "original_text"));
			page_text(p, "\"");
		}
	} else if (d->shape == SHAPE_WHEN) {
		print_when(p, d, m);
	} else if (d->shape == SHAPE_QUANTITY) {
		print_quantity(p, d, m);
	} else if (d->shape == SHAPE_TEXT) {
		shown(p, part_text_of(d, m, "value"));
	} else if (d->shape == SHAPE_CODED) {
		print_coded(p, row, d, m);
	} else if (d == &part_person) {
		print_person(p, d, m);
	} else if (d == &part_reference) {
		print_reference(p, d, m);
	} else if (d == &part_signature) {
		print_signature(p, d, m);
	} else {
		shown(p, part_text_of(d, m, "name"));
		with(p, " ", part_text_of(d, m, "version"));
	}
}
