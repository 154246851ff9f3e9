/*
 * Structured logs on stderr, text for people or JSON lines for programs. Only programs (main.c and what it owns) log;
 * library rooms return errors. The log level is the one global of the house.
 */
#ifndef CORE_LOG_H
#define CORE_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* program lends a constant string for the life of the process. */
void log_start(const char *program, bool json, enum log_level level);

/*
 * log_event(LOG_INFO, "session.opened", "org", "s", "globalcro", "epoch", "u", epoch, NULL)
 * Pairs of a field name, its form ("s" const char *, "u" uint64_t, "d" int) and its value; ended by NULL.
 * Thread-safe: one write(2) a line. Never logs a secret: no form takes one.
 */
void log_event(enum log_level level, const char *event, ...);

#endif
