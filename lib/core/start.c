/* The common beginning of the daemons. The only library file that prints: it is a part of their main. */
#include "core/start.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/file.h"
#include "core/log.h"
#include "core/passphrase.h"

/* A page for each secret of a daemon: an agent has about ten, and more while seal keys overlap. */
#define LOCKED_PAGES 64

static void
usage(const struct start *s, FILE *to)
{
	fprintf(to,
	    "usage: %s --home DIR [-n] [--passphrase-file FILE] [--log-format text|json] [--log-level error|warn|info|debug]\n"
	    "  --home DIR              %s (or CONSIGN_HOME)\n"
	    "  -n                      check configuration and keys, then end\n"
	    "  --passphrase-file FILE  its first line unlocks the keys\n"
	    "  --version, -h\n",
	    s->program, s->about_home);
}

int
start_fail(const struct start *s, const char *error, const char *hint)
{
	fprintf(stderr, "%s: error: %s\n", s->program, error);
	if (hint != NULL)
		fprintf(stderr, "%s: hint: %s\n", s->program, hint);
	return 1;
}

static int
parse(struct start *s, int argc, char **argv)
{
	static const struct option options[] = {{"home", required_argument, NULL, 'H'}, {"passphrase-file", required_argument, NULL, 'p'},
	    {"log-format", required_argument, NULL, 'f'}, {"log-level", required_argument, NULL, 'l'}, {"version", no_argument, NULL, 'V'},
	    {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	int c;

	s->home = getenv("CONSIGN_HOME");
	while ((c = getopt_long(argc, argv, "hn", options, NULL)) != -1)
		switch (c) {
		case 'H':
			s->home = optarg;
			break;
		case 'p':
			s->passphrase_file = optarg;
			break;
		case 'f':
			s->log_format = optarg;
			break;
		case 'l':
			s->log_level = optarg;
			break;
		case 'n':
			s->check_only = true;
			break;
		case 'V':
			printf("%s %s\n", s->program, CONSIGN_VERSION);
			return 0;
		case 'h':
			usage(s, stdout);
			return 0;
		default:
			usage(s, stderr);
			return 2;
		}
	if (optind < argc || s->home == NULL) {
		usage(s, stderr);
		return 2;
	}
	return -1;
}

static bool
begin_log(const struct start *s)
{
	static const char *const levels[] = {"error", "warn", "info", "debug"};
	const char *format = s->log_format != NULL ? s->log_format : config_get(s->config, "log_format");
	const char *level = s->log_level != NULL ? s->log_level : config_get(s->config, "log_level");

	if (format != NULL && strcmp(format, "json") != 0 && strcmp(format, "text") != 0)
		return false;
	for (int i = LOG_ERROR; i <= LOG_DEBUG; i++)
		if (strcmp(level != NULL ? level : "info", levels[i]) == 0) {
			log_start(s->program, format != NULL && strcmp(format, "json") == 0, (enum log_level)i);
			return true;
		}
	return false;
}

int
start_begin(struct start *s, int argc, char **argv)
{
	char problem[256];
	int status = parse(s, argc, argv);

	if (status >= 0)
		return status;
	if (secret_start() != CONSIGN_OK)
		return start_fail(s, "libsodium does not start", NULL);
	char *config_path = path_join(s->home, "config.yaml"), *key_path = path_join(s->home, s->key_file);

	if (config_path == NULL || key_path == NULL)
		status = start_fail(s, "out of memory", NULL);
	else if (config_open(config_path, s->known_keys, &s->config, problem) != CONSIGN_OK)
		status = start_fail(s, problem, s->about_home);
	else if (!begin_log(s))
		status = start_fail(s, "log_format is text or json, log_level is error, warn, info or debug", NULL);
	else if (passphrase_open_keys(key_path, s->passphrase_file, &s->keys, problem) != CONSIGN_OK)
		status = start_fail(s, problem,
		    file_exists(key_path)
			? "a passphrase comes from --passphrase-file FILE, a systemd credential named consign-passphrase, or a terminal"
			: "restore it from a backup; docs/OPERATIONS.md 11 says what to do when there is none");
	free(config_path);
	free(key_path);
	return status;
}

/* Secrets are in locked pages (core/secret.c), as far as the limit goes; beyond it they may reach the swap, which must be said. */
static void
check_locked_memory(void)
{
	size_t bytes = (size_t)LOCKED_PAGES * (size_t)sysconf(_SC_PAGESIZE);
	void *pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct rlimit limit = {0, 0};

	if (pages == MAP_FAILED)
		return;
	if (mlock(pages, bytes) != 0) {
		(void)getrlimit(RLIMIT_MEMLOCK, &limit);
		log_event(LOG_WARN, "memory.not_locked", "limit_bytes", "u", (uint64_t)limit.rlim_cur, "needed_bytes", "u", (uint64_t)bytes, "hint", "s",
		    "keys may reach the swap: raise the limit (ulimit -l; systemd: LimitMEMLOCK=)", NULL);
	}
	munmap(pages, bytes);
}

/* A core dump would hold keys, and so would what a debugger of the same user reads; nothing that a daemon starts shall be more than it is. */
static void
harden(const struct start *s)
{
	setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
#ifndef __SANITIZE_ADDRESS__ /* whose search for leaks is a debugger */
	if (s->unreadable)
		(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#else
	(void)s;
#endif
	check_locked_memory();
}

/* Returns -1 to go on. */
static int
confine_to_home(struct start *s)
{
	const char *wish = config_get(s->config, "confine");
	int abi = 0;
	enum consign_err err;

	if (wish != NULL && strcmp(wish, "yes") != 0 && strcmp(wish, "no") != 0)
		return start_fail(s, "config.yaml: confine is yes or no", NULL);
	if (wish != NULL && strcmp(wish, "no") == 0) {
		log_event(LOG_WARN, "files.not_confined", "reason", "s", "config.yaml says so", NULL);
		return -1;
	}
	s->confinement.home = s->home;
	err = confine(&s->confinement, &abi);
	if (err == CONSIGN_E_NOT_FOUND)
		log_event(LOG_INFO, "files.not_confined", "reason", "s", "this kernel has no Landlock, or does not let us use it", NULL);
	else if (err != CONSIGN_OK)
		return start_fail(s, "this process cannot be confined to its home", "config.yaml: confine: \"no\" goes on without");
	else
		log_event(LOG_DEBUG, "files.confined", "landlock", "u", (uint64_t)abi, NULL);
	return -1;
}

int
start_commit(struct start *s)
{
	char *lock_path;
	int status = -1;

	if (s->check_only) {
		puts("configuration OK");
		return 0;
	}
	lock_path = path_join(s->home, "lock");
	if (lock_path == NULL || file_lock(lock_path, &s->lock) != CONSIGN_OK)
		status = start_fail(s, "this home is in use by another process, or cannot be written", NULL);
	free(lock_path);
	harden(s);
	return status >= 0 ? status : confine_to_home(s);
}

void
start_clear(struct start *s)
{
	keyfile_free(&s->keys);
	config_free(&s->config);
}
