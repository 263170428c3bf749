# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the tests of the command line share: a gateway with a tunnel that nobody answers.
#
#   inet 192.0.2.1 ─── enp0s6 192.0.2.10 gw    wgcli0 10.0.18.1, UDP 51820, one peer 10.0.18.2
#
# Use: . cli.sh; isolate "$@"; begin; cli_need; gateway_up; ... ; finish

# shellcheck source=lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"
HOUSE_WG=wgcli0
# shellcheck source=house.sh
. "${BASH_SOURCE[0]%/*}/house.sh"

PINS=/sys/fs/bpf/nestwg

nestwg()
{
	on gw "$NESTWG" "$@"
}

# everything: all that attach could change on the gateway, to compare.
everything()
{
	{
		find "$PINS" 2>/dev/null
		nestwg status --json | grep -vE '"(packets|bytes|own_flows|latest_handshake)"'
		on gw ip -d link show enp0s6 | grep -oE 'xdp[a-z]*|prog/xdp id [0-9]+'
		on gw tc qdisc show | grep clsact
		on gw bpftool net list dev enp0s6
		on gw ip -4 address
	} 2>&1
}

# refused STATUS REGEX ARGS...: the exit status, a message that says why, and nothing changed.
refused()
{
	local wanted=$1 regex=$2 before after text status

	shift 2
	before=$(everything)
	text=$(nestwg "$@" 2>&1)
	status=$?
	after=$(everything)
	echo "nestwg-xdp $*: $text"
	expect_is "exit status" "$status" "$wanted" &&
		expect "the message" "$text" "$regex" &&
		expect "the message's beginning" "$text" "^nestwg-xdp: " &&
		expect_is "the state afterwards" "$after" "$before"
}

wireguard_add()
{
	local dev=$1

	must wireguard_interface gw "$dev"
	must on gw wg set "$dev" private-key <(wg genkey) "${@:2}"
	must ip -n "$HOUSE_PREFIX-gw" link set "$dev" mtu 1420 up
}

peer()
{
	echo peer "$(wg genkey | wg pubkey)" allowed-ips "$1"
}

gateway_up()
{
	must netns_add "$HOUSE_PREFIX-gw"
	must netns_add "$HOUSE_PREFIX-inet"
	house_gateway_link
	addresses inet <<<"to-gw 192.0.2.1/24"
	addresses gw <<<"enp0s6 192.0.2.10/24 192.0.2.1"
	# shellcheck disable=SC2046 # words
	wireguard_add wgcli0 listen-port 51820 $(peer 10.0.18.2/32)
	must ip -n "$HOUSE_PREFIX-gw" address add 10.0.18.1/30 dev wgcli0
	must on gw sysctl -qw net.ipv4.ip_forward=1
}

gateway_sshd()
{
	house_ssh_keys
	house_sshd gw 2222
	wait_for 20 listening gw 2222
}

excluded()
{
	nestwg status --json | "$HOUSE_PYTHON" -c '
import json, sys
print(" ".join(e["spec"] for e in json.load(sys.stdin)[0]["exclusions"]))'
}

mode_in_force()
{
	nestwg status --json | "$HOUSE_PYTHON" -c 'import json, sys; print(json.load(sys.stdin)[0]["mode"])'
}

# shellcheck disable=SC2034 # for who sources this
# Attach the pinned program to the interface by a bpf_link, as libxdp and Cilium do, and keep it.
# Arguments: PIN IFACE TYPE FLAGS; 37 is BPF_XDP, 46 BPF_TCX_INGRESS, flag 8 BPF_F_BEFORE.
LINK_CREATE='
import ctypes, os, socket, struct, sys, time
libc = ctypes.CDLL(None, use_errno=True)
number = {"x86_64": 321, "aarch64": 280}[os.uname().machine]
def bpf(command, attributes):
    result = libc.syscall(number, command, ctypes.create_string_buffer(attributes, 120), 120)
    if result < 0:
        sys.exit(os.strerror(ctypes.get_errno()))
    return result
path = ctypes.create_string_buffer(sys.argv[1].encode())
program = bpf(7, struct.pack("Q", ctypes.addressof(path)))	# BPF_OBJ_GET
bpf(28, struct.pack("IIII", program, socket.if_nametoindex(sys.argv[2]), *map(int, sys.argv[3:])))	# BPF_LINK_CREATE
print("linked", flush=True)
time.sleep(60)'

# The programs that every test of the command line needs, and NAMES.
cli_need()
{
	HOUSE_FORWARD=nestwg
	house_need
	need_commands bpftool "$@"
	mkdir "$WORK/etc"
}
