# The hub in memory (hub_fixture.h), for the rooms whose tests include this.
include_guard(GLOBAL)
add_library(hub_fixture STATIC ${CMAKE_CURRENT_LIST_DIR}/hub_fixture.c ${CMAKE_CURRENT_LIST_DIR}/hub_fixture_mail.c)
target_include_directories(hub_fixture PUBLIC ${CMAKE_CURRENT_LIST_DIR})
target_link_libraries(hub_fixture PUBLIC consign_trust consign_ledger consign_policy consign_wire consign_core
  PRIVATE consign_flags PkgConfig::CMOCKA)
