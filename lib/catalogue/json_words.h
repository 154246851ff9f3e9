/*
 * What the reader of JSON says of what it expected, and readings that need no place: split from json_read.c, for it alone.
 *
 * Threads   pure
 */
#ifndef CATALOGUE_JSON_WORDS_H
#define CATALOGUE_JSON_WORDS_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

#include "catalogue/problems.h"
#include "core/bytes.h"

#define JSON_KEY_MAX_BYTES 128u

/* A stranger's key may hold anything; a path is read by people and programs. */
bool json_is_plain_key(struct consign_slice key);
/* "a list", "text in quotes", "a whole number" … */
const char *json_name_kind(const ProtobufCFieldDescriptor *f, bool is_element);
/* "a key of Quantity: value, unit, reportedUnit, nullFlavor", as many as fit. */
void json_name_keys(const ProtobufCMessageDescriptor *d, char ret_text[PROBLEM_EXPECTED_BYTES]);
/* Digits alone, within lo and hi; -0 is refused because it would come back as 0. */
bool json_read_whole(struct consign_slice text, int64_t lo, int64_t hi, int64_t *ret_v);

#endif
