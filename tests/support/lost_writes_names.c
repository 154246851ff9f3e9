/* See lost_writes.h: what happens to names, and the log of it. */
#include "lost_writes.h"
#include "undo.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t names = PTHREAD_MUTEX_INITIALIZER; /* a change and its line are one */
static int names_fd = -1;                                 /* under `names` */

/* Under `names`. */
static void
log_name(const char *form, ...)
{
	char line[3 * PATH_MAX + 64];
	if (names_fd < 0)
		names_fd = lost_writes_open_undo_file(UNDO_NAMES, O_WRONLY | O_APPEND);
	va_list args;
	va_start(args, form);
	int n = vsnprintf(line, sizeof line, form, args);
	va_end(args);
	if (n < 0 || (size_t)n >= sizeof line || syscall(SYS_write, names_fd, line, (size_t)n) != n)
		shim_die("cannot write", UNDO_NAMES);
}

/* Whether a change of this name is ours to undo; fills the absolute path. */
static bool
is_our_name(int dirfd, const char *path, char ret_path[PATH_MAX])
{
	if (!lost_writes_is_on() || !shim_resolve(dirfd, path, ret_path) || !shim_is_watched(ret_path) ||
	    shim_is_shared_memory(ret_path))
		return false;
	if (strpbrk(ret_path, "\t\n") != NULL)
		shim_die("a path with a tab or a line break", ret_path);
	return true;
}

/* A second name, in the undo folder, for what is about to lose its own. False when there is no such file. */
static bool
keep(const char *path, struct stat *ret_st, char ret_saved[PATH_MAX + 64])
{
	static unsigned counter;
	if (lstat(path, ret_st) != 0 || S_ISDIR(ret_st->st_mode))
		return false;
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	snprintf(ret_saved, PATH_MAX + 64, "%s/saved-%lld-%ld-%u", lost_writes_undo_dir(), (long long)now.tv_sec, now.tv_nsec,
	    __atomic_add_fetch(&counter, 1, __ATOMIC_RELAXED));
	if (syscall(SYS_linkat, AT_FDCWD, path, AT_FDCWD, ret_saved, 0) != 0)
		shim_die("cannot keep a file that is being removed", path);
	return true;
}

int
names_open(int dirfd, const char *path, int flags, mode_t mode)
{
	char full[PATH_MAX];
	if ((flags & O_TMPFILE) == O_TMPFILE || (flags & O_PATH) != 0 || !is_our_name(dirfd, path, full))
		return (int)syscall(SYS_openat, dirfd, path, flags, mode);
	struct stat before;
	pthread_mutex_lock(&names);
	bool is_new = (flags & O_CREAT) != 0 && stat(full, &before) != 0 && errno == ENOENT;
	int fd = (int)syscall(SYS_openat, dirfd, path, flags & ~O_TRUNC, mode);
	int saved_errno = errno;
	struct stat st;
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		if (is_new)
			log_name("create\t%llu\t%s\n", (unsigned long long)st.st_ino, full);
		data_opened(fd, full, is_new, (flags & O_TRUNC) != 0 && (flags & O_ACCMODE) != O_RDONLY);
	}
	pthread_mutex_unlock(&names);
	errno = saved_errno;
	return fd;
}

int
names_unlink(int dirfd, const char *path, int flags)
{
	char full[PATH_MAX], saved[PATH_MAX + 64];
	struct stat st;
	if (!is_our_name(dirfd, path, full))
		return (int)syscall(SYS_unlinkat, dirfd, path, flags);
	pthread_mutex_lock(&names);
	if ((flags & AT_REMOVEDIR) != 0) {
		bool has_mode = lstat(full, &st) == 0;
		int r = (int)syscall(SYS_unlinkat, dirfd, path, flags);
		if (r == 0 && has_mode)
			log_name("rmdir\t%llu\t%s\n", (unsigned long long)(st.st_mode & 07777), full);
		pthread_mutex_unlock(&names);
		return r;
	}
	if (keep(full, &st, saved))
		log_name("unlink\t%llu\t%s\t%s\n", (unsigned long long)st.st_ino, full, saved);
	int r = (int)syscall(SYS_unlinkat, dirfd, path, flags);
	pthread_mutex_unlock(&names);
	return r;
}

int
names_rename(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
	char old[PATH_MAX], new[PATH_MAX], saved[PATH_MAX + 64];
	struct stat st, replaced;
	bool is_ours = is_our_name(from_fd, from, old);
	if (is_our_name(to_fd, to, new) != is_ours)
		shim_die("a rename into or out of SHIM_DIR", to);
	if (!is_ours)
		return (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, flags);
	if (flags != 0)
		shim_die("renameat2 with flags", to);
	pthread_mutex_lock(&names);
	if (lstat(old, &st) == 0) {
		if (!keep(new, &replaced, saved))
			strcpy(saved, "-");
		log_name("rename\t%llu\t%s\t%s\t%s\n", (unsigned long long)st.st_ino, old, new, saved);
	}
	int r = (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, 0);
	pthread_mutex_unlock(&names);
	return r;
}

int
names_link(int from_fd, const char *from, int to_fd, const char *to, int flags)
{
	char full[PATH_MAX];
	struct stat st;
	if (!is_our_name(to_fd, to, full))
		return (int)syscall(SYS_linkat, from_fd, from, to_fd, to, flags);
	pthread_mutex_lock(&names);
	int r = (int)syscall(SYS_linkat, from_fd, from, to_fd, to, flags);
	if (r == 0 && lstat(full, &st) == 0)
		log_name("link\t%llu\t%s\n", (unsigned long long)st.st_ino, full);
	pthread_mutex_unlock(&names);
	return r;
}

int
names_mkdir(int dirfd, const char *path, mode_t mode)
{
	char full[PATH_MAX];
	if (!is_our_name(dirfd, path, full))
		return (int)syscall(SYS_mkdirat, dirfd, path, mode);
	pthread_mutex_lock(&names);
	int r = (int)syscall(SYS_mkdirat, dirfd, path, mode);
	if (r == 0)
		log_name("mkdir\t0\t%s\n", full);
	pthread_mutex_unlock(&names);
	return r;
}

int
names_sync(int folder_fd, long call)
{
	char path[PATH_MAX];
	if (!lost_writes_is_on() || !shim_path_of_fd(folder_fd, path) || !shim_is_watched(path))
		return (int)syscall(call, folder_fd);
	if (shim_has_no_fsync())
		return 0;
	pthread_mutex_lock(&names);
	int r = (int)syscall(call, folder_fd);
	int saved_errno = errno;
	if (r == 0)
		log_name("dirsync\t%s\n", path);
	pthread_mutex_unlock(&names);
	errno = saved_errno;
	return r;
}

void
names_file_synced(ino_t ino)
{
	pthread_mutex_lock(&names);
	log_name("filesync\t%llu\n", (unsigned long long)ino);
	pthread_mutex_unlock(&names);
}
