#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Attach fails half-way, or is killed, at each of its bpf() calls: nothing is left, or what was there goes on (cli.sh
# draws the gateway).

set -u

HERE=$(cd "$(dirname "$0")" && pwd -P)
# shellcheck source=cli.sh
. "$HERE/cli.sh"
. "$HERE/one_thread.sh"

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

# traced STRACE-OPTIONS... -- ARGS...: its bpf() calls.
traced()
{
	in_one_thread -o "$WORK/trace" -e trace=bpf,clone3 "$@" >"$WORK/inject.log" 2>&1
}

# load_calls: the numbers of the bpf() calls that load one of our programs, of the last trace.
load_calls()
{
	grep 'bpf(' "$WORK/trace" | grep -n 'BPF_PROG_LOAD.*prog_name="nestwg_' | cut -d : -f 1
}

state_maps()
{
	local map

	everything
	for map in config addresses flows; do
		on gw bpftool map dump pinned "$PINS/enp0s6/$map" 2>&1
	done
}

# The verifier refuses one of the programs (libbpf asks twice): the others may be in their places by then.
program_refused()
{
	local attach=(attach enp0s6 --mode native --wg wgcli0) before call calls=0

	before=$(everything)
	find_threads "${attach[@]}" && nestwg detach enp0s6 >/dev/null &&
		traced -- "${attach[@]}" && nestwg detach enp0s6 >/dev/null || return
	for call in $(load_calls); do
		((++calls))
		fails traced -e inject=bpf:error=EINVAL:when="$call..$((call + 1))" -- "${attach[@]}" || return
		expect "the message" "$(<"$WORK/inject.log")" "cannot load the BPF programs: Invalid argument" &&
			expect_is "after the refusal of call $call" "$(everything)" "$before" || return
	done
	expect_is "programs" "$calls" 4
}

# And where they run: neither they nor exclusions, addresses and configuration change, not even for a moment.
upgrade_refused()
{
	local before call calls=0 status=0

	on gw ip address add 192.0.2.77/24 dev enp0s6
	nestwg attach enp0s6 --mode native --wg wgcli0 --allow 8080 >/dev/null &&
		find_threads attach enp0s6 --allow 8080 && traced -- attach enp0s6 --allow 8080 || return
	on gw ip address del 192.0.2.77/24 dev enp0s6
	before=$(state_maps)
	for call in $(load_calls); do
		((++calls))
		fails traced -e inject=bpf:error=EINVAL:when="$call..$((call + 1))" -- attach enp0s6 --allow 9090 &&
			expect_is "writes before the refusal of call $call" "$(writes_before_refusal "$call")" 0 &&
			expect "state after it" "$(diff <(echo "$before") <(state_maps))" "^$" || status=1
	done
	nestwg detach enp0s6 >/dev/null
	((status == 0)) && expect_is "programs" "$calls" 4
}

writes_before_refusal()
{
	grep 'bpf(' "$WORK/trace" | head -n "$1" | grep -c BPF_MAP_UPDATE_ELEM
}

# With its threads: none of them is at work any more when the first map is written.
upgrade_waits()
{
	local main first last

	nestwg attach enp0s6 --mode native --wg wgcli0 >/dev/null || return
	on gw strace -f -qq -o "$WORK/trace" -e trace=bpf "$NESTWG" attach enp0s6 --allow 8080 >/dev/null || return
	nestwg detach enp0s6 >/dev/null
	main=$(head -n 1 "$WORK/trace" | cut -d ' ' -f 1)
	first=$(grep -n "^$main .*BPF_MAP_UPDATE_ELEM" "$WORK/trace" | head -n 1 | cut -d : -f 1)
	last=$(grep -nv "^$main " "$WORK/trace" | tail -n 1 | cut -d : -f 1)
	echo "the first write in line ${first:-none}, the threads' last call in line ${last:-none}"
	[[ -n $first && -n $last ]] && ((last < first))
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
tap "the verifier refuses a program: nothing is left" program_refused
tap "the verifier refuses a program of an upgrade: nothing has changed" upgrade_refused
tap "an upgrade writes nothing before all programs are loaded" upgrade_waits
tap "killed at each bpf() call: attach and detach work" killed_anywhere
finish
