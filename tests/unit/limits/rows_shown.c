/* Limits that a whole program shows, or parts of one that need its inside: each names the test that does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "limit_rows.h"

#define SHOWN(NAME, TEST) {.name = #NAME, .value = (NAME), .shown = "tests/unit/" TEST}
#define PLAYED(NAME, TEST) {.name = #NAME, .value = (NAME), .shown = "tests/e2e/" TEST}

#define PERSON "32-what-a-person-hands-in-is-bounded"

const struct limit_row limit_rows_shown[] = {
    /* consignments */
    SHOWN(CONSIGN_BUNDLE_MAX_ITEMS, "agents/test_outbox.c::test_outbox_closes_a_bundle_at_its_last_item"),
    SHOWN(CONSIGN_BUNDLE_MAX_BYTES, "agents/test_outbox.c::test_outbox_closes_a_bundle_at_its_last_byte_and_lets_nothing_pass_it"),
    SHOWN(CONSIGN_BUNDLE_MAX_AGE_US, "agents/test_outbox.c::test_outbox_closes_a_bundle_at_its_age"),
    SHOWN(CONSIGN_BUNDLE_BUSY_AGE_US, "agents/test_outbox.c::test_outbox_fills_a_bundle_while_much_is_before_it"),
    SHOWN(CONSIGN_SIGNED_MANIFEST_MAX_BYTES, "broker/test_on_submit.c::test_on_submit_refuses_a_manifest_or_a_body_over_its_limit"),
    SHOWN(CONSIGN_BODY_MAX_BYTES, "broker/test_on_submit.c::test_on_submit_refuses_a_manifest_or_a_body_over_its_limit"),
    SHOWN(CONSIGN_VERDICTS_MAX, "broker/test_judge.c::test_judge_names_at_most_256_and_fits_a_record"),
    /* files */
    PLAYED(CONSIGN_INVITE_TEXT_MAX_BYTES, PERSON),
    PLAYED(CONSIGN_CARD_FILE_MAX_BYTES, PERSON),
    PLAYED(CONSIGN_ROOT_SEEN_MAX_BYTES, PERSON),
    /* the wire */
    SHOWN(CONSIGN_FRAME_MAX_BYTES, "net/test_listener.c::test_listener_s_peer_takes_the_largest_frame_and_not_a_byte_more"),
    SHOWN(TRANSPORT_FRAMES_MAX, "net/test_listener.c::test_listener_cuts_off_who_sends_too_many_frames"),
    /* connections to the broker */
    SHOWN(CONSIGN_METRICS_CONNECTIONS_MAX, "broker/test_metrics.c::test_metrics_answer_so_many_connections_at_once_and_no_more"),
    SHOWN(CONSIGN_WINDOW_CONSIGNMENTS, "agents/test_lanes.c::test_lanes_send_as_many_consignments_as_the_window_has"),
    SHOWN(CONSIGN_WINDOW_CONSIGNMENTS, "broker/test_on_submit.c::test_on_submit_takes_twice_the_window_and_not_one_more"),
    SHOWN(CONSIGN_WINDOW_BYTES, "agents/test_lanes.c::test_lanes_begin_another_while_fewer_bytes_than_the_window_are_unanswered"),
    SHOWN(CONSIGN_REFUSAL_LEAVES_PER_SECOND,
	"broker/test_on_submit.c::test_on_submit_gives_so_many_refusals_of_a_second_a_leaf_and_counts_the_rest"),
    SHOWN(CONSIGN_FETCHES_PER_SECOND, "broker/test_on_fetch.c::test_on_fetch_serves_so_many_in_a_second_and_ends_who_asks_for_more"),
    SHOWN(CONSIGN_HELD_LANES_MAX, "broker/test_on_submit.c::test_on_submit_ends_a_session_that_holds_too_many_lanes"),
    SHOWN(CONSIGN_HELD_LANES_MAX, "agents/test_lanes.c::test_lanes_release_nothing_while_the_broker_s_line_has_room"),
    SHOWN(CONSIGN_FRESHNESS_MAX_BYTES, "broker/test_freshness.c::test_freshness_file_that_is_none_is_nothing"),
    SHOWN(CONSIGN_FRESHNESS_LIFE_US, "agents/test_freshness.c::test_freshness_holds_until_it_is_stated_and_when_it_is_over"),
    SHOWN(CONSIGN_WATCHERS_MAX, "broker/test_watching.c::test_watching_is_for_so_many_and_not_one_more"),
    SHOWN(CONSIGN_EVENTS_KEPT, "broker/test_watching.c::test_watching_keeps_so_many_for_who_is_slow_and_says_what_it_dropped"),
    SHOWN(CONSIGN_ACCUSATIONS_MAX, "agents/test_agent.c::test_agent_keeps_the_first_accusations_and_counts_those_that_come_again"),
    /* the local door */
    SHOWN(SOCKET_TOOLS_MAX, "agents/test_socket.c::test_socket_turns_the_257th_tool_away_with_a_reason"),
    SHOWN(LOCAL_PAGE_MESSAGES, "agents/test_socket_inbox.c::test_socket_inbox_page_is_whole_or_says_that_there_is_more"),
    SHOWN(LOCAL_WATCHES_MAX, "agents/test_socket_watch.c::test_socket_watch_refused_beyond_64_on_one_connection"),
    SHOWN(TOOL_UNSENT_MAX_BYTES, "agents/test_socket_send.c::test_socket_tool_is_choked_beyond_its_unsent_output"),
    SHOWN(TOOL_PENDING_MAX_BYTES, "agents/test_socket_send.c::test_socket_reads_on_until_what_is_not_told_passes_its_limit"),
    SHOWN(CONSIGN_PROBLEMS_REPLY_MAX_BYTES, "agents/test_socket_send.c::test_socket_reply_to_a_send_has_as_many_problems_as_fit"),
    PLAYED(CONSIGN_LOCAL_MESSAGES_MAX, PERSON),
    PLAYED(CONSIGN_IDEMPOTENCY_KEY_MAX_BYTES, PERSON),
    PLAYED(CONSIGN_NAME_MAX_BYTES, PERSON),
    PLAYED(CONSIGN_TEXT_MAX_BYTES, PERSON),
    /* waiting mail */
    SHOWN(ALARM_OPEN_MAX, "agents/test_alarms.c::test_alarms_say_or_more_when_there_are_more_than_they_remember"),
    /* times */
    SHOWN(CONSIGN_EXPIRES_DEFAULT_US, "agents/test_outbox.c::test_outbox_gives_a_message_the_life_that_is_asked_for_or_the_usual_one"),
    SHOWN(CONSIGN_EXPIRES_MAX_US, "broker/test_judge.c::test_judge_gives_each_code_for_its_reason"),
    PLAYED(CONSIGN_EXPIRES_MAX_US, PERSON),
    SHOWN(CONSIGN_CLOCK_SKEW_MAX_US, "broker/test_judge.c::test_judge_gives_each_code_for_its_reason"),
    SHOWN(CONSIGN_CARD_LIFE_US, "agents/test_card.c::test_card_is_renewed_when_it_is_older_than_a_week"),
    SHOWN(CONSIGN_CARD_RENEW_US, "agents/test_card.c::test_card_is_renewed_when_it_is_older_than_a_week"),
    SHOWN(CONSIGN_KEY_EARLY_US, "agents/test_card.c::test_card_is_renewed_when_it_is_older_than_a_week"),
    SHOWN(CONSIGN_KEY_LIFE_US, "agents/test_card.c::test_card_destroys_a_seal_key_when_nothing_sealed_to_it_can_arrive"),
    SHOWN(CONSIGN_INVITE_LIFE_US, "broker/test_on_join.c::test_on_invite_takes_a_life_of_two_weeks_and_not_a_microsecond_more"),
    PLAYED(CONSIGN_INVITE_LIFE_US, PERSON),
    SHOWN(CONSIGN_PROPOSALS_OPEN_MAX, "broker/test_proposals.c::test_propose_keeps_so_many_of_one_administrator_open_whatever_others_do"),
    SHOWN(CONSIGN_TRAFFIC_CONSIGNMENTS_MAX, "broker/test_traffic.c::test_store_traffic_ends_a_page_at_1024_consignments"),
    SHOWN(CONSIGN_TRAFFIC_READS_MAX, "broker/test_traffic.c::test_on_traffic_query_answers_four_at_once"),
    SHOWN(CONSIGN_BUCKETS_MAX, "broker/test_buckets.c::test_buckets_are_as_many_as_have_something_in_them"),
    SHOWN(CONSIGN_TURNS_MAX, "broker/test_turns.c::test_turns_go_round_the_consignors_and_each_has_its_own_order"),
    SHOWN(CONSIGN_QUOTA_PAUSE_MAX_US, "broker/test_charge.c::test_charge_asks_again_within_half_a_minute"),
    SHOWN(CONSIGN_PROPOSAL_LIFE_US, "broker/test_proposals.c::test_propose_lives_for_four_weeks_and_not_a_microsecond_more"),
    {0},
};
