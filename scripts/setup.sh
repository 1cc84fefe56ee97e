#!/usr/bin/env bash
# Installs what a build (or the tests, or the real demonstration) needs on Debian 12, Ubuntu 22.04
# or newer: by name, and only what is missing. Without the right to install it prints the command and exits 5.
#   scripts/setup.sh build|test|demo-real
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/environment.sh

minimum_cmake=3.25
wanted="${1:-build}"

# "package" is needed as such; "package:program" is not needed when the program is there, whoever installed it.
# Node.js with npm builds the report's page and brings llama.cpp's pinned source; one from elsewhere has its own npm, with
# which Debian's package conflicts.
build_packages=(build-essential cmake:cmake ninja-build:ninja git:git pkg-config:pkg-config python3:python3 unzip:unzip
  ca-certificates libcli11-dev libfmt-dev nlohmann-json3-dev libboost-dev libxxhash-dev libsqlite3-dev
  libcurl4-openssl-dev libssl-dev zlib1g-dev python3-pip:pip3 libyaml-cpp-dev libpcre2-dev libseccomp-dev bubblewrap:bwrap
  nodejs:node npm:npm)
test_packages=(libgtest-dev clang-format:clang-format clang-tidy:clang-tidy clang:clang)

case "$wanted" in
  build) needed=("${build_packages[@]}") ;;
  test) needed=("${build_packages[@]}" "${test_packages[@]}") ;;
  demo-real) needed=("${build_packages[@]}") ;;
  *) echo "usage: scripts/setup.sh build|test|demo-real" >&2; exit 2 ;;
esac

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  echo "setup: this is not Debian or Ubuntu; install the equivalents of: ${needed[*]%%:*}" >&2
  exit 0  # CMake says what it does not find
fi

is_installed() {
  [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

version_at_least() {  # VERSION MINIMUM
  [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n1)" = "$2" ]
}

# Prints what apt would give for a package; empty when it has none. Needs the lists to be there.
candidate() {
  apt-cache policy "$1" 2>/dev/null | awk '/Candidate:/ && $2 != "(none)" {print $2}'
}

missing=()
for item in "${needed[@]}"; do
  package="${item%%:*}"
  if [[ "$item" == *:* ]] && command -v "${item##*:}" >/dev/null; then continue; fi
  is_installed "$package" || missing+=("$package")
done

# The report's page is tried in a browser where apt has one as a package of its own (Ubuntu has it as a snap only).
wants_chromium() {
  [ "$wanted" = test ] && ! command -v chromium >/dev/null && [ -n "$(candidate chromium)" ]
}
if wants_chromium; then missing+=(chromium); fi
# Ubuntu 22.04 has g++ 11 and CMake 3.22.
if . /etc/os-release && [ "${ID:-} ${VERSION_ID:-}" = "ubuntu 22.04" ]; then
  command -v g++-12 >/dev/null || missing+=(g++-12)
  if ! command -v cmake >/dev/null || ! version_at_least "$(cmake --version | awk 'NR==1{print $3}')" $minimum_cmake; then
    is_installed python3-venv || missing+=(python3-venv)
  fi
fi

if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" = 0 ]; then
    as_root=()
  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root=(sudo -n)
  else
    printf 'setup: these packages are missing and you may not install them. As root, run:\n' >&2
    printf '  apt-get update && apt-get install -y --no-install-recommends %s\n' "${missing[*]}" >&2
    exit 5
  fi
  echo "setup: installing ${missing[*]}"
  "${as_root[@]}" apt-get update -qq
  # The sanitizers and libFuzzer of clang are a package of their own on some releases.
  if [[ " ${missing[*]} " == *" clang "* ]]; then
    version="$(candidate clang | sed 's/^[0-9]*://; s/\..*//')"
    if [ -n "$(candidate "libclang-rt-$version-dev")" ]; then missing+=("libclang-rt-$version-dev"); fi
  fi
  if [[ " ${missing[*]} " != *" chromium "* ]] && wants_chromium; then missing+=(chromium); fi
  # The pinned formatter, where the release's default is a newer one.
  if [[ " ${missing[*]} " == *" clang-format "* ]] && [ -n "$(candidate clang-format-14)" ]; then
    missing+=(clang-format-14)
  fi
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null || {
      echo "setup: apt-get could not install: ${missing[*]}" >&2
      exit 5
    }
fi

have="$(cmake --version | awk 'NR==1{print $3}')"
if ! version_at_least "$have" $minimum_cmake; then
  echo "setup: CMake $have is older than $minimum_cmake; installing a newer one into $assay_cache/tools"
  mkdir -p "$assay_cache/tools/bin"
  python3 -m venv "$assay_cache/tools/venv"
  "$assay_cache/tools/venv/bin/pip" install -q "cmake>=$minimum_cmake,<4"
  for program in cmake ctest; do
    ln -sf ../venv/bin/$program "$assay_cache/tools/bin/$program"
  done
fi
