/*
 * Files of a home: read whole, written whole and durable.
 *
 * A file that file_write replaces is at any moment, also after a crash, either the old one or the new one. Two writers of
 * one path at a time are not provided for: a home has one daemon (file_lock).
 */
#include "core/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "core/limits.h"

#define READ_STEP_BYTES 4096u

/* What a failed call means; errno does not leave this file. */
static enum consign_err
error_of(int error)
{
	switch (error) {
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return CONSIGN_E_FULL;
	case ENOMEM:
		return CONSIGN_E_NO_MEMORY;
	default:
		return CONSIGN_E_IO;
	}
}

static enum consign_err
open_to_read(const char *path, int *ret_fd)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? CONSIGN_E_NOT_FOUND : error_of(errno);
	*ret_fd = fd;
	return CONSIGN_OK;
}

/* Reads to the end, at most max bytes; the size that fstat tells only saves copies. */
static enum consign_err
read_all(int fd, size_t max, struct buf *out)
{
	struct stat st;
	size_t old_len = out->len;
	enum consign_err err = CONSIGN_OK;

	if (fstat(fd, &st) != 0)
		return error_of(errno);
	if (S_ISREG(st.st_mode) && st.st_size > 0) {
		if ((uintmax_t)st.st_size > max)
			return CONSIGN_E_TOO_BIG;
		err = buf_reserve(out, (size_t)st.st_size + 1);
	}
	while (err == CONSIGN_OK) {
		size_t room;
		ssize_t n;

		if (out->cap == out->len) {
			err = buf_reserve(out, READ_STEP_BYTES);
			if (err != CONSIGN_OK)
				break;
		}
		room = out->cap - out->len;
		n = read(fd, out->data + out->len, room);
		if (n == 0)
			break;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			err = error_of(errno);
		else if ((size_t)n > max - (out->len - old_len))
			err = CONSIGN_E_TOO_BIG;
		else
			out->len += (size_t)n;
	}
	if (err != CONSIGN_OK)
		out->len = old_len;
	return err;
}

enum consign_err
file_read(const char *path, size_t max, struct buf *out)
{
	enum consign_err err;
	int fd;

	err = open_to_read(path, &fd);
	if (err != CONSIGN_OK)
		return err;
	err = read_all(fd, max, out);
	close(fd);
	return err;
}

static bool
is_private(const struct stat *st)
{
	return S_ISREG(st->st_mode) && st->st_uid == geteuid() && (st->st_mode & 077) == 0;
}

enum consign_err
file_read_private(const char *path, size_t max, struct buf *out)
{
	enum consign_err err;
	struct stat st;
	int fd;

	/* Before the file is opened too: opening a pipe would wait for its writer. */
	err = file_check_private(path);
	if (err == CONSIGN_OK)
		err = open_to_read(path, &fd);
	if (err != CONSIGN_OK)
		return err;
	if (fstat(fd, &st) != 0)
		err = error_of(errno);
	else if (!is_private(&st))
		err = CONSIGN_E_KEY_FILE;
	else
		err = read_all(fd, max, out);
	close(fd);
	return err;
}

enum consign_err
file_check_private(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return errno == ENOENT || errno == ENOTDIR ? CONSIGN_E_NOT_FOUND : CONSIGN_E_KEY_FILE;
	return is_private(&st) ? CONSIGN_OK : CONSIGN_E_KEY_FILE;
}

static enum consign_err
write_all(int fd, struct consign_slice content)
{
	size_t done = 0;

	while (done < content.len) {
		ssize_t n = write(fd, content.data + done, content.len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_of(errno);
		done += (size_t)n;
	}
	return CONSIGN_OK;
}

/* Makes a name in the folder of `path` durable. */
static enum consign_err
sync_folder_of(const char *path)
{
	enum consign_err err = CONSIGN_OK;
	const char *slash = strrchr(path, '/');
	char *folder;
	int fd;

	if (slash == NULL)
		folder = strdup(".");
	else if (slash == path)
		folder = strdup("/");
	else
		folder = strndup(path, (size_t)(slash - path));
	if (folder == NULL)
		return CONSIGN_E_NO_MEMORY;
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(folder);
	if (fd < 0)
		return error_of(errno);
	if (fsync(fd) != 0)
		err = error_of(errno);
	close(fd);
	return err;
}

/* Creates `path` anew with the content, synced. */
static enum consign_err
write_new(const char *path, struct consign_slice content, mode_t mode)
{
	enum consign_err err;
	int fd;

	/* A crash may have left one; its mode and owner must not become ours. */
	if (unlink(path) != 0 && errno != ENOENT)
		return error_of(errno);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return error_of(errno);
	err = write_all(fd, content);
	/* The mode asked for, whatever the umask; only once the content is whole. */
	if (err == CONSIGN_OK && (fchmod(fd, mode) != 0 || fsync(fd) != 0))
		err = error_of(errno);
	if (close(fd) != 0 && err == CONSIGN_OK)
		err = error_of(errno);
	if (err != CONSIGN_OK)
		unlink(path);
	return err;
}

enum consign_err
file_write(const char *path, struct consign_slice content, mode_t mode)
{
	enum consign_err err;
	char *temporary;

	if (asprintf(&temporary, "%s.tmp", path) < 0)
		return CONSIGN_E_NO_MEMORY;
	err = write_new(temporary, content, mode);
	if (err != CONSIGN_OK)
		goto out;
	if (rename(temporary, path) != 0) {
		err = error_of(errno);
		unlink(temporary);
		goto out;
	}
	err = sync_folder_of(path);
out:
	free(temporary);
	return err;
}

/* Creates one folder; one that exists already is fine here. */
static enum consign_err
make_one_dir(const char *path, mode_t mode)
{
	if (mkdir(path, mode) == 0)
		return sync_folder_of(path);
	if (errno == EEXIST)
		return CONSIGN_OK;
	return errno == EACCES || errno == EPERM ? CONSIGN_E_DENIED : CONSIGN_E_IO;
}

enum consign_err
file_make_dir(const char *path, mode_t mode)
{
	enum consign_err err = CONSIGN_OK;
	struct stat st;
	char *copy;
	size_t len;

	copy = strdup(path);
	if (copy == NULL)
		return CONSIGN_E_IO;
	len = strlen(copy);
	while (len > 1 && copy[len - 1] == '/')
		copy[--len] = '\0';
	for (size_t i = 1; i < len && err == CONSIGN_OK; i++) {
		if (copy[i] != '/' || copy[i - 1] == '/')
			continue;
		copy[i] = '\0';
		/* A parent may be on a file system that cannot be written, as long as it is there. */
		if (stat(copy, &st) != 0)
			err = make_one_dir(copy, mode);
		copy[i] = '/';
	}
	if (err == CONSIGN_OK)
		err = make_one_dir(copy, mode);
	if (err == CONSIGN_OK && (stat(copy, &st) != 0 || !S_ISDIR(st.st_mode)))
		err = CONSIGN_E_IO;
	else if (err == CONSIGN_OK && st.st_uid != geteuid())
		err = CONSIGN_E_DENIED;
	free(copy);
	return err;
}

bool
file_exists(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0;
}

enum consign_err
file_lock(const char *path, int *ret_fd)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	enum consign_err err = CONSIGN_OK;

	if (fd < 0)
		return CONSIGN_E_IO;
	/* Belongs to the open file: it goes with the process, however that ends. */
	if (flock(fd, LOCK_EX | LOCK_NB) != 0)
		err = errno == EWOULDBLOCK ? CONSIGN_E_BUSY : CONSIGN_E_IO;
	if (err != CONSIGN_OK) {
		close(fd);
		return err;
	}
	*ret_fd = fd;
	return CONSIGN_OK;
}

char *
path_join(const char *dir, const char *name)
{
	size_t len = strlen(dir);
	const char *slash = len == 0 || dir[len - 1] == '/' ? "" : "/";
	char *path;

	if (asprintf(&path, "%s%s%s", dir, slash, name) < 0)
		return NULL;
	return path;
}

enum consign_err
file_disk_use(const char *path, unsigned *ret_used_percent, uint64_t *ret_free_bytes)
{
	struct statvfs v;

	if (statvfs(path, &v) != 0 || v.f_blocks == 0)
		return CONSIGN_E_IO;
	uint64_t used = v.f_blocks - v.f_bfree, ours = used + v.f_bavail;

	*ret_used_percent = ours == 0 ? 100 : (unsigned)((used * 100 + ours - 1) / ours);
	*ret_free_bytes = (uint64_t)v.f_bavail * v.f_frsize;
	return CONSIGN_OK;
}

bool
file_disk_is_full(unsigned used_percent, uint64_t free_bytes)
{
	return used_percent >= CONSIGN_DISK_STOP_PERCENT && free_bytes < CONSIGN_DISK_STOP_BYTES;
}

bool
file_disk_is_filling(unsigned used_percent)
{
	return used_percent >= CONSIGN_DISK_WARN_PERCENT;
}
