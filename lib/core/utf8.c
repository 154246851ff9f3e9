/*
 * UTF-8, strictly as RFC 3629 3 has it.
 */
#include "core/utf8.h"

size_t
utf8_step(struct consign_slice s, uint32_t *ret_point)
{
	/* The least code point that needs so many bytes: anything below was written too long. */
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	uint32_t point;
	size_t len;

	if (s.len == 0)
		return 0;
	if (s.data[0] < 0x80) {
		*ret_point = s.data[0];
		return 1;
	}
	if ((s.data[0] & 0xe0) == 0xc0) {
		len = 2;
		point = s.data[0] & 0x1fu;
	} else if ((s.data[0] & 0xf0) == 0xe0) {
		len = 3;
		point = s.data[0] & 0x0fu;
	} else if ((s.data[0] & 0xf8) == 0xf0) {
		len = 4;
		point = s.data[0] & 0x07u;
	} else {
		return 0;
	}
	if (len > s.len)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if ((s.data[i] & 0xc0) != 0x80)
			return 0;
		point = point << 6 | (s.data[i] & 0x3fu);
	}
	if (point < least[len] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
		return 0;
	*ret_point = point;
	return len;
}
