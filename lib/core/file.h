/*
 * Files of a home: read whole, written whole and durable, modes checked.
 */
#ifndef CORE_FILE_H
#define CORE_FILE_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/bytes.h"

/* Reads a whole file of at most max bytes, appended to out. Errors: NOT_FOUND, TOO_BIG, IO, NO_MEMORY. */
CONSIGN_MUST_CHECK enum consign_err file_read(const char *path, size_t max, struct buf *out);
/* Writes path.tmp, fsyncs, renames over path, fsyncs the folder. Errors: IO, FULL. */
CONSIGN_MUST_CHECK enum consign_err file_write(const char *path, struct consign_slice content, mode_t mode);
/* Creates the folder and its parents; a folder that exists must belong to us. Errors: IO, DENIED. */
CONSIGN_MUST_CHECK enum consign_err file_make_dir(const char *path, mode_t mode);
/* Whether the file is a plain file of ours that nobody else may read (mode & 077 is 0). Errors: NOT_FOUND, KEY_FILE. */
CONSIGN_MUST_CHECK enum consign_err file_check_private(const char *path);
/* file_read of a file that passes file_check_private: what is checked is what is read. Errors: those of both. */
CONSIGN_MUST_CHECK enum consign_err file_read_private(const char *path, size_t max, struct buf *out);
bool file_exists(const char *path);
/* Takes the home's lock file (one daemon a home); ret_fd is held for the life of the process. Errors: BUSY, IO. */
CONSIGN_MUST_CHECK enum consign_err file_lock(const char *path, int *ret_fd);
/*
 * How full the file system of a path is, as df says it: used of what we may use; and what is left for us.
 * Errors: IO
 */
CONSIGN_MUST_CHECK enum consign_err file_disk_use(const char *path, unsigned *ret_used_percent, uint64_t *ret_free_bytes);
/* Whether daemons on such a disk take nothing new (CONSIGN_DISK_STOP_PERCENT and _BYTES); whether they warn. */
bool file_disk_is_full(unsigned used_percent, uint64_t free_bytes);
bool file_disk_is_filling(unsigned used_percent);
/* dir/name, allocated; free() it. NULL when out of memory. */
char *path_join(const char *dir, const char *name);

#endif
