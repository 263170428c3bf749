#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# `nestwg-xdp monitor`: what it says of packets that arrive and of those that do not.
#
#   inet 192.0.2.1 ─── enp0s6 192.0.2.10 gw    wgmon0 10.0.18.1, one peer 10.0.18.2 that nobody is

set -u

HERE=$(cd "$(dirname "$0")" && pwd -P)
# shellcheck source=lib.sh
. "$HERE/lib.sh"
HOUSE_WG=wgmon0
# shellcheck source=house.sh
. "$HERE/house.sh"

nestwg()
{
	on gw "$NESTWG" "$@"
}

gateway_up()
{
	must netns_add "$HOUSE_PREFIX-gw" net.ipv4.ip_forward=1
	must netns_add "$HOUSE_PREFIX-inet"
	house_gateway_link
	addresses inet <<<"to-gw 192.0.2.1/24"
	addresses gw <<<"enp0s6 192.0.2.10/24 192.0.2.1"
	must wireguard_interface gw wgmon0
	must on gw wg set wgmon0 private-key <(wg genkey) listen-port 51820 \
		peer "$(wg genkey | wg pubkey)" allowed-ips 10.0.18.2/32
	must ip -n "$HOUSE_PREFIX-gw" link set wgmon0 mtu 1420 up
	must ip -n "$HOUSE_PREFIX-gw" address add 10.0.18.1/30 dev wgmon0
	must nestwg attach enp0s6 --mode "$MODE" --allow 2222 >"$WORK/attach.log"
}

# udp PORT [SOURCE]: one datagram from the internet.
udp()
{
	on inet socat -u - "UDP4-SENDTO:192.0.2.10:$1${2:+,bind=$2}" <<<hello
}

# is_watched: do the programs show packets now?
is_watched()
{
	nestwg_map watcher | grep -qE '"on": 1|^key.*value: 01'
}

nestwg_map()
{
	bpftool map dump pinned "/sys/fs/bpf/nestwg/enp0s6/$1"
}

# watch ARGS...: begin to watch; `watched` ends it and prints what it said.
watch()
{
	background monitor in_ns "$HOUSE_PREFIX-gw" "$NESTWG" monitor "$@"
	wait_for 10 is_watched
}

watched()
{
	background_stop monitor INT || return
	cat "$WORK/monitor.log"
}

said()
{
	expect "monitor" "$(<"$WORK/monitor.log")" "$1"
}

shows_forwarded()
{
	watch --port 25565 || return
	udp 25565
	wait_for 10 log_has monitor "25565" && watched &&
		said "# forwarded: sent to the home" &&
		said " wire udp 192\.0\.2\.1:[0-9]+ > 192\.0\.2\.10:25565 DF ttl 64 len 48 forwarded \(tunnel\)" &&
		said "enp0s6: 1 shown; while watching: .*1 forwarded"
}

shows_excluded()
{
	watch --port 2222 || return
	on inet nc -z -w 1 192.0.2.10 2222
	wait_for 10 log_has monitor "SYN" && watched &&
		said " tcp 192\.0\.2\.1:[0-9]+ > 192\.0\.2\.10:2222 SYN DF ttl 64 len [0-9]+ excluded \(stack\)"
}

shows_spoofed()
{
	must ip -n "$HOUSE_PREFIX-inet" address add 10.0.18.2/32 dev to-gw
	watch --reason spoofed || return
	udp 25565
	udp 25565 10.0.18.2
	wait_for 10 log_has monitor "10.0.18.2" && watched &&
		said "10\.0\.18\.2:[0-9]+ > 192\.0\.2\.10:25565 .* spoofed_source \(drop\)" &&
		said "enp0s6: 1 shown; while watching: 1 forwarded, 1 spoofed_source"
}

filters_source()
{
	watch --from 10.0.0.0/8 --proto udp || return
	udp 1001
	udp 1002 10.0.18.2
	wait_for 10 log_has monitor ":1002" && watched && fails log_has monitor ":1001"
}

json_lines()
{
	watch --json --proto udp --count 2 || return
	udp 1003
	udp 2222
	wait_for 10 fails background_alive monitor || return
	cat "$WORK/monitor.log"
	grep '^{' "$WORK/monitor.log" | "$HOUSE_PYTHON" -c '
import json, sys
events = [json.loads(line) for line in sys.stdin]
assert len(events) == 2, events
assert [e["destination_port"] for e in events] == [1003, 2222], events
for e in events:
    assert (e["reason"], e["verdict"], e["from"]) == ("forwarded", "tunnel", "wire"), e
    assert (e["source"], e["protocol"], e["ttl"]) == ("192.0.2.1", 17, 64), e
    assert e["time"][10] == "T" and e["interface"] == "enp0s6", e'
}

# mac HOST IF
mac()
{
	ip -n "$HOUSE_PREFIX-$1" -br link show "$2" | awk '{ print $3 }'
}

# One frame of each kind: of IPv4 with ports, without, in fragments, and of what is not IPv4, once in a VLAN.
frames()
{
	on inet "$HOUSE_PYTHON" -c '
import socket, struct, sys
ours, theirs = (bytes.fromhex(mac.replace(":", "")) for mac in sys.argv[1:])
def checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    total = (total & 0xffff) + (total >> 16)
    return ~(total + (total >> 16)) & 0xffff
def ip(protocol, payload, fragment=0):
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 77, fragment, 64, protocol, 0,
        socket.inet_aton("192.0.2.1"), socket.inet_aton("192.0.2.10"))
    return header[:10] + struct.pack("!H", checksum(header)) + header[12:] + payload
def icmp(*kind):
    text = bytes(kind) + bytes(34)
    return text[:2] + struct.pack("!H", checksum(text)) + text[4:]
udp = struct.pack("!HHHH", 1000, 2000, 1488, 0)
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
wire.bind(("to-gw", 0))
def send(kind, payload):
    wire.send(theirs + ours + struct.pack("!H", kind) + payload + bytes(max(0, 46 - len(payload))))
for protocol in 33, 132, 136:
    send(0x0800, ip(protocol, struct.pack("!HH", 1000, 2000) + bytes(36)))
send(0x0800, ip(6, struct.pack("!HHIIBBHHH", 1000, 2000, 1, 0, 0x50, 0x29, 100, 0, 0)))
for kind in (8, 0), (3, 1), (13, 0):
    send(0x0800, ip(1, icmp(*kind)))
for protocol in 47, 253:
    send(0x0800, ip(protocol, bytes(40)))
send(0x0800, ip(17, udp + bytes(1472), 0x2000))
send(0x0800, ip(17, bytes(8), 1480 // 8))
send(0x0806, bytes(28))
send(0x86dd, bytes([0x60]) + bytes(39))
send(0x8100, struct.pack("!HH", 5, 0x0800) + ip(17, udp + bytes(20)))
send(0x88b5, bytes(46))' "$(mac inet to-gw)" "$(mac gw enp0s6)"
}

names_each_kind()
{
	local ends="192\.0\.2\.1 > 192\.0\.2\.10" ports="192\.0\.2\.1:1000 > 192\.0\.2\.10:2000" line

	watch && frames && wait_for 10 log_has monitor 0x88b5 && watched || return
	for line in "dccp $ports ttl 64" "sctp $ports ttl 64" "udplite $ports ttl 64" "tcp $ports FIN,PSH,URG ttl 64" \
		"icmp $ends echo request ttl 64" "icmp $ends destination unreachable ttl 64" "icmp $ends type 13 code 0 ttl 64" \
		"gre $ends ttl 64" "protocol 253 $ends ttl 64" "udp $ports fragment 77@0\+ ttl 64" \
		"udp $ends fragment 77@1480 ttl 64" ARP IPv6 "VLAN( udp $ports ttl 64)?" "ethertype 0x88b5"; do
		said " wire $line len [0-9]+ [a-z0-9_]+ \([a-z]+\)" || return
	done
}

filters_protocol()
{
	local protocol shown

	for protocol in "tcp tcp" "gre gre" "253 protocol.253"; do
		shown=${protocol#* }
		watch --proto "${protocol% *}" --sample 1 && frames && wait_for 10 log_has monitor " $shown " && sleep 0.5 &&
			watched && said "enp0s6: 1 shown" || return
	done
}

# A version that did not have it left these pins: attach says what to do, and that works.
map_missing()
{
	local map text

	for map in watcher events; do
		rm "/sys/fs/bpf/nestwg/enp0s6/$map" || return
		text=$(nestwg monitor --seconds 5 enp0s6 2>&1)
		expect_is "exit status" "$?" 1 &&
			expect "the message" "$text" "cannot open its map .$map.: No such file.*an upgrade makes it: nestwg-xdp attach enp0s6$" &&
			nestwg attach enp0s6 --mode "$MODE" >/dev/null && watch --port 1008 && udp 1008 &&
			wait_for 10 log_has monitor ":1008" && watched || return
	done
}

json_of_each_kind()
{
	watch --json && frames && wait_for 10 log_has monitor $((0x88b5)) && watched || return
	grep '^{' "$WORK/monitor.log" | "$HOUSE_PYTHON" -c '
import json, sys
events = [json.loads(line) for line in sys.stdin]
def one(**wanted):
    found = [e for e in events if wanted.items() <= e.items()]
    assert len(found) == 1, (wanted, found)
    return found[0]
ends = {"ethertype": 0x0800, "source": "192.0.2.1", "destination": "192.0.2.10", "ttl": 64, "df": False}
ports = {**ends, "source_port": 1000, "destination_port": 2000}
one(**ports, protocol=6, tcp_flags="FIN,PSH,URG", more_fragments=False)
one(**ports, protocol=132, fragment_offset=0)
one(**ports, protocol=17, fragment_offset=0, more_fragments=True)
assert "source_port" not in one(**ends, protocol=17, fragment_offset=1480, more_fragments=False)
for kind, code in (8, 0), (3, 1), (13, 0):
    assert "source_port" not in one(**ends, protocol=1, icmp_type=kind, icmp_code=code)
assert "icmp_type" not in one(**ends, protocol=47)
for ethertype in 0x86dd, 0x88b5:
    assert "source" not in one(ethertype=ethertype)'
}

# What does not come is said too: SYNs that never arrive are a cloud firewall's work.
says_that_nothing_came()
{
	local text

	text=$(nestwg monitor --port 25 --seconds 1 2>&1) &&
		expect "monitor" "$text" "^enp0s6: 0 shown; while watching: (no packet at all|[0-9]+ not_ipv4)$"
}

one_at_a_time()
{
	local text

	watch || return
	text=$(nestwg monitor --seconds 1 2>&1)
	expect_is "exit status" "$?" 1 && expect "the message" "$text" "another monitor watches it; .*fuser"
	watched
}

costs_nothing_afterwards()
{
	watch || return
	watched && fails is_watched
}

# One that was killed is forgotten by the programs themselves.
survives_kill()
{
	watch || return
	background_stop monitor KILL
	is_watched || return
	sleep 4
	udp 1004
	wait_for 5 fails is_watched && watch --port 1005 || return
	udp 1005
	wait_for 10 log_has monitor ":1005" && watched && fails log_has monitor ":1004"
}

attach_goes_on()
{
	watch --port 1006 || return
	nestwg attach enp0s6 --mode "$MODE" >/dev/null || return
	udp 1006
	wait_for 10 log_has monitor ":1006" && watched
}

into_closed_pipe()
{
	local status

	# shellcheck disable=SC2016 # for the inner shell
	on gw timeout 20 bash -c '"$0" monitor --seconds 10 2>/dev/null | true; echo "${PIPESTATUS[0]}"' "$NESTWG" \
		>"$WORK/pipe" &
	wait_for 10 is_watched || return
	udp 1007
	wait "$!"
	status=$(<"$WORK/pipe")
	# 141: SIGPIPE
	expect "exit status" "$status" "^(1|141)$"
}

refused()
{
	local regex=$1 status=$2 text

	shift 2
	text=$(nestwg monitor "$@" 2>&1)
	expect_is "exit status" "$?" "$status" && expect "the message" "$text" "^nestwg-xdp: .*$regex"
}

refuses_nonsense()
{
	local text

	text=$(as_nobody monitor 2>&1)
	expect_is "exit status, not root" "$?" 1 && expect "the message" "$text" "run as root" || return
	refused "--port '0'.*1 to 65535" 2 --port 0 &&
		refused "--port 'x'" 2 --port x &&
		refused "--proto 'tpc'" 2 --proto tpc &&
		refused "--from '198.51.100.7/33'" 2 --from 198.51.100.7/33 &&
		refused "--to ''" 2 --to '' &&
		refused "--reason 'nix'.*stats" 2 --reason nix &&
		refused "--reason ''" 2 --reason '' &&
		refused "--sample '0'" 2 --sample 0 &&
		refused "unexpected argument 'b'" 2 a b &&
		refused "no option --prot" 2 --protocoll &&
		refused "eth7: .*not attached" 1 eth7
}

not_attached()
{
	nestwg detach enp0s6 >/dev/null && refused "not attached to any interface" 1
}

[[ $MODE != auto ]] || MODE=native
isolate "$@"
need_commands socat bpftool nc setpriv
begin
house_need
gateway_up
tap "$MODE: shows a packet that is forwarded, and what that means" shows_forwarded
tap "$MODE: shows a packet that stays on the gateway" shows_excluded
tap "$MODE: --reason: only those, but counts the others" shows_spoofed
tap "$MODE: --from NETWORK" filters_source
tap "$MODE: --json: one object a line; --count ends it" json_lines
tap "$MODE: names each kind of packet" names_each_kind
tap "$MODE: --proto" filters_protocol
tap "$MODE: --json of each kind" json_of_each_kind
tap "$MODE: says that nothing came; --seconds ends it" says_that_nothing_came
tap "$MODE: one monitor at a time" one_at_a_time
tap "$MODE: costs nothing when it has ended" costs_nothing_afterwards
tap "$MODE: one that was killed is forgotten" survives_kill
tap "$MODE: goes on while the programs are replaced" attach_goes_on
tap "$MODE: a map is missing: attach makes it" map_missing
tap "$MODE: ends when nobody reads it" into_closed_pipe
tap "$MODE: refuses nonsense" refuses_nonsense
tap "$MODE: nothing attached" not_attached
finish
