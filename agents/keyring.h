/*
 * This organisation's own keys: which of them the key file holds, which the card names, and what becomes of those that it
 * no longer names.
 *
 * In the key file                        the newest card
 *   signing-ID, seal-ID, transport       names it, or did
 *   next-signing-ID, next-seal-ID,       does not name it yet, as far as we know: it was made, saved, and is to be published
 *   next-transport
 *   only-seal-ID                         likewise; the card that names it will name no other seal key
 *
 * Whatever the agent is doing when it is killed, the next one finds in the file what was begun, and goes on.
 *
 * Threads   the loop
 * Source    docs/PROTOCOL.md 3.2; docs/CRYPTO.md 2
 */
#ifndef AGENTS_KEYRING_H
#define AGENTS_KEYRING_H

#include "agent.h"

enum key_use { KEY_SIGNING = 1, KEY_SEAL = 2, KEY_TRANSPORT = 4 };
#define KEY_ALL (KEY_SIGNING | KEY_SEAL | KEY_TRANSPORT)

/*
 * Makes a next key of each of these uses (enum key_use, or-ed), unless there is one, and saves the file: durable before anybody
 * hears of them. alone: the seal key is to be the only one. On failure the file and this ring are as before.
 * Errors: NO_MEMORY, and those of keyfile_save
 */
CONSIGN_MUST_CHECK enum consign_err keyring_prepare(struct agent *a, unsigned uses, bool alone);
/* Whether a next key of one of these uses is there. */
bool keyring_is_pending(const struct agent *a, unsigned uses);
/* The next key of a use; false: there is none. ret_alone may be NULL. */
bool keyring_next(const struct agent *a, enum key_use use, struct consign_public_key *ret_key, bool *ret_alone);

/* The key to connect with: the card's; with other, when there is a next one, the other of the two. */
const struct secret *keyring_transport(const struct agent *a, bool other);

/*
 * The newest card is durable: next keys that it names are in use from now on, and what nothing can need any more is
 * destroyed. Asks for a new session when only that can tell whether an old seal key is still needed.
 */
void keyring_settle(struct agent *a);

/* One key of the file, for people. */
struct keyring_row {
	enum key_use use;
	struct consign_key_id id;
	uint64_t created_us;
	uint64_t until_us; /* by the card; 0: it says nothing */
	enum { KEY_CURRENT = 1, KEY_NEXT, KEY_OLD } state;
};
/* The nth; false past the end. Keys that never rotate are left out. */
bool keyring_at(const struct agent *a, size_t n, struct keyring_row *ret_row);

#endif
