#include "catalogue/render_words.h"

#include <string.h>

#include "catalogue/formats.h"

bool
reached_has_part(const struct reached *r, const struct catalogue_message *part)
{
	for (size_t i = 0; i < r->n_parts; i++)
		if (r->parts[i] == part)
			return true;
	return false;
}

bool
reached_has_codes(const struct reached *r, const struct catalogue_codes *codes)
{
	for (size_t i = 0; i < r->n_codes; i++)
		if (r->codes[i] == codes)
			return true;
	return false;
}

void
reached_add(struct reached *r, const struct catalogue_message *d)
{
	for (unsigned i = 0; i < d->descriptor->n_fields; i++) {
		const struct catalogue_field *row = &d->fields[i];

		if (row->codes != NULL && !reached_has_codes(r, row->codes) && r->n_codes < REACHED_MAX)
			r->codes[r->n_codes++] = row->codes;
		if (row->part != NULL && !reached_has_part(r, row->part) && r->n_parts < REACHED_MAX) {
			r->parts[r->n_parts++] = row->part;
			reached_add(r, row->part);
		}
	}
}

static void
words_of_limits(struct page *p, const struct catalogue_field *row)
{
	if (row->lo != NULL && row->hi != NULL)
		page_printf(p, ", %s to %s", row->lo, row->hi);
	else if (row->lo != NULL)
		page_printf(p, ", %s or more", row->lo);
	else if (row->hi != NULL)
		page_printf(p, ", %s or less", row->hi);
}

static void
words_of_part(struct page *p, const struct catalogue_field *row)
{
	static const char *const precisions[] = {"", "year", "month", "day", "hour", "minute", "second", "fraction of a second"};

	page_text(p, row->part->descriptor->short_name);
	if (row->unit != NULL)
		page_printf(p, " in %s", row->unit);
	words_of_limits(p, row);
	if (row->codes != NULL)
		page_printf(p, ", code of: %s", row->codes->name);
	if (row->least != PRECISION_ANY)
		page_printf(p, ", known to the %s", precisions[row->least]);
	if (row->has_offset)
		page_text(p, ", with offset");
	if (row->may_be_null)
		page_text(p, ", or a null flavour");
}

void
words_of_field(struct page *p, const struct catalogue_field *row)
{
	const struct format *format = format_of(row->format);
	uint32_t max = row->max_bytes != 0 ? row->max_bytes : format->max_bytes;

	if (row->max_count != 0)
		page_printf(p, "up to %u of: ", row->max_count);
	if (row->part != NULL) {
		words_of_part(p, row);
	} else if (row->format == FORMAT_CODE) {
		page_printf(p, "code of: %s", row->codes->name);
	} else {
		page_text(p, format->name);
		words_of_limits(p, row);
		/* Only a limit of the field's own is worth its place: the format's stands with the format. */
		if (row->max_bytes != 0 && max != format->max_bytes)
			page_printf(p, ", up to %u bytes", max);
	}
	if (row->least_label > CONSIGN_LABEL_OPEN)
		page_printf(p, "; label %s or higher", consign_label_text(row->least_label));
}

void
words_listed(struct page *p, const char *words)
{
	for (const char *separator = ""; *words != '\0'; separator = ", ") {
		size_t len = strcspn(words, " ");

		page_printf(p, "%s%.*s", separator, (int)len, words);
		words += len;
		words += strspn(words, " ");
	}
}
