/* See stated.h. */
#include "stated.h"

#include <stdio.h>

#include "core/clock.h"

enum consign_err
stated_look(const struct admin_desk *desk, struct arena *arena, struct stated *ret_stated)
{
	const struct root *root = hub_root(desk->hub)->root;
	struct consign_slice newest = hub_session_freshness(desk->session);
	struct signed_document *document;
	struct freshness *f;
	struct consign_public_key key;
	enum consign_err err = CONSIGN_E_NOT_FOUND;

	*ret_stated = (struct stated){.word = "not asked for", .is_wanted = root->freshness_keys.n > 0};
	if (!ret_stated->is_wanted)
		return CONSIGN_OK;
	const char *by = freshness_org(desk->hub, &root->freshness_keys.v[0]);

	if (by != NULL)
		snprintf(ret_stated->by, sizeof ret_stated->by, "%s", by);
	const struct member *member = by == NULL ? NULL : hub_member(hub_directory(desk->hub), by);

	ret_stated->standing = member == NULL ? "unknown" : member_status_text(member->status);
	if (newest.len > 0)
		err = signed_document_decode(newest, arena, &document);
	if (err == CONSIGN_OK)
		err = freshness_verify(desk->hub, document, clock_wall_us(clock_system()), arena, &f, &key);
	if (err == CONSIGN_E_NO_MEMORY)
		return err;
	ret_stated->word = err == CONSIGN_OK ? "stated" : err == CONSIGN_E_EXPIRED ? "stale" : "nobody has stated it yet";
	if (err == CONSIGN_OK)
		ret_stated->statement = f;
	return CONSIGN_OK;
}
