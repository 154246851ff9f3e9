/*
 * bench-hub HUB_HOME FOLDER FIRST LAST: admits many organisations to a running hub at once. FOLDER/org-FIRST … FOLDER/org-LAST
 * become homes as `consign join` makes them, and one directory version with all of them, and their cards, is signed by the
 * administrator's key and published to the broker. What is left out of joining is the invite and the fingerprint, which need two
 * people; what the broker then holds, it has verified as always.
 *
 * Exit 0 when they are members, 1 when not.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin.h"
#include "core/clock.h"
#include "core/file.h"
#include "core/limits.h"
#include "core/secret.h"
#include "core/text.h"
#include "keys.h"

#define ORGS_MAX 9999u /* four digits */

struct founding {
	const char *folder;
	unsigned first, last;
	struct admin_desk desk;
	struct draft draft;
	uint64_t now_us;
	struct consign_slice *parts; /* of the directory, those that were there first */
	size_t n_parts;
};

/* A company's keys, as far as its card names them. */
struct company {
	struct consign_org org;
	char home[512];
	struct keyfile *keys;
	struct consign_public_key identity, signing, seal, transport, witness;
};

/* ── a home ── */

static enum consign_err
make_folders(const struct company *c)
{
	char *keys = path_join(c->home, "keys");
	enum consign_err err = keys == NULL ? CONSIGN_E_NO_MEMORY : file_make_dir(c->home, 0700);

	if (err == CONSIGN_OK)
		err = file_make_dir(keys, 0700);
	free(keys);
	return err;
}

static enum consign_err
save_in(const struct company *c, const char *name, const struct buf *text)
{
	char *path = path_join(c->home, name);
	enum consign_err err = CONSIGN_E_NO_MEMORY;

	if (path != NULL)
		err = text == NULL ? keyfile_save(c->keys, path) : file_write(path, buf_slice(text), 0600);
	free(path);
	return err;
}

static enum consign_err
make_keys(struct company *c, uint64_t now_us)
{
	enum consign_err err = keyfile_new("agent", c->org.s, NULL, &c->keys);

	if (err == CONSIGN_OK)
		err = keys_add(c->keys, KEY_SIGN, "identity", false, now_us, &c->identity);
	if (err == CONSIGN_OK)
		err = keys_add(c->keys, KEY_SIGN, "signing", true, now_us, &c->signing);
	if (err == CONSIGN_OK)
		err = keys_add(c->keys, KEY_BOX, "seal", true, now_us, &c->seal);
	if (err == CONSIGN_OK)
		err = keys_add(c->keys, KEY_BOX, "transport", false, now_us, &c->transport);
	if (err == CONSIGN_OK)
		err = keys_add(c->keys, KEY_SIGN, "witness", false, now_us, &c->witness);
	if (err == CONSIGN_OK)
		err = keys_add_symmetric(c->keys, "storage", now_us);
	return err == CONSIGN_OK ? save_in(c, "keys/agent.key", NULL) : err;
}

static enum consign_err
write_config(const struct founding *f, const struct company *c)
{
	const struct hub_root *root = hub_root(f->desk.hub);
	struct buf text = {0};
	char version[24];
	enum consign_err err = config_hex_line(&text, "hub_id", SLICE_ARRAY(hub_id(f->desk.hub)->b));

	snprintf(version, sizeof version, "%llu", (unsigned long long)root->root->version);
	if (err == CONSIGN_OK)
		err = config_line(&text, "hub_name", "Bench hub");
	if (err == CONSIGN_OK)
		err = config_line(&text, "endpoint", root->root->broker->endpoint);
	if (err == CONSIGN_OK)
		err = config_hex_line(&text, "broker_transport_key", SLICE_ARRAY(root->root->broker->transport_key.b));
	if (err == CONSIGN_OK)
		err = config_line(&text, "party", "agent");
	if (err == CONSIGN_OK)
		err = config_line(&text, "name", c->org.s);
	if (err == CONSIGN_OK)
		err = config_line(&text, "root_version", version);
	if (err == CONSIGN_OK)
		err = config_hex_line(&text, "root_hash", SLICE_ARRAY(root->hash.b));
	if (err == CONSIGN_OK)
		err = save_in(c, "config.yaml", &text);
	buf_clear(&text);
	return err;
}

/* ── a card, and its part of the directory ── */

static enum consign_err
sign_card(struct founding *f, const struct company *c, struct published_document **ret_card)
{
	uint32_t formats[] = {1};
	struct valid_key signing = {
	    .not_before_us = f->now_us - CONSIGN_KEY_EARLY_US, .not_after_us = f->now_us + CONSIGN_KEY_LIFE_US};
	struct valid_key seal = signing, *signing_keys[] = {&signing}, *seal_keys[] = {&seal};
	struct card card = {.format = 1,
	    .hub_id = *hub_id(f->desk.hub),
	    .org = c->org,
	    .version = 1,
	    .created_us = f->now_us,
	    .expires_us = f->now_us + CONSIGN_CARD_LIFE_US,
	    .identity_key = c->identity,
	    .transport_key = c->transport,
	    .witness_key = c->witness,
	    .signing_keys = {signing_keys, 1},
	    .seal_keys = {seal_keys, 1},
	    .formats = {formats, 1}};
	struct arena *arena = f->draft.arena;
	struct published_document *p = arena_alloc(arena, sizeof *p);
	struct consign_slice kept = {0};
	struct buf content = {0};

	signing.key = c->signing;
	seal.key = c->seal;
	enum consign_err err = p == NULL ? CONSIGN_E_NO_MEMORY : card_encode(&card, &content);

	if (err == CONSIGN_OK && (kept = arena_copy(arena, buf_slice(&content))).data == NULL)
		err = CONSIGN_E_NO_MEMORY;
	buf_clear(&content);
	if (err == CONSIGN_OK)
		err = document_sign(arena, SIGN_CARD, &card.hub_id, kept, keyfile_find(c->keys, "identity", NULL), &p->document);
	if (err == CONSIGN_OK)
		*ret_card = p;
	return err;
}

static enum consign_err
add_company(struct founding *f, unsigned number)
{
	struct company c = {0};
	struct published_document *card;

	snprintf(c.org.s, sizeof c.org.s, "org-%04u", number);
	snprintf(c.home, sizeof c.home, "%s/%s", f->folder, c.org.s);
	struct member member = {.org = c.org, .name = slice_text(c.org.s), .status = MEMBER_ACTIVE};
	enum consign_err err = make_folders(&c);

	if (err == CONSIGN_OK)
		err = make_keys(&c, f->now_us);
	if (err == CONSIGN_OK)
		err = write_config(f, &c);
	if (err == CONSIGN_OK)
		err = sign_card(f, &c, &card);
	member.identity_key = c.identity;
	if (err == CONSIGN_OK)
		err = draft_member_part(&f->draft, &member, &f->parts[f->n_parts]);
	if (err == CONSIGN_OK) {
		f->n_parts++;
		f->draft.documents.cards.v[f->draft.documents.cards.n++] = card;
	}
	keyfile_free(&c.keys);
	return err;
}

/* ── all of them ── */

static enum consign_err
make_lists(struct founding *f)
{
	const struct hub_directory *before = hub_directory(f->desk.hub);
	size_t n = f->last - f->first + 1;

	f->parts = arena_alloc(f->draft.arena, (before->n_members + n) * sizeof *f->parts);
	f->draft.documents.cards.v = arena_alloc(f->draft.arena, n * sizeof *f->draft.documents.cards.v);
	if (f->parts == NULL || f->draft.documents.cards.v == NULL)
		return CONSIGN_E_NO_MEMORY;
	for (size_t i = 0; i < before->n_members; i++)
		f->parts[f->n_parts++] = before->member_parts[i];
	return CONSIGN_OK;
}

static enum consign_err
admit_all(struct founding *f)
{
	enum consign_err err = admin_draft(&f->desk, "many join at once", &f->draft);

	if (err == CONSIGN_OK)
		err = make_lists(f);
	for (unsigned i = f->first; err == CONSIGN_OK && i <= f->last; i++)
		err = add_company(f, i);
	if (err == CONSIGN_OK)
		err = draft_directory(&f->draft, hub_directory(f->desk.hub), f->parts, f->n_parts);
	return err == CONSIGN_OK ? admin_publish(&f->desk, &f->draft) : err;
}

static bool
read_number(const char *text, unsigned *ret_n)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*end != '\0' || n == 0 || n > ORGS_MAX)
		return false;
	*ret_n = (unsigned)n;
	return true;
}

int
main(int argc, char **argv)
{
	struct founding f = {.now_us = clock_wall_us(clock_system())};
	struct args args = {0};
	char problem[ARGS_PROBLEM_BYTES] = "";

	if (argc != 5 || !read_number(argv[3], &f.first) || !read_number(argv[4], &f.last) || f.last < f.first) {
		fputs("usage: bench-hub HUB_HOME FOLDER FIRST LAST\n", stderr);
		return 2;
	}
	f.folder = argv[2];
	/* The administrator's desk is opened as for any command of theirs. */
	char words[][8] = {"consign", "org", "list", "--home"};
	char *command[] = {words[0], words[1], words[2], words[3], argv[1], NULL};
	enum consign_err err = secret_start();

	if (err == CONSIGN_OK)
		err = args_parse(5, command, &args, problem);
	if (err == CONSIGN_OK)
		err = admin_open(&args, &f.desk);
	if (err == CONSIGN_OK)
		err = admit_all(&f);
	if (err != CONSIGN_OK)
		fprintf(stderr, "bench-hub: error: %s%s%s\n", consign_err_text(err), problem[0] != '\0' ? ": " : "", problem);
	else
		printf("%u organisations are members\n", f.last - f.first + 1);
	draft_clear(&f.draft);
	admin_close(&f.desk);
	args_clear(&args);
	return err == CONSIGN_OK ? 0 : 1;
}
