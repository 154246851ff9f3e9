/*
 * A store that was made once (db.h). The mark is written when the store is whole and on the disk, and before anybody is
 * promised anything; a crash in between leaves a store without a mark, which is opened as it is and then marked.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/db.h"
#include "core/file.h"

static const char words[] = "The store beside this file has been made. Should it be lost, its daemon does not start with an empty one:\n"
                            "restore it from a backup (docs/OPERATIONS.md 8).\n";

enum consign_err
db_open_kept(const char *path, const char *const *migrations, size_t count, struct db **ret_db)
{
	struct buf mark = {0};
	struct db *db = NULL;
	char *mark_path;
	enum consign_err err;

	if (asprintf(&mark_path, "%s.made", path) < 0)
		return CONSIGN_E_NO_MEMORY;
	err = file_read(mark_path, sizeof words, &mark);
	if (err == CONSIGN_OK || err == CONSIGN_E_TOO_BIG) { /* whatever it says */
		err = db_open_again(path, migrations, count, &db);
	} else if (err == CONSIGN_E_NOT_FOUND) {
		err = db_open(path, migrations, count, false, &db);
		if (err == CONSIGN_OK)
			err = file_write(mark_path, slice_text(words), 0600);
	}
	buf_clear(&mark);
	free(mark_path);
	if (err != CONSIGN_OK)
		db_close(&db);
	else
		*ret_db = db;
	return err;
}
