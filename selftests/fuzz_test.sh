#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Each fuzz target replays its corpus, and then has a few seconds to find something new.
#
# Environment: FUZZ_SECONDS (10): for each target.

. "$(dirname "$0")/lib.sh"

HERE=$(cd "$(dirname "$0")" && pwd -P)

# Debian's clang has the sanitizers' libraries in a package of its own (libclang-rt-N-dev).
can_fuzz()
{
	printf 'int LLVMFuzzerTestOneInput(const unsigned char *d, unsigned long n) { return !d && n; }' |
		"${CLANG:-clang}" -fsanitize=fuzzer,address,undefined -x c - -o "$WORK/probe" 2>/dev/null
}

need_commands make "${CLANG:-clang}"
begin
can_fuzz || skip_all "${CLANG:-clang} has no libFuzzer (scripts/dependencies installs it)"

tap "the fuzz targets compile" make -s -C "$HERE/.." fuzz-build
for target in $("$HERE/fuzz/run" --list); do
	tap "fuzz $target: the corpus" "$HERE/fuzz/run" --replay "$target"
	tap "fuzz $target: ${FUZZ_SECONDS:-10} seconds" "$HERE/fuzz/run" "${FUZZ_SECONDS:-10}" "$target"
done
finish
