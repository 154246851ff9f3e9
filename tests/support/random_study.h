/* A study by chance, for the tests of blinding (R21): who is a party to it, and how much each may see. */
#ifndef TESTS_RANDOM_STUDY_H
#define TESTS_RANDOM_STUDY_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define RANDOM_STUDY_ID "one"
#define RANDOM_STUDY_BYTES 2048u

/* 0 to n - 1, the same ones after the same seed. */
static inline uint32_t
random_below(uint64_t *seed, uint32_t n)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*seed >> 33) % n;
}

/*
 * The policy of study RANDOM_STUDY_ID with some of n companies, the first always among them, each with a clearance by chance, and rules
 * that permit everything: so what is refused is refused for parties and clearances alone.
 * ret_clearance: of each company, 1 open to 3 unblinded; 0: no party.
 */
static inline void
random_study(uint64_t *seed, const char *const orgs[], size_t n, uint32_t ret_clearance[], char ret_yaml[RANDOM_STUDY_BYTES])
{
	static const char *const labels[] = {"open", "restricted", "unblinded"};
	static const char *const roles[] = {"sponsor", "cro", "cdmo", "site", "lab", "dsmb"};
	size_t len = (size_t)snprintf(ret_yaml, RANDOM_STUDY_BYTES, "studies:\n  - id: " RANDOM_STUDY_ID "\n    parties:\n");

	for (size_t i = 0; i < n; i++) {
		ret_clearance[i] = i == 0 || random_below(seed, 5) > 0 ? 1 + random_below(seed, 3) : 0;
		if (ret_clearance[i] > 0)
			len += (size_t)snprintf(ret_yaml + len, RANDOM_STUDY_BYTES - len, "      - {org: %s, roles: [%s], clearance: %s}\n", orgs[i],
			    roles[random_below(seed, 6)], labels[ret_clearance[i] - 1]);
	}
	len += (size_t)snprintf(ret_yaml + len, RANDOM_STUDY_BYTES - len, "rules:\n  - {id: all, permit: [\"*\"]}\n");
	if (random_below(seed, 2) == 0)
		len += (size_t)snprintf(
		    ret_yaml + len, RANDOM_STUDY_BYTES - len, "  - {id: some, permit: [x.*], label: [%s]}\n", labels[random_below(seed, 3)]);
	assert(len < RANDOM_STUDY_BYTES);
}

#endif
