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
models=($model)
for name in resnet18 mobilenet_v2 squeezenet; do  # random weights: right for speed
  [[ -f $folder/$name.onnx ]] || /usr/bin/python3 scripts/models/random_weights.py $name $folder/$name.onnx
  models+=($folder/$name.onnx)
done
$build/bench/onednn
echo
$build/bench/networks .cache/photos/calibration "${models[@]}"
echo
encoders=()
for encoder in "minilm_l6 6 384" "bert_base 12 768"; do  # 128 tokens
  read -r name layers width <<< "$encoder"
  [[ -f $folder/${name}_128.onnx && -f $folder/tokens_128.npz ]] ||
    /usr/bin/python3 scripts/models/bert.py $folder/${name}_128.onnx $layers $width 128 $folder/tokens_128.npz
  encoders+=($folder/${name}_128.onnx)
done
$build/bench/networks $folder/tokens_128.npz "${encoders[@]}"
echo
if [[ ! -f $folder/resnet50_int8.onnx || $model -nt $folder/resnet50_int8.onnx ]]; then
  $build/bin/chengying quantize $model --calibrate .cache/photos/calibration --output $folder/resnet50_int8.onnx
fi
/usr/bin/python3 bench/service.py $build/bin/chengying $folder/resnet50_int8.onnx .cache/photos/demo/rocket.jpg $folder/service
echo
[[ -f $folder/tiny.onnx ]] || /usr/bin/python3 scripts/models/random_weights.py tiny $folder/tiny.onnx
echo "tiny: $(/usr/bin/python3 bench/metering.py $build/bin/chengying $folder/tiny.onnx 32 $folder/metering)"
echo "ResNet-50: $(/usr/bin/python3 bench/metering.py $build/bin/chengying $folder/resnet50_int8.onnx 224 $folder/metering 0)"
