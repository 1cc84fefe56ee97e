# assay_find_llama_package(FOUND): whether an installed llama.cpp is to be used; then its targets `llama` and `ggml::...` are there.
# Its version and commit must be the pinned ones, because numbers depend on them; the "-dev" that llama.cpp adds by default says
# nothing beside an equal commit. ASSAY_LLAMA_PACKAGE: AUTO ignores another one, ON refuses it, OFF does not look.
# A function, because the package's files set GGML_CUDA and the like to what it was built with: that is not this build's wish.
set(ASSAY_LLAMA_PACKAGE AUTO CACHE STRING "An installed llama.cpp of the pinned version: AUTO (use when there is one), ON, OFF")
set_property(CACHE ASSAY_LLAMA_PACKAGE PROPERTY STRINGS AUTO ON OFF)

function(assay_find_llama_package found)
  set(use OFF)
  if(NOT ASSAY_LLAMA_PACKAGE STREQUAL "AUTO" AND NOT ASSAY_LLAMA_PACKAGE STREQUAL "ON" AND NOT ASSAY_LLAMA_PACKAGE STREQUAL "OFF")
    message(FATAL_ERROR "ASSAY_LLAMA_PACKAGE=${ASSAY_LLAMA_PACKAGE}: it is AUTO, ON or OFF.")
  endif()
  if(ASSAY_LLAMA_SOURCE)
    if(ASSAY_LLAMA_PACKAGE STREQUAL "ON")
      message(FATAL_ERROR "ASSAY_LLAMA_SOURCE and ASSAY_LLAMA_PACKAGE=ON exclude each other. Remedy: give one of them.")
    endif()
  elseif(NOT ASSAY_LLAMA_PACKAGE STREQUAL "OFF")
    # llama.cpp's package file insists on ggml's: a half-installed one must not end a build that did not ask for it.
    if(ASSAY_LLAMA_PACKAGE STREQUAL "AUTO")
      find_package(ggml CONFIG QUIET)
    endif()
    if(ggml_FOUND OR ASSAY_LLAMA_PACKAGE STREQUAL "ON")
      find_package(llama CONFIG QUIET)
    endif()
    string(LENGTH "${LLAMA_BUILD_COMMIT}" commit_length)  # a short hash
    string(FIND "${ASSAY_LLAMA_COMMIT}" "${LLAMA_BUILD_COMMIT}" commit_place)
    if(NOT llama_FOUND)
      if(ASSAY_LLAMA_PACKAGE STREQUAL "ON")
        message(FATAL_ERROR "No installed llama.cpp was found (llama-config.cmake).\n"
                            "Remedy: give its prefix with -DCMAKE_PREFIX_PATH=DIR, or -DASSAY_LLAMA_PACKAGE=OFF.")
      endif()
    elseif("${LLAMA_VERSION}" MATCHES "^${ASSAY_LLAMA_VERSION}(-dev)?$" AND commit_length GREATER_EQUAL 7 AND commit_place EQUAL 0)
      set(use ON)
      message(STATUS "Using the installed llama.cpp ${LLAMA_VERSION} (${LLAMA_BUILD_COMMIT}) in ${llama_DIR}")
    elseif(ASSAY_LLAMA_PACKAGE STREQUAL "ON")
      message(FATAL_ERROR "The installed llama.cpp in ${llama_DIR} is ${LLAMA_VERSION} (${LLAMA_BUILD_COMMIT}), not "
                          "${ASSAY_LLAMA_VERSION} (${ASSAY_LLAMA_COMMIT}), and numbers depend on it.\n"
                          "Remedy: -DASSAY_LLAMA_PACKAGE=OFF builds the pinned version.")
    else()
      message(STATUS "Ignoring the installed llama.cpp ${LLAMA_VERSION} (${LLAMA_BUILD_COMMIT}) in ${llama_DIR}: "
                     "Assay is pinned to ${ASSAY_LLAMA_VERSION} (${ASSAY_LLAMA_COMMIT})")
    endif()
  endif()
  set(${found} ${use} PARENT_SCOPE)
endfunction()
