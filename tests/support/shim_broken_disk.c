/*
 * A preload library that lets the n-th call of a kind on a store fail: a full disk, a medium that cannot be read, an fsync
 * that reports an error.
 *
 *   export SHIM_DIR=$home SHIM_FAULT=$work/broker.fault
 *   LD_PRELOAD=$CONSIGN_BIN/shim_broken_disk.so consign-broker --home $home
 *
 *   SHIM_DIR      the store: files below it are watched (SQLite's -shm is not: it is mapped)
 *   SHIM_FAULT    a file, outside of SHIM_DIR, that says what fails, in one line; while it is absent or empty, nothing does:
 *                     KIND ERRNO FIRST COUNT NONCE
 *                 KIND is write (also truncation, and room that is asked for), read, sync or open (with the right to write);
 *                 ERRNO a number; FIRST the first call of that kind that fails, from 1; COUNT how many then do, 0 for all;
 *                 NONCE a number: calls are counted anew when it changes, and when the file comes again
 *   FILE.hit      grows by a line "KIND PATH N NONCE" for each call that failed
 *
 * A test that goes through all n: writes the line with FIRST 1, 2, 3, ... until a scenario ends without a hit.
 *
 * A write that fails writes nothing. One shim at a time: the others wrap the same calls.
 *
 * Threads   any thread
 */
#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool is_on;
static const char *order_path;
static char hit_path[PATH_MAX];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned long long nonce, calls;

__attribute__((constructor)) static void
start(void)
{
	if (!shim_start())
		return;
	order_path = getenv("SHIM_FAULT");
	if (order_path == NULL || order_path[0] == '\0')
		shim_die("must be set", "SHIM_FAULT");
	int n = snprintf(hit_path, sizeof hit_path, "%s.hit", order_path);
	if (n < 0 || (size_t)n >= sizeof hit_path)
		shim_die("too long", order_path);
	is_on = true;
}

struct order {
	char kind[16];
	int error;
	unsigned long long first, count, nonce;
};

static bool
read_order(struct order *ret_order)
{
	char line[128];
	if (!shim_read_line(order_path, line, sizeof line))
		return false;
	if (sscanf(line, "%15s %d %llu %llu %llu", ret_order->kind, &ret_order->error, &ret_order->first, &ret_order->count, &ret_order->nonce) != 5)
		shim_die("not KIND ERRNO FIRST COUNT NONCE", line);
	return true;
}

static void
tell_hit(const struct order *order, const char *path)
{
	char line[PATH_MAX + 100];
	int n = snprintf(line, sizeof line, "%s %s %llu %llu\n", order->kind, path, calls, order->nonce);
	int fd = (int)syscall(SYS_openat, AT_FDCWD, hit_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (n < 0 || (size_t)n >= sizeof line || fd < 0 || syscall(SYS_write, fd, line, (size_t)n) != n)
		shim_die("cannot write", hit_path);
	syscall(SYS_close, fd);
}

/* Whether this call on a watched path is one that fails; then errno is set. */
static bool
fails_at(const char *kind, const char *path)
{
	struct order order;
	bool fails = false;
	int saved_errno = errno;
	pthread_mutex_lock(&lock);
	if (!read_order(&order)) {
		nonce = 0;
	} else if (strcmp(order.kind, kind) == 0) {
		if (order.nonce != nonce) {
			nonce = order.nonce;
			calls = 0;
		}
		calls++;
		fails = calls >= order.first && (order.count == 0 || calls - order.first < order.count);
		if (fails)
			tell_hit(&order, path);
	}
	pthread_mutex_unlock(&lock);
	errno = fails ? order.error : saved_errno;
	return fails;
}

static bool
fails(const char *kind, int fd)
{
	char path[PATH_MAX];
	struct stat st;
	if (!is_on || fstat(fd, &st) != 0 || !(S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)) || !shim_path_of_fd(fd, path))
		return false;
	return shim_is_watched(path) && !shim_is_shared_memory(path) && fails_at(kind, path);
}

static int
open_with(int dirfd, const char *path, int flags, mode_t mode)
{
	char resolved[PATH_MAX];
	if (is_on && (flags & O_ACCMODE) != O_RDONLY && shim_resolve(dirfd, path, resolved) && shim_is_watched(resolved)
	    && !shim_is_shared_memory(resolved) && fails_at("open", resolved))
		return -1;
	return (int)syscall(SYS_openat, dirfd, path, flags, mode);
}

/* --- what the program calls --- */

SHIM_EXPORT ssize_t
write(int fd, const void *bytes, size_t len)
{
	return fails("write", fd) ? -1 : syscall(SYS_write, fd, bytes, len);
}

SHIM_EXPORT ssize_t
writev(int fd, const struct iovec *parts, int count)
{
	return fails("write", fd) ? -1 : syscall(SYS_writev, fd, parts, count);
}

SHIM_EXPORT ssize_t
pwrite(int fd, const void *bytes, size_t len, off_t offset)
{
	return fails("write", fd) ? -1 : syscall(SYS_pwrite64, fd, bytes, len, offset);
}

SHIM_EXPORT int
ftruncate(int fd, off_t len)
{
	return fails("write", fd) ? -1 : (int)syscall(SYS_ftruncate, fd, len);
}

SHIM_EXPORT int
fallocate(int fd, int mode, off_t offset, off_t len)
{
	return fails("write", fd) ? -1 : (int)syscall(SYS_fallocate, fd, mode, offset, len);
}

/* Returns the error instead of setting errno. */
SHIM_EXPORT int
posix_fallocate(int fd, off_t offset, off_t len)
{
	if (fails("write", fd))
		return errno;
	return syscall(SYS_fallocate, fd, 0, offset, len) == 0 ? 0 : errno;
}

SHIM_EXPORT ssize_t
read(int fd, void *bytes, size_t len)
{
	return fails("read", fd) ? -1 : syscall(SYS_read, fd, bytes, len);
}

SHIM_EXPORT ssize_t
pread(int fd, void *bytes, size_t len, off_t offset)
{
	return fails("read", fd) ? -1 : syscall(SYS_pread64, fd, bytes, len, offset);
}

SHIM_EXPORT int
fsync(int fd)
{
	return fails("sync", fd) ? -1 : (int)syscall(SYS_fsync, fd);
}

SHIM_EXPORT int
fdatasync(int fd)
{
	return fails("sync", fd) ? -1 : (int)syscall(SYS_fdatasync, fd);
}

SHIM_EXPORT int
openat(int dirfd, const char *path, int flags, ...)
{
	mode_t mode = 0;
	if ((flags & (O_CREAT | O_TMPFILE)) != 0) {
		va_list args;
		va_start(args, flags);
		mode = va_arg(args, mode_t);
		va_end(args);
	}
	return open_with(dirfd, path, flags, mode);
}

SHIM_EXPORT int
open(const char *path, int flags, ...)
{
	mode_t mode = 0;
	if ((flags & (O_CREAT | O_TMPFILE)) != 0) {
		va_list args;
		va_start(args, flags);
		mode = va_arg(args, mode_t);
		va_end(args);
	}
	return open_with(AT_FDCWD, path, flags, mode);
}

/* glibc's names of the same calls for large files; off_t has 64 bits where this builds. */
_Static_assert(sizeof(off_t) == 8, "the *64 names are aliases");
#define SHIM_ALIAS(of) SHIM_EXPORT __attribute__((alias(#of)))
ssize_t pwrite64(int fd, const void *bytes, size_t len, off_t offset) SHIM_ALIAS(pwrite);
ssize_t pread64(int fd, void *bytes, size_t len, off_t offset) SHIM_ALIAS(pread);
int ftruncate64(int fd, off_t len) SHIM_ALIAS(ftruncate);
int fallocate64(int fd, int mode, off_t offset, off_t len) SHIM_ALIAS(fallocate);
int posix_fallocate64(int fd, off_t offset, off_t len) SHIM_ALIAS(posix_fallocate);
int openat64(int dirfd, const char *path, int flags, ...) SHIM_ALIAS(openat);
int open64(const char *path, int flags, ...) SHIM_ALIAS(open);
