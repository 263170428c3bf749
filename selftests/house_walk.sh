# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What one does in house.sh's network: ask, fetch, trace, and see what nestwg-xdp counted. Use: after house.sh.
# shellcheck disable=SC2034 # what is set here is for those who source this

PING=(ping -n -c 1 -W "$(limit 10)")
NIC_MTU=1500

# peer HOST ARGS...: one of house_peer.py's clients.
peer()
{
	on "$1" "${HOUSE_PEER[@]}" "${@:2}"
}

url()
{
	local host=$1

	shift
	on "$host" curl -sS --fail --max-time "$(limit 120)" "$@"
}

forget_path_mtu()
{
	on "$1" ip route flush cache
}

# A veth drops what is larger than its own MTU, so both ends have to agree.
client_mtu()
{
	must ip -n "$HOUSE_PREFIX-client" link set eth0 mtu "$1"
	must ip -n "$HOUSE_PREFIX-inet" link set to-client mtu "$1"
}

# download FROM URL
download()
{
	expect_is "SHA-256 of what arrived" "$(url "$1" "$2/file" | sha256sum)" "$(sha256sum <"$WORK/file")"
}

# upload FROM URL
upload()
{
	expect_is "SHA-256 that the server saw" "$(url "$1" -T "$WORK/file" "$2/upload")  -" \
		"$(sha256sum <"$WORK/file")"
}

# hops HOST ARGS...: the addresses that traceroute saw, on one line.
hops()
{
	local host=$1

	shift
	on "$host" traceroute -n -q 1 -w "$(limit 3)" -m 6 "$@" | awk 'NR > 1 { printf "%s ", $2 }'
}

# traces HOPS HOST ARGS...: these and no others; "(A|B)" is either. Each hop gets one probe, and a busy machine may answer
# too late: three tries.
traces()
{
	local wanted=${1//./\\.} got

	shift
	for _ in 1 2 3; do
		got=$(hops "$@")
		expect "hops" "${got% }" "^$wanted\$" && return
	done
	return 1
}

# --- counters ------------------------------------------------------------------------------------

# counter NAME [bytes]: of nestwg-xdp's. Not from --json: awk reads it in a tenth of Python's time.
counter()
{
	on gw "$NESTWG" stats | awk -v name="$1" -v unit="${2:-packets}" '$1 == name { print unit == "bytes" ? $3 : $2 }'
}

# kernel_counter HOST NAME
kernel_counter()
{
	on "$1" nstat -asz "$2" | awk -v name="$2" '$1 == name { print $2 }'
}

# moved packets|bytes COUNTER MINIMUM COMMAND...
moved()
{
	local unit=$1 name=$2 least=$3 before

	shift 3
	before=$(counter "$name" "$unit")
	"$@" || return
	expect_at_least "$unit counted as $name" $(($(counter "$name" "$unit") - before)) "$least"
}

# moves COUNTER MINIMUM COMMAND...: the command succeeds, and so many packets have been counted meanwhile.
moves()
{
	moved packets "$@"
}

# carries COUNTER MINIMUM COMMAND...: the same in bytes. What was said to arrive did come this way.
carries()
{
	moved bytes "$@"
}

# unmoved COUNTER COMMAND...: the command succeeds, and nothing is counted under that reason meanwhile.
unmoved()
{
	local name=$1 before

	shift
	before=$(counter "$name")
	"$@" || return
	expect_is "$name, before and after" "$(counter "$name")" "$before"
}

# --- what only some tests have in the house ------------------------------------------------------

# route_port PROTOCOL PORT ADDRESS[:PORT]: the router sends what comes for that port by the tunnel there.
route_port()
{
	must on router iptables -t nat -A PREROUTING -i "$HOUSE_WGWAN" -p "$1" --dport "$2" -j DNAT --to-destination "$3"
}

# private_mtu MTU: of the VPN inside the VPN, at both ends.
private_mtu()
{
	must ip -n "$HOUSE_PREFIX-phone" link set "$HOUSE_WGPHONE" mtu "$1"
	must ip -n "$HOUSE_PREFIX-router" link set "$HOUSE_WGPRIVATE" mtu "$1"
}

# The house, nestwg-xdp attached, both VPNs dialled in.
house_walk_up()
{
	HOUSE_FORWARD=nestwg
	house_up
	must house_forward_on
	must wait_for 60 handshake router "$HOUSE_WGWAN"
	house_phone_dial
	must wait_for 60 handshake phone "$HOUSE_WGPHONE"
	note "MODE=$MODE HOUSE_MTU=$HOUSE_MTU HOUSE_OFFLOAD=$HOUSE_OFFLOAD HOUSE_NIC=$HOUSE_NIC" \
		"HOUSE_WIREGUARD=$HOUSE_WIREGUARD, kernel $(uname -r)"
}

# --- inner addresses stay inside -----------------------------------------------------------------

# What leaves the gateway, in every test from here on: ICMP, which quotes, and what has a source that it must not have.
leaks_watch()
{
	must capture leaks "$HOUSE_PREFIX-inet" to-gw in "icmp or (ip and not src host $HOUSE_PUBLIC)"
}

# Not one packet with another source, and no inner address in what an ICMP error quotes.
leaks_none()
{
	local icmp strangers inner

	# Shows that the capture sees what it should.
	on client "${PING[@]}" "$HOUSE_PUBLIC" && wait_for 20 captured_some leaks "icmp[icmptype] == icmp-echoreply" || return
	capture_stop leaks
	icmp=$(captured_count leaks icmp)
	strangers=$(captured leaks "not src host $HOUSE_PUBLIC")
	inner=$(captured leaks | grep -E '(^|[^0-9.])(10\.0\.18|192\.168|100\.64)\.')
	echo "$icmp ICMP packets; strangers: $strangers; inner addresses: $inner"
	[[ -z $strangers && -z $inner ]]
}
