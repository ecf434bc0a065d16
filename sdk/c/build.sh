#!/bin/sh
# Builds one C plugin:  sdk/c/build.sh SOURCE.c OUT.wasm [more sources or compiler flags]
#
# Needs clang and lld with the wasm32 target (Debian: clang-14 lld-14). No libc is used.
# With SKP_WASI=1 the plugin is built against wasi-libc (Debian: wasi-libc libclang-rt-14-dev-wasm32), for plugins that
# want files, a clock or printf. CLANG and WASI_SYSROOT choose other tools than those found.
set -eu

if [ $# -lt 2 ]; then
    sed -n '2,6s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)
src=$1 out=$2
shift 2

if [ -z "${CLANG:-}" ]; then
    for c in clang clang-19 clang-18 clang-17 clang-16 clang-15 clang-14; do
        # A clang without its linker, or without this target, is of no use here: let it link nothing, once.
        if command -v "$c" >/dev/null &&
            "$c" --target=wasm32 -nostdlib -Wl,--no-entry -o /dev/null -x c /dev/null 2>/dev/null; then
            CLANG=$c
            break
        fi
    done
fi
if [ -z "${CLANG:-}" ]; then
    echo "$0: no clang that can link wasm32 found; on Debian: apt-get install clang-14 lld-14" >&2
    exit 3
fi

common="-std=gnu11 -Os -Wall -Wextra -I$here/include -Wl,--strip-all -Wl,-z,stack-size=65536 -Wl,--stack-first"
if [ "${SKP_WASI:-0}" = 1 ]; then
    sysroot=${WASI_SYSROOT:-/usr}
    if [ ! -e "$sysroot/lib/wasm32-wasi/libc.a" ]; then
        echo "$0: no wasi-libc under $sysroot; on Debian: apt-get install wasi-libc libclang-rt-14-dev-wasm32" >&2
        exit 3
    fi
    # A reactor: one instance whose exports are called many times, set up by its own _initialize.
    # shellcheck disable=SC2086
    exec "$CLANG" --target=wasm32-wasi --sysroot="$sysroot" -mexec-model=reactor $common "$@" -o "$out" "$src" "$here/plugin.c"
fi
# Bulk memory turns memcpy and memset into instructions, so that no libc has to have them.
# shellcheck disable=SC2086
exec "$CLANG" --target=wasm32 -mbulk-memory -nostdlib -ffreestanding -Wl,--no-entry $common "$@" -o "$out" "$src" "$here/plugin.c"
