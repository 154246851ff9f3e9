/*
 * `consign doctor`: what could be wrong with this home, one line a check, and what to do. Changes nothing.
 *
 * Files first, which need nobody; then whoever must answer: the agent at a company, the broker at an administrator's.
 */
#include "cmd.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "admin.h"
#include "agent_call.h"
#include "catalogue/catalogue.h"
#include "client/exchange.h"
#include "core/clock.h"
#include "core/file.h"
#include "core/limits.h"
#include "policy_source.h"
#include "print.h"
#include "profiles.h"
#include "stated.h"

#define DAY_US (24ull * 3600 * 1000000)

enum finding { FINDING_OK, FINDING_WARN, FINDING_FAIL };

struct doctor {
	const struct args *args;
	const struct home *home;
	bool as_json;
	json_t *findings;
	size_t failed;
};

/* One check's outcome. what_to_do: NULL when there is nothing to do. */
static void found(struct doctor *d, enum finding finding, const char *check, const char *what_to_do, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

static void
found(struct doctor *d, enum finding finding, const char *check, const char *what_to_do, const char *format, ...)
{
	static const char *const words[] = {"ok", "warn", "fail"};
	char *text = NULL;
	va_list ap;

	va_start(ap, format);
	/* Never cut: what a profile lacks may be a long list. */
	if (vasprintf(&text, format, ap) < 0)
		text = NULL;
	va_end(ap);
	d->failed += finding == FINDING_FAIL;
	if (d->as_json) {
		json_array_append_new(d->findings, json_pack("{s:s, s:s, s:s, s:s?}", "check", check, "finding", words[finding],
						       "text", text != NULL ? text : "", "do", what_to_do));
	} else {
		printf("%-4s  %-12s %s\n", words[finding], check, text != NULL ? text : "");
		if (what_to_do != NULL)
			printf("                    → %s\n", what_to_do);
	}
	free(text);
}

/* ── files ── */

static void
check_home(struct doctor *d)
{
	struct stat st;

	if (stat(d->home->dir, &st) != 0)
		found(d, FINDING_FAIL, "home", "give --home DIR", "%s cannot be read", d->home->dir);
	else if (st.st_uid != geteuid())
		found(d, FINDING_FAIL, "home", "run as its owner", "%s belongs to another user", d->home->dir);
	else if ((st.st_mode & 077) != 0)
		found(d, FINDING_WARN, "home", "chmod 700 the folder", "%s can be entered by others (mode %03o)", d->home->dir,
		    (unsigned)(st.st_mode & 0777));
	else
		found(d, FINDING_OK, "home", NULL, "%s is private", d->home->dir);
}

static void
check_keys(struct doctor *d)
{
	const char *name = d->home->kind == HOME_ADMIN     ? "keys/admin.key"
			   : d->home->kind == HOME_COMPANY ? "keys/agent.key"
							   : "keys/broker.key";
	char *path = home_path(d->home, name), problem[256];
	struct keyfile *keys = NULL;
	bool is_locked = false;
	enum consign_err err = path == NULL ? CONSIGN_E_NO_MEMORY : file_check_private(path);

	if (err != CONSIGN_OK) {
		found(d, FINDING_FAIL, "keys",
		    err == CONSIGN_E_NOT_FOUND ? "restore the home from a backup" : "chmod 600 the file, as its owner", "%s: %s",
		    name, err == CONSIGN_E_NOT_FOUND ? "is not there" : "is not a file of yours that nobody else may read");
		free(path);
		return;
	}
	err = keyfile_open(path, NULL, &is_locked, &keys);
	if (err == CONSIGN_OK)
		found(d, FINDING_WARN, "keys", "whoever reads the file has the keys; make new homes with a passphrase",
		    "%s opens and is not locked", name);
	else if (err == CONSIGN_E_KEY_FILE && is_locked && !passphrase_is_given(d->args))
		found(d, FINDING_OK, "keys", NULL, "%s is locked (not tried: no --passphrase-file)", name);
	else if (err == CONSIGN_E_KEY_FILE && is_locked) {
		err = passphrase_open_keys(path, args_value(d->args, "passphrase-file"), &keys, problem);
		found(d, err == CONSIGN_OK ? FINDING_OK : FINDING_FAIL, "keys",
		    err == CONSIGN_OK ? NULL : "find the right passphrase", "%s",
		    err == CONSIGN_OK ? "the key file is locked, and the passphrase opens it" : problem);
	} else
		found(d, FINDING_FAIL, "keys", "restore the file from a backup", "%s is damaged", name);
	keyfile_free(&keys);
	free(path);
}

static void
check_disk(struct doctor *d)
{
	unsigned percent;
	uint64_t free_bytes;

	if (file_disk_use(d->home->dir, &percent, &free_bytes) != CONSIGN_OK) {
		found(d, FINDING_WARN, "disk", NULL, "cannot be asked");
		return;
	}
	unsigned long long free_mib = free_bytes / (1024 * 1024);

	if (file_disk_is_full(percent, free_bytes))
		found(d, FINDING_FAIL, "disk", "free space now: nothing more is taken in", "%u %% used, %llu MiB free", percent,
		    free_mib);
	else if (file_disk_is_filling(percent))
		found(d, FINDING_WARN, "disk", "free space, or give the home a larger disk", "%u %% used, %llu MiB free", percent,
		    free_mib);
	else
		found(d, FINDING_OK, "disk", NULL, "%u %% used, %llu MiB free", percent, free_mib);
}

/* A machine whose clock was never set is caught here; how far off a set one is, only the broker's clock tells. */
static void
check_clock(struct doctor *d)
{
	uint64_t now_us = clock_wall_us(clock_system());
	char time[PRINT_TIME_BYTES];

	if (now_us < 1767225600ull * 1000000) /* 2026-01-01: before this program was written */
		found(d, FINDING_FAIL, "clock", "set the clock, by NTP for instance", "it is %s, which cannot be",
		    time_text(now_us, time));
	else
		found(d, FINDING_OK, "clock", NULL, "it is %s", time_text(now_us, time));
}

/* ── a company's agent ── */

static const char *
fact(const struct consign_reply *reply, const char *name)
{
	for (size_t i = 0; i < reply->n_facts; i++)
		if (strcmp(reply->facts[i].name, name) == 0)
			return reply->facts[i].value;
	return NULL;
}

static void
check_connection(struct doctor *d, const struct consign_reply *status)
{
	const char *state = fact(status, "connection"), *problem = fact(status, "last_problem");

	bool has_problem = problem != NULL && strcmp(problem, "none") != 0;

	if (state == NULL)
		found(d, FINDING_WARN, "connection", NULL, "the agent does not say");
	else if (strcmp(state, "up") == 0)
		found(d, FINDING_OK, "connection", NULL, "up, to %s",
		    fact(status, "endpoint") != NULL ? fact(status, "endpoint") : "the broker");
	else
		found(d, FINDING_FAIL, "connection",
		    "is the company approved, the broker running, one outbound TCP port open? (HTTP proxies and TLS inspection "
		    "do not work)",
		    "%s%s%s", state, has_problem ? ": " : "", has_problem ? problem : "");
}

static void
check_skew(struct doctor *d, const struct consign_reply *status)
{
	const char *text = fact(status, "clock_skew_ms"), *root = fact(status, "root_version");
	long long skew_ms = text == NULL ? 0 : strtoll(text, NULL, 10);
	unsigned long long away_us = 1000 * (skew_ms < 0 ? 0ull - (unsigned long long)skew_ms : (unsigned long long)skew_ms);

	/* Before the first connection nobody has compared clocks. */
	if (text == NULL || root == NULL || strcmp(root, "0") == 0)
		return;
	enum clock_skew apart = clock_skew(away_us, 0);

	if (apart == CLOCK_SKEW_TOO_FAR)
		found(d, FINDING_FAIL, "clock", "set this machine's clock: messages are refused", "%.1f s away from the broker's",
		    (double)away_us / 1e6);
	else if (apart == CLOCK_SKEW_WARN)
		found(
		    d, FINDING_WARN, "clock", "set this machine's clock", "%.1f s away from the broker's", (double)away_us / 1e6);
	else
		found(d, FINDING_OK, "clock", NULL, "%.1f s away from the broker's", (double)away_us / 1e6);
}

static void
check_documents(struct doctor *d, const struct consign_reply *status)
{
	const char *root = fact(status, "root_version"), *directory = fact(status, "directory_version"),
		   *policy = fact(status, "policy_version");
	const char *accusations = fact(status, "accusations");

	if (root == NULL || strcmp(root, "0") == 0)
		found(d, FINDING_FAIL, "documents", "is the company approved? the agent gets them at its first connection",
		    "none are held yet");
	else
		found(d, FINDING_OK, "documents", NULL, "root %s, directory %s, policy %s", root,
		    directory != NULL ? directory : "-", policy != NULL ? policy : "-");
	if (accusations != NULL && strcmp(accusations, "0") != 0)
		found(d, FINDING_FAIL, "trust", "read `consign status`; tell the hub's administrator and the other companies",
		    "%s case(s) of misbehaviour were found", accusations);
	else if (root != NULL && strcmp(root, "0") != 0)
		found(d, FINDING_OK, "trust", NULL, "one history, verified");
}

/* Microseconds of an RFC 3339 time in UTC, to the second; 0 when it is none. */
static uint64_t
time_of(const char *text)
{
	struct tm tm = {0};

	if (text == NULL || strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) == NULL)
		return 0;
	return (uint64_t)timegm(&tm) * 1000000;
}

static void
check_standing(struct doctor *d, const struct consign_reply *status)
{
	const char *standing = fact(status, "standing");

	if (standing == NULL || strncmp(standing, "active", 6) == 0 || strcmp(standing, "none") == 0)
		return; /* as it should be, or there is no directory yet */
	found(d, FINDING_WARN, "standing", "ask an administrator of the hub", "this organisation is %s", standing);
}

/* What keeps all mail of this company here. */
static void
check_sending(struct doctor *d, const struct consign_reply *status)
{
	const char *held = fact(status, "sending_held");

	if (held != NULL && strcmp(held, "none") != 0)
		found(d, FINDING_FAIL, "freshness", "ask an administrator of the hub: consign freshness status", "nothing is sent: %s", held);
}

static void
check_card(struct doctor *d, const struct consign_reply *status)
{
	const char *text = fact(status, "card_expires"), *version = fact(status, "card_version");
	uint64_t expires_us = time_of(text), now_us = clock_wall_us(clock_system());
	if (expires_us == 0)
		return; /* none is held before the first documents */
	if (expires_us <= now_us)
		found(d, FINDING_FAIL, "card", "let the agent connect: it renews the card by itself", "expired at %s", text);
	else if (expires_us - now_us < 7 * DAY_US)
		found(d, FINDING_WARN, "card", "let the agent connect: it renews the card by itself", "expires at %s", text);
	else
		found(d, FINDING_OK, "card", NULL, "version %s, good until %s", version != NULL ? version : "-", text);
}

/* ── the profile ── */

struct profile_check {
	struct doctor *d;
	const struct profile *profile;
};

static void
found_gap(void *context, const struct profile_gap *gap)
{
	struct profile_check *c = context;
	struct buf text = {0}, todo = {0};
	enum consign_err err = profiles_gap_words(c->profile, gap, &text, &todo);

	if (err == CONSIGN_OK)
		err = buf_append_u8(&todo, '\0');
	if (err == CONSIGN_OK)
		found(c->d, FINDING_WARN, "profile", (const char *)todo.data, "%.*s", (int)text.len, (const char *)text.data);
	else
		found(c->d, FINDING_WARN, "profile", NULL, "%s", consign_err_text(err));
	buf_clear(&text);
	buf_clear(&todo);
}

/* The types of the catalogue with their least labels. NULL when out of memory; free() it. */
static struct profile_type *
known_types(size_t *ret_n)
{
	size_t n = 0;

	while (catalogue_at(n) != NULL)
		n++;
	struct profile_type *types = calloc(n + 1, sizeof *types);

	for (size_t i = 0; types != NULL && i < n; i++)
		types[i] = (struct profile_type){catalogue_type_name(catalogue_at(i)), catalogue_type_label(catalogue_at(i))};
	*ret_n = n;
	return types;
}

/* What is missing is a warning each: a profile is a convenience, and a policy may mean it so. */
static enum consign_err
compare_profile(struct doctor *d, const struct profile *profile, const struct local_policy_reply *reply)
{
	struct profile_question q = {
	    .profile = profile, .org = d->home->name, .studies = reply->studies.v, .n_studies = reply->studies.n};
	struct profile_type *types = known_types(&q.n_types);
	struct policy *policy = NULL;
	struct profile_sum sum;
	struct buf text = {0};
	enum consign_err err = types == NULL ? CONSIGN_E_NO_MEMORY : policy_source_compile(reply, &policy);

	q.types = types;
	q.policy = policy;
	if (err == CONSIGN_OK)
		err = profile_compare(&q, found_gap, &(struct profile_check){d, profile}, &sum);
	if (err == CONSIGN_OK)
		err = profiles_sum_words(profile, &sum, &text);
	if (err == CONSIGN_OK)
		found(d, FINDING_OK, "profile", NULL, "%.*s", (int)text.len, (const char *)text.data);
	buf_clear(&text);
	policy_free(&policy);
	free(types);
	return err;
}

/* reply: the policy as the agent sees it; NULL: not known, then the file alone is checked. */
static void
check_profile(struct doctor *d, const struct local_policy_reply *reply)
{
	char *path = home_path(d->home, "profile.yaml"), problem[PROFILES_PROBLEM_BYTES] = "";
	struct profile *profile = NULL;
	struct arena *arena = NULL;
	struct buf text = {0};
	enum consign_err err = path == NULL ? CONSIGN_E_NO_MEMORY : arena_new(PROFILE_ARENA_BYTES, &arena);

	if (err == CONSIGN_OK)
		err = profiles_read(path, arena, &text, &profile, problem);
	if (err == CONSIGN_OK && reply != NULL)
		err = compare_profile(d, profile, reply);
	if (err != CONSIGN_OK && err != CONSIGN_E_NOT_FOUND) /* a home may do without */
		found(d, FINDING_FAIL, "profile", "put it right, or move it away: the agent does not start with it", "%s",
		    problem[0] != '\0' ? problem : consign_err_text(err));
	buf_clear(&text);
	arena_free(&arena);
	free(path);
}

/* Whether any study concerns this company. */
static void
check_policy(struct doctor *d, struct consign_client *client)
{
	struct local_policy question = {0};
	struct client_reply *reply = NULL;
	uint64_t number;
	enum consign_err err = client_post(client, &(struct local_request){.policy = &question}, &number);

	if (err == CONSIGN_OK)
		err = client_take(client, number, AGENT_REPLY_TIMEOUT_MS, &reply);
	if (err != CONSIGN_OK || reply->wire->policy == NULL)
		found(d, FINDING_WARN, "policy", NULL, "the agent does not say");
	else if (reply->wire->policy->studies.n == 0)
		found(d, FINDING_WARN, "policy", "ask the hub's administrator: nothing can be sent or received yet",
		    "no study names this company");
	else
		found(d, FINDING_OK, "policy", NULL, "version %llu, %zu %s", (unsigned long long)reply->wire->policy->version,
		    reply->wire->policy->studies.n, reply->wire->policy->studies.n == 1 ? "study" : "studies");
	check_profile(d, err == CONSIGN_OK ? reply->wire->policy : NULL);
	client_reply_free(&reply);
}

static void
check_agent(struct doctor *d)
{
	struct consign_client *client = NULL;
	const struct consign_reply *status = NULL;
	uint64_t number;
	char *path = home_path(d->home, "agent.sock");
	enum consign_err err = path == NULL ? CONSIGN_E_NO_MEMORY : consign_client_open(path, AGENT_REPLY_TIMEOUT_MS, &client);

	free(path);
	if (err == CONSIGN_OK)
		err = consign_client_post_status(client, &number);
	if (err == CONSIGN_OK)
		err = consign_client_wait(client, number, AGENT_REPLY_TIMEOUT_MS, &status);
	if (err != CONSIGN_OK || status->kind != CONSIGN_REPLY_STATUS) {
		found(d, FINDING_FAIL, "agent", "start it: consign-agent --home DIR", "does not answer: %s",
		    err != CONSIGN_OK ? consign_err_text(err) : status->detail);
		check_profile(d, NULL);
	} else {
		found(d, FINDING_OK, "agent", NULL, "answers");
		check_standing(d, status);
		check_sending(d, status);
		check_connection(d, status);
		check_skew(d, status);
		check_card(d, status);
		check_documents(d, status);
		check_policy(d, client);
	}
	consign_reply_free(&status);
	consign_client_close(&client);
}

/* ── an administrator's hub ── */

static void
check_cards(struct doctor *d, const struct hub *hub)
{
	uint64_t now_us = clock_wall_us(clock_system());
	const struct hub_card *card;
	size_t n = 0;

	for (size_t i = 0; (card = hub_card_nth(hub, i)) != NULL; i++, n++)
		if (card->card->expires_us < now_us + 7 * DAY_US) {
			char time[PRINT_TIME_BYTES];

			found(d, FINDING_WARN, "card", "its agent renews it; is it running?", "that of %s expires at %s",
			    card->card->org.s, time_text(card->card->expires_us, time));
		}
	found(d, FINDING_OK, "cards", NULL, "%zu held", n);
}

static void
check_freshness(struct doctor *d, const struct admin_desk *desk)
{
	static const char *const renew = "consign freshness delegate ORG names another company, --none nobody";
	struct arena *arena = NULL;
	struct stated s;

	if (arena_new(STATED_ARENA_BYTES, &arena) != CONSIGN_OK || stated_look(desk, arena, &s) != CONSIGN_OK)
		found(d, FINDING_WARN, "freshness", NULL, "%s", consign_err_text(CONSIGN_E_NO_MEMORY));
	else if (s.is_wanted && strcmp(s.standing, "active") != 0)
		found(d, FINDING_FAIL, "freshness", renew, "stated by %s, which is %s: nothing it states is taken", s.by[0] != '\0' ? s.by : "a company", s.standing);
	else if (s.is_wanted && s.statement == NULL)
		found(d, FINDING_FAIL, "freshness", "is its agent running, and connected?", "no statement of %s holds: agents send nothing", s.by);
	else if (s.is_wanted)
		found(d, FINDING_OK, "freshness", NULL, "stated by %s", s.by);
	arena_free(&arena);
}

static void
check_hub(struct doctor *d)
{
	struct admin_desk desk = {0};

	if (!isatty(STDIN_FILENO) && !passphrase_is_given(d->args)) {
		char *path = home_path(d->home, "keys/admin.key");
		struct keyfile *keys = NULL;
		enum consign_err err = path == NULL ? CONSIGN_E_NO_MEMORY : keyfile_open(path, NULL, NULL, &keys);

		keyfile_free(&keys);
		free(path);
		if (err != CONSIGN_OK) {
			found(d, FINDING_WARN, "broker", "give --passphrase-file FILE", "not asked: the key file is locked");
			return;
		}
	}
	enum consign_err err = admin_open(d->args, &desk);

	if (err != CONSIGN_OK) {
		found(d, FINDING_FAIL, "broker", "see the words above; is it running? consign-broker --home DIR/broker", "%s",
		    consign_err_text(err));
		return;
	}
	found(d, FINDING_OK, "broker", NULL, "answers, and its documents verify");
	found(d, FINDING_OK, "documents", NULL, "root %llu, directory %llu, policy %llu",
	    (unsigned long long)hub_root(desk.hub)->root->version, (unsigned long long)hub_directory(desk.hub)->version,
	    (unsigned long long)hub_policy(desk.hub)->version);
	check_cards(d, desk.hub);
	check_freshness(d, &desk);
	admin_close(&desk);
}

enum consign_err
cmd_doctor(const struct args *args)
{
	struct home home = {0};
	struct doctor d = {.args = args, .home = &home, .as_json = args_has(args, "json")};
	enum consign_err err = home_open(args, HOME_ADMIN | HOME_COMPANY | HOME_BROKER, &home);

	if (err != CONSIGN_OK)
		return err;
	d.findings = json_array();
	check_home(&d);
	check_keys(&d);
	check_disk(&d);
	check_clock(&d);
	if (home.kind == HOME_COMPANY)
		check_agent(&d);
	else if (home.kind == HOME_ADMIN)
		check_hub(&d);
	else
		found(&d, FINDING_OK, "broker", "its own check is: consign-broker --home DIR -n", "this is a broker's home");
	if (d.as_json) {
		err = print_json(&d.findings);
		if (err != CONSIGN_OK)
			say_error("%s", consign_err_text(err));
	}
	json_decref(d.findings);
	home_clear(&home);
	if (err == CONSIGN_OK && d.failed > 0)
		err = CONSIGN_E_CONFIG;
	return err;
}
