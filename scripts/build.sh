#!/usr/bin/env bash
# build.sh TARGET: configures the release build once and builds a target of it, with progress on a terminal.
set -euo pipefail
cd "$(dirname "$0")/.."

build=build/release
if [[ ! -f $build/build.ninja ]]; then
  echo "==> configuring"
  mkdir -p build
  cmake --preset release >$build.log 2>&1 || { cat $build.log >&2; exit 1; }
fi
# A build with nothing to do says nothing. (ninja -n always believes that CMake must look for new files.)
nothing=(-e 'no work to do' -e 'Entering directory' -e 'Re-checking' -e 'Re-running CMake')
if [[ -z $(ninja -C $build -n "$1" | grep -v "${nothing[@]}" || true) ]]; then
  ninja --quiet -C $build "$1" >$build.log || { cat $build.log >&2; exit 1; }
  exit 0
fi
echo "==> building $1 (release)"
if [[ -t 1 ]]; then
  NINJA_STATUS='    [%f/%t] ' ninja -C $build "$1"
else
  ninja --quiet -C $build "$1"
fi
