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
need_commands socat bpftool nc
begin
house_need
gateway_up
tap "$MODE: shows a packet that is forwarded, and what that means" shows_forwarded
tap "$MODE: shows a packet that stays on the gateway" shows_excluded
tap "$MODE: --reason: only those, but counts the others" shows_spoofed
tap "$MODE: --from NETWORK" filters_source
tap "$MODE: --json: one object a line; --count ends it" json_lines
tap "$MODE: says that nothing came; --seconds ends it" says_that_nothing_came
tap "$MODE: one monitor at a time" one_at_a_time
tap "$MODE: costs nothing when it has ended" costs_nothing_afterwards
tap "$MODE: one that was killed is forgotten" survives_kill
tap "$MODE: goes on while the programs are replaced" attach_goes_on
tap "$MODE: ends when nobody reads it" into_closed_pipe
tap "$MODE: refuses nonsense" refuses_nonsense
tap "$MODE: nothing attached" not_attached
finish
