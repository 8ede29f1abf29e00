#!/usr/bin/env bash
# bench.sh: speed beside ONNX Runtime, then what the service costs. docs/benchmarks.md has the figures of one run.
set -euo pipefail
cd "$(dirname "$0")/.."

build=build/release
folder=build/bench
model=.cache/models/resnet50.onnx
mkdir -p $folder

echo "$(grep -m1 'model name' /proc/cpuinfo | sed 's/.*: //'), $(nproc) cores; $(date -u +%Y-%m-%d)"
echo
$build/bench/resnet50 $model .cache/photos/calibration
echo
if [[ ! -f $folder/resnet50_int8.onnx || $model -nt $folder/resnet50_int8.onnx ]]; then
  $build/bin/chengying quantize $model --calibrate .cache/photos/calibration --output $folder/resnet50_int8.onnx
fi
/usr/bin/python3 bench/service.py $build/bin/chengying $folder/resnet50_int8.onnx .cache/photos/demo/rocket.jpg $folder/service
