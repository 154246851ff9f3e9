/*
 * Dates as their sources write them. They are read to be checked and compared, never to be written again: the text stays what it
 * was.
 *
 * A date is a stretch of time: 2026-03 is all of March. Two dates are equal as far as both are precise when one stretch lies in
 * the other.
 *
 * Source: ISO 8601-1:2019 5.2 to 5.4 (extended format), ICH E2B(R3) Implementation Guide 3.1 (basic format), and DD-MMM-YYYY as
 * laboratories and archives print it.
 */
#include "catalogue/formats.h"

#include <string.h>
#include <strings.h>

#define OFFSET_MAX_MIN (14 * 60) /* Kiritimati; west of Greenwich it ends at 12:00, and an hour more does no harm */
#define MINUTE_S 60
#define HOUR_S 3600
#define DAY_S 86400

static bool
is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* n digits that begin at `at`. */
static bool
read_number(struct consign_slice text, size_t at, size_t n, unsigned *ret_number)
{
	unsigned number = 0;

	if (at > text.len || n > text.len - at)
		return false;
	for (size_t i = 0; i < n; i++) {
		uint8_t c = text.data[at + i];

		if (!is_digit(c))
			return false;
		number = number * 10 + (unsigned)(c - '0');
	}
	*ret_number = number;
	return true;
}

static bool
byte_is(struct consign_slice text, size_t at, char c)
{
	return at < text.len && text.data[at] == (uint8_t)c;
}

static struct consign_slice
rest_of(struct consign_slice text, size_t at)
{
	return slice_of(text.data + at, text.len - at);
}

/* [+-]hhmm or, with a colon, [+-]hh:mm. -00:00 says that the offset is not known (RFC 3339 4.3), and is no offset of ISO 8601. */
static bool
read_offset(struct consign_slice text, bool has_colon, int16_t *ret_offset_min)
{
	unsigned hours, minutes;
	int total;

	if (text.len != (has_colon ? 6 : 5) || (text.data[0] != '+' && text.data[0] != '-'))
		return false;
	if (!read_number(text, 1, 2, &hours) || (has_colon && text.data[3] != ':') ||
	    !read_number(text, has_colon ? 4 : 3, 2, &minutes) || minutes > 59)
		return false;
	total = (int)(hours * 60 + minutes);
	if (total > OFFSET_MAX_MIN || (total == 0 && text.data[0] == '-'))
		return false;
	*ret_offset_min = (int16_t)(text.data[0] == '-' ? -total : total);
	return true;
}

bool
offset_parse(struct consign_slice text, int16_t *ret_offset_min)
{
	return read_offset(text, true, ret_offset_min);
}

static bool
is_leap(unsigned year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static unsigned
days_in(unsigned year, unsigned month)
{
	static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* Puts the next finer number into the date, if there is such a month, day, hour, minute, second. */
static bool
put(struct date *d, unsigned number)
{
	d->precision++;
	switch (d->precision) {
	case PRECISION_YEAR:
		d->year = (uint16_t)number;
		return number >= 1 && number <= 9999;
	case PRECISION_MONTH:
		d->month = (uint8_t)number;
		return number >= 1 && number <= 12;
	case PRECISION_DAY:
		d->day = (uint8_t)number;
		return number >= 1 && number <= days_in(d->year, d->month);
	case PRECISION_HOUR:
		d->hour = (uint8_t)number;
		return number <= 23;
	case PRECISION_MINUTE:
		d->minute = (uint8_t)number;
		return number <= 59;
	case PRECISION_SECOND:
		d->second = (uint8_t)number;
		return number <= 59;
	default:
		return false;
	}
}

static bool
put_digits(struct date *d, struct consign_slice text, size_t at, size_t n)
{
	unsigned number;

	return read_number(text, at, n, &number) && put(d, number);
}

/* A point and digits behind the second, if there are; moves *at behind them. */
static bool
put_fraction(struct date *d, struct consign_slice text, size_t *at)
{
	size_t start = *at + 1;
	size_t end = start;

	if (d->precision != PRECISION_SECOND || !byte_is(text, *at, '.'))
		return true;
	while (end < text.len && is_digit(text.data[end]))
		end++;
	if (end == start)
		return false;
	d->fraction = slice_of(text.data + start, end - start);
	d->precision = PRECISION_FRACTION;
	*at = end;
	return true;
}

/* What stands behind the time: nothing, an offset, in the extended format also Z. */
static bool
put_zone(struct date *d, struct consign_slice text, size_t at, bool is_extended)
{
	struct consign_slice zone = rest_of(text, at);

	if (zone.len == 0)
		return true;
	if (d->precision < PRECISION_HOUR)
		return false;
	d->has_offset = true;
	d->is_z = is_extended && zone.len == 1 && zone.data[0] == 'Z';
	return d->is_z || read_offset(zone, is_extended, &d->offset_min);
}

/*
 * A part that is not known between two that are stands as a hyphen (CDISC SDTMIG 4.4.2): 2003---15 is some 15th of 2003, 2003-12-15T-:15 some
 * quarter past. What is known without a gap is their precision.
 */
static bool
has_gap(struct consign_slice text, const struct date *d)
{
	unsigned number;

	if (d->precision == PRECISION_YEAR)
		return text.len == 9 && memcmp(text.data + 4, "---", 3) == 0 && read_number(text, 7, 2, &number) && number >= 1 && number <= 31;
	return text.len == 15 && memcmp(text.data + 10, "T-:", 3) == 0 && read_number(text, 13, 2, &number) && number <= 59;
}

/* Behind the year: -MM[-DD[Thh[:mm[:ss[.f]]][zone]]] */
static bool
parse_extended(struct consign_slice text, struct date *d)
{
	size_t at;

	if (has_gap(text, d))
		return true;
	if (!byte_is(text, 4, '-') || !put_digits(d, text, 5, 2))
		return false;
	if (text.len == 7)
		return true;
	if (!byte_is(text, 7, '-') || !put_digits(d, text, 8, 2))
		return false;
	if (text.len == 10)
		return true;
	if (has_gap(text, d))
		return true;
	if (!byte_is(text, 10, 'T') || !put_digits(d, text, 11, 2))
		return false;
	for (at = 13; d->precision < PRECISION_SECOND && byte_is(text, at, ':'); at += 3)
		if (!put_digits(d, text, at + 1, 2))
			return false;
	return put_fraction(d, text, &at) && put_zone(d, text, at, true);
}

/* Behind the year: [MM[DD[hh[mm[ss[.f]]]]]][zone] */
static bool
parse_basic(struct consign_slice text, struct date *d)
{
	size_t at = 4;

	while (d->precision < PRECISION_SECOND && at < text.len && is_digit(text.data[at])) {
		if (!put_digits(d, text, at, 2))
			return false;
		at += 2;
	}
	return put_fraction(d, text, &at) && put_zone(d, text, at, false);
}

/* DD-MMM-YYYY. The day is put last, when its month is known. */
static bool
parse_printed(struct consign_slice text, struct date *d)
{
	static const char months[][4] = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
	unsigned month = 0;

	if (text.len != 11 || text.data[2] != '-' || text.data[6] != '-')
		return false;
	while (month < 12 && strncasecmp((const char *)text.data + 3, months[month], 3) != 0)
		month++;
	return put_digits(d, text, 7, 4) && put(d, month + 1) && put_digits(d, text, 0, 2);
}

bool
date_parse(struct consign_slice text, struct date *ret_date)
{
	struct date d = {0};
	bool is_date;

	if (byte_is(text, 2, '-')) {
		is_date = parse_printed(text, &d);
	} else {
		is_date = put_digits(&d, text, 0, 4);
		if (is_date && text.len > 4)
			is_date = text.data[4] == '-' ? parse_extended(text, &d) : parse_basic(text, &d);
	}
	if (is_date)
		*ret_date = d;
	return is_date;
}

/* Days from 1 January of year 1. */
static int64_t
day_number(unsigned year, unsigned month, unsigned day)
{
	static const uint16_t before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
	int64_t past = (int64_t)year - 1;

	return past * 365 + past / 4 - past / 100 + past / 400 + before[month - 1] + (month > 2 && is_leap(year)) + day - 1;
}

/* The seconds that a date stands for, as its own clock counts them. What is finer than its precision is left out: it may say less
   than was read. */
static void
stretch_of(const struct date *d, int64_t *ret_start, int64_t *ret_end)
{
	unsigned month = d->precision >= PRECISION_MONTH ? d->month : 1;
	unsigned day = d->precision >= PRECISION_DAY ? d->day : 1;
	int64_t start = day_number(d->year, month, day) * DAY_S;
	int64_t span = 1;

	if (d->precision <= PRECISION_YEAR)
		span = (is_leap(d->year) ? 366 : 365) * (int64_t)DAY_S;
	else if (d->precision == PRECISION_MONTH)
		span = (int64_t)days_in(d->year, month) * DAY_S;
	else if (d->precision == PRECISION_DAY)
		span = DAY_S;
	else if (d->precision == PRECISION_HOUR)
		span = HOUR_S;
	else if (d->precision == PRECISION_MINUTE)
		span = MINUTE_S;
	if (d->precision >= PRECISION_HOUR)
		start += d->hour * HOUR_S;
	if (d->precision >= PRECISION_MINUTE)
		start += d->minute * MINUTE_S;
	if (d->precision >= PRECISION_SECOND)
		start += d->second;
	*ret_start = start;
	*ret_end = start + span;
}

/* What lies between the clock of the text and UTC: nothing behind a Z, whatever offset the place has. */
static int64_t
shift_of(const struct date *d)
{
	return d->has_offset && !d->is_z ? (int64_t)d->offset_min * MINUTE_S : 0;
}

/* Of two dates of one second: as far as both have digits. */
static int
compare_fractions(const struct date *a, const struct date *b)
{
	size_t len = a->fraction.len < b->fraction.len ? a->fraction.len : b->fraction.len;
	int order;

	if (a->precision != PRECISION_FRACTION || b->precision != PRECISION_FRACTION || len == 0)
		return 0;
	order = memcmp(a->fraction.data, b->fraction.data, len);
	return (order > 0) - (order < 0);
}

bool
date_compare(const struct date *a, const struct date *b, int *ret_order)
{
	/* A clock of which nothing is known is less than a day from UTC. */
	int64_t slack = a->has_offset != b->has_offset ? DAY_S : 0;
	int64_t a_start, a_end, b_start, b_end;

	stretch_of(a, &a_start, &a_end);
	stretch_of(b, &b_start, &b_end);
	if (b_start - shift_of(b) - (a_end - shift_of(a)) >= slack)
		*ret_order = -1;
	else if (a_start - shift_of(a) - (b_end - shift_of(b)) >= slack)
		*ret_order = 1;
	else if (slack == 0)
		*ret_order = compare_fractions(a, b);
	else
		return false;
	return true;
}
