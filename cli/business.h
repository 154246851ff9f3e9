/*
 * Business messages at the command line: reading them from files, printing them, saying what is wrong with them.
 *
 * Threads   one
 */
#ifndef CLI_BUSINESS_H
#define CLI_BUSINESS_H

#include <jansson.h>

#include "catalogue/catalogue.h"
#include "consign/client.h"

/* A message that was read; zero-initialise, end with business_clear. */
struct business {
	const struct catalogue_type *type;
	struct arena *arena;
	const struct ProtobufCMessage *message;
};
void business_clear(struct business *b);

/*
 * Reads the JSON or (media type application/protobuf) the encoded form. What is wrong is said on stderr, every problem of it.
 * Errors: DENIED (it is no message of the type), NO_MEMORY
 */
CONSIGN_MUST_CHECK enum consign_err
business_read(const struct catalogue_type *type, const char *media_type, struct consign_slice content, struct business *ret_business);
/* Of a received message; nothing is said. Errors: MALFORMED, NO_MEMORY */
CONSIGN_MUST_CHECK enum consign_err business_of(const struct consign_message *m, struct business *ret_business);

/* "  path: found X, expected Y (rule)", a line each on stderr, and how many there are beyond the list. */
void say_problems(const struct problems *problems);
void say_stated_problems(const struct consign_problems *problems);
/* [{"path", "rule", "found", "expected"}]; NULL: no memory */
json_t *json_problems(const struct problems *problems);
json_t *json_stated_problems(const struct consign_problems *problems);
/* The refusal object of print.h with its problems, where there are any. */
json_t *json_refusal_with(enum consign_code code, const char *rule, const char *detail, const struct consign_problems *problems);
/* The JSON form of a message as a value; NULL: no memory */
json_t *json_business(const struct business *b);
/*
 * Bytes of a message as they are, to standard output. A terminal gets only text: other bytes could act on it, and are refused, said.
 * how   what follows `consign`, for the hint: "show ID --raw"
 * Errors: DENIED (a terminal, and no text), IO (said)
 */
CONSIGN_MUST_CHECK enum consign_err print_content(struct consign_slice content, const char *how);
/* json_message with the content: of a business message as "message", of a file as "payload". */
json_t *json_message_with_content(const struct consign_message *m);

#endif
