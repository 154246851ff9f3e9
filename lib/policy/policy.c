/* The words of roles, and the end of a compiled policy. Building one: compile.c; asking it: decide.c. */
#include "policy/policy.h"

#include <stdlib.h>
#include <string.h>

#include "policy/compiled.h"

static const char *const role_words[] = {
    [ROLE_SPONSOR] = "sponsor",
    [ROLE_CRO] = "cro",
    [ROLE_CDMO] = "cdmo",
    [ROLE_CMO] = "cmo",
    [ROLE_SMO] = "smo",
    [ROLE_SITE] = "site",
    [ROLE_LAB] = "lab",
    [ROLE_REGULATOR] = "regulator",
    [ROLE_IRT] = "irt",
    [ROLE_PV] = "pv",
    [ROLE_DEPOT] = "depot",
    [ROLE_DSMB] = "dsmb",
};
_Static_assert(sizeof role_words / sizeof role_words[0] == ROLE_LAST + 1, "every role has its word");

uint32_t
policy_role_parse(const char *word)
{
	for (uint32_t role = ROLE_SPONSOR; role <= ROLE_LAST; role++) {
		if (strcmp(word, role_words[role]) == 0)
			return role;
	}
	return 0;
}

const char *
policy_role_text(uint32_t role)
{
	return role >= ROLE_SPONSOR && role <= ROLE_LAST ? role_words[role] : "unknown";
}

static void
free_pages(struct page *first)
{
	while (first != NULL) {
		struct page *next = first->next;
		free(first->conditions);
		free(first);
		first = next;
	}
}

void
policy_free(struct policy **policy)
{
	struct policy *p = *policy;
	if (p == NULL)
		return;
	names_clear(&p->orgs);
	names_clear(&p->prefixes);
	names_clear(&p->types);
	names_clear(&p->globs);
	for (size_t i = 0; i < p->study_ids.n; i++)
		free_pages(p->studies[i].page);
	free_pages(p->common_page);
	buf_clear(&p->records);
	free(p->parents);
	free(p->prefix_nodes);
	free(p->type_nodes);
	names_clear(&p->study_ids);
	free(p->studies);
	free(p->parties);
	free(p->party_slots);
	free(p->conditions);
	free(p->condition_globs);
	free(p->org_first);
	free(p->org_studies);
	quotas_clear(&p->quotas);
	free(p);
	*policy = NULL;
}
