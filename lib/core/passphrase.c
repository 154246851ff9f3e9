/* Passphrases: read, never kept longer than the call that needs them. */
#include "core/passphrase.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "core/file.h"

static enum consign_err
from_file(const char *path, char *ret_text)
{
	struct buf b = {0};
	enum consign_err err = file_read(path, PASSPHRASE_MAX_BYTES + 2, &b);

	if (err == CONSIGN_OK) {
		size_t len = 0;

		while (len < b.len && b.data[len] != '\n' && b.data[len] != '\r' && b.data[len] != '\0')
			len++;
		if (len == 0)
			err = CONSIGN_E_MALFORMED;
		else if (len > PASSPHRASE_MAX_BYTES)
			err = CONSIGN_E_TOO_BIG;
		else {
			memcpy(ret_text, b.data, len);
			ret_text[len] = '\0';
		}
	}
	buf_wipe(&b);
	return err;
}

static enum consign_err
from_terminal(const char *prompt, char *ret_text)
{
	struct termios old, quiet;
	char line[PASSPHRASE_MAX_BYTES + 2];
	enum consign_err err = CONSIGN_E_IO;

	if (tcgetattr(STDIN_FILENO, &old) != 0)
		return CONSIGN_E_NOT_FOUND;
	quiet = old;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &quiet);
	fprintf(stderr, "%s: ", prompt);
	fflush(stderr);
	if (fgets(line, sizeof line, stdin) != NULL) {
		size_t len = strcspn(line, "\n");

		if (len > PASSPHRASE_MAX_BYTES) {
			err = CONSIGN_E_TOO_BIG;
			/* The rest of the line must not be taken for the next answer, least of all shown by the shell. */
			tcflush(STDIN_FILENO, TCIFLUSH);
		} else {
			err = len == 0 ? CONSIGN_E_MALFORMED : CONSIGN_OK;
			memcpy(ret_text, line, len);
			ret_text[len] = '\0';
		}
	}
	tcsetattr(STDIN_FILENO, TCSADRAIN, &old);
	fputc('\n', stderr);
	sodium_memzero(line, sizeof line);
	return err;
}

enum consign_err
passphrase_get(const char *file, const char *prompt, bool twice, char *ret_text)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");

	if (file != NULL)
		return from_file(file, ret_text);
	if (folder != NULL) {
		char *path = path_join(folder, "consign-passphrase");
		enum consign_err err = path == NULL ? CONSIGN_E_NO_MEMORY : file_exists(path) ? from_file(path, ret_text) : CONSIGN_E_NOT_FOUND;

		free(path);
		if (err != CONSIGN_E_NOT_FOUND)
			return err;
	}
	if (!isatty(STDIN_FILENO))
		return CONSIGN_E_NOT_FOUND;
	enum consign_err err = from_terminal(prompt, ret_text);

	if (err == CONSIGN_OK && twice) {
		char again[PASSPHRASE_MAX_BYTES + 1];

		err = from_terminal("the same again", again);
		if (err == CONSIGN_OK && strcmp(again, ret_text) != 0)
			err = CONSIGN_E_MALFORMED;
		sodium_memzero(again, sizeof again);
	}
	return err;
}

enum consign_err
passphrase_open_keys(const char *path, const char *file, struct keyfile **ret_keys, char ret_problem[256])
{
	bool locked = false;
	char text[PASSPHRASE_MAX_BYTES + 1];
	enum consign_err err = keyfile_open(path, NULL, &locked, ret_keys);

	if (err == CONSIGN_E_KEY_FILE && locked) {
		err = passphrase_get(file, "passphrase", false, text);
		if (err != CONSIGN_OK) {
			if (file != NULL)
				snprintf(ret_problem, 256, "%s is locked, and the passphrase file %s: %s", path, file, consign_err_text(err));
			else
				snprintf(ret_problem, 256, "%s is locked and there is no passphrase to open it", path);
			return err;
		}
		err = keyfile_open(path, text, &locked, ret_keys);
		sodium_memzero(text, sizeof text);
		if (err == CONSIGN_E_BAD_SEAL)
			snprintf(ret_problem, 256, "%s: wrong passphrase, or the file was altered", path);
	}
	if (err == CONSIGN_E_NOT_FOUND)
		snprintf(ret_problem, 256, "%s does not exist", path);
	else if (err == CONSIGN_E_KEY_FILE)
		snprintf(ret_problem, 256, "%s is not a key file that only its owner may read (mode 0600)", path);
	else if (err != CONSIGN_OK && err != CONSIGN_E_BAD_SEAL)
		snprintf(ret_problem, 256, "%s: %s", path, consign_err_text(err));
	return err;
}
