/*
 * lost-writes-apply SHIM_DIR UNDO_DIR: after a kill, takes back everything that no fsync has covered, as undo.h says it
 * was logged by shim_lost_writes.c, and empties UNDO_DIR. Every process that used SHIM_DIR must be dead.
 *
 * Prints `rolled back F files (B bytes), N names`. Exit 0 done, 1 failed, 2 wrong usage.
 */
#include "undo.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct change {
	char *field[5]; /* verb, inode or mode, path, second path, saved; NULL when the line has fewer */
	size_t fields;
	bool is_durable;
};

static struct {
	uint64_t dev;
	uint64_t ino;
	char path[PATH_MAX]; /* empty: not found */
} wanted;                    /* nftw passes no context */

static unsigned long long files_back, bytes_back, names_back;

static _Noreturn void
fail(const char *what, const char *path)
{
	fprintf(stderr, "lost-writes-apply: error: %s: %s: %s\n", what, path, strerror(errno));
	exit(1);
}

static int
match_inode(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)ftw;
	if (kind != FTW_F || st->st_ino != wanted.ino || st->st_dev != wanted.dev)
		return 0;
	snprintf(wanted.path, sizeof wanted.path, "%s", path);
	return 1;
}

static int
remove_shared_memory(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)ftw;
	size_t len = strlen(path);
	if (kind == FTW_F && len > 4 && strcmp(path + len - 4, "-shm") == 0 && unlink(path) != 0)
		fail("cannot remove", path);
	return 0;
}

/* Applies the records of one log, last first. log holds a whole header; a torn last record is a write that never began. */
static void
restore_data(const uint8_t *log, size_t size, const char *path)
{
	struct undo_header header;
	memcpy(&header, log, sizeof header);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		fail("cannot open", path);
	size_t count = 0, *starts = calloc(size / sizeof(struct undo_record) + 1, sizeof *starts);
	if (starts == NULL)
		fail("out of memory", path);
	for (size_t pos = sizeof header; size - pos >= sizeof(struct undo_record);) {
		struct undo_record record;
		memcpy(&record, log + pos, sizeof record);
		if (record.magic != UNDO_RECORD_MAGIC || record.len > size - pos - sizeof record)
			break;
		starts[count++] = pos;
		pos += sizeof record + (size_t)record.len;
	}
	while (count-- > 0) {
		struct undo_record record;
		memcpy(&record, log + starts[count], sizeof record);
		if (pwrite(fd, log + starts[count] + sizeof record, record.len, (off_t)record.offset) != (ssize_t)record.len)
			fail("cannot write", path);
		bytes_back += record.len;
	}
	struct stat st;
	if (fstat(fd, &st) != 0 || ftruncate(fd, (off_t)header.durable_len) != 0)
		fail("cannot cut", path);
	if ((uint64_t)st.st_size > header.durable_len)
		bytes_back += (uint64_t)st.st_size - header.durable_len;
	files_back++;
	free(starts);
	close(fd);
}

static void
apply_log(const char *log_path, const char *dir, const char *undo_dir)
{
	struct stat st;
	int fd = open(log_path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0)
		fail("cannot open", log_path);
	size_t size = (size_t)st.st_size;
	if (size >= sizeof(struct undo_header)) {
		const uint8_t *log = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (log == MAP_FAILED)
			fail("cannot map", log_path);
		struct undo_header header;
		memcpy(&header, log, sizeof header);
		if (header.magic != UNDO_HEADER_MAGIC) {
			errno = EINVAL;
			fail("not an undo log", log_path);
		}
		wanted.dev = header.dev;
		wanted.ino = header.ino;
		wanted.path[0] = '\0';
		if (nftw(dir, match_inode, 16, FTW_PHYS) == 1 || nftw(undo_dir, match_inode, 16, FTW_PHYS) == 1)
			restore_data(log, size, wanted.path);
		munmap((void *)(uintptr_t)log, size);
	}
	close(fd);
}

/* Splits names.log in place; the text must outlive the changes. A line without its end is a change that never began. */
static size_t
split(char *text, struct change *changes)
{
	size_t count = 0;
	char *line = text;
	for (char *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		*end = '\0';
		struct change *change = &changes[count++];
		for (char *field; change->fields < 5 && (field = strsep(&line, "\t")) != NULL;)
			change->field[change->fields++] = field;
		size_t least = strcmp(change->field[0], "rename") == 0 ? 5 : strcmp(change->field[0], "unlink") == 0 ? 4 : 2;
		if (change->fields < least) {
			errno = EINVAL;
			fail("a line with too few fields", UNDO_NAMES);
		}
	}
	return count;
}

static bool
is_in_folder(const char *path, const char *folder)
{
	const char *slash = strrchr(path, '/');
	return slash != NULL && strlen(folder) == (size_t)(slash - path) && strncmp(path, folder, (size_t)(slash - path)) == 0;
}

/* A new file that is durable under a name: whatever took that name away before is durable too. */
static void
mark_vacated(struct change *changes, size_t before, const char *path)
{
	for (size_t i = 0; i < before; i++) {
		const char *verb = changes[i].field[0];
		if ((strcmp(verb, "unlink") == 0 || strcmp(verb, "rename") == 0) && strcmp(changes[i].field[2], path) == 0)
			changes[i].is_durable = true;
	}
}

/* What a later fsync of the folder, or of the new file itself, has made durable. */
static void
mark_durable(struct change *changes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct change *sync = &changes[i];
		bool is_dirsync = strcmp(sync->field[0], "dirsync") == 0, is_filesync = strcmp(sync->field[0], "filesync") == 0;
		for (size_t j = 0; j < i && (is_dirsync || is_filesync); j++) {
			struct change *change = &changes[j];
			if (change->fields < 3 || change->is_durable)
				continue;
			const char *verb = change->field[0];
			if (is_dirsync) {
				const char *path = change->field[strcmp(verb, "rename") == 0 ? 3 : 2];
				change->is_durable = is_in_folder(path, sync->field[1]);
			} else if (strcmp(verb, "create") == 0 && strcmp(change->field[1], sync->field[1]) == 0) {
				change->is_durable = true;
				mark_vacated(changes, j, change->field[2]);
			}
		}
	}
}

static bool
is_inode(const char *path, const char *inode)
{
	struct stat st;
	return lstat(path, &st) == 0 && st.st_ino == strtoull(inode, NULL, 10);
}

static void
undo_change(const struct change *change)
{
	const char *verb = change->field[0], *inode = change->field[1], *path = change->field[2];
	int r = 0;
	if (strcmp(verb, "create") == 0 || strcmp(verb, "link") == 0) {
		if (!is_inode(path, inode))
			return;
		r = unlink(path);
	} else if (strcmp(verb, "mkdir") == 0) {
		r = rmdir(path);
		if (r != 0 && (errno == ENOTEMPTY || errno == ENOENT))
			return;
	} else if (strcmp(verb, "rmdir") == 0) {
		r = mkdir(path, (mode_t)strtoul(inode, NULL, 10));
	} else if (strcmp(verb, "unlink") == 0) {
		/* two names of one file: the unlink never came to be */
		if (is_inode(path, inode))
			return;
		r = rename(change->field[3], path);
	} else if (strcmp(verb, "rename") == 0) {
		if (!is_inode(change->field[3], inode))
			return;
		r = rename(change->field[3], path);
		if (r == 0 && strcmp(change->field[4], "-") != 0)
			r = rename(change->field[4], change->field[3]);
	} else {
		return;
	}
	if (r != 0)
		fail("cannot take back a name", path);
	names_back++;
}

static void
apply_names(const char *undo_dir)
{
	char path[PATH_MAX + sizeof UNDO_NAMES + 1];
	struct stat st;
	snprintf(path, sizeof path, "%s/" UNDO_NAMES, undo_dir);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return;
	if (fd < 0 || fstat(fd, &st) != 0)
		fail("cannot open", path);
	size_t size = (size_t)st.st_size, lines = 0;
	char *text = calloc(size + 1, 1);
	if (text == NULL || read(fd, text, size) != (ssize_t)size)
		fail("cannot read", path);
	close(fd);
	for (size_t i = 0; i < size; i++)
		lines += text[i] == '\n';
	struct change *changes = calloc(lines + 1, sizeof *changes);
	if (changes == NULL)
		fail("out of memory", path);
	size_t count = split(text, changes);
	mark_durable(changes, count);
	while (count-- > 0) {
		if (!changes[count].is_durable)
			undo_change(&changes[count]);
	}
	free(changes);
	free(text);
}

static bool
ends_in(const char *name, const char *end)
{
	size_t len = strlen(name), end_len = strlen(end);
	return len >= end_len && strcmp(name + len - end_len, end) == 0;
}

/* Every file of the undo folder: its data is rolled back (is_last false), or it is removed (is_last true). */
static void
walk_undo_dir(const char *undo_dir, const char *dir, bool is_last)
{
	DIR *d = opendir(undo_dir);
	if (d == NULL)
		fail("cannot open", undo_dir);
	for (struct dirent *entry; (entry = readdir(d)) != NULL;) {
		char path[PATH_MAX + NAME_MAX + 2];
		snprintf(path, sizeof path, "%s/%s", undo_dir, entry->d_name);
		bool is_log = ends_in(entry->d_name, ".undo");
		bool is_ours = is_log || strcmp(entry->d_name, UNDO_NAMES) == 0 || strncmp(entry->d_name, "saved-", 6) == 0;
		if (!is_last && is_log)
			apply_log(path, dir, undo_dir);
		else if (is_last && is_ours && unlink(path) != 0)
			fail("cannot remove", path);
	}
	closedir(d);
}

int
main(int argc, char **argv)
{
	char dir[PATH_MAX], undo_dir[PATH_MAX];
	if (argc != 3) {
		fprintf(stderr, "usage: lost-writes-apply SHIM_DIR UNDO_DIR\n");
		return 2;
	}
	if (realpath(argv[1], dir) == NULL)
		fail("no such folder", argv[1]);
	if (realpath(argv[2], undo_dir) == NULL)
		fail("no such folder", argv[2]);
	/* data first: names are still those under which the inodes can be found */
	walk_undo_dir(undo_dir, dir, false);
	apply_names(undo_dir);
	if (nftw(dir, remove_shared_memory, 16, FTW_PHYS) != 0)
		fail("cannot walk", dir);
	walk_undo_dir(undo_dir, dir, true);
	printf("rolled back %llu files (%llu bytes), %llu names\n", files_back, bytes_back, names_back);
	return 0;
}
