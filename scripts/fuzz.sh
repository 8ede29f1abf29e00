#!/usr/bin/env bash
# fuzz.sh [MINUTES]: libFuzzer, MINUTES (2) for each target of tests/fuzz, from its seeds and tests/fuzz/corpus; one process,
# at low priority. What it finds stays in build/fuzz/found; input that makes a target fail ends the script and is kept beside it:
# put it into tests/fuzz/corpus/TARGET, where every test run replays it.
set -euo pipefail
cd "$(dirname "$0")/.."

minutes=${1:-2}
build=build/fuzz
command -v clang++-19 >/dev/null || { echo "make fuzz: libFuzzer needs clang++-19 (Debian: clang-19, libclang-rt-19-dev)" >&2; exit 1; }
[[ -f $build/build.ninja ]] || cmake --preset fuzz >/dev/null
nice -n 15 ninja --quiet -C $build fuzz_programs
programs=$build/tests/fuzz
$programs/fuzz_seeds $build/seeds
printf '%-14s %12s %9s\n' target runs covered
for folder in $build/seeds/*; do
  target=$(basename "$folder")
  mkdir -p $build/found/"$target" tests/fuzz/corpus/"$target"
  log=$build/$target.log
  nice -n 15 $programs/fuzz_"$target" -max_total_time=$((60 * minutes)) -rss_limit_mb=4096 -timeout=20 -print_final_stats=1 \
    -artifact_prefix=$build/found/"$target". $build/found/"$target" tests/fuzz/corpus/"$target" "$folder" >"$log" 2>&1 ||
    { tail -n 40 "$log" >&2; exit 1; }
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  covered=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)
  printf '%-14s %12s %9s\n' "$target" "$runs" "$covered"
done
