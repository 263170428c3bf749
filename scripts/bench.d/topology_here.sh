# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Here: two namespaces, a veth as the NIC.
#
#   ┌─ world ──────────────┐          ┌─ gateway ────────────────────────────────────────────────┐
#   │ generate ──> wire ───┼── veth ──┼─ enp0s6 ──> the way that is measured ──> wg0: sink_tunnel  │
#   │      192.0.2.1       │          │   192.0.2.10   (XDP, tc, netfilter, ...)   10.0.18.1       │
#   │ sink_wire <─ wire ───┼── veth ──┼─ enp0s6 <── the way that is measured <── wg0 <─┐           │
#   │ generate ──> home ───┼── veth ──┼─ decrypted ── tc: from_tunnel ─────────────────┘           │
#   └──────────────────────┘          └────────────────────────────────────────────────────────────┘
#        CPU 1                             CPU 0: the NAPI threads of enp0s6 and decrypted
#
# wg0 is wireguard-go's TUN device, real to everybody who asks, but sink_tunnel at its tc egress counts and
# drops what arrives, so wireguard-go has nothing to do: measured is the way from the NIC's driver up to the
# moment when a packet is handed to the tunnel device, and back, without encryption.

# shellcheck disable=SC2034 # read by scripts/bench, common.sh and measure.sh
{
	BENCH_UNIT=nanoseconds
	MEASURED="veth with native XDP; the CPU time of the NIC's NAPI thread, from the driver to the tunnel device's egress hook (replies:
from the tunnel device to the far end of the wire), nothing encrypted."
	PIN_GATEWAY=0
	PIN_WORLD=1
	NAPI_NICE=-15		# what arrives while the thread waits for its turn is lost in the veth's ring
	VERIFY_PACKETS=2048
	STRAY=0			# packets that come in besides what is sent
}

topology_up()
{
	must netns_add "$WORLD"
	must netns_add "$GATEWAY" net.ipv4.ip_forward=1 net.netfilter.nf_conntrack_tcp_be_liberal=1
	veth_pair wire enp0s6
	# A queue for each sending CPU (veth_select_rxq(), drivers/net/veth.c); its NAPI thread gets the other CPU.
	must gateway ethtool -L enp0s6 rx 2
	veth_pair home decrypted
	must ip -n "$GATEWAY" address add 192.0.2.10/24 dev enp0s6
	must ip -n "$WORLD" address add 192.0.2.1/24 dev wire
	must ip -n "$GATEWAY" route add default via 192.0.2.1
	must ip -n "$GATEWAY" neigh replace 192.0.2.1 lladdr "$(mac_of "$WORLD" wire)" dev enp0s6 nud permanent
	userspace_wireguard
	threads_pin "$GATEWAY" enp0s6 "$PIN_WORLD" "$PIN_GATEWAY"
	threads_pin "$GATEWAY" decrypted "$PIN_GATEWAY"
	threads_pin "$WORLD" wire "$PIN_WORLD"
	sinks_up
	must mkdir "$PINS/generate0" "$PINS/generate1"
	must "$TOOLS/sink" load "$PINS/generate0" "$TOOLS/generate.bpf.o"
	must "$TOOLS/sink" load "$PINS/generate1" "$TOOLS/generate.bpf.o"
}

userspace_wireguard()
{
	background wireguard in_ns "$GATEWAY" env WG_PROCESS_FOREGROUND=1 wireguard-go -f wg0
	must wait_for 10 gateway wg show wg0
	must gateway wg set wg0 private-key <(wg genkey) listen-port 51820 \
		peer "$(wg genkey | wg pubkey)" allowed-ips 10.0.18.2/32
	must ip -n "$GATEWAY" address add 10.0.18.1/30 dev wg0
	must ip -n "$GATEWAY" link set wg0 mtu 1420 up
}

# world_sends WORKLOAD-OPTION...: prints the number of packets sent.
world_sends()
{
	if ((GENERATORS == 1)); then
		generate "$PIN_WORLD" "$@"
	else
		{
			generate "$PIN_WORLD" "$@" &
			generate "$PIN_GATEWAY" "$@" --client 198.19.0.1
			wait
		} | awk '{ sum += $1 } END { print sum }'
	fi
}

# generate CPU WORKLOAD-OPTION...
generate()
{
	local cpu=$1 dev=wire peer=enp0s6

	shift
	if [[ " $* " == *" --reply "* ]]; then
		dev=home peer=decrypted
	fi
	in_ns "$WORLD" nice -n -10 taskset -c "$cpu" "$TOOLS/generate" --dir "$PINS/generate$cpu" --dev "$dev" \
		--to-mac "$(mac_of "$GATEWAY" "$peer")" --from-mac "$(mac_of "$WORLD" "$dev")" "$@"
}
