/*
 * An administrator that calls a company compromised, which no command does yet: consign with this in the place of wire_encode
 * (-Wl,--wrap), so that `org suspend` says `compromised since leaf CONSIGN_COMPROMISED_SINCE`. Test double: never installed.
 */
#include <stdlib.h>

#include "wire/identity_wire.h"

enum consign_err __real_wire_encode(const struct wire_message *table, const void *in, struct buf *out);
enum consign_err __wrap_wire_encode(const struct wire_message *table, const void *in, struct buf *out);

enum consign_err
__wrap_wire_encode(const struct wire_message *table, const void *in, struct buf *out)
{
	const char *since = getenv("CONSIGN_COMPROMISED_SINCE");
	const struct directory_part *part = in;

	if (table != &wire_directory_part || since == NULL || part->member->status != MEMBER_SUSPENDED)
		return __real_wire_encode(table, in, out);
	struct member member = *part->member;

	member.status = MEMBER_COMPROMISED;
	member.compromised_since = strtoull(since, NULL, 10);
	return __real_wire_encode(table, &(struct directory_part){part->salt, &member}, out);
}
