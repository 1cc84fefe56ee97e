# Sourced by the Makefile and the scripts: where things are. Sets assay_cache, PATH, CC/CXX and ASSAY_DATA.

# The same place as in cmake/llama.cmake.
assay_cache="${ASSAY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/assay}"

# scripts/setup.sh puts a newer CMake here where the system's is too old.
if [ -x "$assay_cache/tools/bin/cmake" ]; then
  PATH="$assay_cache/tools/bin:$PATH"
fi

# The code needs g++ 12; Ubuntu 22.04's default is 11.
if [ -z "${CXX:-}" ] && command -v g++-12 >/dev/null &&
   [ "$(g++ -dumpversion 2>/dev/null | cut -d. -f1)" -lt 12 ] 2>/dev/null; then
  export CC=gcc-12 CXX=g++-12
fi

# Bigger models and texts that some tests and the real demonstration use when they are there.
if [ -z "${ASSAY_DATA:-}" ] && [ -d ../shared/data ]; then
  ASSAY_DATA="$(cd ../shared/data && pwd)"
  export ASSAY_DATA
fi
export PATH
