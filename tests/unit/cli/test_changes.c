/*
 * What a change is said to mean, to those who sign it: every kind of change has its line, and a policy whose text says something else
 * than what would be obeyed is found out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "changes.h"
#include "core/limits.h"
#include "policy/policy_file.h"

#define NARROW "studies:\n  - id: one\n    parties:\n      - {org: acme, roles: [sponsor]}\n      - {org: bolt, roles: [cro]}\nrules:\n  - {id: notes, permit: [x.note]}\n"
#define WIDE "studies:\n  - id: one\n    parties:\n      - {org: acme, roles: [sponsor]}\n      - {org: bolt, roles: [cro]}\nrules:\n  - {id: notes, permit: [x.note, x.more]}\n"
#define OTHER                                                                                                                                          \
	"studies:\n  - id: two\n    title: Second\n    parties:\n      - {org: acme, roles: [sponsor], clearance: restricted}\nrules:\n  - {id: files, permit: [x.file], since: 2026-12-01}\n"

struct fixture {
	struct arena *arena;
	struct buf out;
	struct hub *hub; /* without cards */
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	assert_non_null(f);
	assert_int_equal(arena_new(1 << 24, &f->arena), CONSIGN_OK);
	assert_int_equal(hub_new(&(struct consign_hash){{1}}, true, &f->hub), CONSIGN_OK);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	arena_free(&f->arena);
	hub_free(&f->hub);
	buf_clear(&f->out);
	free(f);
	return 0;
}

/* What `obeyed` means, with the text of `said` beside it (NULL: none), each part with a salt. */
static struct hub_policy *
policy_of(struct fixture *f, const char *obeyed, const char *said)
{
	struct hub_policy *p = arena_alloc(f->arena, sizeof *p);
	struct policy_file_parts parts = {0};
	struct policy_file_error error;

	assert_non_null(p);
	*p = (struct hub_policy){.version = 2};
	assert_int_equal(policy_file_parse(slice_text(obeyed), NULL, NULL, f->arena, &parts, &error), CONSIGN_OK);
	p->parts = arena_alloc(f->arena, (parts.parts.n + 1) * sizeof *p->parts);
	assert_non_null(p->parts);
	for (size_t i = 0; i < parts.parts.n; i++) {
		p->parts[i] = parts.parts.v[i];
		random_bytes(p->parts[i]->salt.b, sizeof p->parts[i]->salt.b);
	}
	p->n_parts = parts.parts.n;
	if (said != NULL) {
		p->parts[p->n_parts] = arena_alloc(f->arena, sizeof **p->parts);
		assert_non_null(p->parts[p->n_parts]);
		*p->parts[p->n_parts] = (struct policy_part){.source = slice_text(said)};
		p->n_parts++;
	}
	return p;
}

static void
changes_check_source_finds_a_text_that_says_something_else(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(changes_check_source(policy_of(f, NARROW, NARROW)), CONSIGN_OK);
	assert_int_equal(changes_check_source(policy_of(f, NARROW, "# and a comment\n" NARROW)), CONSIGN_OK);
	assert_int_equal(changes_check_source(policy_of(f, NARROW, NULL)), CONSIGN_OK);
	assert_int_equal(changes_check_source(policy_of(f, WIDE, NARROW)), CONSIGN_E_CONFLICT);
	assert_int_equal(changes_check_source(policy_of(f, NARROW, OTHER)), CONSIGN_E_CONFLICT);
	assert_int_equal(changes_check_source(policy_of(f, OTHER, "studies: []\nrules: []\n")), CONSIGN_E_CONFLICT);
	assert_int_equal(changes_check_source(policy_of(f, NARROW, "no policy")), CONSIGN_E_CONFLICT);
}

/* The text may stand before the quotas as well: it is the same document to who obeys it. */
static void
changes_check_source_reads_quotas_as_it_reads_rules(void **state)
{
	static const char quotas[] = "quotas: [{study: one, messages: 5/h}]\n";
	struct fixture *f = *state;
	char narrow[512], wide[512];

	snprintf(narrow, sizeof narrow, "%s%s", NARROW, quotas);
	snprintf(wide, sizeof wide, "%s%s", WIDE, quotas);
	for (int is_first = 0; is_first < 2; is_first++) {
		const struct {
			const char *obeyed, *said;
			enum consign_err err;
		} rows[] = {{narrow, narrow, CONSIGN_OK}, {narrow, NARROW, CONSIGN_E_CONFLICT}, {wide, narrow, CONSIGN_E_CONFLICT},
		    {narrow, "no policy", CONSIGN_E_CONFLICT}, {NARROW, narrow, CONSIGN_E_CONFLICT}};

		for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
			struct hub_policy *p = policy_of(f, rows[i].obeyed, rows[i].said);

			if (is_first) {
				struct policy_part *text = p->parts[p->n_parts - 1];

				memmove(p->parts + 1, p->parts, (p->n_parts - 1) * sizeof *p->parts);
				p->parts[0] = text;
			}
			if (changes_check_source(p) != rows[i].err)
				fail_msg("row %zu, the text %s", i, is_first ? "first" : "last");
		}
	}
}

/* Two admins, one broker; changed by the tests. */
struct roots {
	struct admin alice, bob, carol;
	struct admin *was[2], *is[2];
	struct broker_keys keys, other;
	struct root before, after;
};

static void
make_roots(struct roots *r)
{
	*r = (struct roots){.alice = {.name = "alice"}, .bob = {.name = "bob"}, .carol = {.name = "carol"}, .keys = {.endpoint = "tcp://a:1"}};
	memset(r->alice.signing_key.b, 1, 32);
	memset(r->bob.signing_key.b, 2, 32);
	memset(r->carol.signing_key.b, 3, 32);
	r->other = r->keys;
	r->was[0] = r->is[0] = &r->alice;
	r->was[1] = r->is[1] = &r->bob;
	r->before = (struct root){.version = 4, .name = slice_text("Hub"), .admins = {r->was, 2}, .threshold = 1, .broker = &r->keys};
	r->after = r->before;
	r->after.admins.v = r->is;
	r->after.broker = &r->other;
}

static const char *
said(struct fixture *f, const struct hub_state *before, const struct hub_state *after)
{
	buf_reset(&f->out);
	assert_int_equal(changes_format(f->hub, before, after, &f->out), CONSIGN_OK);
	assert_int_equal(buf_append_u8(&f->out, 0), CONSIGN_OK);
	return (const char *)f->out.data;
}

static void
changes_format_names_each_change_of_the_root(void **state)
{
	static const struct hub_directory nobody;
	struct fixture *f = *state;
	struct roots r;
	struct hub_policy *policy = policy_of(f, NARROW, NULL);
	struct hub_state before = {&r.before, &nobody, policy}, after = {&r.after, &nobody, policy};

	make_roots(&r);
	assert_string_equal(said(f, &before, &after), "");
	r.after.threshold = 2;
	assert_non_null(strstr(said(f, &before, &after), "~ signatures of administrators that a change needs: 1, then 2\n"));
	make_roots(&r);
	r.is[1] = &r.carol;
	assert_non_null(strstr(said(f, &before, &after), "+ administrator carol: keys "));
	assert_non_null(strstr(said(f, &before, &after), "- administrator bob\n"));
	make_roots(&r);
	struct admin stolen = r.bob;

	stolen.transport_key.b[7] ^= 1; /* the key that opens a session counts like the one that signs */
	r.is[1] = &stolen;
	assert_non_null(strstr(said(f, &before, &after), "~ administrator bob has other keys: keys "));
	make_roots(&r);
	struct consign_public_key one = {{1}}, two = {{2}};

	r.after.freshness_keys.v = &one;
	r.after.freshness_keys.n = 1;
	assert_string_equal(said(f, &before, &after),
	    "~ freshness is stated by nobody, then by nobody who is known here (key 01d0fabd251fcbbe2b93b4b927b26ad2)\n");
	r.before.freshness_keys.v = &two;
	r.before.freshness_keys.n = 1;
	assert_non_null(strstr(said(f, &before, &after), "~ freshness is stated by nobody who is known here (key "));
	assert_non_null(strstr(said(f, &before, &after), "), then by nobody who is known here (key "));
	make_roots(&r);
	strcpy(r.other.endpoint, "tcp://b:2");
	assert_string_equal(said(f, &before, &after), "~ the broker is at tcp://a:1, then at tcp://b:2\n");
	make_roots(&r);
	r.other.ledger_key.b[0] ^= 1;
	r.other.receipt_key.b[0] ^= 1;
	r.other.transport_key.b[0] ^= 1;
	assert_string_equal(said(f, &before, &after),
	    "~ the broker has another transport key\n~ the broker has another receipt key\n~ the broker has another ledger key\n");
}

static void
changes_format_names_each_change_of_an_organisation(void **state)
{
	struct fixture *f = *state;
	struct roots r;
	struct member acme = {.org = {"acme"}, .name = slice_text("Acme"), .status = MEMBER_ACTIVE}, bolt = acme, now = acme;
	const struct member *was[] = {&acme}, *is[] = {&now, &bolt};
	struct hub_directory before_d = {.members = was, .n_members = 1}, after_d = {.members = is, .n_members = 1};
	struct hub_policy *policy = policy_of(f, NARROW, NULL);
	struct hub_state before = {&r.before, &before_d, policy}, after = {&r.after, &after_d, policy};

	make_roots(&r);
	strcpy(bolt.org.s, "bolt");
	assert_string_equal(said(f, &before, &after), "");
	after_d.n_members = 2;
	assert_non_null(strstr(said(f, &before, &after), "+ organisation bolt (Acme), active: keys "));
	after_d.n_members = 1;
	now.status = MEMBER_COMPROMISED;
	now.compromised_since = 41;
	assert_string_equal(said(f, &before, &after), "~ organisation acme: active, then compromised since leaf 41\n");
	now = acme;
	now.identity_key.b[0] ^= 1;
	assert_non_null(strstr(said(f, &before, &after), "~ organisation acme has another identity: keys "));
	is[0] = &bolt;
	assert_non_null(strstr(said(f, &before, &after), "- organisation acme\n"));
}

static void
changes_format_names_each_change_of_the_policy(void **state)
{
	static const struct hub_directory nobody;
	struct fixture *f = *state;
	struct roots r;
	struct hub_state before = {&r.before, &nobody, policy_of(f, NARROW, NULL)}, after = {&r.after, &nobody, policy_of(f, NARROW, NULL)};

	make_roots(&r);
	assert_string_equal(said(f, &before, &after), "");
	after.policy = policy_of(f, WIDE, NULL);
	assert_string_equal(said(f, &before, &after), "~ rule notes\n    permit: [\"x.note\", \"x.more\"]\n");
	after.policy = policy_of(f, OTHER, NULL);
	const char *words = said(f, &before, &after);

	assert_non_null(strstr(words, "+ study two: Second\n"));
	assert_non_null(strstr(words, "+ party of two: acme [sponsor], receives up to restricted\n"));
	assert_non_null(strstr(words, "- study one\n"));
	assert_non_null(strstr(words, "- rule notes\n"));
	assert_non_null(strstr(words, "+ rule files\n"));
	assert_non_null(strstr(words, "since: 2026-12-01")); /* when a rule holds is part of what it means */
}

int
main(void)
{
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(changes_check_source_finds_a_text_that_says_something_else),
	    TEST(changes_check_source_reads_quotas_as_it_reads_rules),
	    TEST(changes_format_names_each_change_of_the_root),
	    TEST(changes_format_names_each_change_of_an_organisation),
	    TEST(changes_format_names_each_change_of_the_policy),
	};

	return cmocka_run_group_tests_name("cli/changes", tests, NULL, NULL);
}
