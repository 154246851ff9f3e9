/*
 * An invite as text, and what the administrator keeps of it.
 *
 *   Invite to the hub Pilot for globalcro …               lines for people
 *   -----BEGIN CONSIGN INVITE-----
 *   base64 of the encoded invite
 *   -----END CONSIGN INVITE-----
 *
 * Source   docs/PROTOCOL.md 3.6
 */
#ifndef CLI_INVITE_H
#define CLI_INVITE_H

#include "wire/identity_wire.h"

/* Appends the text. It holds secrets: end the buffer with buf_wipe. Errors: NO_MEMORY, MALFORMED */
CONSIGN_MUST_CHECK enum consign_err invite_format(const struct invite *invite, struct buf *out);
/* Finds and decodes the invite in a text. Errors: NOT_FOUND (no such block), MALFORMED, TOO_BIG, NO_MEMORY */
CONSIGN_MUST_CHECK enum consign_err invite_parse(struct consign_slice text, struct arena *arena, struct invite **ret_invite);

/* The administrator's side, until the company is approved: the token, and what the company is to be called. */
struct invite_secret {
	struct consign_hash token;
	uint64_t expires_us;
	char name[256]; /* "" when none was given */
};

/* dir/invites/<org>.invite-secret, mode 0600. Errors: as file_write, file_read_private; MALFORMED */
CONSIGN_MUST_CHECK enum consign_err invite_secret_write(const char *dir, const char *org, const struct invite_secret *secret);
CONSIGN_MUST_CHECK enum consign_err invite_secret_read(const char *dir, const char *org, struct invite_secret *ret_secret);
void invite_secret_remove(const char *dir, const char *org);

/* The MAC by which a company shows that its card comes from whom the invite was given to: keyed by the token. */
CONSIGN_MUST_CHECK enum consign_err join_mac(const struct consign_hash *token, const struct consign_hash *hub_id,
    struct consign_slice card_content, struct consign_hash *ret_mac);
/* The six words of an identity, as both sides compute them; 36 bytes. Errors: NO_MEMORY */
CONSIGN_MUST_CHECK enum consign_err identity_fingerprint(
    const struct consign_hash *hub_id, const char *org, const struct consign_public_key *identity, char ret_text[36]);

#endif
