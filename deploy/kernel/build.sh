#!/bin/sh
# Builds kernel.wasm from kernel.c and network.c: `npm run kernel`, or with a target and flags of
# your own `sh kernel/build.sh out.wasm -mno-simd128`. The compiler is the PyPI package ziglang,
# pinned in pyproject.toml: the same source gives the same bytes, which a test checks.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here/kernel.wasm}
[ $# -eq 0 ] || shift
# -disable-lsr: LLVM would turn the pointers of a loop into sums of two registers, which wasm has no
# addressing for; without that the convolutions are 8 % faster.
# max-memory: an isolate has 128 MB, and at a change it holds two models and a file.
"${PYTHON:-python3}" -m ziglang cc --target=wasm32-freestanding -O3 -msimd128 -mbulk-memory \
    -mllvm -disable-lsr -std=c11 -Wall -Wextra -Werror -nostdlib -Wl,--no-entry -Wl,--strip-all \
    -Wl,-z,stack-size=16384 -Wl,--max-memory=33554432 "$@" \
    -o "$out" "${KERNEL:-$here/kernel.c}" "$here/network.c"
chmod 644 "$out"
