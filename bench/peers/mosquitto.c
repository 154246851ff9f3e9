/*
 * Mosquitto: MQTT 3.1.1 at QoS 1, a publisher with a bounded number of messages that await their PUBACK, a consumer with a
 * persistent session. The library sends the PUBACK of a message before it hands the message over.
 *
 * Both sides turn the library's wheel themselves instead of by its thread: publishing then writes at once, and nothing is woken
 * by a pipe.
 */
#include <mosquitto.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "peer.h"

#define TOPIC "bench"
#define KEEPALIVE_S 60
#define HANDSHAKE_MS 10000

const char *const peer_name = "mosquitto";
const unsigned peer_window = 512;

struct link {
	struct mosquitto *mqtt;
	bool is_up, is_subscribed;
	uint64_t count; /* publisher: PUBACKs; consumer: messages taken */
	peer_taker *take;
	void *context;
};

struct peer_publisher {
	struct link link;
};

struct peer_consumer {
	struct link link;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
start_library(void)
{
	mosquitto_lib_init();
}

static void
must(int status, const char *what)
{
	if (status != MOSQ_ERR_SUCCESS)
		peer_fail("%s: %s", what, status == MOSQ_ERR_ERRNO ? strerror(errno) : mosquitto_strerror(status));
}

static void
on_connect(struct mosquitto *mqtt, void *context, int code)
{
	struct link *l = context;

	(void)mqtt;
	if (code != 0)
		peer_fail("connection: %s", mosquitto_connack_string(code));
	l->is_up = true;
}

static void
on_subscribe(struct mosquitto *mqtt, void *context, int id, int n, const int *granted)
{
	struct link *l = context;

	(void)mqtt;
	(void)id;
	if (n != 1 || granted[0] != 1)
		peer_fail("the subscription was not granted QoS 1");
	l->is_subscribed = true;
}

static void
on_puback(struct mosquitto *mqtt, void *context, int id)
{
	struct link *l = context;

	(void)mqtt;
	(void)id;
	l->count++;
}

static void
on_message(struct mosquitto *mqtt, void *context, const struct mosquitto_message *message)
{
	struct link *l = context;

	(void)mqtt;
	l->count++;
	l->take(l->context, message->payload, (size_t)message->payloadlen);
}

/* Waits so long until something can be read or written, and does it. */
static void
turn(struct link *l, int wait_ms)
{
	struct pollfd at = {.fd = mosquitto_socket(l->mqtt), .events = POLLIN};

	if (mosquitto_want_write(l->mqtt))
		at.events |= POLLOUT;
	if (poll(&at, 1, wait_ms) < 0 && errno != EINTR)
		peer_fail("waiting: %s", strerror(errno));
	if (at.revents & POLLOUT)
		must(mosquitto_loop_write(l->mqtt, 1), "sending");
	if (at.revents & (POLLIN | POLLHUP | POLLERR))
		must(mosquitto_loop_read(l->mqtt, 1), "receiving");
	must(mosquitto_loop_misc(l->mqtt), "keeping the connection");
}

static void
await(struct link *l, const bool *come, const char *what)
{
	for (int i = 0; !*come; i++) {
		if (i == HANDSHAKE_MS)
			peer_fail("%s: no answer", what);
		turn(l, 1);
	}
}

static void
connect_to(struct link *l, const struct peer_place *place, const char *id, bool is_clean)
{
	pthread_once(&once, start_library);
	l->mqtt = mosquitto_new(id, is_clean, l);
	if (l->mqtt == NULL)
		peer_fail("out of memory");
	mosquitto_connect_callback_set(l->mqtt, on_connect);
	must(mosquitto_tls_set(l->mqtt, place->ca_file, NULL, NULL, NULL, NULL), "TLS");
	must(mosquitto_int_option(l->mqtt, MOSQ_OPT_TCP_NODELAY, 1), "options");
	must(mosquitto_max_inflight_messages_set(l->mqtt, place->window), "options");
	must(mosquitto_connect(l->mqtt, place->host, (int)place->port, KEEPALIVE_S), "connection");
	await(l, &l->is_up, "connection");
}

static void
close_link(struct link *l)
{
	mosquitto_disconnect(l->mqtt);
	mosquitto_destroy(l->mqtt);
}

struct peer_consumer *
peer_consumer_open(const struct peer_place *place, peer_taker *take, void *context)
{
	struct peer_consumer *c = peer_alloc(1, sizeof *c);
	struct link *l = &c->link;

	l->take = take;
	l->context = context;
	connect_to(l, place, "consumer", false);
	mosquitto_message_callback_set(l->mqtt, on_message);
	mosquitto_subscribe_callback_set(l->mqtt, on_subscribe);
	must(mosquitto_subscribe(l->mqtt, NULL, TOPIC, 1), "subscription");
	await(l, &l->is_subscribed, "subscription");
	return c;
}

void
peer_receive(struct peer_consumer *c, int wait_ms)
{
	struct link *l = &c->link;
	uint64_t before = l->count, had;

	turn(l, wait_ms);
	/* One message a turn is the library's rule: go on while there are any, without asking the kernel each time. */
	for (had = before; l->count != had && l->count - before < PEER_BATCH_MAX / 2;) {
		had = l->count;
		must(mosquitto_loop_read(l->mqtt, 1), "receiving");
	}
}

void
peer_consumer_close(struct peer_consumer **c)
{
	close_link(&(*c)->link);
	free(*c);
	*c = NULL;
}

struct peer_publisher *
peer_publisher_open(const struct peer_place *place)
{
	struct peer_publisher *p = peer_alloc(1, sizeof *p);

	connect_to(&p->link, place, "publisher", true);
	mosquitto_publish_callback_set(p->link.mqtt, on_puback);
	return p;
}

void
peer_publish(struct peer_publisher *p, const uint8_t *message, size_t len)
{
	must(mosquitto_publish(p->link.mqtt, NULL, TOPIC, (int)len, message, 1, false), "publishing");
}

uint64_t
peer_confirmed(struct peer_publisher *p, int wait_ms)
{
	struct link *l = &p->link;
	uint64_t had = l->count;

	turn(l, wait_ms);
	while (l->count != had) {
		had = l->count;
		must(mosquitto_loop_read(l->mqtt, 1), "receiving");
	}
	return l->count;
}

void
peer_publisher_close(struct peer_publisher **p)
{
	close_link(&(*p)->link);
	free(*p);
	*p = NULL;
}
