# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# In the VM: virtio_net as the NIC, kernel WireGuard, pktgen, one CPU whose clock counts instructions.
#
#   ┌─ world ────────────────────┐              ┌─ gateway ────────────────────────────────────────────────┐
#   │ pktgen ──> wire ───────────┼─ virtio_net ─┼─ enp0s6 ──> the way that is measured ──> wg0: sink_tunnel  │
#   │      192.0.2.1             │              │   192.0.2.10                              10.0.18.1  │     │
#   │ sink_wire <─ wire ─────────┼──────────────┼─ enp0s6 <── WireGuard: encrypted (end to end only) <─┘     │
#   │ sink_wire <─ wire ─────────┼─ virtio_net ─┼─ enp0s6 <── the way that is measured <── wg0 <─┐           │
#   │ pktgen ──> home ───────────┼──── veth ────┼─ decrypted ── tc: from_tunnel ─────────────────┘           │
#   └────────────────────────────┘              └────────────────────────────────────────────────────────────┘
#
# A third namespace is the home: wgwan (10.0.18.2), sink_home, iperf3.
#
# A nanosecond on this CPU is an instruction. Counted are the NAPI threads of enp0s6 (replies: of decrypted), end
# to end the kernel threads that encrypt and send as well; never pktgen's own. A TCP connection costs how long it lasts.

# shellcheck source=scripts/pktgen/pktgen.sh
. "$ROOT/scripts/pktgen/pktgen.sh"

# shellcheck disable=SC2034 # read by scripts/bench, common.sh and measure.sh
{
	BENCH_UNIT=instructions
	MEASURED="virtio_net, kernel WireGuard, pktgen on an emulated CPU that counts instructions; those of the NIC's NAPI thread, from the
driver to wg0's egress hook (replies: from wg0 to the far end of the wire; encrypted: those of the kernel threads that encrypt and
send as well; transferred: all of the CPU's while the connection lasts, a packet being a full segment of 1368 bytes)."
	[[ -z $TSO ]] || MEASURED+=" The NICs give and take bundles (TSO)."
	HOME_NS=bench$$-home
	# The one CPU is pktgen's until it has to wait; else each packet would wake the NAPI thread and be polled alone.
	NAPI_NICE=19
	VERIFY_PACKETS=256
	STRAY=4			# packets that come in besides what is sent: WireGuard's keepalives and handshakes
}

topology_up()
{
	must modprobe pktgen
	must netns_add "$WORLD"
	must netns_add "$HOME_NS"
	must netns_add "$GATEWAY" net.ipv4.ip_forward=1
	long_lives
	take_nic 52:54:00:00:00:01 "$GATEWAY" enp0s6
	take_nic 52:54:00:00:00:02 "$WORLD" wire
	# What pktgen sends has whole checksums, as what comes from a real wire.
	[[ -n $TSO ]] || in_ns "$WORLD" ethtool -K wire tx off >/dev/null 2>&1
	must ip -n "$GATEWAY" address add 192.0.2.10/24 dev enp0s6
	must ip -n "$WORLD" address add 192.0.2.1/24 dev wire
	must ip -n "$GATEWAY" link set enp0s6 up
	must ip -n "$WORLD" link set wire up
	must ip -n "$GATEWAY" route add default via 192.0.2.1
	must ip -n "$GATEWAY" neigh replace 192.0.2.1 lladdr "$(mac_of "$WORLD" wire)" dev enp0s6 nud permanent
	veth_pair home decrypted
	kernel_wireguard
	threads_pin "$GATEWAY" enp0s6 0
	threads_pin "$GATEWAY" decrypted 0
	threads_pin "$WORLD" wire 0
	sinks_up
	tc_program "$HOME_NS" wgwan ingress sink_home
	background iperf in_ns "$HOME_NS" iperf3 -s -B 10.0.18.2 -p 25565 --forceflush
	must wait_for 20 log_has iperf listening
}

# take_nic MAC NAMESPACE NAME
take_nic()
{
	local name

	name=$(ip -o link show | awk -v mac="$1" 'index($0, mac) { sub(":", "", $2); print $2 }')
	[[ -n $name ]] || must false "no NIC with the address $1 (scripts/vm run --virtio or --taps)"
	must ip link set "$name" down
	must ip link set "$name" netns "$2" name "$3"
}

kernel_wireguard()
{
	local gateway_key home_key

	gateway_key=$(wg genkey)
	home_key=$(wg genkey)
	must ip -n "$GATEWAY" link add wg0 type wireguard
	must gateway wg set wg0 private-key <(echo "$gateway_key") listen-port 51820 \
		peer "$(wg pubkey <<<"$home_key")" allowed-ips 10.0.18.2/32
	must ip -n "$GATEWAY" address add 10.0.18.1/30 dev wg0
	must ip -n "$GATEWAY" link set wg0 mtu 1420 up
	# WireGuard's own packets stay in the namespace that the device was made in.
	must ip -n "$WORLD" link add wgwan type wireguard
	must ip -n "$WORLD" link set wgwan netns "$HOME_NS"
	must in_ns "$HOME_NS" wg set wgwan private-key <(echo "$home_key") \
		peer "$(wg pubkey <<<"$gateway_key")" allowed-ips 0.0.0.0/0 endpoint 192.0.2.10:51820
	must ip -n "$HOME_NS" address add 10.0.18.2/30 dev wgwan
	must ip -n "$HOME_NS" link set wgwan mtu 1420 up
	must ip -n "$HOME_NS" route add default dev wgwan
	handshake || must false "WireGuard's handshake"
}

handshake()
{
	wait_for 20 in_ns "$HOME_NS" ping -q -c 1 -W 1 10.0.18.1
}

# While this machine reads a file through 9p, the VM's clock runs: what has been opened is not to expire.
long_lives()
{
	must modprobe nf_conntrack
	must modprobe nf_flow_table
	must gateway sysctl -qw net.netfilter.nf_conntrack_udp_timeout=36000 \
		net.netfilter.nf_conntrack_udp_timeout_stream=36000 net.netfilter.nf_flowtable_udp_timeout=36000
}

ping_home()
{
	# Opens a session if the last one has aged; the answer ends in sink_home.
	in_ns "$HOME_NS" ping -q -c 1 -W 1 10.0.18.1 >/dev/null
	true
}

TRANSFER=32000000
SEGMENT=1368		# payload of a full segment in the tunnel

nic_thread_time()
{
	local time rest

	# shellcheck disable=SC2046 # words
	read -r time rest < <(cpu_time $(napi_threads enp0s6))
	echo "$time"
}

# transfer: a real TCP connection through both WireGuards; the unit is a full segment of it, its cost how long it took: the
# one CPU works for both ends all the while. Or the time of the NIC's thread, to which all of the way to WireGuard's
# queue belongs.
transfer()
{
	local before=0 after bytes time again segments

	handshake >/dev/null
	[[ -z $NIC_ONLY ]] || before=$(nic_thread_time)
	in_ns "$WORLD" iperf3 -J -c 192.0.2.10 -p 25565 -n "$TRANSFER" "${OPTIONS[@]}" >"$WORK/iperf.json" 2>&1 || {
		say "$WAY: iperf3: $(grep error "$WORK/iperf.json")"
		return 1
	}
	[[ -z $NIC_ONLY ]] || after=$(nic_thread_time)
	read -r bytes time again < <("$PYTHON" -IS "$BENCH_D/transferred.py" <"$WORK/iperf.json") || return
	segments=$((bytes / SEGMENT))
	say "    $((segments * SEGMENT * 8000 / time)) Mbit/s, $again segments sent again"
	result "$segments" "$before 0 0 0 0 0 0" "${after:-$time} 0 $segments $segments 0 $bytes 0"
}

declare -A MACS=()

# world_sends WORKLOAD-OPTION...: as the generator's, sent by pktgen; prints the number of packets sent.
world_sends()
{
	local dev

	dev=$(way_in "$@")
	[[ -n ${MACS[$dev]:-} ]] || MACS[$dev]=$(mac_of "$GATEWAY" "$dev")
	in_ns "$WORLD" env PKTGEN_TO="${MACS[$dev]}" bash -c \
		". '$ROOT/scripts/pktgen/pktgen.sh'; . '$BENCH_D/pktgen_workload.sh'; send \"\$@\"" send "$@"
}
