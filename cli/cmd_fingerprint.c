/* `consign fingerprint`: from card.signed, which is public, so no passphrase is asked for. */
#include "cmd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/limits.h"
#include "core/sign.h"
#include "core/text.h"
#include "home.h"
#include "invite.h"
#include "print.h"

/* The identity key of the home's own card, whose signature shows that the file was not exchanged for a mere text. */
static enum consign_err
read_identity(const struct home *home, struct arena *arena, struct consign_public_key *ret_identity)
{
	char *path = home_path(home, "card.signed");
	struct buf encoded = {0};
	struct signed_document *document;
	struct card *card;
	enum consign_err err = path == NULL ? CONSIGN_E_NO_MEMORY : file_read(path, CONSIGN_CARD_FILE_MAX_BYTES, &encoded);

	if (err == CONSIGN_OK)
		err = signed_document_decode(buf_slice(&encoded), arena, &document);
	if (err == CONSIGN_OK)
		err = card_decode(document->content, arena, &card);
	if (err == CONSIGN_OK && strcmp(card->org.s, home->name) != 0)
		err = CONSIGN_E_CORRUPT;
	if (err == CONSIGN_OK)
		err = sign_verify(
		    &card->identity_key, SIGN_CARD, &home->hub_id, document->content, &document->signatures.v[0]->signature);
	if (err == CONSIGN_OK)
		*ret_identity = card->identity_key;
	else
		say_error("%s/card.signed: %s", home->dir, consign_err_text(err));
	free(path);
	buf_clear(&encoded);
	return err;
}

enum consign_err
cmd_fingerprint(const struct args *args)
{
	struct home home = {0};
	struct arena *arena = NULL;
	struct consign_public_key identity;
	char text[FINGERPRINT_TEXT_BYTES];
	enum consign_err err = home_open(args, HOME_COMPANY, &home);

	if (err != CONSIGN_OK)
		return err;
	err = arena_new(2u * (CONSIGN_UNPACK_BUDGET_BASE_BYTES + CONSIGN_CARD_FILE_MAX_BYTES * CONSIGN_UNPACK_BUDGET_PER_BYTE), &arena);
	if (err == CONSIGN_OK)
		err = read_identity(&home, arena, &identity);
	if (err == CONSIGN_OK)
		err = identity_fingerprint(&home.hub_id, home.name, &identity, text);
	if (err == CONSIGN_OK && args_has(args, "json")) {
		json_t *json = json_pack("{s:s, s:s}", "org", home.name, "fingerprint", text);

		err = print_json(&json);
	} else if (err == CONSIGN_OK) {
		printf("%s\n", text);
	}
	arena_free(&arena);
	home_clear(&home);
	return err;
}
