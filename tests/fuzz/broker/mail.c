/* Deliveries, held against what was accepted; and the receipts that are said of them. See world.h. */
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "ledger/statement.h"
#include "world.h"

#define GIVEN_MAX 6u

void
received_free(struct received **list)
{
	while (*list != NULL) {
		struct received *r = *list;

		*list = r->next;
		mail_clear(&r->mail);
		free(r);
	}
}

/* ── what comes ── */

/* Everything between two deliveries of a session was acknowledged before; and what was settled for good does not come again. */
static void
check_order(struct seat *s, uint64_t position)
{
	struct org *o = &world.orgs[s->org];
	bool is_redelivery = s->again > 0 && position <= s->position && position >= s->again;

	if (position <= s->position && !is_redelivery)
		broken(s, "position %llu comes after %llu", (unsigned long long)position, (unsigned long long)s->position);
	for (uint64_t p = is_redelivery ? s->again : s->position + 1; p < position; p++)
		if (p >= o->n_places || o->places[p].n_said == 0)
			broken(s, "position %llu was left out before %llu", (unsigned long long)p, (unsigned long long)position);
	if (is_redelivery) {
		s->again = 0;
		s->must_again = false;
		received_free(&s->got); /* to the broker these are not on their way any more */
		received_free(&s->given);
	}
	s->position = position;
}

static void
check_window(struct seat *s)
{
	uint64_t bytes = 0;
	size_t n = 0;

	for (const struct received *r = s->got; r != NULL; r = r->next) {
		if (r->position <= s->landed_to)
			continue;
		n++;
		bytes += r->bytes;
	}
	if (s->again == 0 && !s->is_bent && n > 0 && (n >= s->m->window_consignments || bytes >= s->window_bytes))
		broken(s, "%zu consignments of %llu bytes are on their way, and one more comes", n, (unsigned long long)bytes);
}

/* Policy 1 takes the last org out of S-3: what it was sent there before, above open, it then takes no more (PROTOCOL.md 7.7, rule (e)). */
static bool
is_of_study_left(const struct seat *s, const struct mail *mail)
{
	const struct verified *v = &mail->v;
	const struct hub_policy *newest = hub_policy(s->m->agent.hub);

	return v->outcome == VERIFY_REJECT && v->code == CONSIGN_CODE_CLEARANCE && v->manifest->label > CONSIGN_LABEL_OPEN && s->org == ORGS - 1 &&
	       strcmp(v->manifest->study.s, study_name(2)) == 0 &&
	       !policy_is_party(newest->policy, v->manifest->study.s, world.orgs[s->org].name);
}

/* What documents were missing is fetched, as an agent does; then it is looked at again. */
static bool
verify_again(struct seat *s, struct mail *mail)
{
	for (int i = 0; i < 4 && mail->v.outcome == VERIFY_HOLD; i++) {
		struct session_fetch fetch = mail->v.fetch;

		note(s, "fetches for mail: %s", mail->v.why);
		if (!seat_ok(s, member_fetch(s->m, &fetch)))
			return false;
		if (verify_delivery(&s->m->agent, mail->deliver, mail->manifest, mail->body, &mail->heard->checkpoint,
			mail->arena, &mail->v) != CONSIGN_OK)
			broken(s, "a delivery cannot be verified");
	}
	if (mail->v.outcome != VERIFY_TAKE && !is_of_study_left(s, mail))
		broken(s, "position %llu would be accused or rejected: %s", (unsigned long long)mail->deliver->position,
		    mail->v.why);
	for (size_t i = 0; mail->v.manifest != NULL && i < mail->v.manifest->items.n; i++)
		if (mail->v.item_codes[i] != CONSIGN_CODE_NONE)
			broken(s, "the policy at its leaf does not permit position %llu",
			    (unsigned long long)mail->deliver->position);
	return true;
}

static struct version *
version_of(struct seat *s, const struct mail *mail)
{
	const struct accepted_record *a = mail->v.accepted;
	struct consignment *c = consignment_find(a->consignor.s, &a->consignment_id);
	struct version *v = c == NULL ? NULL : version_find(c, &a->manifest_digest);

	if (v == NULL)
		broken(s, "a delivery of what nobody submitted");
	if ((v->to & 1u << s->org) == 0)
		broken(s, "a delivery to who is no consignee of it");
	if (c->accepted != v && v->under_way == 0 && !v->is_uncertain)
		broken(s, "a delivery of what was refused, or never submitted");
	if (c->accepted != NULL && c->accepted != v)
		broken(s, "a delivery of another version than was accepted");
	return v;
}

static void
check_promise(struct seat *s, const struct mail *mail, struct version *v)
{
	struct consignment *c = v->of;
	struct consign_hash entry, receipt, hash;
	const struct statement *st = mail->deliver->statement;

	tree_entry(&st->leaf->salt, st->leaf->record, &entry);
	statement_hash(st, &receipt);
	if (c->accepted != NULL && (c->leaf != st->leaf->index || !hash_equal(&c->receipt, &receipt)))
		broken(s, "a delivery under another acceptance than its consignor's: leaf %llu, not %llu",
		    (unsigned long long)st->leaf->index, (unsigned long long)c->leaf);
	if (c->accepted == NULL) {
		c->accepted = v;
		c->receipt = receipt;
		c->leaf = st->leaf->index;
	}
	place_given(s, s->org, v, mail->v.opening, &entry);
	if (mail->v.tombstone != NULL)
		return;
	hash_sha256(mail->manifest, &hash);
	bool is_same = hash_equal(&hash, &v->frame_hash);

	hash_sha256(mail->body, &hash);
	if (!is_same || !hash_equal(&hash, &v->body_hash))
		broken(s, "position %llu is not what was submitted", (unsigned long long)mail->deliver->position);
}

static void
check_life(struct seat *s, const struct mail *mail, struct place *p)
{
	bool is_tombstone = mail->v.tombstone != NULL;

	if (is_tombstone && p->mail->expires_us > clock_wall_us(s->m->agent.clock))
		broken(s, "a tombstone of what has not expired");
	if (!is_tombstone && p->is_gone)
		broken(s, "position %llu comes back from its tombstone", (unsigned long long)mail->deliver->position);
	if (!p->is_buried && p->settled_leaf != 0 && p->settled_move < s->opened_move)
		broken(s, "position %llu is delivered after it was settled", (unsigned long long)mail->deliver->position);
	p->is_gone = p->is_gone || is_tombstone;
	p->is_buried = p->is_buried || is_tombstone;
}

static bool
take_one(struct seat *s)
{
	struct mail mail = {0};

	if (!seat_ok(s, member_mail(s->m, &mail)))
		return false;
	uint64_t position = mail.deliver->position;
	struct received *r = calloc(1, sizeof *r), *dropped = NULL, **end = &s->got;

	note(s, "  gets position %llu%s", (unsigned long long)position, mail.deliver->tombstone != NULL ? ", a tombstone" : "");
	if (r == NULL || position == 0)
		broken(s, "position 0, or the fuzzer is out of memory");
	check_order(s, position);
	check_window(s);
	r->mail = mail;
	r->position = position;
	r->bytes = mail.manifest.len + mail.body.len;
	if (s->must_again)
		end = &dropped; /* said before the broker read what we asked for: it comes again */
	while (*end != NULL)
		end = &(*end)->next;
	*end = r;
	if (!verify_again(s, &r->mail)) {
		received_free(&dropped);
		return false;
	}
	check_promise(s, &r->mail, version_of(s, &r->mail));
	check_life(s, &r->mail, &world.orgs[s->org].places[position]);
	received_free(&dropped);
	world.delivered++;
	return true;
}

static bool
has_mail(const struct seat *s)
{
	for (const struct heard *h = s->m->heard; h != NULL; h = h->next)
		if (h->command->deliver != NULL)
			return true;
	return false;
}

bool
mail_take(struct seat *s)
{
	if (!seat_settle(s))
		return false;
	while (has_mail(s))
		if (!take_one(s))
			return false;
	return true;
}

/* ── what is said of it ── */

static void
reject_some(struct receipt *r)
{
	for (size_t i = 0; i < r->content->verdicts.n; i++)
		if (one_in(2))
			*r->content->verdicts.v[i] = (struct item_verdict){.index = r->content->verdicts.v[i]->index,
			    .outcome = ITEM_REJECTED,
			    .code = CONSIGN_CODE_TYPE_INVALID,
			    .reason = slice_text("it is not of its type")};
}

static void
write_receipt(struct seat *s, const struct received *got, struct receipt *r)
{
	struct place *p = &world.orgs[s->org].places[got->position];
	enum consign_err err = member_receipt(s->m, &got->mail, r);

	if (err == CONSIGN_OK && got->mail.v.tombstone == NULL && one_in(4)) {
		reject_some(r);
		err = member_sign_receipt(s->m, r);
	}
	if (err != CONSIGN_OK)
		broken(s, "%s", s->m->problem);
	p->said = grow(p->said, p->n_said, sizeof *p->said);
	struct said *said = &p->said[p->n_said++];

	said->session = s->session;
	said->nth = ++world.receipts;
	hash_sha256_2(r->receipt.content, SLICE_ARRAY(r->receipt.signature.b), &said->hash);
}

static bool
say_receipts(struct seat *s, struct received *const *got, size_t n, bool in_one)
{
	struct receipt *receipts = calloc(n, sizeof *receipts), **list = calloc(n, sizeof *list);
	bool is_ok = true;

	if (receipts == NULL || list == NULL)
		broken(s, "the fuzzer is out of memory");
	for (size_t i = 0; i < n; i++) {
		write_receipt(s, got[i], &receipts[i]);
		list[i] = &receipts[i];
		note(s, "acknowledges %llu", (unsigned long long)got[i]->position);
	}
	for (size_t i = 0; is_ok && i < n; i += in_one ? n : 1)
		is_ok = seat_ok(s, member_delivered(s->m, &list[i], in_one ? n : 1));
	for (size_t i = 0; i < n; i++)
		receipt_clear(&receipts[i]);
	free(receipts);
	free(list);
	return is_ok;
}

static struct received *
take_any(struct received **list)
{
	size_t n = 0;
	struct received **at = list, *r;

	for (r = *list; r != NULL; r = r->next)
		n++;
	for (size_t i = one_in(2) ? 0 : pick((uint32_t)n); i > 0; i--)
		at = &(*at)->next;
	r = *at;
	*at = r->next;
	r->next = NULL;
	return r;
}

bool
mail_acknowledge(struct seat *s, size_t n, bool in_one)
{
	struct received *got[CONSIGN_BATCH_MAX];
	size_t taken = 0;

	while (taken < n && taken < CONSIGN_BATCH_MAX && s->got != NULL)
		got[taken++] = take_any(&s->got);
	if (taken == 0)
		return true;
	if (s->again > 0) /* these may have been on their way when it was asked for */
		s->may_say |= UINT64_C(1) << CONSIGN_CODE_STATE;
	bool is_ok = say_receipts(s, got, taken, in_one);

	for (size_t i = 0; i < taken; i++) {
		size_t kept = 0;

		if (s->again > 0 && got[i]->position > s->landed_to)
			s->landed_to = got[i]->position;

		got[i]->next = is_ok ? s->given : NULL;
		if (!is_ok) {
			received_free(&got[i]);
			continue;
		}
		s->given = got[i];
		for (struct received **at = &s->given; *at != NULL; at = &(*at)->next)
			if (++kept > GIVEN_MAX) {
				received_free(at);
				break;
			}
	}
	return is_ok;
}

bool
mail_redeliver(struct seat *s)
{
	if (s->position == 0 || s->again > 0) /* one request at a time: it is not said which one is answered */
		return true;
	s->again = s->floor = 1 + pick((uint32_t)s->position);
	note(s, "asks for its mail again, from position %llu", (unsigned long long)s->again);
	for (uint64_t p = s->again; p <= s->position; p++)
		s->must_again = s->must_again || world.orgs[s->org].places[p].n_said == 0;
	received_free(&s->got); /* to the broker these are not on their way any more */
	received_free(&s->given);
	return seat_ok(
	    s, member_say(s->m, &(struct session_command){.fetch = &(struct session_fetch){.redeliver_from = s->again}}));
}

static bool
is_acknowledged(const struct seat *s)
{
	const struct org *o = &world.orgs[s->org];

	for (size_t p = s->floor > 0 ? s->floor : 1; p < o->n_places; p++)
		if (o->places[p].n_said == 0)
			return false;
	return true;
}

bool
mail_await(struct seat *s)
{
	const struct consign_clock *clock = s->m->agent.clock;
	uint64_t until = clock_steady_us(clock) + (uint64_t)s->m->wait_ms * 1000;

	note(s, "takes all its mail");
	if (s->is_starved && !seat_ok(s, member_credit(s->m, 0, s->window_bytes)))
		return false;
	s->is_starved = false;
	while (!is_acknowledged(s)) {
		if (clock_steady_us(clock) > until)
			broken(s, "what was accepted for it does not come: it has positions up to %llu",
			    (unsigned long long)s->position);
		if (!mail_take(s) || !mail_acknowledge(s, CONSIGN_BATCH_MAX, one_in(2)))
			return false;
	}
	return seat_settle(s);
}

/* While its first receipt waits for its commit, the second is passed over; after that it is for mail that is not on its way. */
bool
mail_acknowledge_again(struct seat *s)
{
	if (s->given == NULL)
		return true;
	s->may_say |= UINT64_C(1) << CONSIGN_CODE_STATE;
	return say_receipts(s, &s->given, 1, true) && seat_settle(s);
}

bool
mail_confirm(struct seat *s)
{
	struct session_confirm confirm = {s->cursor};

	if (s->cursor == 0)
		return true;
	note(s, "confirms %llu", (unsigned long long)s->cursor);
	s->cursor = 0;
	s->is_confirmed = true;
	return seat_ok(s, member_say(s->m, &(struct session_command){.confirm = &confirm}));
}
