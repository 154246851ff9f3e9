/*
 * RabbitMQ: a quorum queue, publisher confirms in a bounded window, persistent messages; a consumer with a prefetch and
 * acknowledgements by hand, several at once.
 */
#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_ssl_socket.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "peer.h"

#define QUEUE "bench"
#define CHANNEL 1
#define PREFETCH 2000
/* Each acknowledgement is a command in the queue's log: a stream waits so long for more messages to acknowledge in one. */
#define GATHER_US 2000

const char *const peer_name = "rabbitmq";
const unsigned peer_window = 2048;

struct peer_publisher {
	amqp_connection_state_t link;
	bool *open; /* by tag modulo window: published, not confirmed */
	uint64_t window;
	uint64_t published, confirmed;
	uint64_t lowest; /* every tag below is confirmed */
};

struct peer_consumer {
	amqp_connection_state_t link;
	peer_taker *take;
	void *context;
	long gather_us;
};

static void
must(amqp_rpc_reply_t reply, const char *what)
{
	const amqp_connection_close_t *link;
	const amqp_channel_close_t *channel;

	switch (reply.reply_type) {
	case AMQP_RESPONSE_NORMAL:
		return;
	case AMQP_RESPONSE_LIBRARY_EXCEPTION:
		peer_fail("%s: %s", what, amqp_error_string2(reply.library_error));
	case AMQP_RESPONSE_SERVER_EXCEPTION:
		if (reply.reply.id == AMQP_CHANNEL_CLOSE_METHOD) {
			channel = reply.reply.decoded;
			peer_fail("%s: %.*s", what, (int)channel->reply_text.len, (const char *)channel->reply_text.bytes);
		}
		if (reply.reply.id == AMQP_CONNECTION_CLOSE_METHOD) {
			link = reply.reply.decoded;
			peer_fail("%s: %.*s", what, (int)link->reply_text.len, (const char *)link->reply_text.bytes);
		}
		break;
	default:
		break;
	}
	peer_fail("%s: no answer", what);
}

static void
must_send(int status, const char *what)
{
	if (status != AMQP_STATUS_OK)
		peer_fail("%s: %s", what, amqp_error_string2(status));
}

static struct timeval
wait_of(long us)
{
	return (struct timeval){us / 1000000, us % 1000000};
}

static amqp_connection_state_t
connect_to(const struct peer_place *place)
{
	amqp_connection_state_t link = amqp_new_connection();
	amqp_socket_t *socket = link == NULL ? NULL : amqp_ssl_socket_new(link);

	if (socket == NULL)
		peer_fail("out of memory");
	must_send(amqp_ssl_socket_set_cacert(socket, place->ca_file), "certificate of the authority");
	must_send(amqp_socket_open(socket, place->host, (int)place->port), "connection");
	must(amqp_login(link, "/", 0, AMQP_DEFAULT_FRAME_SIZE, 0, AMQP_SASL_METHOD_PLAIN, "guest", "guest"), "login");
	amqp_channel_open(link, CHANNEL);
	must(amqp_get_rpc_reply(link), "channel");
	return link;
}

static void
close_link(amqp_connection_state_t link)
{
	amqp_connection_close(link, AMQP_REPLY_SUCCESS);
	amqp_destroy_connection(link);
}

struct peer_consumer *
peer_consumer_open(const struct peer_place *place, peer_taker *take, void *context)
{
	struct peer_consumer *c = peer_alloc(1, sizeof *c);
	amqp_table_entry_t kind = {.key = amqp_cstring_bytes("x-queue-type"),
	    .value = {.kind = AMQP_FIELD_KIND_UTF8, .value = {.bytes = amqp_cstring_bytes("quorum")}}};
	amqp_bytes_t queue = amqp_cstring_bytes(QUEUE);

	c->take = take;
	c->context = context;
	c->gather_us = place->is_paced ? 0 : GATHER_US;
	c->link = connect_to(place);
	amqp_queue_declare(c->link, CHANNEL, queue, false, true, false, false, (amqp_table_t){1, &kind});
	must(amqp_get_rpc_reply(c->link), "queue");
	amqp_basic_qos(c->link, CHANNEL, 0, PREFETCH, false);
	must(amqp_get_rpc_reply(c->link), "prefetch");
	amqp_basic_consume(c->link, CHANNEL, queue, amqp_empty_bytes, false, false, false, amqp_empty_table);
	must(amqp_get_rpc_reply(c->link), "consumer");
	return c;
}

void
peer_receive(struct peer_consumer *c, int wait_ms)
{
	uint64_t last = 0;

	for (unsigned n = 0; n < PEER_BATCH_MAX; n++) {
		struct timeval wait = n == 0 ? wait_of(wait_ms * 1000l) : wait_of(c->gather_us);
		amqp_envelope_t envelope;
		amqp_rpc_reply_t reply;

		amqp_maybe_release_buffers(c->link);
		reply = amqp_consume_message(c->link, &envelope, &wait, 0);
		if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION && reply.library_error == AMQP_STATUS_TIMEOUT)
			break;
		must(reply, "receiving");
		c->take(c->context, envelope.message.body.bytes, envelope.message.body.len);
		last = envelope.delivery_tag;
		amqp_destroy_envelope(&envelope);
	}
	if (last != 0)
		must_send(amqp_basic_ack(c->link, CHANNEL, last, true), "acknowledging");
}

void
peer_consumer_close(struct peer_consumer **c)
{
	close_link((*c)->link);
	free(*c);
	*c = NULL;
}

struct peer_publisher *
peer_publisher_open(const struct peer_place *place)
{
	struct peer_publisher *p = peer_alloc(1, sizeof *p);

	p->window = place->window;
	p->open = peer_alloc(p->window, sizeof *p->open);
	p->lowest = 1; /* tags begin with 1 */
	p->link = connect_to(place);
	amqp_confirm_select(p->link, CHANNEL);
	must(amqp_get_rpc_reply(p->link), "confirms");
	return p;
}

void
peer_publish(struct peer_publisher *p, const uint8_t *message, size_t len)
{
	amqp_basic_properties_t properties = {._flags = AMQP_BASIC_DELIVERY_MODE_FLAG, .delivery_mode = AMQP_DELIVERY_PERSISTENT};
	amqp_bytes_t body = {len, (void *)(uintptr_t)message};

	must_send(
	    amqp_basic_publish(p->link, CHANNEL, amqp_empty_bytes, amqp_cstring_bytes(QUEUE), false, false, &properties, body),
	    "publishing");
	p->open[++p->published % p->window] = true;
}

static void
confirm(struct peer_publisher *p, uint64_t tag)
{
	bool *open = &p->open[tag % p->window];

	p->confirmed += *open;
	*open = false;
}

static void
on_ack(struct peer_publisher *p, const amqp_basic_ack_t *ack)
{
	if (ack->delivery_tag < p->lowest || ack->delivery_tag > p->published)
		peer_fail("a confirm of message %llu, which is not awaited", (unsigned long long)ack->delivery_tag);
	for (uint64_t tag = ack->multiple ? p->lowest : ack->delivery_tag; tag <= ack->delivery_tag; tag++)
		confirm(p, tag);
	while (p->lowest <= p->published && !p->open[p->lowest % p->window])
		p->lowest++;
}

uint64_t
peer_confirmed(struct peer_publisher *p, int wait_ms)
{
	long wait_us = wait_ms * 1000l;

	for (;;) {
		struct timeval wait = wait_of(wait_us);
		amqp_frame_t frame;
		int status;

		amqp_maybe_release_buffers(p->link);
		status = amqp_simple_wait_frame_noblock(p->link, &frame, &wait);
		if (status == AMQP_STATUS_TIMEOUT)
			return p->confirmed;
		must_send(status, "confirms");
		if (frame.frame_type != AMQP_FRAME_METHOD || frame.payload.method.id != AMQP_BASIC_ACK_METHOD)
			peer_fail("a message was refused, or the channel closed");
		on_ack(p, frame.payload.method.decoded);
		wait_us = 0;
	}
}

void
peer_publisher_close(struct peer_publisher **p)
{
	close_link((*p)->link);
	free((*p)->open);
	free(*p);
	*p = NULL;
}
