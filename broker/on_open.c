/* open → challenge; hello → welcome, documents, and then what was asked for. PROTOCOL.md 7.3. */
#include "broker.h"

#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "core/log.h"
#include "freshness.h"
#include "watching.h"

#define PROTOCOL_VERSION 1u

void
on_open(struct broker *b, struct request *r)
{
	const struct session_open *open = r->command->open;
	struct session *s = r->session;
	bool speaks = false;

	for (size_t i = 0; i < open->versions.n; i++)
		speaks = speaks || open->versions.v[i] == PROTOCOL_VERSION;
	if (!speaks) {
		say_bye(b, s, CONSIGN_CODE_STATE, "this broker speaks session protocol 1");
		return;
	}
	if (memcmp(open->hub_id.b, b->hub_id.b, sizeof open->hub_id.b) != 0) {
		say_bye(b, s, CONSIGN_CODE_WRONG_HUB, "this is another hub");
		return;
	}
	random_bytes(s->nonce.b, sizeof s->nonce.b);
	s->state = SESSION_CHALLENGED;
	struct session_challenge c = {.version = PROTOCOL_VERSION, .nonce = s->nonce, .now_us = clock_wall_us(b->clock)};

	say(b, s, &(struct session_command){.challenge = &c});
}

/* What a hello's signature covers: transport key, our nonce, party, name (the hub id is in the domain). */
static enum consign_err
check_signature(struct broker *b, const struct session *s, const struct session_hello *h, const struct consign_public_key *key)
{
	struct consign_signature signature;
	uint8_t signed_bytes[32 + 32 + 1 + CONSIGN_ORG_MAX_BYTES];
	size_t name = strlen(h->name);

	if (h->signature.len != sizeof signature.b)
		return CONSIGN_E_BAD_SIGNATURE;
	memcpy(signature.b, h->signature.data, sizeof signature.b);
	memcpy(signed_bytes, s->route.key.b, 32);
	memcpy(signed_bytes + 32, s->nonce.b, 32);
	signed_bytes[64] = (uint8_t)h->party;
	memcpy(signed_bytes + 65, h->name, name);
	return sign_verify(key, SIGN_HELLO, &b->hub_id, slice_of(signed_bytes, 65 + name), &signature);
}

static bool
hello_key_id(const struct session_hello *h, struct consign_key_id *ret_id)
{
	if (h->key_id.len != sizeof ret_id->b)
		return false;
	memcpy(ret_id->b, h->key_id.data, sizeof ret_id->b);
	return true;
}

static enum consign_code
hello_agent(struct broker *b, struct session *s, const struct session_hello *h, const char **why)
{
	const struct hub_card *card = hub_card_by_transport(b->hub, &s->route.key);
	const struct member *member = card == NULL ? NULL : hub_member(hub_directory(b->hub), card->card->org.s);
	struct consign_key_id id;

	*why = "this connection's key is not that of an active organisation of this name";
	if (card == NULL || strcmp(card->card->org.s, h->name) != 0 || member == NULL)
		return CONSIGN_CODE_DENIED;
	if (member->status != MEMBER_ACTIVE && member->status != MEMBER_ENDED)
		return member->status == MEMBER_COMPROMISED ? CONSIGN_CODE_COMPROMISED : CONSIGN_CODE_ORG_SUSPENDED;
	const struct valid_key *key = hello_key_id(h, &id) ? card_signing_key(card->card, &id) : NULL;

	*why = "the hello is not signed by a key of the organisation's card";
	if (key == NULL || check_signature(b, s, h, &key->key) != CONSIGN_OK)
		return CONSIGN_CODE_SIGNATURE_BAD;
	if (h->window_consignments == 0 || h->window_bytes == 0) {
		*why = "an agent must grant some window";
		return CONSIGN_CODE_MALFORMED;
	}
	s->had_ended = member->status == MEMBER_ENDED;
	return CONSIGN_CODE_NONE;
}

static enum consign_code
hello_admin(struct broker *b, struct session *s, const struct session_hello *h, const char **why)
{
	const struct admin *admin = hub_admin_by_transport(b->hub, &s->route.key);

	*why = "this connection's key is not that of an administrator of this name";
	if (admin == NULL || strcmp(admin->name, h->name) != 0)
		return CONSIGN_CODE_DENIED;
	*why = "the hello is not signed by the administrator's key";
	return check_signature(b, s, h, &admin->signing_key) == CONSIGN_OK ? CONSIGN_CODE_NONE : CONSIGN_CODE_SIGNATURE_BAD;
}

static enum consign_code
hello_joining(struct broker *b, struct session *s, const struct session_hello *h, const char **why)
{
	*why = "the invite is unknown, used or expired";
	for (const struct invited *i = b->invited; i != NULL; i = i->next)
		if (memcmp(i->notice.transport_key.b, s->route.key.b, sizeof s->route.key.b) == 0 && strcmp(i->notice.org.s, h->name) == 0
		    && i->notice.expires_us > clock_wall_us(b->clock))
			return CONSIGN_CODE_NONE;
	return CONSIGN_CODE_INVITE_UNKNOWN;
}

/* The newest session of an org delivers; the one before it is told why it ends. */
static void
supersede(struct broker *b, struct session *s)
{
	struct session *old = sessions_agent(b->sessions, s->name);

	if (old != NULL && old != s)
		say_bye(b, old, CONSIGN_CODE_SUPERSEDED, "a newer session of this organisation took over");
	uint64_t now = clock_wall_us(b->clock);

	b->epoch = now > b->epoch ? now : b->epoch + 1;
	s->epoch = b->epoch;
}

/* What is on its way is in our memory, too: what a peer grants beyond that is of no use. */
static uint64_t
at_most_a_window(uint64_t bytes)
{
	return bytes < CONSIGN_WINDOW_BYTES ? bytes : CONSIGN_WINDOW_BYTES;
}

static bool
open_window(struct session *s, const struct session_hello *h)
{
	s->window_consignments = h->window_consignments < CONSIGN_BATCH_MAX ? h->window_consignments : CONSIGN_BATCH_MAX;
	s->window_bytes = at_most_a_window(h->window_bytes);
	free(s->in_flight);
	s->in_flight = calloc(s->window_consignments, sizeof *s->in_flight);
	s->n_in_flight = 0;
	s->bytes_in_flight = 0;
	return s->in_flight != NULL;
}

static void
tell_history(struct broker *b, const struct session *s, const char *what)
{
	watching_tell(b, &(struct admin_event){.kind = "accused", .org = slice_text(s->name), .subject = slice_text("broker"),
	    .code = CONSIGN_CODE_CHAIN_BROKEN, .detail = slice_text(what)});
}

/* A peer that has seen a larger or other ledger than ours: it will find out; the operator here should know too. False: it has. */
static bool
compare_histories(struct broker *b, const struct session *s, const struct session_hello *h)
{
	struct consign_hash mine;

	if (h->checkpoint == NULL)
		return true;
	if (ledger_head_at(b->ledger, h->checkpoint->size, &mine) != CONSIGN_OK) {
		tell_history(b, s, "has verified a longer ledger than this one: was an old backup restored?");
		log_event(LOG_ERROR, "history.shorter", "name", "s", s->name, "theirs", "u", h->checkpoint->size, "ours", "u",
		    ledger_checkpoint(b->ledger)->size, "hint", "s", "was an old backup restored?", NULL);
		return false;
	} else if (!hash_equal(&mine, &h->checkpoint->hash)) {
		tell_history(b, s, "has verified another ledger than this one");
		log_event(LOG_ERROR, "history.differs", "name", "s", s->name, "size", "u", h->checkpoint->size, NULL);
		return false;
	}
	return true;
}

/* What it says it has is what we would send only if we both speak of one ledger. */
static void
take_documents_size(struct broker *b, struct session *s, const struct session_hello *h)
{
	bool is_one_history = compare_histories(b, s, h);

	if (is_one_history && h->party == PARTY_AGENT && h->checkpoint != NULL && h->documents_size <= h->checkpoint->size)
		s->documents_size = h->documents_size;
}

void
on_hello(struct broker *b, struct request *r)
{
	static const struct {
		enum consign_code (*check)(struct broker *, struct session *, const struct session_hello *, const char **);
		enum session_state state;
	} parties[] = {
	    [PARTY_AGENT] = {hello_agent, SESSION_AGENT},
	    [PARTY_ADMIN] = {hello_admin, SESSION_ADMIN},
	    [PARTY_JOINING] = {hello_joining, SESSION_JOINING},
	};
	const struct session_hello *h = r->command->hello;
	struct session *s = r->session;
	const char *why = "";
	enum consign_code code = parties[h->party].check(b, s, h, &why);

	if (code != CONSIGN_CODE_NONE) {
		atomic_fetch_add(&b->metrics->refused[code], 1);
		watching_tell(b, &(struct admin_event){.kind = "denied", .org = slice_text(h->name),
		    .subject = slice_text(session_state_text(parties[h->party].state)), .code = code, .detail = slice_text(why)});
		say_bye(b, s, code, why);
		return;
	}
	memcpy(s->name, h->name, sizeof s->name);
	if (h->party == PARTY_AGENT)
		sessions_named(b->sessions, s);
	if (h->party == PARTY_AGENT && !open_window(s, h)) {
		say_bye(b, s, CONSIGN_CODE_TRY_LATER, "out of memory");
		return;
	}
	if (h->party == PARTY_AGENT)
		supersede(b, s);
	s->state = parties[h->party].state;
	s->root_version = h->root_version;
	s->seen_size = h->checkpoint != NULL ? h->checkpoint->size : 0;
	/* From the first unsettled entry, not from what the agent has: what it has and we hold no receipt for is sent again,
	 * and it says again that it has it. */
	s->next_position = 1;
	struct mailbox *mailbox = h->party == PARTY_AGENT ? mailbox_of(b->mailboxes, s->name) : NULL;
	struct session_welcome w = {.now_us = clock_wall_us(b->clock), .epoch = s->epoch, .window_consignments = CONSIGN_WINDOW_CONSIGNMENTS,
	    .window_bytes = CONSIGN_WINDOW_BYTES, .mailbox_position = mailbox != NULL ? mailbox->position : 0};

	log_event(LOG_INFO, "session.opened", "party", "s", session_state_text(s->state), "name", "s", s->name, "epoch", "u", s->epoch,
	    "software", "s", h->software, NULL);
	watching_tell(b, &(struct admin_event){.kind = "connected", .org = slice_text(s->name),
	    .subject = slice_text(session_state_text(s->state)), .detail = slice_text(h->software)});
	say(b, s, &(struct session_command){.welcome = &w});
	if (h->party == PARTY_JOINING)
		return;
	take_documents_size(b, s, h);
	if (h->party == PARTY_ADMIN)
		freshness_say(b, s); /* before the documents, which a command waits for */
	say_documents(b, s);
	if (h->party == PARTY_AGENT)
		freshness_say(b, s);
	if (h->party == PARTY_AGENT) {
		s->more = true;
		s->settle_more = true;
		deliver_pump(b, s);
		settle_pump(b, s);
	}
}

void
on_ping(struct broker *b, struct request *r)
{
	struct session_ping pong = {.at_us = r->command->ping->at_us};

	say(b, r->session, &(struct session_command){.pong = &pong});
}

void
on_bye(struct broker *b, struct request *r)
{
	say_gone(b, r->session, "");
	r->session->state = SESSION_STATES;
}

void
on_credit(struct broker *b, struct request *r)
{
	/* Windows only grow on their own: the room for in_flight is fixed at hello; bytes may change at will. */
	r->session->window_bytes = at_most_a_window(r->command->credit->bytes);
	deliver_pump(b, r->session);
}
