/* Times as people type them (when.h). */
#include "when.h"

#include "policy/units.h"

#define WHOLE_BYTES 19u /* 2026-11-22T04:11:56 */

/* ".250000Z": at least one digit. */
static bool
read_fraction(struct consign_slice text, uint64_t *ret_us)
{
	uint64_t unit = 100000, us = 0;

	if (text.len < 3 || text.data[0] != '.' || text.data[text.len - 1] != 'Z')
		return false;
	for (size_t i = 1; i + 1 < text.len; i++, unit /= 10) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
		us += unit * (uint64_t)(text.data[i] - '0');
	}
	*ret_us = us;
	return true;
}

enum consign_err
when_parse(struct consign_slice text, uint64_t *ret_us)
{
	uint8_t whole[WHOLE_BYTES + 1];
	uint64_t us, fraction;

	if (text.len <= WHOLE_BYTES || text.data[WHOLE_BYTES] != '.')
		return units_time_parse(text, ret_us);
	memcpy(whole, text.data, WHOLE_BYTES);
	whole[WHOLE_BYTES] = 'Z';
	if (!read_fraction(slice_of(text.data + WHOLE_BYTES, text.len - WHOLE_BYTES), &fraction))
		return CONSIGN_E_MALFORMED;
	enum consign_err err = units_time_parse(SLICE_ARRAY(whole), &us);

	if (err == CONSIGN_OK)
		*ret_us = us + fraction;
	return err;
}
