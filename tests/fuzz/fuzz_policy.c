/*
 * YAML that people write: policies and role profiles. Input: one byte that picks which, then text.
 *
 * A policy that is read compiles, can be checked, and its parts encode; a profile that is read names only what there is. A text
 * that is refused is refused at a place within it, in printable words.
 */
#include "core/text.h"
#include "fuzz.h"
#include "policy/policy.h"
#include "policy/policy_file.h"
#include "policy/profile.h"

#define ARENA_BYTES (64u * 1024u * 1024u)

static void
check_refused(struct consign_slice yaml, enum consign_err err, const struct policy_file_error *error)
{
	check(err == CONSIGN_E_CONFIG || err == CONSIGN_E_TOO_BIG || err == CONSIGN_E_NO_MEMORY);
	if (err != CONSIGN_E_CONFIG)
		return;
	check(error->line >= 1 && error->line <= yaml.len + 1);
	check(error->column >= 1 && error->column <= yaml.len + 1);
	check(error->text[0] != '\0' && memchr(error->text, '\0', sizeof error->text) != NULL);
	check(text_is(CHARSET_ASCII, slice_text(error->text)));
	check(memchr(error->hint, '\0', sizeof error->hint) != NULL);
	check(error->hint[0] == '\0' || text_is(CHARSET_ASCII, slice_text(error->hint)));
}

static void
check_part(const struct policy_part *part)
{
	struct policy_part *again;
	struct buf encoded = {0};
	struct arena *arena = NULL;

	check(policy_part_encode(part, &encoded) == CONSIGN_OK);
	check(arena_new(ARENA_BYTES, &arena) == CONSIGN_OK);
	check(policy_part_decode(buf_slice(&encoded), arena, &again) == CONSIGN_OK);
	arena_free(&arena);
	buf_clear(&encoded);
}

static void
say(void *context, const struct policy_finding *f)
{
	size_t *lines = context;

	check(text_is(CHARSET_ASCII, slice_text(f->sentence)) && f->kind[0] != '\0');
	check(f->at.line >= 1 && f->at.line <= *lines && f->at.column >= 1);
}

static void
fuzz_policy(struct consign_slice yaml, struct arena *arena)
{
	struct policy_file_error error = {0};
	struct policy_file_parts parts;
	struct policy *policy;
	enum consign_err err = policy_file_parse(yaml, NULL, NULL, arena, &parts, &error);

	if (err != CONSIGN_OK) {
		check_refused(yaml, err, &error);
		return;
	}
	for (size_t i = 0; i < parts.parts.n; i++)
		check_part(parts.parts.v[i]);
	check(policy_compile(parts.parts.v, parts.parts.n, &policy) == CONSIGN_OK);
	policy_free(&policy);
	size_t lines = yaml.len + 1;
	(void)policy_file_check(&parts, UINT64_MAX, say, &lines);
}

static void
check_ways(const struct profile_way *ways, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		check(text_is(CHARSET_GLOB, slice_text(ways[i].type.s)) && ways[i].roles.n > 0);
		for (size_t k = 0; k < ways[i].roles.n; k++)
			check(policy_role_parse(policy_role_text(ways[i].roles.v[k])) == ways[i].roles.v[k]);
	}
}

static void
fuzz_profile(struct consign_slice yaml, struct arena *arena)
{
	struct policy_file_error error = {0};
	struct profile *p;
	enum consign_err err = profile_read(yaml, arena, &p, &error);

	if (err != CONSIGN_OK) {
		check_refused(yaml, err, &error);
		return;
	}
	check(p->role != 0 && policy_role_parse(policy_role_text(p->role)) == p->role && p->title != NULL);
	check(p->sends.n <= PROFILE_WAYS_MAX && p->receives.n <= PROFILE_WAYS_MAX);
	check(p->watches.n <= PROFILE_WATCHES_MAX && p->alarms.n <= PROFILE_ALARMS_MAX);
	check_ways(p->sends.v, p->sends.n);
	check_ways(p->receives.v, p->receives.n);
	for (size_t i = 0; i < p->watches.n; i++) {
		const struct profile_watch *watch = &p->watches.v[i];

		check(text_is(CHARSET_STUDY, slice_text(watch->name)) && watch->says != NULL);
		check(text_is(CHARSET_GLOB, slice_text(watch->type.s)));
	}
	for (size_t i = 0; i < p->alarms.n; i++) {
		const struct profile_alarm *alarm = &p->alarms.v[i];

		check(alarm->within_us >= 1000000 && alarm->says != NULL && profile_when_text(alarm->when) != NULL);
		check((alarm->when == PROFILE_UNACKNOWLEDGED) == (alarm->as[0] != '\0'));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct consign_slice yaml = slice_of(data, size);
	bool is_profile = (fuzz_byte(&yaml) & 1) != 0;
	struct arena *arena = NULL;

	check(arena_new(ARENA_BYTES, &arena) == CONSIGN_OK);
	if (is_profile)
		fuzz_profile(yaml, arena);
	else
		fuzz_policy(yaml, arena);
	arena_free(&arena);
	return 0;
}
