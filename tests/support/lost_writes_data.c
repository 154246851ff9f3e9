/* See lost_writes.h: which files are watched, their undo logs, and the calls that change data. */
#include "lost_writes.h"
#include "undo.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BUCKETS 1024u
#define UNDO_FDS_MAX 64u  /* logs kept open; beyond, a log is closed when its file is synced */
#define UNDO_FD_LEAST 200 /* out of the way of the program's own descriptors */

struct tracked {
	uint64_t dev;
	uint64_t ino;
	pthread_mutex_t lock;
	bool is_watched;      /* false: known, and not ours; under `table` */
	bool is_new;          /* created by this process, no fsync of it yet */
	bool is_dirty;        /* the undo log has a header */
	int undo_fd;          /* -1: not open */
	uint64_t durable_len; /* bytes: length at the last fsync, or when first seen */
	struct tracked *next;
};

static struct tracked *buckets[BUCKETS];
static pthread_mutex_t table = PTHREAD_MUTEX_INITIALIZER;
static char undo_dir[PATH_MAX];
static unsigned undo_fds; /* open ones; atomic */
static bool is_on;
static const char *kill_file;         /* NULL: nobody wants it */
static unsigned long long n_instants; /* since kill_file was there first; atomic */

void
lost_writes_start(void)
{
	if (!shim_start())
		return;
	const char *dir = getenv("SHIM_UNDO_DIR");
	if (dir == NULL || realpath(dir, undo_dir) == NULL)
		shim_die("SHIM_UNDO_DIR must exist", dir == NULL ? "(not set)" : dir);
	if (shim_is_watched(undo_dir))
		shim_die("SHIM_UNDO_DIR must not lie in SHIM_DIR", undo_dir);
	struct stat a, b;
	if (stat(undo_dir, &a) != 0 || stat(getenv("SHIM_DIR"), &b) != 0 || a.st_dev != b.st_dev)
		shim_die("SHIM_UNDO_DIR must be on the file system of SHIM_DIR", undo_dir);
	kill_file = getenv("SHIM_KILL_FILE");
	is_on = true;
}

/* A kill here is what it stands for: no destructor runs, no buffer is written. */
static void
instant(void)
{
	int saved_errno = errno;
	char line[32];
	if (kill_file != NULL && shim_read_line(kill_file, line, sizeof line) &&
	    __atomic_add_fetch(&n_instants, 1, __ATOMIC_SEQ_CST) == strtoull(line, NULL, 10))
		syscall(SYS_kill, getpid(), SIGKILL);
	errno = saved_errno;
}

/* --- the undo log of a file --- */

bool
lost_writes_is_on(void)
{
	return is_on;
}

const char *
lost_writes_undo_dir(void)
{
	return undo_dir;
}

int
lost_writes_open_undo_file(const char *name, int flags)
{
	char path[PATH_MAX + NAME_MAX];
	snprintf(path, sizeof path, "%s/%s", undo_dir, name);
	int low = (int)syscall(SYS_openat, AT_FDCWD, path, flags | O_CREAT | O_CLOEXEC, 0600);
	int fd = low < 0 ? -1 : fcntl(low, F_DUPFD_CLOEXEC, UNDO_FD_LEAST);
	if (fd < 0)
		shim_die("cannot open the undo log", path);
	syscall(SYS_close, low);
	return fd;
}

/* Under file->lock, or before anybody else knows the file. */
static void
open_undo(struct tracked *file)
{
	if (file->undo_fd >= 0)
		return;
	char name[64];
	snprintf(name, sizeof name, "%llx-%llx.undo", (unsigned long long)file->dev, (unsigned long long)file->ino);
	file->undo_fd = lost_writes_open_undo_file(name, O_RDWR | O_APPEND);
	__atomic_add_fetch(&undo_fds, 1, __ATOMIC_RELAXED);
	struct undo_header header;
	if (pread(file->undo_fd, &header, sizeof header, 0) == sizeof header && header.magic == UNDO_HEADER_MAGIC) {
		/* a process before us left it, and nobody applied it: it still holds */
		file->durable_len = header.durable_len;
		file->is_dirty = true;
	}
}

static void
close_undo(struct tracked *file)
{
	syscall(SYS_close, file->undo_fd);
	file->undo_fd = -1;
	__atomic_sub_fetch(&undo_fds, 1, __ATOMIC_RELAXED);
}

static void
append_undo(struct tracked *file, const struct iovec *parts, int count)
{
	if (syscall(SYS_writev, file->undo_fd, parts, count) != (ssize_t)shim_total(parts, count))
		shim_die("cannot write the undo log", undo_dir);
}

/* What stands in [offset, offset + len) will change: keeps it, unless it lies past what is durable. Under file->lock. */
static void
save(struct tracked *file, int fd, uint64_t offset, uint64_t len)
{
	open_undo(file);
	if (!file->is_dirty) {
		struct undo_header header = {UNDO_HEADER_MAGIC, file->dev, file->ino, file->durable_len};
		struct iovec part = {&header, sizeof header};
		append_undo(file, &part, 1);
		file->is_dirty = true;
	}
	/* a descriptor without the right to read cannot give us the old bytes */
	int reader = fd;
	char link[40], old[65536];
	if (offset < file->durable_len && len > 0 && (fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY) {
		snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
		reader = (int)syscall(SYS_openat, AT_FDCWD, link, O_RDONLY | O_CLOEXEC, 0);
		if (reader < 0)
			shim_die("cannot read what is being overwritten", link);
	}
	while (len > 0 && offset < file->durable_len) {
		uint64_t want = len < sizeof old ? len : sizeof old;
		if (want > file->durable_len - offset)
			want = file->durable_len - offset;
		ssize_t got = pread(reader, old, want, (off_t)offset);
		if (got < 0)
			shim_die("cannot read what is being overwritten", strerror(errno));
		if (got == 0)
			break; /* cut off since the last fsync: the cut has saved it */
		struct undo_record record = {UNDO_RECORD_MAGIC, offset, (uint64_t)got};
		struct iovec parts[2] = {{&record, sizeof record}, {old, (size_t)got}};
		append_undo(file, parts, 2);
		offset += (uint64_t)got;
		len -= (uint64_t)got;
	}
	if (reader != fd)
		syscall(SYS_close, reader);
}

/* --- which files are ours --- */

static struct tracked *
find_or_add(const struct stat *st, bool *ret_is_known)
{
	struct tracked **place = &buckets[(st->st_ino ^ st->st_dev) % BUCKETS];
	for (struct tracked *file = *place; file != NULL; file = file->next) {
		if (file->ino == st->st_ino && file->dev == st->st_dev) {
			*ret_is_known = true;
			return file;
		}
	}
	struct tracked *file = calloc(1, sizeof *file);
	if (file == NULL)
		shim_die("out of memory", "tracked file");
	file->dev = st->st_dev;
	file->ino = st->st_ino;
	file->undo_fd = -1;
	pthread_mutex_init(&file->lock, NULL);
	file->next = *place;
	*place = file;
	*ret_is_known = false;
	return file;
}

/* The watched file behind fd, or NULL. path: what the caller knows of it, or NULL; a path given is judged anew. */
static struct tracked *
track(int fd, const char *path, bool is_new)
{
	struct stat st;
	char found[PATH_MAX];
	if (!is_on || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return NULL;
	pthread_mutex_lock(&table);
	bool is_known;
	struct tracked *file = find_or_add(&st, &is_known);
	if (!is_known || path != NULL) {
		if (path == NULL && shim_path_of_fd(fd, found))
			path = found;
		bool was_watched = file->is_watched;
		file->is_watched = path != NULL && shim_is_watched(path) && !shim_is_shared_memory(path);
		if (is_new)
			file->is_new = true;
		if (file->is_watched && (!was_watched || is_new)) {
			file->durable_len = is_new ? 0 : (uint64_t)st.st_size;
			open_undo(file);
		}
	}
	struct tracked *ours = file->is_watched ? file : NULL;
	pthread_mutex_unlock(&table);
	return ours;
}

/* --- data --- */

struct tracked *
data_before_change(int fd, off_t offset, size_t len)
{
	struct tracked *file = offset < 0 ? NULL : track(fd, NULL, false);
	if (file == NULL)
		return NULL;
	pthread_mutex_lock(&file->lock);
	save(file, fd, (uint64_t)offset, len);
	instant();
	return file;
}

struct tracked *
data_before_write(int fd, off_t offset, size_t len)
{
	struct stat st;
	struct tracked *file = track(fd, NULL, false);
	if (file == NULL)
		return NULL;
	pthread_mutex_lock(&file->lock);
	/* Linux appends with O_APPEND, whatever offset pwrite was given */
	if ((fcntl(fd, F_GETFL) & O_APPEND) != 0)
		offset = fstat(fd, &st) == 0 ? st.st_size : 0;
	else if (offset < 0)
		offset = lseek(fd, 0, SEEK_CUR);
	save(file, fd, (uint64_t)offset, len);
	instant();
	return file;
}

void
data_after_write(struct tracked *file)
{
	int saved_errno = errno;
	if (file != NULL)
		pthread_mutex_unlock(&file->lock);
	errno = saved_errno;
}

int
data_sync(int fd, long call)
{
	struct stat st;
	if (is_on && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		return names_sync(fd, call);
	struct tracked *file = track(fd, NULL, false);
	if (file == NULL)
		return (int)syscall(call, fd);
	if (shim_has_no_fsync())
		return 0;
	pthread_mutex_lock(&file->lock);
	instant();
	int r = (int)syscall(call, fd);
	int saved_errno = errno;
	if (r == 0) {
		if (fstat(fd, &st) != 0)
			shim_die("cannot stat after fsync", strerror(errno));
		file->durable_len = (uint64_t)st.st_size;
		if (file->is_dirty && file->undo_fd >= 0 && syscall(SYS_ftruncate, file->undo_fd, 0) != 0)
			shim_die("cannot clear the undo log", undo_dir);
		file->is_dirty = false;
		if (file->undo_fd >= 0 && __atomic_load_n(&undo_fds, __ATOMIC_RELAXED) > UNDO_FDS_MAX)
			close_undo(file);
	}
	bool was_new = r == 0 && file->is_new;
	if (was_new)
		file->is_new = false;
	pthread_mutex_unlock(&file->lock);
	if (was_new)
		names_file_synced((ino_t)file->ino);
	instant();
	errno = saved_errno;
	return r;
}

void
data_opened(int fd, const char *path, bool is_new, bool is_cut)
{
	struct tracked *file = track(fd, path, is_new);
	if (file == NULL || !is_cut)
		return;
	pthread_mutex_lock(&file->lock);
	save(file, fd, 0, UINT64_MAX);
	if (syscall(SYS_ftruncate, fd, 0) != 0)
		shim_die("cannot truncate", path);
	pthread_mutex_unlock(&file->lock);
}

int
data_truncate(int fd, off_t len)
{
	struct tracked *file = data_before_change(fd, len, SIZE_MAX);
	int r = (int)syscall(SYS_ftruncate, fd, len);
	data_after_write(file);
	return r;
}
