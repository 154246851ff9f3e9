/* What lying_broker.c (orders, and lies that go into the ledger) and lying_broker_says.c (lies on the wire) share. */
#ifndef SUPPORT_LYING_BROKER_H
#define SUPPORT_LYING_BROKER_H

#include <stdlib.h>

#include "broker.h"

struct lie {
	char name[32];
	char org[64];
	unsigned long long count; /* 0: as often as there is occasion */
	unsigned long long nonce;
	char argument[64]; /* "-": none */
};

extern struct broker *lying_broker;

/* Whether this lie is to be told to, or of, this org now. Whoever tells it says so with lie_told. */
bool lie_ordered(const char *name, const char *org, struct lie *ret_lie);
void lie_told(const struct lie *lie);

/* One message on its way to a company. */
struct saying {
	const char *org;
	const struct route *route;
	struct session_command *command; /* decoded; changed in place, then encoded again */
	struct arena *arena;
	struct frame *frames;
	size_t n;
	const struct lie *lie;
};

enum outcome {
	NOTHING, /* no occasion for it */
	CHANGED, /* the command is to be encoded again */
	BENT,    /* likewise, and it breaks rules over several fields */
	TAKEN,   /* the frames were changed, sent, kept or thrown away by the lie itself */
	DROPPED, /* nothing is said */
};

/* The lies on the wire. */
struct wire_lie {
	const char *name;
	size_t command; /* its offset in struct session_command; SIZE_MAX: any */
	enum outcome (*tell)(struct saying *s);
};
extern const struct wire_lie wire_lies[];

/* Sends as the real broker would. */
void say_really(const struct route *route, struct frame *frames, size_t n);
/* Looks at an honest word before it goes: what later lies are made of. */
void say_remember(struct saying *s);

struct kept {
	struct route route;
	struct frame frames[TRANSPORT_FRAMES_MAX];
	size_t n;
	uint64_t due_us; /* steady */
	struct kept *next;
};
/* Frames that are sent later: at due_us, or, with UINT64_MAX, after the next message of their kind. */
void keep_for_later(const struct route *route, struct frame *frames, size_t n, uint64_t due_us);
void send_kept(const struct route *route);

/* What lies are made with (lying_broker_says.c). */
void *must(void *p);
static inline void
must_be(enum consign_err err)
{
	if (err != CONSIGN_OK)
		abort();
}
struct consign_slice flip(struct arena *arena, struct consign_slice s);
struct consign_slice encoded(struct arena *arena, struct buf *b);
void set_frame(struct frame *f, struct consign_slice s);
struct checkpoint_update **checkpoint_of(struct session_command *c);
bool has_checkpoint(struct session_command *c);
void sign_beside(struct saying *s, struct statement *st);
void sign_unplaced(struct saying *s, struct statement *st);
void rename_consignor(struct saying *s, struct statement *st, const char *org);

/* lying_broker_mail.c */
void remember_delivery(struct saying *s);
typedef enum outcome mail_lie(struct saying *s);
mail_lie lie_body_flip, lie_body_cut, lie_body_other, lie_manifest_flip, lie_manifest_other, lie_consignees, lie_statement_flip,
    lie_statement_signed, lie_statement_unplaced, lie_position, lie_opening, lie_position_before, lie_tombstone,
    lie_tombstone_signed, lie_seen_lost, lie_replay, lie_replay_as_new, lie_reorder, lie_drop, lie_withhold, lie_misdeliver;

/* lying_broker_documents.c */
void remember_documents(struct saying *s);
mail_lie lie_card_key, lie_card_owner, lie_member_key, lie_policy_part, lie_policy_head, lie_root_other, lie_study_none, lie_rules_none,
    lie_partner_none, lie_documents_old;

#endif
