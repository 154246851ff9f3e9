/* Messages to JSON: the exact text, and that it is the message again. */
#include "json_fixture.h"

#include "core/text.h"

static void
fields_are_written_in_the_order_of_their_numbers(void **state)
{
	struct fixture *f = *state;
	Consign__V1__LabResult m = CONSIGN__V1__LAB_RESULT__INIT;
	Consign__V1__Event event = CONSIGN__V1__EVENT__INIT;
	Consign__V1__When when = CONSIGN__V1__WHEN__INIT;
	char *causes[] = {(char[]){"a.0"}, (char[]){"b.1"}};

	when.text = (char[]){"2026-03"};
	event.recorded_at = &when;
	event.n_causes = 2;
	event.causes = causes;
	m.study_day = -4;
	m.has_study_day = 1;
	m.baseline = 0;
	m.has_baseline = 1;
	m.sequence = 14;
	m.has_sequence = 1;
	m.study_id = (char[]){"ACME-301"};
	m.event = &event;
	write_message(f, &m.base, 0);
	assert_out(f, "{\"event\":{\"recordedAt\":{\"text\":\"2026-03\"},\"causes\":[\"a.0\",\"b.1\"]},\"studyId\":\"ACME-301\","
		      "\"sequence\":14,"
		      "\"baseline\":false,\"studyDay\":-4}");
	write_message(f, &m.base, 2);
	assert_out(f, "{\n  \"event\": {\n    \"recordedAt\": {\n      \"text\": \"2026-03\"\n    },\n    \"causes\": [\n      "
		      "\"a.0\",\n      \"b.1\"\n    ]\n"
		      "  },\n  \"studyId\": \"ACME-301\",\n  \"sequence\": 14,\n  \"baseline\": false,\n  \"studyDay\": -4\n}");
}

static void
what_is_absent_is_not_written(void **state)
{
	struct fixture *f = *state;
	Consign__V1__LabResult m = CONSIGN__V1__LAB_RESULT__INIT;
	Consign__V1__Event event = CONSIGN__V1__EVENT__INIT;
	Consign__V1__Reference reference = CONSIGN__V1__REFERENCE__INIT;
	Consign__V1__Reference *references[] = {&reference};

	/* Numbers without has_ are absent, whatever they are. */
	m.sequence = 7;
	m.baseline = 1;
	write_message(f, &m.base, 0);
	assert_out(f, "{}");
	write_message(f, &m.base, 4);
	assert_out(f, "{}");
	m.event = &event;
	write_message(f, &m.base, 4);
	assert_out(f, "{\n    \"event\": {}\n}");
	event.n_references = 1;
	event.references = references;
	write_message(f, &m.base, 1);
	assert_out(f, "{\n \"event\": {\n  \"references\": [\n   {}\n  ]\n }\n}");
}

static void
text_is_escaped_where_it_must_be(void **state)
{
	static const struct {
		const char *text, *expected;
	} rows[] = {
	    {"", ""},
	    {"plain", "plain"},
	    {"\"\\/", "\\\"\\\\/"},
	    {"\b\f\n\r\t", "\\b\\f\\n\\r\\t"},
	    {"\x01\x1f\x7f", "\\u0001\\u001f\x7f"},
	    {"é€\xf0\x9f\x98\x80", "é€\xf0\x9f\x98\x80"},
	    {"seven: \"", "seven: \\\""},
	    {"exactly8", "exactly8"},
	    {"exactly8\n", "exactly8\\n"},
	    {"éééé\"éééé", "éééé\\\"éééé"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		Consign__V1__Text m = CONSIGN__V1__TEXT__INIT;
		char expected[100];

		m.value = (char *)(uintptr_t)rows[i].text;
		snprintf(expected, sizeof expected, "{\"value\":\"%s\"}", rows[i].expected);
		write_message(f, &m.base, 0);
		assert_out(f, expected);
	}
}

/* Eight bytes are copied together: whatever byte stands wherever. */
static void
every_byte_at_every_place_is_written_right(void **state)
{
	struct fixture *f = *state;
	Consign__V1__Text m = CONSIGN__V1__TEXT__INIT;

	for (size_t len = 1; len <= 20; len++)
		for (size_t at = 0; at < len; at++)
			for (unsigned byte = 1; byte < 256; byte++) {
				static const char controls[] = "\b\f\n\r\t\"\\", letters[] = "bfnrt\"\\";
				const char *known = strchr(controls, (int)byte);
				char *text = malloc(len + 1), expected[64];
				size_t n;

				assert_non_null(text);
				/* The neighbour above borrows where a sloppy test would. */
				memset(text, byte == '#' ? ' ' : '#', len);
				text[at] = (char)byte;
				text[len] = '\0';
				m.value = text;
				write_message(f, &m.base, 0);
				n = (size_t)sprintf(expected, "{\"value\":\"%.*s", (int)at, text);
				if (known != NULL)
					n += (size_t)sprintf(expected + n, "\\%c", letters[known - controls]);
				else if (byte < 0x20)
					n += (size_t)sprintf(expected + n, "\\u%04x", byte);
				else
					expected[n++] = (char)byte;
				sprintf(expected + n, "%s\"}", text + at + 1);
				assert_out(f, expected);
				free(text);
			}
}

static void
numbers_are_written_in_digits(void **state)
{
	static const struct {
		uint32_t sequence;
		int32_t study_day;
		const char *expected;
	} rows[] = {
	    {0, 0, "{\"sequence\":0,\"studyDay\":0}"},
	    {9, -9, "{\"sequence\":9,\"studyDay\":-9}"},
	    {10, 10, "{\"sequence\":10,\"studyDay\":10}"},
	    {UINT32_MAX, INT32_MAX, "{\"sequence\":4294967295,\"studyDay\":2147483647}"},
	    {2147483648u, INT32_MIN, "{\"sequence\":2147483648,\"studyDay\":-2147483648}"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		Consign__V1__LabResult m = CONSIGN__V1__LAB_RESULT__INIT;

		m.sequence = rows[i].sequence;
		m.study_day = rows[i].study_day;
		m.has_sequence = m.has_study_day = 1;
		write_message(f, &m.base, 0);
		assert_out(f, rows[i].expected);
	}
}

/* The base64 of core is slower and older: both must agree on every length and byte. */
static void
bytes_are_base64_as_core_has_it(void **state)
{
	struct fixture *f = *state;
	uint8_t bytes[300];
	struct chance c = {3};

	for (size_t len = 0; len <= sizeof bytes; len++) {
		Consign__V1__Original m = CONSIGN__V1__ORIGINAL__INIT;
		uint8_t decoded[303];
		size_t decoded_len = 0;

		for (size_t i = 0; i < len; i++)
			bytes[i] = (uint8_t)chance_below(&c, 256);
		m.content = (ProtobufCBinaryData){.len = len, .data = bytes};
		m.has_content = 1;
		buf_reset(&f->again);
		assert_int_equal(buf_append(&f->again, slice_text("{\"content\":\"")), CONSIGN_OK);
		assert_int_equal(base64_format(slice_of(bytes, len), &f->again), CONSIGN_OK);
		assert_int_equal(buf_append(&f->again, slice_text("\"}")), CONSIGN_OK);
		write_message(f, &m.base, 0);
		assert_true(slice_equal(buf_slice(&f->out), buf_slice(&f->again)));
		/* The empty one is no value for us, and not for this function either. */
		assert_int_equal(json_base64_decode(slice_of(f->out.data + 12, f->out.len - 14), decoded, &decoded_len), len > 0);
		assert_int_equal(decoded_len, len);
		assert_memory_equal(decoded, bytes, len);
	}
}

static void
keys_are_lower_camel_case(void **state)
{
	static const struct {
		const char *name, *key;
	} rows[] = {
	    {"a", "a"},
	    {"study_id", "studyId"},
	    {"first_second_third", "firstSecondThird"},
	    {"sha256", "sha256"},
	    {"a_1", "a1"},
	    {"end_", "end_"},
	    {"x_y_z", "xYZ"},
	    {"aB_c", "aBC"},
	};
	char key[32];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(json_key_put(rows[i].name, key, sizeof key), strlen(rows[i].key));
		assert_string_equal(key, rows[i].key);
		assert_true(json_key_is(rows[i].name, slice_text(rows[i].key)));
		assert_true(json_key_is(rows[i].name, slice_text(rows[i].name)));
		for (size_t size = 1; size < sizeof key; size++) {
			size_t len = json_key_put(rows[i].name, key, size);

			assert_int_equal(len, size - 1 < strlen(rows[i].key) ? size - 1 : strlen(rows[i].key));
			assert_int_equal(strlen(key), len);
		}
	}
	assert_false(json_key_is("study_id", slice_text("")));
	assert_false(json_key_is("study_id", slice_text("study")));
	assert_false(json_key_is("study_id", slice_text("studyid")));
	assert_false(json_key_is("study_id", slice_text("StudyId")));
	assert_false(json_key_is("study_id", slice_text("studyIdx")));
	assert_false(json_key_is("study_id", slice_text("study_Id")));
	assert_false(json_key_is("first_second_third", slice_text("first_secondThird")));
	assert_false(json_key_is("study_id", slice_of("studyId", 8)));
	assert_false(json_key_is("study_id", slice_of("study_id", 9)));
}

static void
writing_appends(void **state)
{
	struct fixture *f = *state;
	Consign__V1__Text m = CONSIGN__V1__TEXT__INIT;

	buf_reset(&f->out);
	m.value = (char[]){"x"};
	assert_int_equal(json_write(&m.base, 0, &f->out), CONSIGN_OK);
	assert_int_equal(json_write(&m.base, 0, &f->out), CONSIGN_OK);
	assert_out(f, "{\"value\":\"x\"}{\"value\":\"x\"}");
}

/* A descriptor with a double in it is our own mistake, and what was written is taken back. */
static void
a_kind_that_no_message_has_is_refused(void **state)
{
	static const ProtobufCFieldDescriptor number = {
	    .name = "number", .id = 1, .label = PROTOBUF_C_LABEL_OPTIONAL, .type = PROTOBUF_C_TYPE_DOUBLE};
	static const ProtobufCMessageDescriptor descriptor = {.magic = PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC,
	    .name = "Odd",
	    .short_name = "Odd",
	    .sizeof_message = sizeof(ProtobufCMessage),
	    .n_fields = 1,
	    .fields = &number};
	struct fixture *f = *state;
	ProtobufCMessage m = {.descriptor = &descriptor};

	buf_reset(&f->out);
	assert_int_equal(buf_append(&f->out, slice_text("before")), CONSIGN_OK);
	assert_int_equal(json_write(&m, 0, &f->out), CONSIGN_E_USAGE);
	assert_out(f, "before");
}

/* No memory for what cannot be held: bytes that claim more than there is. */
static void
what_does_not_fit_is_refused_and_taken_back(void **state)
{
	struct fixture *f = *state;
	Consign__V1__Original m = CONSIGN__V1__ORIGINAL__INIT;
	uint8_t byte = 0;

	m.name = (char[]){"a"};
	m.has_content = 1;
	m.content = (ProtobufCBinaryData){.len = SIZE_MAX, .data = &byte};
	buf_reset(&f->out);
	assert_int_equal(buf_append(&f->out, slice_text("before")), CONSIGN_OK);
	assert_int_equal(json_write(&m.base, 0, &f->out), CONSIGN_E_NO_MEMORY);
	assert_out(f, "before");
}

static void
random_messages_come_back(void **state)
{
	struct fixture *f = *state;
	struct chance c = {7};
	struct arena *arena;

	assert_int_equal(arena_new(1 << 20, &arena), CONSIGN_OK);
	for (unsigned round = 0; round < 1000; round++) {
		ProtobufCMessage *m;

		arena_reset(arena);
		m = random_message(&c, LAB, arena);
		pack(m, &f->packed);
		write_message(f, m, round % 3);
		assert_int_equal(read_as(f, LAB, buf_slice(&f->out)), CONSIGN_OK);
		pack(f->message, &f->again);
		assert_true(slice_equal(buf_slice(&f->packed), buf_slice(&f->again)));
		/* And the text of what came back is the text. */
		buf_reset(&f->again);
		assert_int_equal(json_write(f->message, round % 3, &f->again), CONSIGN_OK);
		assert_true(slice_equal(buf_slice(&f->out), buf_slice(&f->again)));
	}
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(fields_are_written_in_the_order_of_their_numbers),
	    cmocka_unit_test(what_is_absent_is_not_written),
	    cmocka_unit_test(text_is_escaped_where_it_must_be),
	    cmocka_unit_test(every_byte_at_every_place_is_written_right),
	    cmocka_unit_test(numbers_are_written_in_digits),
	    cmocka_unit_test(bytes_are_base64_as_core_has_it),
	    cmocka_unit_test(keys_are_lower_camel_case),
	    cmocka_unit_test(writing_appends),
	    cmocka_unit_test(a_kind_that_no_message_has_is_refused),
	    cmocka_unit_test(what_does_not_fit_is_refused_and_taken_back),
	    cmocka_unit_test(random_messages_come_back),
	};

	return cmocka_run_group_tests_name("catalogue/json_write", tests, setup, teardown);
}
