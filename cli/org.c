/* Words about organisations (org.h). */
#include "org.h"

#include <stdio.h>
#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "print.h"
#include "wire/identity_wire.h"

enum consign_err
org_check_id(const char *org)
{
	if (strlen(org) <= CONSIGN_ORG_MAX_BYTES && text_is(CHARSET_ORG, slice_text(org)))
		return CONSIGN_OK;
	return say_fail(CONSIGN_E_USAGE, "%s is no organisation's id: 2 to 40 of a-z, 0-9 and -", org);
}

void
key_id_text(const struct consign_public_key *key, char ret_text[33])
{
	struct consign_key_id id;

	key_id_of(key, &id);
	hex_text(id.b, sizeof id.b, ret_text);
}
