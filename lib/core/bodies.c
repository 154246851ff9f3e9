/*
 * An address is the file's number in its upper half and the offset in the lower; numbers begin at 1, so no address is 0.
 *
 * Failure   after a rollback the next body goes to a new file: the bytes written may belong to a row that comes back, and
 *           of a file whose fdatasync failed nobody knows what is on the disk.
 */
#include "core/bodies.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"

#define OPEN_FILES 4u
#define NAME_BYTES 16u

struct open_file {
	uint32_t n; /* 0: none */
	int fd;
};

struct bodies {
	char *folder;
	bool is_writing;
	struct open_file open[OPEN_FILES]; /* for reading */
	size_t next_open;
	/* of the writing connection: */
	uint32_t n;       /* the file that grows; 0: none yet */
	int fd;           /* -1: not open */
	uint64_t end;     /* where the next body goes */
	uint64_t added;   /* bytes of this transaction in the file that grows */
	bool is_dirty;    /* written and not synced */
	bool is_new;      /* the folder does not know it durably yet */
	bool must_rotate; /* nothing more goes into the file that grows */
	bool has_dropped;
	uint32_t *gone; /* files to remove after the COMMIT */
	size_t n_gone;
};

static enum consign_err
error_of_errno(void)
{
	return errno == ENOSPC || errno == EDQUOT ? CONSIGN_E_FULL : errno == ENOMEM ? CONSIGN_E_NO_MEMORY : CONSIGN_E_IO;
}

static int
open_body_file(const struct bodies *b, uint32_t n, int flags)
{
	char name[NAME_BYTES];
	char *path;
	int fd;

	snprintf(name, sizeof name, "%08" PRIu32, n);
	path = path_join(b->folder, name);
	if (path == NULL) {
		errno = ENOMEM;
		return -1;
	}
	fd = open(path, flags | O_CLOEXEC, 0600);
	free(path);
	return fd;
}

static void
remove_body_file(const struct bodies *b, uint32_t n)
{
	char name[NAME_BYTES];
	char *path;

	snprintf(name, sizeof name, "%08" PRIu32, n);
	path = path_join(b->folder, name);
	if (path != NULL)
		(void)unlink(path); /* one that stays is removed at the next start */
	free(path);
}

void
bodies_close(struct bodies **bodies)
{
	struct bodies *b = *bodies;

	if (b == NULL)
		return;
	for (size_t i = 0; i < OPEN_FILES; i++)
		if (b->open[i].n != 0)
			close(b->open[i].fd);
	if (b->fd >= 0)
		close(b->fd);
	free(b->gone);
	free(b->folder);
	free(b);
	*bodies = NULL;
}

/* ── attaching ── */

/* Rows of body_file against what lies in the folder; the writer goes on in the newest. */
static enum consign_err
check_files(struct bodies *b, struct db *db)
{
	struct db_statement *s;
	struct stat st;
	bool row;
	enum consign_err err = db_statement(db, "SELECT n, used FROM body_file ORDER BY n", &s);

	if (err != CONSIGN_OK)
		return err;
	while ((err = db_step(s, &row)) == CONSIGN_OK && row) {
		uint32_t n = (uint32_t)db_column_u64(s, 0);
		uint64_t used = db_column_u64(s, 1);
		int fd = open_body_file(b, n, O_RDONLY);

		if (fd < 0 || fstat(fd, &st) != 0)
			err = errno == ENOENT ? CONSIGN_E_CORRUPT : error_of_errno();
		else if (st.st_size < 0 || (uint64_t)st.st_size < used)
			err = CONSIGN_E_CORRUPT;
		if (fd >= 0)
			close(fd);
		if (err != CONSIGN_OK)
			break;
		b->n = n;
		b->end = used;
	}
	db_reset(s);
	return err;
}

static bool
is_known(struct db *db, uint64_t n)
{
	struct db_statement *s;

	if (db_statement(db, "SELECT 1 FROM body_file WHERE n = ?1", &s) != CONSIGN_OK)
		return true;
	db_bind_u64(s, 1, n);
	enum consign_err err = db_row(s);

	db_reset(s);
	return err != CONSIGN_E_NOT_FOUND;
}

/* Files of a transaction that never was, and those whose last row has gone. */
static void
remove_strays(struct bodies *b, struct db *db)
{
	DIR *folder = opendir(b->folder);
	struct dirent *e;

	while (folder != NULL && (e = readdir(folder)) != NULL) {
		char *end;
		unsigned long n = strtoul(e->d_name, &end, 10);

		if (strlen(e->d_name) == 8 && *end == '\0' && n > 0 && n <= UINT32_MAX && !is_known(db, n))
			remove_body_file(b, (uint32_t)n);
	}
	if (folder != NULL)
		closedir(folder);
}

enum consign_err
bodies_attach(struct db *db)
{
	struct bodies *b = calloc(1, sizeof *b);
	enum consign_err err = CONSIGN_OK;

	if (b == NULL)
		return CONSIGN_E_NO_MEMORY;
	b->fd = -1;
	b->is_writing = db_is_writing(db);
	if (asprintf(&b->folder, "%s.bodies", db_path(db)) < 0) {
		b->folder = NULL;
		err = CONSIGN_E_NO_MEMORY;
	}
	if (err == CONSIGN_OK && b->is_writing) {
		err = file_make_dir(b->folder, 0700);
		if (err == CONSIGN_OK)
			err = check_files(b, db);
		if (err == CONSIGN_OK)
			remove_strays(b, db);
	}
	if (err != CONSIGN_OK) {
		bodies_close(&b);
		return err;
	}
	db_set_bodies(db, b);
	return CONSIGN_OK;
}

enum consign_err
bodies_open(const char *path, const char *const *migrations, size_t count, bool read_only, struct db **ret_db)
{
	struct db *db;
	enum consign_err err = read_only ? db_open(path, migrations, count, true, &db) : db_open_kept(path, migrations, count, &db);

	if (err != CONSIGN_OK)
		return err;
	err = bodies_attach(db);
	if (err != CONSIGN_OK) {
		db_close(&db);
		return err;
	}
	*ret_db = db;
	return CONSIGN_OK;
}

/* ── writing ── */

/* What this transaction put into the file that grows, into its row. */
static enum consign_err
note_used(struct bodies *b, struct db *db)
{
	struct db_statement *s;
	enum consign_err err = db_statement(db,
	    "INSERT INTO body_file (n, used, live) VALUES (?1, ?2, ?3) ON CONFLICT (n) DO UPDATE SET used = ?2, live = live + ?3", &s);

	if (err != CONSIGN_OK)
		return err;
	db_bind_u64(s, 1, b->n);
	db_bind_u64(s, 2, b->end);
	db_bind_u64(s, 3, b->added);
	err = db_run(s);
	if (err == CONSIGN_OK)
		b->added = 0;
	return err;
}

static enum consign_err
sync_folder(const struct bodies *b)
{
	int fd = open(b->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum consign_err err = fd >= 0 && fsync(fd) == 0 ? CONSIGN_OK : error_of_errno();

	if (fd >= 0)
		close(fd);
	return err;
}

static enum consign_err
sync_file(struct bodies *b)
{
	if (!b->is_dirty)
		return CONSIGN_OK;
	if (fdatasync(b->fd) != 0)
		return error_of_errno();
	b->is_dirty = false;
	if (!b->is_new)
		return CONSIGN_OK;
	enum consign_err err = sync_folder(b);

	b->is_new = err != CONSIGN_OK;
	return err;
}

/*
 * What was written goes out of the system's cache a file or two later: who keeps up is served from memory of our own, and who does not
 * reads from the disk in order. Kept, all mail that ever passed takes the place of what others on the machine need, in new pages, which
 * are dear where the machine is a guest and its host has to find them (docs/decisions/0013).
 */
static void
drop_from_cache(const struct bodies *b, uint32_t n)
{
	int fd = open_body_file(b, n, O_RDONLY);

	if (fd < 0)
		return;
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	close(fd);
}

/* Ends the file that grows and begins the next one. */
static enum consign_err
rotate(struct bodies *b, struct db *db)
{
	enum consign_err err = b->added > 0 ? note_used(b, db) : CONSIGN_OK;

	if (err == CONSIGN_OK)
		err = sync_file(b);
	if (err != CONSIGN_OK)
		return err;
	if (b->fd >= 0)
		close(b->fd);
	/* What lies there under this number is of a transaction that never was. */
	b->fd = open_body_file(b, b->n + 1, O_RDWR | O_CREAT | O_TRUNC);
	if (b->fd < 0) {
		b->must_rotate = true;
		return error_of_errno();
	}
	if (b->n > 1)
		drop_from_cache(b, b->n - 1);
	b->n++;
	b->end = 0;
	b->is_new = true;
	b->must_rotate = false;
	return CONSIGN_OK;
}

static enum consign_err
write_all(struct bodies *b, struct consign_slice body)
{
	size_t done = 0;

	while (done < body.len) {
		ssize_t n = pwrite(b->fd, body.data + done, body.len - done, (off_t)(b->end + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == 0 ? CONSIGN_E_FULL : error_of_errno();
		done += (size_t)n;
	}
	return CONSIGN_OK;
}

/* Into the file that grows, whatever its size. */
static enum consign_err
put_piece(struct bodies *b, struct db *db, struct consign_slice body, uint64_t *ret_at)
{
	enum consign_err err = CONSIGN_OK;

	if (b->n > 0 && b->fd < 0 && !b->must_rotate) {
		b->fd = open_body_file(b, b->n, O_RDWR);
		if (b->fd < 0)
			return error_of_errno();
	}
	if (b->fd < 0 || b->must_rotate || body.len > BODY_FILE_BYTES - b->end)
		err = rotate(b, db);
	if (err == CONSIGN_OK) {
		b->is_dirty = true;
		err = write_all(b, body);
	}
	if (err != CONSIGN_OK)
		return err;
	*ret_at = (uint64_t)b->n << 32 | b->end;
	b->end += body.len;
	b->added += body.len;
	return CONSIGN_OK;
}

enum consign_err
bodies_put(struct db *db, struct consign_slice body, uint64_t *ret_at)
{
	struct bodies *b = db_bodies(db);

	*ret_at = 0;
	return b == NULL || body.len <= BODY_IN_ROW_MAX_BYTES ? CONSIGN_OK : put_piece(b, db, body, ret_at);
}

enum consign_err
bodies_put_mail(
    struct db *db, struct consign_slice manifest, struct consign_slice body, uint64_t *ret_manifest_at, uint64_t *ret_at)
{
	struct bodies *b = db_bodies(db);
	enum consign_err err = CONSIGN_OK;

	*ret_manifest_at = 0;
	*ret_at = 0;
	/* Not without the body: a file more would be synced. */
	if (b == NULL || body.len <= BODY_IN_ROW_MAX_BYTES)
		return CONSIGN_OK;
	if (manifest.len > MANIFEST_IN_ROW_MAX_BYTES)
		err = put_piece(b, db, manifest, ret_manifest_at);
	return err == CONSIGN_OK ? put_piece(b, db, body, ret_at) : err;
}

void
bodies_bind(struct db_statement *s, int place, struct consign_slice body, uint64_t at)
{
	/* Empty, not NULL: NULL is a body that was dropped. */
	db_bind_slice(s, place, at == 0 ? body : (struct consign_slice){0});
	db_bind_u64(s, place + 1, at);
	db_bind_u64(s, place + 2, body.len);
}

enum consign_err
bodies_drop(struct db *db, uint64_t at, uint64_t bytes)
{
	struct bodies *b = db_bodies(db);
	struct db_statement *s;

	if (b == NULL || at == 0)
		return CONSIGN_OK;
	enum consign_err err = db_statement(db, "UPDATE body_file SET live = live - ?2 WHERE n = ?1", &s);

	if (err != CONSIGN_OK)
		return err;
	db_bind_u64(s, 1, at >> 32);
	db_bind_u64(s, 2, bytes);
	b->has_dropped = true;
	return db_run(s);
}

/* Rows of files that nobody wants any more; the files follow after the COMMIT. */
static enum consign_err
forget_files(struct bodies *b, struct db *db)
{
	struct db_statement *s;
	bool row;
	enum consign_err err = db_statement(db, "DELETE FROM body_file WHERE live <= 0 AND n < ?1 RETURNING n", &s);

	if (err != CONSIGN_OK)
		return err;
	db_bind_u64(s, 1, b->n);
	while ((err = db_step(s, &row)) == CONSIGN_OK && row) {
		uint32_t *gone = reallocarray(b->gone, b->n_gone + 1, sizeof *gone);

		if (gone == NULL) {
			db_reset(s);
			return CONSIGN_E_NO_MEMORY;
		}
		b->gone = gone;
		b->gone[b->n_gone++] = (uint32_t)db_column_u64(s, 0);
	}
	return err;
}

enum consign_err
bodies_before_commit(struct bodies *b, struct db *db)
{
	enum consign_err err = sync_file(b);

	if (err == CONSIGN_OK && b->added > 0)
		err = note_used(b, db);
	if (err == CONSIGN_OK && b->has_dropped)
		err = forget_files(b, db);
	return err;
}

void
bodies_after_commit(struct bodies *b)
{
	for (size_t i = 0; i < b->n_gone; i++)
		remove_body_file(b, b->gone[i]);
	b->n_gone = 0;
	b->has_dropped = false;
}

void
bodies_rolled_back(struct bodies *b)
{
	if (b->is_dirty || b->added > 0)
		b->must_rotate = true;
	b->is_dirty = false;
	b->added = 0;
	b->n_gone = 0;
	b->has_dropped = false;
}

/* ── reading ── */

static enum consign_err
file_of(struct bodies *b, uint32_t n, int *ret_fd)
{
	struct open_file *place;

	for (size_t i = 0; i < OPEN_FILES; i++)
		if (b->open[i].n == n) {
			*ret_fd = b->open[i].fd;
			return CONSIGN_OK;
		}
	int fd = open_body_file(b, n, O_RDONLY);

	if (fd < 0)
		return errno == ENOENT ? CONSIGN_E_CORRUPT : error_of_errno();
	place = &b->open[b->next_open++ % OPEN_FILES];
	if (place->n != 0)
		close(place->fd);
	*place = (struct open_file){n, fd};
	*ret_fd = fd;
	return CONSIGN_OK;
}

static enum consign_err
read_all(int fd, uint8_t *to, size_t len, uint64_t offset)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = pread(fd, to + done, len - done, (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == 0 ? CONSIGN_E_CORRUPT : error_of_errno();
		done += (size_t)n;
	}
	return CONSIGN_OK;
}

enum consign_err
bodies_read(struct bodies *b, uint64_t at, uint8_t *to, uint64_t bytes)
{
	int fd;
	enum consign_err err = file_of(b, (uint32_t)(at >> 32), &fd);

	return err == CONSIGN_OK ? read_all(fd, to, bytes, at & UINT32_MAX) : err;
}

enum consign_err
bodies_column(struct db *db, struct db_statement *s, int column, struct arena *arena, struct consign_slice *ret_body)
{
	struct bodies *b = db_bodies(db);
	uint64_t at = db_column_u64(s, column + 1), bytes = db_column_u64(s, column + 2);

	if (at == 0)
		return db_column_copy(s, column, arena, ret_body);
	if (b == NULL || bytes > BODY_FILE_BYTES)
		return CONSIGN_E_CORRUPT;
	uint8_t *to = arena_alloc(arena, bytes);
	enum consign_err err = to == NULL ? CONSIGN_E_NO_MEMORY : bodies_read(b, at, to, bytes);

	if (err == CONSIGN_OK)
		*ret_body = slice_of(to, bytes);
	return err;
}
