/* docs/CATALOGUE.md: whether it has all that there is to say; script/update_catalogue.sh compares it with the page. */
#include "reading.h"

#include <stdlib.h>

#include "catalogue/example.h"
#include "catalogue/render.h"

static void
assert_has(const char *page, const char *type, const char *text)
{
	if (strstr(page, text) == NULL)
		fail_msg("%s: the page lacks: %s", type, text);
}

static void
assert_has_example(const char *page, const struct catalogue_type *t, enum example_kind kind)
{
	struct buf json = {0}, block = {0};

	assert_int_equal(example_make(t, kind, &json), CONSIGN_OK);
	assert_int_equal(buf_printf(&block, "\n```json\n%.*s\n```\n", (int)json.len, (const char *)json.data), CONSIGN_OK);
	assert_has(page, t->name, text_of_buf(&block));
	buf_clear(&json);
	buf_clear(&block);
}

static void
test_render_catalogue_has_a_chapter_for_each_type(void **state)
{
	struct buf out = {0};
	const char *page;

	(void)state;
	assert_int_equal(render_catalogue(&out), CONSIGN_OK);
	page = text_of_buf(&out);
	for (size_t i = 0; i < catalogue_n_types; i++) {
		const struct catalogue_type *t = catalogue_types[i];
		char text[200];

		snprintf(text, sizeof text, "\n## %s\n\n**%s**, version %u. ", t->name, t->title, t->version);
		assert_has(page, t->name, text);
		for (size_t k = 0; k < t->message.n_rules; k++) {
			snprintf(text, sizeof text, "\n| `%s` | ", t->message.rules[k].id);
			assert_has(page, t->name, text);
		}
		for (const struct catalogue_state *s = t->states; s->state != NULL; s++) {
			snprintf(text, sizeof text, "\n| `%s` | ", s->state);
			assert_has(page, t->name, text);
		}
		assert_has_example(page, t, EXAMPLE_MINIMAL);
		assert_has_example(page, t, EXAMPLE_FULL);
	}
	buf_clear(&out);
}

static void
test_render_catalogue_writes_rows_as_a_reader_needs_them(void **state)
{
	static const char *const rows[] = {
	    "\n| [lab.result](#labresult) | Laboratory result | lab, smo, site, cro | cro, smo, site, sponsor | open |\n",
	    "\n| `subjectKey` | must | Subject. The coded identifier; never a name or date of birth. | id | USUBJID |\n",
	    "\n| `testCode` | must | Test code | id, up to 40 bytes | LBTESTCD |\n",
	    "\n| `causes` [] |  | Because of. Messages that led to this one. | up to 32 of: message-id |\n",
	    "\n| `lab.result.study-day` | There is no study day 0: day 1 follows day -1. | CDISC SDTMIG 4.4.4 | studyDay 0 |\n",
	    "\n**Reference range indicator** (CDISC NRIND): `NORMAL` within the reference range; ",
	    "\n### Quantity\n\nA decimal number as text, with its unit. ",
	    "\n| sha256 | ",
	};
	struct buf out = {0};

	(void)state;
	assert_int_equal(render_catalogue(&out), CONSIGN_OK);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_has(text_of_buf(&out), "lab.result", rows[i]);
	buf_clear(&out);
}

/* A cell with a bar, or a row with another number of cells than its heading, breaks a table. */
static void
test_render_catalogue_has_whole_tables(void **state)
{
	struct buf out = {0};
	size_t columns = 0;

	(void)state;
	assert_int_equal(render_catalogue(&out), CONSIGN_OK);
	for (const char *line = text_of_buf(&out), *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		size_t bars = 0;

		if (*line != '|') {
			columns = 0;
			continue;
		}
		for (const char *c = line; c < end; c++)
			bars += *c == '|' && (c == line || c[-1] != '\\');
		if (columns != 0 && bars != columns)
			fail_msg("%.*s: %zu bars, not %zu", (int)(end - line), line, bars, columns);
		columns = bars;
	}
	buf_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_render_catalogue_has_a_chapter_for_each_type),
	    cmocka_unit_test(test_render_catalogue_writes_rows_as_a_reader_needs_them),
	    cmocka_unit_test(test_render_catalogue_has_whole_tables),
	};

	return cmocka_run_group_tests_name("catalogue/render_catalogue", tests, NULL, NULL);
}
