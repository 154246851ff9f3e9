# Every limit of lib/core/limits.h at n and n + 1. Rows are split by what they try.
include(${CMAKE_CURRENT_SOURCE_DIR}/support/hub_fixture.cmake)
unit(limits limits hub_fixture consign_seal consign_catalogue consign_net consign_cli consign_broker_parts)
target_sources(test_limits_limits PRIVATE unit/limits/rows_wire.c unit/limits/rows_messages.c unit/limits/rows_policy.c
  unit/limits/rows_files.c unit/limits/rows_broker.c unit/limits/rows_shown.c support/wire_sample.c support/wire_rules.c)
target_include_directories(test_limits_limits PRIVATE ${CMAKE_CURRENT_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR}/unit/limits)
