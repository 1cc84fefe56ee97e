# Provides the target assay_llama (llama.cpp and its Jinja engine), from in this order:
#   1. ASSAY_LLAMA_SOURCE, a folder with llama.cpp's source;
#   2. an installed package of the pinned version (llama_package.cmake), with Jinja from the pinned source;
#   3. the pinned source: npm package node-llama-cpp, which holds a git bundle of it;
#   4. the pinned source by `git clone` of the public repository.
# The build lies in the user's cache, keyed by version, flags and compiler, so that cleaning build/ never rebuilds it.
# GGML_* options given to this project (GGML_CUDA, GGML_METAL, GGML_VULKAN ...) are passed through.
set(ASSAY_LLAMA_VERSION "0.5.0")
set(ASSAY_LLAMA_COMMIT "de3ff815ea7d559ee917f063901b8986f038abc6")
set(ASSAY_LLAMA_NPM "node-llama-cpp@3.22.1")
set(ASSAY_LLAMA_REPOSITORY "https://github.com/ggml-org/llama.cpp")
set(ASSAY_LLAMA_SOURCE "" CACHE PATH "Folder with llama.cpp's source (default: the pinned version is fetched)")

include(llama_package)
assay_find_llama_package(llama_package)

if(DEFINED ENV{ASSAY_CACHE})
  set(cache "$ENV{ASSAY_CACHE}")
elseif(DEFINED ENV{XDG_CACHE_HOME})
  set(cache "$ENV{XDG_CACHE_HOME}/assay")
else()
  set(cache "$ENV{HOME}/.cache/assay")
endif()
file(MAKE_DIRECTORY "${cache}/llama")

# assay_llama_checkout(DIR): the pinned source in DIR, its commit verified.
function(assay_llama_checkout dir)
  file(MAKE_DIRECTORY "${cache}/llama/download")
  find_program(NPM npm)
  find_package(Git REQUIRED)
  set(bundle "${cache}/llama/download/package/llama/gitRelease.bundle")
  if(NPM AND NOT EXISTS "${bundle}")
    message(STATUS "Fetching llama.cpp ${ASSAY_LLAMA_VERSION} (npm package ${ASSAY_LLAMA_NPM})")
    execute_process(COMMAND ${NPM} pack ${ASSAY_LLAMA_NPM} --silent WORKING_DIRECTORY "${cache}/llama/download"
                    RESULT_VARIABLE failed OUTPUT_VARIABLE tarball OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_VARIABLE why)
    if(NOT failed)
      execute_process(COMMAND ${CMAKE_COMMAND} -E tar xzf "${tarball}" package/llama/gitRelease.bundle
                      WORKING_DIRECTORY "${cache}/llama/download")
    endif()
  endif()
  file(REMOVE_RECURSE "${dir}.part")
  if(EXISTS "${bundle}")
    execute_process(COMMAND ${GIT_EXECUTABLE} clone -q "${bundle}" "${dir}.part" RESULT_VARIABLE failed ERROR_VARIABLE why)
  else()
    message(STATUS "Cloning llama.cpp from ${ASSAY_LLAMA_REPOSITORY}")
    execute_process(COMMAND ${GIT_EXECUTABLE} clone -q --depth 1 --branch v${ASSAY_LLAMA_VERSION}
                            ${ASSAY_LLAMA_REPOSITORY} "${dir}.part" RESULT_VARIABLE failed ERROR_VARIABLE why)
  endif()
  if(failed)
    message(FATAL_ERROR "llama.cpp ${ASSAY_LLAMA_VERSION} could not be fetched by npm or git:\n${why}\n"
                        "Remedy: install npm (apt-get install npm), or give a source folder: -DASSAY_LLAMA_SOURCE=DIR")
  endif()
  execute_process(COMMAND ${GIT_EXECUTABLE} -C "${dir}.part" rev-parse HEAD
                  OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(EXISTS "${bundle}" AND NOT commit STREQUAL ASSAY_LLAMA_COMMIT)
    message(FATAL_ERROR "The fetched llama.cpp is commit ${commit}, expected ${ASSAY_LLAMA_COMMIT}.\n"
                        "Remedy: delete ${cache}/llama/download and configure again.")
  endif()
  file(RENAME "${dir}.part" "${dir}")
endfunction()

file(LOCK "${cache}/llama" DIRECTORY GUARD PROCESS TIMEOUT 3600)
if(ASSAY_LLAMA_SOURCE)
  get_filename_component(llama_source "${ASSAY_LLAMA_SOURCE}" ABSOLUTE)
  if(NOT EXISTS "${llama_source}/include/llama.h")
    message(FATAL_ERROR "ASSAY_LLAMA_SOURCE=${llama_source} holds no include/llama.h. Remedy: give the root of llama.cpp's source.")
  endif()
  find_package(Git QUIET)
  execute_process(COMMAND ${GIT_EXECUTABLE} -C "${llama_source}" rev-parse HEAD
                  OUTPUT_VARIABLE llama_commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  if(NOT llama_commit)
    file(SHA1 "${llama_source}/include/llama.h" llama_commit)
  endif()
else()
  set(llama_commit "${ASSAY_LLAMA_COMMIT}")
  set(llama_source "${cache}/llama/source-${ASSAY_LLAMA_VERSION}")
  if(NOT EXISTS "${llama_source}/include/llama.h")
    assay_llama_checkout("${llama_source}")
  endif()
endif()

set(llama_flags -DCMAKE_BUILD_TYPE=Release)
get_cmake_property(cached_names CACHE_VARIABLES)
foreach(name IN LISTS cached_names)
  if(name MATCHES "^GGML_" AND NOT name MATCHES "_LIBRARY$")  # those are what an installed package was found by
    list(APPEND llama_flags "-D${name}=${${name}}")
  endif()
endforeach()
set(cpu "")
if(EXISTS /proc/cpuinfo)  # GGML_NATIVE builds for this processor: another one gets a build of its own
  file(STRINGS /proc/cpuinfo cpu REGEX "^(flags|Features)" LIMIT_COUNT 1)
endif()
file(READ ${CMAKE_CURRENT_SOURCE_DIR}/cmake/llama/CMakeLists.txt recipe)
file(READ ${CMAKE_CURRENT_SOURCE_DIR}/cmake/llama/amx_memory.h amx_recipe)
string(SHA1 llama_key "${llama_commit};${llama_source};${llama_flags};${CMAKE_C_COMPILER};${CMAKE_CXX_COMPILER};${CMAKE_CXX_COMPILER_VERSION};${cpu};${recipe};${amx_recipe}")
string(SUBSTRING "${llama_key}" 0 12 llama_key)
set(llama_build "${cache}/llama/build-${llama_key}")

# assay_llama_build(STAMP TARGETS...): builds TARGETS there unless STAMP says that it was done.
function(assay_llama_build stamp peers)
  if(EXISTS "${llama_build}/${stamp}")
    return()
  endif()
  message(STATUS "Building llama.cpp ${ASSAY_LLAMA_VERSION} once into ${llama_build} (several minutes)")
  # A build folder belongs to one source folder. The recipe lies in the cache too, so that every clone can add to the build.
  file(COPY ${CMAKE_CURRENT_SOURCE_DIR}/cmake/llama/ DESTINATION ${llama_build}-recipe)
  execute_process(COMMAND ${CMAKE_COMMAND} -S ${llama_build}-recipe -B ${llama_build} -G Ninja
                          -DASSAY_LLAMA_SOURCE_DIR=${llama_source} -DASSAY_PEERS=${peers} ${llama_flags}
                          -DCMAKE_C_COMPILER=${CMAKE_C_COMPILER} -DCMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER}
                  RESULT_VARIABLE failed OUTPUT_FILE ${llama_build}.log ERROR_FILE ${llama_build}.log)
  if(NOT failed)
    execute_process(COMMAND ${CMAKE_COMMAND} --build ${llama_build} --target ${ARGN}
                    RESULT_VARIABLE failed OUTPUT_FILE ${llama_build}.log ERROR_FILE ${llama_build}.log)
  endif()
  if(failed)
    message(FATAL_ERROR "llama.cpp did not build. Its log: ${llama_build}.log")
  endif()
  file(TOUCH "${llama_build}/${stamp}")
endfunction()

if(NOT llama_package)
  assay_llama_build(.libraries-built OFF llama assay_jinja)
elseif(NOT EXISTS "${llama_build}/.libraries-built")
  assay_llama_build(.jinja-built OFF assay_jinja)
endif()
set(ASSAY_LLAMA_BIN "${llama_build}/bin" CACHE INTERNAL "Where llama.cpp's own tools are, with ASSAY_PEERS")
if(ASSAY_PEERS)
  assay_llama_build(.peers-built ON llama-perplexity llama-quantize llama-imatrix llama-bench llama-server)
endif()
file(LOCK "${cache}/llama" DIRECTORY RELEASE)

add_library(assay_llama INTERFACE)
target_include_directories(assay_llama SYSTEM INTERFACE ${llama_source}/include ${llama_source}/ggml/include
                           ${llama_source}/common)
if(llama_package)
  target_link_libraries(assay_llama INTERFACE ${llama_build}/libassay_jinja.a llama)
else()
  file(GLOB_RECURSE llama_archives "${llama_build}/*.a")
  list(FILTER llama_archives INCLUDE REGEX "/lib(llama|assay_jinja|ggml[^/]*)\\.a$")
  target_link_libraries(assay_llama INTERFACE -Wl,--start-group ${llama_archives} -Wl,--end-group)
endif()
target_link_libraries(assay_llama INTERFACE Threads::Threads ${CMAKE_DL_LIBS})
find_package(OpenMP COMPONENTS CXX)
if(OpenMP_CXX_FOUND)
  target_link_libraries(assay_llama INTERFACE ${OpenMP_CXX_LIBRARIES})
endif()
target_compile_definitions(assay_llama INTERFACE ASSAY_LLAMA_VERSION="${ASSAY_LLAMA_VERSION}"
                           ASSAY_LLAMA_COMMIT="${llama_commit}")
if(GGML_CUDA)
  find_package(CUDAToolkit REQUIRED)
  target_link_libraries(assay_llama INTERFACE CUDA::cudart CUDA::cublas CUDA::cuda_driver)
endif()
if(GGML_VULKAN)
  find_package(Vulkan REQUIRED)
  target_link_libraries(assay_llama INTERFACE Vulkan::Vulkan)
endif()
if(APPLE)
  target_link_libraries(assay_llama INTERFACE "-framework Accelerate" "-framework Foundation" "-framework Metal"
                        "-framework MetalKit")
endif()
