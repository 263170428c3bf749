#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Attach fails half-way, or is killed, at each of its bpf() calls: nothing is left, or what was there goes on (cli.sh
# draws the gateway).

set -u

HERE=$(cd "$(dirname "$0")" && pwd -P)
# shellcheck source=cli.sh
. "$HERE/cli.sh"

# Attach with the Nth bpf() call failing: whatever it was, nothing may be left.
fails_at_bpf_call()
{
	local before after status

	before=$(everything)
	on gw strace -f -qq -o /dev/null -e trace=bpf -e inject=bpf:error=ENOMEM:when="$1" \
		"$NESTWG" attach enp0s6 --mode native --wg wgcli0 >"$WORK/inject.log" 2>&1
	status=$?
	after=$(everything)
	if ((status == 0)); then
		nestwg detach enp0s6 >/dev/null || return
		echo "call $1: attached all the same"
		return
	fi
	cat "$WORK/inject.log"
	expect_is "after a failure of bpf() call $1" "$after" "$before"
}

fails_anywhere()
{
	local n

	for n in {1..64..2}; do
		fails_at_bpf_call "$n" || return
	done
}

# A second attach that fails: the first goes on as it was, each of its programs by number.
upgrade_fails_anywhere()
{
	local n before after

	nestwg attach enp0s6 --mode native --wg wgcli0 --allow 8080 >/dev/null || return
	before=$(everything)
	for n in {1..160..4}; do
		if on gw strace -f -qq -o /dev/null -e trace=bpf -e inject=bpf:error=ENOMEM:when="$n" \
			"$NESTWG" attach enp0s6 >"$WORK/inject.log" 2>&1; then
			before=$(everything)
			continue
		fi
		after=$(everything)
		cat "$WORK/inject.log"
		if ! diff <(echo "$before") <(echo "$after"); then
			echo "that was after a failure of bpf() call $n"
			nestwg detach enp0s6 >/dev/null
			return 1
		fi
	done
	nestwg detach enp0s6 >/dev/null
}

# Killed at the Nth bpf() call: the next attach works, and detach leaves nothing.
killed_anywhere()
{
	local n before

	before=$(everything)
	for n in {2..64..3}; do
		on gw strace -f -qq -o /dev/null -e trace=bpf -e inject=bpf:signal=KILL:when="$n" \
			"$NESTWG" attach enp0s6 --mode native --wg wgcli0 >/dev/null 2>&1
		nestwg status >/dev/null || return
		nestwg attach enp0s6 --mode native --wg wgcli0 >/dev/null || return
		expect_is "mode after a kill at call $n" "$(mode_in_force)" native || return
		nestwg detach enp0s6 >/dev/null || return
		expect_is "after a kill at call $n, attach and detach" "$(everything)" "$before" || return
	done
}

two_at_once()
{
	local first second

	nestwg attach enp0s6 --wg wgcli0 >"$WORK/first.log" 2>&1 &
	first=$!
	nestwg attach enp0s6 --wg wgcli0 >"$WORK/second.log" 2>&1 &
	second=$!
	wait "$first" && wait "$second" && nestwg status >/dev/null && nestwg detach enp0s6 >/dev/null
}

isolate "$@"
begin
cli_need strace
gateway_up

tap "two attaches at once: one waits" two_at_once
tap "each bpf() call fails once: nothing is left" fails_anywhere
tap "each bpf() call of an upgrade fails once: what was there goes on" upgrade_fails_anywhere
tap "killed at each bpf() call: attach and detach work" killed_anywhere
finish
