include(${CMAKE_CURRENT_SOURCE_DIR}/support/hub_fixture.cmake)
unit(broker session_table consign_broker_parts)
unit(broker judge consign_broker_parts hub_fixture)
unit(broker store consign_broker_parts hub_fixture)
unit(broker pending consign_broker_parts)
unit(broker held consign_broker_parts)
unit(broker quota consign_broker_parts)
unit(broker buckets consign_broker_parts)
unit(broker recent consign_broker_parts)
unit(broker metrics consign_broker_parts)
# With what these say to a peer, and put for commit, caught on the way.
unit(broker on_submit consign_broker_parts hub_fixture)
target_link_options(test_broker_on_submit PRIVATE -Wl,--wrap=say_bye -Wl,--wrap=say_try_later -Wl,--wrap=answer_later
  -Wl,--wrap=broker_act -Wl,--wrap=broker_entry -Wl,--wrap=store_past -Wl,--wrap=mailbox_of)
unit(broker proposals consign_broker_parts hub_fixture)
target_link_options(test_broker_proposals PRIVATE -Wl,--wrap=say_done -Wl,--wrap=broker_entry -Wl,--wrap=store_proposals_open
  -Wl,--wrap=store_proposal)
unit(broker on_join consign_broker_parts hub_fixture)
target_link_options(test_broker_on_join PRIVATE -Wl,--wrap=say_done -Wl,--wrap=broker_entry)
unit(broker on_fetch consign_broker_parts)
target_link_options(test_broker_on_fetch PRIVATE -Wl,--wrap=say_bye -Wl,--wrap=ledger_update)

# A whole broker without its socket (broker_fixture.h).
include(${CMAKE_CURRENT_SOURCE_DIR}/support/failing.cmake)
add_library(broker_fixture STATIC unit/broker/broker_fixture.c unit/broker/broker_wraps.c)
target_link_libraries(broker_fixture PUBLIC consign_broker_parts hub_fixture failing PRIVATE consign_flags PkgConfig::CMOCKA)
foreach(call listener_open listener_close listener_send listener_drop listener_counts loop_every loop_watch loop_on_signals loop_stop
    reader_put store_apply store_before_commit file_disk_use frame_copy frame_take log_event)
  target_link_options(broker_fixture INTERFACE -Wl,--wrap=${call})
endforeach()
foreach(file dispatch on_open submitting joining documents deliver on_delivered expire broker commits watching requirements freshness traffic charge)
  unit(broker ${file} broker_fixture)
endforeach()
unit(broker reader consign_broker_parts failing)
