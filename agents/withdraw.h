/*
 * Mail that turns out not to be its consignor's: the directory calls an organisation compromised since a leaf, and mail of it
 * that was accepted there or later has been received before anybody knew. It stays in the inbox as proof, and tools are
 * given nothing more of it.
 *
 * Threads   the commit thread
 * Source    docs/PROTOCOL.md 3.3, 8.3
 */
#ifndef AGENTS_WITHDRAW_H
#define AGENTS_WITHDRAW_H

#include "core/db.h"

/* How many consignments were withdrawn now; those that were before are not counted. Errors: those of the store, CORRUPT */
CONSIGN_MUST_CHECK enum consign_err withdraw_mail(struct db *db, const char *consignor, uint64_t since_leaf, uint64_t *ret_n);

#endif
