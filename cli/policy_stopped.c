/* Parties that are stopped (policy_stopped.h). */
#include "policy_stopped.h"

#include <stdio.h>
#include <string.h>

#include "trust/hub.h"

static struct stopped *
find_stopped(struct stopped_list *list, const struct member *member)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->v[i].member->org.s, member->org.s) == 0)
			return &list->v[i];
	return NULL;
}

static void
note(struct stopped_list *list, const struct member *member, const struct consign_study *study, struct policy_file_place at)
{
	struct stopped *known = find_stopped(list, member);

	if (known != NULL)
		known->n_studies++;
	else if (list->n < STOPPED_SHOWN)
		list->v[list->n++] = (struct stopped){.member = member, .study = study, .at = at, .n_studies = 1};
	else
		list->more++;
}

void
policy_stopped_find(const struct policy_file_parts *parts, member_finder *find, void *context, struct stopped_list *ret_list)
{
	*ret_list = (struct stopped_list){0};
	for (size_t i = 0; i < parts->studies.n; i++) {
		const struct policy_study *study = parts->parts.v[i + 1]->study; /* the common part stands first */

		for (size_t j = 0; j < study->parties.n; j++) {
			const struct member *member = find(context, study->parties.v[j]->org.s);

			if (member != NULL && (member->status == MEMBER_ENDED || member->status == MEMBER_COMPROMISED))
				note(ret_list, member, &study->id, parts->studies.v[i].parties[j]);
		}
	}
}

const char *
policy_stopped_text(const struct stopped *s, char ret_text[STOPPED_TEXT_BYTES])
{
	char more[32] = "";

	if (s->n_studies > 1)
		(void)snprintf(more, sizeof more, " and %zu more", s->n_studies - 1);
	(void)snprintf(ret_text, STOPPED_TEXT_BYTES, "'%s' is %s, and a party to study %s%s: what the policy permits it is refused all the same",
	    s->member->org.s, member_status_text(s->member->status), s->study->s, more);
	return ret_text;
}
