#!/bin/sh
# Builds plugin.wasm here, or at the place given.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
exec "$here/../../sdk/c/build.sh" "$here/plugin.c" "${1:-$here/plugin.wasm}"
