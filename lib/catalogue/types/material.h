/*
 * Parts that the material types share: what travels, and where it is. Described in material_shipment_dispatched.c, where they
 * begin their way. Private to this room.
 */
#ifndef CATALOGUE_TYPES_MATERIAL_H
#define CATALOGUE_TYPES_MATERIAL_H

#include "catalogue/describe.h"

extern const struct catalogue_message part_material_item, part_material_place, part_material_document;
/* material_temperature_log.c */
extern const struct catalogue_codes codes_temperature_verdict;

/* The rest of a row that holds a temperature, or a time of a log. No thing is colder: the one limit that all temperatures have. */
#define MATERIAL_CEL(degrees)                                                                                                               \
	.format = FORMAT_PART, .part = &part_quantity, .unit = "Cel", .lo = "-273.15", .example = "{\"value\": \"" degrees "\", \"unit\": \"Cel\"}"
#define MATERIAL_TIME(at)                                                                                                                   \
	.format = FORMAT_PART, .part = &part_when, .least = PRECISION_MINUTE, .has_offset = true, .example = "{\"text\": \"" at "\"}"
/* Things of one message: with their identifiers they fit beside everything else into BUSINESS_FIELDS_MAX_BYTES. */
#define MATERIAL_ITEMS_MAX 500u

#endif
