/*
 * For parsers that read files: an input as a private file in memory, with one path for the life of the process.
 */
#ifndef FUZZ_FUZZ_FILE_H
#define FUZZ_FUZZ_FILE_H

#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"

#define FUZZ_PATH_BYTES 64

struct fuzz_file {
	int fd; /* 0: not yet made */
	char path[FUZZ_PATH_BYTES];
};

static inline void
fuzz_file_set(struct fuzz_file *file, struct consign_slice content)
{
	if (file->fd == 0) {
		file->fd = memfd_create("fuzz", MFD_CLOEXEC);
		check(file->fd > 0 && fchmod(file->fd, 0600) == 0);
		snprintf(file->path, sizeof file->path, "/proc/self/fd/%d", file->fd);
	}
	check(ftruncate(file->fd, 0) == 0);
	check(content.len == 0 || pwrite(file->fd, content.data, content.len, 0) == (ssize_t)content.len);
}

#endif
