/*
 * A session with the broker, from the command: an administrator's, or that of a company that joins. Everything waits: one
 * thing is asked, then its answer is awaited, at most HUB_SESSION_TIMEOUT_MS.
 *
 * Functions here say what is wrong before they return an error.
 * Source   docs/PROTOCOL.md 7
 */
#ifndef CLI_HUB_SESSION_H
#define CLI_HUB_SESSION_H

#include "core/secret.h"
#include "trust/hub.h"
#include "wire/session_wire.h"

#define HUB_SESSION_TIMEOUT_MS 10000u
#define HUB_SESSION_HINT_BYTES 1024u

struct hub_session_options {
	const char *endpoint;
	const char *socks_proxy; /* NULL none */
	struct consign_public_key broker_transport_key;
	struct consign_hash hub_id;
	enum session_party party;       /* PARTY_ADMIN or PARTY_JOINING */
	const char *name;               /* the administrator's, or the org */
	const struct secret *transport; /* Curve25519; of the invite when joining */
	const struct secret *signing;   /* Ed25519; NULL when joining */
	const char *unreachable_hint;   /* what to do when nobody answers; copied */
	const char *refused_hint;       /* what to do when our key is not admitted */
	bool is_quiet;                  /* says nothing about a broker that is not there, or ends the session */
};

struct hub_session;

/*
 * Connects and says hello. An administrator is then welcomed and sent every document, verified into
 * hub_session_hub(). ret_session gives; end with hub_session_close.
 * Errors: TIMEOUT, UNREACHABLE, DENIED; those of hub_stage; NO_MEMORY, CONFIG
 */
CONSIGN_MUST_CHECK enum consign_err hub_session_open(const struct hub_session_options *options, struct hub_session **ret_session);
void hub_session_close(struct hub_session **session);
/* What the broker sent, verified. Lends; empty when joining. */
const struct hub *hub_session_hub(const struct hub_session *session);

/* The newest freshness statement that the broker showed, encoded and not verified; empty when it showed none. Lends. */
struct consign_slice hub_session_freshness(const struct hub_session *session);

/*
 * Each waits for its Done. Errors: DENIED (the broker would not; said with its reason), and as hub_session_open
 * root_version   of the newest root among the documents: CONFLICT when another change came first, and is verified here
 */
CONSIGN_MUST_CHECK enum consign_err hub_session_publish(
    struct hub_session *session, struct session_documents *documents, uint64_t root_version);
CONSIGN_MUST_CHECK enum consign_err hub_session_invite(struct hub_session *session, struct invite_notice *notice);
CONSIGN_MUST_CHECK enum consign_err hub_session_join(struct hub_session *session, struct join_request *join);
CONSIGN_MUST_CHECK enum consign_err hub_session_propose(
    struct hub_session *session, struct signed_document *proposal, struct session_documents *documents, uint64_t root_version);
CONSIGN_MUST_CHECK enum consign_err hub_session_decide(struct hub_session *session, struct signed_document *decision);
/* id NULL: the newest, without documents. ret_reply lends until the next call. */
CONSIGN_MUST_CHECK enum consign_err hub_session_proposals(
    struct hub_session *session, const struct consign_hash *id, const struct session_proposals_reply **ret_reply);
/*
 * Waits for as long as it takes until something happens, or `interrupt` can be read: then ret_events is NULL. It lends until the next call.
 * question->request is filled in. That the broker is gone is not said. Errors: UNREACHABLE; as the others
 * each_second  is called meanwhile; false ends the wait like an interrupt
 */
typedef bool hub_session_tick(void *context);
CONSIGN_MUST_CHECK enum consign_err hub_session_watch(struct hub_session *session, struct session_admin_watch *question, int interrupt,
    hub_session_tick *each_second, void *context, const struct session_admin_events **ret_events);
/*
 * The directory and policy that an older root names, into hub_session_hub(): hub_policy_at and hub_directory_at then find them.
 * version  of a root that the hub holds. Errors: NOT_FOUND, as hub_session_open
 */
CONSIGN_MUST_CHECK enum consign_err hub_session_fetch_root(struct hub_session *session, uint64_t version);
/*
 * What was accepted and refused since a time, counted, a page: from a leaf on (0: the first of the period). With an id that
 * consignment alone, each item by itself. ret_reply lends until the next call.
 */
CONSIGN_MUST_CHECK enum consign_err hub_session_traffic(struct hub_session *session, uint64_t since_us, uint64_t from_leaf,
    const struct consign_id *id, const struct session_traffic_reply **ret_reply);
/*
 * Quotas with what is used of them, a page: from a row on. org, study "": of all. ret_reply lends until the next call. Errors: as
 * hub_session_open
 */
CONSIGN_MUST_CHECK enum consign_err hub_session_quotas(
    struct hub_session *session, const char *org, const char *study, uint32_t from, const struct session_quotas_reply **ret_reply);
/* org "": all. ret_reply lends until the next call. */
CONSIGN_MUST_CHECK enum consign_err
hub_session_joins(struct hub_session *session, const char *org, const struct session_joins_reply **ret_reply);
/* Directory and policy of an older root, verified into hub_session_hub(). Errors: as hub_session_open */
CONSIGN_MUST_CHECK enum consign_err hub_session_root(struct hub_session *session, uint64_t root_version);

#endif
