/* What is known, and what follows from it. See world.h. */
#include "world.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/text.h"
#include "ledger/statement.h"

#define LINES 50u

struct world world;

static char lines[LINES][200];
static size_t n_lines;
static FILE *all_lines;

/* ── chance ── */

uint32_t
pick(uint32_t n)
{
	/* splitmix64 */
	uint64_t z = world.random += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return (uint32_t)((z ^ z >> 31) >> 32) % n;
}

bool
one_in(uint32_t n)
{
	return pick(n) == 0;
}

/* ── words ── */

static void
write_line(const struct seat *seat, const char *format, va_list args)
{
	char *line = lines[n_lines++ % LINES];
	int n = snprintf(line, sizeof *lines, "%6llu %s%s ", (unsigned long long)world.moves,
	    seat == NULL ? "-" : world.orgs[seat->org].name, seat != NULL && seat->number > 0 ? "/2" : "");

	vsnprintf(line + n, sizeof *lines - (size_t)n, format, args);
	if (all_lines != NULL)
		fprintf(all_lines, "%12.6f %s\n", (double)clock_steady_us(clock_system()) / 1e6, line);
}

void
note_all(const char *folder)
{
	char path[600];

	snprintf(path, sizeof path, "%s/moves.log", folder);
	all_lines = fopen(path, "w");
	if (all_lines != NULL)
		setvbuf(all_lines, NULL, _IOLBF, 0);
}

void
note(const struct seat *seat, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	write_line(seat, format, args);
	va_end(args);
}

void
broken(const struct seat *seat, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	write_line(seat, format, args);
	va_end(args);
	fprintf(stderr, "the last moves:\n");
	for (size_t i = n_lines > LINES ? n_lines - LINES : 0; i < n_lines; i++)
		fprintf(stderr, "  %s\n", lines[i % LINES]);
	fprintf(stderr, "BROKEN, seed %llu, move %llu: %s\n", (unsigned long long)world.seed, (unsigned long long)world.moves,
	    lines[(n_lines - 1) % LINES]);
	fflush(NULL);
	_exit(1);
}

void *
grow(void *list, size_t n, size_t size)
{
	bool is_full = (n & (n - 1)) == 0; /* at powers of two, and at 0 */
	uint8_t *bytes = is_full ? realloc(list, (n == 0 ? 1 : 2 * n) * size) : list;

	if (bytes == NULL)
		broken(NULL, "the fuzzer is out of memory");
	memset(bytes + n * size, 0, size);
	return bytes;
}

/* ── who and what ── */

unsigned
org_number(const char *name)
{
	unsigned o = 0;

	while (o < ORGS && strcmp(world.orgs[o].name, name) != 0)
		o++;
	return o;
}

static struct consignment **
bucket_of(const struct consign_id *id)
{
	return &world.bucket[((size_t)id->b[14] << 8 | id->b[15]) % (sizeof world.bucket / sizeof *world.bucket)];
}

/* The bytes of old ones go: they are known by their hashes. */
static void
forget_oldest(void)
{
	struct consignment *old = world.n_consignments >= RECENT ? world.recent[world.n_consignments % RECENT] : NULL;

	for (struct version *v = old != NULL ? old->versions : NULL; v != NULL; v = v->next)
		version_forget(v);
}

struct consignment *
consignment_new(unsigned from, const struct consign_id *id)
{
	struct consignment *c = calloc(1, sizeof *c), **bucket = bucket_of(id);

	if (world.recent == NULL)
		world.recent = calloc(RECENT, sizeof *world.recent);
	if (c == NULL || world.recent == NULL)
		broken(NULL, "the fuzzer is out of memory");
	c->id = *id;
	c->from = from;
	c->next = *bucket;
	*bucket = c;
	forget_oldest();
	world.recent[world.n_consignments++ % RECENT] = c;
	return c;
}

struct consignment *
consignment_find(const char *from, const struct consign_id *id)
{
	for (struct consignment *c = *bucket_of(id); c != NULL; c = c->next)
		if (memcmp(c->id.b, id->b, sizeof id->b) == 0 && strcmp(world.orgs[c->from].name, from) == 0)
			return c;
	return NULL;
}

struct version *
version_find(const struct consignment *c, const struct consign_hash *digest)
{
	for (struct version *v = c->versions; v != NULL; v = v->next)
		if (hash_equal(&v->digest, digest))
			return v;
	return NULL;
}

void
version_forget(struct version *v)
{
	buf_clear(&v->frame);
	buf_clear(&v->body);
}

/* ── the policy ── */

const char *
study_name(unsigned study)
{
	static const char *const names[STUDIES + 1] = {"S-1", "S-2", "S-3", "S-9"};

	return names[study];
}

const char *
type_name(unsigned type)
{
	static const char *const names[TYPES] = {"x.note", "x.data", "x.other"};

	return names[type];
}

/* Policy 0 permits all but x.other; 1 has not the last org in S-3; 2 forbids x.data in S-2. The third org is blind, always. */
void
policy_write(unsigned p, FILE *f)
{
	static const char *const roles[ORGS] = {"sponsor", "cdmo", "cro", "smo"};

	fprintf(f, "version: 1\nstudies:\n");
	for (unsigned s = 0; s < STUDIES; s++) {
		fprintf(f, "  - id: %s\n    parties:\n", study_name(s));
		for (unsigned o = 0; o < ORGS; o++)
			if (p != 1 || s != 2 || o != ORGS - 1)
				fprintf(f, "      - {org: %s, roles: [%s], clearance: %s}\n", world.orgs[o].name, roles[o],
				    o == 2 ? "open" : "unblinded");
	}
	fprintf(f, "rules:\n  - {id: all, permit: [x.note, x.data]}\n");
	if (p == 2)
		fprintf(f, "  - {id: not-here, forbid: [x.data], studies: [S-2]}\n");
}

static bool
is_party(unsigned policy, unsigned study, unsigned org)
{
	return policy != 1 || study != 2 || org != ORGS - 1;
}

static enum consign_code
policy_of(const struct version *v, unsigned policy, unsigned to, unsigned type)
{
	if (v->study == STUDIES || !is_party(policy, v->study, v->of->from))
		return CONSIGN_CODE_STUDY_UNKNOWN;
	if (!is_party(policy, v->study, to))
		return CONSIGN_CODE_NOT_A_PARTY;
	if (to == 2 && v->label > CONSIGN_LABEL_OPEN)
		return CONSIGN_CODE_CLEARANCE;
	if (policy == 2 && v->study == 1 && type == 1)
		return CONSIGN_CODE_POLICY_FORBIDDEN;
	return type < TYPES - 1 ? CONSIGN_CODE_NONE : CONSIGN_CODE_POLICY_NO_RULE;
}

/* Rows 7 to 18 of PROTOCOL.md 7.5, in their order. */
enum consign_code
verdict_of(const struct version *v, const struct state *s)
{
	static const enum consign_code before[FLAWS] = {
	    [FLAW_TOO_BIG] = CONSIGN_CODE_TOO_BIG,
	    [FLAW_MALFORMED] = CONSIGN_CODE_MALFORMED,
	    [FLAW_HUB] = CONSIGN_CODE_WRONG_HUB,
	    [FLAW_NAME] = CONSIGN_CODE_SIGNATURE_BAD,
	    [FLAW_KEY] = CONSIGN_CODE_SIGNATURE_BAD,
	    [FLAW_KIND] = CONSIGN_CODE_SIGNATURE_BAD,
	    [FLAW_BODY] = CONSIGN_CODE_BODY_DIGEST,
	    [FLAW_LENGTH] = CONSIGN_CODE_BODY_DIGEST,
	    [FLAW_FUTURE] = CONSIGN_CODE_CLOCK_SKEW,
	    [FLAW_EXPIRED] = CONSIGN_CODE_EXPIRED,
	    [FLAW_AHEAD] = CONSIGN_CODE_TRY_LATER,
	    [FLAW_ROOT] = CONSIGN_CODE_STALE_DOCUMENT,
	    [FLAW_POLICY] = CONSIGN_CODE_STALE_DOCUMENT,
	};
	bool is_first = true;

	if (before[v->flaw] != CONSIGN_CODE_NONE)
		return before[v->flaw];
	if ((s->suspended & 1u << v->of->from) != 0)
		return CONSIGN_CODE_ORG_SUSPENDED;
	for (size_t i = 0; i < v->n_items; i++, is_first = true)
		for (unsigned to = 0; to < ORGS; to++) {
			if ((v->to & 1u << to) == 0)
				continue;
			enum consign_code code = policy_of(v, s->policy, to, v->types[i]);

			if (code == CONSIGN_CODE_NONE && (s->suspended & 1u << to) != 0)
				code = CONSIGN_CODE_ORG_SUSPENDED;
			if (code == CONSIGN_CODE_NONE && is_first && v->flaw == FLAW_SEAL_KEY)
				code = CONSIGN_CODE_STALE_SEAL_KEY;
			if (code != CONSIGN_CODE_NONE)
				return code;
			is_first = false;
		}
	return v->flaw == FLAW_FORK ? CONSIGN_CODE_CHAIN_BROKEN : CONSIGN_CODE_NONE;
}

const struct state *
state_now(void)
{
	return &world.states[world.n_states - 1];
}

void
state_next(struct state s)
{
	world.states = grow(world.states, world.n_states, sizeof *world.states);
	world.states[world.n_states++] = s;
}

bool
verdict_may_be(const struct version *v, size_t since, enum consign_code code)
{
	for (size_t i = since; i < world.n_states; i++)
		if (verdict_of(v, &world.states[i]) == code)
			return true;
	return false;
}

/* ── mailboxes and ledger ── */

static void
check_chain(const struct seat *seat, const struct org *o, uint64_t position)
{
	const struct place *p = &o->places[position], *before = &o->places[position - 1];

	if (position == 1 ? !hash_equal(&p->previous, &o->genesis)
			  : before->mail != NULL && !hash_equal(&p->previous, &before->head))
		broken(seat, "the chain of %s does not lead to position %llu", o->name, (unsigned long long)position);
	if (position + 1 < o->n_places && p[1].mail != NULL && !hash_equal(&p[1].previous, &p->head))
		broken(seat, "the chain of %s does not go on from position %llu", o->name, (unsigned long long)position);
}

void
place_given(const struct seat *seat, unsigned org, struct version *v, const struct mailbox_opening *opening,
    const struct consign_hash *entry)
{
	struct org *o = &world.orgs[org];
	uint64_t position = opening->position;

	if (position == 0 || position > o->n_places + world.n_consignments)
		broken(seat, "position %llu of %s cannot be", (unsigned long long)position, o->name);
	while (o->n_places <= position) {
		o->places = grow(o->places, o->n_places, sizeof *o->places);
		o->n_places++;
	}
	struct place *p = &o->places[position];

	if (p->mail != NULL && p->mail != v)
		broken(seat, "position %llu of %s was given twice", (unsigned long long)position, o->name);
	if (v->of->position[org] != 0 && v->of->position[org] != position)
		broken(seat, "one consignment has positions %llu and %llu of %s", (unsigned long long)v->of->position[org],
		    (unsigned long long)position, o->name);
	if (p->mail != NULL && !hash_equal(&p->previous, &opening->previous))
		broken(seat, "position %llu of %s has two histories", (unsigned long long)position, o->name);
	v->of->position[org] = position;
	p->mail = v;
	p->previous = opening->previous;
	mailbox_next(&opening->previous, position, entry, &p->head);
	check_chain(seat, o, position);
}

void
head_seen(const struct seat *seat, const struct checkpoint *c)
{
	while (world.n_heads <= c->size) {
		world.heads = grow(world.heads, world.n_heads, sizeof *world.heads);
		world.has_head = grow(world.has_head, world.n_heads, sizeof *world.has_head);
		world.n_heads++;
	}
	if (world.has_head[c->size] && !hash_equal(&world.heads[c->size], &c->head))
		broken(seat, "two ledgers of %llu leaves", (unsigned long long)c->size);
	world.heads[c->size] = c->head;
	world.has_head[c->size] = true;
}
