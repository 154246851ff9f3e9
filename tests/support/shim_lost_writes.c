/*
 * A preload library that makes writes without fsync really get lost when a process is killed. Not for machines: it is a
 * test double for the power going out, in a process.
 *
 *   export SHIM_DIR=$home SHIM_UNDO_DIR=$work/undo       both exist, on one file system, neither inside the other
 *   LD_PRELOAD=$CONSIGN_BIN/shim_lost_writes.so consign-broker --home $home &
 *   kill -9 $!; wait $!
 *   lost-writes-apply $SHIM_DIR $SHIM_UNDO_DIR           rolls back what no fsync covered; then start again
 *
 *   SHIM_KILL_FILE=FILE    while FILE is there, it holds a number N, and the N-th instant since then is the process's last (kill -9 of
 *                          itself). Instants are: before each change of a watched file, before each fsync of one, and after
 *
 *   SHIM_NO_FSYNC=1    fsync and fdatasync return 0 and do nothing: a build whose fsync is a no-op. A crash test must
 *                      fail under it, or it proves nothing.
 *
 * How: before the bytes of a watched file change, their old content goes to an undo log (undo.h); an fsync of the file
 * that succeeded clears its log. Changes of folders (create, unlink, rename …) are logged until an fsync of the folder.
 * So a kill at any moment leaves enough to restore every file, and every name, as the last fsync left it: the harshest
 * outcome that POSIX permits. Bytes past the last durable length cost nothing, so that an append-only WAL stays cheap.
 *
 * Sees: open, creat, write, pwrite, writev, pwritev, ftruncate, truncate, fallocate, fsync, fdatasync, unlink, rename,
 * link, mkdir, rmdir and their *at and *64 forms. Does not see stdio's own writes, mmap (SQLite's -shm is left out on
 * purpose: it is rebuilt), sendfile, copy_file_range, splice, renamed folders' content. One process may use a file.
 * The program's log should not lie under SHIM_DIR. One shim at a time: shim_fsync_order.c wraps the same calls.
 *
 * This file is the calls; lost_writes.h leads to what they do.
 *
 * Threads   any thread
 */
#include "lost_writes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

__attribute__((constructor)) static void
start(void)
{
	lost_writes_start();
}

SHIM_EXPORT int
open(const char *path, int flags, ...)
{
	va_list args;
	va_start(args, flags);
	mode_t mode = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(args, mode_t) : 0;
	va_end(args);
	return names_open(AT_FDCWD, path, flags, mode);
}

SHIM_EXPORT int
openat(int dirfd, const char *path, int flags, ...)
{
	va_list args;
	va_start(args, flags);
	mode_t mode = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(args, mode_t) : 0;
	va_end(args);
	return names_open(dirfd, path, flags, mode);
}

SHIM_EXPORT int
creat(const char *path, mode_t mode)
{
	return names_open(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

SHIM_EXPORT ssize_t
write(int fd, const void *bytes, size_t len)
{
	struct tracked *file = data_before_write(fd, -1, len);
	ssize_t r = syscall(SYS_write, fd, bytes, len);
	data_after_write(file);
	return r;
}

SHIM_EXPORT ssize_t
pwrite(int fd, const void *bytes, size_t len, off_t offset)
{
	struct tracked *file = offset < 0 ? NULL : data_before_write(fd, offset, len);
	ssize_t r = syscall(SYS_pwrite64, fd, bytes, len, offset);
	data_after_write(file);
	return r;
}

SHIM_EXPORT ssize_t
writev(int fd, const struct iovec *parts, int count)
{
	struct tracked *file = data_before_write(fd, -1, shim_total(parts, count));
	ssize_t r = syscall(SYS_writev, fd, parts, count);
	data_after_write(file);
	return r;
}

SHIM_EXPORT ssize_t
pwritev(int fd, const struct iovec *parts, int count, off_t offset)
{
	struct tracked *file = offset < 0 ? NULL : data_before_write(fd, offset, shim_total(parts, count));
	ssize_t r = syscall(SYS_pwritev, fd, parts, count, offset, 0L);
	data_after_write(file);
	return r;
}

SHIM_EXPORT int
ftruncate(int fd, off_t len)
{
	return data_truncate(fd, len);
}

SHIM_EXPORT int
truncate(const char *path, off_t len)
{
	int fd = names_open(AT_FDCWD, path, O_WRONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	int r = data_truncate(fd, len);
	int saved_errno = errno;
	syscall(SYS_close, fd);
	errno = saved_errno;
	return r;
}

SHIM_EXPORT int
fallocate(int fd, int mode, off_t offset, off_t len)
{
	/* shifting modes move everything behind; the others change at most the range */
	bool moves = (mode & (FALLOC_FL_COLLAPSE_RANGE | FALLOC_FL_INSERT_RANGE)) != 0;
	struct tracked *file = len < 0 ? NULL : data_before_change(fd, offset, moves ? SIZE_MAX : (size_t)len);
	int r = (int)syscall(SYS_fallocate, fd, mode, offset, len);
	data_after_write(file);
	return r;
}

SHIM_EXPORT int
posix_fallocate(int fd, off_t offset, off_t len)
{
	int saved_errno = errno;
	int r = fallocate(fd, 0, offset, len) == 0 ? 0 : errno;
	errno = saved_errno;
	return r;
}

SHIM_EXPORT int
fsync(int fd)
{
	return data_sync(fd, SYS_fsync);
}

SHIM_EXPORT int
fdatasync(int fd)
{
	return data_sync(fd, SYS_fdatasync);
}

SHIM_EXPORT int
unlink(const char *path)
{
	return names_unlink(AT_FDCWD, path, 0);
}

SHIM_EXPORT int
unlinkat(int dirfd, const char *path, int flags)
{
	return names_unlink(dirfd, path, flags);
}

SHIM_EXPORT int
rmdir(const char *path)
{
	return names_unlink(AT_FDCWD, path, AT_REMOVEDIR);
}

SHIM_EXPORT int
remove(const char *path)
{
	struct stat st;
	bool is_folder = lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
	return names_unlink(AT_FDCWD, path, is_folder ? AT_REMOVEDIR : 0);
}

SHIM_EXPORT int
rename(const char *from, const char *to)
{
	return names_rename(AT_FDCWD, from, AT_FDCWD, to, 0);
}

SHIM_EXPORT int
renameat(int from_fd, const char *from, int to_fd, const char *to)
{
	return names_rename(from_fd, from, to_fd, to, 0);
}

SHIM_EXPORT int
renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
	return names_rename(from_fd, from, to_fd, to, flags);
}

SHIM_EXPORT int
linkat(int from_fd, const char *from, int to_fd, const char *to, int flags)
{
	return names_link(from_fd, from, to_fd, to, flags);
}

SHIM_EXPORT int
link(const char *from, const char *to)
{
	return names_link(AT_FDCWD, from, AT_FDCWD, to, 0);
}

SHIM_EXPORT int
mkdirat(int dirfd, const char *path, mode_t mode)
{
	return names_mkdir(dirfd, path, mode);
}

SHIM_EXPORT int
mkdir(const char *path, mode_t mode)
{
	return names_mkdir(AT_FDCWD, path, mode);
}

/* The names that glibc gives the same calls: large files, and fortified callers. off_t has 64 bits where this builds. */
_Static_assert(sizeof(off_t) == 8, "the *64 names are aliases");
#define SHIM_ALIAS(of) SHIM_EXPORT __attribute__((alias(#of)))
int open64(const char *path, int flags, ...) SHIM_ALIAS(open);
int openat64(int dirfd, const char *path, int flags, ...) SHIM_ALIAS(openat);
int creat64(const char *path, mode_t mode) SHIM_ALIAS(creat);
ssize_t pwrite64(int fd, const void *bytes, size_t len, off_t offset) SHIM_ALIAS(pwrite);
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off_t offset) SHIM_ALIAS(pwritev);
int ftruncate64(int fd, off_t len) SHIM_ALIAS(ftruncate);
int truncate64(const char *path, off_t len) SHIM_ALIAS(truncate);
int fallocate64(int fd, int mode, off_t offset, off_t len) SHIM_ALIAS(fallocate);
int posix_fallocate64(int fd, off_t offset, off_t len) SHIM_ALIAS(posix_fallocate);

int __open_2(const char *path, int flags);
int __openat_2(int dirfd, const char *path, int flags);

SHIM_EXPORT int
__open_2(const char *path, int flags)
{
	return names_open(AT_FDCWD, path, flags, 0);
}

SHIM_EXPORT int
__openat_2(int dirfd, const char *path, int flags)
{
	return names_open(dirfd, path, flags, 0);
}

int __open64_2(const char *path, int flags) SHIM_ALIAS(__open_2);
int __openat64_2(int dirfd, const char *path, int flags) SHIM_ALIAS(__openat_2);
