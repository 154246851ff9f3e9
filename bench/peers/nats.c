/*
 * NATS JetStream: a stream in files, asynchronous publishing with a bounded number of publishes that await their PubAck, one
 * durable pull consumer that acknowledges each message.
 *
 * The pull goes by requests of our own instead of natsSubscription_Fetch(): that one asks again only when a batch is
 * complete or its time is over, so that either the next batch waits a round trip or a lone message waits for others. Here the
 * next request is under way before the last one is used up, as the newer clients of NATS do it.
 */
#include <nats/nats.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "peer.h"

#define STREAM "BENCH"
#define SUBJECT "bench.exchange"
#define CONSUMER "partner"
#define NEXT_SUBJECT "$JS.API.CONSUMER.MSG.NEXT." STREAM "." CONSUMER
#define PULL 512u /* messages a request */
#define PULLS 4u  /* requests under way */

const char *const peer_name = "nats";
const unsigned peer_window = 2048;

struct peer_publisher {
	natsConnection *link;
	jsCtx *stream;
	pthread_mutex_t lock; /* confirmed is counted on a thread of the library */
	pthread_cond_t more;
	uint64_t confirmed, seen; /* seen: what was said last */
};

struct peer_consumer {
	natsConnection *link;
	natsSubscription *inbox;
	natsInbox *inbox_name;
	unsigned left; /* of all pulls under way */
	peer_taker *take;
	void *context;
};

static void
must(natsStatus status, const char *what)
{
	if (status != NATS_OK)
		peer_fail("%s: %s", what, natsStatus_GetText(status));
}

/* at_once: what is written goes out without waiting for more. */
static natsConnection *
connect_to(const struct peer_place *place, bool at_once)
{
	natsOptions *options = NULL;
	natsConnection *link = NULL;
	char url[300];

	snprintf(url, sizeof url, "tls://%s:%u", place->host, place->port);
	must(natsOptions_Create(&options), "options");
	must(natsOptions_SetURL(options, url), "address");
	must(natsOptions_SetSecure(options, true), "TLS");
	must(natsOptions_LoadCATrustedCertificates(options, place->ca_file), "certificate of the authority");
	must(natsOptions_SetExpectedHostname(options, place->host), "name of the host");
	must(natsOptions_SetAllowReconnect(options, false), "options");
	/* Otherwise the library's flusher waits up to a millisecond for more to write. */
	must(natsOptions_SetSendAsap(options, at_once), "options");
	must(natsConnection_Connect(&link, options), "connection");
	natsOptions_Destroy(options);
	return link;
}

static void
pull(struct peer_consumer *c)
{
	char ask[32];
	int len = snprintf(ask, sizeof ask, "{\"batch\":%u}", PULL);

	must(natsConnection_PublishRequest(c->link, NEXT_SUBJECT, c->inbox_name, ask, len), "pull");
	c->left += PULL;
}

struct peer_consumer *
peer_consumer_open(const struct peer_place *place, peer_taker *take, void *context)
{
	struct peer_consumer *c = peer_alloc(1, sizeof *c);
	const char *subjects[] = {SUBJECT};
	jsStreamConfig stream;
	jsConsumerConfig consumer;
	jsCtx *js = NULL;

	c->take = take;
	c->context = context;
	c->link = connect_to(place, false);
	must(natsConnection_JetStream(&js, c->link, NULL), "JetStream");
	must(jsStreamConfig_Init(&stream), "stream");
	stream.Name = STREAM;
	stream.Subjects = subjects;
	stream.SubjectsLen = 1;
	stream.Storage = js_FileStorage;
	must(js_AddStream(NULL, js, &stream, NULL, NULL), "stream");
	must(jsConsumerConfig_Init(&consumer), "consumer");
	consumer.Durable = CONSUMER;
	consumer.AckPolicy = js_AckExplicit;
	consumer.MaxAckPending = 2 * PULL * PULLS; /* never what holds a pull back: 1000 by default */
	must(js_AddConsumer(NULL, js, STREAM, &consumer, NULL, NULL), "consumer");
	jsCtx_Destroy(js);

	must(natsInbox_Create(&c->inbox_name), "inbox");
	must(natsConnection_SubscribeSync(&c->inbox, c->link, c->inbox_name), "inbox");
	/* What is pulled is bounded already; beyond its own limits the library would drop messages. */
	must(natsSubscription_SetPendingLimits(c->inbox, -1, -1), "inbox");
	for (unsigned i = 0; i < PULLS; i++)
		pull(c);
	must(natsConnection_Flush(c->link), "pull");
	return c;
}

void
peer_receive(struct peer_consumer *c, int wait_ms)
{
	natsMsg *message = NULL;
	natsStatus status = natsSubscription_NextMsg(&message, c->inbox, wait_ms);
	int more = 0;

	if (status == NATS_TIMEOUT)
		return;
	must(status, "receiving");
	must(natsSubscription_GetPending(c->inbox, &more, NULL), "receiving");
	for (unsigned n = 1;; n++) {
		const char *reply = natsMsg_GetReply(message), *said = NULL;

		if (reply == NULL || strncmp(reply, "$JS.ACK.", 8) != 0) {
			natsMsgHeader_Get(message, "Status", &said);
			peer_fail("a pull was answered with status %s", said == NULL ? "none" : said);
		}
		c->take(c->context, (const uint8_t *)natsMsg_GetData(message), (size_t)natsMsg_GetDataLength(message));
		must(natsConnection_PublishString(c->link, reply, "+ACK"), "acknowledging");
		natsMsg_Destroy(message);
		if (--c->left <= PULL * (PULLS - 1))
			pull(c);
		if (n > (unsigned)more || n == PEER_BATCH_MAX)
			break;
		must(natsSubscription_NextMsg(&message, c->inbox, wait_ms), "receiving");
	}
}

void
peer_consumer_close(struct peer_consumer **c)
{
	natsSubscription_Destroy((*c)->inbox);
	natsInbox_Destroy((*c)->inbox_name);
	natsConnection_Destroy((*c)->link);
	free(*c);
	*c = NULL;
}

/* On a thread of the library. */
static void
on_answer(jsCtx *stream, natsMsg *message, jsPubAck *ack, jsPubAckErr *error, void *closure)
{
	struct peer_publisher *p = closure;

	(void)stream;
	(void)ack;
	if (error != NULL)
		peer_fail("a message was refused: %s", error->ErrText);
	natsMsg_Destroy(message);
	pthread_mutex_lock(&p->lock);
	p->confirmed++;
	pthread_cond_signal(&p->more);
	pthread_mutex_unlock(&p->lock);
}

struct peer_publisher *
peer_publisher_open(const struct peer_place *place)
{
	struct peer_publisher *p = peer_alloc(1, sizeof *p);
	pthread_condattr_t by_clock;
	jsOptions options;

	pthread_mutex_init(&p->lock, NULL);
	pthread_condattr_init(&by_clock);
	pthread_condattr_setclock(&by_clock, CLOCK_MONOTONIC);
	pthread_cond_init(&p->more, &by_clock);
	pthread_condattr_destroy(&by_clock);
	p->link = connect_to(place, place->is_paced);
	must(jsOptions_Init(&options), "JetStream");
	options.PublishAsync.AckHandler = on_answer;
	options.PublishAsync.AckHandlerClosure = p;
	must(natsConnection_JetStream(&p->stream, p->link, &options), "JetStream");
	return p;
}

void
peer_publish(struct peer_publisher *p, const uint8_t *message, size_t len)
{
	must(js_PublishAsync(p->stream, SUBJECT, message, (int)len, NULL), "publishing");
}

uint64_t
peer_confirmed(struct peer_publisher *p, int wait_ms)
{
	struct timespec until;

	pthread_mutex_lock(&p->lock);
	if (wait_ms > 0 && p->confirmed == p->seen) {
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += wait_ms % 1000 * 1000000l;
		until.tv_sec += wait_ms / 1000 + until.tv_nsec / 1000000000l;
		until.tv_nsec %= 1000000000l;
		while (p->confirmed == p->seen && pthread_cond_timedwait(&p->more, &p->lock, &until) == 0)
			;
	}
	p->seen = p->confirmed;
	pthread_mutex_unlock(&p->lock);
	return p->seen;
}

void
peer_publisher_close(struct peer_publisher **p)
{
	jsCtx_Destroy((*p)->stream);
	natsConnection_Destroy((*p)->link);
	pthread_cond_destroy(&(*p)->more);
	pthread_mutex_destroy(&(*p)->lock);
	free(*p);
	*p = NULL;
}
