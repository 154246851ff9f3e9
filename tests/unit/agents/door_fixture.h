/*
 * The socket door of an agent built by hand (agent_fixture.h), and a client that speaks to it over its socket. The outbox, the
 * uplink and the keys are fakes: what a test wants told, it tells. Client and door run in one loop, which ends when the client
 * has what it waits for.
 */
#ifndef DOOR_FIXTURE_H
#define DOOR_FIXTURE_H

#include "agent_fixture.h"
#include "doors/local.h"
#include "doors/socket.h"
#include "keyring.h"
#include "outbox.h"
#include "uplink.h"

#define PUTS_MAX 2048u

/* ── fakes ── */

/* A message that was put into the outbox, and whom to tell what became of it. */
struct put {
	outbox_outcome *told;
	void *context;
	uint64_t request;
	size_t index;
};

extern struct put handed[PUTS_MAX]; /* in their order */
extern size_t n_puts;
extern unsigned n_flushes;         /* of the outbox */
extern bool tell_at_once;          /* the outbox refuses each as it comes */
extern struct accusation *accused; /* what the agent has accused the broker of; NULL: nothing */

/* Own keys: one of each use; what is pending a test says, and what was asked to be replaced it is told. */
extern enum uplink_state uplink_now;
extern unsigned keys_pending, keys_rotated; /* uses */

/* What became of a message that was handed in: its id, or a refusal. */
void tell(const struct put *p, const char *id, enum consign_code code);

/* ── the client's side ── */

struct client {
	struct fixture *f;
	int fd;
	struct buf in;
	size_t used;
	bool is_closed; /* by the agent */
	size_t wanted;  /* frames to wait for */
};

/* cmocka's setup and teardown; *state is the fixture, the door is open. */
int door_setup(void **state);
int door_teardown(void **state);

/* A connection to the door; -1, with errno, when nobody answers. */
int connect_to(struct fixture *f);
/* Ended by client_close. */
struct client client_open(struct fixture *f);
void client_close(struct client *c);
void write_bytes(const struct client *c, struct consign_slice s);
/* Appends the request as a frame. */
void put_request(struct buf *out, const struct local_request *request);
void ask(const struct client *c, const struct local_request *request);
/* n messages of size bytes each. */
void ask_send(struct client *c, uint64_t number, size_t n, size_t size);
void ask_watch(struct client *c, uint64_t number, const char *name, const char *type, uint32_t window, const char *since);
void ask_ack(struct client *c, const char *name, const char *const *ids, size_t n);
/* The same, and how many the reply says were new. */
uint32_t ack(struct client *c, const char *name, const char *const *ids, size_t n);

/* Whole frames that were received and not taken by reply. */
size_t frames_in(const struct client *c);
/* Receives what is there, without waiting. */
void look(struct client *c);
/* Runs the loop until n more frames are here or the agent has closed. */
void await(struct client *c, size_t n);
/* Lets everything that is ready happen. */
void turn(struct fixture *f, unsigned times);
/* The next reply, lent by the fixture's arena; fails when there is none. */
struct local_reply *reply(struct client *c);
/* The next reply, which is an error. */
struct local_error *refusal(struct client *c);
/* The next reply, which is a message of the watch of this number. */
void assert_event(struct client *c, uint64_t number, const char *content);

/* ── what is sent and delivered: lent by the fixture's arena ── */

/* A message to acme of size bytes. */
struct local_outgoing *outgoing(struct fixture *f, size_t size);
/* The id of the first message of a consignment. */
const char *id_text(struct fixture *f, const struct consign_id *id);
/* Delivers one message and tells those who watch. */
void deliver_news(struct fixture *f, const char *type, const char *content, const char **ret_id);

#endif
