/* consign-broker: the start-up story. Refuses to start rather than start insecure. */
#include <sys/resource.h>

#include "broker.h"
#include "core/limits.h"
#include "core/log.h"
#include "core/start.h"

static const char *const known_keys[] = {"hub_id", "hub_name", "endpoint", "bind", "metrics", "retention_days", "quota_messages_per_second",
    "quota_bytes_per_second", "quota_mailbox_consignments", "quota_mailbox_bytes", "confine", "log_format", "log_level", NULL};

/* Each connection is a file. More than the guard lets in, and some for the store and the log, are of no use; the listener keeps some back. */
#define FILES_MAX (CONSIGN_CONNECTIONS_MAX + 1024u)

static void
raise_files(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < FILES_MAX) {
		files.rlim_cur = files.rlim_max < FILES_MAX ? files.rlim_max : FILES_MAX;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
}

static const char *
hint_of(enum consign_err err)
{
	switch (err) {
	case CONSIGN_E_SCHEMA_VERSION:
		return "this store was written by a newer consign-broker";
	case CONSIGN_E_NOT_FOUND:
		return "restore what is gone from the newest backup: with an empty ledger the hub's companies would accuse this broker";
	case CONSIGN_E_CORRUPT:
		break;
	default:
		if (consign_err_class(err) != CONSIGN_CLASS_PEER) /* nobody else wrote what is in a home */
			return consign_err_text(err);
	}
	return "keep what is there, and restore what is damaged from the newest backup (docs/OPERATIONS.md 8)";
}

static int
run(struct start *s)
{
	struct broker_options options = {.home = s->home, .keys = &s->keys};
	struct broker *broker;
	char problem[256];

	if (config_hex(s->config, "hub_id", options.hub_id.b, sizeof options.hub_id.b) != CONSIGN_OK || config_get(s->config, "bind") == NULL
	    || config_u64(s->config, "retention_days", 0, 36500, 90, &options.retention_days) != CONSIGN_OK)
		return start_fail(s, "config.yaml: hub_id must be 64 hex digits, bind must be there, retention_days a number of days", NULL);
	if (quota_read(s->config, &options.quota, problem) != CONSIGN_OK)
		return start_fail(s, problem, NULL);
	options.bind = config_get(s->config, "bind");
	options.metrics_bind = config_get(s->config, "metrics");
	int status = start_commit(s);

	if (status >= 0)
		return status;
	raise_files();
	enum consign_err err = broker_open(&options, &broker, problem);

	if (err != CONSIGN_OK)
		return start_fail(s, problem, hint_of(err));
	log_event(LOG_INFO, "broker.started", "hub", "s", config_get(s->config, "hub_name") != NULL ? config_get(s->config, "hub_name") : "",
	    "bind", "s", options.bind, "home", "s", s->home, NULL);
	broker_run(broker);
	broker_close(&broker);
	log_event(LOG_INFO, "broker.stopped", NULL);
	return 0;
}


int
main(int argc, char **argv)
{
	struct start s = {.program = "consign-broker", .about_home = "the broker's home: DIR/broker of `consign hub init --home DIR`",
	    .key_file = "keys/broker.key", .known_keys = known_keys, .confinement = {.no_connect = true}};
	int status = start_begin(&s, argc, argv);

	if (status < 0)
		status = run(&s);
	start_clear(&s);
	return status;
}
