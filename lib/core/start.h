/*
 * What the start of both daemons has in common: options, home, configuration, log, keys, lock. Each daemon's main.c
 * tells the rest of its story.
 */
#ifndef CORE_START_H
#define CORE_START_H

#include "core/config.h"
#include "core/confine.h"
#include "core/keyfile.h"

struct start {
	const char *program;    /* constant */
	const char *about_home; /* constant: what --home is, for the usage */
	const char *key_file;   /* constant: below the home */
	const char *const *known_keys; /* constant: of config.yaml */
	struct confinement confinement; /* home is filled in */
	bool unreadable;        /* whether no debugger or core dump shall read it, not even one of the same user */
	const char *home;
	const char *passphrase_file;
	const char *log_format;
	const char *log_level;
	bool check_only;
	struct config *config;
	struct keyfile *keys;
	int lock;
};

/*
 * Parses the command line and opens everything up to the lock. Words go to stderr.
 * Returns -1 to go on; else the exit status (0 after --help, --version; 1 failed; 2 wrong usage).
 */
int start_begin(struct start *s, int argc, char **argv);
/*
 * After -n: says so and ends; else takes the lock, turns core dumps and new privileges off, confines the process (core/confine.h) unless
 * config.yaml says `confine: "no"`, and says what of it is not to be had (files.not_confined), or when the limit of locked memory is too low
 * for keys (memory.not_locked). Returns -1 to go on.
 */
int start_commit(struct start *s);
void start_clear(struct start *s);
/* "program: error: …" and "program: hint: …"; returns 1. hint may be NULL. */
int start_fail(const struct start *s, const char *error, const char *hint);

#endif
