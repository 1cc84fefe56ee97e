# assay_target(NAME): the warnings, sanitizers and include root that every target of ours has.
function(assay_target name)
  target_compile_options(${name} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wswitch-enum
                                         -Wnon-virtual-dtor -Wold-style-cast -Wno-missing-field-initializers
                                         # g++ 12 sees overlaps that cannot be (GCC bug 105651)
                                         $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)
  if(ASSAY_WERROR)
    target_compile_options(${name} PRIVATE -Werror)
  endif()
  if(ASSAY_SANITIZE)
    target_compile_options(${name} PRIVATE -fsanitize=${ASSAY_SANITIZE} -fno-omit-frame-pointer)
    target_link_options(${name} PUBLIC -fsanitize=${ASSAY_SANITIZE})
  endif()
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR}/src)
endfunction()

# assay_unity(NAME FILES...): with ASSAY_UNITY the sources are compiled ten at a time, but FILES each alone: their names
# within the file are those of others. A name that clashes shows in the ci preset, which builds so.
function(assay_unity name)
  set_target_properties(${name} PROPERTIES UNITY_BUILD ${ASSAY_UNITY} UNITY_BUILD_BATCH_SIZE 10)
  if(ARGN)
    set_source_files_properties(${ARGN} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  endif()
endfunction()
