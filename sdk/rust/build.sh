#!/bin/sh
# Builds a Rust plugin:  sdk/rust/build.sh CRATE_DIRECTORY OUT.wasm
#
# Needs cargo and rustc 1.85 or newer with the standard library of wasm32-wasip1:
#   with rustup:  rustup target add wasm32-wasip1
#   on Debian 12: apt-get install rustc-web cargo-web rust-web-src wasi-libc lld-14
#                 (Debian has no compiled standard library for this target; it is then built from Debian's source of it,
#                 once per target directory, in about three minutes)
# CARGO_TARGET_DIR is honoured, and SKP_CARGO_FLAGS (default --locked).
set -eu

target=wasm32-wasip1
if [ $# -ne 2 ]; then
    sed -n '2,8s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi
dir=$1
case $2 in
/*) out=$2 ;;
*) out=$(pwd)/$2 ;;
esac

missing() {
    echo "$0: $1" >&2
    exit 3
}

command -v cargo >/dev/null && command -v rustc >/dev/null || missing "no Rust found. On Debian 12: \
apt-get install rustc-web cargo-web rust-web-src wasi-libc lld-14"
cd "$dir"
# A rust-toolchain file of the crate may choose another compiler, so ask from inside its directory.
if [ -d "$(rustc --print target-libdir --target $target 2>/dev/null)" ]; then
    set --
elif command -v rustup >/dev/null; then
    missing "this Rust has no standard library for $target. Run: rustup target add $target"
else
    linker=$(command -v wasm-ld || command -v wasm-ld-14 || command -v wasm-ld-19 || true)
    libc=${WASI_SYSROOT:-/usr}/lib/wasm32-wasi
    [ -e "$(rustc --print sysroot)/lib/rustlib/src/rust/library/std/Cargo.toml" ] ||
        missing "no source of the standard library. On Debian 12: apt-get install rust-web-src"
    [ -n "$linker" ] || missing "no wasm-ld. On Debian: apt-get install lld-14"
    [ -e "$libc/libc.a" ] || missing "no wasi-libc. On Debian: apt-get install wasi-libc"
    # build-std is still behind the nightly switch; this variable is the official way to use it with a stable compiler.
    export RUSTC_BOOTSTRAP=1
    export CARGO_TARGET_WASM32_WASIP1_LINKER="$linker"
    RUSTFLAGS="${RUSTFLAGS:-} -C link-self-contained=no -L native=$libc"
    set -- -Z build-std=std,panic_abort
fi
# Panic messages name source files; whose home directory they lay in is nobody's business.
export RUSTFLAGS="${RUSTFLAGS:-} --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=cargo --remap-path-prefix=$(pwd)=plugin"
# shellcheck disable=SC2086
# The last line that cargo prints about a built artifact names the file, whatever the crate and target directory are called.
file=$(cargo build --quiet ${SKP_CARGO_FLAGS---locked} --release --target $target --message-format=json-render-diagnostics "$@" |
    sed -n 's/.*"filenames":\["\([^"]*\.wasm\)".*/\1/p' | tail -n 1)
[ -n "$file" ] || { echo "$0: $dir was not built, or is no cdylib" >&2; exit 1; }
cp "$file" "$out"
