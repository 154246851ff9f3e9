/*
 * Words about organisations that several commands share.
 *
 * Functions here say what is wrong before they return an error.
 */
#ifndef CLI_ORG_H
#define CLI_ORG_H

#include "core/sign.h"

/* Whether it is an organisation's id at all. Errors: USAGE */
CONSIGN_MUST_CHECK enum consign_err org_check_id(const char *org);
/* A key id in hex. */
void key_id_text(const struct consign_public_key *key, char ret_text[33]);

#endif
