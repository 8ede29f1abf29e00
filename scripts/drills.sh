#!/usr/bin/env bash
# drills.sh [KILLS]: a history of a million random commands on one thread; then kills the service under load KILLS times
# (100) and checks that nothing is lost or charged twice; kills workers 300 times; a neighbour floods its slice.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=build/drills
binary=build/release/bin/chengying
mkdir -p $folder
/usr/bin/python3 scripts/models/random_weights.py tiny $folder/tiny.onnx
CHENGYING_HISTORY_COMMANDS=${CHENGYING_HISTORY_COMMANDS:-1000000} CHENGYING_DRILL_RECORDS=1000000 \
  build/release/tests/drills/drills_tests --gtest_filter='History.*:Money.*:SharedStore.*:Neighbour.*'
/usr/bin/python3 tests/e2e/workers.py $binary $folder/tiny.onnx $folder/workers "${CHENGYING_DRILL_WORKER_KILLS:-300}"
for store in sqlite postgres; do
  /usr/bin/python3 tests/e2e/drills.py $binary $folder/tiny.onnx $folder/run "${1:-100}" $store
done
