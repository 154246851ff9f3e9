/*
 * A preload library that shows whether a promise left a program before the fsync that it rests on, and that makes fsync
 * slow or broken. It changes no data.
 *
 *   export SHIM_DIR=$home SHIM_ORDER_LOG=$work/order.log
 *   LD_PRELOAD=$CONSIGN_BIN/shim_fsync_order.so consign-broker --home $home
 *
 *   SHIM_DIR                  the store: files below it are watched (SQLite's -shm is not: it is mapped)
 *   SHIM_ORDER_LOG            where the events go, one line each (below); outside of SHIM_DIR
 *   SHIM_FSYNC_DELAY_MS=n     every fsync of a watched file takes n ms longer, spent before the real fsync
 *   SHIM_FSYNC_FAIL_AFTER=n   the n-th fsync of watched files, and every later one, fails with EIO; counted from 1
 *   SHIM_FSYNC_CONTROL=FILE   delay, failure and its count hold only while FILE exists: so that a daemon starts at full
 *                             speed, and a test turns the trouble on and off by touch and rm
 *   SHIM_NO_FSYNC=1           fsync returns 0 at once: no delay, no failure, no fsync-start and no fsync-done in the log.
 *                             A build whose fsync is a no-op: the test must fail under it, or it proves nothing.
 *
 * Events, in the order in which they happened; US is CLOCK_MONOTONIC in microseconds, the same in every process:
 *
 *   write FILE BYTES US           bytes are about to be written to a watched file
 *   fsync-start FILE US           fsync or fdatasync was called
 *   fsync-done FILE US            it returned 0; the line is written before the program learns of it
 *   fsync-failed FILE US          it returned an error
 *   send FD BYTES tcp|unix US     bytes are about to leave on a stream socket
 *
 * How to use it for "no receipt before its fsync": the wire is encrypted, so the log cannot tell which send carries a
 * receipt; the test can. With a delay of, say, 300 ms: hand in a message, note with CLOCK_MONOTONIC when its receipt (or
 * the answer of the command) arrives, and demand a `fsync-done` of the store that began after the message was handed in
 * and whose US is no later than the receipt's. An answer that arrives while the last line about the store is `write` or
 * `fsync-start` was a promise from memory.
 *
 * One shim at a time: shim_lost_writes.c wraps the same calls.
 *
 * Threads   any thread; a line is one write(2) to an O_APPEND file
 */
#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define LOG_FD_LEAST 200 /* out of the way of the program's own descriptors */

static bool is_on;
static int log_fd = -1;
static const char *control; /* the path, or NULL: always */
static unsigned long long delay_ms;
static unsigned long long fail_after; /* 0: never */
static unsigned long long fsyncs;     /* counted for fail_after; atomic */

__attribute__((constructor)) static void
start(void)
{
	if (!shim_start())
		return;
	const char *path = getenv("SHIM_ORDER_LOG");
	if (path != NULL && path[0] != '\0') {
		int low = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
		log_fd = low < 0 ? -1 : fcntl(low, F_DUPFD_CLOEXEC, LOG_FD_LEAST);
		if (log_fd < 0)
			shim_die("cannot open SHIM_ORDER_LOG", path);
		syscall(SYS_close, low);
	}
	control = getenv("SHIM_FSYNC_CONTROL");
	delay_ms = shim_number("SHIM_FSYNC_DELAY_MS", 0);
	fail_after = shim_number("SHIM_FSYNC_FAIL_AFTER", 0);
	is_on = true;
}

static unsigned long long
now_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (unsigned long long)t.tv_sec * 1000000u + (unsigned long long)t.tv_nsec / 1000u;
}

static void
log_line(const char *form, ...)
{
	char line[PATH_MAX + 100];
	if (log_fd < 0)
		return;
	int saved_errno = errno;
	va_list args;
	va_start(args, form);
	int n = vsnprintf(line, sizeof line, form, args);
	va_end(args);
	if (n < 0 || (size_t)n >= sizeof line || syscall(SYS_write, log_fd, line, (size_t)n) != n)
		shim_die("cannot write the log", "SHIM_ORDER_LOG");
	errno = saved_errno;
}

static bool
is_watched_file(int fd, char ret_path[PATH_MAX])
{
	struct stat st;
	return is_on && fstat(fd, &st) == 0 && (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)) && shim_path_of_fd(fd, ret_path) &&
	       shim_is_watched(ret_path) && !shim_is_shared_memory(ret_path);
}

/* "tcp" or "unix" for a stream socket of that kind, NULL for everything else. */
static const char *
stream_kind(int fd)
{
	int type, domain;
	socklen_t len = sizeof type;
	if (!is_on || getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) != 0 || type != SOCK_STREAM)
		return NULL;
	len = sizeof domain;
	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) != 0)
		return NULL;
	return domain == AF_UNIX ? "unix" : domain == AF_INET || domain == AF_INET6 ? "tcp" : NULL;
}

/* Before bytes leave by fd, whatever it is. */
static void
note(int fd, size_t len)
{
	char path[PATH_MAX];
	if (!is_on)
		return;
	int saved_errno = errno;
	const char *kind = stream_kind(fd);
	if (kind != NULL)
		log_line("send %d %zu %s %llu\n", fd, len, kind, now_us());
	else if (is_watched_file(fd, path))
		log_line("write %s %zu %llu\n", path, len, now_us());
	errno = saved_errno;
}

static int
sync_slowly(int fd, long call)
{
	char path[PATH_MAX];
	if (!is_watched_file(fd, path))
		return (int)syscall(call, fd);
	if (shim_has_no_fsync())
		return 0;
	log_line("fsync-start %s %llu\n", path, now_us());
	bool is_troubled = control == NULL || syscall(SYS_faccessat, AT_FDCWD, control, F_OK) == 0;
	if (is_troubled && delay_ms > 0) {
		struct timespec left = {(time_t)(delay_ms / 1000), (long)(delay_ms % 1000) * 1000000};
		while (clock_nanosleep(CLOCK_MONOTONIC, 0, &left, &left) == EINTR)
			continue;
	}
	int r;
	if (is_troubled && fail_after > 0 && __atomic_add_fetch(&fsyncs, 1, __ATOMIC_RELAXED) >= fail_after) {
		errno = EIO;
		r = -1;
	} else {
		r = (int)syscall(call, fd);
	}
	log_line("fsync-%s %s %llu\n", r == 0 ? "done" : "failed", path, now_us());
	return r;
}

/* --- what the program calls --- */

SHIM_EXPORT int
fsync(int fd)
{
	return sync_slowly(fd, SYS_fsync);
}

SHIM_EXPORT int
fdatasync(int fd)
{
	return sync_slowly(fd, SYS_fdatasync);
}

SHIM_EXPORT ssize_t
write(int fd, const void *bytes, size_t len)
{
	note(fd, len);
	return syscall(SYS_write, fd, bytes, len);
}

SHIM_EXPORT ssize_t
writev(int fd, const struct iovec *parts, int count)
{
	note(fd, shim_total(parts, count));
	return syscall(SYS_writev, fd, parts, count);
}

SHIM_EXPORT ssize_t
pwrite(int fd, const void *bytes, size_t len, off_t offset)
{
	note(fd, len);
	return syscall(SYS_pwrite64, fd, bytes, len, offset);
}

SHIM_EXPORT ssize_t
pwritev(int fd, const struct iovec *parts, int count, off_t offset)
{
	note(fd, shim_total(parts, count));
	return syscall(SYS_pwritev, fd, parts, count, offset, 0L);
}

SHIM_EXPORT ssize_t
send(int fd, const void *bytes, size_t len, int flags)
{
	note(fd, len);
	return syscall(SYS_sendto, fd, bytes, len, flags, NULL, 0);
}

SHIM_EXPORT ssize_t
sendto(int fd, const void *bytes, size_t len, int flags, const struct sockaddr *to, socklen_t to_len)
{
	note(fd, len);
	return syscall(SYS_sendto, fd, bytes, len, flags, to, to_len);
}

SHIM_EXPORT ssize_t
sendmsg(int fd, const struct msghdr *message, int flags)
{
	note(fd, shim_total(message->msg_iov, (int)message->msg_iovlen));
	return syscall(SYS_sendmsg, fd, message, flags);
}

SHIM_EXPORT int
sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
	size_t total = 0;
	for (unsigned i = 0; i < count; i++)
		total += shim_total(messages[i].msg_hdr.msg_iov, (int)messages[i].msg_hdr.msg_iovlen);
	note(fd, total);
	return (int)syscall(SYS_sendmmsg, fd, messages, count, flags);
}

/* glibc's names of the same calls for large files; off_t has 64 bits where this builds. */
_Static_assert(sizeof(off_t) == 8, "the *64 names are aliases");
#define SHIM_ALIAS(of) SHIM_EXPORT __attribute__((alias(#of)))
ssize_t pwrite64(int fd, const void *bytes, size_t len, off_t offset) SHIM_ALIAS(pwrite);
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off_t offset) SHIM_ALIAS(pwritev);
