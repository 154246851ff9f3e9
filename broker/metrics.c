/* Counters and their HTTP face. */
#include "metrics.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/bytes.h"
#include "core/clock.h"
#include "core/limits.h"

/* A loop that has not turned for this long is not healthy. */
#define HEARTBEAT_MAX_US 5000000u

struct metrics_server {
	struct MHD_Daemon *daemon;
};

static const struct {
	const char *name;
	const char *help;
} described[METRICS] = {
    [METRIC_ACCEPTED] = {"consign_accepted_consignments_total", "Consignments accepted"},
    [METRIC_ACCEPTED_ITEMS] = {"consign_accepted_items_total", "Messages accepted"},
    [METRIC_ACCEPTED_BYTES] = {"consign_accepted_bytes_total", "Sealed bytes accepted"},
    [METRIC_REPEATED] = {"consign_repeated_submissions_total", "Submissions answered with the receipt they had before"},
    [METRIC_TRY_LATER] = {"consign_try_later_total", "Submissions postponed"},
    [METRIC_DELIVERED] = {"consign_deliveries_sent_total", "Consignments sent to agents"},
    [METRIC_SETTLED] = {"consign_deliveries_settled_total", "Delivery receipts taken in"},
    [METRIC_EXPIRED] = {"consign_expired_total", "Mailbox entries that expired"},
    [METRIC_LEAVES] = {"consign_ledger_leaves_total", "Leaves written since the start"},
    [METRIC_COMMITS_FAILED] = {"consign_commits_failed_total", "Entries whose commit failed"},
    [METRIC_FRAMES_MALFORMED] = {"consign_frames_malformed_total", "Frames refused as malformed"},
    [METRIC_ADMISSIONS_REFUSED] = {"consign_admissions_refused_total", "Connections refused by key"},
    [METRIC_CUT_CROWD] = {"consign_connections_cut_crowd_total", "Connections cut off: too many strangers, or connections, at once"},
    [METRIC_CUT_BEFORE] = {"consign_connections_cut_before_hello_total", "Connections cut off: too many bytes before a first message"},
    [METRIC_CUT_SLOW] = {"consign_connections_cut_slow_total", "Connections cut off: no first message in time"},
    [METRIC_CUT_AHEAD] = {"consign_connections_cut_ahead_total", "Connections cut off: too many bytes without the end of a message"},
    [METRIC_CUT_BEHIND] = {"consign_connections_cut_behind_total", "Connections cut off: did not read what was said to them"},
    [METRIC_CONNECTIONS] = {"consign_connections", "Open connections"},
    [METRIC_STRANGERS] = {"consign_connections_strangers", "Open connections that have not said anything yet"},
    [METRIC_SESSIONS] = {"consign_sessions", "Open sessions"},
    [METRIC_WAITING] = {"consign_jobs_waiting", "Entries waiting for their commit"},
    [METRIC_LEDGER_SIZE] = {"consign_ledger_size", "Leaves of the newest durable checkpoint"},
};

enum consign_err
metrics_new(struct metrics **ret_metrics)
{
	*ret_metrics = calloc(1, sizeof **ret_metrics);
	if (*ret_metrics == NULL)
		return CONSIGN_E_NO_MEMORY;
	atomic_store(&(*ret_metrics)->store_ok, 1);
	return CONSIGN_OK;
}

void
metrics_free(struct metrics **metrics)
{
	if (*metrics == NULL)
		return;
	if ((*metrics)->server != NULL) {
		MHD_stop_daemon((*metrics)->server->daemon);
		free((*metrics)->server);
	}
	free(*metrics);
	*metrics = NULL;
}

void
metrics_add(struct metrics *m, enum metric which, uint64_t n)
{
	atomic_fetch_add_explicit(&m->value[which], n, memory_order_relaxed);
}

void
metrics_set(struct metrics *m, enum metric which, uint64_t n)
{
	atomic_store_explicit(&m->value[which], n, memory_order_relaxed);
}

static enum consign_err
print_by_code(const char *name, const char *help, const _Atomic uint64_t counts[CONSIGN_CODE_LAST + 1], struct buf *out)
{
	enum consign_err err = buf_printf(out, "# HELP %s %s\n# TYPE %s counter\n", name, help, name);

	for (int code = 1; err == CONSIGN_OK && code <= CONSIGN_CODE_LAST; code++)
		err = buf_printf(out, "%s{code=\"%s\"} %llu\n", name, consign_code_text((enum consign_code)code),
		    (unsigned long long)atomic_load(&counts[code]));
	return err;
}

static enum consign_err
print_metrics(struct metrics *m, struct buf *out)
{
	enum consign_err err = CONSIGN_OK;

	for (int i = 0; err == CONSIGN_OK && i < METRICS; i++)
		err = buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n%s %llu\n", described[i].name, described[i].help, described[i].name,
		    i < METRIC_COUNTERS ? "counter" : "gauge", described[i].name, (unsigned long long)atomic_load(&m->value[i]));
	if (err == CONSIGN_OK)
		err = print_by_code("consign_refused_total", "Refusals by code", m->refused, out);
	if (err == CONSIGN_OK)
		err = print_by_code("consign_postponed_total", "Submissions postponed by code", m->postponed, out);
	return err;
}

static enum MHD_Result
reply(struct MHD_Connection *connection, unsigned status, const char *type, const char *text, size_t len)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(len, (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);

	if (r == NULL)
		return MHD_NO;
	MHD_add_response_header(r, "Content-Type", type);
	enum MHD_Result result = MHD_queue_response(connection, status, r);

	MHD_destroy_response(r);
	return result;
}

static enum MHD_Result
answer(void *context, struct MHD_Connection *connection, const char *url, const char *method, const char *version, const char *upload,
    size_t *upload_size, void **state)
{
	struct metrics *m = context;

	(void)version;
	(void)upload;
	(void)state;
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
		*upload_size = 0;
		return reply(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "text/plain", "only GET\n", 9);
	}
	if (strcmp(url, "/healthz") == 0) {
		/* In this order, and guarded: the loop may stamp between the two. */
		uint64_t beat = atomic_load(&m->heartbeat_us), now = clock_steady_us(clock_system());
		uint64_t age = now > beat ? now - beat : 0;

		if (age > HEARTBEAT_MAX_US)
			return reply(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "text/plain", "the loop does not turn\n", 23);
		if (!atomic_load(&m->store_ok))
			return reply(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "text/plain", "the store takes nothing\n", 24);
		return reply(connection, MHD_HTTP_OK, "text/plain", "ok\n", 3);
	}
	if (strcmp(url, "/metrics") == 0) {
		struct buf out = {0};
		enum MHD_Result result = MHD_NO;

		if (print_metrics(m, &out) == CONSIGN_OK)
			result = reply(connection, MHD_HTTP_OK, "text/plain; version=0.0.4", (const char *)out.data, out.len);
		buf_clear(&out);
		return result;
	}
	return reply(connection, MHD_HTTP_NOT_FOUND, "text/plain", "try /metrics or /healthz\n", 25);
}

enum consign_err
metrics_serve(struct metrics *m, const char *bind)
{
	char host[64];
	const char *colon = strrchr(bind, ':');
	struct sockaddr_in address = {.sin_family = AF_INET};

	if (colon == NULL || (size_t)(colon - bind) >= sizeof host)
		return CONSIGN_E_CONFIG;
	memcpy(host, bind, (size_t)(colon - bind));
	host[colon - bind] = '\0';
	char *end;
	long port = strtol(colon + 1, &end, 10);

	if (colon[1] < '0' || colon[1] > '9' || *end != '\0' || port > 65535 || inet_pton(AF_INET, host, &address.sin_addr) != 1)
		return CONSIGN_E_CONFIG;
	address.sin_port = htons((uint16_t)port);
	m->server = calloc(1, sizeof *m->server);
	if (m->server == NULL)
		return CONSIGN_E_NO_MEMORY;
	m->server->daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, answer, m, MHD_OPTION_SOCK_ADDR, &address,
	    MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONSIGN_METRICS_CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, 10u, MHD_OPTION_END);
	if (m->server->daemon == NULL) {
		free(m->server);
		m->server = NULL;
		return CONSIGN_E_CONFIG;
	}
	return CONSIGN_OK;
}
