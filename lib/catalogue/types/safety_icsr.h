/*
 * What the case of safety.icsr is cut into: safety_icsr.c has the case and its people, safety_icsr_drug.c its drugs. Private to this room.
 */
#ifndef CATALOGUE_TYPES_SAFETY_ICSR_H
#define CATALOGUE_TYPES_SAFETY_ICSR_H

#include "catalogue/describe.h"

extern const struct catalogue_message part_icsr_drug;

#define MEDDRA_VERSION(element) .name = "meddra_version", .title = "MedDRA version", .source = element, .format = FORMAT_MEDDRA_VERSION, .example = "\"28.1\""
#define MEDDRA_CODE(element, code) .name = "meddra_code", .title = "MedDRA code", .source = element, .format = FORMAT_MEDDRA, .example = "\"" code "\""
/* Version and code come together, by the two rule ids. */
#define MEDDRA_PAIR(version_id, code_id)                                                                                                          \
	{.id = version_id, .says = "A MedDRA code comes with its version.", .kind = RULE_REQUIRED, .when = {"meddra_code", TEST_PRESENT, NULL},   \
	    .paths = {"meddra_version"}, .source = "FDA " version_id},                                                                            \
	{.id = code_id, .says = "A MedDRA version comes with a code.", .kind = RULE_REQUIRED, .when = {"meddra_version", TEST_PRESENT, NULL},     \
	    .paths = {"meddra_code"}, .source = "FDA " code_id}

#endif
