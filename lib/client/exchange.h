/*
 * Frames to and from an agent: length (4 bytes, big-endian), then a LocalRequest or LocalReply. For callers inside the
 * project that want the wire's own structs (the policy slices); everybody else uses include/consign/client.h.
 *
 * Threads   one owner
 * Source    docs/PROTOCOL.md 8
 */
#ifndef CLIENT_EXCHANGE_H
#define CLIENT_EXCHANGE_H

#include "consign/client.h"
#include "wire/local_wire.h"

/* A reply as it came, with the memory that it lives in. */
struct client_reply {
	struct arena *arena;
	struct local_reply *wire;
	struct client_reply *next; /* the client's queue */
};

void client_reply_free(struct client_reply **reply);
/* Sends a request; its number is set here. Errors: as consign_client_post_*. */
CONSIGN_MUST_CHECK enum consign_err
client_post(struct consign_client *client, struct local_request *request, uint64_t *ret_number);
/* Errors: as consign_client_wait. ret_reply gives; end with client_reply_free. */
CONSIGN_MUST_CHECK enum consign_err
client_take(struct consign_client *client, uint64_t number, uint32_t timeout_ms, struct client_reply **ret_reply);

#endif
