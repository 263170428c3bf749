#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What attach asks, wg and the kernel, fails or gives an odd answer: the message says what and why, and nothing is left
# (cli.sh draws the gateway).

set -u

HERE=$(cd "$(dirname "$0")" && pwd -P)
# shellcheck source=cli.sh
. "$HERE/cli.sh"

# failing OPTIONS REGEX ARGS...: strace makes a system call fail.
failing()
{
	local options=$1 regex=$2 before text status

	shift 2
	before=$(everything)
	# shellcheck disable=SC2086 # words
	text=$(on gw strace -f -qq -o /dev/null $options "$NESTWG" "$@" 2>&1)
	status=$?
	expect_is "exit status" "$status" 1 && expect "the message" "$text" "$regex" &&
		expect_is "the state afterwards" "$(everything)" "$before"
}

# A directory of its own that comes first in PATH, with this text as `wg`.
wg_says()
{
	local wanted=$1 text

	printf '#!/bin/sh\n%s\n' "$2" >"$WORK/bin/wg"
	chmod 755 "$WORK/bin/wg"
	text=$(on gw env PATH="$WORK/bin:/usr/bin:/bin" "$NESTWG" attach enp0s6 --wg wgcli0 2>&1)
	expect_is "exit status" "$?" 1 && expect "the message" "$text" "$wanted"
}

wg_dump()
{
	wg_says "cannot read the WireGuard interface: " "$interfaces || printf '$1'"
}

# Of another version, broken, killed: the program has to say so.
wg_fails()
{
	local interfaces="[ \"\$2\" = interfaces ] && echo wgcli0"
	local peer='private\tpublic\t51820\toff\nkey\t(none)\t(none)'

	mkdir -p "$WORK/bin"
	wg_says "wg: .wg show interfaces. failed with exit status 3" "exit 3" &&
		wg_says "wg: cannot run it: No child processes" 'kill -KILL $$' &&
		wg_says "no WireGuard interface here" "echo nosuch0" &&
		wg_says "cannot read the WireGuard interface: No such device" \
			"$interfaces || exit 1" &&
		wg_dump '' && wg_dump 'one line\n' && wg_dump 'private\tpublic\t70000\toff\n' &&
		wg_dump 'private\tpublic\t\toff\n' && wg_dump 'private\tpublic\t51820\toff\textra\n' &&
		wg_dump 'private\tpublic\t51820\toff\nkey\tshort\n' &&
		wg_dump "$peer\t10.0.18.2\t0\t0\t0\toff\n" && wg_dump "$peer\t10.0.18.2/33\t0\t0\t0\toff\n" &&
		wg_dump "$peer\t10.0.18/32\t0\t0\t0\toff\n" && wg_dump "$peer\t10.0.18.2/32\tnever\t0\t0\toff\n" &&
		wg_says "cannot tell the home router's address: none" \
			"$interfaces || printf '$peer\t(none)\t0\t0\t0\toff\n'" &&
		wg_says "cannot read the WireGuard interface: File too large" \
			"$interfaces || exec head -c 20000000 /dev/zero"
}

# Every table that attach reads, unreadable once.
unreadable()
{
	failing "-P /proc -e trace=openat -e inject=openat:error=EMFILE:when=1" "/proc: cannot find the ports of sshd" \
		attach enp0s6 --wg wgcli0 &&
		failing "-P /proc/net/tcp -e trace=openat -e inject=openat:error=EACCES:when=1" \
			"/proc: cannot find the ports of sshd: Permission denied" attach enp0s6 --wg wgcli0 &&
		failing "-e inject=socket:error=EMFILE:when=2+" "cannot read its addresses|cannot look it up" \
			attach enp0s6 --wg wgcli0 &&
		failing "-e inject=capget:error=EPERM" "cannot read the capabilities" status &&
		failing "-e inject=uname:error=EFAULT" "cannot find out the kernel's version" detach enp0s6 &&
		failing "-e inject=flock:error=ENOLCK" "/sys/fs/bpf: cannot lock" detach enp0s6 &&
		failing "-e inject=pipe2:error=EMFILE" "wg: cannot run it: Too many open files" attach enp0s6
}

# The flows that are open could not be found: attached all the same, and said.
flows_unreadable()
{
	local text

	text=$(on gw strace -f -qq -o /dev/null -P /proc/net/udp -e trace=openat -e inject=openat:error=EACCES "$NESTWG" \
		attach enp0s6 --wg wgcli0 2>&1) &&
		expect "attach says" "$text" "cannot read the open sockets: Permission denied; connections" &&
		nestwg detach enp0s6 >/dev/null
}

# What a container pings is answered by a connection that only conntrack knows.
tracked_ping()
{
	on gw iptables -t nat -A POSTROUTING -o enp0s6 -j MASQUERADE
	on gw ping -q -c 1 -W 2 192.0.2.1 >/dev/null && nestwg attach enp0s6 --wg wgcli0 >/dev/null &&
		expect "status" "$(nestwg status)" "own flows: [1-9]" && nestwg detach enp0s6 >/dev/null
	local status=$?

	on gw iptables -t nat -F
	return "$status"
}

interrupted()
{
	failing "-e trace=bpf -e inject=bpf:signal=INT:when=20" "cannot attach: interrupted by a signal \(Interrupt\)" \
		attach enp0s6 --wg wgcli0
}

# Of each kind one: a directory, a pin, a program, an exclusion, a hook; and what comes is taken away again.
verbose()
{
	local text

	text=$(nestwg attach enp0s6 --wg wgcli0 --allow 8080 --mode native --verbose 2>&1 >/dev/null) &&
		expect "attach --verbose: directory" "$text" "\\[#\\] mkdir -p $PINS/enp0s6" &&
		expect "pin" "$text" "\\[#\\] pin $PINS/enp0s6/config" &&
		expect "program" "$text" "\\[#\\] load nestwg_ingress" &&
		expect "exclusions" "$text" "\\[#\\] allow 51820/udp \\(WireGuard\\)"$'\n(.*\n)*'"\\[#\\] allow 8080/tcp" &&
		expect "XDP" "$text" "\\[#\\] bpf link create nestwg_ingress xdp native dev enp0s6"$'\n'".*pin $PINS/enp0s6/link_ingress" &&
		expect "nothing else" "$(grep -vc '^\[#\] ' <<<"$text")" '^0$' &&
		expect "allow" "$(nestwg allow --verbose 60000-61000/udp 2>&1)" '^\[#\] allow 60000-61000/udp$' &&
		expect "disallow" "$(nestwg disallow --verbose 8080 2>&1)" '^\[#\] disallow 8080/tcp$' || return
	text=$(nestwg attach enp0s6 --verbose 2>&1 >/dev/null)
	expect "an upgrade" "$text" "\\[#\\] bpf link update nestwg_ingress dev enp0s6" &&
		expect_is "pins that an upgrade makes" "$(grep -c ' pin ' <<<"$text")" 0 || return
	text=$(nestwg detach enp0s6 --verbose 2>&1 >/dev/null)
	expect "detach" "$text" "\\[#\\] bpf link detach nestwg_ingress.*rm -r $PINS/enp0s6" || return
	text=$(NESTWG_TC=clsact nestwg attach enp0s6 --wg wgcli0 --mode tc --verbose 2>&1 >/dev/null)
	expect "clsact" "$text" "\\[#\\] tc qdisc add dev wgcli0 clsact.*tc filter replace dev wgcli0 ingress pref 2" || return
	text=$(nestwg detach enp0s6 --verbose 2>&1 >/dev/null)
	expect "its end" "$text" "\\[#\\] tc filter del dev wgcli0 ingress.*tc qdisc del dev wgcli0 clsact" || return
	expect "quiet" "$(nestwg attach enp0s6 --wg wgcli0 2>&1; nestwg detach enp0s6 2>&1)" '^[^#]*$'
}

debug()
{
	expect "NESTWG_DEBUG=1" "$(NESTWG_DEBUG=1 nestwg attach enp0s6 --wg wgcli0 2>&1)" "libbpf: " &&
		nestwg detach enp0s6 >/dev/null
}

colours()
{
	local escape=$'\033' setting text

	nestwg attach enp0s6 --wg wgcli0 >/dev/null || return
	on gw ip link set wgcli0 down
	text=$(on gw env TERM=xterm script -qec "$NESTWG status" /dev/null </dev/null)
	expect "a terminal" "$text" "$escape\\[31mPROBLEM$escape\\[0m: its tunnel wgcli0 is down" || return
	for setting in NO_COLOR=1 TERM=dumb; do
		text=$(on gw env TERM=xterm "$setting" script -qec "$NESTWG status" /dev/null </dev/null)
		expect "$setting" "$text" "  PROBLEM: its tunnel wgcli0 is down" || return
	done
	text=$(TERM=xterm nestwg status)
	expect "a pipe" "$text" "  PROBLEM: its tunnel wgcli0 is down" || return
	on gw ip link set wgcli0 up
	nestwg detach enp0s6 >/dev/null
}

isolate "$@"
begin
cli_need strace head script
gateway_up

tap "refused: wg fails, or says what it never says" wg_fails
tap "refused: what has to be read cannot be" unreadable
tap "warned: the open sockets cannot be read" flows_unreadable
tap "what conntrack knows is kept" tracked_ping
tap "interrupted: nothing is left" interrupted
tap "--verbose says each thing that is done" verbose
tap "NESTWG_DEBUG says what libbpf says" debug
tap "colours: on a terminal, and nowhere else" colours
finish
