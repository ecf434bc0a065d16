#!/bin/sh
# Builds plugin.wasm here, or at the place given. What it needs, and what it says when that is missing: sdk/rust/build.sh
set -eu
here=$(cd "$(dirname "$0")" && pwd)
exec "$here/../../sdk/rust/build.sh" "$here" "${1:-$here/plugin.wasm}"
