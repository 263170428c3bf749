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

verbose()
{
	expect "attach --verbose" "$(nestwg attach enp0s6 --wg wgcli0 --verbose 2>&1)" "libbpf: " &&
		nestwg detach enp0s6 >/dev/null
}

isolate "$@"
begin
cli_need strace head
gateway_up

tap "refused: wg fails, or says what it never says" wg_fails
tap "refused: what has to be read cannot be" unreadable
tap "warned: the open sockets cannot be read" flows_unreadable
tap "what conntrack knows is kept" tracked_ping
tap "interrupted: nothing is left" interrupted
tap "--verbose" verbose
finish
