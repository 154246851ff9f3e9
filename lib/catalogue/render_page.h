/*
 * Writing for people: text that goes on after a failure and says so once, escapes, columns. Private to render*.c and its tests.
 *
 * Security  page_shown is the only way for text of strangers onto a page
 */
#ifndef CATALOGUE_RENDER_PAGE_H
#define CATALOGUE_RENDER_PAGE_H

#include "core/bytes.h"

/* Zero-initialise with `out`. The first failure stays in err; what follows it writes nothing. */
struct page {
	struct buf *out;
	enum consign_err err;
};

void page_printf(struct page *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
void page_text(struct page *p, const char *text); /* of our own */
void page_spaces(struct page *p, size_t n);
/* Text of strangers, fit for a terminal. indent: where a line break goes on; SIZE_MAX: line breaks are escaped like the rest. */
void page_shown(struct page *p, struct consign_slice text, size_t indent);
/* As above, of one line, cut to about `most` characters with an ellipsis. */
void page_cut(struct page *p, struct consign_slice text, size_t most);
/* Words of our own from column `at` on, broken at blanks before `width`, going on at `indent`. Ends with a newline. */
void page_wrap(struct page *p, const char *text, size_t at, size_t indent, size_t width);
/* Text of our own in a cell of a Markdown table: what Markdown would read is escaped. */
void page_cell(struct page *p, const char *text);
/* Characters, not bytes; of our own text. */
size_t page_width(const char *text);

#endif
