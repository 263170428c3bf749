# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Attach under strace, on the gateway of house.sh. strace counts the calls of each thread: so that every call has a number,
# attach gets no threads, and does all by itself.

# find_threads ARGS...: runs it, an attach. Which of its clone3() calls are for threads, as strace wants it ("4..7"), into THREADS.
find_threads()
{
	on gw strace -qq -e trace=clone3 -o "$WORK/clones" "$NESTWG" "$@" >/dev/null || return
	THREADS=$(awk '/^clone3\(/ { n++; if (/CLONE_THREAD/) { first = first ? first : n; last = n } }
		END { print first ".." last }' "$WORK/clones")
	expect "attach's threads" "$THREADS" '^[1-9][0-9]*[.][.][1-9]'
}

# in_one_thread STRACE-OPTIONS... -- ARGS...: after find_threads. Other commands than attach have one anyway.
in_one_thread()
{
	local options=()

	while [[ $1 != -- ]]; do
		options+=("$1")
		shift
	done
	shift
	[[ $1 != attach ]] || options=(-e inject="clone3:error=EAGAIN:when=$THREADS" "${options[@]}")
	on gw strace -qq "${options[@]}" "$NESTWG" "$@"
}
