/*
 * A temporary folder for the tests of this room, gone with all it holds at the end.
 */
#ifndef TEST_CORE_FOLDER_H
#define TEST_CORE_FOLDER_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "core/file.h"

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
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

static inline void
folder_free(char *path)
{
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(path);
}

#endif
