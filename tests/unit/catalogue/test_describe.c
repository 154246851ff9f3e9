/* Descriptions fit their messages: what the engine takes for granted of types, fields, codes and states. Rules: test_describe_rules.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "describing.h"

/* ── fields ── */

static void
look_at_rows(struct looking *l)
{
	const ProtobufCMessageDescriptor *proto = l->message->descriptor;

	if (!says_something(l->message->title))
		broken(l, "title", "none");
	if (proto->n_fields == 0)
		broken(l, "fields", "none");
	for (unsigned i = 0; i < proto->n_fields; i++) {
		const struct catalogue_field *row = &l->message->fields[i];

		if (proto->fields[i].id != i + 1)
			broken(l, proto->fields[i].name, "has number %u, not %u: there is a gap", proto->fields[i].id, i + 1);
		if (row->name == NULL || strcmp(row->name, proto->fields[i].name) != 0) {
			broken(l, proto->fields[i].name, "row %u is of %s", i, row->name == NULL ? "nothing" : row->name);
			return; /* the rows that follow are off by one */
		}
	}
}

static void
test_describe_has_a_row_for_each_field_of_the_proto(void **state)
{
	(void)state;
	look_at_all(look_at_rows);
}

static bool
format_fits(const struct catalogue_field *row, const ProtobufCFieldDescriptor *f)
{
	switch (row->format) {
	case FORMAT_NUMBER:
		return f->type == PROTOBUF_C_TYPE_UINT32 || f->type == PROTOBUF_C_TYPE_INT32;
	case FORMAT_FLAG:
		return f->type == PROTOBUF_C_TYPE_BOOL;
	case FORMAT_BYTES:
		return f->type == PROTOBUF_C_TYPE_BYTES;
	case FORMAT_PART:
		return f->type == PROTOBUF_C_TYPE_MESSAGE && row->part != NULL && f->descriptor == row->part->descriptor;
	default:
		return row->format >= FORMAT_LINE && row->format < FORMATS_END && f->type == PROTOBUF_C_TYPE_STRING;
	}
}

static void
look_at_kinds(struct looking *l)
{
	for (unsigned i = 0; i < l->message->descriptor->n_fields; i++) {
		const struct catalogue_field *row = &l->message->fields[i];
		const ProtobufCFieldDescriptor *f = &l->message->descriptor->fields[i];
		bool list = f->label == PROTOBUF_C_LABEL_REPEATED;
		bool coded = row->part != NULL && row->part->shape == SHAPE_CODED;

		if (!format_fits(row, f))
			broken(l, row->name, "its format does not fit its type in the proto");
		if (row->part != NULL && row->format != FORMAT_PART)
			broken(l, row->name, "has a part, and is none");
		if (row->need != OPTIONAL && row->need != MANDATORY)
			broken(l, row->name, "is needed in no known way");
		if (!list && f->label != PROTOBUF_C_LABEL_OPTIONAL)
			broken(l, row->name, "is required on the wire: its absence could not be told as a problem");
		if ((f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 || f->default_value != NULL)
			broken(l, row->name, "is in a oneof or has a default");
		if (list != (row->max_count != 0))
			broken(l, row->name, list ? "is a list without max_count" : "has max_count and is no list");
		if (list && f->type != PROTOBUF_C_TYPE_STRING && f->type != PROTOBUF_C_TYPE_MESSAGE)
			broken(l, row->name, "is a list of something else than texts or parts");
		if (row->format == FORMAT_CODE ? row->codes == NULL : row->codes != NULL && !coded)
			broken(l, row->name, row->codes == NULL ? "has no codes" : "has codes and no use for them");
		if (row->least_label > CONSIGN_LABEL_UNBLINDED || (row->least_label != 0 && row->least_label <= l->type->least_label))
			broken(l, row->name, "its least label asks no more than the type's");
	}
}

static void
test_describe_gives_formats_that_fit_the_proto(void **state)
{
	(void)state;
	look_at_all(look_at_kinds);
}

static void
look_at_range(struct looking *l, const struct catalogue_field *row, const ProtobufCFieldDescriptor *f)
{
	const char *limits[] = {row->lo, row->hi};

	if (row->lo == NULL && row->hi == NULL)
		return;
	if (row->format != FORMAT_NUMBER && row->format != FORMAT_DECIMAL && !(row->part != NULL && row->part->shape == SHAPE_QUANTITY))
		broken(l, row->name, "has limits and is no number");
	for (size_t i = 0; i < 2; i++) {
		if (limits[i] == NULL)
			continue;
		if (!decimal_is(slice_text(limits[i])))
			broken(l, row->name, "%s is no decimal", limits[i]);
		else if (row->format == FORMAT_NUMBER && (strchr(limits[i], '.') != NULL || (f->type == PROTOBUF_C_TYPE_UINT32 && limits[i][0] == '-')))
			broken(l, row->name, "%s is no number that it can have", limits[i]);
	}
	if (row->lo != NULL && row->hi != NULL && decimal_compare(slice_text(row->lo), slice_text(row->hi)) > 0)
		broken(l, row->name, "%s is more than %s", row->lo, row->hi);
}

static void
look_at_limits(struct looking *l)
{
	for (unsigned i = 0; i < l->message->descriptor->n_fields; i++) {
		const struct catalogue_field *row = &l->message->fields[i];
		enum catalogue_shape shape = row->part != NULL ? row->part->shape : SHAPE_PLAIN;

		look_at_range(l, row, &l->message->descriptor->fields[i]);
		if ((row->least != PRECISION_ANY || row->has_offset) && shape != SHAPE_WHEN)
			broken(l, row->name, "has a precision or an offset and is no date");
		if (row->unit != NULL && shape != SHAPE_QUANTITY)
			broken(l, row->name, "has a unit and is no quantity");
		if (row->unit != NULL && !unit_is(slice_text(row->unit)))
			broken(l, row->name, "%s is no UCUM unit", row->unit);
		if (row->may_be_null && (shape == SHAPE_PLAIN || shape == SHAPE_ORIGINAL))
			broken(l, row->name, "may be null and has no null flavour");
		if (row->max_bytes != 0 && (row->format == FORMAT_NUMBER || row->format == FORMAT_FLAG || row->format == FORMAT_PART))
			broken(l, row->name, "has max_bytes and is no text");
	}
}

static void
test_describe_limits_only_what_can_be_limited(void **state)
{
	(void)state;
	look_at_all(look_at_limits);
}

static void
look_at_words(struct looking *l)
{
	for (unsigned i = 0; i < l->message->descriptor->n_fields; i++) {
		const struct catalogue_field *row = &l->message->fields[i];

		if (!says_something(row->title))
			broken(l, row->name, "has no title");
		if (row->help != NULL && !says_something(row->help))
			broken(l, row->name, "its help is no text");
		/* A state is a state of the type: its example is made of those. */
		if (row->example == NULL && row->format != FORMAT_PART && row->format != FORMAT_STATE)
			broken(l, row->name, "has no example");
	}
}

static void
test_describe_has_title_and_example_for_each_field(void **state)
{
	(void)state;
	look_at_all(look_at_words);
}

static void
look_at_codes(struct looking *l)
{
	for (unsigned i = 0; i < l->message->descriptor->n_fields; i++) {
		const struct catalogue_field *row = &l->message->fields[i];

		if (row->codes == NULL)
			continue;
		if (!says_something(row->codes->name))
			broken(l, row->name, "its code list has no name");
		if (row->codes->codes[0].code == NULL)
			broken(l, row->name, "its code list is empty");
		for (const struct catalogue_code *c = row->codes->codes; c->code != NULL; c++) {
			if (!says_something(c->code) || !says_something(c->meaning))
				broken(l, row->name, "code %s is empty or without a meaning", c->code);
			/* Rules part words by | and commas. */
			if (strpbrk(c->code, "|,") != NULL)
				broken(l, row->name, "code %s cannot be named in a rule", c->code);
			for (const struct catalogue_code *d = row->codes->codes; d < c; d++)
				if (strcmp(c->code, d->code) == 0)
					broken(l, row->name, "code %s stands twice", c->code);
		}
	}
}

static void
test_describe_has_code_lists_without_doubles(void **state)
{
	(void)state;
	look_at_all(look_at_codes);
}

/* What check_parts.c looks up by name. */
static void
look_at_shape(struct looking *l)
{
	static const char *const names[][6] = {
	    [SHAPE_PLAIN] = {NULL},
	    [SHAPE_WHEN] = {"text", "precision", "offset", "null_flavor", NULL},
	    [SHAPE_QUANTITY] = {"value", "unit", "reported_unit", "null_flavor", NULL},
	    [SHAPE_TEXT] = {"value", "null_flavor", NULL},
	    [SHAPE_CODED] = {"code", "system", "version", "original_text", "null_flavor", NULL},
	    [SHAPE_ORIGINAL] = {"media_type", "name", "size", "sha256", "content", NULL},
	};
	struct end end;

	for (const char *const *name = names[l->message->shape]; *name != NULL; name++)
		if (!resolve(l->message, slice_text(*name), &end))
			broken(l, *name, "its shape needs this field");
	if (l->message != &l->type->message && !says_something(l->message->says))
		broken(l, "says", "a part says what it is");
}

static void
test_describe_has_the_fields_of_each_shape(void **state)
{
	(void)state;
	look_at_all(look_at_shape);
}

/* ── types ── */

static bool
is_role(struct consign_slice word)
{
	static const char *const roles[] = {"sponsor", "cro", "cdmo", "cmo", "smo", "site", "lab", "regulator", "irt", "depot", "pv", "dmc", "statistician"};

	for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++)
		if (is_word(word, roles[i]))
			return true;
	return false;
}

static void
look_at_parties(struct looking *l, const char *what, const char *roles)
{
	struct consign_slice word;

	if (roles == NULL)
		broken(l, what, "none");
	while (next_word(&roles, ' ', &word))
		if (!is_role(word))
			broken(l, what, "\"%.*s\" is no role of a policy", (int)word.len, (const char *)word.data);
}

static void
look_at_fields_named(struct looking *l, const char *what, const char *paths)
{
	struct consign_slice path;
	struct end end;

	if (paths == NULL)
		broken(l, what, "none");
	while (next_word(&paths, ' ', &path)) {
		if (!resolve(l->message, path, &end))
			broken(l, what, "\"%.*s\" is no path, or enters a list", (int)path.len, (const char *)path.data);
		else if (is_list(&end) && strcmp(what, "key") == 0)
			broken(l, what, "%s is a list: it does not tell one thing from another", end.row->name);
	}
}

static void
look_at_type(struct looking *l)
{
	const struct catalogue_type *t = l->type;

	if (t->version == 0)
		broken(l, "version", "0");
	if (!says_something(t->title) || !says_something(t->says) || !says_something(t->standard) || !says_something(t->label_why))
		broken(l, "words", "title, says, standard or label_why is missing");
	if (t->clock != NULL && !says_something(t->clock))
		broken(l, "clock", "no text");
	if (t->least_label < CONSIGN_LABEL_OPEN || t->least_label > CONSIGN_LABEL_UNBLINDED)
		broken(l, "least_label", "%d is no label", (int)t->least_label);
	if (t->message.shape != SHAPE_PLAIN)
		broken(l, "shape", "a type is no part");
	if (t->message.fields[0].part != &part_event || t->message.fields[0].need != MANDATORY || strcmp(t->message.fields[0].name, "event") != 0)
		broken(l, "event", "row 1 is CATALOGUE_EVENT_FIELD");
	look_at_parties(l, "producers", t->producers);
	look_at_parties(l, "consumers", t->consumers);
	look_at_fields_named(l, "key", t->key);
	look_at_fields_named(l, "headline", t->headline);
}

static void
test_describe_says_of_each_type_what_it_is(void **state)
{
	(void)state;
	look_at_types(look_at_type);
}

static void
test_describe_lists_types_in_the_order_of_their_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < catalogue_n_types; i++) {
		assert_true(text_is(CHARSET_TYPE, slice_text(catalogue_types[i]->name)));
		if (i > 0 && strcmp(catalogue_types[i - 1]->name, catalogue_types[i]->name) >= 0)
			fail_msg("%s stands before %s", catalogue_types[i - 1]->name, catalogue_types[i]->name);
		for (size_t k = 0; k < i; k++)
			if (catalogue_types[k]->message.descriptor == catalogue_types[i]->message.descriptor)
				fail_msg("%s and %s are one message", catalogue_types[k]->name, catalogue_types[i]->name);
	}
}

/* Whether some other state leads to this one. */
static bool
is_followed_to(const struct catalogue_type *t, const struct catalogue_state *to)
{
	for (const struct catalogue_state *s = t->states; s->state != NULL; s++) {
		const char *next = s->next;
		struct consign_slice word;

		while (s != to && next_word(&next, ' ', &word))
			if (is_word(word, to->state))
				return true;
	}
	return false;
}

static void
look_at_states(struct looking *l)
{
	const struct catalogue_state *first = l->type->states;

	if (first == NULL || first->state == NULL) {
		broken(l, "states", "none");
		return;
	}
	for (const struct catalogue_state *s = first; s->state != NULL; s++) {
		const char *next = s->next != NULL && *s->next != '\0' ? s->next : NULL;
		struct consign_slice word;

		if (s->next == NULL)
			broken(l, s->state, "says not what follows");
		if (!says_something(s->meaning))
			broken(l, s->state, "has no meaning");
		if (s->state[0] == '\0' || strpbrk(s->state, " |,") != NULL)
			broken(l, s->state, "is no word");
		while (next_word(&next, ' ', &word))
			if (!is_state(l->type, word))
				broken(l, s->state, "\"%.*s\" is no state", (int)word.len, (const char *)word.data);
		for (const struct catalogue_state *before = first; before < s; before++)
			if (strcmp(before->state, s->state) == 0)
				broken(l, s->state, "stands twice");
		if (s != first && !is_followed_to(l->type, s))
			broken(l, s->state, "no state leads to it");
	}
}

static void
test_describe_has_states_that_follow_one_another(void **state)
{
	(void)state;
	look_at_types(look_at_states);
}

/* check_parts.c reads these by their places. */
static void
test_describe_parts_have_their_fields_where_the_check_looks(void **state)
{
	static const struct {
		const struct catalogue_message *part;
		size_t i;
		const char *name;
	} rows[] = {
	    {&part_when, 0, "text"},
	    {&part_when, 1, "precision"},
	    {&part_when, 2, "offset"},
	    {&part_when, 3, "null_flavor"},
	    {&part_quantity, 0, "value"},
	    {&part_quantity, 1, "unit"},
	    {&part_quantity, 3, "null_flavor"},
	    {&part_text, 1, "null_flavor"},
	    {&part_coded, 5, "null_flavor"},
	    {&part_original, 2, "size"},
	    {&part_original, 3, "sha256"},
	    {&part_original, 4, "content"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_string_equal(rows[i].part->fields[rows[i].i].name, rows[i].name);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_describe_lists_types_in_the_order_of_their_names),
	    cmocka_unit_test(test_describe_has_a_row_for_each_field_of_the_proto),
	    cmocka_unit_test(test_describe_gives_formats_that_fit_the_proto),
	    cmocka_unit_test(test_describe_limits_only_what_can_be_limited),
	    cmocka_unit_test(test_describe_has_title_and_example_for_each_field),
	    cmocka_unit_test(test_describe_has_code_lists_without_doubles),
	    cmocka_unit_test(test_describe_has_the_fields_of_each_shape),
	    cmocka_unit_test(test_describe_says_of_each_type_what_it_is),
	    cmocka_unit_test(test_describe_has_states_that_follow_one_another),
	    cmocka_unit_test(test_describe_parts_have_their_fields_where_the_check_looks),
	};

	return cmocka_run_group_tests_name("describe", tests, NULL, NULL);
}
