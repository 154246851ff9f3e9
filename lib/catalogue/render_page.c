#include "catalogue/render_page.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalogue/formats.h"
#include "core/utf8.h"

void
page_printf(struct page *p, const char *format, ...)
{
	va_list args;
	char *text = NULL;
	int n;

	if (p->err != CONSIGN_OK)
		return;
	va_start(args, format);
	n = vasprintf(&text, format, args);
	va_end(args);
	if (n < 0) {
		p->err = CONSIGN_E_NO_MEMORY;
		return;
	}
	p->err = buf_append(p->out, slice_of(text, (size_t)n));
	free(text);
}

static void
append(struct page *p, struct consign_slice text)
{
	if (p->err == CONSIGN_OK)
		p->err = buf_append(p->out, text);
}

void
page_text(struct page *p, const char *text)
{
	append(p, slice_text(text));
}

void
page_spaces(struct page *p, size_t n)
{
	while (n-- > 0)
		page_text(p, " ");
}

/* One character, escaped when it could do something to a terminal or to a reader's eyes: its length in bytes. */
static size_t
show_one(struct page *p, struct consign_slice left)
{
	uint32_t point;
	size_t step = utf8_step(left, &point);

	if (step == 0) {
		page_printf(p, "\\x%02x", left.data[0]);
		return 1;
	}
	if (text_is_shown(slice_of(left.data, step), false))
		append(p, slice_of(left.data, step));
	else
		page_printf(p, "\\u{%x}", (unsigned)point);
	return step;
}

void
page_shown(struct page *p, struct consign_slice text, size_t indent)
{
	while (text.len > 0) {
		size_t step = 1;

		if (text.data[0] == '\n' && indent != SIZE_MAX) {
			page_text(p, "\n");
			page_spaces(p, indent);
		} else if (text.data[0] == '\t' && indent != SIZE_MAX) {
			page_text(p, "    ");
		} else {
			step = show_one(p, text);
		}
		text = slice_of(text.data + step, text.len - step);
	}
}

void
page_cut(struct page *p, struct consign_slice text, size_t most)
{
	for (size_t n = 0; text.len > 0; n++) {
		if (n == most) {
			page_text(p, "…");
			return;
		}
		size_t step = show_one(p, text);

		text = slice_of(text.data + step, text.len - step);
	}
}

size_t
page_width(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

void
page_wrap(struct page *p, const char *text, size_t at, size_t indent, size_t width)
{
	bool is_first = true;

	while (*text != '\0') {
		size_t len = strcspn(text, " ");
		char word[256];
		size_t wide;

		snprintf(word, sizeof word, "%.*s", (int)(len < sizeof word ? len : sizeof word - 1), text);
		wide = page_width(word);
		if (!is_first && at + 1 + wide > width) {
			page_text(p, "\n");
			page_spaces(p, indent);
			at = indent;
		} else if (!is_first) {
			page_text(p, " ");
			at++;
		}
		page_text(p, word);
		at += wide;
		is_first = false;
		text += len;
		text += strspn(text, " ");
	}
	page_text(p, "\n");
}

void
page_cell(struct page *p, const char *text)
{
	for (; *text != '\0' && p->err == CONSIGN_OK; text++) {
		if (strchr("\\`*_[]<>|#", *text) != NULL)
			page_text(p, "\\");
		if (*text == '\n')
			page_text(p, "<br>");
		else
			append(p, slice_of(text, 1));
	}
}
