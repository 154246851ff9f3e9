/*
 * An administrator who signs something else than what was proposed: consign with this in the place of sign_make (-Wl,--wrap). Everything
 * else is the real command, so that its decision is one of this administrator's in form, name and key, and only the broker's own check
 * stands between it and a change that nobody else has agreed to. Test double: never installed.
 *
 * CONSIGN_LYING_SIGNS says which document is another one than it should be, when it is signed: root, directory or policy. The other one
 * has the same bytes but for the last bit. Not set, or anything else: it is honest.
 */
#include <stdlib.h>
#include <string.h>

#include "core/sign.h"

/* No document is larger: what administrators sign is roots and heads. */
#define CONTENT_MAX_BYTES 1048576u

void __real_sign_make(const struct secret *key, enum sign_kind kind, const struct consign_hash *hub_id, struct consign_slice content,
    struct consign_signature *ret_signature);
void __wrap_sign_make(const struct secret *key, enum sign_kind kind, const struct consign_hash *hub_id, struct consign_slice content,
    struct consign_signature *ret_signature);

static bool
lies_about(enum sign_kind kind)
{
	const char *lie = getenv("CONSIGN_LYING_SIGNS");

	if (lie == NULL)
		return false;
	return (kind == SIGN_ROOT && strcmp(lie, "root") == 0) || (kind == SIGN_DIRECTORY && strcmp(lie, "directory") == 0)
	    || (kind == SIGN_POLICY && strcmp(lie, "policy") == 0);
}

void
__wrap_sign_make(const struct secret *key, enum sign_kind kind, const struct consign_hash *hub_id, struct consign_slice content,
    struct consign_signature *ret_signature)
{
	static uint8_t other[CONTENT_MAX_BYTES];

	if (lies_about(kind)) {
		if (content.len == 0 || content.len > sizeof other)
			abort();
		memcpy(other, content.data, content.len);
		other[content.len - 1] ^= 1;
		content.data = other;
	}
	__real_sign_make(key, kind, hub_id, content, ret_signature);
}
