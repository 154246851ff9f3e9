/*
 * Decimals as text. They are compared as text too: a double would round 0.1, and two numbers that differ would be equal.
 */
#include "catalogue/formats.h"

#include <string.h>

#define DECIMAL_MAX_DIGITS 34u /* what IEEE 754 decimal128 holds, and thus what most databases do */

/* A decimal taken apart: digits before the point without leading zeros, digits behind it without trailing ones. Borrows. */
struct decimal {
	bool is_negative;
	struct consign_slice whole, fraction;
};

static bool
is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

bool
decimal_is(struct consign_slice text)
{
	size_t start = text.len > 0 && text.data[0] == '-' ? 1 : 0;
	size_t i = start;
	size_t digits;
	bool is_zero = true;

	while (i < text.len && is_digit(text.data[i]))
		is_zero = text.data[i++] == '0' && is_zero;
	digits = i - start;
	if (digits == 0 || (digits > 1 && text.data[start] == '0'))
		return false;
	if (i < text.len) {
		size_t point = i++;

		if (text.data[point] != '.')
			return false;
		while (i < text.len && is_digit(text.data[i]))
			is_zero = text.data[i++] == '0' && is_zero;
		if (i < text.len || i == point + 1)
			return false;
		digits += i - point - 1;
	}
	return digits <= DECIMAL_MAX_DIGITS && !(is_zero && start == 1);
}

static struct decimal
take_apart(struct consign_slice text)
{
	struct decimal d = {.is_negative = text.data[0] == '-'};
	const uint8_t *start = text.data + (d.is_negative ? 1 : 0);
	const uint8_t *end = text.data + text.len;
	const uint8_t *point = memchr(start, '.', (size_t)(end - start));

	d.whole = slice_of(start, (size_t)((point != NULL ? point : end) - start));
	if (d.whole.len == 1 && *start == '0')
		d.whole.len = 0;
	if (point != NULL) {
		while (end[-1] == '0')
			end--;
		d.fraction = slice_of(point + 1, (size_t)(end - point - 1));
	}
	return d;
}

/* -1, 0, 1 by the bytes, and of two with one beginning the shorter first. */
static int
compare_digits(struct consign_slice a, struct consign_slice b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int order = len > 0 ? memcmp(a.data, b.data, len) : 0;

	if (order == 0)
		order = (a.len > b.len) - (a.len < b.len);
	return (order > 0) - (order < 0);
}

int
decimal_compare(struct consign_slice a, struct consign_slice b)
{
	struct decimal x = take_apart(a);
	struct decimal y = take_apart(b);
	int order;

	if (x.is_negative != y.is_negative)
		return x.is_negative ? -1 : 1;
	if (x.whole.len != y.whole.len)
		order = x.whole.len < y.whole.len ? -1 : 1;
	else
		order = compare_digits(x.whole, y.whole);
	if (order == 0)
		order = compare_digits(x.fraction, y.fraction);
	return x.is_negative ? -order : order;
}
