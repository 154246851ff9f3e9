/* Finding and reading a home. */
#include "home.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "print.h"

#define AGENT_TIMEOUT_MS 10000u

/* Every key of every kind of home: the command reads all of them and uses few. */
static const char *const known_keys[] = {"hub_id", "hub_name", "endpoint", "bind", "metrics", "broker_transport_key", "party",
    "name", "root_version", "root_hash", "socks_proxy", "retention_days", "quota_messages_per_second", "quota_bytes_per_second",
    "quota_mailbox_consignments", "quota_mailbox_bytes", "confine", "log_format", "log_level", NULL};

enum consign_err
home_dir(const struct args *args, const char **ret_dir)
{
	const char *dir = args_value(args, "home");

	if (dir == NULL)
		dir = getenv("CONSIGN_HOME");
	if (dir == NULL || dir[0] == '\0') {
		say_error("which home?");
		say_hint("give --home DIR, or set CONSIGN_HOME");
		return CONSIGN_E_USAGE;
	}
	*ret_dir = dir;
	return CONSIGN_OK;
}

static enum home_kind
kind_of(const struct config *config)
{
	const char *party = config_get(config, "party");

	if (party == NULL)
		return HOME_BROKER;
	return strcmp(party, "admin") == 0 ? HOME_ADMIN : HOME_COMPANY;
}

static enum consign_err
check_kind(const struct home *home, unsigned wanted)
{
	static const char *const words[] = {
	    [HOME_ADMIN] = "an administrator", [HOME_COMPANY] = "a company", [HOME_BROKER] = "a broker"};

	if ((home->kind & wanted) != 0)
		return CONSIGN_OK;
	say_error("%s is the home of %s", home->dir, words[home->kind]);
	say_hint("this command needs the home of %s", wanted == HOME_ADMIN     ? "an administrator"
						      : wanted == HOME_COMPANY ? "a company"
									       : "a company or an administrator");
	return CONSIGN_E_USAGE;
}

enum consign_err
home_open(const struct args *args, unsigned wanted, struct home *ret_home)
{
	struct home home = {0};
	char problem[256];
	const char *dir;
	enum consign_err err = home_dir(args, &dir);

	if (err != CONSIGN_OK)
		return err;
	home.dir = strdup(dir);
	char *path = path_join(dir, "config.yaml");

	if (home.dir == NULL || path == NULL) {
		err = say_fail(CONSIGN_E_NO_MEMORY, "out of memory");
		goto out;
	}
	err = config_open(path, known_keys, &home.config, problem);
	if (err == CONSIGN_E_NOT_FOUND) {
		say_error("%s is not a home: it has no config.yaml", dir);
		say_hint("an administrator makes one with `consign hub init`, a company with `consign join`");
		err = CONSIGN_E_USAGE;
		goto out;
	}
	if (err != CONSIGN_OK) {
		say_error("%s", problem);
		goto out;
	}
	home.kind = kind_of(home.config);
	home.name = config_get(home.config, "name");
	err = config_hex(home.config, "hub_id", home.hub_id.b, sizeof home.hub_id.b);
	if (err != CONSIGN_OK || (home.name == NULL && home.kind != HOME_BROKER)) {
		err = say_fail(CONSIGN_E_CONFIG, "%s: hub_id and name are needed", path);
		goto out;
	}
	err = check_kind(&home, wanted);
out:
	free(path);
	if (err != CONSIGN_OK) {
		home_clear(&home);
		return err;
	}
	*ret_home = home;
	return CONSIGN_OK;
}

void
home_clear(struct home *home)
{
	config_free(&home->config);
	free(home->dir);
	*home = (struct home){0};
}

char *
home_path(const struct home *home, const char *name)
{
	return path_join(home->dir, name);
}

enum consign_err
home_keys(const struct home *home, const struct args *args, struct keyfile **ret_keys)
{
	char *path = home_path(home, home->kind == HOME_ADMIN ? "keys/admin.key" : "keys/agent.key");

	if (path == NULL)
		return say_fail(CONSIGN_E_NO_MEMORY, "out of memory");
	char problem[256];
	enum consign_err err = passphrase_open_keys(path, args_value(args, "passphrase-file"), ret_keys, problem);

	if (err != CONSIGN_OK)
		say_error("%s", problem);
	if (err == CONSIGN_E_NOT_FOUND && file_exists(path))
		say_hint("give --passphrase-file FILE, a systemd credential named consign-passphrase, or use a terminal");
	free(path);
	return err;
}

const struct secret *
home_key(const struct keyfile *keys, const char *name)
{
	const struct secret *key = keyfile_find(keys, name, NULL);

	if (key == NULL)
		say_error("the key file has no key \"%s\"", name);
	return key;
}

enum consign_err
home_agent(const struct home *home, struct consign_client **ret_client)
{
	char *path = home_path(home, "agent.sock");

	if (path == NULL)
		return say_fail(CONSIGN_E_NO_MEMORY, "out of memory");
	enum consign_err err = consign_client_open(path, AGENT_TIMEOUT_MS, ret_client);

	if (err == CONSIGN_E_UNREACHABLE) {
		say_error("the agent of %s does not answer at %s", home->name, path);
		say_hint("is it running? start it with: consign-agent --home %s", home->dir);
	} else if (err != CONSIGN_OK) {
		say_error("%s: %s", path, consign_err_text(err));
	}
	free(path);
	return err;
}

void
new_passphrase_wipe(struct new_passphrase *p)
{
	explicit_bzero(p, sizeof *p);
}

bool
passphrase_is_given(const struct args *args)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	char *path = dir == NULL ? NULL : path_join(dir, "consign-passphrase");
	bool is_given = args_has(args, "passphrase-file") || (path != NULL && file_exists(path));

	free(path);
	return is_given;
}

enum consign_err
new_passphrase_get(const struct args *args, const char *what, struct new_passphrase *ret_passphrase)
{
	const char *file = args_value(args, "passphrase-file");
	char prompt[256];
	int n = snprintf(prompt, sizeof prompt, "new passphrase for %s", what);

	(void)n;
	if (args_has(args, "no-passphrase")) {
		if (file != NULL)
			return say_fail(CONSIGN_E_USAGE, "--no-passphrase and --passphrase-file exclude one another");
		say_warning("%s are not locked: whoever can read the key files has them", what);
		ret_passphrase->is_set = false;
		return CONSIGN_OK;
	}
	enum consign_err err = passphrase_get(file, prompt, true, ret_passphrase->text);

	ret_passphrase->is_set = err == CONSIGN_OK;
	if (err == CONSIGN_OK)
		return CONSIGN_OK;
	if (err == CONSIGN_E_MALFORMED)
		return say_fail(CONSIGN_E_USAGE, "the passphrase is empty, or the two differ");
	if (err != CONSIGN_E_NOT_FOUND || file != NULL)
		return say_fail(err, "%s: %s", file != NULL ? file : "passphrase", consign_err_text(err));
	say_error("a passphrase is needed for %s, and there is no terminal to ask for it", what);
	say_hint("give --passphrase-file FILE, or say --no-passphrase");
	return CONSIGN_E_USAGE;
}
