/*
 * See wal_writes.h. A database's file is wrapped only to see its write lock go; all else of it is passed on. Journals and
 * temporary files are SQLite's own.
 */
#include "core/wal_writes.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

/* SQLite's file format 4.2: a frame's header; after a commit's last page bytes 4 to 7 of it are not 0. */
#define FRAME_HEADER_BYTES 24
#define WRITE_LOCK 0
#define GATHER_FIRST_BYTES (32u * 1024u)

struct file {
	sqlite3_file base;  /* first */
	sqlite3_file *real; /* behind this struct */
	struct file *other; /* of a database its log, of a log its database; NULL: none */
	/* of a log: */
	uint8_t *bytes; /* gathered: they belong at `at` */
	size_t size;
	size_t len;
	sqlite3_int64 at;
	bool is_last; /* the page that comes next ends a commit */
	int failure;  /* the error that sticks until the write lock goes; SQLITE_OK when none does */
};

_Static_assert(sizeof(struct file) % 8 == 0, "what is behind it is aligned");

static struct file *
file_of(sqlite3_file *f)
{
	return (struct file *)f;
}

static sqlite3_file *
real_of(sqlite3_file *f)
{
	return file_of(f)->real;
}

/* ── a log ── */

static void
forget(struct file *log)
{
	log->len = 0;
	log->is_last = false;
	log->failure = SQLITE_OK;
}

static int
flush(struct file *log)
{
	if (log->failure != SQLITE_OK || log->len == 0)
		return log->failure;
	/* Short writes are gone on with below. */
	log->failure = log->real->pMethods->xWrite(log->real, log->bytes, (int)log->len, log->at);
	log->len = 0;
	return log->failure;
}

static bool
has_room(struct file *log, size_t n)
{
	size_t size = log->size == 0 ? GATHER_FIRST_BYTES : log->size;
	uint8_t *bytes;

	if (n > WAL_GATHER_MAX_BYTES - log->len)
		return false;
	while (size < log->len + n)
		size *= 2;
	if (size > WAL_GATHER_MAX_BYTES)
		size = WAL_GATHER_MAX_BYTES;
	if (size == log->size)
		return true;
	bytes = realloc(log->bytes, size);
	if (bytes == NULL)
		return false;
	log->bytes = bytes;
	log->size = size;
	return true;
}

static int
write_log(sqlite3_file *f, const void *bytes, int n, sqlite3_int64 at)
{
	struct file *log = file_of(f);
	const uint8_t *header = bytes;
	int rc = log->failure;

	if (rc == SQLITE_OK && (at != log->at + (sqlite3_int64)log->len || !has_room(log, (size_t)n)))
		rc = flush(log);
	if (rc != SQLITE_OK)
		return rc;
	if (log->other == NULL || !has_room(log, (size_t)n)) {
		log->failure = log->real->pMethods->xWrite(log->real, bytes, n, at);
		return log->failure;
	}
	if (log->len == 0)
		log->at = at;
	memcpy(log->bytes + log->len, bytes, (size_t)n);
	log->len += (size_t)n;
	if (n == FRAME_HEADER_BYTES) {
		log->is_last = (header[4] | header[5] | header[6] | header[7]) != 0;
		return SQLITE_OK;
	}
	if (!log->is_last)
		return SQLITE_OK;
	log->is_last = false;
	return flush(log);
}

static int
read_log(sqlite3_file *f, void *bytes, int n, sqlite3_int64 at)
{
	int rc = flush(file_of(f));

	return rc == SQLITE_OK ? real_of(f)->pMethods->xRead(real_of(f), bytes, n, at) : rc;
}

static int
truncate_log(sqlite3_file *f, sqlite3_int64 size)
{
	int rc = flush(file_of(f));

	return rc == SQLITE_OK ? real_of(f)->pMethods->xTruncate(real_of(f), size) : rc;
}

static int
sync_log(sqlite3_file *f, int flags)
{
	int rc = flush(file_of(f));

	return rc == SQLITE_OK ? real_of(f)->pMethods->xSync(real_of(f), flags) : rc;
}

static int
log_size(sqlite3_file *f, sqlite3_int64 *ret_size)
{
	int rc = flush(file_of(f));

	return rc == SQLITE_OK ? real_of(f)->pMethods->xFileSize(real_of(f), ret_size) : rc;
}

/* Of either kind. What a log still has was never committed. */
static int
close_file(sqlite3_file *f)
{
	struct file *file = file_of(f);

	if (file->other != NULL)
		file->other->other = NULL;
	free(file->bytes);
	file->bytes = NULL;
	return file->real->pMethods->xClose(file->real);
}

/* ── a database ── */

static int
unlock_or_lock(sqlite3_file *f, int offset, int n, int flags)
{
	struct file *log = file_of(f)->other;

	if (log != NULL && offset == WRITE_LOCK && (flags & SQLITE_SHM_UNLOCK) != 0)
		forget(log);
	return real_of(f)->pMethods->xShmLock(real_of(f), offset, n, flags);
}

static int
pass_read(sqlite3_file *f, void *bytes, int n, sqlite3_int64 at)
{
	return real_of(f)->pMethods->xRead(real_of(f), bytes, n, at);
}

static int
pass_write(sqlite3_file *f, const void *bytes, int n, sqlite3_int64 at)
{
	return real_of(f)->pMethods->xWrite(real_of(f), bytes, n, at);
}

static int
pass_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	return real_of(f)->pMethods->xTruncate(real_of(f), size);
}

static int
pass_sync(sqlite3_file *f, int flags)
{
	return real_of(f)->pMethods->xSync(real_of(f), flags);
}

static int
pass_file_size(sqlite3_file *f, sqlite3_int64 *ret_size)
{
	return real_of(f)->pMethods->xFileSize(real_of(f), ret_size);
}

static int
pass_lock(sqlite3_file *f, int lock)
{
	return real_of(f)->pMethods->xLock(real_of(f), lock);
}

static int
pass_unlock(sqlite3_file *f, int lock)
{
	return real_of(f)->pMethods->xUnlock(real_of(f), lock);
}

static int
pass_check_reserved_lock(sqlite3_file *f, int *ret_is)
{
	return real_of(f)->pMethods->xCheckReservedLock(real_of(f), ret_is);
}

static int
pass_file_control(sqlite3_file *f, int what, void *argument)
{
	return real_of(f)->pMethods->xFileControl(real_of(f), what, argument);
}

static int
pass_sector_size(sqlite3_file *f)
{
	return real_of(f)->pMethods->xSectorSize(real_of(f));
}

static int
pass_device_characteristics(sqlite3_file *f)
{
	return real_of(f)->pMethods->xDeviceCharacteristics(real_of(f));
}

static int
pass_shm_map(sqlite3_file *f, int page, int bytes, int extend, void volatile **ret_page)
{
	return real_of(f)->pMethods->xShmMap(real_of(f), page, bytes, extend, ret_page);
}

static void
pass_shm_barrier(sqlite3_file *f)
{
	real_of(f)->pMethods->xShmBarrier(real_of(f));
}

static int
pass_shm_unmap(sqlite3_file *f, int delete)
{
	return real_of(f)->pMethods->xShmUnmap(real_of(f), delete);
}

/* ── opening ── */

/* Version 2: without xFetch, which is for mapped databases. */
static const sqlite3_io_methods database_methods = {.iVersion = 2,
    .xClose = close_file,
    .xRead = pass_read,
    .xWrite = pass_write,
    .xTruncate = pass_truncate,
    .xSync = pass_sync,
    .xFileSize = pass_file_size,
    .xLock = pass_lock,
    .xUnlock = pass_unlock,
    .xCheckReservedLock = pass_check_reserved_lock,
    .xFileControl = pass_file_control,
    .xSectorSize = pass_sector_size,
    .xDeviceCharacteristics = pass_device_characteristics,
    .xShmMap = pass_shm_map,
    .xShmLock = unlock_or_lock,
    .xShmBarrier = pass_shm_barrier,
    .xShmUnmap = pass_shm_unmap};

static const sqlite3_io_methods log_methods = {.iVersion = 1,
    .xClose = close_file,
    .xRead = read_log,
    .xWrite = write_log,
    .xTruncate = truncate_log,
    .xSync = sync_log,
    .xFileSize = log_size,
    .xLock = pass_lock,
    .xUnlock = pass_unlock,
    .xCheckReservedLock = pass_check_reserved_lock,
    .xFileControl = pass_file_control,
    .xSectorSize = pass_sector_size,
    .xDeviceCharacteristics = pass_device_characteristics};

static sqlite3_vfs own;
static sqlite3_vfs *below;

static int
open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *ret_flags)
{
	struct file *file = file_of(f), *database;
	int rc;

	(void)vfs;
	if ((flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)) == 0)
		return below->xOpen(below, name, f, flags, ret_flags);
	memset(file, 0, sizeof *file);
	file->real = (sqlite3_file *)(file + 1);
	file->real->pMethods = NULL;
	rc = below->xOpen(below, name, file->real, flags, ret_flags);
	if (rc != SQLITE_OK) {
		if (file->real->pMethods != NULL)
			file->real->pMethods->xClose(file->real);
		return rc;
	}
	if ((flags & SQLITE_OPEN_MAIN_DB) != 0) {
		f->pMethods = &database_methods;
		return SQLITE_OK;
	}
	f->pMethods = &log_methods;
	database = file_of(sqlite3_database_file_object(name));
	if (database->base.pMethods == &database_methods) {
		file->other = database;
		database->other = file;
	}
	return SQLITE_OK;
}

static void
make(void)
{
	below = sqlite3_vfs_find(NULL);
	if (below == NULL)
		return;
	own = *below; /* what else a VFS does is done as before */
	own.pNext = NULL;
	own.zName = "wal_writes";
	own.szOsFile = (int)sizeof(struct file) + below->szOsFile;
	own.xOpen = open_file;
	if (sqlite3_vfs_register(&own, 0) != SQLITE_OK)
		below = NULL;
}

const char *
wal_writes_vfs(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, make);
	return below == NULL ? NULL : own.zName;
}
