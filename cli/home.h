/*
 * A home: whose keys, socket and files a command uses. An administrator's or a company's; the broker's is the daemon's.
 *
 * Functions here say what is wrong before they return an error.
 */
#ifndef CLI_HOME_H
#define CLI_HOME_H

#include "args.h"
#include "consign/client.h"
#include "core/config.h"
#include "core/keyfile.h"
#include "core/passphrase.h"

enum home_kind { HOME_ADMIN = 1, HOME_COMPANY = 2, HOME_BROKER = 4 };

struct home {
	char *dir;
	enum home_kind kind;
	struct config *config;
	struct consign_hash hub_id;
	const char *name; /* the administrator's or the organisation's; lent by config; NULL at the broker's */
};

/* The folder that --home or CONSIGN_HOME names. Lends. Errors: USAGE */
CONSIGN_MUST_CHECK enum consign_err home_dir(const struct args *args, const char **ret_dir);
/*
 * Reads the home's config.yaml.
 * wanted  kinds (enum home_kind, or-ed) that the command is for
 * Errors: CONFIG, NO_MEMORY, USAGE (no home, or another kind of home)
 */
CONSIGN_MUST_CHECK enum consign_err home_open(const struct args *args, unsigned wanted, struct home *ret_home);
void home_clear(struct home *home);
/* A path in the home; free() it. NULL when out of memory. */
char *home_path(const struct home *home, const char *name);
/* Opens and unlocks keys/admin.key or keys/agent.key. Errors: KEY_FILE, BAD_SEAL, NOT_FOUND, NO_MEMORY */
CONSIGN_MUST_CHECK enum consign_err home_keys(const struct home *home, const struct args *args, struct keyfile **ret_keys);
/* A key of the file. NULL, said, when it is missing. */
const struct secret *home_key(const struct keyfile *keys, const char *name);
/* A connection to the company's agent. Errors: as consign_client_open */
CONSIGN_MUST_CHECK enum consign_err home_agent(const struct home *home, struct consign_client **ret_client);

/* A passphrase for keys that are to be made; wipe it. */
struct new_passphrase {
	char text[PASSPHRASE_MAX_BYTES + 1];
	bool is_set; /* false: --no-passphrase was said */
};
/*
 * From --passphrase-file, a systemd credential or a terminal, which is asked twice; or --no-passphrase, with a warning.
 * what: "the keys of this hub". Errors: USAGE, as passphrase_get
 */
CONSIGN_MUST_CHECK enum consign_err
new_passphrase_get(const struct args *args, const char *what, struct new_passphrase *ret_passphrase);
void new_passphrase_wipe(struct new_passphrase *p);
/* Whether a passphrase can be had without asking anybody. */
bool passphrase_is_given(const struct args *args);

#endif
