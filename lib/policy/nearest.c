/* See nearest.h. */
#include "policy/nearest.h"

/* Longer words are no slips of the pen; it also bounds the rows below. */
#define WORD_MAX 64u

static uint8_t
lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 'a' - 'A') : c;
}

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Slips between two words of at most WORD_MAX bytes (optimal string alignment): row by row, two rows back for what was swapped.
 */
static size_t
count_slips(struct consign_slice a, struct consign_slice b)
{
	size_t rows[3][WORD_MAX + 1];
	size_t *before = rows[0], *last = rows[1], *row = rows[2];
	for (size_t j = 0; j <= b.len; j++)
		last[j] = before[j] = j;
	for (size_t i = 1; i <= a.len; i++) {
		row[0] = i;
		for (size_t j = 1; j <= b.len; j++) {
			uint8_t x = lower(a.data[i - 1]), y = lower(b.data[j - 1]);
			row[j] = least(least(last[j], row[j - 1]) + 1, last[j - 1] + (x != y));
			if (i > 1 && j > 1 && x == lower(b.data[j - 2]) && lower(a.data[i - 2]) == y)
				row[j] = least(row[j], before[j - 2] + 1);
		}
		size_t *spare = before;
		before = last;
		last = row;
		row = spare;
	}
	return last[b.len];
}

struct nearest
nearest_to(struct consign_slice word)
{
	/* One slip is forgiven in the shortest words: `too` was `to`. */
	return (struct nearest){.word = word, .slips = word.len > WORD_MAX ? 0 : word.len < 6 ? 2 : word.len / 3 + 1};
}

void
nearest_try(struct nearest *n, const char *candidate)
{
	struct consign_slice other = slice_text(candidate);
	size_t apart = other.len > n->word.len ? other.len - n->word.len : n->word.len - other.len;
	if (other.len > WORD_MAX || apart >= n->slips)
		return;
	size_t slips = count_slips(n->word, other);
	if (slips < n->slips) {
		n->slips = slips;
		n->best = candidate;
	}
}
