# Calls that fail (failing.h), for the test programs that link it.
include_guard(GLOBAL)
add_library(failing STATIC ${CMAKE_CURRENT_LIST_DIR}/failing.c)
target_include_directories(failing PUBLIC ${CMAKE_CURRENT_LIST_DIR})
target_link_libraries(failing PUBLIC consign_core PRIVATE consign_flags)
foreach(call malloc calloc realloc reallocarray aligned_alloc arena_alloc arena_copy sodium_malloc db_statement db_run db_step db_row db_begin db_begin_read db_commit
    db_column_fixed db_column_copy db_column_text)
  target_link_options(failing INTERFACE -Wl,--wrap=${call})
endforeach()
