#!/bin/sh
# Builds the WASM engine (or finds it in the cache) and prints, one a line, what the C build needs:
#   lib=FILE  include=DIR  csrc=DIR (sources of yyjson, llhttp and geodesic)
# The cache lies outside the tree, keyed by the lock file, the crate and the compiler: $SKIFF_CACHE or ~/.cache/skiff.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
cache=${SKIFF_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/skiff}
key=$( (cat "$here"/engine/Cargo.toml "$here"/engine/Cargo.lock "$here"/engine/build.rs "$here"/engine/src/lib.rs; uname -m; rustc --version 2>/dev/null || true) | sha256sum | cut -c1-16)
out=$cache/engine-$key

if [ ! -f "$out/done" ]; then
    mkdir -p "$out"
    exec 9>"$out/lock"
    flock 9 # two builds at once (release and sanitizer) share one engine
fi
if [ ! -f "$out/done" ]; then
    echo "skiff: building the WASM engine, about 5 minutes on 2 cores (kept in $out)" >&2
    SKIFF_ENGINE_HEADERS=$out/headers cargo build --release --locked --manifest-path "$here/engine/Cargo.toml" --target-dir "$out/target" >&2
    rm -rf "$out/include" "$out/csrc"
    cp -r "$(cat "$out/headers")" "$out/include"
    mkdir -p "$out/csrc"
    # the carrier crates are fetched and checked by cargo, never compiled by it
    cargo metadata --format-version 1 --locked --manifest-path "$here/engine/Cargo.toml" | python3 -c '
import json, os, sys
dirs = {p["name"]: os.path.dirname(p["manifest_path"]) for p in json.load(sys.stdin)["packages"]}
print(dirs["yyjson-sys"]); print(dirs["libnghttp2-sys"]); print(dirs["geographiclib"])' > "$out/crates"
    yyjson=$(sed -n 1p "$out/crates") nghttp2=$(sed -n 2p "$out/crates") geographic=$(sed -n 3p "$out/crates")
    cp "$yyjson"/yyjson/src/yyjson.[ch] "$out/csrc/"
    cp "$nghttp2"/nghttp2/third-party/llhttp/src/*.c "$nghttp2"/nghttp2/third-party/llhttp/include/llhttp.h "$out/csrc/"
    cp "$geographic"/src/C/geodesic.[ch] "$out/csrc/"
    cp "$out/target/release/libskiff_engine.a" "$out/"
    rm -rf "$out/target"
    touch "$out/done"
fi
echo "lib=$out/libskiff_engine.a"
echo "include=$out/include"
echo "csrc=$out/csrc"
