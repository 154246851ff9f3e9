/* JSON at the limits: depth, counts, sizes, descriptors that none of ours is, texts cut or changed at every byte. */
#include "json_fixture.h"

#include "catalogue/json_scan.h"
#include "core/text.h"

static void
a_list_is_bounded_at_once(void **state)
{
	struct fixture *f = *state;

	for (unsigned n = 19999; n <= 20003; n++) {
		buf_reset(&f->again);
		assert_int_equal(buf_append(&f->again, slice_text("{\"event\":{\"causes\":[")), CONSIGN_OK);
		for (unsigned i = 0; i < n; i++)
			assert_int_equal(buf_append(&f->again, slice_text(i >= 20001 ? ",null"
									  : i == 0   ? "\"a\""
										     : ",\"a\"")),
			    CONSIGN_OK);
		assert_int_equal(buf_append(&f->again, slice_text("]},\"siteId\":\"\"}")), CONSIGN_OK);
		assert_int_equal(read_as(f, LAB, buf_slice(&f->again)), CONSIGN_E_MALFORMED);
		assert_int_equal(f->problems.total, n > 20000 ? 2 : 1);
		if (n > 20000)
			assert_problem(f, 0, "event.causes", "count", "more than 20000 elements", "no more than 20000 elements");
		assert_problem(f, f->problems.n - 1, "siteId", "empty", "\"\"", "a value, or no key");
	}
	/* Behind the bound the syntax still counts. */
	f->again.len -= strlen("]},\"siteId\":\"\"}");
	assert_int_equal(buf_append(&f->again, slice_text(",]}}")), CONSIGN_OK);
	assert_int_equal(read_as(f, LAB, buf_slice(&f->again)), CONSIGN_E_MALFORMED);
	assert_int_equal(f->problems.total, 2);
	assert_string_equal(f->problems.v[1].path, "event.causes");
	assert_string_equal(f->problems.v[1].rule, "json");
	assert_string_equal(f->problems.v[1].expected, "a value");
}

static void
ten_thousand_elements_are_read(void **state)
{
	struct fixture *f = *state;
	const Consign__V1__LabResult *m;
	char id[16];

	buf_reset(&f->again);
	assert_int_equal(buf_append(&f->again, slice_text("{\"event\":{\"references\":[")), CONSIGN_OK);
	for (unsigned i = 0; i < 10000; i++)
		assert_int_equal(buf_printf(&f->again, "%s{\"id\":\"r%u\"}", i == 0 ? "" : ",", i), CONSIGN_OK);
	assert_int_equal(buf_append(&f->again, slice_text("]}}")), CONSIGN_OK);
	assert_int_equal(read_as(f, LAB, buf_slice(&f->again)), CONSIGN_OK);
	m = (const Consign__V1__LabResult *)f->message;
	assert_int_equal(m->event->n_references, 10000);
	for (unsigned i = 0; i < 10000; i++) {
		snprintf(id, sizeof id, "r%u", i);
		assert_string_equal(m->event->references[i]->id, id);
	}
	write_message(f, f->message, 0);
	assert_true(slice_equal(buf_slice(&f->out), buf_slice(&f->again)));
	/* One wrong element far inside has its index. */
	f->again.data[f->again.len - 6] = '\\';
	assert_int_equal(read_as(f, LAB, buf_slice(&f->again)), CONSIGN_E_MALFORMED);
	assert_string_equal(f->problems.v[0].path, "event.references[9999].id");
}

/* One text of 1 MiB: plain, of long characters, of escapes only; and content of 1 MiB. */
static void
a_mebibyte_comes_back(void **state)
{
	static const char *const pieces[] = {"abcdefgh", "é", "€", "\xf0\x9f\x98\x80", "\\n", "\\\"", "a\\u0001b"};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
		buf_reset(&f->again);
		assert_int_equal(buf_append(&f->again, slice_text("{\"testName\":\"")), CONSIGN_OK);
		while (f->again.len < 1024 * 1024)
			assert_int_equal(buf_append(&f->again, slice_text(pieces[i])), CONSIGN_OK);
		assert_int_equal(buf_append(&f->again, slice_text("\"}")), CONSIGN_OK);
		assert_int_equal(read_as(f, LAB, buf_slice(&f->again)), CONSIGN_OK);
		write_message(f, f->message, 0);
		assert_true(slice_equal(buf_slice(&f->out), buf_slice(&f->again)));
	}
	uint8_t *bytes = malloc(1024 * 1024);
	struct chance c = {11};
	const Consign__V1__LabResult *m;

	assert_non_null(bytes);
	for (size_t i = 0; i < 1024 * 1024; i++)
		bytes[i] = (uint8_t)chance_below(&c, 256);
	buf_reset(&f->again);
	assert_int_equal(buf_append(&f->again, slice_text("{\"event\":{\"originals\":[{\"content\":\"")), CONSIGN_OK);
	assert_int_equal(base64_format(slice_of(bytes, 1024 * 1024), &f->again), CONSIGN_OK);
	assert_int_equal(buf_append(&f->again, slice_text("\"}]}}")), CONSIGN_OK);
	assert_int_equal(read_as(f, LAB, buf_slice(&f->again)), CONSIGN_OK);
	m = (const Consign__V1__LabResult *)f->message;
	assert_int_equal(m->event->originals[0]->content.len, 1024 * 1024);
	assert_memory_equal(m->event->originals[0]->content.data, bytes, 1024 * 1024);
	write_message(f, f->message, 0);
	assert_true(slice_equal(buf_slice(&f->out), buf_slice(&f->again)));
	free(bytes);
}

/* A message that may hold itself, as none of ours does, and a field of a kind that none of ours has. */
struct node {
	ProtobufCMessage base;
	struct node *child;
	size_t n_children;
	struct node **children;
	protobuf_c_boolean has_number;
	double number;
};

static const ProtobufCMessageDescriptor node_descriptor;

static void
node_init(void *message)
{
	*(struct node *)message = (struct node){.base.descriptor = &node_descriptor};
}

static const ProtobufCFieldDescriptor node_fields[] = {
    {.name = "child",
	.id = 1,
	.label = PROTOBUF_C_LABEL_OPTIONAL,
	.type = PROTOBUF_C_TYPE_MESSAGE,
	.offset = offsetof(struct node, child),
	.descriptor = &node_descriptor},
    {.name = "children",
	.id = 2,
	.label = PROTOBUF_C_LABEL_REPEATED,
	.type = PROTOBUF_C_TYPE_MESSAGE,
	.offset = offsetof(struct node, children),
	.quantifier_offset = offsetof(struct node, n_children),
	.descriptor = &node_descriptor},
    {.name = "number",
	.id = 3,
	.label = PROTOBUF_C_LABEL_OPTIONAL,
	.type = PROTOBUF_C_TYPE_DOUBLE,
	.offset = offsetof(struct node, number),
	.quantifier_offset = offsetof(struct node, has_number)},
};

static const ProtobufCMessageDescriptor node_descriptor = {
    .magic = PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC,
    .name = "Node",
    .short_name = "Node",
    .sizeof_message = sizeof(struct node),
    .n_fields = 3,
    .fields = node_fields,
    .message_init = (ProtobufCMessageInit)node_init,
};

static void
a_kind_that_no_message_has_is_our_own_mistake(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(read_as(f, &node_descriptor, slice_text("{\"child\":{}}")), CONSIGN_OK);
	assert_int_equal(read_as(f, &node_descriptor, slice_text("{\"child\":{\"number\":1}}")), CONSIGN_E_USAGE);
}

/* Which fields are known, one property at a time. */
static void
other_kinds_of_fields_are_not_known(void **state)
{
	static const char text[] = "x";
	ProtobufCFieldDescriptor known = {.name = "a", .label = PROTOBUF_C_LABEL_OPTIONAL, .type = PROTOBUF_C_TYPE_STRING};

	(void)state;
	for (unsigned type = 0; type <= PROTOBUF_C_TYPE_MESSAGE; type++) {
		ProtobufCFieldDescriptor x = known;
		bool pointed = type == PROTOBUF_C_TYPE_STRING || type == PROTOBUF_C_TYPE_MESSAGE;

		x.type = (ProtobufCType)type;
		assert_int_equal(json_knows(&x), pointed || type == PROTOBUF_C_TYPE_BYTES || type == PROTOBUF_C_TYPE_BOOL ||
						     type == PROTOBUF_C_TYPE_UINT32 || type == PROTOBUF_C_TYPE_INT32);
		x.label = PROTOBUF_C_LABEL_REPEATED;
		assert_int_equal(json_knows(&x), pointed);
		x.label = PROTOBUF_C_LABEL_REQUIRED;
		assert_false(json_knows(&x));
		x.label = PROTOBUF_C_LABEL_NONE;
		assert_false(json_knows(&x));
	}
	known.default_value = text;
	assert_false(json_knows(&known));
	known.default_value = NULL;
	known.flags = PROTOBUF_C_FIELD_FLAG_ONEOF;
	assert_false(json_knows(&known));
}

/* Objects, and objects in lists, as deep as may be, and one deeper; and a million deep, which must cost no stack. */
static void
depth_is_bounded(void **state)
{
	static const struct {
		const char *open, *close;
		unsigned levels; /* of one open */
	} rows[] = {{"{\"child\":", "}", 1}, {"{\"children\":[", "]}", 2}, {"{\"what\":[", "]}", 2}};
	struct fixture *f = *state;

	for (size_t k = 0; k < 3; k++)
		for (unsigned n = JSON_DEPTH_MAX / rows[k].levels - 2; n <= JSON_DEPTH_MAX / rows[k].levels + 2; n++) {
			bool is_deep = n * rows[k].levels + 1 > JSON_DEPTH_MAX;
			const struct problem *last;

			buf_reset(&f->again);
			for (unsigned i = 0; i < n; i++)
				assert_int_equal(buf_append(&f->again, slice_text(rows[k].open)), CONSIGN_OK);
			assert_int_equal(buf_append(&f->again, slice_text("{}")), CONSIGN_OK);
			for (unsigned i = 0; i < n; i++)
				assert_int_equal(buf_append(&f->again, slice_text(rows[k].close)), CONSIGN_OK);
			assert_int_equal(read_as(f, &node_descriptor, buf_slice(&f->again)),
			    is_deep || k == 2 ? CONSIGN_E_MALFORMED : CONSIGN_OK);
			assert_int_equal(f->problems.total, is_deep + (k == 2));
			if (is_deep) {
				last = &f->problems.v[f->problems.n - 1];
				assert_string_equal(last->rule, "json");
				assert_string_equal(last->expected, "no more than 64 objects and lists in each other");
				assert_int_equal(strncmp(last->path, "child", k == 2 ? 0 : 5), 0);
			}
		}
	for (size_t k = 0; k < 3; k++) {
		buf_reset(&f->again);
		while (f->again.len < 1000000)
			assert_int_equal(buf_append(&f->again, slice_text(rows[k].open)), CONSIGN_OK);
		assert_int_equal(read_as(f, &node_descriptor, buf_slice(&f->again)), CONSIGN_E_MALFORMED);
	}
}

static const char torture[] = "{\"event\":{\"state\":\"final\",\"recordedAt\":{\"text\":\"2026-03-30T09:15:12Z\"},\"sequence\":"
			      "14,\"causes\":[\"a.0\",\"b.1\"],"
			      "\"references\":[{\"kind\":\"order\",\"id\":\"\\u00e9\\n\\ud83d\\ude00\"},{}],\"originals\":[{"
			      "\"size\":3,\"content\":\"AP/+\"},"
			      "{\"content\":\"AA==\"}],\"note\":\"Jörg €\"},\n  "
			      "\"study_id\":\"ACME-301\",\"baseline\":true,\"visitNumber\":\"5\",\"studyDay\":-29}";

static void
a_text_cut_anywhere_is_refused(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(read_text(f, torture), CONSIGN_OK);
	for (size_t len = 0; len < sizeof torture - 1; len++) {
		assert_int_equal(read_as(f, LAB, slice_of(torture, len)), CONSIGN_E_MALFORMED);
		/* A number cut short may be a problem of its own before. */
		assert_string_equal(f->problems.v[f->problems.n - 1].rule, "json");
	}
}

/* Whatever is read after a change is a message that comes back. */
static void
a_text_with_any_byte_changed_is_refused_or_comes_back(void **state)
{
	static const uint8_t others[] = {
	    0x00, ' ', '"', '\\', ',', ':', '{', '}', '[', ']', '0', '-', '.', 'e', 'u', '_', '=', 0x7f, 0x80, 0xc3, 0xed, 0xff};
	struct fixture *f = *state;
	char text[sizeof torture];

	memcpy(text, torture, sizeof torture);
	for (size_t i = 0; i < sizeof torture - 1; i++) {
		for (unsigned k = 0; k < 8 + sizeof others; k++) {
			text[i] = k < 8 ? (char)(torture[i] ^ 1 << k) : (char)others[k - 8];
			if (read_as(f, LAB, slice_of(text, sizeof torture - 1)) == CONSIGN_OK)
				assert_comes_back(f);
		}
		text[i] = torture[i];
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_list_is_bounded_at_once),
	    cmocka_unit_test(ten_thousand_elements_are_read),
	    cmocka_unit_test(a_mebibyte_comes_back),
	    cmocka_unit_test(a_kind_that_no_message_has_is_our_own_mistake),
	    cmocka_unit_test(other_kinds_of_fields_are_not_known),
	    cmocka_unit_test(depth_is_bounded),
	    cmocka_unit_test(a_text_cut_anywhere_is_refused),
	    cmocka_unit_test(a_text_with_any_byte_changed_is_refused_or_comes_back),
	};

	return cmocka_run_group_tests_name("catalogue/json_torture", tests, setup, teardown);
}
