#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# attach --confirm: what nobody confirms is taken back, whoever is killed meanwhile (cli.sh draws the gateway).

set -u

HERE=$(cd "$(dirname "$0")" && pwd -P)
# shellcheck source=cli.sh
. "$HERE/cli.sh"

# --- what is there -------------------------------------------------------------------------------

# Processes of this mount namespace only: other runs have guards, too.
guards()
{
	local own pid

	own=$(readlink /proc/$$/ns/mnt)
	for pid in $(pgrep -f '^nestwg-xdp confirm --guard'); do
		[[ $(readlink "/proc/$pid/ns/mnt") != "$own" ]] || echo "$pid"
	done
}

no_guard()
{
	expect_is "guards" "$(guards)" ""
}

# In any order: a directory and a hash have none.
all()
{
	{
		everything
		bpftool map dump pinned "$PINS/enp0s6/addresses" 2>&1
	} | sort
}

# is_as FILE: as all() was.
is_as()
{
	diff <(all) "$1"
}

# back_to FILE: within the time, and nobody waits any more.
back_to()
{
	wait_for 20 is_as "$1" && wait_for 5 no_guard
}

detached()
{
	expect "status" "$(nestwg status)" "^Not attached to any interface.$"
}

seconds_left()
{
	nestwg status --json | "$HOUSE_PYTHON" -c 'import json, sys; print(json.load(sys.stdin)[0]["taken_back_in"])'
}

tidy()
{
	nestwg detach enp0s6 >/dev/null && wait_for 5 no_guard
}

attach()
{
	nestwg attach enp0s6 --wg wgcli0 "$@" >/dev/null
}

# --- tests ---------------------------------------------------------------------------------------

bad_seconds()
{
	local seconds

	for seconds in 0 -1 86401 60s ""; do
		refused 2 "--confirm '.*': a number of seconds is wanted, from 1 to 86400" \
			attach enp0s6 --wg wgcli0 --confirm "$seconds" || return
	done
}

nothing_to_confirm()
{
	refused 1 "nothing waits to be confirmed" confirm && refused 1 "enp0s6: .*not attached" confirm enp0s6 &&
		attach && refused 1 "enp0s6: nothing waits to be confirmed" confirm enp0s6 && tidy
}

wrong_usage()
{
	local text

	refused 2 "no option --gard: did you mean --guard" confirm --gard && refused 2 "unexpected argument 'b'" confirm enp0s6 b &&
		refused 2 "'a/b'" confirm a/b || return
	text=$(as_nobody confirm enp0s6 2>&1)
	expect_is "exit status" "$?" 1 && expect "the message" "$text" "run as root"
}

# Two gateways in one: which of them is meant is not guessed, and who waits no longer is not asked about.
several_wait()
{
	attach --confirm 60 && nestwg attach lan0 --wg wgcli9 --confirm 60 >/dev/null &&
		refused 1 "several interfaces wait to be confirmed: name one" confirm &&
		expect "one" "$(nestwg confirm --verbose lan0 2>&1)" "\\[#\\] no deadline any more.*lan0: confirmed" &&
		expect "the other" "$(nestwg confirm)" "^enp0s6: confirmed" && refused 1 "nothing waits to be confirmed" confirm &&
		nestwg detach lan0 >/dev/null && tidy
	local status=$?

	((status == 0)) || nestwg detach lan0
	return "$status"
}

first_attach_goes()
{
	all >"$WORK/none"
	expect "it says" "$(nestwg attach enp0s6 --wg wgcli0 --mode "$1" --confirm 2)" \
		"in 2 seconds all of this is taken back, .*nestwg-xdp confirm enp0s6" &&
		expect_is "mode" "$(mode_in_force)" "$1" &&
		expect "status" "$(nestwg status)" "not confirmed yet: taken back in [12] s" &&
		expect "status --json" "$(seconds_left)" '^[012]$' || return
	back_to "$WORK/none"
}

confirmed_stays()
{
	attach --allow 8080 --confirm 2 &&
		expect "it says" "$(nestwg confirm)" "^enp0s6: confirmed: native mode: 192.0.2.10 goes to 10.0.18.2.* 8080/tcp" &&
		wait_for 5 no_guard || return
	all >"$WORK/attached"
	sleep 3
	is_as "$WORK/attached" && expect_is "status" "$(seconds_left)" None && fails grep -q before "$WORK/attached" && tidy
}

# Old programs, exclusions, address and all; and back as well from a tunnel that is another one.
upgrade_goes_back()
{
	attach --mode "$1" --allow 8080 --allow icmp && all >"$WORK/attached" || return
	nestwg attach enp0s6 --wg wgcli9 --peer 10.0.19.2 --address 192.0.2.11 --mode "$2" --allow 9090 \
		--confirm 1 >/dev/null || return
	nestwg disallow 8080 && fails is_as "$WORK/attached" >/dev/null && back_to "$WORK/attached" && tidy
}

upgrade_goes_back_clsact()
{
	NESTWG_TC=clsact upgrade_goes_back tc native
}

# Several changes, one confirmed state: all of them go; no other attach confirms.
changes_go_together()
{
	attach --mode tc && all >"$WORK/attached" && attach --allow 1001 --confirm 60 &&
		attach --allow 1002 --mode native --confirm 3 || return
	expect "an attach without it" "$(nestwg attach enp0s6 --allow 1003)" "still not confirmed: in [123] seconds" &&
		expect "excluded" "$(excluded)" "1001-1003/tcp" && back_to "$WORK/attached" && tidy
}

other_xdp_comes_back()
{
	printf '%s\n' '__attribute__((section("xdp"))) int other(void *ctx) { return 2; }' \
		'char _license[] __attribute__((section("license"))) = "GPL";' >"$WORK/xdp.c"
	clang -target bpf -O2 -c "$WORK/xdp.c" -o "$WORK/xdp.o" &&
		on gw ip link set enp0s6 xdpdrv obj "$WORK/xdp.o" sec xdp && all >"$WORK/other" &&
		attach --mode native --replace --confirm 1 && expect_is "mode" "$(mode_in_force)" native || return
	back_to "$WORK/other"
	local status=$?

	on gw ip link set enp0s6 xdp off
	return "$status"
}

detach_ends_it()
{
	all >"$WORK/none"
	attach --confirm 60 && tidy && is_as "$WORK/none"
}

# All of a session's processes, at once; the guard is none of them.
session_dies()
{
	all >"$WORK/none"
	# shellcheck disable=SC2016 # for the inner shell
	serve session gw bash -c '"$0" attach enp0s6 --wg wgcli0 --confirm 5; sleep 60' "$NESTWG"
	wait_for 10 log_has session "taken back" && background_stop session KILL &&
		expect_is "mode" "$(mode_in_force)" native && back_to "$WORK/none"
}

# Killed at some of its bpf() calls: if it had come so far as to attach anything, the guard was there before.
attach_is_killed()
{
	local n

	all >"$WORK/none"
	for n in 45 55 64; do
		on gw strace -f -qq -o /dev/null -e trace=bpf -e inject=bpf:signal=KILL:when="$n" \
			"$NESTWG" attach enp0s6 --mode native --wg wgcli0 --confirm 1 >/dev/null 2>&1
		if [[ -z $(guards) ]]; then
			expect_is "hooks, killed at $n" "$(find "$PINS" -name 'link_*')" "" || return
			nestwg detach enp0s6 >/dev/null
		fi
		if ! back_to "$WORK/none"; then
			echo "that was killed at bpf() call $n"
			return 1
		fi
	done
}

upgrade_is_killed()
{
	local n

	attach --mode tc && nestwg status >"$WORK/attached" || return
	for n in 100 120; do
		on gw strace -f -qq -o /dev/null -e trace=bpf -e inject=bpf:signal=KILL:when="$n" \
			"$NESTWG" attach enp0s6 --mode native --allow 9 --confirm 1 >/dev/null 2>&1
		wait_for 20 no_guard || return
		if ! diff <(nestwg status) "$WORK/attached"; then
			echo "that was killed at bpf() call $n"
			return 1
		fi
	done
	tidy
}

# Killed at each of the calls after what is in force was kept: what stays on the gateway is as before, too.
upgrade_is_killed_early()
{
	local kept n

	attach --mode tc --allow 8080 && nestwg status >"$WORK/attached" || return
	on gw strace -f -qq -o "$WORK/calls" -e trace=bpf "$NESTWG" attach enp0s6 --exact --confirm 1 >/dev/null
	wait_for 20 no_guard || return
	kept=$(grep -n 'BPF_OBJ_PIN.*/before"' "$WORK/calls" | cut -d: -f1)
	for n in 1 2 3; do
		on gw strace -f -qq -o /dev/null -e trace=bpf -e inject=bpf:signal=KILL:when=$((kept + n)) \
			"$NESTWG" attach enp0s6 --exact --confirm 1 >/dev/null 2>&1
		wait_for 20 no_guard || return
		if ! diff <(nestwg status) "$WORK/attached"; then
			echo "that was killed at bpf() call $n after"
			return 1
		fi
	done
	tidy
}

pings_gateway()
{
	on inet ping -q -c 1 -W 1 192.0.2.10
}

# The programs themselves stop; the next attach cleans up.
guard_is_killed()
{
	attach --confirm 4 && fails pings_gateway >/dev/null || return
	kill -KILL "$(guards)"
	wait_for 20 pings_gateway &&
		expect "status" "$(nestwg status)" "PROBLEM: it was not confirmed in time.*everything goes to the gateway" &&
		refused 1 "enp0s6: too late" confirm && attach && fails pings_gateway >/dev/null &&
		expect_is "status" "$(seconds_left)" None && tidy && pings_gateway >/dev/null
}

# Nor does what is allowed then go with what is taken back.
allowed_after_guard_is_killed()
{
	attach --mode tc && attach --allow 8080 --confirm 1 && kill -KILL "$(guards)" && sleep 2 && nestwg allow 9090 &&
		attach && expect "excluded" "$(excluded)" "9090/tcp" && fails grep -q 8080 <(excluded) && tidy
}

too_late()
{
	local guard

	all >"$WORK/none"
	attach --confirm 1 && guard=$(guards) && kill -STOP "$guard" && sleep 1.2 &&
		refused 1 "enp0s6: too late" confirm enp0s6
	local status=$?

	kill -CONT "$guard"
	((status == 0)) && back_to "$WORK/none"
}

# An upgrade that nobody confirms, and that nobody has taken back yet.
lapsed()
{
	attach --mode tc --allow 8080 && all >"$WORK/attached" && attach --mode native --allow 9090 --confirm 1 &&
		kill -KILL "$(guards)" && sleep 1.2
}

# guard_traced OPTIONS...: what comes in its place.
guard_traced()
{
	on gw timeout "$(limit 20)" strace -f -qq -e trace=bpf "$@" "$NESTWG" confirm --guard
}

# Each call that changes a hook fails once, and the last that changes anything: then nothing is attached any more, and
# that is said. Half of it would swallow packets without a word.
going_back_fails()
{
	local n text

	all >"$WORK/none"
	lapsed && guard_traced -o "$WORK/calls" && is_as "$WORK/attached" && tidy || return
	for n in $(grep -nE 'BPF_LINK_(UPDATE|DETACH)' "$WORK/calls" | cut -d: -f1) \
		$(grep -n BPF_MAP_UPDATE "$WORK/calls" | tail -n 1 | cut -d: -f1); do
		lapsed || return
		text=$(guard_traced -o /dev/null -e inject=bpf:error=ENOMEM:when="$n" 2>&1)
		if is_as "$WORK/attached" >/dev/null; then
			tidy || return
		elif ! is_as "$WORK/none" || ! expect "it says" "$text" "cannot go back to what was .*everything is detached"; then
			sed -n "${n}p" "$WORK/calls"
			return 1
		fi
	done
}

restarted_guard()
{
	all >"$WORK/none"
	attach --confirm 3 && kill -KILL "$(guards)" && nestwg confirm --guard && is_as "$WORK/none"
}

# The tunnel of before goes meanwhile: the rest goes back, and says what is missing.
old_tunnel_goes()
{
	# shellcheck disable=SC2046 # words
	wireguard_add wgcli1 listen-port 51999 $(peer 10.0.20.2/32) &&
		nestwg attach enp0s6 --wg wgcli1 >/dev/null && attach --allow 9090 --confirm 2 || return
	background_stop wireguard-wgcli1
	on gw ip link delete wgcli1 2>/dev/null
	wait_for 20 no_guard && fails grep -q 9090 <(excluded) &&
		expect "status" "$(nestwg status)" "PROBLEM: its tunnel wgcli1 has gone" && tidy
}

tunnel_goes()
{
	all >"$WORK/none"
	# shellcheck disable=SC2046 # words
	wireguard_add wgcli1 listen-port 51999 $(peer 10.0.20.2/32) &&
		nestwg attach enp0s6 --wg wgcli1 --confirm 2 >/dev/null || return
	background_stop wireguard-wgcli1
	on gw ip link delete wgcli1 2>/dev/null
	back_to "$WORK/none"
}

press()
{
	printf '%b' "$1"
	wait_for 10 grep -q 'Enter keeps it' "$WORK/terminal"
	sleep 0.3
	printf '%b' "$2"
	wait_for 20 grep -q 'confirmed: ' "$WORK/terminal"
}

# on_terminal SECONDS: attach --confirm. `exec`, as a ^C would end a shell in between, and its status be what is seen.
on_terminal()
{
	on gw script -qefc "exec $NESTWG attach enp0s6 --wg wgcli0 --confirm $1" /dev/null >"$WORK/terminal" 2>&1
}

# terminal SECONDS BEFORE AFTER: these keys are pressed before and after the question.
terminal()
{
	: >"$WORK/terminal"
	press "$2" "$3" | on_terminal "$1"
}

enter_keeps_it()
{
	terminal 3 '' '\n'
	expect_is "exit status" "$?" 0 && expect "it says" "$(<"$WORK/terminal")" "takes it back: 3 s.*enp0s6: confirmed" &&
		expect_is "status" "$(seconds_left)" None && tidy
}

interrupt_takes_it_back()
{
	all >"$WORK/none"
	terminal 60 '' '\003'
	expect_is "exit status" "$?" 1 && expect "it says" "$(<"$WORK/terminal")" "not confirmed: taken back" &&
		back_to "$WORK/none"
}

no_answer_takes_it_back()
{
	all >"$WORK/none"
	terminal 2 '\n' ''
	expect_is "exit status" "$?" 1 && expect "it says" "$(<"$WORK/terminal")" "not confirmed: taken back" &&
		back_to "$WORK/none"
}

# Words are no answer, not even with Enter behind them.
words_take_it_back()
{
	all >"$WORK/none"
	terminal 3 '' 'no\n'
	expect_is "exit status" "$?" 1 && expect "it says" "$(<"$WORK/terminal")" "not confirmed: taken back" &&
		back_to "$WORK/none"
}

confirm_elsewhere()
{
	wait_for 10 grep -q 'Enter keeps it' "$WORK/terminal" && nestwg confirm >"$WORK/elsewhere"
	wait_for 10 grep -q 'another command' "$WORK/terminal"
}

# Another session says yes.
confirmed_elsewhere()
{
	: >"$WORK/terminal"
	confirm_elsewhere | on_terminal 30
	expect_is "exit status" "${PIPESTATUS[1]}" 0 && expect "it says" "$(<"$WORK/terminal")" "confirmed by another command" &&
		expect "the other" "$(<"$WORK/elsewhere")" "^enp0s6: confirmed" && expect_is "status" "$(seconds_left)" None && tidy
}

# The terminal itself goes, as when an SSH session breaks off: no answer, and the guard knows nothing of terminals.
terminal_goes()
{
	all >"$WORK/none"
	# shellcheck disable=SC2016 # for the inner shell
	serve terminal gw bash -c 'sleep 60 | script -qefc "exec $0 attach enp0s6 --wg wgcli0 --confirm 4" /dev/null' "$NESTWG"
	wait_for 10 log_has terminal "Enter keeps it" && background_stop terminal KILL &&
		wait_for 5 fails attach_waits && expect_is "mode" "$(mode_in_force)" native &&
		fails is_as "$WORK/none" >/dev/null && back_to "$WORK/none"
}

attach_waits()
{
	pgrep -f "^$NESTWG attach enp0s6 --wg wgcli0 --confirm 4"
}

# Nothing more comes from where the keys are pressed.
end_of_input()
{
	all >"$WORK/none"
	terminal 2 '' '\004'
	expect_is "exit status" "$?" 1 && back_to "$WORK/none"
}

isolate "$@"
begin
cli_need strace script pgrep clang setpriv
# What a failed test leaves would fail the next ones.
ON_FAIL=tidy
gateway_up
must ip -n "$HOUSE_PREFIX-gw" address add 192.0.2.11/24 dev enp0s6
# shellcheck disable=SC2046 # words
wireguard_add wgcli9 listen-port 51829 $(peer 10.0.19.2/32)
must ip -n "$HOUSE_PREFIX-gw" link add lan0 type veth peer name lan1
must ip -n "$HOUSE_PREFIX-gw" link set lan1 up
addresses gw <<<"lan0 10.20.0.5/24"

tap "refused: no number of seconds" bad_seconds
tap "refused: no option, no interface, not root" wrong_usage
tap "refused: nothing waits to be confirmed" nothing_to_confirm
tap "a first attach is taken back, native" first_attach_goes native
tap "a first attach is taken back, tc" first_attach_goes tc
tap "what is confirmed stays" confirmed_stays
tap "several wait to be confirmed" several_wait
tap "an upgrade goes back, from native to tc" upgrade_goes_back tc native
tap "an upgrade goes back, from generic to native" upgrade_goes_back native generic
tap "an upgrade goes back, clsact" upgrade_goes_back_clsact
tap "several changes go back together, and no attach confirms" changes_go_together
tap "another tool's XDP program comes back" other_xdp_comes_back
tap "detach ends it" detach_ends_it
tap "the session dies" session_dies
tap "attach is killed" attach_is_killed
tap "an upgrade is killed" upgrade_is_killed
tap "an upgrade is killed before anything is attached" upgrade_is_killed_early
tap "its guard is killed: the programs stop by themselves" guard_is_killed
tap "its guard is killed: what is allowed afterwards stays" allowed_after_guard_is_killed
tap "confirmed too late" too_late
tap "a guard in the place of one that was killed" restarted_guard
tap "going back fails: nothing is attached" going_back_fails
tap "the tunnel goes meanwhile" tunnel_goes
tap "the tunnel of before goes meanwhile" old_tunnel_goes
tap "on a terminal: Enter keeps it" enter_keeps_it
tap "on a terminal: ^C takes it back" interrupt_takes_it_back
tap "on a terminal: no answer, and what was typed before is none" no_answer_takes_it_back
tap "on a terminal: another command confirms" confirmed_elsewhere
tap "on a terminal: it goes" terminal_goes
tap "on a terminal: the end of what is typed" end_of_input
tap "on a terminal: words are no answer" words_take_it_back
finish
