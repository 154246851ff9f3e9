/*
 * A VFS for SQLite that gathers what a transaction writes to its log: SQLite hands over each page in two pieces, and a commit
 * of twenty pages is forty calls of the kernel instead of one.
 *
 *   sqlite3_open_v2(path, &handle, flags, wal_writes_vfs());
 *
 * Invariants   the frames of a commit are with the kernel when SQLite has written the last of them, so before the log is
 *              synced and before the wal-index tells any other connection of them.
 *              What is gathered beyond that belongs to a transaction under way. It is written before SQLite reads from the
 *              log, asks for its size, cuts or syncs it, and dropped with the write lock: then it was rolled back, and
 *              another connection may write there.
 *              A write that fails is answered to SQLite; until it has let go of the write lock every further one fails,
 *              too: no commit follows frames that were lost.
 *
 * Only files opened by this VFS are concerned; other connections to the same database may use another.
 *
 * Threads   a connection's files are its own
 */
#ifndef CORE_WAL_WRITES_H
#define CORE_WAL_WRITES_H

/* Of one connection; a transaction that writes more does so piece by piece. SQLite's own VFS takes less than 128 KB at once. */
#define WAL_GATHER_MAX_BYTES (124u * 1024u)

/* The name of the VFS, registered when it is not yet; NULL, which is SQLite's own, when that fails. From any thread. */
const char *wal_writes_vfs(void);

#endif
