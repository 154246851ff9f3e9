/* The forms of a business message, and its originals. */
#include "check_fixture.h"

#define SHA_OF_FOO "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"
#define SHA_OF_NOTHING "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

/* ── encoded ── */

static void
test_business_encodes_behind_what_is_there(void **state)
{
	const struct catalogue_type *t = type_of("lab.result");
	struct fixture *f = *state;
	const ProtobufCMessage *m;
	struct lab l;

	lab_begin(&l);
	assert_int_equal(buf_append(&f->out, slice_text("before")), CONSIGN_OK);
	assert_int_equal(business_encode(&l.m.base, &f->out), CONSIGN_OK);
	assert_memory_equal(f->out.data, "before", 6);
	assert_int_equal(business_decode(t, slice_of(f->out.data + 6, f->out.len - 6), f->arena, &f->problems, &m), CONSIGN_OK);
	assert_string_equal(((const Consign__V1__LabResult *)m)->event->occurred_at->text, "2026-03-02T09:14:00+01:00");
	assert_passes(f, t, m);
}

static void
test_business_encodes_a_message_of_nothing(void **state)
{
	const struct catalogue_type *t = type_of("lab.result");
	Consign__V1__LabResult empty = CONSIGN__V1__LAB_RESULT__INIT;
	struct fixture *f = *state;
	const ProtobufCMessage *m;

	assert_int_equal(business_encode(&empty.base, &f->out), CONSIGN_OK);
	assert_int_equal(f->out.len, 0);
	assert_int_equal(business_decode(t, buf_slice(&f->out), f->arena, &f->problems, &m), CONSIGN_OK);
	assert_null(((const Consign__V1__LabResult *)m)->event);
}

static void
test_business_decode_reads_as_much_as_a_message_may_have(void **state)
{
	const size_t most = CONSIGN_CONTENT_MAX_BYTES + BUSINESS_FIELDS_MAX_BYTES;
	const struct catalogue_type *t = type_of("lab.result");
	struct fixture *f = *state;
	const ProtobufCMessage *m = NULL;
	uint8_t *bytes = calloc(1, most + 1);

	assert_non_null(bytes);
	/* One text that fills it: field 2, a length of three bytes. */
	memset(bytes, 'x', most + 1);
	bytes[0] = 2 << 3 | 2;
	bytes[1] = (uint8_t)((most - 4) | 0x80);
	bytes[2] = (uint8_t)((most - 4) >> 7 | 0x80);
	bytes[3] = (uint8_t)((most - 4) >> 14);
	assert_int_equal(business_decode(t, slice_of(bytes, most), f->arena, &f->problems, &m), CONSIGN_OK);
	assert_int_equal(strlen(((const Consign__V1__LabResult *)m)->study_id), most - 4);
	m = NULL;
	assert_int_equal(business_decode(t, slice_of(bytes, most + 1), f->arena, &f->problems, &m), CONSIGN_E_TOO_BIG);
	assert_only(&f->problems, "", "length", "more", "up to 1 MiB of originals and 60 KiB of fields");
	assert_null(m);
	free(bytes);
}

static void
test_business_decode_names_what_is_wrong(void **state)
{
	const struct catalogue_type *t = type_of("lab.result");
	struct fixture *f = *state;
	const ProtobufCMessage *m = NULL;

	assert_int_equal(business_decode(t, slice_text("\x12\x05"), f->arena, &f->problems, &m), CONSIGN_E_MALFORMED);
	assert_only(&f->problems, "studyId", "encoding", "fewer bytes than it says", "all of them");
	assert_null(m);
}

static void
test_business_goes_through_json_and_back(void **state)
{
	const struct catalogue_type *t = type_of("lab.result");
	struct fixture *f = *state;
	struct buf json = {0}, again = {0};
	const ProtobufCMessage *m = NULL;
	struct lab l;

	lab_begin(&l);
	l.m.has_study_day = 1;
	l.m.study_day = -2147483647;
	assert_int_equal(business_attach(t, &l.m.base, "text/plain", "note.txt", slice_of("f\0o", 3), f->arena), CONSIGN_OK);
	assert_int_equal(business_encode(&l.m.base, &f->out), CONSIGN_OK);
	for (unsigned indent = 0; indent < 3; indent++) {
		buf_reset(&json);
		buf_reset(&again);
		assert_int_equal(business_to_json(&l.m.base, indent, &json), CONSIGN_OK);
		assert_int_equal(business_from_json(t, buf_slice(&json), f->arena, &f->problems, &m), CONSIGN_OK);
		assert_int_equal(business_encode(m, &again), CONSIGN_OK);
		assert_true(slice_equal(buf_slice(&f->out), buf_slice(&again)));
	}
	m = NULL;
	assert_int_equal(business_from_json(t, slice_text("{\"nothing\": 1}"), f->arena, &f->problems, &m), CONSIGN_E_MALFORMED);
	assert_non_null(m); /* what could be read, to be checked too */
	assert_int_equal(f->problems.total, 1);
	assert_int_equal(business_from_json(t, slice_text("{"), f->arena, &f->problems, &m), CONSIGN_E_MALFORMED);
	assert_null(m);
	buf_clear(&json);
	buf_clear(&again);
}

/* ── originals ── */

static void
test_business_attach_describes_what_it_adds(void **state)
{
	const struct catalogue_type *t = type_of("lab.result");
	struct fixture *f = *state;
	struct business_original o;
	struct lab l;

	lab_begin(&l);
	assert_int_equal(business_attach(t, &l.m.base, "text/plain", "note.txt", slice_text("foo"), f->arena), CONSIGN_OK);
	assert_int_equal(
	    business_attach(t, &l.m.base, "application/pdf", "empty.pdf", (struct consign_slice){0}, f->arena), CONSIGN_OK);
	assert_int_equal(l.event.n_originals, 2);
	assert_string_equal(l.event.originals[0]->media_type, "text/plain");
	assert_string_equal(l.event.originals[0]->name, "note.txt");
	assert_true(l.event.originals[0]->has_size && l.event.originals[0]->size == 3);
	assert_string_equal(l.event.originals[0]->sha256, SHA_OF_FOO);
	assert_true(l.event.originals[1]->has_size && l.event.originals[1]->size == 0);
	assert_true(l.event.originals[1]->has_content);
	assert_string_equal(l.event.originals[1]->sha256, SHA_OF_NOTHING);
	assert_true(business_original(t, &l.m.base, 0, &o));
	assert_string_equal(o.media_type, "text/plain");
	assert_string_equal(o.name, "note.txt");
	assert_true(slice_equal(o.content, slice_text("foo")));
	assert_true(business_original(t, &l.m.base, 1, &o));
	assert_string_equal(o.name, "empty.pdf");
	assert_int_equal(o.content.len, 0);
	assert_passes(f, t, &l.m);
}

static void
test_business_attach_keeps_texts_of_its_own(void **state)
{
	const struct catalogue_type *t = type_of("lab.result");
	char media_type[] = "text/plain", name[] = "note.txt";
	struct fixture *f = *state;
	struct business_original o;
	struct lab l;

	lab_begin(&l);
	assert_int_equal(business_attach(t, &l.m.base, media_type, name, slice_text("foo"), f->arena), CONSIGN_OK);
	memset(media_type, 'z', sizeof media_type - 1);
	memset(name, 'z', sizeof name - 1);
	assert_true(business_original(t, &l.m.base, 0, &o));
	assert_string_equal(o.media_type, "text/plain");
	assert_string_equal(o.name, "note.txt");
}

static void
test_business_attach_ends_at_sixteen(void **state)
{
	const struct catalogue_type *t = type_of("lab.result");
	struct fixture *f = *state;
	struct business_original o;
	char name[24], content[24];
	struct lab l;

	lab_begin(&l);
	for (int i = 0; i < 16; i++) {
		snprintf(name, sizeof name, "note-%d.txt", i);
		char *kept = arena_alloc(f->arena, 24);

		assert_non_null(kept);
		snprintf(kept, 24, "content %d", i);
		assert_int_equal(business_attach(t, &l.m.base, "text/plain", name, slice_text(kept), f->arena), CONSIGN_OK);
	}
	Consign__V1__Original **before = l.event.originals;

	assert_int_equal(
	    business_attach(t, &l.m.base, "text/plain", "one-more.txt", slice_text("x"), f->arena), CONSIGN_E_TOO_BIG);
	assert_int_equal(l.event.n_originals, 16);
	assert_ptr_equal(l.event.originals, before);
	for (size_t i = 0; i < 16; i++) {
		snprintf(name, sizeof name, "note-%zu.txt", i);
		snprintf(content, sizeof content, "content %zu", i);
		assert_true(business_original(t, &l.m.base, i, &o));
		assert_string_equal(o.name, name);
		assert_true(slice_equal(o.content, slice_text(content)));
	}
	o = (struct business_original){.name = "untouched"};
	assert_false(business_original(t, &l.m.base, 16, &o));
	assert_false(business_original(t, &l.m.base, SIZE_MAX, &o));
	assert_string_equal(o.name, "untouched");
	assert_passes(f, t, &l.m);
}

static void
test_business_attach_needs_an_event(void **state)
{
	const struct catalogue_type *t = type_of("lab.result");
	Consign__V1__LabResult m = CONSIGN__V1__LAB_RESULT__INIT;
	struct fixture *f = *state;
	struct business_original o = {.name = "untouched"};

	assert_int_equal(business_attach(t, &m.base, "text/plain", "note.txt", slice_text("foo"), f->arena), CONSIGN_E_MALFORMED);
	assert_false(business_original(t, &m.base, 0, &o));
	assert_string_equal(o.name, "untouched");
}

static void
test_business_attach_changes_nothing_when_the_arena_is_spent(void **state)
{
	const struct catalogue_type *t = type_of("lab.result");
	struct fixture *f = *state;
	struct arena *small;
	enum consign_err err = CONSIGN_E_NO_MEMORY;
	struct lab l;

	lab_begin(&l);
	assert_int_equal(business_attach(t, &l.m.base, "text/plain", "first.txt", slice_text("foo"), f->arena), CONSIGN_OK);
	Consign__V1__Original **before = l.event.originals;

	for (size_t budget = 0; err != CONSIGN_OK; budget += 8) {
		assert_true(budget < 1024);
		assert_int_equal(arena_new(budget, &small), CONSIGN_OK);
		err = business_attach(t, &l.m.base, "text/plain", "second.txt", slice_text("foo"), small);
		if (err != CONSIGN_OK) {
			assert_int_equal(err, CONSIGN_E_NO_MEMORY);
			assert_int_equal(l.event.n_originals, 1);
			assert_ptr_equal(l.event.originals, before);
		} else {
			assert_int_equal(l.event.n_originals, 2);
			assert_string_equal(l.event.originals[1]->name, "second.txt");
		}
		arena_free(&small);
	}
}

static void
test_business_original_shows_what_is_absent_as_empty(void **state)
{
	const struct catalogue_type *t = type_of("lab.result");
	Consign__V1__Original bare = CONSIGN__V1__ORIGINAL__INIT, *list[] = {&bare};
	struct business_original o;
	struct lab l;

	(void)state;
	lab_begin(&l);
	l.event.originals = list;
	l.event.n_originals = 1;
	assert_true(business_original(t, &l.m.base, 0, &o));
	assert_string_equal(o.media_type, "");
	assert_string_equal(o.name, "");
	assert_int_equal(o.content.len, 0);
	assert_null(o.content.data);
}

static void
test_business_attaches_to_a_message_of_every_type(void **state)
{
	struct fixture *f = *state;
	struct business_original o;

	for (size_t i = 0; catalogue_at(i) != NULL; i++) {
		const struct catalogue_type *t = catalogue_at(i);
		const ProtobufCMessage *m = message_of(f, t, "{\"event\": {\"note\": \"n\"}}");

		assert_false(business_original(t, m, 0, &o));
		assert_int_equal(business_attach(t, m, "text/plain", "note.txt", slice_text("foo"), f->arena), CONSIGN_OK);
		assert_true(business_original(t, m, 0, &o));
		assert_string_equal(o.name, "note.txt");
		buf_reset(&f->out);
		assert_int_equal(business_encode(m, &f->out), CONSIGN_OK);
		assert_int_equal(business_decode(t, buf_slice(&f->out), f->arena, &f->problems, &m), CONSIGN_OK);
		assert_true(business_original(t, m, 0, &o));
		assert_true(slice_equal(o.content, slice_text("foo")));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    EACH(test_business_encodes_behind_what_is_there),
	    EACH(test_business_encodes_a_message_of_nothing),
	    EACH(test_business_decode_reads_as_much_as_a_message_may_have),
	    EACH(test_business_decode_names_what_is_wrong),
	    EACH(test_business_goes_through_json_and_back),
	    EACH(test_business_attach_describes_what_it_adds),
	    EACH(test_business_attach_keeps_texts_of_its_own),
	    EACH(test_business_attach_ends_at_sixteen),
	    EACH(test_business_attach_needs_an_event),
	    EACH(test_business_attach_changes_nothing_when_the_arena_is_spent),
	    EACH(test_business_original_shows_what_is_absent_as_empty),
	    EACH(test_business_attaches_to_a_message_of_every_type),
	};

	return cmocka_run_group_tests_name("business", tests, NULL, NULL);
}
