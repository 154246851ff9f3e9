/*
 * The tables of this room, and the macros they are written with. Private to lib/wire and its tests: everybody else sees
 * the structs of *_wire.h and the functions of wire.h.
 *
 * A message is a struct wire_message, with one struct wire_field for each field of its proto, in the order of the field
 * numbers, which are 1, 2, 3 … without gaps. The same rows decode, encode, write the rules of docs/PROTOCOL.md
 * (tests/support/wire_doc.c) and make the vectors (tests/support/wire_vectors.c). So a rule exists once.
 *
 * Invariants, held by tests/unit/wire/test_tables.c: rows and generated descriptors agree in number, name and type; the
 * members of a struct do not overlap; no message contains itself, so that recursion is bounded by the tables.
 */
#ifndef WIRE_ENGINE_H
#define WIRE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/limits.h"
#include "core/text.h"
#include "wire/wire.h"

struct ProtobufCMessageDescriptor;

enum wire_kind {
	WIRE_U32,     /* uint32_t */
	WIRE_U64,     /* uint64_t */
	WIRE_FIXED,   /* bytes of one length, inline */
	WIRE_TEXT,    /* text, inline and NUL-terminated: char[] or a struct that is nothing else */
	WIRE_BYTES,   /* struct consign_slice, free bytes or text */
	WIRE_MESSAGE, /* pointer to the struct of `sub` */
};

/* What bytes must look like. The words are those of enum charset. */
enum wire_form {
	FORM_RAW, /* any bytes */
	FORM_ORG,
	FORM_STUDY,
	FORM_TYPE,
	FORM_GLOB,
	FORM_ASCII,
	FORM_UTF8,
	FORM_TEXT,
	FORM_MESSAGE_ID, /* message_id_parse */
};
_Static_assert(
    FORM_ORG == (int)CHARSET_ORG + 1 && FORM_TEXT == (int)CHARSET_TEXT + 1, "form_holds maps forms to charsets by this");

/* A signed 64-bit integer holds every number on the wire: so does SQLite, and so does every language of a tool. */
#define WIRE_U64_MAX ((uint64_t)INT64_MAX)
/* Rows of one table at most: the decoder counts occurrences in an array of this size on the stack. */
#define WIRE_FIELDS_MAX 48u

struct wire_field {
	const char *name; /* in the proto and in the struct */
	uint32_t tag;
	enum wire_kind kind;
	enum wire_form form; /* WIRE_TEXT and WIRE_BYTES */
	bool is_repeated;    /* the member is a WIRE_LIST */
	bool is_choice;      /* belongs to the "exactly one of" of its message */
	uint32_t min_count;  /* 1 for a required singular field, which is then present: not 0, not empty */
	uint32_t max_count;  /* 1 for a singular field */
	uint64_t min, max;   /* value of a number, length of bytes, when present */
	size_t offset;       /* of the member; of the list's v, with n behind it */
	size_t size;         /* of the member, or of one element of the list */
	const struct wire_message *sub;
};

/* A rule over several fields. Runs on a struct whose every field keeps its own row. */
struct wire_check {
	const char *word; /* names it in vectors and docs */
	const char *rule; /* one sentence for docs/PROTOCOL.md */
	bool (*holds)(const void *message);
};

struct wire_message {
	const char *name; /* in the proto */
	const struct wire_field *fields;
	size_t n_fields;
	const struct wire_check *checks;
	size_t n_checks;
	size_t size;      /* of the struct */
	size_t max_bytes; /* on the wire; 0: bounded by what it is in */
	bool has_choice;  /* exactly one of the rows with is_choice is present */
	const struct ProtobufCMessageDescriptor *descriptor;
};

/* A WIRE_LIST of whatever type. */
struct wire_list {
	void *v;
	size_t n;
};
struct wire_some_list {
	WIRE_LIST(struct consign_slice) l;
};
_Static_assert(sizeof(struct wire_list) == sizeof(struct wire_some_list) &&
		   offsetof(struct wire_list, n) == offsetof(struct wire_some_list, l.n),
    "lists are read and written without knowing their type");

/* What a field may hold, apart from being absent. */
bool wire_number_fits(const struct wire_field *f, uint64_t v);
bool wire_bytes_fit(const struct wire_field *f, struct consign_slice s);
/* The rules over several fields; every field keeps its own row already. */
bool wire_checks_hold(const struct wire_message *m, const void *message);
/* What unpacking takes in memory: the tree that protobuf-c makes of it; our structs with their lists. */
struct wire_cost {
	size_t tree;
	size_t structs;
};
/* Whether every field keeps its row, on the raw bytes and within whatever length; with what unpacking them takes. */
bool wire_scan(const struct wire_message *table, struct consign_slice in, struct wire_cost *ret_cost);
/* The most bytes on the wire; what a message of so many may cost in memory, for each of the two. */
size_t wire_longest(const struct wire_message *table);
size_t wire_budget_bytes(size_t wire_bytes);

/* Every table of a file of this room, ended by NULL: for the tests and the documents. */
extern const struct wire_message *const wire_identity_messages[];
extern const struct wire_message *const wire_policy_messages[];
extern const struct wire_message *const wire_manifest_messages[];
extern const struct wire_message *const wire_ledger_messages[];
extern const struct wire_message *const wire_session_messages[];
extern const struct wire_message *const wire_local_messages[];

/* Tables that other files of this room embed and no header exports. */
extern const struct wire_message wire_document_ref;
extern const struct wire_message wire_checkpoint_ref;
extern const struct wire_message wire_member;
extern const struct wire_message wire_reason;
extern const struct wire_message wire_policy_common;
extern const struct wire_message wire_policy_study;
extern const struct wire_message wire_seen;
extern const struct wire_message wire_stated_problem;
extern const struct wire_message wire_leaf;
extern const struct wire_message wire_proof;
extern const struct wire_message wire_checkpoint_update;

/*
 * Rows. S is the struct, NAME the member and the proto's field. The type of a member is checked by the compiler
 * (_Generic has no other branch). MIN above 0 makes a singular field required.
 */
#define WIRE_MEMBER(S, NAME) (((struct S *)0)->NAME)
#define WIRE_TYPED(EXPRESSION, TYPE) (0 * _Generic((EXPRESSION), TYPE : 1))
#define WIRE_BASE(S, TAG, NAME, KIND, OF)                                                                                        \
	.name = #NAME, .tag = (TAG), .kind = (KIND), .offset = offsetof(struct S, NAME), .size = sizeof(OF)
#define WIRE_RANGE(MIN, MAX) .min = (MIN), .max = (MAX)
#define WIRE_COUNT(MIN, MAX) .min_count = (MIN), .max_count = (MAX)
#define WIRE_ONCE(MIN) WIRE_COUNT((MIN) > 0 ? 1 : 0, 1)

#define NUM32(S, TAG, NAME, MIN, MAX)                                                                                            \
	{                                                                                                                        \
		WIRE_BASE(S, TAG, NAME, WIRE_U32, WIRE_MEMBER(S, NAME)), WIRE_ONCE(MIN),                                         \
		    WIRE_RANGE((MIN) + WIRE_TYPED(WIRE_MEMBER(S, NAME), uint32_t), MAX)                                          \
	}
#define NUM64(S, TAG, NAME, MIN, MAX)                                                                                            \
	{                                                                                                                        \
		WIRE_BASE(S, TAG, NAME, WIRE_U64, WIRE_MEMBER(S, NAME)), WIRE_ONCE(MIN),                                         \
		    WIRE_RANGE((MIN) + WIRE_TYPED(WIRE_MEMBER(S, NAME), uint64_t), MAX)                                          \
	}
/* Always there: an optional one is an EXACT. */
#define FIXED(S, TAG, NAME)                                                                                                      \
	{                                                                                                                        \
		WIRE_BASE(S, TAG, NAME, WIRE_FIXED, WIRE_MEMBER(S, NAME.b)), WIRE_COUNT(1, 1),                                   \
		    WIRE_RANGE(sizeof(WIRE_MEMBER(S, NAME.b)), sizeof(WIRE_MEMBER(S, NAME.b)))                                   \
	}
/* SIZE bytes or absent. */
#define EXACT(S, TAG, NAME, SIZE)                                                                                                \
	{                                                                                                                        \
		WIRE_BASE(S, TAG, NAME, WIRE_BYTES, WIRE_MEMBER(S, NAME)), WIRE_COUNT(0, 1),                                     \
		    WIRE_RANGE((SIZE) + WIRE_TYPED(WIRE_MEMBER(S, NAME), struct consign_slice), SIZE)                            \
	}
/* As long as the member has room. */
#define TEXT(S, TAG, NAME, FORM, MIN)                                                                                            \
	{                                                                                                                        \
		WIRE_BASE(S, TAG, NAME, WIRE_TEXT, WIRE_MEMBER(S, NAME)),                                                        \
		    .form = (FORM), WIRE_ONCE(MIN), WIRE_RANGE((MIN) > 0 ? (MIN) : 1, sizeof(WIRE_MEMBER(S, NAME)) - 1)          \
	}
#define BYTES(S, TAG, NAME, FORM, MIN, MAX)                                                                                      \
	{                                                                                                                        \
		WIRE_BASE(S, TAG, NAME, WIRE_BYTES, WIRE_MEMBER(S, NAME)),                                                       \
		    .form = (FORM), WIRE_ONCE(MIN),                                                                              \
		    WIRE_RANGE(((MIN) > 0 ? (MIN) : 1) + WIRE_TYPED(WIRE_MEMBER(S, NAME), struct consign_slice), MAX)            \
	}
/* STRUCT is the sub-message's struct, wire_STRUCT its table. */
#define MESSAGE_ROW(S, TAG, NAME, STRUCT)                                                                                        \
	WIRE_BASE(S, TAG, NAME, WIRE_MESSAGE, WIRE_MEMBER(S, NAME)), .sub = &wire_##STRUCT,                                      \
								     .max = WIRE_TYPED(WIRE_MEMBER(S, NAME), struct STRUCT *)
#define REQUIRED(S, TAG, NAME, STRUCT)                                                                                           \
	{                                                                                                                        \
		MESSAGE_ROW(S, TAG, NAME, STRUCT), WIRE_COUNT(1, 1)                                                              \
	}
#define OPTIONAL(S, TAG, NAME, STRUCT)                                                                                           \
	{                                                                                                                        \
		MESSAGE_ROW(S, TAG, NAME, STRUCT), WIRE_COUNT(0, 1)                                                              \
	}
#define CHOICE(S, TAG, NAME, STRUCT)                                                                                             \
	{                                                                                                                        \
		MESSAGE_ROW(S, TAG, NAME, STRUCT), WIRE_COUNT(0, 1), .is_choice = true                                           \
	}
#define CHOICE_BYTES(S, TAG, NAME, FORM, MAX)                                                                                    \
	{                                                                                                                        \
		WIRE_BASE(S, TAG, NAME, WIRE_BYTES, WIRE_MEMBER(S, NAME)),                                                       \
		    .form = (FORM), WIRE_COUNT(0, 1),                                                                            \
		    WIRE_RANGE(1 + WIRE_TYPED(WIRE_MEMBER(S, NAME), struct consign_slice), MAX), .is_choice = true               \
	}

/* Lists: how many, then what each may be. */
#define NUMS32(S, TAG, NAME, MIN_COUNT, MAX_COUNT, MIN, MAX)                                                                     \
	{                                                                                                                        \
		WIRE_BASE(S, TAG, NAME, WIRE_U32, *WIRE_MEMBER(S, NAME.v)),                                                      \
		    .is_repeated = true, WIRE_COUNT(MIN_COUNT, MAX_COUNT),                                                       \
		    WIRE_RANGE((MIN) + WIRE_TYPED(*WIRE_MEMBER(S, NAME.v), uint32_t), MAX)                                       \
	}
#define FIXEDS(S, TAG, NAME, MIN_COUNT, MAX_COUNT)                                                                               \
	{                                                                                                                        \
		WIRE_BASE(S, TAG, NAME, WIRE_FIXED, WIRE_MEMBER(S, NAME.v->b)),                                                  \
		    .is_repeated = true, WIRE_COUNT(MIN_COUNT, MAX_COUNT),                                                       \
		    WIRE_RANGE(sizeof(WIRE_MEMBER(S, NAME.v->b)), sizeof(WIRE_MEMBER(S, NAME.v->b)))                             \
	}
#define TEXTS(S, TAG, NAME, MIN_COUNT, MAX_COUNT, FORM, MIN)                                                                     \
	{                                                                                                                        \
		WIRE_BASE(S, TAG, NAME, WIRE_TEXT, *WIRE_MEMBER(S, NAME.v)),                                                     \
		    .is_repeated = true, .form = (FORM), WIRE_COUNT(MIN_COUNT, MAX_COUNT),                                       \
		    WIRE_RANGE(MIN, sizeof(WIRE_MEMBER(S, NAME.v->s)) - 1)                                                       \
	}
#define BYTESS(S, TAG, NAME, MIN_COUNT, MAX_COUNT, FORM, MIN, MAX)                                                               \
	{                                                                                                                        \
		WIRE_BASE(S, TAG, NAME, WIRE_BYTES, *WIRE_MEMBER(S, NAME.v)),                                                    \
		    .is_repeated = true, .form = (FORM), WIRE_COUNT(MIN_COUNT, MAX_COUNT),                                       \
		    WIRE_RANGE((MIN) + WIRE_TYPED(*WIRE_MEMBER(S, NAME.v), struct consign_slice), MAX)                           \
	}
#define MESSAGES_OF(S, TAG, NAME, MIN_COUNT, MAX_COUNT, STRUCT, TABLE)                                                           \
	{                                                                                                                        \
		WIRE_BASE(S, TAG, NAME, WIRE_MESSAGE, *WIRE_MEMBER(S, NAME.v)),                                                  \
		    .is_repeated = true, WIRE_COUNT(MIN_COUNT, MAX_COUNT), .sub = &(TABLE),                                      \
		    .max = WIRE_TYPED(*WIRE_MEMBER(S, NAME.v), struct STRUCT *)                                                  \
	}
#define MESSAGES(S, TAG, NAME, MIN_COUNT, MAX_COUNT, STRUCT)                                                                     \
	MESSAGES_OF(S, TAG, NAME, MIN_COUNT, MAX_COUNT, STRUCT, wire_##STRUCT)

/* Tables. STRUCT_fields are its rows; GENERATED is the message's name in the generated code. */
#define WIRE_ROWS(ARRAY) (sizeof(ARRAY) / sizeof((ARRAY)[0]))
#define TABLE(STRUCT, PROTO, GENERATED, MAX_BYTES)                                                                               \
	.name = (PROTO), .fields = STRUCT##_fields,                                                                              \
	.n_fields = WIRE_ROWS(STRUCT##_fields) + 0 * sizeof(char[WIRE_ROWS(STRUCT##_fields) <= WIRE_FIELDS_MAX ? 1 : -1]),       \
	.size = sizeof(struct STRUCT), .max_bytes = (MAX_BYTES), .descriptor = &consign__v1__##GENERATED##__descriptor
#define CHECKS(ARRAY) .checks = (ARRAY), .n_checks = WIRE_ROWS(ARRAY)

#endif
