/* Escapes, columns and cells. */
#include "reading.h"

#include "catalogue/render_page.h"

static void
test_page_shown_escapes_all_but_what_can_be_shown(void **state)
{
	static const struct {
		const char *text;
		size_t len, indent;
		const char *shown;
	} rows[] = {
	    {"plain Größe €", 17, SIZE_MAX, "plain Größe €"},
	    {"a\nb\tc", 5, SIZE_MAX, "a\\u{a}b\\u{9}c"},
	    {"a\nb\tc", 5, 2, "a\n  b    c"},
	    {"a\0b\x1b\x7f", 5, 2, "a\\u{0}b\\u{1b}\\u{7f}"},
	    {"\xff\xc3(", 3, SIZE_MAX, "\\xff\\xc3("},
	    {"\xe2\x80\xae", 3, SIZE_MAX, "\\u{202e}"},
	    {"", 0, 4, ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct buf out = {0};
		struct page p = {.out = &out};

		page_shown(&p, slice_of(rows[i].text, rows[i].len), rows[i].indent);
		assert_int_equal(p.err, CONSIGN_OK);
		assert_string_equal(text_of_buf(&out), rows[i].shown);
		buf_clear(&out);
	}
}

static void
test_page_cut_counts_characters(void **state)
{
	struct buf out = {0};
	struct page p = {.out = &out};

	(void)state;
	page_cut(&p, slice_text("äöü"), 3);
	page_text(&p, "|");
	page_cut(&p, slice_text("äöüß"), 3);
	page_text(&p, "|");
	page_cut(&p, slice_text("a\nb"), 3);
	assert_string_equal(text_of_buf(&out), "äöü|äöü…|a\\u{a}b");
	buf_clear(&out);
}

static void
test_page_wrap_breaks_at_blanks(void **state)
{
	struct buf out = {0};
	struct page p = {.out = &out};

	(void)state;
	page_text(&p, "left ");
	page_wrap(&p, "one two three averyverylongword four", 5, 5, 14);
	assert_string_equal(text_of_buf(&out), "left one two\n     three\n     averyverylongword\n     four\n");
	buf_clear(&out);
}

static void
test_page_cell_escapes_what_markdown_reads(void **state)
{
	struct buf out = {0};
	struct page p = {.out = &out};

	(void)state;
	page_cell(&p, "a|b *c* <d> `e` [f](g) h_i\\\nj");
	assert_string_equal(text_of_buf(&out), "a\\|b \\*c\\* \\<d\\> \\`e\\` \\[f\\](g) h\\_i\\\\<br>j");
	buf_clear(&out);
}

static void
test_page_stays_failed(void **state)
{
	struct buf out = {0};
	struct page p = {.out = &out, .err = CONSIGN_E_NO_MEMORY};

	(void)state;
	page_text(&p, "a");
	page_printf(&p, "%d", 1);
	page_shown(&p, slice_text("b"), 0);
	page_cell(&p, "c");
	assert_int_equal(p.err, CONSIGN_E_NO_MEMORY);
	assert_int_equal(out.len, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_page_shown_escapes_all_but_what_can_be_shown),
	    cmocka_unit_test(test_page_cut_counts_characters),
	    cmocka_unit_test(test_page_wrap_breaks_at_blanks),
	    cmocka_unit_test(test_page_cell_escapes_what_markdown_reads),
	    cmocka_unit_test(test_page_stays_failed),
	};

	return cmocka_run_group_tests_name("catalogue/render_page", tests, NULL, NULL);
}
