#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The seed's whole network, with real programs, through one gateway. Topology and environment: house.sh.
# One run is one configuration: HOUSE_FORWARD=nestwg MODE=auto HOUSE_OFFLOAD=off HOUSE_NIC=veth selftests/house_test.sh
# With HOUSE_FORWARD=iptables the seed's own rules stand the same test; what they cannot do is skipped, with the reason.

# shellcheck source-path=SCRIPTDIR
set -u
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/house.sh"
. "$(dirname "$0")/house_walk.sh"

TUNNEL_MTU=$HOUSE_MTU

# The seed's rules cannot do everything: lacking REASON || return
lacking()
{
	[[ $HOUSE_FORWARD != iptables ]] || skip "the seed's rules: $*"
}

ttl_of_ping()
{
	on "$1" "${PING[@]}" "$2" | sed -n 's/.* ttl=\([0-9]*\) .*/\1/p'
}

pings_at_router()
{
	on router nstat -asz IcmpInEchos | awk '/^IcmpInEchos/ { print $2 }'
}

# --- before nestwg-xdp is there ------------------------------------------------------------------

dialled_in()
{
	wait_for 60 handshake router "$HOUSE_WGWAN" || return
	# The gateway must have seen the CGNAT, not the router: the translation is really there.
	expect "endpoint at the gateway" "$(on gw wg show "$HOUSE_WG" endpoints)" "$HOUSE_CGNAT:[0-9]+$"
}

cgnat_lets_nothing_in()
{
	fails on client ping -n -c 1 -W 1 "$HOUSE_CGNAT" || return
	on client nc -z -w 1 "$HOUSE_CGNAT" 22
	expect "nc's exit status" "$?" '^1$'
}

# One hop (inet) lowers the TTL once if the gateway answers; if the home does, the gateway is a second hop.
plain_gateway_answers()
{
	expect "TTL of the echo reply" "$(ttl_of_ping client "$HOUSE_PUBLIC")" '^63$' &&
		expect "port 7777" "$(peer client tcp "$HOUSE_PUBLIC" 7777 hello)" "^gw $HOUSE_CLIENT " &&
		fails on client nc -z -w 2 "$HOUSE_PUBLIC" 25565
}

lines_of()
{
	tail -n 1 "$WORK/$1.log"
}

has_lines()
{
	local now

	now=$(lines_of "$1")
	[[ $now =~ ^[0-9]+$ ]] && ((now >= $2))
}

open_streams()
{
	serve outgoing gw "${HOUSE_PEER[@]}" stream "$HOUSE_INTERNET" 7777
	serve incoming client "${HOUSE_PEER[@]}" stream "$HOUSE_PUBLIC" 7777
	wait_for 60 has_lines outgoing 3 && wait_for 60 has_lines incoming 3
}

# --- attaching -----------------------------------------------------------------------------------

attach()
{
	house_forward_on || return
	[[ $HOUSE_FORWARD == nestwg ]] || return 0
	on gw "$NESTWG" status
}

mode_in_force()
{
	local status wanted=$MODE

	lacking "have no modes" || return
	status=$(on gw "$NESTWG" status --json) || return
	if [[ $MODE == auto ]]; then
		wanted='native|tc'
		[[ $HOUSE_NIC != virtio ]] || wanted=tc
		expect "status" "$(on gw "$NESTWG" status)" 'mode: (native|tc) \((auto|driver refused)' || return
	fi
	expect "status --json" "$(tr -d ' \n\t' <<<"$status")" "\"mode\":\"($wanted)\""
}

stream_survived()
{
	local name=$1 now

	now=$(lines_of "$name")
	expect "lines so far" "$now" '^[0-9]+$' && wait_for 60 has_lines "$name" $((now + 20)) &&
		background_alive "$name"
}

incoming_stream_survived()
{
	lacking "conntrack never saw this connection's beginning and DNATs its middle" || return
	stream_survived incoming
}

new_connection_goes_home()
{
	fails peer client tcp "$HOUSE_PUBLIC" 7777 hello
}

dials_in_again()
{
	house_wan_hang_up
	house_wan_dial
	wait_for 60 handshake router "$HOUSE_WGWAN" || return
	on router "${PING[@]}" 10.0.18.1
}

gateway_reaches_router()
{
	on gw "${PING[@]}" 10.0.18.2
}

# --- from the internet to the home ---------------------------------------------------------------

web_sees_client()
{
	expect "the web server's answer" "$(url client "http://$HOUSE_PUBLIC/")" "^server $HOUSE_CLIENT$"
}

game_sees_client_tcp()
{
	expect "the game server's answer" "$(peer client tcp "$HOUSE_PUBLIC" 25565 'hi there')" \
		"^laptop $HOUSE_CLIENT [0-9]+ hi there$"
}

# game_sees_client_udp SIZE
game_sees_client_udp()
{
	expect "the game server's answer" "$(peer client udp "$HOUSE_PUBLIC" 25565 "$1")" \
		"^laptop $HOUSE_CLIENT [0-9]+ $1$"
}

phone_dials_in()
{
	house_phone_dial
	wait_for 60 handshake phone "$HOUSE_WGPHONE" || return
	# The router sees the phone's own address, behind two tunnels and a CGNAT.
	expect "endpoint at the router" "$(on router wg show "$HOUSE_WGPRIVATE" endpoints)" "$HOUSE_PHONE:[0-9]+$"
}

phone_reaches_web()
{
	expect "the web server's answer" "$(url phone http://192.168.16.10/)" '^server 192.168.17.69$'
}

# ssh_reaches FROM PORT HOST SEEN: ssh takes no host key but the one that known_hosts has for that port; the
# namespace proves it once more.
ssh_reaches()
{
	local seen

	seen=$(house_ssh "$1" "$2" "readlink /proc/self/ns/net; echo \${SSH_CONNECTION%% *}") || return
	expect_is "namespace and caller" "$seen" "$(on "$3" readlink /proc/self/ns/net)"$'\n'"$4"
}

# What makes ssh_reaches fail: the gateway's key where the house's is expected.
ssh_notices_wrong_key()
{
	local out

	out=$(house_ssh client 2222 -o HostKeyAlias="$HOUSE_PUBLIC" true 2>&1) && return 1
	expect "ssh" "$out" "verification failed"
}

ping_is_answered_by_home()
{
	local before

	before=$(pings_at_router)
	expect "TTL of the echo reply" "$(ttl_of_ping client "$HOUSE_PUBLIC")" '^62$' &&
		expect_at_least "pings that the router counted" $(($(pings_at_router) - before)) 1
}

ping_is_answered_by_gateway()
{
	local before

	before=$(pings_at_router)
	house_allow_icmp || return
	expect "TTL of the echo reply" "$(ttl_of_ping client "$HOUSE_PUBLIC")" '^63$' &&
		expect "pings that the router counted" $(($(pings_at_router) - before)) '^0$'
}

ping_goes_home_again()
{
	house_disallow_icmp && ping_is_answered_by_home
}

# --- path MTU and fragments ----------------------------------------------------------------------

ping_learns_mtu()
{
	local out

	forget_path_mtu client
	out=$(on client "${PING[@]}" -M "do" -s $((NIC_MTU - 28)) "$HOUSE_PUBLIC")
	expect "ping's answer" "$out" \
		"From $HOUSE_PUBLIC icmp_seq=1 Frag needed and DF set \(mtu = $TUNNEL_MTU\)" || return
	# What fits exactly passes.
	on client "${PING[@]}" -M "do" -s $((TUNNEL_MTU - 28)) "$HOUSE_PUBLIC"
}

tracepath_finds_mtu()
{
	forget_path_mtu client
	expect "tracepath" "$(on client timeout "$(limit 60)" tracepath -n -m 8 "$HOUSE_PUBLIC")" \
		"pmtu $TUNNEL_MTU.*Resume: pmtu $TUNNEL_MTU"
}

# A datagram of the NIC's full size that may be fragmented: what cannot enter the tunnel whole enters it in two.
big_udp_is_fragmented()
{
	capture fragments "$HOUSE_PREFIX-router" "$HOUSE_WGWAN" in 'udp and ip[6:2] & 0x3fff != 0' || return
	game_sees_client_udp $((NIC_MTU - 28)) && wait_for 20 captured_some fragments
	local rc=$?
	capture_stop fragments
	captured fragments
	((rc == 0)) && expect "fragments in the tunnel" "$(captured_count fragments)" '^2$'
}

# Fragments that fit into the tunnel as they are: nobody on the way has to take them apart again.
small_fragments_pass()
{
	local rc

	client_mtu 1280
	game_sees_client_udp 4000
	rc=$?
	client_mtu "$NIC_MTU"
	return $rc
}

mss_is_clamped()
{
	local mss=$((TUNNEL_MTU - 40)) rc

	lacking "do not clamp, path MTU discovery has to do it" || return
	capture syn "$HOUSE_PREFIX-router" "$HOUSE_WGWAN" in 'tcp[tcpflags] & tcp-syn != 0' || return
	capture synack "$HOUSE_PREFIX-client" eth0 in 'tcp[tcpflags] & tcp-syn != 0' || return
	web_sees_client && wait_for 20 captured_some syn && wait_for 20 captured_some synack
	rc=$?
	capture_stop syn
	capture_stop synack
	((rc == 0)) && expect "SYN at the router" "$(captured syn)" "mss ${mss}[],]" &&
		expect "SYN-ACK at the client" "$(captured synack)" "mss ${mss}[],]"
}

# --- the gateway's own traffic -------------------------------------------------------------------

gateway_resolves()
{
	expect "getent" "$(on gw getent ahostsv4 example.test)" "^$HOUSE_INTERNET "
}

gateway_gets_big_dns_answer()
{
	expect "DNS" "$(peer gw dns "$HOUSE_INTERNET" big.example.test)" '^4020 bytes, 15 records$'
}

# The second answer comes in fragments, which have to be known as the gateway's own.
gateway_pings()
{
	on gw "${PING[@]}" "$HOUSE_INTERNET" && on gw "${PING[@]}" -s 4000 "$HOUSE_INTERNET"
}

gateway_fetches()
{
	expect "the website's answer" "$(url gw http://example.test/)" "^internet $HOUSE_PUBLIC$" &&
		download gw "http://$HOUSE_INTERNET"
}

# The path of the gateway's own packets: ICMP errors about them are its own as well.
gateway_traces()
{
	traces "192.0.2.1 $HOUSE_CLIENT" gw -I "$HOUSE_CLIENT" &&
		peer gw refused "$HOUSE_CLIENT" 9
}

# --- errors and hops -----------------------------------------------------------------------------

# inet, the gateway (by its public address), then the router, which answers with the public address too.
traceroute_udp()
{
	traces "198.51.100.1 $HOUSE_PUBLIC $HOUSE_PUBLIC" client "$HOUSE_PUBLIC"
}

traceroute_icmp()
{
	traces "198.51.100.1 $HOUSE_PUBLIC $HOUSE_PUBLIC" client -I "$HOUSE_PUBLIC"
}

# To the web server it is one more: the router says "time exceeded" about a packet that it has DNATed.
traceroute_tcp()
{
	traces "198.51.100.1 $HOUSE_PUBLIC $HOUSE_PUBLIC $HOUSE_PUBLIC" client -T -p 80 "$HOUSE_PUBLIC"
}

traceroute_from_home()
{
	traces "192.168.16.1 (10.0.18.1|$HOUSE_PUBLIC) 192.0.2.1 $HOUSE_CLIENT" server -I "$HOUSE_CLIENT"
}

home_refuses_udp()
{
	peer client refused "$HOUSE_PUBLIC" 9
}

internet_refuses_home()
{
	peer server refused "$HOUSE_CLIENT" 9
}

# The client has hung up when the laptop answers: its "port unreachable" has to find the laptop.
late_answer_is_refused()
{
	capture unreachable "$HOUSE_PREFIX-laptop" eth0 in 'icmp[icmptype] == icmp-unreach' || return
	peer client unanswered 40404 "$HOUSE_PUBLIC" 25565
	wait_for 20 captured_some unreachable
	local rc=$?
	capture_stop unreachable
	captured unreachable
	((rc == 0)) && expect "the error at the laptop" "$(captured unreachable)" \
		"$HOUSE_CLIENT > 192.168.16.20: ICMP $HOUSE_CLIENT udp port 40404 unreachable"
}

# --- from the home to the internet ---------------------------------------------------------------

home_leaves_by_tunnel()
{
	expect "the server is seen as" "$(url server "http://$HOUSE_INTERNET/")" "^internet $HOUSE_PUBLIC$" &&
		expect "the laptop is seen as" "$(url laptop "http://$HOUSE_INTERNET/")" "^internet $HOUSE_CGNAT$" &&
		on server "${PING[@]}" "$HOUSE_INTERNET" &&
		expect "UDP is seen as" "$(peer server udp "$HOUSE_INTERNET" 7777 500)" "^internet $HOUSE_PUBLIC "
}

home_transfers_by_tunnel()
{
	download server "http://$HOUSE_INTERNET" && upload server "http://$HOUSE_INTERNET"
}

hairpin_web()
{
	lacking "know no hairpin" || return
	expect "the laptop's request" "$(url laptop "http://$HOUSE_PUBLIC/")" "^server $HOUSE_PUBLIC$" &&
		expect "the router's request" "$(url router --interface 10.0.18.2 "http://$HOUSE_PUBLIC/")" \
			"^server $HOUSE_PUBLIC$" &&
		expect "the server's own" "$(url server "http://$HOUSE_PUBLIC/")" "^server $HOUSE_PUBLIC$"
}

hairpin_file()
{
	lacking "know no hairpin" || return
	download laptop "http://$HOUSE_PUBLIC"
}

home_reaches_gateway_ssh()
{
	ssh_reaches laptop 2222 gw 10.0.18.2
}

# --- what must not pass --------------------------------------------------------------------------

# The same packets to the public address do arrive: the capture works.
spoofed_is_dropped()
{
	local rc

	lacking "forward it" || return
	must ip -n "$HOUSE_PREFIX-inet" route add 10.0.18.2/32 via "$HOUSE_PUBLIC"
	capture spoofed "$HOUSE_PREFIX-router" "$HOUSE_WGWAN" in \
		'icmp[icmptype] == icmp-echo or udp port 25565' || return
	on inet ping -n -c 3 -i 0.2 -W 1 10.0.18.2
	on inet nc -u -w 1 10.0.18.2 25565 <<<spoofed
	on client "${PING[@]}" "$HOUSE_PUBLIC" && wait_for 20 captured_some spoofed "src host $HOUSE_CLIENT"
	rc=$?
	capture_stop spoofed
	must ip -n "$HOUSE_PREFIX-inet" route del 10.0.18.2/32
	captured spoofed
	((rc == 0)) && expect "packets from the wire" "$(captured_count spoofed "not src host $HOUSE_CLIENT")" '^0$'
}

# --- checksums -----------------------------------------------------------------------------------

# WireGuard marks what it decrypts CHECKSUM_UNNECESSARY, so no program would notice a bad one: tcpdump looks. GRO would
# merge segments and leave half a checksum, hence off: at the router, and on wg0 for the way back. That way is watched
# where it leaves enp0s6; only the gateway's own packets may be unfinished there.
#
# Native XDP is not told whether a checksum is whole: half a one that is true as it stands, one in 65536 from a veth peer
# with tx offload, cannot be known (bpf/rewrite_xdp.h). A real fault comes again.
checksums_are_right()
{
	traffic_has_good_checksums && return
	[[ $HOUSE_OFFLOAD == on && $MODE == native ]] && grep -q ': 1 bad of' "$WORK/checksums" || return
	echo "once more"
	traffic_has_good_checksums
}

traffic_has_good_checksums()
{
	local rc

	on router ethtool -K "$HOUSE_WGWAN" gro off
	on gw ethtool -K "$HOUSE_WG" gro off
	capture home "$HOUSE_PREFIX-router" "$HOUSE_WGWAN" in || return
	capture back "$HOUSE_PREFIX-gw" enp0s6 out \
		'not udp port 51820 and not tcp port 2222 and not tcp port 7777' || return
	traffic_of_all_kinds
	rc=$?
	capture_stop home
	capture_stop back
	on router ethtool -K "$HOUSE_WGWAN" gro on
	on gw ethtool -K "$HOUSE_WG" gro on
	((rc == 0)) || return "$rc"
	{ no_bad_checksum home && no_bad_checksum back; } >"$WORK/checksums"
	rc=$?
	cat "$WORK/checksums"
	return "$rc"
}

traffic_of_all_kinds()
{
	peer client udp "$HOUSE_PUBLIC" 25565 0 1 33 1000 1001 1350 || return
	game_sees_client_tcp && web_sees_client && home_refuses_udp && internet_refuses_home && late_answer || return
	on client "${PING[@]}" -s 999 "$HOUSE_PUBLIC" || return
	on phone "${PING[@]}" -s 999 192.168.17.1 || return
	head -c 300000 "$WORK/file" >"$WORK/part"
	url client -T "$WORK/part" "http://$HOUSE_PUBLIC/upload" || return
	url client -o /dev/null "http://$HOUSE_PUBLIC/file/300000"
}

late_answer()
{
	peer client unanswered 40405 "$HOUSE_PUBLIC" 25565
}

no_bad_checksum()
{
	local packets bad proto

	for proto in tcp udp icmp; do
		packets=$(captured_count "$1" "$proto")
		expect_at_least "$1: $proto packets looked at" "$packets" 2 || return
	done
	bad=$(captured "$1" | grep -E 'bad (udp )?cksum|incorrect|wrong icmp cksum')
	[[ -z $bad ]] && return
	echo "$1: $(wc -l <<<"$bad") bad of $(captured_count "$1") packets:"
	head -20 <<<"$bad"
	return 1
}

# --- counters and the end ------------------------------------------------------------------------

too_big_ping()
{
	forget_path_mtu client
	fails on client "${PING[@]}" -M "do" -s $((NIC_MTU - 28)) "$HOUSE_PUBLIC"
}

spoofed_ping()
{
	ip -n "$HOUSE_PREFIX-inet" route add 10.0.18.2/32 via "$HOUSE_PUBLIC"
	on inet ping -n -c 3 -i 0.2 -W 1 10.0.18.2
	ip -n "$HOUSE_PREFIX-inet" route del 10.0.18.2/32
}

counters_move()
{
	lacking "have no such counters" || return
	moves forwarded 5 on client ping -n -c 5 -i 0.2 "$HOUSE_PUBLIC" &&
		moves home_returned 5 on client ping -n -c 5 -i 0.2 "$HOUSE_PUBLIC" &&
		moves frag_needed 1 too_big_ping &&
		moves ttl_exceeded 1 traceroute_udp &&
		moves spoofed_peer 3 spoofed_ping &&
		moves own_flow 1 gateway_pings &&
		moves home_hairpin 5 hairpin_web &&
		moves excluded 5 ssh_reaches client 2222 gw "$HOUSE_CLIENT"
}

status_names_everything()
{
	lacking "have no status" || return
	local out

	out=$(on gw "$NESTWG" status) || return
	expect status "$out" enp0s6 && expect status "$out" "$HOUSE_WG" && expect status "$out" 10.0.18.2 &&
		expect status "$out" 2222 && expect status "$out" "$TUNNEL_MTU"
}

detach()
{
	house_forward_off || return
	plain_gateway_answers || return
	[[ $HOUSE_FORWARD == nestwg ]] || return 0
	fails grep -q xdp <<<"$(on gw ip -d link show enp0s6)" &&
		expect "tc ingress" "$(on gw tc filter show dev enp0s6 ingress 2>/dev/null)" '^$' &&
		expect "tc qdisc" "$(on gw tc qdisc show dev enp0s6 | grep clsact)" '^$' &&
		expect "pins" "$(ls /sys/fs/bpf/nestwg 2>/dev/null)" '^$' &&
		on gw "$NESTWG" status
}

# --- the plan ------------------------------------------------------------------------------------

isolate "$@"
house_need
begin
ON_FAIL=house_diagnose
house_up

note "HOUSE_FORWARD=$HOUSE_FORWARD MODE=$MODE HOUSE_OFFLOAD=$HOUSE_OFFLOAD HOUSE_NIC=$HOUSE_NIC" \
	"HOUSE_WIREGUARD=$HOUSE_WIREGUARD, kernel $(uname -r)"

tap "the router dials in from behind the CGNAT" dialled_in
tap "the CGNAT lets nothing in unasked" cgnat_lets_nothing_in
tap "before attach: the gateway itself answers" plain_gateway_answers
tap "before attach: two connections of the gateway's are open" open_streams

tap "attach" attach
tap "the mode asked for is in force" mode_in_force
tap "the gateway's outgoing connection from before survives" stream_survived outgoing
tap "the gateway's incoming connection from before survives" incoming_stream_survived
tap "a new connection to that port goes to the home" new_connection_goes_home
tap "the WAN VPN, restarted, dials in again" dials_in_again
tap "the gateway reaches the router by the tunnel's own addresses" gateway_reaches_router

tap "client -> web server, which sees the client's address" web_sees_client
tap "client -> game server, TCP 25565, the same" game_sees_client_tcp
tap "client -> game server, UDP 25565, the same" game_sees_client_udp 200
tap "client -> gateway's sshd on 2222" ssh_reaches client 2222 gw "$HOUSE_CLIENT"
tap "client -> house's sshd on 22 by the same address" ssh_reaches client 22 server "$HOUSE_CLIENT"
tap "the two sshds are told apart by their host keys" ssh_notices_wrong_key
tap "the phone dials in: WireGuard in WireGuard" phone_dials_in
tap "phone -> web server at 192.168.16.10" phone_reaches_web
tap "phone: download of $HOUSE_MB MB, SHA-256" download phone http://192.168.16.10
tap "phone: upload of $HOUSE_MB MB, SHA-256" upload phone http://192.168.16.10
tap "client: download of $HOUSE_MB MB, SHA-256" download client "http://$HOUSE_PUBLIC"
tap "client: upload of $HOUSE_MB MB, SHA-256" upload client "http://$HOUSE_PUBLIC"

tap "ping is answered by the home" ping_is_answered_by_home
tap "allow icmp: ping is answered by the gateway" ping_is_answered_by_gateway
tap "disallow icmp: by the home again" ping_goes_home_again
tap "ping with DF learns the tunnel's MTU" ping_learns_mtu
tap "tracepath finds the tunnel's MTU" tracepath_finds_mtu
tap "UDP of 1500 bytes without DF is fragmented and arrives" big_udp_is_fragmented
tap "UDP of 4000 bytes in fragments larger than the tunnel, and back" game_sees_client_udp 4000
tap "UDP of 4000 bytes in fragments that fit, and back" small_fragments_pass
tap "ping of 4000 bytes in fragments, and back" on client "${PING[@]}" -s 4000 "$HOUSE_PUBLIC"
tap "MSS is clamped to the tunnel, both ways" mss_is_clamped

tap "the gateway's own DNS query" gateway_resolves
tap "the gateway's own DNS query with an answer in fragments" gateway_gets_big_dns_answer
tap "the gateway's own ping" gateway_pings
tap "the gateway's own HTTP, $HOUSE_MB MB" gateway_fetches
tap "the gateway's own traceroute and ECONNREFUSED" gateway_traces

tap "traceroute, UDP: the gateway is a hop" traceroute_udp
tap "traceroute, ICMP: the gateway is a hop" traceroute_icmp
tap "traceroute, TCP: the gateway is a hop" traceroute_tcp
tap "traceroute from the home: the gateway is a hop" traceroute_from_home
tap "closed UDP port at home: the client gets ECONNREFUSED" home_refuses_udp
tap "closed UDP port at the client: the home gets ECONNREFUSED" internet_refuses_home
tap "the client's port unreachable finds the laptop behind the DNAT" late_answer_is_refused

tap "home -> internet by the tunnel: seen as the public address" home_leaves_by_tunnel
tap "home -> internet by the tunnel: $HOUSE_MB MB there and back, SHA-256" home_transfers_by_tunnel
tap "hairpin: the home reaches its web server by the public address" hairpin_web
tap "hairpin: download of $HOUSE_MB MB, SHA-256" hairpin_file
tap "home -> gateway's sshd on 2222 by the public address" home_reaches_gateway_ssh
tap "spoofed: addressed to 10.0.18.2 on the wire, dropped" spoofed_is_dropped
tap "checksums are right on the far side, both ways" checksums_are_right
tap "both connections from before are still there" stream_survived outgoing

tap "status names interfaces, peer, MTU and exclusions" status_names_everything
tap "counters move for the reason that holds" counters_move
tap "detach: the plain gateway is back, nothing left behind" detach
finish
