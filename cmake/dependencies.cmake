# Every library but llama.cpp comes from the system's packages; scripts/setup.sh installs them by name.
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(nlohmann_json 3.9 REQUIRED)
find_package(CLI11 REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(CURL REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(ZLIB REQUIRED)
find_package(Boost 1.74 REQUIRED)  # Boost.Math, header only

find_path(XXHASH_INCLUDE_DIR xxhash.h REQUIRED)
add_library(assay_xxhash INTERFACE)
target_include_directories(assay_xxhash SYSTEM INTERFACE ${XXHASH_INCLUDE_DIR})
target_compile_definitions(assay_xxhash INTERFACE XXH_INLINE_ALL)

# Debian's yaml-cpp 0.7 has the target yaml-cpp; newer ones yaml-cpp::yaml-cpp.
find_package(yaml-cpp REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(PCRE2 REQUIRED IMPORTED_TARGET libpcre2-8)
if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
  pkg_check_modules(SECCOMP REQUIRED IMPORTED_TARGET libseccomp)
endif()
