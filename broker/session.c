/* The table of sessions: hashes by routing id, number and organisation, and a list for walking. */
#include "session.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS 4096u
/* An org has one delivering session; others are administrators, joiners, and what has not said hello yet. */
#define SESSIONS_MAX 20000u

struct link_node {
	struct session s; /* first */
	struct link_node *bucket_next;
	struct link_node *number_next;
	struct link_node *agent_next; /* of one bucket of names; while it is indexed */
	struct link_node *previous;
	bool is_agent; /* indexed */
};

struct sessions {
	struct link_node *bucket[BUCKETS]; /* by routing id */
	struct link_node *number[BUCKETS];
	struct link_node *agent[BUCKETS]; /* by name */
	struct session *first;
	uint64_t last_number;
	size_t n;
};

enum consign_err
sessions_new(struct sessions **ret_sessions)
{
	*ret_sessions = calloc(1, sizeof **ret_sessions);
	return *ret_sessions == NULL ? CONSIGN_E_NO_MEMORY : CONSIGN_OK;
}

static size_t
bucket_of(const uint8_t id[TRANSPORT_ROUTE_BYTES])
{
	return (id[1] ^ (size_t)id[2] << 3 ^ (size_t)id[3] << 6 ^ (size_t)id[4]) % BUCKETS;
}

static void
free_session(struct link_node *node)
{
	struct session *s = &node->s;

	held_clear(&s->held);
	while (s->answers != NULL) {
		struct queued_answer *next = s->answers->next;

		buf_clear(&s->answers->statement);
		free(s->answers);
		s->answers = next;
	}
	free(s->in_flight);
	free(node);
}

void
sessions_free(struct sessions **sessions)
{
	if (*sessions == NULL)
		return;
	while ((*sessions)->first != NULL)
		sessions_end(*sessions, (*sessions)->first);
	free(*sessions);
	*sessions = NULL;
}

struct session *
sessions_get(struct sessions *all, const struct route *route, uint64_t now_us)
{
	size_t b = bucket_of(route->id);

	for (struct link_node *n = all->bucket[b]; n != NULL; n = n->bucket_next)
		if (memcmp(n->s.route.id, route->id, sizeof route->id) == 0 && memcmp(n->s.route.key.b, route->key.b, sizeof route->key.b) == 0) {
			n->s.heard_us = now_us;
			return &n->s;
		}
	if (all->n >= SESSIONS_MAX)
		return NULL;
	struct link_node *n = calloc(1, sizeof *n);

	if (n == NULL)
		return NULL;
	n->s.number = ++all->last_number;
	n->s.route = *route;
	n->s.opened_us = n->s.heard_us = now_us;
	n->s.answers_end = &n->s.answers;
	n->bucket_next = all->bucket[b];
	all->bucket[b] = n;
	n->number_next = all->number[n->s.number % BUCKETS];
	all->number[n->s.number % BUCKETS] = n;
	n->s.next = all->first;
	if (all->first != NULL)
		((struct link_node *)all->first)->previous = n;
	all->first = &n->s;
	all->n++;
	return &n->s;
}

struct session *
sessions_by_number(struct sessions *all, uint64_t number)
{
	for (struct link_node *n = all->number[number % BUCKETS]; n != NULL; n = n->number_next)
		if (n->s.number == number)
			return &n->s;
	return NULL;
}

static size_t
bucket_of_name(const char *name)
{
	size_t h = 5381;

	for (; *name != '\0'; name++)
		h = h * 33 + (unsigned char)*name;
	return h % BUCKETS;
}

void
sessions_named(struct sessions *all, struct session *s)
{
	struct link_node *node = (struct link_node *)s;
	size_t b = bucket_of_name(s->name);

	if (node->is_agent)
		return;
	node->is_agent = true;
	node->agent_next = all->agent[b];
	all->agent[b] = node;
}

struct session *
sessions_agent(struct sessions *all, const char *org)
{
	for (struct link_node *n = all->agent[bucket_of_name(org)]; n != NULL; n = n->agent_next)
		if (n->s.state == SESSION_AGENT && strcmp(n->s.name, org) == 0)
			return &n->s;
	return NULL;
}

static void
unlink_indexed(struct sessions *all, struct link_node *node)
{
	struct link_node **at = &all->number[node->s.number % BUCKETS];

	while (*at != node)
		at = &(*at)->number_next;
	*at = node->number_next;
	if (!node->is_agent)
		return;
	at = &all->agent[bucket_of_name(node->s.name)];
	while (*at != node)
		at = &(*at)->agent_next;
	*at = node->agent_next;
}

void
sessions_end(struct sessions *all, struct session *s)
{
	struct link_node *node = (struct link_node *)s;

	for (struct link_node **at = &all->bucket[bucket_of(s->route.id)]; *at != NULL; at = &(*at)->bucket_next)
		if (*at == node) {
			*at = node->bucket_next;
			break;
		}
	unlink_indexed(all, node);
	if (node->previous != NULL)
		node->previous->s.next = s->next;
	else
		all->first = s->next;
	if (s->next != NULL)
		((struct link_node *)s->next)->previous = node->previous;
	all->n--;
	free_session(node);
}

struct session *
sessions_first(struct sessions *all)
{
	return all->first;
}

size_t
sessions_count(const struct sessions *all)
{
	return all->n;
}
