include(${CMAKE_CURRENT_SOURCE_DIR}/support/hub_fixture.cmake)
unit(broker session_table consign_broker_parts)
unit(broker judge consign_broker_parts hub_fixture)
unit(broker store consign_broker_parts hub_fixture)
