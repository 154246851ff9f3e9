/* Tests of cli/invite.c: the invite's text, what is kept of it, and what both sides compute alike. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/text.h"
#include "invite.h"

struct fixture {
	struct arena *arena;
	struct document_ref root;
	struct invite invite;
	struct buf text;
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	assert_non_null(f);
	assert_int_equal(arena_new(1u << 20, &f->arena), CONSIGN_OK);
	f->root.version = 2;
	memset(f->root.hash.b, 5, 32);
	f->invite = (struct invite){.format = 1,
	    .hub_name = slice_text("Pilot"),
	    .org = {"globalcro"},
	    .endpoint = "tcp://h:1",
	    .root = &f->root,
	    .expires_us = 9};
	memset(f->invite.token.b, 7, 32);
	assert_int_equal(invite_format(&f->invite, &f->text), CONSIGN_OK);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	arena_free(&f->arena);
	buf_wipe(&f->text);
	free(f);
	return 0;
}

static void
test_invite_parse_reads_what_format_wrote(void **state)
{
	struct fixture *f = *state;
	struct invite *invite;

	assert_int_equal(invite_parse(buf_slice(&f->text), f->arena, &invite), CONSIGN_OK);
	assert_string_equal(invite->org.s, "globalcro");
	assert_string_equal(invite->endpoint, "tcp://h:1");
	assert_memory_equal(invite->token.b, f->invite.token.b, 32);
	assert_int_equal(invite->root->version, 2);
	assert_int_equal(invite->expires_us, 9);
}

static void
test_invite_parse_reads_a_text_that_a_mail_program_has_handled(void **state)
{
	struct fixture *f = *state;
	struct buf mail = {0};
	struct invite *invite;

	assert_int_equal(buf_printf(&mail, "Dear partner,\r\n"), CONSIGN_OK);
	for (size_t i = 0; i < f->text.len; i++) {
		if (f->text.data[i] == '\n')
			assert_int_equal(buf_printf(&mail, "\r\n  "), CONSIGN_OK);
		else
			assert_int_equal(buf_append_u8(&mail, f->text.data[i]), CONSIGN_OK);
	}
	assert_int_equal(buf_printf(&mail, "Yours\r\n"), CONSIGN_OK);
	assert_int_equal(invite_parse(buf_slice(&mail), f->arena, &invite), CONSIGN_OK);
	assert_string_equal(invite->org.s, "globalcro");
	buf_wipe(&mail);
}

static void
test_invite_parse_refuses_what_is_cut_or_altered(void **state)
{
	struct fixture *f = *state;
	struct invite *invite;
	uint8_t *begin = (uint8_t *)strstr((char *)f->text.data, "INVITE-----\n") + strlen("INVITE-----\n");

	assert_int_equal(invite_parse(slice_text("nothing here"), f->arena, &invite), CONSIGN_E_NOT_FOUND);
	assert_int_equal(invite_parse(slice_of(NULL, 0), f->arena, &invite), CONSIGN_E_NOT_FOUND);
	assert_int_equal(invite_parse(slice_of(f->text.data, f->text.len - 8), f->arena, &invite), CONSIGN_E_NOT_FOUND);
	*begin = '!';
	assert_int_equal(invite_parse(buf_slice(&f->text), f->arena, &invite), CONSIGN_E_MALFORMED);
	*begin = '/';
	assert_int_equal(invite_parse(buf_slice(&f->text), f->arena, &invite), CONSIGN_E_MALFORMED);
}

static void
test_invite_secret_is_kept_private_and_read_back(void **state)
{
	char dir[] = "/tmp/consign-invite-XXXXXX", path[128];
	struct invite_secret secret = {.expires_us = 123456, .name = "Global CRO, Inc."}, read = {0};
	struct stat st;

	(void)state;
	memset(secret.token.b, 0xab, 32);
	assert_non_null(mkdtemp(dir));
	assert_int_equal(invite_secret_read(dir, "globalcro", &read), CONSIGN_E_NOT_FOUND);
	assert_int_equal(invite_secret_write(dir, "globalcro", &secret), CONSIGN_OK);
	snprintf(path, sizeof path, "%s/invites/globalcro.invite-secret", dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(invite_secret_read(dir, "globalcro", &read), CONSIGN_OK);
	assert_memory_equal(read.token.b, secret.token.b, 32);
	assert_int_equal(read.expires_us, 123456);
	assert_string_equal(read.name, "Global CRO, Inc.");
	secret.name[0] = '\0'; /* and without a name */
	assert_int_equal(invite_secret_write(dir, "globalcro", &secret), CONSIGN_OK);
	memset(&read, 0, sizeof read);
	assert_int_equal(invite_secret_read(dir, "globalcro", &read), CONSIGN_OK);
	assert_string_equal(read.name, "");
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(invite_secret_read(dir, "globalcro", &read), CONSIGN_E_KEY_FILE);
	invite_secret_remove(dir, "globalcro");
	assert_int_equal(invite_secret_read(dir, "globalcro", &read), CONSIGN_E_NOT_FOUND);
	snprintf(path, sizeof path, "%s/invites", dir);
	rmdir(path);
	rmdir(dir);
}

/* Known answers, computed apart from this program: hash functions of Python's hashlib over the bytes of CRYPTO.md. */
static void
test_join_mac_and_fingerprint_give_the_known_answers(void **state)
{
	struct consign_hash token, hub_id, mac;
	struct consign_public_key identity;
	char text[FINGERPRINT_TEXT_BYTES];
	struct buf hex = {0};

	(void)state;
	for (int i = 0; i < 32; i++) {
		token.b[i] = (uint8_t)i;
		hub_id.b[i] = (uint8_t)(0x40 + i);
		identity.b[i] = (uint8_t)(0x80 + i);
	}
	assert_int_equal(join_mac(&token, &hub_id, slice_text("card"), &mac), CONSIGN_OK);
	assert_int_equal(hex_format(SLICE_ARRAY(mac.b), &hex), CONSIGN_OK);
	assert_int_equal(buf_append_u8(&hex, '\0'), CONSIGN_OK);
	assert_string_equal((const char *)hex.data, "40d0902cf5e5e51055caca190d80559a5ae4b2a7fb6201c22badfa8d495ac0e0");
	buf_clear(&hex);
	assert_int_equal(identity_fingerprint(&hub_id, "globalcro", &identity, text), CONSIGN_OK);
	const uint8_t expected[12] = {0xf2, 0x0e, 0xe1, 0x2a, 0x53, 0x37, 0x5a, 0x78, 0x5e, 0x3f, 0x84, 0xe5};
	char words[FINGERPRINT_TEXT_BYTES];

	fingerprint_format(expected, words);
	assert_string_equal(text, words);
}

static void
test_identity_fingerprint_depends_on_hub_org_and_key(void **state)
{
	struct consign_hash hub = {{1}}, other_hub = {{2}};
	struct consign_public_key key = {{3}}, other_key = {{4}};
	char text[4][FINGERPRINT_TEXT_BYTES];

	(void)state;
	assert_int_equal(identity_fingerprint(&hub, "acme", &key, text[0]), CONSIGN_OK);
	assert_int_equal(identity_fingerprint(&other_hub, "acme", &key, text[1]), CONSIGN_OK);
	assert_int_equal(identity_fingerprint(&hub, "acmf", &key, text[2]), CONSIGN_OK);
	assert_int_equal(identity_fingerprint(&hub, "acme", &other_key, text[3]), CONSIGN_OK);
	for (int i = 0; i < 4; i++)
		for (int j = 0; j < i; j++)
			assert_string_not_equal(text[i], text[j]);
}

int
main(void)
{
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_invite_parse_reads_what_format_wrote),
	    TEST(test_invite_parse_reads_a_text_that_a_mail_program_has_handled),
	    TEST(test_invite_parse_refuses_what_is_cut_or_altered),
	    TEST(test_invite_secret_is_kept_private_and_read_back),
	    TEST(test_join_mac_and_fingerprint_give_the_known_answers),
	    TEST(test_identity_fingerprint_depends_on_hub_org_and_key),
	};

	return cmocka_run_group_tests_name("cli/invite", tests, NULL, NULL);
}
