#!/bin/sh
# Builds kernel.wasm from kernel.c: `npm run kernel`, or with a target of your own
# `sh kernel/build.sh out.wasm`. The compiler is the PyPI package ziglang, pinned in
# pyproject.toml: the same source gives the same bytes, which a test checks.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here/kernel.wasm}
"${PYTHON:-python3}" -m ziglang cc --target=wasm32-freestanding -O3 -msimd128 -mbulk-memory \
    -std=c11 -Wall -Wextra -Werror -nostdlib -Wl,--no-entry -Wl,--strip-all -Wl,--export=__heap_base \
    -Wl,-z,stack-size=16384 \
    -o "$out" "$here/kernel.c"
chmod 644 "$out"
