#!/bin/sh
# Builds plugin.wasm. What it needs, and what it says when that is missing: signalk-plugin/build.sh
set -eu
cd "$(dirname "$0")"
SKP_CARGO_FLAGS= exec signalk-plugin/build.sh . plugin.wasm
