#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Paths that are narrower than their ends know: who has to be told, is told in words that he understands; and what may
# be fragmented is, and arrives. On top of house.sh's network:
#
#   client ──(1100)── inet ── gw ═══(HOUSE_MTU)═══ router ── server ──(1000)── shed 192.168.18.2
#                                                              .1              web :80, as 192.0.2.10:8000
#
# The numbers in brackets are MTUs of links in the middle: the hosts behind them promise an MSS (1460) as if their own
# link were not the narrow one. Discovery of black holes is off: without a good ICMP error, TCP would hang.
#
# One run is one configuration: MODE=tc HOUSE_MTU=1280 HOUSE_OFFLOAD=on selftests/paths_test.sh
# What house_test.sh shows already is not shown again here.

# shellcheck source-path=SCRIPTDIR
set -u
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/house.sh"
. "$(dirname "$0")/house_walk.sh"

CLIENT_MTU=1100
SHED_MTU=1000
SHED=192.168.18.2
PRIVATE_MTU_TOO_LARGE=1420	# outer packets of 1480
MB=${NESTWG_VM:+1}		# for a transfer whose beginning is what matters
MB=${MB:-2}

shed_up()
{
	HOUSE_HOSTS+=(shed)
	must netns_add "$HOUSE_PREFIX-shed" net.ipv4.icmp_ratelimit=0
	cable server to-shed shed eth0
	addresses server <<<"to-shed 192.168.18.1/24"
	addresses shed <<<"eth0 $SHED/24"
	must ip -n "$HOUSE_PREFIX-server" link set to-shed mtu "$SHED_MTU"
	must ip -n "$HOUSE_PREFIX-shed" link set eth0 mtu "$SHED_MTU"
	must ip -n "$HOUSE_PREFIX-shed" route add default via 192.168.18.1 advmss 1460
	must ip -n "$HOUSE_PREFIX-router" route add 192.168.18.0/24 via 192.168.16.10
	must on server sysctl -qw net.ipv4.ip_forward=1 net.ipv4.icmp_ratelimit=0
	serve shed-web shed "${HOUSE_PEER[@]}" web shed 80 "$WORK/file"
	must wait_for 60 listening shed 80
	route_port tcp 8000 "$SHED:80"
	route_port udp 8000 "$SHED:80"
}

no_black_hole_detection()
{
	local host

	for host in "${HOUSE_HOSTS[@]}"; do
		must on "$host" sysctl -qw net.ipv4.tcp_mtu_probing=0
	done
}

# narrow_client MTU MSS
narrow_client()
{
	client_mtu "$1"
	must ip -n "$HOUSE_PREFIX-client" route change default via 198.51.100.1 advmss "$2"
}

forget_all()
{
	local host

	for host in "${HOUSE_HOSTS[@]}"; do
		forget_path_mtu "$host"
	done
}

# --- TCP -----------------------------------------------------------------------------------------

# told CAPTURE TEXT...: each TEXT is in what was captured, and no checksum is wrong: of the ICMP message, of the quote.
told()
{
	local text name=$1 seen

	shift
	seen=$(captured "$name")
	for text; do
		expect "$name" "$seen" "$text" || return
	done
	! grep -E 'bad cksum|wrong icmp cksum' <<<"$seen"
}

TOO_BIG='icmp[icmptype] == icmp-unreach and icmp[icmpcode] == 4'

# The error comes from the internet: inet tells the public address, and that has to find the server.
narrow_internet()
{
	local rc

	forget_all
	narrow_client "$CLIENT_MTU" 1460
	capture told-router "$HOUSE_PREFIX-router" "$HOUSE_WGWAN" in "$TOO_BIG" || return
	capture told-server "$HOUSE_PREFIX-server" eth0 in "$TOO_BIG" || return
	carries home_returned $((MB * 1000000)) part_arrives client "http://$HOUSE_PUBLIC" &&
		wait_for 20 captured_some told-server
	rc=$?
	capture_stop told-router
	capture_stop told-server
	expect "the server's route" "$(on server ip route get "$HOUSE_CLIENT")" "mtu $CLIENT_MTU" || rc=1
	narrow_client "$NIC_MTU" 0
	((rc == 0)) || return "$rc"
	told told-router "192.0.2.1 > 10.0.18.2: ICMP $HOUSE_CLIENT unreachable - need to frag \(mtu $CLIENT_MTU\)" \
		"10.0.18.2.80 > $HOUSE_CLIENT.[0-9]+: " &&
		told told-server "192.0.2.1 > 192.168.16.10: ICMP $HOUSE_CLIENT unreachable - need to frag \(mtu $CLIENT_MTU\)" \
			"192.168.16.10.80 > $HOUSE_CLIENT.[0-9]+: "
}

# part_arrives FROM URL: SHA-256 of the file's first megabytes.
part_arrives()
{
	expect_is "SHA-256 of what arrived" "$(url "$1" "$2/file/$((MB * 1000000))" | sha256sum)" "$(sha256sum <"$WORK/part")"
}

# part_is_sent FROM URL [CURL-ARGS...]
part_is_sent()
{
	expect_is "SHA-256 that the server saw" "$(url "$1" "${@:3}" -T "$WORK/part" "$2/upload")  -" \
		"$(sha256sum <"$WORK/part")"
}

# The error comes from within the home: the server tells the client, who knows nobody but the public address.
narrow_home()
{
	local rc

	forget_all
	capture told-client "$HOUSE_PREFIX-client" eth0 in "$TOO_BIG" || return
	carries forwarded $((MB * 1000000)) part_is_sent client "http://$HOUSE_PUBLIC:8000" && wait_for 20 captured_some told-client
	rc=$?
	capture_stop told-client
	((rc == 0)) || return "$rc"
	told told-client "$HOUSE_PUBLIC > $HOUSE_CLIENT: ICMP $HOUSE_PUBLIC unreachable - need to frag \(mtu $SHED_MTU\)" \
		"$HOUSE_CLIENT.[0-9]+ > $HOUSE_PUBLIC.8000: " &&
		expect "the client's route" "$(on client ip route get "$HOUSE_PUBLIC")" "mtu $SHED_MTU"
}

# tunnel_mtu MTU: of the WAN VPN, at both ends.
tunnel_mtu()
{
	must ip -n "$HOUSE_PREFIX-gw" link set "$HOUSE_WG" mtu "$1"
	must ip -n "$HOUSE_PREFIX-router" link set "$HOUSE_WGWAN" mtu "$1"
}

shrink_while_sent()
{
	local upload rc rate=500k

	# Slow enough to be still under way when an emulated CPU has seen that it is.
	[[ -z ${NESTWG_VM:-} ]] || rate=100k
	part_is_sent client "http://$HOUSE_PUBLIC" --limit-rate "$rate" &
	upload=$!
	wait_for 20 upload_is_under_way
	tunnel_mtu $((HOUSE_MTU - 100))
	wait "$upload"
	rc=$?
	tunnel_mtu "$HOUSE_MTU"
	return "$rc"
}

upload_is_under_way()
{
	on client ss -Htni state established "dport = :80" | grep -qE 'bytes_acked:[0-9]{6}'
}

# The MSS has been agreed on: from then on only the gateway's own "fragmentation needed" can help.
tunnel_shrinks()
{
	forget_all
	moves frag_needed 1 shrink_while_sent &&
		expect "the client's route" "$(on client ip route get "$HOUSE_PUBLIC")" "mtu $((HOUSE_MTU - 100))"
}

# --- tracepath and traceroute --------------------------------------------------------------------

# trace_path HOST ADDRESS
trace_path()
{
	on "$1" timeout "$(limit 60)" tracepath -n -m 8 "$2"
}

tracepath_in()
{
	forget_all
	expect "tracepath" "$(trace_path client "$HOUSE_PUBLIC")" \
		"198\.51\.100\.1 .*pmtu $HOUSE_MTU.* $HOUSE_PUBLIC .*reached.*Resume: pmtu $HOUSE_MTU"
}

# Two narrow links: the router tells of the tunnel's end, inet of the client's link.
tracepath_out()
{
	local out

	forget_all
	narrow_client "$CLIENT_MTU" 1460
	out=$(trace_path server "$HOUSE_CLIENT")
	narrow_client "$NIC_MTU" 0
	expect "tracepath" "$out" \
		"192\.168\.16\.1 .*pmtu $HOUSE_MTU.* 10\.0\.18\.1 .*pmtu $CLIENT_MTU.* $HOUSE_CLIENT .*reached.*Resume: pmtu $CLIENT_MTU"
}

# inet, the gateway, the router, the server, the shed: four of them are one address to the client.
INWARD="198.51.100.1 $HOUSE_PUBLIC $HOUSE_PUBLIC $HOUSE_PUBLIC $HOUSE_PUBLIC"
OUTWARD="192.168.16.1 10.0.18.1 192.0.2.1 $HOUSE_CLIENT"
PRIVATE="192.168.17.1 192.168.16.10"

# --- UDP -----------------------------------------------------------------------------------------

# 4000 bytes from either side, whose first fragment is as large as the sender's own link.
datagrams_of_4000()
{
	expect "client's" "$(peer client udp "$HOUSE_PUBLIC" 25565 4000)" "^laptop $HOUSE_CLIENT [0-9]+ 4000$" &&
		expect "server's" "$(peer server udp "$HOUSE_INTERNET" 7777 4000)" "^internet $HOUSE_PUBLIC [0-9]+ 4000$" &&
		expect "phone's" "$(peer phone udp 192.168.16.20 25565 4000)" "^laptop (192.168.17.69|192.168.16.1) [0-9]+ 4000$"
}

# --- WireGuard in WireGuard, too large -----------------------------------------------------------

nested_transfer()
{
	part_arrives phone http://192.168.16.10 && part_is_sent phone http://192.168.16.10
}

put_together()
{
	local host

	for host in router phone; do
		kernel_counter "$host" IpReasmOKs
		kernel_counter "$host" IpReasmFails
	done
}

# The private VPN's outer packets are larger than the tunnel that they travel in. Kernel WireGuard sends them without DF
# and wireguard-go with it, until it is told: then its kernel sends fragments.
nested_too_large()
{
	local before after rc

	forget_all
	mapfile -t before < <(put_together)
	private_mtu "$PRIVATE_MTU_TOO_LARGE"
	moves "$(fragmenter)" 1 nested_transfer
	rc=$?
	private_mtu $((HOUSE_MTU - 80))
	((rc == 0)) || return "$rc"
	mapfile -t after < <(put_together)
	expect_at_least "packets put together at the router" $((after[0] - before[0])) $((MB * 700)) &&
		expect_at_least "packets put together at the phone" $((after[2] - before[2])) $((MB * 700)) &&
		expect_is "not put together, at both" $((after[1] - before[1] + after[3] - before[3])) 0
}

fragmenter()
{
	if [[ $HOUSE_WIREGUARD == kernel ]]; then
		echo forwarded_fragmented
	else
		echo frag_needed
	fi
}

# --- the plan ------------------------------------------------------------------------------------

isolate "$@"
house_need
begin
ON_FAIL=house_diagnose
house_walk_up
shed_up
no_black_hole_detection
head -c "${MB}000000" "$WORK/file" >"$WORK/part"
leaks_watch

tap "TCP, a narrow link on the internet: the server is told" narrow_internet
tap "TCP, a narrow link in the home: the client is told" narrow_home
tap "TCP, the tunnel becomes narrower on the way: the client is told" tunnel_shrinks
tap "tracepath from the internet" tracepath_in
tap "tracepath from the home: two narrow links" tracepath_out
tap "traceroute to the shed, UDP" traces "$INWARD" client -U -p 8000 "$HOUSE_PUBLIC"
tap "traceroute to the shed, TCP" traces "$INWARD" client -T -p 8000 "$HOUSE_PUBLIC"
tap "traceroute from the home, UDP" traces "$OUTWARD" server "$HOUSE_CLIENT"
tap "traceroute from the home, TCP" traces "$OUTWARD" server -T -p 80 "$HOUSE_CLIENT"
tap "traceroute from the home, ICMP" traces "$OUTWARD" server -I "$HOUSE_CLIENT"
tap "traceroute through the private VPN, UDP" traces "$PRIVATE" phone 192.168.16.10
tap "traceroute through the private VPN, TCP" traces "$PRIVATE" phone -T -p 80 192.168.16.10
tap "traceroute through the private VPN, ICMP" traces "$PRIVATE" phone -I 192.168.16.10
tap "UDP of 4000 bytes from the internet, the home, and the phone" datagrams_of_4000
tap "WireGuard in WireGuard with an MTU of $PRIVATE_MTU_TOO_LARGE" nested_too_large
tap "the same MTU as before again" nested_transfer
tap "no inner address has left the gateway" leaks_none
finish
