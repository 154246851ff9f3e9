/* See units.h. */
#include "policy/units.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/limits.h"

#define SECOND_US 1000000ull
#define DAY_SECONDS 86400u
#define YEAR_FIRST 2000u
/* More digits are more than any limit here, and nothing below can overflow. */
#define DIGITS_MAX 8u

struct unit {
	const char *word;
	uint64_t value;
};

/* The largest first, so that a text is as short as it can be. */
static const struct unit spans[] = {
    {"d", DAY_SECONDS *SECOND_US}, {"h", 3600 * SECOND_US}, {"m", 60 * SECOND_US}, {"s", SECOND_US}};
static const struct unit stores[] = {{"GiB", 1024 * 1024 * 1024}, {"MiB", 1024 * 1024}, {"KiB", 1024}, {"", 1}};
static const struct unit sizes[] = {{"MiB", 1024 * 1024}, {"KiB", 1024}, {"", 1}};
static const struct unit counts[] = {{"", 1}};

/* ── a number and its unit ── */

static enum consign_err
parse_amount(struct consign_slice text, const struct unit *units, size_t n, uint64_t *ret_value)
{
	uint64_t number = 0;
	size_t digits = 0;
	while (digits < text.len && text.data[digits] >= '0' && text.data[digits] <= '9' && digits < DIGITS_MAX)
		number = number * 10 + (uint64_t)(text.data[digits++] - '0');
	if (digits == 0 || text.data[0] == '0')
		return CONSIGN_E_MALFORMED;
	struct consign_slice word = slice_of(text.data + digits, text.len - digits);
	for (size_t i = 0; i < n; i++) {
		if (slice_equal(word, slice_text(units[i].word))) {
			*ret_value = number * units[i].value;
			return CONSIGN_OK;
		}
	}
	return CONSIGN_E_MALFORMED;
}

static void
format_amount(uint64_t value, const struct unit *units, size_t n, char ret_text[UNITS_TEXT_BYTES])
{
	size_t i = 0;
	while (i + 1 < n && (value == 0 || value % units[i].value != 0))
		i++;
	(void)snprintf(ret_text, UNITS_TEXT_BYTES, "%" PRIu64 "%s", value / units[i].value, units[i].word);
}

enum consign_err
units_span_parse(struct consign_slice text, uint64_t *ret_us)
{
	uint64_t us;
	enum consign_err err = parse_amount(text, spans, sizeof spans / sizeof spans[0], &us);
	if (err == CONSIGN_OK && us > CONSIGN_EXPIRES_MAX_US)
		err = CONSIGN_E_MALFORMED;
	if (err == CONSIGN_OK)
		*ret_us = us;
	return err;
}

void
units_span_format(uint64_t us, char ret_text[UNITS_TEXT_BYTES])
{
	format_amount(us, spans, sizeof spans / sizeof spans[0], ret_text);
}

enum consign_err
units_size_parse(struct consign_slice text, uint64_t *ret_bytes)
{
	return parse_amount(text, sizes, sizeof sizes / sizeof sizes[0], ret_bytes);
}

void
units_size_format(uint64_t bytes, char ret_text[UNITS_TEXT_BYTES])
{
	format_amount(bytes, sizes, sizeof sizes / sizeof sizes[0], ret_text);
}

enum consign_err
units_store_parse(struct consign_slice text, uint64_t *ret_bytes)
{
	return parse_amount(text, stores, sizeof stores / sizeof stores[0], ret_bytes);
}

void
units_store_format(uint64_t bytes, char ret_text[UNITS_TEXT_BYTES])
{
	format_amount(bytes, stores, sizeof stores / sizeof stores[0], ret_text);
}

enum consign_err
units_count_parse(struct consign_slice text, uint64_t *ret_count)
{
	return parse_amount(text, counts, sizeof counts / sizeof counts[0], ret_count);
}

/* ── rates ── */

enum consign_err
units_rate_parse(struct consign_slice text, bool is_bytes, uint64_t *ret_amount, uint64_t *ret_us)
{
	const uint8_t *slash = text.len == 0 ? NULL : memchr(text.data, '/', text.len);
	if (slash == NULL)
		return CONSIGN_E_MALFORMED;
	size_t before = (size_t)(slash - text.data);
	struct consign_slice number = slice_of(text.data, before), word = slice_of(slash + 1, text.len - before - 1);
	uint64_t amount;
	enum consign_err err = is_bytes ? units_store_parse(number, &amount) : units_count_parse(number, &amount);
	if (err != CONSIGN_OK || amount > CONSIGN_QUOTA_MAX)
		return CONSIGN_E_MALFORMED;
	for (size_t i = 0; i < sizeof spans / sizeof spans[0]; i++) {
		if (slice_equal(word, slice_text(spans[i].word))) {
			*ret_amount = amount;
			*ret_us = spans[i].value;
			return CONSIGN_OK;
		}
	}
	return CONSIGN_E_MALFORMED;
}

bool
units_is_rate_time(uint64_t us)
{
	for (size_t i = 0; i < sizeof spans / sizeof spans[0]; i++)
		if (spans[i].value == us)
			return true;
	return false;
}

void
units_rate_format(uint64_t amount, uint64_t us, bool is_bytes, char ret_text[UNITS_TEXT_BYTES])
{
	char number[UNITS_TEXT_BYTES];
	size_t i = 0, last = sizeof spans / sizeof spans[0] - 1;
	if (is_bytes)
		units_store_format(amount, number);
	else
		(void)snprintf(number, sizeof number, "%" PRIu64, amount);
	while (i < last && spans[i].value != us)
		i++;
	(void)snprintf(ret_text, UNITS_TEXT_BYTES, "%.20s/%s", number, spans[i].word);
}

/* ── dates: the Gregorian calendar, counted in eras of 400 years that begin in March ── */

struct date {
	unsigned year, month, day;
};

static uint64_t
days_of(struct date d)
{
	unsigned year = d.month > 2 ? d.year : d.year - 1;
	unsigned of_year = (153 * (d.month > 2 ? d.month - 3 : d.month + 9) + 2) / 5 + d.day - 1;
	unsigned of_era = year % 400;
	return (uint64_t)(year / 400) * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static struct date
date_of(uint64_t days)
{
	uint64_t day = days + 719468;
	unsigned of_era = (unsigned)(day % 146097);
	unsigned year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	unsigned of_year = of_era - (365 * year + year / 4 - year / 100);
	unsigned month = (5 * of_year + 2) / 153;
	return (struct date){
	    .year = (unsigned)(day / 146097) * 400 + year + (month >= 10),
	    .month = month < 10 ? month + 3 : month - 9,
	    .day = of_year - (153 * month + 2) / 5 + 1,
	};
}

/* Reads "0000-00-00": a 0 of the form is any digit, everything else stands for itself. */
static bool
take_digits(struct consign_slice text, const char *form, unsigned *ret_numbers)
{
	if (text.len != strlen(form))
		return false;
	*ret_numbers = 0;
	for (size_t i = 0; i < text.len; i++) {
		if (form[i] != '0') {
			if (text.data[i] != (uint8_t)form[i])
				return false;
			*++ret_numbers = 0;
		} else if (text.data[i] < '0' || text.data[i] > '9') {
			return false;
		} else {
			*ret_numbers = *ret_numbers * 10 + (unsigned)(text.data[i] - '0');
		}
	}
	return true;
}

enum consign_err
units_time_parse(struct consign_slice text, uint64_t *ret_us)
{
	unsigned n[7] = {0}; /* year month day hour minute second, and what follows the Z */
	if (!take_digits(text, "0000-00-00", n) && !take_digits(text, "0000-00-00T00:00:00Z", n))
		return CONSIGN_E_MALFORMED;
	if (text.len == strlen("0000-00-00"))
		n[3] = n[4] = n[5] = 0;
	struct date date = {n[0], n[1], n[2]};
	if (date.year < YEAR_FIRST || date.month < 1 || date.month > 12 || date.day < 1 || n[3] > 23 || n[4] > 59 || n[5] > 59)
		return CONSIGN_E_MALFORMED;
	uint64_t days = days_of(date);
	/* A day that its month does not have is another day when it is counted back. */
	if (date_of(days).day != date.day)
		return CONSIGN_E_MALFORMED;
	*ret_us = (days * DAY_SECONDS + n[3] * 3600u + n[4] * 60u + n[5]) * SECOND_US;
	return CONSIGN_OK;
}

/* What stands behind the seconds: a fraction, which is dropped, then Z, an offset or nothing. */
static bool
take_zone(struct consign_slice text, bool *ret_is_guess, int64_t *ret_offset_us)
{
	size_t i = 0;
	unsigned n[3] = {0};
	if (i + 1 < text.len && text.data[i] == '.')
		for (i++; i < text.len && text.data[i] >= '0' && text.data[i] <= '9';)
			i++;
	struct consign_slice zone = slice_of(text.data + i, text.len - i);
	bool is_utc = zone.len == 1 && (zone.data[0] == 'Z' || zone.data[0] == 'z');
	*ret_is_guess = zone.len == 0;
	*ret_offset_us = 0;
	if (*ret_is_guess || is_utc)
		return true;
	if ((!take_digits(zone, "+00:00", n) && !take_digits(zone, "-00:00", n)) || n[1] > 23 || n[2] > 59)
		return false;
	*ret_offset_us = (int64_t)(n[1] * 3600u + n[2] * 60u) * (int64_t)SECOND_US * (zone.data[0] == '-' ? -1 : 1);
	return true;
}

bool
units_time_mend(struct consign_slice text, bool *ret_is_guess, char ret_text[UNITS_TEXT_BYTES])
{
	char whole[] = "0000-00-00T00:00:00Z", mended[UNITS_TEXT_BYTES];
	const size_t minutes = strlen("0000-00-00T00:00"), seconds = strlen("0000-00-00T00:00:00"), day = strlen("0000-00-00");
	size_t taken = text.len >= seconds && text.data[minutes] == ':' ? seconds : minutes;
	uint64_t us;
	int64_t offset_us;
	bool is_guess;
	if (text.len < minutes || (text.data[day] != 'T' && text.data[day] != 't' && text.data[day] != ' '))
		return false;
	memcpy(whole, text.data, taken);
	whole[day] = 'T';
	if (!take_zone(slice_of(text.data + taken, text.len - taken), &is_guess, &offset_us) ||
	    units_time_parse(slice_text(whole), &us) != CONSIGN_OK)
		return false;
	/* An offset leads at most a day before the year 2000 or after 9999, where there are no times. */
	units_time_format((uint64_t)((int64_t)us - offset_us), mended);
	if (units_time_parse(slice_text(mended), &us) != CONSIGN_OK)
		return false;
	memcpy(ret_text, mended, sizeof mended);
	*ret_is_guess = is_guess;
	return true;
}

void
units_time_format(uint64_t us, char ret_text[UNITS_TEXT_BYTES])
{
	uint64_t seconds = us / SECOND_US, days = seconds / DAY_SECONDS;
	unsigned of_day = (unsigned)(seconds % DAY_SECONDS);
	struct date d = date_of(days);
	int n = snprintf(ret_text, UNITS_TEXT_BYTES, "%04u-%02u-%02u", d.year % 10000, d.month, d.day);
	if (of_day != 0)
		(void)snprintf(
		    ret_text + n, UNITS_TEXT_BYTES - (size_t)n, "T%02u:%02u:%02uZ", of_day / 3600, of_day / 60 % 60, of_day % 60);
}
