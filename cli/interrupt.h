/*
 * Commands that run until somebody ends them: SIGINT, SIGTERM and SIGHUP as a descriptor that can be read.
 *
 * Functions here say what is wrong before they return an error.
 */
#ifndef CLI_INTERRUPT_H
#define CLI_INTERRUPT_H

#include "consign/error.h"

/* ret_fd gives; end with close. The signals are blocked from here on. Errors: IO */
CONSIGN_MUST_CHECK enum consign_err interrupt_open(int *ret_fd);

#endif
