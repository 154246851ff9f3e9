/* See shim.h. */
#include "shim.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static char watched[PATH_MAX]; /* SHIM_DIR, resolved; empty until shim_start */
static size_t watched_len;
static bool has_no_fsync;

bool
shim_start(void)
{
	const char *dir = getenv("SHIM_DIR");
	if (dir == NULL || dir[0] == '\0')
		return false;
	char resolved[PATH_MAX];
	if (realpath(dir, resolved) == NULL)
		shim_die("SHIM_DIR must exist", dir);
	has_no_fsync = shim_number("SHIM_NO_FSYNC", 0) != 0;
	watched_len = strlen(resolved);
	memcpy(watched, resolved, watched_len + 1);
	return true;
}

bool
shim_is_watched(const char *path)
{
	if (watched_len == 0 || strncmp(path, watched, watched_len) != 0)
		return false;
	return path[watched_len] == '/' || path[watched_len] == '\0';
}

bool
shim_is_shared_memory(const char *path)
{
	size_t len = strlen(path);
	return len >= 4 && strcmp(path + len - 4, "-shm") == 0;
}

bool
shim_path_of_fd(int fd, char ret_path[PATH_MAX])
{
	char link[40];
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t n = readlink(link, ret_path, PATH_MAX - 1);
	if (n <= 0 || n >= PATH_MAX - 1)
		return false;
	ret_path[n] = '\0';
	return true;
}

bool
shim_resolve(int dirfd, const char *path, char ret_path[PATH_MAX])
{
	char folder[PATH_MAX];
	const char *slash = strrchr(path, '/');
	const char *name = slash == NULL ? path : slash + 1;
	size_t folder_len = slash == NULL ? 0 : (size_t)(slash - path);
	if (folder_len >= sizeof folder)
		return false;
	memcpy(folder, path, folder_len);
	folder[folder_len] = '\0';
	if (folder_len == 0)
		strcpy(folder, slash == NULL ? "." : "/");
	int fd = (int)syscall(SYS_openat, dirfd, folder, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	if (fd < 0)
		return false;
	char real[PATH_MAX];
	bool found = shim_path_of_fd(fd, real);
	syscall(SYS_close, fd);
	if (!found)
		return false;
	int n = snprintf(ret_path, PATH_MAX, "%s/%s", strcmp(real, "/") == 0 ? "" : real, name);
	return n > 0 && n < PATH_MAX;
}

bool
shim_has_no_fsync(void)
{
	return has_no_fsync;
}

unsigned long long
shim_number(const char *name, unsigned long long fallback)
{
	const char *text = getenv(name);
	if (text == NULL || text[0] == '\0')
		return fallback;
	char *end;
	unsigned long long number = strtoull(text, &end, 10);
	if (*end != '\0')
		shim_die("not a number", name);
	return number;
}

size_t
shim_total(const struct iovec *parts, int count)
{
	size_t total = 0;
	for (int i = 0; i < count; i++)
		total += parts[i].iov_len;
	return total;
}

_Noreturn void
shim_die(const char *why, const char *what)
{
	char line[PATH_MAX + 100];
	int n = snprintf(line, sizeof line, "shim: %s: %s\n", why, what);
	if (n > 0)
		syscall(SYS_write, 2, line, (size_t)n < sizeof line ? (size_t)n : sizeof line - 1);
	abort();
}

bool
shim_read_line(const char *path, char *ret_line, size_t size)
{
	int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return false;
	ssize_t n = syscall(SYS_read, fd, ret_line, size - 1);
	syscall(SYS_close, fd);
	if (n <= 0)
		return false;
	ret_line[n] = '\0';
	return true;
}
