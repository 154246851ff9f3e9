/* Making key files: one fresh key after another into a struct keyfile. */
#ifndef CLI_KEYS_H
#define CLI_KEYS_H

#include "core/keyfile.h"
#include "core/sign.h"

enum key_kind { KEY_SIGN, KEY_BOX };

/*
 * A fresh key under a name; with by_id under "<name>-<hex key id>", as keys are that a card lists several of.
 * Errors: NO_MEMORY, MALFORMED (the name)
 */
CONSIGN_MUST_CHECK enum consign_err keys_add(struct keyfile *file, enum key_kind kind, const char *name, bool by_id,
    uint64_t now_us, struct consign_public_key *ret_public);
/* 32 random bytes under a name. */
CONSIGN_MUST_CHECK enum consign_err keys_add_symmetric(struct keyfile *file, const char *name, uint64_t now_us);
/* Appends `key: "<hex>"` to a config.yaml. */
CONSIGN_MUST_CHECK enum consign_err config_hex_line(struct buf *out, const char *key, struct consign_slice bytes);

#endif
