/*
 * How a type is described: tables, and nothing but tables. Validation, docs/CATALOGUE.md, the examples, the JSON form and
 * the field help are all read from them, so that nothing is stated twice. Private to this room, its tests and tools.
 *
 * A message has one row for each field of its proto, in the order of the field numbers, which are 1, 2, 3 … without
 * gaps: row i describes fields[i] of the generated descriptor. tests/unit/catalogue/test_describe.c holds that, and that every
 * path, code list and example of a description exists and fits. So nothing needs binding at run time.
 *
 * A new type costs a message in a .proto, a file in types/ and its line in CMakeLists.txt (CONTRIBUTING.md shows one).
 */
#ifndef CATALOGUE_DESCRIBE_H
#define CATALOGUE_DESCRIBE_H

#include <protobuf-c/protobuf-c.h>

#include "catalogue/catalogue.h"

enum catalogue_need {
	OPTIONAL = 0,
	MANDATORY, /* of a list: at least one */
};

/* What a text, number or part must look like. formats.c has a row for each: its check, its words, a bad example. */
enum catalogue_format {
	FORMAT_LINE = 1, /* one line of text for people */
	FORMAT_PROSE,    /* text with line breaks and tabs */
	FORMAT_ID,       /* an identifier of somebody's system: no blanks */
	FORMAT_STUDY,    /* a study as the hub knows it */
	FORMAT_ORG,      /* an organisation as the hub knows it */
	FORMAT_CODE,     /* one of `codes` */
	FORMAT_STATE,    /* one of the states of the type */
	FORMAT_DECIMAL,  /* decimal number as text */
	FORMAT_UNIT,     /* UCUM */
	FORMAT_DATE,     /* the text of a When */
	FORMAT_OFFSET,   /* +hh:mm */
	FORMAT_MESSAGE_ID,
	FORMAT_SHA256, /* 64 lower-case hex digits */
	FORMAT_MEDIA_TYPE,
	FORMAT_FILE_NAME,
	FORMAT_COUNTRY, /* ISO 3166-1, two capital letters */
	FORMAT_SSCC,    /* 18 digits with check digit */
	FORMAT_EPC,     /* urn:epc:… or a GS1 Digital Link */
	FORMAT_EPC_OF_ONE, /* the same, of one thing: with a serial, and without a lot, which could give a treatment away */
	FORMAT_CASE_ID, /* E2B C.1.1: country-organisation-number */
	FORMAT_MEDDRA,  /* eight digits */
	FORMAT_MEDDRA_VERSION, /* E2B E.i.2.1a: 27.0 */
	FORMAT_NUMBER,  /* uint32 or int32 */
	FORMAT_FLAG,    /* true or false */
	FORMAT_BYTES,
	FORMAT_PART, /* a message described by `part` */
	FORMATS_END
};

struct catalogue_code {
	const char *code;
	const char *meaning;
	enum consign_label least_label; /* a message in which a field has this code needs at least this label; 0: any */
};

struct catalogue_codes {
	const char *name;   /* as a person looks it up */
	const char *source; /* NULL: our own */
	const struct catalogue_code *codes; /* ended by a NULL code */
};

/* What kind of part a message is, where the engine knows more of it than its rows say. */
enum catalogue_shape { SHAPE_PLAIN = 0, SHAPE_WHEN, SHAPE_QUANTITY, SHAPE_TEXT, SHAPE_CODED, SHAPE_ORIGINAL };

enum catalogue_precision {
	PRECISION_ANY = 0,
	PRECISION_YEAR,
	PRECISION_MONTH,
	PRECISION_DAY,
	PRECISION_HOUR,
	PRECISION_MINUTE,
	PRECISION_SECOND,
	PRECISION_FRACTION,
};

struct catalogue_message;

struct catalogue_field {
	const char *name;  /* in the proto */
	const char *title; /* what `show` calls it */
	const char *help;  /* one sentence more; NULL: the title says it */
	const char *source; /* where its own standard has it: LBTESTCD, E2B C.1.1; NULL */
	enum catalogue_need need;
	enum catalogue_format format;
	const struct catalogue_codes *codes; /* of FORMAT_CODE; of a Coded part: its code must be one of them */
	const struct catalogue_message *part; /* of FORMAT_PART */
	uint32_t max_bytes;  /* 0: the format's own limit */
	uint32_t max_count;  /* of a list; 0 on any other field */
	const char *lo, *hi; /* inclusive, decimal: of a decimal, a number, the value of a Quantity. NULL: no limit */
	const char *unit;    /* of a Quantity: the only unit; NULL: any */
	enum catalogue_precision least; /* of a When: no coarser than this */
	bool has_offset;                /* of a When: its offset from UTC must be known */
	bool may_be_null;               /* a part with a null flavour may give one instead of its value */
	enum consign_label least_label; /* a message in which this field is present (a flag: is true) needs at least this label; 0: any */
	const char *example;            /* JSON; NULL on a part: made of the part's own examples */
};

/* Of a field that is absent neither IS nor IS_NOT holds. A condition on one field of the message: paths are proto names joined by dots, and never enter a list. */
enum catalogue_test { TEST_NONE = 0, TEST_IS, TEST_IS_NOT, TEST_PRESENT, TEST_ABSENT };

struct catalogue_condition {
	const char *path;
	enum catalogue_test test;
	const char *values; /* of IS and IS_NOT: words parted by `|`, any of them; flags are true and false */
};

enum catalogue_rule_kind {
	RULE_REQUIRED = 1, /* paths[0] is present */
	RULE_FORBIDDEN,    /* paths[0] is absent */
	RULE_SOME,         /* at least one of paths is present (of a flag: is true) */
	RULE_ONE,          /* exactly one of paths is present */
	RULE_VALUE,        /* paths[0], when present, is one of `values` */
	RULE_ORDER,        /* what is present and comparable of paths never falls: dates, decimals, quantities of one unit, numbers */
	RULE_DIFFER,       /* paths[0] and paths[1], when both present, are not the same */
	RULE_UNIQUE,       /* in the list paths[0] no two elements have the same paths[1] */
	RULE_EVERY,        /* in the list paths[0] every element's paths[1] is there, and one of `values` */
	RULE_DIGEST,       /* when the list paths[1] of originals has any, the SHA-256 paths[0] is that of one of them */
	RULE_COUNT,        /* the number paths[0] is the length of the list paths[1] */
	RULE_INDICATOR,    /* paths[0] agrees with where paths[1] lies in [paths[2], paths[3]]: values "LOW|NORMAL|HIGH" say how; each may
	                      be several codes parted by commas */
	RULE_WITHIN,       /* paths[0] is `values[0]` exactly when paths[1] lies in [paths[2], paths[3]]; otherwise `values[1]` ("pass|fail") */
};

#define RULE_PATHS_MAX 8

struct catalogue_rule {
	const char *id;   /* stable: what a problem names */
	const char *says; /* one sentence, for people */
	enum catalogue_rule_kind kind;
	struct catalogue_condition when, and_when; /* TEST_NONE: always */
	const char *paths[RULE_PATHS_MAX]; /* NULL ended when shorter */
	const char *values;
	const char *source; /* NULL: ours */
	const char *breaks; /* JSON merge patch (RFC 7386) that makes the full example break this rule and no other; NULL for rules of parts that
	                       a test of their own shows */
};

struct catalogue_message {
	const ProtobufCMessageDescriptor *descriptor;
	enum catalogue_shape shape;
	const char *title;
	const char *says; /* of a part: one sentence, for docs/CATALOGUE.md */
	const struct catalogue_field *fields; /* descriptor->n_fields of them */
	const struct catalogue_rule *rules;
	size_t n_rules;
};

/* A state and the states that may follow it, parted by blanks; "" ends the life cycle. */
struct catalogue_state {
	const char *state;
	const char *next;
	const char *meaning;
};

struct catalogue_type {
	const char *name;
	uint32_t version; /* of this description; travels with each message */
	const char *title;
	const char *says;      /* one or two sentences: what it is for */
	const char *standard;  /* what the industry calls it, and the files it comes in */
	const char *producers; /* roles, parted by blanks */
	const char *consumers;
	enum consign_label least_label;
	const char *label_why;
	const char *clock; /* what must happen how fast, and who says so; NULL */
	const struct catalogue_state *states; /* ended by a NULL state; the first is where a life begins */
	const char *key;     /* fields that say which thing it is about, parted by blanks; the state is added to it in a headline */
	const char *headline; /* fields that `show`, the inbox and a timeline put into one line, parted by blanks */
	struct catalogue_message message;
};

#define CATALOGUE_RULES(table) .rules = (table), .n_rules = sizeof(table) / sizeof((table)[0])
/* One row too few or too many does not compile where the number of fields is known: see types/lab_result.c. */

/* parts.c: what all share. Row 1 of every type is CATALOGUE_EVENT_FIELD. */
extern const struct catalogue_message part_event, part_when, part_quantity, part_text, part_coded, part_person, part_signature,
    part_reference, part_source, part_original;

#define CATALOGUE_EVENT_FIELD                                                                                                               \
	{                                                                                                                                   \
		.name = "event", .title = "Event", .need = MANDATORY, .format = FORMAT_PART, .part = &part_event                            \
	}

/* codes.c: code lists that several types share; a list of one type stands in its file. */
extern const struct catalogue_codes codes_null_flavor, codes_precision, codes_role, codes_meaning, codes_reference;

/* types.c, made by CMake of the list of types in CMakeLists.txt: in the order of their names. */
extern const struct catalogue_type *const catalogue_types[];
extern const size_t catalogue_n_types;

#endif
