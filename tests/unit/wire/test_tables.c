/*
 * The tables against the generated descriptors: one row a field and one field a row, types agree, nothing contains
 * itself. And against the proto files: no message is forgotten.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <protobuf-c/protobuf-c.h>
#include <stdio.h>
#include <string.h>

#include "core/file.h"
#include "support/wire_rules.h"

/* Deeper than any schema of the hub; a cycle passes every depth. */
#define DEPTH_MAX 16u

static ProtobufCType
type_of(const struct wire_field *f)
{
	switch (f->kind) {
	case WIRE_U32:
		return PROTOBUF_C_TYPE_UINT32;
	case WIRE_U64:
		return PROTOBUF_C_TYPE_UINT64;
	case WIRE_MESSAGE:
		return PROTOBUF_C_TYPE_MESSAGE;
	default:
		return PROTOBUF_C_TYPE_BYTES;
	}
}

static void
compare_fields(const struct wire_message *m, void *context)
{
	(void)context;
	assert_string_equal(m->name, m->descriptor->short_name);
	assert_int_equal(m->n_fields, m->descriptor->n_fields);
	for (size_t i = 0; i < m->n_fields; i++) {
		const struct wire_field *f = &m->fields[i];
		const ProtobufCFieldDescriptor *d = &m->descriptor->fields[i];
		if (f->tag != i + 1 || d->id != f->tag || strcmp(f->name, d->name) != 0 || d->type != type_of(f) ||
		    d->label != (f->is_repeated ? PROTOBUF_C_LABEL_REPEATED : PROTOBUF_C_LABEL_NONE))
			fail_msg("row %zu of %s, %s, is not field %u, %s", i + 1, m->name, f->name, (unsigned)d->id, d->name);
		if (f->kind == WIRE_MESSAGE)
			assert_ptr_equal(f->sub->descriptor, d->descriptor);
	}
}

static void
test_tables_have_one_row_for_each_field_of_the_descriptors(void **state)
{
	(void)state;
	wire_each_message(compare_fields, NULL);
}

/* A list of numbers is packed, as the scan demands. */
static void
compare_packing(const struct wire_message *m, void *context)
{
	(void)context;
	for (size_t i = 0; i < m->n_fields; i++) {
		const struct wire_field *f = &m->fields[i];
		bool is_packed = (m->descriptor->fields[i].flags & PROTOBUF_C_FIELD_FLAG_PACKED) != 0;
		assert_int_equal(is_packed, f->is_repeated && (f->kind == WIRE_U32 || f->kind == WIRE_U64));
		assert_true(!f->is_repeated || f->kind != WIRE_U64); /* the engine knows lists of uint32_t only */
	}
}

static void
test_tables_pack_lists_of_numbers(void **state)
{
	(void)state;
	wire_each_message(compare_packing, NULL);
}

static void
walk(const ProtobufCMessageDescriptor *d, unsigned depth)
{
	if (depth == DEPTH_MAX)
		fail_msg("%s contains itself", d->name);
	for (unsigned i = 0; i < d->n_fields; i++)
		if (d->fields[i].type == PROTOBUF_C_TYPE_MESSAGE)
			walk(d->fields[i].descriptor, depth + 1);
}

static void
walk_message(const struct wire_message *m, void *context)
{
	(void)context;
	walk(m->descriptor, 0);
}

static void
test_tables_describe_no_message_that_contains_itself(void **state)
{
	(void)state;
	wire_each_message(walk_message, NULL);
}

static size_t
extent_of(const struct wire_field *f)
{
	return f->is_repeated ? sizeof(void *) + sizeof(size_t) : f->size;
}

static void
compare_layout(const struct wire_message *m, void *context)
{
	(void)context;
	for (size_t i = 0; i < m->n_fields; i++) {
		const struct wire_field *f = &m->fields[i];
		assert_true(f->offset + extent_of(f) <= m->size);
		for (size_t j = 0; j < i; j++) {
			const struct wire_field *g = &m->fields[j];
			assert_true(f->offset >= g->offset + extent_of(g) || g->offset >= f->offset + extent_of(f));
		}
		assert_true(f->kind == WIRE_MESSAGE || f->min <= f->max);
		assert_true(f->min_count <= f->max_count && f->max_count >= 1);
		assert_true(f->kind != WIRE_TEXT || (f->form != FORM_RAW && f->max < f->size));
		assert_true(!f->is_choice || m->has_choice);
	}
}

static void
test_tables_lay_fields_side_by_side_in_their_structs(void **state)
{
	(void)state;
	wire_each_message(compare_layout, NULL);
}

static void
compare_names(const struct wire_message *m, void *context)
{
	if (wire_message_find(m->name) != m)
		fail_msg("two tables are named %s", m->name);
	++*(size_t *)context;
}

static void
test_tables_exist_for_every_message_of_the_proto_files(void **state)
{
	static const char *const files[] = {"identity", "policy", "manifest", "ledger", "session", "local"};
	size_t in_files = 0, in_tables = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct buf text = {0};
		char path[512], name[64];
		snprintf(path, sizeof(path), "%s/proto/consign/v1/%s.proto", CONSIGN_SOURCE_DIR, files[i]);
		assert_int_equal(file_read(path, 1u << 20, &text), CONSIGN_OK);
		assert_int_equal(buf_append_u8(&text, 0), CONSIGN_OK);
		for (const char *p = strstr((const char *)text.data, "\nmessage "); p != NULL; p = strstr(p + 1, "\nmessage ")) {
			assert_int_equal(sscanf(p, "\nmessage %63[A-Za-z]", name), 1);
			if (wire_message_find(name) == NULL)
				fail_msg("%s has no table", name);
			in_files++;
		}
		buf_clear(&text);
	}
	wire_each_message(compare_names, &in_tables);
	assert_int_equal(in_files, in_tables);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_tables_have_one_row_for_each_field_of_the_descriptors),
	    cmocka_unit_test(test_tables_pack_lists_of_numbers),
	    cmocka_unit_test(test_tables_describe_no_message_that_contains_itself),
	    cmocka_unit_test(test_tables_lay_fields_side_by_side_in_their_structs),
	    cmocka_unit_test(test_tables_exist_for_every_message_of_the_proto_files),
	};

	return cmocka_run_group_tests_name("wire tables", tests, NULL, NULL);
}
