#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# nestwg-xdp doctor: everything that it looks for is brought about, and the command that it prints has to mend it
# (doctor.sh draws the network).
#
# Environment: DOCTOR=short for an emulated CPU.

set -u

HERE=$(cd "$(dirname "$0")" && pwd -P)
# shellcheck source=doctor.sh
. "$HERE/doctor.sh"

# --- the host, and nothing attached --------------------------------------------------------------

wrong_usage()
{
	status_is 2 --nosuch && status_is 2 a b && status_is 2 a/b && status_is 0 --help &&
		expect "the heading" "$(nestwg help doctor)" "^usage: nestwg-xdp doctor \[--json\] \[IFACE\]"
}

no_such_interface()
{
	says interface problem "no such interface here" nosuch0 && status_is 1 nosuch0 && status_is 1 --json nosuch0
}

# The interface of the default route is meant; nobody has called yet.
before_attach()
{
	says attached note "attach would give what arrives for 192\.0\.2\.10 to 10\.0\.18\.2, through wgcli0" &&
		says route ok "leaves by enp0s6" && says handshake problem "has never called.*UDP 51820" && status_is 1
}

# The gateway itself would call, and nobody is there.
nobody_answers()
{
	on gw wg set wgcli0 peer "$(on gw wg show wgcli0 peers)" endpoint 203.0.113.2:40000 persistent-keepalive 25 &&
		says handshake problem "nobody answers at 203\.0\.113\.2:40000.*UDP 51820" &&
		says keepalive ok "every 25 seconds from here" &&
		on gw wg set wgcli0 peer "$(on gw wg show wgcli0 peers)" persistent-keepalive 0 && says_not keepalive ".*" ""
}

# The home has a preshared key that the gateway knows nothing of: it calls, and is not understood.
wrong_keys()
{
	wg genpsk >"$WORK/psk"
	HOME_PSK=$WORK/psk home_calls
	wait_for 30 says handshake problem "none yet, though the peer sends: the keys do not match" && status_is 1
	local status=$?

	wireguard_down home wgdochome
	return "$status"
}

# Warnings and notes are no failure.
home_is_there()
{
	home_calls
	wait_for 30 handshaken && says handshake ok "seconds ago, 203\.0\.113\.2" && status_is 0
}

# Whoever may not look is told what has not been looked at.
not_root()
{
	local text

	text=$(as_nobody doctor enp0s6 2>&1)
	expect_is "exit status" "$?" 0 && expect "doctor" "$text" "Not looked at: .*kernel: Linux.*driver:.*warning"
}

no_programs()
{
	mkdir "$WORK/bin"
	ln -s "$(command -v wg)" "$WORK/bin/wg"
	expect "without a firewall's programs" "$(on gw env PATH="$WORK/bin" "$NESTWG" doctor enp0s6)" \
		"note    netfilter: not looked at: neither iptables nor nft can be run" &&
		expect "without anything" "$(on gw env PATH=/nowhere "$NESTWG" doctor enp0s6)" \
			"PROBLEM wireguard: there is no wg.*mend: apt-get install wireguard-tools"
}

kernel_too_old()
{
	expect "doctor" "$(on gw setarch --uname-2.6 "$NESTWG" doctor)" "PROBLEM kernel: this kernel is too old .*5\.15"
}

# EINVAL is what a kernel answers that does not know what it is asked for.
no_bpf()
{
	expect "doctor" "$(on gw strace -f -qq -o /dev/null -e trace=bpf -e inject=bpf:error=EINVAL "$NESTWG" doctor enp0s6)" \
		"PROBLEM bpf: this kernel has no XDP .*(ok      tc: clsact|PROBLEM tc: neither)"
}

# In a mount namespace that goes with it.
no_bpffs()
{
	local text

	# shellcheck disable=SC2016 # for the inner shell
	text=$(unshare --mount bash -c 'while umount /sys/fs/bpf 2>/dev/null; do :; done
		first=$(nsenter --net="$0" -- "$1" doctor enp0s6)
		grep bpffs <<<"$first"
		bash -c "$(sed -n "s/^ *mend: \(mount .*\)/\1/p" <<<"$first")" && echo typed
		nsenter --net="$0" -- "$1" doctor enp0s6 | grep bpffs' "/run/netns/$HOUSE_PREFIX-gw" "$NESTWG" 2>&1)
	expect "doctor" "$text" "PROBLEM bpffs: .*no BPF file system.*typed.*ok      bpffs: mounted"
}

# A clock that is behind the program's own birth.
clock_is_wrong()
{
	touch -d "+2 days" "$WORK/nestwg-xdp"
	expect "doctor" "$(on gw "$WORK/nestwg-xdp" doctor)" "PROBLEM clock: it says .*mend: timedatectl set-ntp true" &&
		says_not clock problem "it says"
}

# --- the interface -------------------------------------------------------------------------------

queues()
{
	(($(nproc) > 1)) || { skip "one CPU has nothing to share"; return; }
	must on gw ethtool -L lan0 rx 1
	mended queues note "1 for [0-9]+ CPUs.*the others never see a packet" lan0
}

other_interface()
{
	says address note "10\.20\.0\.5 is private: the cloud translates" lan0 &&
		says route warning "the default route leaves by enp0s6, not by lan0" lan0
}

interface_down()
{
	ip -n "$HOUSE_PREFIX-gw" link set lan0 down
	mended interface problem "it is down" lan0
}

no_carrier()
{
	ip -n "$HOUSE_PREFIX-gw" link set lan1 down
	says interface problem "no carrier" lan0
	local status=$?

	ip -n "$HOUSE_PREFIX-gw" link set lan1 up
	says_not interface problem carrier lan0 && return "$status"
}

router_is_silent()
{
	ip -n "$HOUSE_PREFIX-inet" link set to-gw arp off
	ip -n "$HOUSE_PREFIX-gw" neighbour flush dev enp0s6
	on gw ping -q -c 1 -W 1 192.0.2.1 >/dev/null
	wait_for 10 says neighbour problem "192\.0\.2\.1 does not answer ARP"
	local status=$?

	ip -n "$HOUSE_PREFIX-inet" link set to-gw arp on
	on gw ping -q -c 1 -W 5 192.0.2.1 >/dev/null
	says neighbour ok "answers ARP" && return "$status"
}

other_xdp()
{
	cat >"$WORK/xdp.c" <<-C
		__attribute__((section("xdp"))) int other(void *ctx) { return 2; }
		char _license[] __attribute__((section("license"))) = "GPL";
	C
	clang -target bpf -O2 -c "$WORK/xdp.c" -o "$WORK/xdp.o" &&
		ip -n "$HOUSE_PREFIX-gw" link set enp0s6 xdpdrv obj "$WORK/xdp.o" sec xdp || return
	nestwg attach enp0s6 --mode tc >/dev/null && says xdp note "sees every packet before" &&
		nestwg detach enp0s6 >/dev/null && mended xdp warning "--replace, or leaves it alone" enp0s6 &&
		nestwg detach enp0s6 >/dev/null
}

# Jumbo frames: the driver has no room for XDP. A veth counts those of its other end.
native_refused()
{
	[[ $HOUSE_NIC == veth ]] || { skip "other drivers, other limits"; return; }
	ip -n "$HOUSE_PREFIX-inet" link set to-gw mtu 9000
	ip -n "$HOUSE_PREFIX-gw" link set enp0s6 mtu 9000
	nestwg attach enp0s6 --mode auto >/dev/null
	ip -n "$HOUSE_PREFIX-inet" link set to-gw mtu 1500
	mended driver note "refused native XDP .*MTU of 9000" enp0s6 &&
		says driver ok "mode native"
	local status=$?

	ip -n "$HOUSE_PREFIX-gw" link set enp0s6 mtu 1500
	nestwg detach enp0s6 >/dev/null && return "$status"
}

# --- the tunnel ----------------------------------------------------------------------------------

tunnel_mtu()
{
	ip -n "$HOUSE_PREFIX-gw" link set wgcli0 mtu 1441
	mended mtu problem "wgcli0 has 1441, so a full packet leaves as two outer fragments \(enp0s6 takes 1500\)" &&
		says mtu ok "enp0s6 1500, wgcli0 1420; a WireGuard inside it: at most 1360 \(1340 if" &&
		ip -n "$HOUSE_PREFIX-gw" link set wgcli0 mtu 1440 && says mtu ok "at most 1380" &&
		ip -n "$HOUSE_PREFIX-gw" link set wgcli0 mtu 1300 && says mtu note "too small for IPv6, which wants 1280"
	local status=$?

	ip -n "$HOUSE_PREFIX-gw" link set wgcli0 mtu 1420
	return "$status"
}

# As on Oracle's network: 9000 as far as the cloud reaches.
jumbo_tunnel()
{
	ip -n "$HOUSE_PREFIX-inet" link set to-gw mtu 9000
	ip -n "$HOUSE_PREFIX-gw" link set enp0s6 mtu 9000
	ip -n "$HOUSE_PREFIX-gw" link set wgcli0 mtu 8920
	mended mtu warning "wgcli0 has 8920.*the internet takes 1500"
	local status=$?

	ip -n "$HOUSE_PREFIX-gw" link set enp0s6 mtu 1500
	ip -n "$HOUSE_PREFIX-inet" link set to-gw mtu 1500
	ip -n "$HOUSE_PREFIX-gw" link set wgcli0 mtu 1420
	return "$status"
}

# --- attached ------------------------------------------------------------------------------------

attached()
{
	nestwg attach enp0s6 --mode tc --allow 2222 >/dev/null && on inet ping -q -c 1 -W 5 192.0.2.10 >/dev/null &&
		says attached ok "to wgcli0" && says silence ok "packets went to the home" && status_is 0 &&
		says_not ".*" "(problem|warning)" ""
}

# Nothing arrived for ten minutes: what it was attached at is in the map, as a number that status shows.
set_attached_at()
{
	"$HOUSE_PYTHON" -c '
import json, struct, subprocess, sys
path, old, new = sys.argv[1], *(struct.pack("@Q", int(n)) for n in sys.argv[2:])
dump = json.loads(subprocess.check_output(["bpftool", "-j", "map", "dump", "pinned", path]))
value = bytes(int(byte, 16) for byte in dump[0]["value"])
assert value.count(old) == 1
words = ["0x%02x" % byte for byte in value.replace(old, new)]
subprocess.check_call(["bpftool", "map", "update", "pinned", path, "key", "0", "0", "0", "0", "value", *words])' \
		"$PINS/enp0s6/config" "$@"
}

silence()
{
	local at

	nestwg detach enp0s6 >/dev/null && nestwg attach enp0s6 --mode tc --allow 2222 >/dev/null || return
	at=$(nestwg status --json | "$HOUSE_PYTHON" -c 'import json, sys; print(json.load(sys.stdin)[0]["attached_at"])')
	says_not silence ".*" "" && set_attached_at "$at" "$((at - 600))" &&
		says silence warning "attached for 10 minutes, the tunnel works.*the cloud's own firewall" &&
		on inet ping -q -c 1 -W 5 192.0.2.10 >/dev/null && says silence ok "went to the home"
}

tunnel_down()
{
	ip -n "$HOUSE_PREFIX-gw" link set wgcli0 down
	mended attached problem "its tunnel wgcli0 is down"
}

hook_missing()
{
	nestwg attach enp0s6 --mode native >/dev/null && rm "$PINS/enp0s6/link_ingress" || return
	mended attached problem "nestwg_ingress \(XDP\) is not attached" && nestwg attach enp0s6 --mode tc >/dev/null
}

allowed_ips()
{
	local key

	key=$(on gw wg show wgcli0 peers)
	on gw wg set wgcli0 peer "$key" allowed-ips 10.9.0.0/16,fd00::/64
	mended attached problem "no peer of wgcli0 has 10\.0\.18\.2" &&
		expect "what it had before" "$(on gw wg show wgcli0 allowed-ips)" "10\.9\.0\.0/16.*fd00::/64|fd00::/64.*10\.9\.0\.0/16" &&
		on gw wg set wgcli0 peer "$key" allowed-ips "" && mended attached problem "no peer of wgcli0 has 10\.0\.18\.2"
}

interface_renumbered()
{
	nestwg detach enp0s6 >/dev/null && nestwg attach lan0 --wg wgcli0 --mode tc >/dev/null &&
		ip -n "$HOUSE_PREFIX-gw" link del lan0 &&
		ip -n "$HOUSE_PREFIX-gw" link add lan0 numrxqueues 4 numtxqueues 4 type veth peer name lan1 &&
		ip -n "$HOUSE_PREFIX-gw" link set lan1 up || return
	addresses gw <<<"lan0 10.20.0.5/24"
	mended attached problem "lan0 is another interface than when it was attached" lan0 &&
		nestwg detach lan0 >/dev/null && nestwg attach enp0s6 --mode tc --allow 2222 >/dev/null
}

ssh_port_goes()
{
	house_ssh_keys
	house_sshd gw 2222
	wait_for 20 listening gw 2222 || return
	says ssh ok "stays on the gateway" && nestwg disallow 2222 --force >/dev/null &&
		mended ssh warning "port 2222/tcp, by which SSH comes in, goes to the home"
}

# Another tool's tc program, which came later and wanted to be first.
other_tc()
{
	nestwg status | grep -q tcx || { skip "no tcx here: a clsact filter has a number instead"; return; }
	cat >"$WORK/tc.c" <<-C
		__attribute__((section("tc"))) int first(void *ctx) { return -1; }
		char _license[] __attribute__((section("license"))) = "GPL";
	C
	clang -target bpf -O2 -c "$WORK/tc.c" -o "$WORK/tc.o" && bpftool prog load "$WORK/tc.o" /sys/fs/bpf/first || return
	serve linker gw "$HOUSE_PYTHON" -c "$LINK_CREATE" /sys/fs/bpf/first enp0s6 46 8
	wait_for 10 log_has linker linked &&
		says order warning "the program first \(id [0-9]+\) comes before nestwg_handoff on enp0s6 \(tc ingress\)" enp0s6
	local status=$?

	background_stop linker
	rm /sys/fs/bpf/first
	says_not order ".*" "" enp0s6 && return "$status"
}

# The home sends from a port that stays here, from an address that is not its own, and somebody knows the tunnel's.
counters()
{
	must ip -n "$HOUSE_PREFIX-home" address add 192.168.16.10/32 dev lo
	must on gw wg set wgcli0 peer "$(on gw wg show wgcli0 peers)" allowed-ips 10.0.18.2/32,192.168.16.0/24
	nestwg allow 2222/udp >/dev/null
	on home "$HOUSE_PYTHON" -c '
import socket
for address in ("10.0.18.2", 2222), ("192.168.16.10", 9999):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(address)
    s.sendto(b"hello", ("192.0.2.1", 9))'
	must ip -n "$HOUSE_PREFIX-inet" route replace 10.0.18.2 via 192.0.2.10
	on inet ping -q -c 1 -W 1 10.0.18.2 >/dev/null
	wait_for 10 says counters warning "home_reserved_port: [0-9]+ packets .*exclude fewer" &&
		says counters warning "home_other_source: [0-9]+ packets .*masquerade" &&
		says counters note "spoofed_peer: [0-9]+ packets"
}

# What comes from other addresses of the home's: a strict filter drops it, unless a route leads back.
strict_on_tunnel()
{
	must on gw sysctl -qw net.ipv4.conf.wgcli0.rp_filter=1
	mended rp_filter warning "strict on wgcli0: what the home sends from other addresses"
}

two_interfaces()
{
	# shellcheck disable=SC2046 # words
	wireguard_add wgcli1 listen-port 51821 $(peer 10.1.0.2/32)
	says_not interfaces ".*" "" && nestwg attach lan0 --wg wgcli1 --mode tc >/dev/null &&
		says interfaces note "2 interfaces are attached" &&
		expect "both" "$(nestwg doctor)" $'\nenp0s6:\n.*\nlan0:\n'
	local status=$?

	nestwg detach lan0 >/dev/null && return "$status"
}

# --- what only time brings, and the whole machine's connection tracking ----------------------------

# at SHIFT REGEX: what is said of the handshake by a clock that is off by so much: the program's own, not the machine's.
at()
{
	local text

	text=$(on gw faketime -f "$1" "$NESTWG" doctor enp0s6)
	expect "at $1" "$text" "$2"
}

# The home has been silent for ten minutes, or so it seems.
silent_peer()
{
	at "+10m" "PROBLEM handshake: 1[01] minutes ago: the home is silent\\. .*PersistentKeepalive.*UDP 51820" &&
		at "-60m" "warning handshake: 3[56][0-9][0-9] seconds in the future: the clock went back.*mend: timedatectl" &&
		says handshake ok "seconds ago" enp0s6
}

conntrack_full()
{
	local max command

	[[ -n ${NESTWG_VM:-} ]] || { skip "the limit is everybody's here"; return; }
	on gw iptables -A INPUT -m conntrack --ctstate INVALID -j DROP && on gw ping -q -c 1 -W 5 192.0.2.1 >/dev/null &&
		says conntrack ok "of [0-9]+ entries" enp0s6 || return
	max=$(sysctl -n net.netfilter.nf_conntrack_max)
	sysctl -qw net.netfilter.nf_conntrack_max=1
	says conntrack warning "nearly full \([0-9]+ of 1 entries\)" enp0s6
	local status=$?

	# The limit can be written from the first network namespace only.
	command=$(command_for conntrack "nearly full" enp0s6)
	expect "the command" "$command" "^sysctl -w net.netfilter.nf_conntrack_max=[0-9]+$" && $command || status=1
	sysctl -qw net.netfilter.nf_conntrack_max="$max"
	on gw iptables -F
	says conntrack ok "of $max" enp0s6 && return "$status"
}

# --- how it looks --------------------------------------------------------------------------------

on_terminal()
{
	on gw env TERM=xterm "$@" script -qec "$NESTWG doctor enp0s6" /dev/null </dev/null
}

colours()
{
	local escape=$'\033'

	expect "on a terminal" "$(on_terminal)" "$escape" &&
		fails expect "with NO_COLOR" "$(on_terminal NO_COLOR=1)" "$escape" >/dev/null &&
		fails expect "in a pipe" "$(nestwg doctor enp0s6)" "$escape" >/dev/null
}

# Emulated, there is time for what wants the kernel's WireGuard, and a machine of its own.
short()
{
	tap "before it is attached: the home has not called" before_attach
	tap "the home calls: nothing is wrong any more" home_is_there
	tap "attached, and nothing wrong" attached
	tap "the tunnel is down: mended" tunnel_down
	tap "AllowedIPs without the home: mended, and the others kept" allowed_ips
	tap "the peer is silent, and the clock goes back" silent_peer
	tap "the table of connections is nearly full" conntrack_full
}

all_of_it()
{
	tap "usage" wrong_usage
	tap "an interface that is not there" no_such_interface
	tap "before it is attached: the home has not called" before_attach
	tap "the gateway calls, and nobody answers" nobody_answers
	tap "the home calls, with the wrong keys" wrong_keys
	tap "the home calls: nothing is wrong any more" home_is_there
	tap "not root: says what it could not look at" not_root
	tap "without the programs that it asks" no_programs
	tap "the kernel is too old" kernel_too_old
	tap "the kernel has no BPF" no_bpf
	tap "no bpffs: mended" no_bpffs
	tap "the clock is wrong" clock_is_wrong
	tap "fewer queues than CPUs: mended" queues
	tap "a private address, and not the default route's interface" other_interface
	tap "the interface is down: mended" interface_down
	tap "nothing is plugged in" no_carrier
	tap "the next router does not answer" router_is_silent
	tap "another tool's XDP program: mended" other_xdp
	tap "native XDP is refused, with an MTU of 9000: mended" native_refused
	tap "the tunnel's MTU is too large: mended; and what fits inside" tunnel_mtu
	tap "the cloud's MTU is larger than the internet's: mended" jumbo_tunnel
	tap "attached, and nothing wrong" attached
	tap "attached, and nothing arrives" silence
	tap "the tunnel is down: mended" tunnel_down
	tap "a program is missing: mended" hook_missing
	tap "AllowedIPs without the home: mended, and the others kept" allowed_ips
	tap "the interface was made anew: mended" interface_renumbered
	tap "SSH's port goes to the home: mended" ssh_port_goes
	tap "another tool's tc program comes first" other_tc
	tap "counters that tell something" counters
	tap "rp_filter is strict on the tunnel: mended" strict_on_tunnel
	tap "two interfaces are attached" two_interfaces
	tap "the peer is silent, and the clock goes back" silent_peer
	tap "the table of connections is nearly full" conntrack_full
	tap "colours only on a terminal" colours
}

isolate "$@"
begin
cli_need clang script setpriv setarch strace faketime
doctor_up

${DOCTOR:-all_of_it}
finish
