/* Lies that the broker cannot see, because it reads no body; and ids that belong to others. PROTOCOL.md 5.3, 7.7. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "hostile.h"

/* ── what only the consignee sees ── */

static void
an_altered_item(struct liar *l, struct draft *d)
{
	(void)l;
	d->body.data[d->body.len - 1] ^= 1;
}

static void
another_commitment(struct liar *l, struct draft *d)
{
	(void)l;
	d->manifest->items.v[0]->commitment.b[0] ^= 1;
}

static void
a_wrap_of_garbage(struct liar *l, struct draft *d)
{
	(void)l;
	random_bytes(d->body.data, SEAL_WRAP_BYTES);
}

/* Session keys well wrapped, for everybody named, that are not the items'. */
static void
wraps_of_another_key(struct liar *l, const struct draft *d, struct buf *ret_wraps)
{
	struct consign_public_key keys[CONSIGN_CONSIGNEES_MAX];
	struct seal_context context = {.consignment_id = d->manifest->consignment_id};
	struct seal_session *session = NULL;
	struct secret *key = NULL;
	enum consign_err err = secret_new(&key);

	for (size_t i = 0; i < d->manifest->consignees.n; i++)
		keys[i] = sealing_key_of(&l->m->agent, d->manifest->consignees.v[i]->org.s)->key;
	if (err == CONSIGN_OK)
		err = seal_session_new(keys, d->manifest->consignees.n, 0, &session);
	if (err == CONSIGN_OK)
		err = seal_begin(session, &context, key, ret_wraps);
	(void)step(l, err, "another session key");
	seal_session_free(&session);
	secret_free(&key);
}

static void
a_lying_wrap(struct liar *l, struct draft *d)
{
	struct buf wraps = {0};

	wraps_of_another_key(l, d, &wraps);
	memcpy(d->body.data, wraps.data, wraps.len);
	buf_clear(&wraps);
}

static void
a_byte_too_many(struct liar *l, struct draft *d)
{
	(void)l;
	if (buf_append_u8(&d->body, 0) != CONSIGN_OK)
		d->body.len--;
}

static void
a_length_that_reaches_out(struct liar *l, struct draft *d)
{
	(void)l;
	be32_store(d->body.data + SEAL_WRAP_BYTES * d->manifest->consignees.n, UINT32_MAX);
}

static const struct sealed_lie {
	const char *name;
	void (*alter)(struct liar *l, struct draft *d);
	enum consign_code code;
	const char *reason;
} sealed_lies[] = {
    {"an item that was altered", an_altered_item, CONSIGN_CODE_UNSEAL_FAILED, "does not unseal to what its commitment binds"},
    {"a commitment to something else", another_commitment, CONSIGN_CODE_UNSEAL_FAILED,
	"does not unseal to what its commitment binds"},
    {"a wrap of garbage", a_wrap_of_garbage, CONSIGN_CODE_UNSEAL_FAILED, "the session key does not unwrap"},
    {"a lying wrap", a_lying_wrap, CONSIGN_CODE_UNSEAL_FAILED, "does not unseal to what its commitment binds"},
    {"a body of a byte too many", a_byte_too_many, CONSIGN_CODE_MALFORMED, "the body is not laid out as its manifest says"},
    {"an item that reaches out of its body", a_length_that_reaches_out, CONSIGN_CODE_MALFORMED,
	"the body is not laid out as its manifest says"},
};

static void
print_id(const struct liar *l, const struct draft *d)
{
	char text[37];

	id_format(&d->manifest->consignment_id, text);
	printf("id %s.0 %s\n", text, l->lie);
}

/* Signs it as it is now, and it is accepted: the broker sees nothing. */
static bool
pass(struct liar *l, struct draft *d)
{
	struct answer a;

	draft_digest(d);
	if (!step(l, member_sign(l->m, d), "signing") || !step(l, member_ask(l->m, d, ++l->sequence, &a), "an answer"))
		return false;
	if (a.kind != ANSWER_ACCEPTED || a.proof != CONSIGN_OK)
		tell_wrong(
		    l, "the broker said %s: %s, expected it to accept what it cannot see", consign_code_text(a.code), a.detail);
	return a.kind == ANSWER_ACCEPTED;
}

static void
expect_settled(struct liar *l, const struct draft *d, const char *by, enum consign_code code, const char *reason)
{
	struct settled s;

	if (!step(l, member_settled(l->m, &d->manifest->consignment_id, &s), "a delivery receipt"))
		return;
	if (s.proof != CONSIGN_OK || s.is_tombstone || strcmp(s.consignee.s, by) != 0 || s.first.code != (uint32_t)code ||
	    s.first.outcome != (code == CONSIGN_CODE_NONE ? ITEM_ACCEPTED : ITEM_REJECTED) || strcmp(s.reason, reason) != 0)
		tell_wrong(l, "%s says %s: %s (proof %s), expected %s says %s: %s", s.consignee.s,
		    consign_code_text((enum consign_code)s.first.code), s.reason, consign_err_text(s.proof), by,
		    consign_code_text(code), reason);
	else
		tell_ok(l, "%s says %s%s%s", by, consign_code_text(code), reason[0] != '\0' ? ": " : "", reason);
}

/* Of two consignees one is told the truth. Receipts come in any order. */
static void
tell_one_of_two(struct liar *l, const char *truth_for, const char *lie_for)
{
	char both[2 * CONSIGN_ORG_MAX_BYTES + 2];
	struct draft d;
	struct buf wraps = {0};
	struct settled s;

	l->lie = "a wrap that lies to one of two";
	snprintf(both, sizeof both, "%s,%s", truth_for, lie_for);
	if (!honest_draft(l, both, "S1", "for both, as it seems", &d))
		return;
	wraps_of_another_key(l, &d, &wraps);
	memcpy(d.body.data + SEAL_WRAP_BYTES, wraps.data + SEAL_WRAP_BYTES, SEAL_WRAP_BYTES);
	buf_clear(&wraps);
	print_id(l, &d);
	for (unsigned i = 0; i < 2 && (i > 0 || pass(l, &d)); i++) {
		if (!step(l, member_settled(l->m, &d.manifest->consignment_id, &s), "a delivery receipt"))
			break;
		bool is_lied_to = strcmp(s.consignee.s, lie_for) == 0;
		uint32_t code = is_lied_to ? CONSIGN_CODE_UNSEAL_FAILED : CONSIGN_CODE_NONE;

		if (s.proof != CONSIGN_OK || s.first.code != code)
			tell_wrong(l, "%s says %s", s.consignee.s, consign_code_text((enum consign_code)s.first.code));
		else
			tell_ok(l, "%s says %s", s.consignee.s, consign_code_text((enum consign_code)code));
	}
	draft_clear(&d);
}

void
hostile_sealed(struct liar *l, int argc, char **argv)
{
	(void)argc;
	for (size_t i = 0; i < sizeof sealed_lies / sizeof *sealed_lies; i++) {
		const struct sealed_lie *lie = &sealed_lies[i];
		struct draft d;

		l->lie = lie->name;
		if (!honest_draft(l, argv[0], "S1", "what is in it cannot be had", &d))
			return;
		lie->alter(l, &d);
		print_id(l, &d);
		if (pass(l, &d))
			expect_settled(l, &d, argv[0], lie->code, lie->reason);
		draft_clear(&d);
	}
	tell_one_of_two(l, argv[0], argv[1]);
}

/* ── ids of others ── */

/* An honest message but for its id, taken by all n of a list. */
static void
send_under(struct liar *l, struct live_member *m, const struct consign_id *id, const char *to, unsigned n, const char *text)
{
	struct live_member *own = l->m;
	struct draft d = {0};
	struct settled s;

	l->m = m;
	if (be_greeted(l) && step(l, member_draft_note_under(m, id, to, "S1", text, &d), "a draft")) {
		print_id(l, &d);
		for (unsigned i = 0; i < n && (i > 0 || pass(l, &d)); i++) {
			if (!step(l, member_settled(m, id, &s), "a delivery receipt"))
				break;
			if (s.proof == CONSIGN_OK && s.first.outcome == ITEM_ACCEPTED)
				tell_ok(l, "%s has taken it", s.consignee.s);
			else
				tell_wrong(l, "%s says %s: %s", s.consignee.s, consign_code_text((enum consign_code)s.first.code),
				    s.reason);
		}
	}
	draft_clear(&d);
	l->m = own;
}

/* Under the id of mail that came here and to somebody else: to that one, and to its consignor. */
static void
squat_after(struct liar *l, const char *to)
{
	struct mail mail = {0};
	char both[2 * CONSIGN_ORG_MAX_BYTES + 2];
	bool is_shared = false;

	l->lie = "the id of mail that came here";
	while (!is_shared) {
		mail_clear(&mail);
		if (!be_greeted(l) || !step(l, member_mail(l->m, &mail), "mail for two") ||
		    !step(l, member_acknowledge(l->m, &mail), "its receipt"))
			return;
		if (mail.v.outcome != VERIFY_TAKE) {
			tell_wrong(l, "the mail is not what an honest agent takes: %s", mail.v.why);
			break;
		}
		is_shared = mail.v.manifest->consignees.n == 2;
	}
	if (is_shared) {
		snprintf(both, sizeof both, "%s,%s", to, mail.v.manifest->consignor.s);
		send_under(l, l->m, &mail.v.manifest->consignment_id, both, 2, "from the squatter");
	}
	mail_clear(&mail);
}

void
hostile_squat(struct liar *l, int argc, char **argv)
{
	struct live_member *second = NULL;
	struct consign_id id;
	uint8_t random[10];

	if (argc == 1) {
		squat_after(l, argv[0]);
		return;
	}
	random_bytes(random, sizeof random);
	id_make(clock_wall_us(l->m->agent.clock), random, &id);
	l->lie = "an id that another will use";
	send_under(l, l->m, &id, argv[0], 1, "from the squatter, who was first");
	l->lie = "that other, in good faith";
	if (step(l, member_open(argv[1], &second), "the other home"))
		send_under(l, second, &id, argv[0], 1, "from the other, who was second");
	member_close(&second);
}
