/* Texts made from the table: usage, help, completion, the man page. Pure. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "args.h"

/* "consign org approve ORG [--fingerprint WORDS] …", without a newline. */
CONSIGN_MUST_CHECK enum consign_err help_usage(const struct command *command, struct buf *out);
/* Everything about one command. */
CONSIGN_MUST_CHECK enum consign_err help_command(const struct command *command, struct buf *out);
/* One line a command; noun NULL: of all. */
CONSIGN_MUST_CHECK enum consign_err help_list(const char *noun, struct buf *out);
/* Scripts for a shell; zsh reads bash's through its own bashcompinit. Errors: NOT_FOUND (another shell), NO_MEMORY */
CONSIGN_MUST_CHECK enum consign_err help_completion(const char *shell, struct buf *out);
/* consign(1), in the man macros of roff. */
CONSIGN_MUST_CHECK enum consign_err help_manual(const char *version, struct buf *out);

#endif
