#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What attach and detach find: interfaces, addresses and tunnels as they should not be, drivers that refuse,
# state of another hand or version (cli.sh draws the gateway).
#
#   plain0 192.0.3.10  a bridge: its driver has no native XDP

set -u

HERE=$(cd "$(dirname "$0")" && pwd -P)
# shellcheck source=cli.sh
. "$HERE/cli.sh"

ip_gw()
{
	ip -n "$HOUSE_PREFIX-gw" "$@"
}

# warned REGEX ARGS...: attached all the same, with a warning; and detached.
warned()
{
	local regex=$1 text

	shift
	text=$(nestwg "$@" 2>&1) && expect "what attach says" "$text" "$regex" && nestwg detach "$2" >/dev/null
}

# --- the NIC and its addresses -------------------------------------------------------------------

plain_nic()
{
	must ip_gw link add plain0 type bridge
	must ip_gw address add 192.0.3.10/24 dev plain0
}

nic_without_address()
{
	ip_gw link add bare0 type bridge
	refused 1 "bare0: cannot attach: it has no IPv4 address" attach bare0 --wg wgcli0 || return
	on gw sysctl -qw net.ipv6.conf.bare0.disable_ipv6=0
	ip_gw address add 2001:db8::10/64 dev bare0
	refused 1 "bare0: cannot attach: it has no IPv4 address" attach bare0 --wg wgcli0
	local status=$?

	ip_gw link del bare0
	return "$status"
}

several_addresses()
{
	ip_gw address add 192.0.2.20/24 dev enp0s6
	warned "it has 2 addresses: 192\.0\.2\.10 is the one" attach enp0s6 --wg wgcli0 &&
		warned "192\.0\.2\.20 goes to 10\.0\.18\.2" attach enp0s6 --wg wgcli0 --address 192.0.2.20 &&
		refused 1 "192\.0\.2\.30 is not an address of it" attach enp0s6 --wg wgcli0 --address 192.0.2.30 &&
		nestwg attach enp0s6 --wg wgcli0 --address 192.0.2.20 >/dev/null &&
		expect "a second attach keeps it" "$(nestwg attach enp0s6)" "192\.0\.2\.20 goes to" &&
		nestwg detach enp0s6 >/dev/null
	local status=$?

	ip_gw address del 192.0.2.20/24 dev enp0s6
	return "$status"
}

# As many as the map holds, and more.
too_many_addresses()
{
	local i

	for ((i = 0; i < 300; i++)); do
		echo "address add 10.77.$((i / 250)).$((i % 250 + 1))/32 dev plain0"
	done | ip_gw -batch - || return
	refused 1 "cannot note the gateway's addresses" attach enp0s6 --wg wgcli0
	local status=$?

	ip_gw link del plain0
	plain_nic
	return "$status"
}

nic_down()
{
	warned "plain0: warning: it is down: nothing arrives" attach plain0 --wg wgcli0
}

no_forwarding()
{
	on gw sysctl -qw net.ipv4.ip_forward=0
	warned "net\.ipv4\.ip_forward is 0" attach enp0s6 --wg wgcli0
	local status=$?

	on gw sysctl -qw net.ipv4.ip_forward=1
	return "$status"
}

nic_not_ethernet()
{
	ip_gw tuntap add tun7 mode tun
	refused 1 "tun7: cannot attach: it is not an Ethernet interface" attach tun7 --wg wgcli0
	local status=$?

	ip_gw link del tun7
	return "$status"
}

# A VLAN interface's name has a dot, and no pin's has.
nic_with_a_dot()
{
	ip_gw link add enp0s6.40 type bridge && ip_gw address add 192.0.4.10/24 dev enp0s6.40 &&
		ip_gw link set enp0s6.40 up && nestwg attach enp0s6.40 --wg wgcli0 --mode tc >/dev/null &&
		expect "status" "$(nestwg status)" "interface: enp0s6\.40" && nestwg detach enp0s6.40 >/dev/null
	local status=$?

	ip_gw link del enp0s6.40
	return "$status"
}

# The interface is called something else now, and another has its name.
nic_renamed()
{
	nestwg attach enp0s6 --wg wgcli0 --mode tc >/dev/null || return
	ip_gw link set enp0s6 down && ip_gw link set enp0s6 name old0 && ip_gw link add enp0s6 type bridge &&
		ip_gw address add 192.0.5.10/24 dev enp0s6 || return
	refused 1 "attached, but to interface number [0-9]+, which has been renamed since; .*detach enp0s6. first" \
		attach enp0s6 --wg wgcli0
	local status=$?

	nestwg detach enp0s6 >/dev/null || status=1
	ip_gw link del enp0s6
	ip_gw link set old0 name enp0s6
	ip_gw link set enp0s6 up
	ip_gw route add default via 192.0.2.1 2>/dev/null
	return "$status"
}

# The interface went to another namespace, with our programs on it, and another has its name: those end.
nic_moved()
{
	nestwg attach plain0 --wg wgcli0 --mode generic >/dev/null || return
	nestwg detach plain0 >/dev/null
	cable gw moved0 inet far0
	addresses gw <<<"moved0 192.0.6.10/24"
	nestwg attach moved0 --wg wgcli0 --mode native >/dev/null || return
	ip_gw link set moved0 netns "$HOUSE_PREFIX-inet" && ip_gw link add moved0 type bridge &&
		ip_gw address add 192.0.6.10/24 dev moved0 || return
	nestwg attach moved0 --wg wgcli0 --mode tc >/dev/null &&
		expect_is "XDP on the one that went" "$(on inet ip -d link show moved0 | grep -c prog/xdp)" 0
	local status=$?

	nestwg detach moved0 >/dev/null || status=1
	ip_gw link del moved0
	ip -n "$HOUSE_PREFIX-inet" link del moved0
	return "$status"
}

# --- the tunnel and its peers --------------------------------------------------------------------

tunnel_is_set()
{
	ip_gw link set wgcli0 mtu 500
	refused 1 "wgcli0: its MTU is 500, at least 576" attach enp0s6 --wg wgcli0
	local status=$?

	ip_gw link set wgcli0 mtu 1420
	return "$status"
}

peer_is_us()
{
	local key

	key=$(on gw wg show wgcli0 peers)
	on gw wg set wgcli0 peer "$key" allowed-ips 10.0.18.0/30 &&
		refused 1 "10\.0\.18\.1 is this gateway's own address" attach enp0s6 --wg wgcli0 --peer 10.0.18.1 &&
		warned "192\.0\.2\.10 goes to 10\.0\.18\.2" attach enp0s6 --wg wgcli0 --peer 10.0.18.2
	local status=$?

	on gw wg set wgcli0 peer "$key" allowed-ips 10.0.18.2/32
	return "$status"
}

no_tunnel_at_all()
{
	local text

	text=$(on inet "$NESTWG" attach to-gw 2>&1)
	expect_is "exit status" "$?" 1 && expect "the message" "$text" "no WireGuard interface here.*wg-quick up wg0"
}

# No port, no peer, and then more peers than the first read of wg's output holds: the wide ones do not count.
peers_none_and_many()
{
	local i text

	wireguard_add wgcli3
	refused 1 "wgcli3: cannot tell the home router's address: none" attach enp0s6 --wg wgcli3 || return
	for ((i = 0; i < 100; i++)); do
		echo "[Peer]"
		echo "PublicKey = $(printf '%032d' "$i" | base64)"
		echo "AllowedIPs = 10.30.$i.0/24, 2001:db8:$i::/64"
	done >"$WORK/peers.conf"
	on gw wg addconf wgcli3 "$WORK/peers.conf" &&
		refused 1 "none of its peers has a single one" attach enp0s6 --wg wgcli3 &&
		refused 1 "no peer has 10\.31\.0\.2" attach enp0s6 --wg wgcli3 --peer 10.31.0.2 || return
	text=$(nestwg attach enp0s6 --wg wgcli3 --peer 10.30.99.2 2>&1) &&
		expect "attach says" "$text" "goes to 10\.30\.99\.2 through wgcli3" && nestwg detach enp0s6 >/dev/null
}

# A second attach names another tunnel: nothing is left on the first.
tunnel_changed()
{
	local kind before

	before=$(on gw tc qdisc show | grep -c clsact)
	for kind in tcx clsact; do
		on gw env NESTWG_TC="$kind" "$NESTWG" attach enp0s6 --wg wgcli0 >/dev/null &&
			on gw env NESTWG_TC="$kind" "$NESTWG" attach enp0s6 --wg wgcli3 --peer 10.30.99.2 >/dev/null &&
			expect "status" "$(nestwg status)" "tunnel: wgcli3" || return
		on gw bpftool net list dev wgcli0 | grep nestwg && return 1
		nestwg detach enp0s6 >/dev/null && expect_is "clsact qdiscs" "$(on gw tc qdisc show | grep -c clsact)" "$before" ||
			return
	done
}

# --- from mode to mode ---------------------------------------------------------------------------

modes_in_turn()
{
	local mode

	for mode in native tc generic native generic tc native; do
		nestwg attach enp0s6 --wg wgcli0 --mode "$mode" >/dev/null &&
			expect_is "mode" "$(mode_in_force)" "$mode" || return
	done
	nestwg attach enp0s6 >/dev/null && expect_is "mode, when none is given" "$(mode_in_force)" native &&
		nestwg detach enp0s6 >/dev/null
}

# The driver refuses in the second attach: the first goes on, in whichever way it is attached. It has left generic XDP
# for native XDP by then: tc mode.
refused_upgrade_goes_on()
{
	local kind mode

	ip_gw link set plain0 up
	for kind in tcx clsact; do
		for mode in tc generic; do
			on gw env NESTWG_TC="$kind" "$NESTWG" attach plain0 --wg wgcli0 --mode "$mode" >/dev/null || return
			fails nestwg attach plain0 --mode native --allow 9000 || return
			fails expect "status" "$(nestwg status)" "PROBLEM| 9000/tcp" >/dev/null || return
			expect_is "mode" "$(mode_in_force)" tc || return
			nestwg detach plain0 >/dev/null || return
		done
	done
}

refused_leaves_no_qdisc()
{
	fails on gw env NESTWG_TC=clsact "$NESTWG" attach plain0 --wg wgcli0 --mode native &&
		expect_is "clsact qdiscs" "$(on gw tc qdisc show | grep -c clsact)" 0 &&
		expect_is "pins" "$(find "$PINS" 2>/dev/null)" ""
}

# --- state that others have touched --------------------------------------------------------------

# The word at OFFSET of the pinned configuration becomes 77.
change_config()
{
	local bytes

	read -ra bytes < <(bpftool -j map dump pinned "$PINS/enp0s6/config" |
		"$HOUSE_PYTHON" -c '
import json, sys
value = json.load(sys.stdin)[0]["value"]
value[int(sys.argv[1])] = "77"
print(*(int(byte, 0) for byte in value))' "$1")
	bpftool map update pinned "$PINS/enp0s6/config" key 0 0 0 0 value "${bytes[@]}"
}

# Offset 40: `version` in struct nestwg_config.
other_version()
{
	nestwg attach enp0s6 --wg wgcli0 >/dev/null && change_config 40 &&
		refused 1 "its state was made by another version; .*detach enp0s6. first" attach enp0s6 &&
		nestwg detach enp0s6 >/dev/null
}

other_map()
{
	nestwg attach enp0s6 --wg wgcli0 >/dev/null && rm "$PINS/enp0s6/fragments" &&
		bpftool map create "$PINS/enp0s6/fragments" type hash key 8 value 8 entries 16 name fragments &&
		refused 1 "cannot reuse its map .fragments.*another version" attach enp0s6 && nestwg detach enp0s6 >/dev/null
}

# A later version's may be longer than what we have room for.
other_config()
{
	nestwg attach enp0s6 --wg wgcli0 >/dev/null && rm "$PINS/enp0s6/config" &&
		bpftool map create "$PINS/enp0s6/config" type array key 4 value 4000 entries 1 name config &&
		expect "status" "$(nestwg status)" "PROBLEM: an attach or a detach was not completed: Invalid argument" &&
		fails nestwg allow 8080 && nestwg detach enp0s6 >/dev/null
}

# Somebody removed the pins; the clsact filters know nothing of it.
pins_gone()
{
	on gw env NESTWG_TC=clsact "$NESTWG" attach plain0 --wg wgcli0 --mode tc >/dev/null || return
	rm -r "${PINS:?}/plain0"
	nestwg attach enp0s6 --wg wgcli3 --peer 10.30.99.2 >/dev/null || return
	nestwg detach plain0 && on gw bpftool net list | grep nestwg_handoff | grep plain0 && return 1
	on gw bpftool net list | grep nestwg_return | grep wgcli0 && return 1
	expect "the other one" "$(nestwg status)" "interface: enp0s6" &&
		fails expect "the other one" "$(nestwg status)" PROBLEM >/dev/null && nestwg detach enp0s6 >/dev/null
	local status=$?

	on gw tc qdisc del dev plain0 clsact
	on gw tc qdisc del dev wgcli0 clsact
	return "$status"
}

pings_gateway()
{
	on inet ping -q -c 1 -W 1 192.0.2.10
}

# Attached from a container that has a bpffs of its own, and shares the network.
pins_elsewhere()
{
	local mode=$1 before

	before=$(everything)
	# shellcheck disable=SC2016 # for the inner shell
	serve container gw unshare --mount bash -c 'mount -t bpf bpf /sys/fs/bpf && "$0" "$@" && echo attached && sleep 60' \
		"$NESTWG" attach enp0s6 --wg wgcli0 --mode "$mode"
	wait_for 10 log_has container "^attached" && fails pings_gateway &&
		expect "status" "$(nestwg status)" "programs run here whose pins are not in $PINS: .*; .nestwg-xdp detach enp0s6. removes them" &&
		nestwg detach enp0s6 && pings_gateway && expect_is "after detach" "$(everything)" "$before"
	local status=$?

	background_stop container
	return "$status"
}

bpffs_read_only()
{
	local text

	text=$(unshare --mount bash -c "mount -o remount,bind,ro /sys/fs/bpf 2>/dev/null || mount -o remount,ro /sys/fs/bpf
		exec nsenter --net=/run/netns/$HOUSE_PREFIX-gw -- $NESTWG attach enp0s6 --wg wgcli0" 2>&1)
	expect_is "exit status" "$?" 1 && expect "the message" "$text" "cannot make a directory in /sys/fs/bpf: Read-only"
}

# Whoever holds the lock may have died in the kernel: an end, and who it is.
lock_held()
{
	serve holder gw flock /sys/fs/bpf sleep 60
	wait_for 5 fails flock -n /sys/fs/bpf true || return
	refused 1 "at work: waiting.*at work for 10 seconds; see what holds it: fuser" detach enp0s6
	local status=$?

	background_stop holder
	return "$status"
}

isolate "$@"
begin
cli_need flock
gateway_up
must plain_nic

tap "refused: the NIC has no IPv4 address, or IPv6 only" nic_without_address
tap "the NIC has two addresses" several_addresses
tap "refused: more addresses than fit" too_many_addresses
tap "warned: the NIC is down" nic_down
tap "warned: the kernel does not forward" no_forwarding
tap "refused: the NIC is no Ethernet" nic_not_ethernet
tap "an interface with a dot in its name, as VLANs have" nic_with_a_dot
tap "refused: the NIC was renamed" nic_renamed
tap "the NIC was moved to another network namespace, another has its name" nic_moved
tap "refused: the tunnel's MTU is too small" tunnel_is_set
tap "refused: the peer is the gateway itself" peer_is_us
tap "refused: no tunnel at all" no_tunnel_at_all
tap "no peer, and a hundred with wide AllowedIPs" peers_none_and_many
tap "another tunnel: nothing is left on the first" tunnel_changed
tap "from mode to mode" modes_in_turn
tap "the driver refuses an upgrade: what was there goes on" refused_upgrade_goes_on
tap "the driver refuses: no qdisc is left" refused_leaves_no_qdisc
tap "refused: state of another version" other_version
tap "refused: a map of another shape" other_map
tap "the configuration of a later version" other_config
tap "the pins are gone: detach finds the filters" pins_gone
tap "attached from another bpffs, native: detach finds the programs" pins_elsewhere native
tap "attached from another bpffs, tc: detach finds the programs" pins_elsewhere tc
tap "refused: bpffs is read-only" bpffs_read_only
tap "refused: the lock is held" lock_held
finish
