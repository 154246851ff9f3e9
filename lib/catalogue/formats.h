/*
 * What a text must look like: one row for each enum catalogue_format, and the readers of dates, decimals, units and GS1 keys behind them.
 * Private to this room. Pure; no allocation.
 */
#ifndef CATALOGUE_FORMATS_H
#define CATALOGUE_FORMATS_H

#include "catalogue/describe.h"

struct format {
	const char *name;     /* "decimal": the rule of a problem is "format", this names it in docs */
	const char *expected; /* "a decimal number written out, of up to 34 digits, such as 12.50" */
	uint32_t max_bytes;   /* unless a field says otherwise */
	bool (*holds)(struct consign_slice text); /* NULL: no text (number, flag, bytes, part, code, state) */
	const char *bad;      /* a JSON text that breaks it, for failing examples; NULL where holds is NULL */
};

/* A constant row for each format from 1 to FORMATS_END - 1. */
const struct format *format_of(enum catalogue_format format);

/* Valid UTF-8 of what can be shown without lying: no control characters, bidirectional overrides or isolates (U+202A to U+202E, U+2066 to
   U+2069), U+200E, U+200F, U+061C, U+FEFF, line and paragraph separators, noncharacters, and nothing that is invisible but joiners and variant
   selectors, which scripts are written with. prose: also newline, CR LF and tab. */
bool text_is_shown(struct consign_slice text, bool prose);

/* -?(0|[1-9][0-9]*)(\.[0-9]+)?, up to 34 digits, no -0 */
bool decimal_is(struct consign_slice text);
/* Both are decimals. -1, 0, 1; 1.50 equals 1.5. */
int decimal_compare(struct consign_slice a, struct consign_slice b);

struct date {
	uint16_t year; /* 1 to 9999 */
	uint8_t month, day, hour, minute, second; /* 0 where the precision is coarser (month, day: 0) */
	struct consign_slice fraction;            /* digits after the point; borrows */
	enum catalogue_precision precision;       /* never ANY */
	bool has_offset;                          /* the text says one; Z is one */
	bool is_z;
	int16_t offset_min;
};

/*
 * ISO 8601 extended (2026 … 2026-03-02T09:14:07.123+01:00, offset also Z), E2B basic (2026, 202603, 20260302, 2026030209, 202603020914,
 * 20260302091407[.1234], then optionally +hhmm), DD-MMM-YYYY with an English month, and SDTM's gaps: 2003---15 (precision: year),
 * 2003-12-15T-:15 (day). A time needs its day. Days exist (30 February does not); 24:00 and second 60 are refused. An offset needs at least an hour, and is at most 14:00.
 */
bool date_parse(struct consign_slice text, struct date *ret_date);
/* -1, 0, 1 as far as both are precise; false when they cannot be compared: only one has an offset and they lie within a day of each other. */
bool date_compare(const struct date *a, const struct date *b, int *ret_order);
/* [+-]hh:mm up to 14:00 */
bool offset_parse(struct consign_slice text, int16_t *ret_offset_min);

/* UCUM, case-sensitive (c/s): terms of metric and other atoms with prefixes, exponents, ., /, parentheses, {annotations}. */
bool unit_is(struct consign_slice text);

/* 18 digits, the last the GS1 check digit. */
bool sscc_is(struct consign_slice text);
/* urn:epc:id:…, urn:epc:class:…, urn:epc:idpat:… of a known scheme, or an https GS1 Digital Link whose GTIN or SSCC has a right check digit. */
bool epc_is(struct consign_slice text);
/* Of one thing: urn:epc:id:…, or a Digital Link that names a serial where its key is a product's, and no lot (AI 10). */
bool epc_of_one_is(struct consign_slice text);

#endif
