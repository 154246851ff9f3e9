/*
 * A temporary folder for a test, below TMPDIR; gone at the end with all it holds, a store with its -wal, -shm and bodies, too.
 */
#ifndef SUPPORT_FOLDER_H
#define SUPPORT_FOLDER_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "core/file.h"

/* For nftw. */
static inline int
folder_remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st;
	(void)kind;
	(void)where;
	return remove(path);
}

/* Gives a path; end it with folder_free. NULL on failure. */
static inline char *
folder_new(void)
{
	const char *base = getenv("TMPDIR");
	char *path = path_join(base == NULL ? "/tmp" : base, "consign-test-XXXXXX");

	if (path != NULL && mkdtemp(path) == NULL) {
		free(path);
		return NULL;
	}
	return path;
}

/* Removes a folder with all that is in it; borrows its path. */
static inline void
folder_remove(const char *path)
{
	nftw(path, folder_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline void
folder_free(char *path)
{
	folder_remove(path);
	free(path);
}

#endif
