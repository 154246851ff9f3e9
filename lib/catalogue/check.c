/*
 * Validation: every field against its row, then the rules over several fields. Goes on after a problem, so that whoever
 * wrote the message hears of all of them at once.
 *
 * Invariants
 *   cost is linear in the size of the message; nothing is allocated unless there is a problem
 *   what passes at the consignor passes at the consignee: the same function on the same bytes and label
 */
#include "catalogue/check.h"

#include <stdio.h>
#include <string.h>

#include "catalogue/formats.h"
#include "core/limits.h"

static bool
append(char path[PROBLEM_PATH_BYTES], size_t *len, const char *text, size_t n)
{
	if (n >= PROBLEM_PATH_BYTES - *len)
		return false;
	memcpy(path + *len, text, n);
	*len += n;
	path[*len] = '\0';
	return true;
}

/* The lowerCamelCase of a proto name, as the JSON form has it. */
static bool
append_name(char path[PROBLEM_PATH_BYTES], size_t *len, const char *name)
{
	bool fits = *len == 0 || append(path, len, ".", 1);

	for (bool raise = false; fits && *name != '\0'; name++) {
		char c = raise && *name >= 'a' && *name <= 'z' ? (char)(*name - 'a' + 'A') : *name;

		raise = *name == '_';
		if (!raise)
			fits = append(path, len, &c, 1);
	}
	return fits;
}

static bool
append_place(const struct place *at, char path[PROBLEM_PATH_BYTES], size_t *len)
{
	char index[24];

	if (at == NULL || at->name == NULL)
		return true;
	if (!append_place(at->outer, path, len) || !append_name(path, len, at->name))
		return false;
	return at->index == SIZE_MAX || append(path, len, index, (size_t)snprintf(index, sizeof index, "[%zu]", at->index));
}

void
place_path(const struct place *at, const char *field, char ret_path[PROBLEM_PATH_BYTES])
{
	size_t len = 0;

	ret_path[0] = '\0';
	/* Paths follow the schema, whose names are short: what does not fit is cut, and still names the place. */
	if (append_place(at, ret_path, &len) && field != NULL)
		(void)append_name(ret_path, &len, field);
}

void
report(struct checking *c, const struct place *at, const char *field, const char *rule, struct consign_slice found, const char *expected)
{
	char path[PROBLEM_PATH_BYTES];

	place_path(at, field, path);
	problems_add(c->problems, path, rule, found, expected);
}

void
report_words(struct checking *c, const struct place *at, const char *field, const char *rule, const char *found, const char *expected)
{
	char path[PROBLEM_PATH_BYTES];

	place_path(at, field, path);
	problems_add_words(c->problems, path, rule, found, expected);
}

/* ── one value ── */

static const struct catalogue_code *
find_code(const struct catalogue_codes *codes, struct consign_slice text)
{
	for (const struct catalogue_code *code = codes->codes; code->code != NULL; code++)
		if (strlen(code->code) == text.len && memcmp(code->code, text.data, text.len) == 0)
			return code;
	return NULL;
}

/* The label that a field needs which is there: its own, unless it is a flag that says no; and that of its code. */
static enum consign_label
label_of_field(const struct catalogue_field *row, const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f)
{
	enum consign_label label = row->least_label;

	if (label != 0 && f->type == PROTOBUF_C_TYPE_BOOL && !field_flag(m, f))
		label = 0;
	if (row->format == FORMAT_CODE && f->label != PROTOBUF_C_LABEL_REPEATED) {
		const struct catalogue_code *code = find_code(row->codes, field_text(m, f, 0));

		if (code != NULL && code->least_label > label)
			label = code->least_label;
	}
	return label;
}

/* "one of a, b, c (Name)", cut where there are too many. */
static void
words_of_codes(const struct catalogue_codes *codes, char ret_words[PROBLEM_EXPECTED_BYTES])
{
	size_t len = (size_t)snprintf(ret_words, PROBLEM_EXPECTED_BYTES, "one of");

	for (const struct catalogue_code *code = codes->codes; code->code != NULL; code++) {
		if (len + strlen(code->code) + strlen(codes->name) + 16 > PROBLEM_EXPECTED_BYTES) {
			len += (size_t)snprintf(ret_words + len, PROBLEM_EXPECTED_BYTES - len, ", …");
			break;
		}
		len += (size_t)snprintf(ret_words + len, PROBLEM_EXPECTED_BYTES - len, "%s %s", code == codes->codes ? "" : ",", code->code);
	}
	snprintf(ret_words + len, PROBLEM_EXPECTED_BYTES - len, " (%s)", codes->name);
}

static void
check_code(struct checking *c, const struct place *at, const char *field, const struct catalogue_codes *codes, struct consign_slice text)
{
	char expected[PROBLEM_EXPECTED_BYTES];

	if (find_code(codes, text) != NULL)
		return;
	words_of_codes(codes, expected);
	report(c, at, field, "code", text, expected);
}

static bool
is_state(const struct catalogue_state *states, struct consign_slice text)
{
	for (; states->state != NULL; states++)
		if (strlen(states->state) == text.len && memcmp(states->state, text.data, text.len) == 0)
			return true;
	return false;
}

static void
check_state(struct checking *c, const struct place *at, const char *field, struct consign_slice text)
{
	char expected[PROBLEM_EXPECTED_BYTES] = "a state of the type:";
	size_t len = strlen(expected);

	if (is_state(c->type->states, text))
		return;
	for (const struct catalogue_state *s = c->type->states; s->state != NULL && len < sizeof expected; s++)
		len += (size_t)snprintf(expected + len, sizeof expected - len, " %s", s->state);
	report(c, at, field, "code", text, expected);
}

/* lo and hi of a row against a decimal. */
static void
check_range(struct checking *c, const struct place *at, const char *field, const struct catalogue_field *row, struct consign_slice text)
{
	char expected[PROBLEM_EXPECTED_BYTES];

	if ((row->lo == NULL || decimal_compare(text, slice_text(row->lo)) >= 0) && (row->hi == NULL || decimal_compare(text, slice_text(row->hi)) <= 0))
		return;
	if (row->lo != NULL && row->hi != NULL)
		snprintf(expected, sizeof expected, "from %s to %s", row->lo, row->hi);
	else
		snprintf(expected, sizeof expected, row->lo != NULL ? "%s or more" : "%s or less", row->lo != NULL ? row->lo : row->hi);
	report(c, at, field, "range", text, expected);
}

static void
check_text(struct checking *c, const struct place *at, const struct catalogue_field *row, struct consign_slice text)
{
	const struct format *format = format_of(row->format);
	uint32_t max = row->max_bytes != 0 ? row->max_bytes : format->max_bytes;
	char expected[PROBLEM_EXPECTED_BYTES];

	if (text.len == 0) {
		report_words(c, at, row->name, "empty", "an empty text", "a text, or no such field");
	} else if (max != 0 && text.len > max) {
		snprintf(expected, sizeof expected, "at most %u bytes", max);
		report(c, at, row->name, "length", text, expected);
	} else if (row->format == FORMAT_CODE) {
		check_code(c, at, row->name, row->codes, text);
	} else if (row->format == FORMAT_STATE) {
		check_state(c, at, row->name, text);
	} else if (row->format == FORMAT_DATE) {
		; /* check_parts.c reads it, and says so */
	} else if (!format->holds(text)) {
		report(c, at, row->name, "format", text, format->expected);
	} else if (row->format == FORMAT_DECIMAL && (row->lo != NULL || row->hi != NULL)) {
		check_range(c, at, row->name, row, text);
	}
}

/* Limits of numbers are whole numbers of our own tables (test_describe.c). */
static int64_t
limit_of(const char *text)
{
	int64_t v = 0;

	for (const char *p = *text == '-' ? text + 1 : text; *p != '\0'; p++)
		v = v * 10 + (*p - '0');
	return *text == '-' ? -v : v;
}

static void
check_number(struct checking *c, const struct place *at, const struct catalogue_field *row, int64_t number)
{
	char text[24];

	/* Words only for what is outside. */
	if ((row->lo != NULL && number < limit_of(row->lo)) || (row->hi != NULL && number > limit_of(row->hi)))
		check_range(c, at, row->name, row, slice_of(text, (size_t)snprintf(text, sizeof text, "%lld", (long long)number)));
}

/* What a part's own rows cannot know: limits that the row of the field sets for the part within. */
static void
check_part(struct checking *c, const struct place *at, const struct catalogue_field *row, const ProtobufCMessage *part)
{
	check_message(c, at, row->part, part);
	if (row->part->shape == SHAPE_PLAIN)
		return;
	check_shape(c, at, row, part);
	if (row->part->shape == SHAPE_QUANTITY && (row->lo != NULL || row->hi != NULL)) {
		struct found value = path_find(row->part, part, "value");

		if (found_is_present(&value) && decimal_is(field_text(part, value.field, 0)))
			check_range(c, at, "value", row, field_text(part, value.field, 0));
	}
	if (row->part->shape == SHAPE_CODED && row->codes != NULL) {
		struct found code = path_find(row->part, part, "code");

		/* An empty one is a problem of its own row. */
		if (found_is_present(&code) && field_text(part, code.field, 0).len > 0)
			check_code(c, at, "code", row->codes, field_text(part, code.field, 0));
	}
}

/* ── one field ── */

static void
check_elements(struct checking *c, const struct place *at, const struct catalogue_field *row, const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f,
    size_t n)
{
	bool is_list = f->label == PROTOBUF_C_LABEL_REPEATED;

	for (size_t i = 0; i < n; i++) {
		struct place here = {at, row->name, is_list ? i : SIZE_MAX};

		if (f->type == PROTOBUF_C_TYPE_MESSAGE)
			check_part(c, &here, row, field_message(m, f, i));
		else if (f->type == PROTOBUF_C_TYPE_STRING && !is_list)
			check_text(c, at, row, field_text(m, f, i));
		else if (f->type == PROTOBUF_C_TYPE_STRING) {
			/* The element's own place carries the index: its row without a name. */
			struct catalogue_field element = *row;

			element.name = NULL;
			check_text(c, &here, &element, field_text(m, f, i));
		}
	}
}

static void
report_missing(struct checking *c, const struct place *at, const struct catalogue_field *row)
{
	char words[PROBLEM_EXPECTED_BYTES];

	snprintf(words, sizeof words, "%s%s%s%s", row->title, row->source != NULL ? " (" : "", row->source != NULL ? row->source : "", row->source != NULL ? ")" : "");
	report_words(c, at, row->name, "mandatory", "nothing", words);
}

static void
report_label(struct checking *c, const struct place *at, const struct catalogue_field *row, enum consign_label needed)
{
	char words[PROBLEM_EXPECTED_BYTES];

	snprintf(words, sizeof words, "the label %s or higher on a message with this %s, or no such field", consign_label_text(needed),
	    needed == row->least_label ? "field" : "code");
	report_words(c, at, row->name, "label", consign_label_text(c->label), words);
}

static void
report_limit(struct checking *c, const struct place *at, const struct catalogue_field *row, const char *rule, size_t n, uint32_t max, const char *of)
{
	char found[32], words[48];

	snprintf(found, sizeof found, "%zu%s", n, of);
	snprintf(words, sizeof words, "at most %u%s", max, of);
	report_words(c, at, row->name, rule, found, words);
}

/* A field that is there, n times. */
static void
check_field(struct checking *c, const struct place *at, const struct catalogue_field *row, const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f,
    size_t n)
{
	if ((row->least_label != 0 || row->format == FORMAT_CODE) && label_of_field(row, m, f) > c->label)
		report_label(c, at, row, label_of_field(row, m, f));
	if (row->max_count != 0 && n > row->max_count) {
		report_limit(c, at, row, "count", n, row->max_count, " of them");
		n = row->max_count; /* the rest of a list that is refused anyway is not looked at */
	}
	switch (f->type) {
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_INT32:
		check_number(c, at, row, field_number(m, f));
		break;
	case PROTOBUF_C_TYPE_BYTES:
		if (row->max_bytes != 0 && field_text(m, f, 0).len > row->max_bytes)
			report_limit(c, at, row, "length", field_text(m, f, 0).len, row->max_bytes, " bytes");
		break;
	default:
		check_elements(c, at, row, m, f, n);
	}
}

void
check_message(struct checking *c, const struct place *at, const struct catalogue_message *d, const ProtobufCMessage *m)
{
	const ProtobufCFieldDescriptor *f = d->descriptor->fields;
	const struct catalogue_field *row = d->fields;

	/* Most fields of most messages are absent: they are passed without a call. */
	for (unsigned i = 0; i < d->descriptor->n_fields; i++, f++, row++) {
		size_t n = field_count(m, f);

		if (n > 0)
			check_field(c, at, row, m, f, n);
		else if (row->need == MANDATORY)
			report_missing(c, at, row);
	}
	if (d->n_rules > 0 && !is_plain(d, m))
		check_rules(c, at, d, m);
}

enum consign_err
business_check(const struct catalogue_type *t, enum consign_label label, const ProtobufCMessage *message, struct problems *problems)
{
	struct checking c = {.type = t, .label = label, .problems = problems};
	size_t before = problems->total;

	if (label < t->least_label) {
		char words[PROBLEM_EXPECTED_BYTES];

		snprintf(words, sizeof words, "the label %s or higher: it is the least of %s", consign_label_text(t->least_label), t->name);
		problems_add_words(problems, "", "label", consign_label_text(label), words);
	}
	check_message(&c, NULL, &t->message, message);
	if (c.originals_bytes > CONSIGN_CONTENT_MAX_BYTES)
		problems_add_words(problems, "event.originals", "length", "more than 1 MiB in all", "originals of up to 1 MiB together");
	return problems->total > before ? CONSIGN_E_MALFORMED : CONSIGN_OK;
}

/* ── the label that a message needs ── */

static enum consign_label
higher(enum consign_label a, enum consign_label b)
{
	return a > b ? a : b;
}

static enum consign_label
least_label(const struct catalogue_message *d, const ProtobufCMessage *m)
{
	enum consign_label least = CONSIGN_LABEL_OPEN;

	for (unsigned i = 0; i < d->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *f = &d->descriptor->fields[i];
		size_t n = field_count(m, f);

		if (n == 0)
			continue;
		least = higher(least, label_of_field(&d->fields[i], m, f));
		for (size_t k = 0; f->type == PROTOBUF_C_TYPE_MESSAGE && k < n; k++)
			least = higher(least, least_label(d->fields[i].part, field_message(m, f, k)));
	}
	return least;
}

enum consign_label
business_least_label(const struct catalogue_type *t, const ProtobufCMessage *message)
{
	return higher(t->least_label, least_label(&t->message, message));
}
