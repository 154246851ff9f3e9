/*
 * The undo folder: what shim_lost_writes.c leaves for lost_writes_apply.c. The folder itself is written without fsync:
 * only the process is killed, the machine goes on.
 *
 *   <dev>-<ino>.undo    one a file with data that no fsync has covered: struct undo_header, then struct undo_record, each
 *                       followed by its bytes. Empty: everything is durable. A torn last record is a write that never began.
 *   saved-*             hard links to files that a name was taken from
 *   names.log           one line a change of a folder, tab-separated, oldest first:
 *                         create   INO  PATH          a new file                  undone by: removing it
 *                         link     INO  PATH          a new name of a file        undone by: removing it
 *                         mkdir    0    PATH          a new folder                undone by: removing it, if empty
 *                         rmdir    MODE PATH          a folder removed            undone by: making it
 *                         unlink   INO  PATH SAVED    a name removed              undone by: putting SAVED back
 *                         rename   INO  OLD NEW SAVED a name moved (SAVED: what NEW was, or "-")
 *                         filesync INO                fsync of a new file: its create is durable (as ext4, xfs and btrfs do)
 *                         dirsync  PATH               fsync of a folder: every earlier change in it is durable
 */
#ifndef SUPPORT_UNDO_H
#define SUPPORT_UNDO_H

#include <stdint.h>

#define UNDO_HEADER_MAGIC 0x31444145484f444eULL
#define UNDO_RECORD_MAGIC 0x31434552204f444eULL
#define UNDO_NAMES "names.log"

struct undo_header {
	uint64_t magic;
	uint64_t dev;
	uint64_t ino;
	uint64_t durable_len; /* bytes: the file's length at its last fsync */
};

struct undo_record {
	uint64_t magic;
	uint64_t offset; /* bytes, in the file */
	uint64_t len;    /* bytes that follow: what stood there before the write */
};

_Static_assert(sizeof(struct undo_header) == 32 && sizeof(struct undo_record) == 24, "written as they are");

#endif
