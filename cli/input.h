/* Reading what a command is given: a file, or standard input as "-". Says what is wrong before it returns an error. */
#ifndef CLI_INPUT_H
#define CLI_INPUT_H

#include "core/bytes.h"

/* Errors: NOT_FOUND, TOO_BIG, IO, NO_MEMORY */
CONSIGN_MUST_CHECK enum consign_err input_read(const char *file, size_t max_bytes, struct buf *out);
/* A media type by the end of a file's name; application/octet-stream for what is not in the table. */
const char *input_media_type(const char *file);
/* The last part of a path. Lends. */
const char *input_base_name(const char *file);

#endif
