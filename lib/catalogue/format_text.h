/*
 * The checks of texts that formats.c lists in its rows. How long a text may be is the row's business. Pure; linear in the text.
 */
#ifndef CATALOGUE_FORMAT_TEXT_H
#define CATALOGUE_FORMAT_TEXT_H

#include "core/bytes.h"

/* Shown (text_is_shown), not empty, no blank at either end. */
bool line_is(struct consign_slice text);
bool prose_is(struct consign_slice text);
/* Shown, not empty, no blanks and nothing invisible: two ids that look the same are the same, or use look-alike letters. */
bool id_is(struct consign_slice text);
/* A name that stays in the folder it is put into, on every system: no path, no drive or stream, no device, not hidden. */
bool file_name_is(struct consign_slice text);
/* type/subtype with parameters, as RFC 6838 4.2 and RFC 9110 8.3.1 have it. */
bool media_type_is(struct consign_slice text);
bool org_is(struct consign_slice text);
bool study_is(struct consign_slice text);
bool message_id_is(struct consign_slice text);
bool sha256_is(struct consign_slice text);
/* A code of ISO 3166-1, in capitals. */
bool country_is(struct consign_slice text);
/* Country, organisation and number joined by hyphens, in printable ASCII. */
bool case_id_is(struct consign_slice text);
bool meddra_is(struct consign_slice text);
bool meddra_version_is(struct consign_slice text);

#endif
