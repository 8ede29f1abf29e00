#!/usr/bin/env bash
# drills.sh [KILLS]: every drill in its long form, one after the other (hours), and at the end a table: drill, figure to
# reach, figure reached. KILLS: how often the service is killed on each store (1,000). A drill that fails doesn't stop the
# others; the exit code is 1 then. CHENGYING_DRILL_ONLY=WORD: only those that have WORD in their names.
# On a quiet machine: CHENGYING_DRILL_QUIET=1, which holds the neighbours' times to their figures.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
export LC_ALL=C

kills=${1:-1000}
folder=build/drills
binary=build/release/bin/chengying
tests=build/release/tests/drills/drills_tests
tiny=$folder/tiny.onnx
rows=()
failed=0

# drill NAME TO_REACH WORDS COMMAND...: runs it; its figure is the last line that it printed with WORDS in it.
drill() {
  local name=$1 to_reach=$2 words=$3 log=$folder/log reached
  shift 3
  [[ $name == *"${CHENGYING_DRILL_ONLY:-}"* ]] || return 0
  printf '\n== %s: %s\n' "$name" "$*"
  local state=ok
  "$@" 2>&1 | tee "$log" || state=FAILED
  reached=$(grep -F -- "$words" "$log" | tail -n 1)
  [[ -n $reached ]] || state=FAILED reached='no figure was printed'
  [[ $state == ok ]] || failed=1
  rows+=("| $name | $to_reach | $state: $reached |")
}
gtest() { "$tests" --gtest_filter="$1"; }
e2e() { /usr/bin/python3 -B "tests/e2e/$1.py" "$binary" "$tiny" "$folder/$1" "${@:2}"; }
month() {  # an invoice of a million records, verified by another process
  CHENGYING_DRILL_FOLDER=$folder CHENGYING_DRILL_RECORDS=1000000 gtest 'Money.AMonth*' || return 1
  local begin=$EPOCHREALTIME
  "$binary" verify $folder/invoice.json --records $folder/records.jsonl --prices $folder/prices.toml || return 1
  awk -v a="$begin" -v b="$EPOCHREALTIME" \
    'BEGIN { printf "verified by another process in %.1f s\n", b - a; exit b - a >= 10 }'
}

mkdir -p $folder
/usr/bin/python3 scripts/models/random_weights.py tiny $tiny || exit 1
export CHENGYING_HISTORY_COMMANDS=${CHENGYING_HISTORY_COMMANDS:-1000000} CHENGYING_DRILL_TENANTS=1000
export CHENGYING_DRILL_ROUNDS=${CHENGYING_DRILL_ROUNDS:-20}

zero='acknowledged but uncharged 0, doubled 0, ledger sum 0'
for store in sqlite postgres; do
  drill "service killed $kills times under load, $store" "$zero after each" 'acknowledged but' e2e drills "$kills" $store
done
for store in sqlite postgres; do
  drill "service killed in one process, at moments of its store, $store" "$zero" 'acknowledged but' \
    env CHENGYING_TEST_STORE=$store $tests --gtest_filter='Kill.*'
done
drill 'PostgreSQL killed, stopped, cut in a commit' "$zero after each; goes on by itself" 'in all' \
  e2e store_faults "${CHENGYING_DRILL_FAULTS:-100}" 0
drill 'disk full under PostgreSQL, its log too' "refuses, loses nothing, goes on by itself; $zero" 'in all' \
  e2e store_faults 0 "${CHENGYING_DRILL_DISKS:-10}"
drill 'disk full under SQLite' 'refuses, loses nothing, goes on by itself' 'while the disk was full' gtest 'DiskFull.*'
drill 'worker killed in mid-request' 'billed for undelivered 0' 'billed for undelivered' \
  e2e workers "${CHENGYING_DRILL_WORKER_KILLS:-300}"
drill '10,000 holds of two processes at the last cent of a cap' 'overshoot 0 micro-units' 'overshoot' gtest 'SharedStore.Ten*'
drill '10,000 holds at the last nano-unit, one process' 'overshoot 0 nano-units' 'overshoot' gtest 'Money.Ten*'
drill 'one of two control processes killed' 'sums fit' 'sums fit' gtest 'SharedStore.AKilled*'
drill 'clock back and forward by an hour and a year' 'the same bytes of the invoice' 'jumps of the clock' gtest 'ClockDrill.*'
drill "history of $CHENGYING_HISTORY_COMMANDS random commands" 'conserved after each, replay is the same' 'commands:' gtest \
  'History.*'
drill 'neighbour floods its slice, own host cores' 'answers that changed 0, p99 1.1 times' 'ratio' gtest 'Neighbour.*OnesOwn'
drill 'neighbour floods its slice, one host core for both' 'answers that changed 0, half of the time' 'ratio' gtest \
  'Neighbour.*Share*'
drill 'month of 1,000,000 records' 'verified in another process in < 10 s' 'another process in' month
drill '1 to 1,000 tenants' 'cost of a request flat within 5 %' ' tenants: ' gtest 'Tenants*'

{
  echo '| drill | figure to reach | figure reached |'
  echo '|---|---|---|'
  printf '%s\n' "${rows[@]}"
} | tee $folder/table.md
exit $failed
