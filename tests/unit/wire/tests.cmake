set(wire_tests engine encode vectors identity_wire policy_wire manifest_wire ledger_wire session_wire local_wire)
foreach(file ${wire_tests})
  unit(wire ${file} consign_wire)
endforeach()
unit(wire tables consign_wire PkgConfig::PROTOBUF_C)
foreach(file ${wire_tests} tables)
  target_include_directories(test_wire_${file} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
endforeach()
target_sources(test_wire_tables PRIVATE support/wire_rules.c)
target_sources(test_wire_vectors PRIVATE support/wire_rules.c)

# Prints the field rules of docs/PROTOCOL.md.
add_executable(wire-doc support/wire_doc.c support/wire_rules.c)
# Prints tests/vectors/wire/*.tsv.
add_executable(wire-vectors support/wire_vectors.c support/wire_sample.c support/wire_rules.c)
foreach(target wire-doc wire-vectors)
  target_link_libraries(${target} PRIVATE consign_flags consign_wire)
  target_include_directories(${target} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
endforeach()
foreach(vectors accept reject)
  add_test(NAME unit.wire.vectors_${vectors}_current
    COMMAND sh -c "$<TARGET_FILE:wire-vectors> ${vectors} | cmp - ${PROJECT_SOURCE_DIR}/tests/vectors/wire/${vectors}.tsv")
  set_tests_properties(unit.wire.vectors_${vectors}_current PROPERTIES LABELS unit)
endforeach()
