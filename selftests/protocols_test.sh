#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What people run through such a gateway, by the programs that they use (house.sh draws the network):
#
#   client ── iperf3, HTTP, TLS, SCTP, rsync over SSH ──> 192.0.2.10 ──> server
#   phone ─── iperf3 (WireGuard in WireGuard) ──> 192.168.16.10
#   gw, server, client ── DNS with an answer in fragments ──> DNS server on the internet, at home
#   laptop, server ── TCP, UDP, UDP in fragments ──> 192.0.2.10 ──> server (hairpin)
#
# One run is one configuration: MODE=tc HOUSE_MTU=1280 HOUSE_OFFLOAD=on selftests/protocols_test.sh
# What house_test.sh shows already is not shown again here.

# shellcheck source-path=SCRIPTDIR
set -u
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/house.sh"
. "$(dirname "$0")/house_walk.sh"

SERVER=192.168.16.10
JUDGE=("$HOUSE_PYTHON" -IS "$HOUSE_ROOT/selftests/walk_judge.py")
MEGABYTE=1000000
# An emulated CPU encrypts some 10 Mbit/s, and each packet has to be encrypted and decrypted four times in it.
IPERF_MB=${NESTWG_VM:+2}
IPERF_MB=${IPERF_MB:-30}
UDP_RATE=${NESTWG_VM:+500k}
UDP_RATE=${UDP_RATE:-5M}
ECHO_PORT=8443			# TCP and UDP, on the server

services()
{
	serve iperf server iperf3 -s
	serve server-echo server "${HOUSE_PEER[@]}" echo server "$ECHO_PORT"
	house_dns server "$SERVER"
	tls_server server tls
	tls_server inet tls-inet
	route_port tcp 5201 "$SERVER"
	route_port udp 5201 "$SERVER"
	route_port udp 53 "$SERVER"
	route_port tcp "$ECHO_PORT" "$SERVER"
	route_port udp "$ECHO_PORT" "$SERVER"
	must wait_for 60 listening server 5201
	must wait_for 60 listening server 53
	must wait_for 60 listening server "$ECHO_PORT"
	must wait_for 60 listening server 443
	must wait_for 60 listening inet 443
}

# --- iperf3 --------------------------------------------------------------------------------------

# iperf HOST ADDRESS ARGS...: sets SENT RECEIVED LOST PACKETS.
iperf()
{
	on "$1" timeout "$(limit 60)" iperf3 -J -c "$2" --connect-timeout "$(limit 5000)" "${@:3}" >"$WORK/iperf.json"
	read -r SENT RECEIVED LOST PACKETS < <("${JUDGE[@]}" iperf "$WORK/iperf.json") || return
	echo "sent $SENT, received $RECEIVED bytes; lost $LOST of $PACKETS packets"
}

# The receiver stops when the sender says so, and leaves what is then in the buffers (-w, which the kernel doubles).
IPERF_LEAST=$((IPERF_MB * MEGABYTE - 500000))

iperf_bytes()
{
	iperf "$1" "$2" -n "$((IPERF_MB * MEGABYTE))" -w 128K "${@:3}" || return
	expect_at_least "bytes received" "$RECEIVED" "$IPERF_LEAST"
}

# iperf_both_ways HOST ADDRESS [ARG]: and all of it is in nestwg-xdp's counters.
iperf_both_ways()
{
	carries forwarded "$IPERF_LEAST" iperf_bytes "$@" && carries home_returned "$IPERF_LEAST" iperf_bytes "$@" -R
}

# The MSS is clamped, so that no segment is too large, in whatever bundles they come.
tcp_both_ways()
{
	unmoved frag_needed iperf_both_ways "$@"
}

# What sockets had to drop since they were full, wireguard-go's among them.
overflows()
{
	local host sum=0

	for host in client phone gw router server; do
		sum=$((sum + $(kernel_counter "$host" UdpRcvbufErrors)))
	done
	echo "$sum"
}

# 1100 bytes fit into the smaller private VPN. What is missing has to be what full sockets dropped; iperf3 does not
# count what was lost at the end.
iperf_udp()
{
	local before dropped

	before=$(overflows)
	iperf "$1" "$2" -u -b "$UDP_RATE" -l 1100 -t 2 "${@:3}" || return
	dropped=$(($(overflows) - before))
	expect_at_least "packets sent" "$PACKETS" 100 && expect_at_least "dropped by full sockets, of those that are lost" "$dropped" "$LOST"
}

iperf_udp_both_ways()
{
	unmoved fragment_unseen carries forwarded 110000 iperf_udp "$@" &&
		carries home_returned 110000 iperf_udp "$@" -R
}

# --- HTTP ----------------------------------------------------------------------------------------

big_download()
{
	carries home_returned $((HOUSE_MB * 1024 * 1024)) download client "http://$HOUSE_PUBLIC"
}

# --- TLS -----------------------------------------------------------------------------------------

# The last of the protocols in the ClientHello is the one that the server knows.
ALPN_LIST=$(printf '%.0sp' {1..240})
ALPN_LIST=$(for _ in {1..14}; do printf '%s,' "$ALPN_LIST"; done)the-last-one

tls_key()
{
	must openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=home.test \
		-keyout "$WORK/etc/tls.key" -out "$WORK/etc/tls.crt" 2>/dev/null
}

# tls_server HOST NAME
tls_server()
{
	[[ -e $WORK/etc/tls.key ]] || tls_key
	serve "$2" "$1" openssl s_server -accept 443 -www -alpn the-last-one -key "$WORK/etc/tls.key" \
		-cert "$WORK/etc/tls.crt"
}

# tls_reaches HOST ADDRESS
tls_reaches()
{
	local out

	out=$(printf 'GET / HTTP/1.0\r\n\r\n' | on "$1" timeout "$(limit 30)" openssl s_client -ign_eof -tls1_3 \
		-connect "$2:443" -alpn "$ALPN_LIST" -CAfile "$WORK/etc/tls.crt" -verify_return_error 2>&1)
	expect "s_client" "$out" 'ALPN protocol: the-last-one' &&
		expect "s_client" "$out" 'Verification: OK' && expect "s_client" "$out" 'HTTP/1.0 200 ok'
}

# RFC 8446: a record of a handshake (22) that starts with a ClientHello (1), said to be longer than a segment can be.
TLS_START='(tcp[12] & 0xf0) >> 2'
HELLO="tcp[$TLS_START] = 22 and tcp[($TLS_START) + 5] = 1 and tcp[($TLS_START) + 3 : 2] >"

# long_hello FROM ADDRESS TO IF: looked at on TO's IF. Its pieces are 3.4 kB in segments that fit the tunnel.
long_hello()
{
	local from=$1 address=$2 to=$3 dev=$4 segments rc

	# GRO would put together what came apart.
	on "$to" ethtool -K "$dev" gro off
	capture hello "$HOUSE_PREFIX-$to" "$dev" in 'tcp dst port 443' || return
	tls_reaches "$from" "$address" && wait_for 20 captured_some hello "$HELLO $HOUSE_MTU"
	rc=$?
	capture_stop hello
	on "$to" ethtool -K "$dev" gro on
	((rc == 0)) || return "$rc"
	segments=$(captured_count hello "ip[2:2] > $((HOUSE_MTU - 100))")
	expect_is "starts of a ClientHello longer than a segment" "$(captured_count hello "$HELLO $HOUSE_MTU")" 1 &&
		expect_at_least "full segments of it" "$segments" 2 &&
		expect_is "packets larger than the tunnel" "$(captured_count hello "ip[2:2] > $HOUSE_MTU")" 0
}

# --- DNS -----------------------------------------------------------------------------------------

# All three fragments are counted as an answer to the gateway, and none enters the tunnel.
gateway_asks()
{
	local rc reassembled

	reassembled=$(kernel_counter gw IpReasmOKs)
	capture strays "$HOUSE_PREFIX-gw" "$HOUSE_WG" out 'ip[6:2] & 0x3fff != 0' || return
	unmoved fragment_unseen unmoved forwarded_fragmented moves own_flow 3 house_big_answer gw "$HOUSE_INTERNET"
	rc=$?
	capture_stop strays
	((rc == 0)) || return "$rc"
	expect_is "answers put together" "$(kernel_counter gw IpReasmOKs)" \
		$((reassembled + 1)) &&
		expect_is "fragments in the tunnel" "$(captured_count strays)" 0
}

# The fragments are as large as the NIC's MTU: the first two have to be taken apart again.
server_asks()
{
	unmoved fragment_unseen moves forwarded_fragmented 2 house_big_answer server "$HOUSE_INTERNET"
}

client_asks()
{
	moves home_returned 3 house_big_answer client "$HOUSE_PUBLIC"
}

# --- SCTP ----------------------------------------------------------------------------------------

kernel_has_sctp()
{
	"$HOUSE_PYTHON" -IS -c 'import socket; socket.socket(socket.AF_INET, socket.SOCK_STREAM, 132)' 2>/dev/null && return
	[[ -n ${NESTWG_VM:-} ]] || skip "Linux $(uname -r) is built without SCTP (in scripts/vm it is a module)"
}

# crc_is_right CAPTURE
crc_is_right()
{
	local good bad

	read -r good bad < <("${JUDGE[@]}" sctp "$WORK/$1.pcap")
	expect_at_least "$1: SCTP packets with a true CRC32c" "$good" 20 &&
		expect_is "$1: with a false one" "$bad" 0
}

# The client begins with packets of its own link's size, and is told once. From then on none is too large, in whatever
# bundles they come. The router's netfilter makes a new CRC32c, and WireGuard has its packets believed: so look before.
sctp_both_ways()
{
	local rc

	kernel_has_sctp || return
	route_port sctp 5201 "$SERVER"
	forget_path_mtu client
	moves frag_needed 1 iperf client "$HOUSE_PUBLIC" --sctp -n 100K || return
	capture sctp-home "$HOUSE_PREFIX-router" "$HOUSE_WGWAN" in sctp || return
	capture sctp-client "$HOUSE_PREFIX-client" eth0 in sctp || return
	unmoved frag_needed iperf_both_ways client "$HOUSE_PUBLIC" --sctp
	rc=$?
	capture_stop sctp-home
	capture_stop sctp-client
	((rc == 0)) && crc_is_right sctp-home && crc_is_right sctp-client
}

# --- SSH and rsync -------------------------------------------------------------------------------

# A line each tenth of a second until the file is there. Both ends see the same files.
interactive_session()
{
	house_ssh client 2222 "i=0; until [[ -e $WORK/over ]]; do echo \$((i += 1)); sleep 0.1; done" | "${JUDGE[@]}" gaps
}

session_is_open()
{
	on client ss -Htn state established "dport = :2222" | grep -q .
}

# The rsync at the far end is started by the house's sshd. At 2 MB/s it lasts long enough for a session to stumble.
rsync_to_house()
{
	on client timeout "$(limit 120)" rsync --whole-file --checksum --bwlimit=2m \
		-e "ssh -F $WORK/etc/ssh_config -p 22" "$WORK/part" "root@$HOUSE_PUBLIC:$WORK/rsynced"
}

rsync_while_ssh()
{
	local session lines missing gap rc

	head -c "$((IPERF_MB / 5 + 1))M" "$WORK/file" >"$WORK/part"
	rm -f "$WORK/rsynced" "$WORK/over"
	interactive_session >"$WORK/session" &
	session=$!
	wait_for 30 session_is_open && carries forwarded "$(stat -c %s "$WORK/part")" rsync_to_house
	rc=$?
	touch "$WORK/over"
	wait "$session"
	((rc == 0)) || return "$rc"
	read -r lines missing gap <"$WORK/session"
	echo "session: $lines lines, $missing missing, largest gap $gap ms"
	expect_is "SHA-256 at the server" "$(sha256sum <"$WORK/rsynced")" "$(sha256sum <"$WORK/part")" &&
		expect_at_least "lines of the session" "$lines" 10 &&
		expect_is "lines missing" "$missing" 0 &&
		expect_at_least "ms that no line may be late" "$(limit 1500)" "$gap"
}

# --- hairpin -------------------------------------------------------------------------------------

# hairpin HOST: every host of the house is seen as the public address, which is what the internet would see.
hairpin()
{
	expect "TCP" "$(peer "$1" tcp "$HOUSE_PUBLIC" "$ECHO_PORT" hello)" "^server $HOUSE_PUBLIC [0-9]+ hello$" &&
		expect "UDP" "$(peer "$1" udp "$HOUSE_PUBLIC" "$ECHO_PORT" 200)" "^server $HOUSE_PUBLIC [0-9]+ 200$" &&
		expect "UDP in fragments" "$(peer "$1" udp "$HOUSE_PUBLIC" "$ECHO_PORT" 4000)" \
			"^server $HOUSE_PUBLIC [0-9]+ 4000$" &&
		expect "web" "$(url "$1" "http://$HOUSE_PUBLIC/")" "^server $HOUSE_PUBLIC$"
}

# There and back, through the tunnel both times; nothing of it reaches the internet.
hairpin_stays_inside()
{
	local rc

	capture hairpin "$HOUSE_PREFIX-inet" to-gw in "not udp port 51820 and not udp port 13131" || return
	moves home_hairpin 20 hairpin "$1"
	rc=$?
	capture_stop hairpin
	((rc == 0)) || return "$rc"
	expect_is "packets on the internet" "$(captured_count hairpin ip)" 0
}

# --- the plan ------------------------------------------------------------------------------------

isolate "$@"
house_need
need_commands iperf3 openssl rsync
begin
ON_FAIL=house_diagnose
house_walk_up
services
leaks_watch

tap "iperf3, TCP, client <-> server, $IPERF_MB MB each way" tcp_both_ways client "$HOUSE_PUBLIC"
tap "iperf3, TCP, phone <-> server, WireGuard in WireGuard" tcp_both_ways phone "$SERVER"
tap "iperf3, UDP, client <-> server, nothing lost" iperf_udp_both_ways client "$HOUSE_PUBLIC"
tap "iperf3, UDP, phone <-> server, WireGuard in WireGuard, nothing lost" iperf_udp_both_ways phone "$SERVER"
tap "HTTP, $HOUSE_MB MB, SHA-256" big_download
tap "TLS, ClientHello of several segments, client -> server" long_hello client "$HOUSE_PUBLIC" router "$HOUSE_WGWAN"
tap "TLS, ClientHello of several segments, server -> internet" long_hello server "$HOUSE_INTERNET" inet to-gw
tap "DNS, 4020 bytes: the gateway asks, its fragments stay there" gateway_asks
tap "DNS, 4020 bytes: the server at home asks" server_asks
tap "DNS, 4020 bytes: the client asks a DNS server at home" client_asks
tap "SCTP, both ways, its CRC32c true" sctp_both_ways
tap "rsync over SSH to the house, SSH to the gateway meanwhile" rsync_while_ssh
tap "hairpin from the laptop, TCP and UDP" hairpin_stays_inside laptop
tap "hairpin from the server to itself, TCP and UDP" hairpin_stays_inside server
tap "no inner address has left the gateway" leaks_none
finish
