/* The state table, and that docs/PROTOCOL.md 7.2 prints the same one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/file.h"
#include "session.h"

static const char *const peer_commands[] = {"open", "hello", "submit", "release", "delivered", "confirm", "credit", "freshness", "fetch",
    "publish", "invite", "joins_query", "propose", "decide", "proposals_query", "admin_watch", "traffic_query", "quotas_query", "join", "ping", "bye"};
static const char *const broker_commands[] = {
    "challenge", "welcome", "documents", "answers", "try_later", "deliver", "settled", "joins_reply", "proposals_reply", "admin_events", "done", "pong"};

static void
test_session_table_has_a_row_for_each_command_of_a_peer(void **state)
{
	size_t n;
	const struct session_rule *rules = session_rules(&n);

	(void)state;
	assert_int_equal(n, sizeof peer_commands / sizeof *peer_commands);
	for (size_t i = 0; i < n; i++) {
		assert_string_equal(rules[i].command, peer_commands[i]);
		assert_true(rules[i].states != 0);
		assert_true(rules[i].states < 1u << SESSION_STATES);
	}
}

static void
test_session_table_refuses_what_is_absent(void **state)
{
	(void)state;
	for (unsigned s = 0; s <= SESSION_STATES; s++) {
		for (size_t i = 0; i < sizeof broker_commands / sizeof *broker_commands; i++)
			assert_false(session_allows((enum session_state)s, broker_commands[i]));
		assert_false(session_allows((enum session_state)s, "no_such_command"));
	}
	/* A session that was told goodbye stands in no state: nothing is allowed. */
	for (size_t i = 0; i < sizeof peer_commands / sizeof *peer_commands; i++)
		assert_false(session_allows(SESSION_STATES, peer_commands[i]));
}

static void
test_session_table_allows_nothing_but_open_to_a_stranger(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof peer_commands / sizeof *peer_commands; i++)
		assert_int_equal(session_allows(SESSION_NEW, peer_commands[i]), strcmp(peer_commands[i], "open") == 0);
	assert_true(session_allows(SESSION_CHALLENGED, "hello"));
	assert_false(session_allows(SESSION_CHALLENGED, "open"));
	assert_false(session_allows(SESSION_AGENT, "hello"));
	assert_false(session_allows(SESSION_AGENT, "invite"));
	assert_false(session_allows(SESSION_ADMIN, "submit"));
	assert_true(session_allows(SESSION_JOINING, "join"));
	assert_false(session_allows(SESSION_JOINING, "fetch"));
	assert_false(session_allows(SESSION_JOINING, "publish"));
}

static void
test_session_table_names_its_states(void **state)
{
	(void)state;
	assert_string_equal(session_state_text(SESSION_NEW), "new");
	assert_string_equal(session_state_text(SESSION_JOINING), "joining");
	assert_string_equal(session_state_text(SESSION_STATES), "none");
}

/* The document's table: a header row naming the states, a row a command; a cell that is empty, blank or a dash is no. */
static void
check_row(char *line, char states[SESSION_STATES][24], size_t *n_states, size_t *n_rows)
{
	char *rest = line, *cell;
	char command[32] = "";

	for (size_t column = 0; (cell = strsep(&rest, "|")) != NULL; column++) {
		char word[64] = "";
		size_t n = 0;

		for (const char *p = cell; *p != '\0' && n + 1 < sizeof word; p++)
			if (*p != ' ' && *p != '`')
				word[n++] = *p;
		if (column == 0 || (rest == NULL && word[0] == '\0'))
			continue;
		if (column == 1) {
			snprintf(command, sizeof command, "%.31s", word);
		} else if (*n_rows == 0) {
			assert_true(*n_states < SESSION_STATES);
			snprintf(states[(*n_states)++], 24, "%.23s", word);
		} else {
			bool is_allowed = word[0] != '\0' && strcmp(word, "-") != 0 && strcmp(word, "–") != 0;
			enum session_state s = SESSION_NEW;

			while (s < SESSION_STATES && strcmp(session_state_text(s), states[column - 2]) != 0)
				s++;
			assert_int_not_equal(s, SESSION_STATES);
			if (session_allows(s, command) != is_allowed)
				fail_msg("PROTOCOL.md 7.2 and the table differ: %s in %s", command, states[column - 2]);
		}
	}
	(*n_rows)++;
}

static void
test_session_table_is_the_one_in_the_protocol(void **state)
{
	struct buf text = {0};
	char states[SESSION_STATES][24];
	size_t n_states = 0, n_rows = 0, n;

	(void)state;
	assert_int_equal(file_read(CONSIGN_SOURCE_DIR "/docs/PROTOCOL.md", 1 << 20, &text), CONSIGN_OK);
	assert_int_equal(buf_append_u8(&text, 0), CONSIGN_OK);
	char *at = strstr((char *)text.data, "<!-- session-table:begin -->\n"),
	     *end = strstr((char *)text.data, "<!-- session-table:end -->");

	assert_non_null(at);
	assert_non_null(end);
	*end = '\0';
	char *rest = at + strlen("<!-- session-table:begin -->\n"), *line;

	while ((line = strsep(&rest, "\n")) != NULL)
		if (line[0] == '|' && strstr(line, "---") == NULL)
			check_row(line, states, &n_states, &n_rows);
	session_rules(&n);
	if (n_rows > 0) {
		assert_int_equal(n_states, SESSION_STATES);
		assert_int_equal(n_rows, n + 1);
	}
	buf_clear(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_session_table_has_a_row_for_each_command_of_a_peer),
	    cmocka_unit_test(test_session_table_refuses_what_is_absent),
	    cmocka_unit_test(test_session_table_allows_nothing_but_open_to_a_stranger),
	    cmocka_unit_test(test_session_table_names_its_states),
	    cmocka_unit_test(test_session_table_is_the_one_in_the_protocol),
	};

	return cmocka_run_group_tests_name("broker/session_table", tests, NULL, NULL);
}
