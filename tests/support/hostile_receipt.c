/* Acknowledging what it never got. PROTOCOL.md 7.7. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hostile.h"

#define NOT_ON_ITS_WAY "a delivery receipt for mail that is not on its way"
#define OTHER_MAIL "a delivery receipt for other mail than was delivered at its position"
#define OTHER_OWNER "a delivery receipt of another hub or organisation"
#define OTHER_HISTORY "a delivery receipt has seen a root or a ledger that this hub never had"
#define NOT_VERIFIED "a delivery receipt's signature does not verify"

static void
a_position_to_come(struct liar *l, struct receipt *r)
{
	(void)l;
	r->content->position += 1000;
}

static void
anothers_position(struct liar *l, struct receipt *r)
{
	(void)l;
	snprintf(r->content->consignee.s, sizeof r->content->consignee.s, "acme");
}

static void
another_hub(struct liar *l, struct receipt *r)
{
	(void)l;
	r->content->hub_id.b[0] ^= 1;
}

static void
another_digest(struct liar *l, struct receipt *r)
{
	(void)l;
	r->content->manifest_digest.b[0] ^= 1;
}

static void
another_id(struct liar *l, struct receipt *r)
{
	(void)l;
	r->content->consignment_id.b[15] ^= 1;
}

static void
another_consignor(struct liar *l, struct receipt *r)
{
	(void)l;
	snprintf(r->content->consignor.s, sizeof r->content->consignor.s, "globalcro");
}

static void
another_ledger(struct liar *l, struct receipt *r)
{
	(void)l;
	r->content->seen->checkpoint->hash.b[0] ^= 1;
}

static void
a_longer_ledger(struct liar *l, struct receipt *r)
{
	(void)l;
	r->content->seen->checkpoint->size += 1000;
}

static void
another_root(struct liar *l, struct receipt *r)
{
	(void)l;
	r->content->seen->root->hash.b[0] ^= 1;
}

static void
a_root_to_come(struct liar *l, struct receipt *r)
{
	(void)l;
	r->content->seen->root->version++;
}

static void
no_signature(struct liar *l, struct receipt *r)
{
	(void)l;
	r->receipt.signature.b[0] ^= 1;
}

static void
a_manifests_signature(struct liar *l, struct receipt *r)
{
	struct consign_key_id id;

	sign_make(
	    agent_signing_key(&l->m->agent, &id), SIGN_MANIFEST, &l->m->agent.hub_id, r->receipt.content, &r->receipt.signature);
}

static void
garbage(struct liar *l, struct receipt *r)
{
	static const uint8_t bytes[64] = {0xff};

	(void)l;
	r->receipt.content = SLICE_ARRAY(bytes);
}

static const struct receipt_lie {
	const char *name;
	void (*before)(struct liar *l, struct receipt *r); /* it is signed; NULL */
	void (*after)(struct liar *l, struct receipt *r);  /* it was signed; NULL */
	enum consign_code code;
	const char *detail;
} lies[] = {
    {"a position that was never delivered", a_position_to_come, NULL, CONSIGN_CODE_STATE, NOT_ON_ITS_WAY},
    {"in another's name", anothers_position, NULL, CONSIGN_CODE_STATE, OTHER_OWNER},
    {"for another hub", another_hub, NULL, CONSIGN_CODE_STATE, OTHER_OWNER},
    {"another digest", another_digest, NULL, CONSIGN_CODE_STATE, OTHER_MAIL},
    {"another consignment", another_id, NULL, CONSIGN_CODE_STATE, OTHER_MAIL},
    {"another consignor's", another_consignor, NULL, CONSIGN_CODE_STATE, OTHER_MAIL},
    {"another ledger seen", another_ledger, NULL, CONSIGN_CODE_CHAIN_BROKEN, OTHER_HISTORY},
    {"a longer ledger seen", a_longer_ledger, NULL, CONSIGN_CODE_CHAIN_BROKEN, OTHER_HISTORY},
    {"another root seen", another_root, NULL, CONSIGN_CODE_CHAIN_BROKEN, OTHER_HISTORY},
    {"a root that is none yet seen", a_root_to_come, NULL, CONSIGN_CODE_CHAIN_BROKEN, OTHER_HISTORY},
    {"an altered signature", NULL, no_signature, CONSIGN_CODE_STATE, NOT_VERIFIED},
    {"a signature for a manifest", NULL, a_manifests_signature, CONSIGN_CODE_STATE, NOT_VERIFIED},
    {"garbage, signed", NULL, garbage, CONSIGN_CODE_MALFORMED, "a delivery receipt is malformed"},
};

static bool
get_mail(struct liar *l, struct mail *ret_mail, struct receipt *ret_receipt)
{
	return be_greeted(l) && step(l, member_mail(l->m, ret_mail), "mail") &&
	       step(l, member_receipt(l->m, ret_mail, ret_receipt), "an honest receipt");
}

static void
tell(struct liar *l, const struct receipt_lie *lie)
{
	struct mail mail;
	struct receipt r, *list = &r;

	l->lie = lie->name;
	if (!get_mail(l, &mail, &r))
		return;
	if (lie->before != NULL) {
		lie->before(l, &r);
		if (!step(l, member_sign_receipt(l->m, &r), "signing"))
			return;
	}
	if (lie->after != NULL)
		lie->after(l, &r);
	if (step(l, member_delivered(l->m, &list, 1), "saying it"))
		expect_bye(l, lie->code, lie->detail);
	receipt_clear(&r);
	mail_clear(&mail);
}

/* What waits in its mailbox behind a window that is full is not on its way yet: its digest is no secret to who sent it with us.
 */
static void
tell_too_early(struct liar *l)
{
	struct mail first, second;
	struct receipt r, *list = &r;

	l->lie = "mail that waits and was not sent in this session";
	if (!be_greeted(l) || !step(l, member_mail(l->m, &first), "the first") ||
	    !step(l, member_mail(l->m, &second), "the second") || !step(l, member_receipt(l->m, &second, &r), "a receipt"))
		return;
	l->m->window_consignments = 1;
	if (step(l, member_greet(l->m), "a session with a window of one") &&
	    step(l, member_delivered(l->m, &list, 1), "saying it"))
		expect_bye(l, CONSIGN_CODE_STATE, NOT_ON_ITS_WAY);
	l->m->window_consignments = 64;
	receipt_clear(&r);
	mail_clear(&first);
	mail_clear(&second);
}

/*
 * The first is taken, the second beside it means nothing, the third is for mail that is settled. A receipt is durable some milliseconds
 * after it was taken: until then the mail comes once more in the next session, and a receipt for it is none too many.
 */
static void
tell_twice(struct liar *l)
{
	struct mail mail;
	struct receipt r, *list[] = {&r, &r};
	bool is_through = true;

	l->lie = "the same mail twice in one breath, then again";
	if (!get_mail(l, &mail, &r))
		return;
	if (step(l, member_delivered(l->m, list, 2), "saying it") && step(l, member_ping(l->m), "a ping behind it"))
		tell_ok(l, "taken once");
	for (unsigned tries = 0; is_through && tries < 100; tries++) {
		if (!step(l, member_greet(l->m), "the next session") || !step(l, member_delivered(l->m, list, 1), "saying it again"))
			break;
		is_through = member_ping(l->m) == CONSIGN_OK;
	}
	expect_bye(l, CONSIGN_CODE_STATE, NOT_ON_ITS_WAY);
	receipt_clear(&r);
	mail_clear(&mail);
}

/* Receipts that the broker cannot find fault with, because it reads no verdict: what they do to the consignor. */
static void
a_verdict_on_nothing(struct receipt *r)
{
	r->content->verdicts.v[0]->index = 77;
}

static void
a_rejection_that_deceives(struct receipt *r)
{
	static const char reason[] = "no \xe2\x80\xae deraeppa ti sa";

	*r->content->verdicts.v[0] = (struct item_verdict){
	    .outcome = ITEM_REJECTED, .code = CONSIGN_CODE_TYPE_INVALID, .reason = slice_of(reason, sizeof reason - 1)};
	r->content->at_us = INT64_MAX;
	r->content->attempt = UINT32_MAX;
	r->content->mailbox_head = (struct consign_hash){0};
}

void
hostile_verdicts(struct liar *l, int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*alter)(struct receipt *r);
	} verdicts[] = {{"a verdict on an item that is none", a_verdict_on_nothing},
	    {"a rejection that deceives the eye", a_rejection_that_deceives}};

	(void)argc;
	(void)argv;
	for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++) {
		struct mail mail;
		struct receipt r, *list = &r;

		l->lie = verdicts[i].name;
		if (!get_mail(l, &mail, &r))
			return;
		verdicts[i].alter(&r);
		if (step(l, member_sign_receipt(l->m, &r), "signing") && step(l, member_delivered(l->m, &list, 1), "saying it") &&
		    step(l, member_ping(l->m), "a ping behind it"))
			tell_ok(l, "carried");
		receipt_clear(&r);
		mail_clear(&mail);
	}
}

void
hostile_receipts(struct liar *l, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	for (size_t i = 0; i < sizeof lies / sizeof *lies; i++)
		tell(l, &lies[i]);
	tell_too_early(l);
	tell_twice(l);
}
