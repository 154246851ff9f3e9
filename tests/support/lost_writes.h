/*
 * The two halves of shim_lost_writes.c: files and their undo logs (lost_writes_data.c), names and their log
 * (lost_writes_names.c). Each call below does what the system call of that name does, errno included, and keeps what is
 * needed to take it back; for a file or name that is not watched it is that system call and nothing else.
 *
 * Threads   any thread; lost_writes_start once, from the constructor. A file's lock is held over the save and the write,
 *           and over its fsync; the lock on names over a change and its line. Names before files, never the other way.
 */
#ifndef SUPPORT_LOST_WRITES_H
#define SUPPORT_LOST_WRITES_H

#include "shim.h"

/* lost_writes_data.c */

struct tracked;

/* Reads the environment. */
void lost_writes_start(void);
/* False: no SHIM_DIR, everything passes. */
bool lost_writes_is_on(void);
/* SHIM_UNDO_DIR, resolved. */
const char *lost_writes_undo_dir(void);
/* Opens or creates a file of the undo folder; never fails. */
int lost_writes_open_undo_file(const char *name, int flags);

/*
 * Keeps what a change of len bytes at offset will destroy. NULL when the file is not watched or the offset is negative;
 * else the file is locked until data_after_write.
 */
struct tracked *data_before_change(int fd, off_t offset, size_t len);
/* The same for a write: -1 is the descriptor's own place, and O_APPEND the end of the file. */
struct tracked *data_before_write(int fd, off_t offset, size_t len);
void data_after_write(struct tracked *file);
/* A watched path was just opened. is_new: by creating it; is_cut: the caller asked for O_TRUNC, and has not done it. */
void data_opened(int fd, const char *path, bool is_new, bool is_cut);
int data_truncate(int fd, off_t len);
/* call: SYS_fsync or SYS_fdatasync. */
int data_sync(int fd, long call);

/* lost_writes_names.c */

int names_open(int dirfd, const char *path, int flags, mode_t mode);
int names_unlink(int dirfd, const char *path, int flags);
int names_rename(int from_fd, const char *from, int to_fd, const char *to, unsigned flags);
int names_link(int from_fd, const char *from, int to_fd, const char *to, int flags);
int names_mkdir(int dirfd, const char *path, mode_t mode);
int names_sync(int folder_fd, long call);
/* A new file was synced for the first time: its name is durable. */
void names_file_synced(ino_t ino);

#endif
