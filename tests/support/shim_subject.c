/*
 * shim-subject STEP…: a small program to preload the shims into. Steps run in order, names are relative to the working
 * folder; it stops with exit 1 at the first that fails, unless the step says that it prints its outcome.
 *
 *   put NAME OFFSET TEXT   pwrite, creating the file      append NAME TEXT   write with O_APPEND, creating the file
 *   putv NAME TEXT TEXT    writev at the start            blind NAME TEXT    pwrite at 0, opened for writing only
 *   cut NAME LENGTH        ftruncate                      reset NAME         open with O_TRUNC
 *   cutlog NAME LENGTH     ftruncate, opened with O_APPEND
 *   sync NAME              fsync of a file or folder; prints `sync ok` or `sync EIO`
 *   datasync NAME          fdatasync, likewise
 *   rename OLD NEW · unlink NAME · mkdir NAME · rmdir NAME
 *   send TEXT              a byte stream on a socket pair
 *   threads COUNT          that many threads, each with a file t<i>: 50 times write and fsync, then a write without
 *   sql NAME COUNT         COUNT transactions of one row (WAL, synchronous=FULL, checkpoint at 20 pages); prints
 *                          `committed N` after each
 *   rows NAME              prints `rows N` when the database is whole and holds exactly rows 1 to N
 *   tryopen NAME           open with the right to write, creating; prints `open ok` or `open` and the error's name
 *   trywrite NAME TEXT     write, ftruncate, posix_fallocate of a file that exists; prints `write`, `cut`, `room` likewise
 *   tryread NAME           read, pread; prints `read` and the bytes, or the error's name, `pread` likewise
 *   clock                  prints `clock` and, in microseconds, clock_gettime, gettimeofday, time, the monotonic clock
 *   memory COUNT           malloc, calloc and realloc in turn, from here; prints `memory` and + or - for each
 *   foreign COUNT          strdup, which allocates in libc; prints `foreign` likewise
 *   kill                   kill -9 of itself
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define THREADS_MAX 16

static bool
put(const char *name, off_t offset, const char *text, int flags)
{
	int fd = open(name, flags | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	ssize_t n = (flags & O_APPEND) != 0 ? write(fd, text, strlen(text)) : pwrite(fd, text, strlen(text), offset);
	return close(fd) == 0 && n == (ssize_t)strlen(text);
}

static bool
put_vector(const char *name, char *first, char *second)
{
	struct iovec parts[2] = {{first, strlen(first)}, {second, strlen(second)}};
	int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	return fd >= 0 && writev(fd, parts, 2) == (ssize_t)(strlen(first) + strlen(second)) && close(fd) == 0;
}

static bool
cut(const char *name, off_t len, int flags)
{
	int fd = open(name, O_RDWR | O_CLOEXEC | flags);
	return fd >= 0 && ftruncate(fd, len) == 0 && close(fd) == 0;
}

static bool
reset(const char *name)
{
	int fd = open(name, O_RDWR | O_TRUNC | O_CLOEXEC);
	return fd >= 0 && close(fd) == 0;
}

static bool
sync_name(const char *name, int (*call)(int))
{
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	int r = call(fd);
	printf("sync %s\n", r == 0 ? "ok" : errno == EIO ? "EIO" : "failed");
	return fflush(stdout) == 0 && close(fd) == 0;
}

static bool
send_text(const char *text)
{
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
		return false;
	bool is_sent = send(pair[0], text, strlen(text), 0) == (ssize_t)strlen(text);
	close(pair[0]);
	close(pair[1]);
	return is_sent;
}

static void *
write_and_sync(void *context)
{
	char name[16], text[32];
	snprintf(name, sizeof name, "t%d", *(int *)context);
	int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	for (int i = 1; fd >= 0 && i <= 51; i++) {
		/* always the same place: each round overwrites what the round before made durable */
		snprintf(text, sizeof text, "round %02d", i);
		if (pwrite(fd, text, strlen(text), 0) < 0 || (i <= 50 && fdatasync(fd) != 0))
			fd = -1;
	}
	return fd < 0 ? context : NULL;
}

static bool
run_threads(int count)
{
	static pthread_t threads[THREADS_MAX];
	static int numbers[THREADS_MAX];
	bool is_good = count <= THREADS_MAX;
	for (int i = 0; is_good && i < count; i++) {
		numbers[i] = i;
		is_good = pthread_create(&threads[i], NULL, write_and_sync, &numbers[i]) == 0;
	}
	for (int i = 0; is_good && i < count; i++) {
		void *failed;
		is_good = pthread_join(threads[i], &failed) == 0 && failed == NULL;
	}
	return is_good;
}

static bool
sql(const char *name, int count)
{
	sqlite3 *db;
	char statement[160];
	if (sqlite3_open(name, &db) != SQLITE_OK)
		return false;
	if (sqlite3_exec(db,
		"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=20;"
		"CREATE TABLE IF NOT EXISTS row (n INTEGER PRIMARY KEY, filler BLOB)",
		NULL, NULL, NULL) != SQLITE_OK)
		return false;
	for (int i = 0; i < count; i++) {
		snprintf(statement, sizeof statement,
		    "INSERT INTO row SELECT COALESCE(MAX(n), 0) + 1, randomblob(700 + %d) FROM row", i % 97);
		if (sqlite3_exec(db, statement, NULL, NULL, NULL) != SQLITE_OK)
			return false;
		printf("committed %lld\n", (long long)sqlite3_last_insert_rowid(db));
		fflush(stdout);
	}
	return true; /* left open: a close would checkpoint */
}

static int
read_number(void *context, int columns, char **values, char **columns_names)
{
	(void)columns;
	(void)columns_names;
	*(long long *)context = values[0] == NULL ? 0 : strtoll(values[0], NULL, 10);
	return 0;
}

static bool
rows(const char *name)
{
	sqlite3 *db;
	long long count = -1, last = -1, is_whole = 0;
	if (access(name, F_OK) != 0) {
		printf("rows 0\n");
		return true;
	}
	if (sqlite3_open(name, &db) != SQLITE_OK)
		return false;
	sqlite3_exec(db, "SELECT integrity_check = 'ok' FROM pragma_integrity_check", read_number, &is_whole, NULL);
	if (sqlite3_exec(db, "SELECT COUNT(*) FROM row", read_number, &count, NULL) != SQLITE_OK)
		count = last = 0; /* not even the table */
	else
		sqlite3_exec(db, "SELECT MAX(n) FROM row", read_number, &last, NULL);
	sqlite3_close(db);
	if (is_whole)
		printf("rows %lld\n", count);
	return is_whole && count == last;
}

static const char *
outcome(bool is_good)
{
	return is_good ? "ok" : strerrorname_np(errno);
}

static bool
try_open(const char *name)
{
	int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	printf("open %s\n", outcome(fd >= 0));
	return fflush(stdout) == 0 && (fd < 0 || close(fd) == 0);
}

static bool
try_write(const char *name, const char *text)
{
	int fd = open(name, O_RDWR | O_CLOEXEC), rc;
	if (fd < 0)
		return false;
	printf("write %s\n", outcome(write(fd, text, strlen(text)) == (ssize_t)strlen(text)));
	printf("cut %s\n", outcome(ftruncate(fd, 1) == 0));
	rc = posix_fallocate(fd, 0, 100);
	errno = rc;
	printf("room %s\n", outcome(rc == 0));
	return fflush(stdout) == 0 && close(fd) == 0;
}

static bool
try_read(const char *name)
{
	char text[64];
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ssize_t n = read(fd, text, sizeof text);
	printf("read %.*s\n", n < 0 ? 64 : (int)n, n < 0 ? strerrorname_np(errno) : text);
	n = pread(fd, text, sizeof text, 0);
	printf("pread %.*s\n", n < 0 ? 64 : (int)n, n < 0 ? strerrorname_np(errno) : text);
	return fflush(stdout) == 0 && close(fd) == 0;
}

static bool
tell_clock(void)
{
	struct timespec wall, steady;
	struct timeval day;
	if (clock_gettime(CLOCK_REALTIME, &wall) != 0 || gettimeofday(&day, NULL) != 0 || clock_gettime(CLOCK_MONOTONIC, &steady) != 0)
		return false;
	printf("clock %lld %lld %lld %lld\n", wall.tv_sec * 1000000ll + wall.tv_nsec / 1000, day.tv_sec * 1000000ll + day.tv_usec,
	    time(NULL) * 1000000ll, steady.tv_sec * 1000000ll + steady.tv_nsec / 1000);
	return fflush(stdout) == 0;
}

/* Volatile: what is allocated and never used must not be left out. */
static bool
allocate(int count)
{
	void *volatile kept = NULL, *volatile nothing = NULL;
	printf("memory ");
	for (int i = 0; i < count; i++) {
		kept = i % 3 == 0 ? malloc(10) : i % 3 == 1 ? calloc(1, 10) : realloc(nothing, 10);
		putchar(kept != NULL ? '+' : '-');
		free(kept);
	}
	putchar('\n');
	return fflush(stdout) == 0;
}

static bool
allocate_elsewhere(int count)
{
	char *volatile kept;
	printf("foreign ");
	for (int i = 0; i < count; i++) {
		kept = strdup("text");
		putchar(kept != NULL ? '+' : '-');
		free(kept);
	}
	putchar('\n');
	return fflush(stdout) == 0;
}

/* Runs the step at argv[0]; returns how many words it took, 0 when it failed or is unknown. */
static int
run_step(char **argv, int left)
{
	const char *verb = argv[0], *a = left > 1 ? argv[1] : "", *b = left > 2 ? argv[2] : "";
	char *c = left > 3 ? argv[3] : NULL;
	if (strcmp(verb, "put") == 0 && c != NULL)
		return put(a, atol(b), c, O_RDWR) ? 4 : 0;
	if (strcmp(verb, "putv") == 0 && c != NULL)
		return put_vector(a, argv[2], c) ? 4 : 0;
	if (strcmp(verb, "append") == 0)
		return put(a, 0, b, O_WRONLY | O_APPEND) ? 3 : 0;
	if (strcmp(verb, "blind") == 0)
		return put(a, 0, b, O_WRONLY) ? 3 : 0;
	if (strcmp(verb, "cut") == 0)
		return cut(a, atol(b), 0) ? 3 : 0;
	if (strcmp(verb, "cutlog") == 0)
		return cut(a, atol(b), O_APPEND) ? 3 : 0;
	if (strcmp(verb, "reset") == 0)
		return reset(a) ? 2 : 0;
	if (strcmp(verb, "sync") == 0)
		return sync_name(a, fsync) ? 2 : 0;
	if (strcmp(verb, "datasync") == 0)
		return sync_name(a, fdatasync) ? 2 : 0;
	if (strcmp(verb, "rename") == 0)
		return rename(a, b) == 0 ? 3 : 0;
	if (strcmp(verb, "unlink") == 0)
		return unlink(a) == 0 ? 2 : 0;
	if (strcmp(verb, "mkdir") == 0)
		return mkdir(a, 0700) == 0 ? 2 : 0;
	if (strcmp(verb, "rmdir") == 0)
		return rmdir(a) == 0 ? 2 : 0;
	if (strcmp(verb, "send") == 0)
		return send_text(a) ? 2 : 0;
	if (strcmp(verb, "threads") == 0)
		return run_threads(atoi(a)) ? 2 : 0;
	if (strcmp(verb, "sql") == 0)
		return sql(a, atoi(b)) ? 3 : 0;
	if (strcmp(verb, "rows") == 0)
		return rows(a) ? 2 : 0;
	if (strcmp(verb, "tryopen") == 0)
		return try_open(a) ? 2 : 0;
	if (strcmp(verb, "trywrite") == 0)
		return try_write(a, b) ? 3 : 0;
	if (strcmp(verb, "tryread") == 0)
		return try_read(a) ? 2 : 0;
	if (strcmp(verb, "clock") == 0)
		return tell_clock() ? 1 : 0;
	if (strcmp(verb, "memory") == 0)
		return allocate(atoi(a)) ? 2 : 0;
	if (strcmp(verb, "foreign") == 0)
		return allocate_elsewhere(atoi(a)) ? 2 : 0;
	if (strcmp(verb, "kill") == 0)
		return raise(SIGKILL) == 0 ? 1 : 0;
	return 0;
}

int
main(int argc, char **argv)
{
	for (int i = 1; i < argc;) {
		int words = run_step(argv + i, argc - i);
		if (words == 0) {
			fprintf(stderr, "shim-subject: error: %s: %s\n", argv[i], strerror(errno));
			return 1;
		}
		i += words;
	}
	return 0;
}
