/*
 * Configuration files. Input: the file.
 *
 * What is read is written by config_line and read as the same; a refusal says where and why in its 256 bytes.
 */
#include "core/config.h"
#include "core/text.h"
#include "fuzz_file.h"

static const char *const known[] = {"hub", "name", "endpoint", "limit", NULL};

static void
check_same(const struct config *config, struct consign_slice written)
{
	static struct fuzz_file file;
	struct config *again = NULL;
	char problem[256];

	fuzz_file_set(&file, written);
	check(config_open(file.path, known, &again, problem) == CONSIGN_OK);
	for (size_t i = 0; known[i] != NULL; i++) {
		const char *a = config_get(config, known[i]), *b = config_get(again, known[i]);

		check((a == NULL) == (b == NULL) && (a == NULL || strcmp(a, b) == 0));
	}
	config_free(&again);
}

static void
check_values(const struct config *config)
{
	uint8_t hub[4];
	uint64_t limit = 0;

	if (config_u64(config, "limit", 3, 1000, 500, &limit) == CONSIGN_OK)
		check(limit >= 3 && limit <= 1000);
	if (config_hex(config, "hub", hub, sizeof hub) == CONSIGN_OK)
		check(strlen(config_get(config, "hub")) == 8);
	check(config_get(config, "other") == NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fuzz_file file;
	struct config *config = NULL;
	struct buf written = {0};
	char problem[256];
	enum consign_err err;

	memset(problem, 0xff, sizeof problem);
	fuzz_file_set(&file, slice_of(data, size));
	err = config_open(file.path, known, &config, problem);
	check(err == CONSIGN_OK || err == CONSIGN_E_CONFIG || err == CONSIGN_E_TOO_BIG);
	check(memchr(problem, '\0', sizeof problem) != NULL);
	if (err != CONSIGN_OK) {
		check(config == NULL && strncmp(problem, file.path, strlen(file.path)) == 0);
		return 0;
	}
	check_values(config);
	for (size_t i = 0; known[i] != NULL; i++)
		if (config_get(config, known[i]) != NULL)
			check(config_line(&written, known[i], config_get(config, known[i])) == CONSIGN_OK);
	check_same(config, buf_slice(&written));
	config_free(&config);
	buf_clear(&written);
	return 0;
}
