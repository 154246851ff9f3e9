/* Deliveries of organisations that are not what they were: compromised, suspended, without clearance or role (verify_fixture.h).
 */
#include "verify_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void
change_member(struct fixture *t, const char *org, enum member_status status, uint64_t since)
{
	fixture_org(&t->f, org)->member.status = status;
	fixture_org(&t->f, org)->member.compromised_since = since;
	fixture_directory(&t->f, FIXTURE_ALL_SIGN);
	fixture_root(&t->f, FIXTURE_ALL_SIGN);
	learn(t);
}

/* After the acceptance: proofs and checkpoint are made anew, since the ledger has grown. */
static void
consignor_compromised(struct delivery *d)
{
	change_member(d->t, "acme", MEMBER_COMPROMISED, d->statement.leaf->index);
	prove(d);
}

static void
consignor_compromised_later(struct delivery *d)
{
	change_member(d->t, "acme", MEMBER_COMPROMISED, d->statement.leaf->index + 1);
	prove(d);
}

static void
we_are_compromised(struct delivery *d)
{
	change_member(d->t, "bolt", MEMBER_COMPROMISED, 1);
	prove(d);
}

static void
consignor_suspended(struct delivery *d)
{
	change_member(d->t, "acme", MEMBER_SUSPENDED, 0);
	prove(d);
}

/* Before the acceptance: the directory in force at its leaf. */
static void
accepted_though_suspended(struct delivery *d)
{
	change_member(d->t, "acme", MEMBER_SUSPENDED, 0);
}

static void
accepted_though_compromised(struct delivery *d)
{
	change_member(d->t, "acme", MEMBER_COMPROMISED, 1);
}

static void
restricted(struct delivery *d)
{
	d->m->label = CONSIGN_LABEL_RESTRICTED;
}

static void
clearance_lowered(struct delivery *d)
{
	static const char lower[] = "studies:\n"
				    "  - id: one\n"
				    "    title: First\n"
				    "    parties:\n"
				    "      - {org: acme, roles: [sponsor], clearance: unblinded}\n"
				    "      - {org: bolt, roles: [cro], clearance: open}\n"
				    "rules:\n"
				    "  - {id: notes, permit: [x.note]}\n";

	fixture_policy(&d->t->f, lower, FIXTURE_ALL_SIGN);
	fixture_root(&d->t->f, FIXTURE_ALL_SIGN);
	learn(d->t);
	prove(d);
}

static void
no_party_any_more(struct delivery *d)
{
	leave_study(d->t);
	learn(d->t);
	prove(d);
}

const struct verify_case verify_cases_standing[] = {
    {"a consignor compromised before", NULL, NULL, consignor_compromised, VERIFY_REJECT, CONSIGN_CODE_COMPROMISED},
    {"a consignor compromised after", NULL, NULL, consignor_compromised_later, VERIFY_TAKE, 0},
    {"a consignor suspended since", NULL, NULL, consignor_suspended, VERIFY_TAKE, 0},
    {"a consignor suspended before", accepted_though_suspended, NULL, NULL, VERIFY_ACCUSE, 0},
    {"a consignor compromised in the directory in force", accepted_though_compromised, NULL, NULL, VERIFY_ACCUSE, 0},
    {"ourselves compromised", NULL, NULL, we_are_compromised, VERIFY_REJECT, CONSIGN_CODE_COMPROMISED},
    {"a clearance that covers", restricted, NULL, NULL, VERIFY_TAKE, 0},
    {"a clearance lowered since", restricted, NULL, clearance_lowered, VERIFY_REJECT, CONSIGN_CODE_CLEARANCE},
    {"no party any more, with open mail", NULL, NULL, no_party_any_more, VERIFY_TAKE, 0},
    {"no party any more, with mail above it", restricted, NULL, no_party_any_more, VERIFY_REJECT, CONSIGN_CODE_CLEARANCE},
    {NULL, NULL, NULL, NULL, VERIFY_TAKE, 0},
};
