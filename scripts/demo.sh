#!/usr/bin/env bash
# demo.sh [PHOTO...]: the main job, narrated: a real model and real photographs to answers, a bill and its proof, on this
# machine's CPU and then on a virtual Hanguang 800. Each command is shown as one would type it. Everything that it makes is
# in build/demo. `make demo` brings what it needs.
set -euo pipefail
cd "$(dirname "$0")/.."

export PATH=$PWD/build/release/bin:$PATH
export XDG_CONFIG_HOME=$PWD/build/demo/config # a login of your own stays untouched
unset CHENGYING_KEY CHENGYING_SERVER
folder=build/demo
data=$folder/data
model=.cache/models/resnet50.onnx
int8=$folder/resnet50_int8.onnx
photos=("$@")
((${#photos[@]})) || photos=(.cache/photos/demo/{cat.png,coffee.png,rocket.jpg})
for photo in "${photos[@]}"; do
  [[ -f $photo ]] || { echo "demo.sh: no such photograph: $photo" >&2; exit 6; }
done

bold='' dim='' plain=''
if [[ -t 1 ]]; then bold=$'\e[1m' dim=$'\e[2m' plain=$'\e[0m'; fi
step=0
tell() { # heading, then lines of explanation
  step=$((step + 1))
  printf '\n%s%d. %s%s\n' "$bold" "$step" "$1" "$plain"
  shift
  if (($#)); then printf '   %s\n' "$@"; fi
}
# Shows a command and runs it; what it prints is kept in $output.
show() {
  local words
  printf -v words ' %q' "$@"
  printf '%s$%s%s\n' "$dim" "$words" "$plain"
  output=$("$@")
  [[ -z $output ]] || printf '%s\n' "$output"
}
found() { grep -oE -m1 "$1" <<<"$output" | head -1; } # the first match in what the last command printed

service=''
stop_service() {
  [[ -n $service ]] || return 0
  kill -TERM "$service" 2>/dev/null && wait "$service" || true
  service=''
}
trap stop_service EXIT

mkdir -p $folder
rm -rf $data

tell "From an fp32 model to int8" \
  "ResNet-50, trained on ImageNet, calibrated on real photographs; as ONNX that any engine runs."
if [[ $int8 -nt $model && $int8 -nt build/release/bin/chengying ]]; then
  echo "   $int8 is there from last time"
else
  show chengying quantize $model --calibrate .cache/photos/calibration --output $int8
fi

tell "The service" "A SQLite file in $data; this machine's CPU as chip 'host', and a virtual Hanguang 800."
echo "${dim}\$ chengying serve --data $data --listen 127.0.0.1:0 &${plain}"
chengying serve --data $data --listen 127.0.0.1:0 >$folder/service.log 2>&1 &
service=$!
for _ in $(seq 600); do
  [[ -s $data/service.url ]] && break
  kill -0 $service 2>/dev/null || { cat $folder/service.log >&2; exit 1; }
  sleep 0.05
done
CHENGYING_SERVER=$(<$data/service.url)
export CHENGYING_SERVER
echo "   $CHENGYING_SERVER"

tell "A tenant, with money and a key" "Run by the operator: the data folder is the proof. The secret is shown once, and stored hashed."
show chengying tenant create acme --deposit 10 --with-key --data $data
CHENGYING_KEY=$(found 'chg_[A-Za-z0-9_-]+')
export CHENGYING_KEY
echo "${dim}\$ export CHENGYING_SERVER=$CHENGYING_SERVER CHENGYING_KEY=${CHENGYING_KEY:0:8}...${plain}"

tell "Upload the model" "It is called by the digest of its bytes."
show chengying model upload $int8 --name resnet50
model_id=$(found 'sha256:[0-9a-f]{64}')

# What a chip's slice does with the photographs, from quote to lease's end. $1: offer, $2: name of the endpoint.
rent() {
  local offer=$1 endpoint=$2 lease
  tell "A quote for $offer" "Compiles the model for that chip; time is a function of the program, so the price is known before."
  show chengying quote infer --model "$model_id" --offer "$offer"
  tell "Lease the slice, and deploy"
  show chengying lease create "$offer" --seconds 3600
  lease=$(found 'ls_[A-Za-z0-9_-]+')
  show chengying endpoint create "$endpoint" --model "$model_id" --lease "$lease"
  tell "Classify" "Photographs go as they are; the endpoint knows its preprocessing."
  show chengying infer "$endpoint" --input "${photos[@]}"
  chengying infer "$endpoint" --input "${photos[0]}" --output "$folder/$endpoint.npz" >/dev/null
  tell "Give the slice back" "What was held and not used comes back."
  show chengying lease release "$lease"
}

rent host.2.on_demand resnet50-host

tell "The same model on a virtual Hanguang 800" "Same bytes out, other cycles, other price."
rent hanguang800.1.on_demand resnet50-hanguang
show cmp $folder/resnet50-host.npz $folder/resnet50-hanguang.npz
echo "   the answers of both chips are the same bytes: $(sha256sum $folder/resnet50-host.npz | cut -c1-16)..."

tell "The invoice"
show chengying invoice create --output $folder/invoice.json --records $folder/records.jsonl --prices $folder/prices.toml

tell "Its proof" "A separate command, offline: it recomputes every price, sum and hash from the records."
show chengying verify $folder/invoice.json --records $folder/records.jsonl --prices $folder/prices.toml

tell "A forgery" "One millionth more, anywhere, is found."
total=$(sed -n 's/.*"total_micro": *\([0-9]*\).*/\1/p' $folder/invoice.json)
sed "s/\"total_micro\": *$total/\"total_micro\": $((total + 1))/" $folder/invoice.json >$folder/forged.json
echo "${dim}\$ chengying verify $folder/forged.json --records $folder/records.jsonl${plain}"
if chengying verify $folder/forged.json --records $folder/records.jsonl --prices $folder/prices.toml 2>&1; then
  echo "demo.sh: a forged invoice was accepted" >&2
  exit 1
fi

tell "The end" "The service answers what is in flight and stops. Everything is in $folder; start it again with: chengying serve --data $data" \
  "Your own photograph: make demo IMAGE=photo.jpg"
stop_service
