/*
 * What the preload shims share: which paths they watch, and how a path is found. For tests only, never installed.
 *
 * Everything goes to the kernel by syscall(2), so that a shim never meets its own wrappers, and nothing here allocates.
 *
 * Threads   any thread; shim_start once, from the constructor
 */
#ifndef SUPPORT_SHIM_H
#define SUPPORT_SHIM_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

#define SHIM_EXPORT __attribute__((visibility("default")))

/* Reads SHIM_DIR. False when it is not set: the shim then lets everything pass. */
bool shim_start(void);
/* Whether an absolute path is SHIM_DIR or below it. False before shim_start. */
bool shim_is_watched(const char *path);
/* Whether the path is SQLite's shared memory, which is mapped, not written, and rebuilt at the first open. */
bool shim_is_shared_memory(const char *path);
/* The path behind an open descriptor. False when there is none. */
bool shim_path_of_fd(int fd, char ret_path[PATH_MAX]);
/* Absolute path of `path` as openat(2) reads it: the folder resolved, the last name as it is. False when no such folder. */
bool shim_resolve(int dirfd, const char *path, char ret_path[PATH_MAX]);
/* SHIM_NO_FSYNC=1: a build whose fsync does nothing. */
bool shim_has_no_fsync(void);
/* What a file says, as text. False when there is none, or nothing in it. */
bool shim_read_line(const char *path, char *ret_line, size_t size);
/* A number from the environment; fallback when absent. */
unsigned long long shim_number(const char *name, unsigned long long fallback);
size_t shim_total(const struct iovec *parts, int count);
/* A shim that cannot keep its promise must not let a test pass: says why on stderr and aborts. */
_Noreturn void shim_die(const char *why, const char *what);

#endif
