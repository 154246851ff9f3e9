# The preload shims and the programs beside them; then the tests that they do what they claim.
add_subdirectory(${CMAKE_CURRENT_SOURCE_DIR}/support)
set(shims shim_lost_writes shim_fsync_order shim_broken_disk shim_clock shim_no_memory)
# What counts coverage allocates in the program's own code, and does not survive being refused.
if(CMAKE_C_FLAGS MATCHES "--coverage")
  list(REMOVE_ITEM shims shim_no_memory)
endif()
foreach(shim ${shims})
  unit(support ${shim})
  target_sources(test_support_${shim} PRIVATE unit/support/runner.c)
  target_include_directories(test_support_${shim} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  target_compile_definitions(test_support_${shim} PRIVATE SUPPORT_BIN="${CMAKE_BINARY_DIR}/bin")
  add_dependencies(test_support_${shim} ${shim} lost-writes-apply shim-subject)
endforeach()

# The checks of script/ find what they are there to find. No build makes a difference to them: the sanitized ones leave them out.
if(CONSIGN_SANITIZE)
  return()
endif()
find_program(PYTHON3 python3 REQUIRED)
add_test(NAME unit.support.checks COMMAND ${PYTHON3} ${CMAKE_CURRENT_SOURCE_DIR}/unit/support/test_checks.py)
set_tests_properties(unit.support.checks PROPERTIES LABELS unit)
