#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A second attach, again and again, while packets flow (house.sh draws the network):
#
#   client ── numbered UDP ──> 192.0.2.10:25500 ──> laptop     each must arrive there once
#   client ── numbered UDP ──> 192.0.2.10:9999 (excluded) ──> gateway     and these there
#
# Each attach replaces the programs, some change the mode. None may lose, double or misdeliver a packet. A busy
# machine may keep wireguard-go or a sink from emptying its socket in time: the kernel counts what it drops there
# (UdpRcvbufErrors), and what is missing has to be exactly that.

set -u

HERE=$(cd "$(dirname "$0")" && pwd -P)
# shellcheck source=lib.sh
. "$HERE/lib.sh"
# shellcheck source=house.sh
. "$HERE/house.sh"

SEQUENCE=("$HOUSE_PYTHON" -IS "$HERE/udp_sequence.py")
PER_SECOND=${PER_SECOND:-500}

attach_as()
{
	on gw "$NESTWG" attach enp0s6 --mode "$1"
}

# Attach in each of the modes given, over and over, while a sender named in $1 runs.
attach_meanwhile()
{
	local sender=$1 mode rounds=0

	shift
	while background_alive "$sender"; do
		for mode; do
			attach_as "$mode" || return
			((++rounds))
		done
	done
	echo "$rounds" >"$WORK/rounds"
}

# udp_counter HOST NAME
udp_counter()
{
	on "$1" nstat -asz "$2" | awk -v name="$2" '$1 == name { print $2 }'
}

# What sockets had to drop on the way to the laptop, and on the gateway.
overflows()
{
	echo $(($(udp_counter router UdpRcvbufErrors) + $(udp_counter laptop UdpRcvbufErrors)))
	udp_counter gw UdpRcvbufErrors
}

# judge SINK SENT OVERFLOWS: the sums of one stream.
judge()
{
	local sink=$1 sent=$2 overflows=$3 received distinct

	read -r received distinct <"$WORK/$sink"
	echo "$sink: sent $sent, received $received, distinct $distinct, lost in full sockets $overflows"
	expect_at_least "sent to $sink" "$sent" "$PER_SECOND" &&
		expect_is "distinct at $sink" "$distinct" "$received" &&
		expect_is "received by $sink, and lost in full sockets" "$((received + overflows))" "$sent"
}

# flow_through MODES...: both streams, meanwhile attach in these modes; then the sums.
flow_through()
{
	local strayed before after

	strayed=$(udp_counter gw UdpNoPorts)
	mapfile -t before < <(overflows)
	serve to-home-sink laptop "${SEQUENCE[@]}" receive 25500 "$WORK/home"
	serve to-gw-sink gw "${SEQUENCE[@]}" receive 9999 "$WORK/gateway"
	wait_for 20 log_has to-home-sink ready || return
	wait_for 20 log_has to-gw-sink ready || return
	serve to-home client "${SEQUENCE[@]}" send "$HOUSE_PUBLIC" 25500 "$PER_SECOND" 6
	serve to-gw client "${SEQUENCE[@]}" send "$HOUSE_PUBLIC" 9999 "$PER_SECOND" 6
	attach_meanwhile to-home "$@" || return
	wait_for 20 fails background_alive to-gw || return
	sleep 0.5
	background_stop to-home-sink
	background_stop to-gw-sink
	mapfile -t after < <(overflows)

	echo "attached $(<"$WORK/rounds") times"
	expect_at_least "attaches" "$(<"$WORK/rounds")" "$#" &&
		judge home "$(<"$WORK/to-home.log")" $((after[0] - before[0])) &&
		judge gateway "$(<"$WORK/to-gw.log")" $((after[1] - before[1])) &&
		expect_is "forwarded packets that strayed to the gateway" "$(udp_counter gw UdpNoPorts)" "$strayed"
}

route_laptop_port()
{
	must on router iptables -t nat -A PREROUTING -i "$HOUSE_WGWAN" -p udp --dport 25500 -j DNAT \
		--to-destination 192.168.16.20
}

kept()
{
	local json

	json=$(on gw "$NESTWG" status --json)
	expect "exclusions" "$json" '9999/udp' && expect "exclusions" "$json" '2222/tcp'
}

forwarded()
{
	on gw "$NESTWG" stats --json | "$HOUSE_PYTHON" -c '
import json, sys
print(json.load(sys.stdin)[0]["counters"]["forwarded"]["packets"])'
}

counters_go_on()
{
	local before after

	before=$(forwarded)
	attach_as auto || return
	after=$(forwarded)
	expect_at_least "forwarded, before" "$before" 1 &&
		expect_at_least "forwarded, after another attach" "$after" "$before"
}

# A TCP connection that lasts through everything: the house's SSH.
ssh_session()
{
	expect_is "SSH to the house, meanwhile" "$(house_ssh client 22 echo alive)" alive
}

isolate "$@"
begin
HOUSE_FORWARD=nestwg
house_need
need_commands nstat ss
house_up
must on gw "$NESTWG" attach enp0s6 --wg "$HOUSE_WG" --mode native --allow 9999/udp
must wait_for 40 handshake router "$HOUSE_WGWAN"
route_laptop_port

tap "the same mode, again and again: native" flow_through native
tap "the same mode, again and again: tc" eval 'attach_as tc && flow_through tc'
tap "the same mode, again and again: generic" eval 'attach_as generic && flow_through generic'
tap "from mode to mode" flow_through native tc generic native generic tc
tap "exclusions are kept" kept
tap "counters go on" counters_go_on
tap "the house is reached as before" ssh_session
finish
