#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Do the benchmark and the pktgen scripts work? Not: is anything fast.
#
#   ┌─ far ─────────┐        ┌─ near ──────────┐
#   │ send: pktgen ─┼─ veth ─┼─> cost; tcpdump │     10.9.0.1 ── 10.9.0.2
#   └───────────────┘        └─────────────────┘

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"
isolate "$@"
begin

ROOT=$(cd "$(dirname "$0")/.." && pwd -P)
SEND=$ROOT/scripts/pktgen/send
COST=$ROOT/scripts/pktgen/cost
FAR=benchtest$$-far
NEAR=benchtest$$-near

# --- scripts/bench -------------------------------------------------------------------------------

bench()
{
	"$ROOT/scripts/bench" --place here --rounds 1 --seconds 0.1 --out "$WORK/out" "$@"
}

bench_measures()
{
	[[ -z ${NESTWG_VM:-} ]] || { skip "it needs another VM"; return; }
	bench --only udp64-1k --only reply64-1k --only flood \
		--ways "floor nestwg-native iptables arrival xdp-drop"
}

results_are_whole()
{
	[[ -z ${NESTWG_VM:-} ]] || { skip "it needs another VM"; return; }
	python3 -IS - "$WORK/out" <<-'CHECK'
		import json, sys, pathlib, xml.dom.minidom
		out = pathlib.Path(sys.argv[1])
		costs = json.loads((out / "results.json").read_text())["costs"]["here"]
		want = {"udp64-1k": {"floor", "nestwg-native", "iptables"},
		        "reply64-1k": {"floor", "nestwg-native", "iptables", "arrival"},
		        "flood": {"nestwg-native", "xdp-drop"}}
		assert {name: set(ways) for name, ways in costs.items()} == want, costs
		for ways in costs.values():
		    for way, cost in ways.items():
		        assert 10 < cost["median"] < 1000000 and cost["lost"] == 0, (way, cost)
		report = (out / "report.md").read_text()
		for name in want:
		    assert f"(here-{name}.svg)" in report, name
		    xml.dom.minidom.parse(str(out / f"here-{name}.svg"))
	CHECK
}

commands_are_timed()
{
	mkdir -p "$WORK/out"
	"$ROOT/scripts/bench.d/commands" 1 "$WORK/out" || return
	python3 -IS - "$WORK/out" <<-'CHECK'
		import json, sys, pathlib
		out = pathlib.Path(sys.argv[1])
		result = json.loads((out / "commands.json").read_text())
		assert result["binary_bytes"] < 1 << 20, result["binary_bytes"]
		assert {"attach, native", "attach, tc", "allow 8443", "iptables -A, three rules"} <= set(result["commands"])
		for name, step in result["commands"].items():
		    assert 0 < step["cpu"]["median"] and 0 < step["elapsed"]["least"] <= step["elapsed"]["most"], (name, step)
		    assert f"| {name} |" in (out / "commands.md").read_text(), name
		# CPU time, which other work on the machine does not lengthen by much.
		assert result["commands"]["allow 8443"]["cpu"]["median"] < 10, result["commands"]["allow 8443"]
	CHECK
}

# A way that does nothing must not be measured as a fast one.
idle_way_is_refused()
{
	[[ -z ${NESTWG_VM:-} ]] || { skip "it needs another VM"; return; }
	mkdir "$WORK/bin"
	ln -s /bin/true "$WORK/bin/nestwg-xdp"
	BENCH_PATH=$WORK/bin bench --only udp64-1k --ways nestwg-tc >"$WORK/idle.log" 2>&1 && return 1
	cat "$WORK/idle.log"
	grep -qE "came in, 0 arrived|packets not rewritten" "$WORK/idle.log" && grep -q "nestwg-tc: NOT MEASURED" "$WORK/idle.log"
}

# --- scripts/pktgen ------------------------------------------------------------------------------

network()
{
	netns_add "$FAR" && netns_add "$NEAR" &&
		ip -n "$FAR" link add out type veth peer name in netns "$NEAR" &&
		in_ns "$FAR" ethtool -K out tx off >/dev/null && # a NIC would complete the checksums, a veth does not
		ip -n "$FAR" address add 10.9.0.1/24 dev out && ip -n "$FAR" link set out up &&
		ip -n "$NEAR" address add 10.9.0.2/24 dev in && ip -n "$NEAR" link set in up
	NEAR_MAC=$(ip -n "$NEAR" -o link show dev in | sed -n 's/.*ether \([0-9a-f:]*\).*/\1/p')
}

# refused WORD OPTION...: exit status 2, and WORD is in what it says.
refused()
{
	local word=$1 said status

	shift
	said=$(in_ns "$FAR" "$SEND" "$@" 2>&1 </dev/null)
	status=$?
	echo "$said"
	expect_is "exit status" "$status" 2 && expect "what it says" "$said" "$word"
}

send_refuses()
{
	local to=(--dev out --dst 10.9.0.2 --dst-mac "$NEAR_MAC")

	refused "all needed" --dev out --dst 10.9.0.2 &&
		refused "all needed" --dev out --dst-mac "$NEAR_MAC" &&
		refused "all needed" --dst 10.9.0.2 --dst-mac "$NEAR_MAC" &&
		refused "broadcast" "${to[@]}" --dst-mac ff:ff:ff:ff:ff:ff &&
		refused "multicast" "${to[@]}" --dst-mac 01:00:5e:00:00:01 &&
		refused "nobody's" "${to[@]}" --dst-mac 00:00:00:00:00:00 &&
		refused "no single host" "${to[@]}" --dst 224.0.0.1 &&
		refused "not an IPv4 address" "${to[@]}" --dst 10.9.0.256 &&
		refused "own address" "${to[@]}" --dst 10.9.0.1 &&
		refused "no Ethernet" "${to[@]}" --dev lo &&
		refused "no interface" "${to[@]}" --dev nowhere &&
		refused "from 46 to 1500" "${to[@]}" --size 1501 &&
		refused "from 1 to 60000" "${to[@]}" --flows 0 &&
		refused "from 0 to" "${to[@]}" --rate fast
}

send_shows()
{
	expect "pktgen's commands" "$(in_ns "$FAR" "$SEND" --dev out --dst 10.9.0.2 --dst-mac "$NEAR_MAC" --dry-run)" \
		"dst 10.9.0.2.*udp_src_max 3000.*ratep 10000"
}

have_pktgen()
{
	[[ -d /proc/net/pktgen ]] || modprobe pktgen 2>/dev/null || skip "this kernel has no pktgen"
}

send_sends()
{
	local out

	have_pktgen || return
	capture got "$NEAR" in in udp || return
	out=$(in_ns "$FAR" "$SEND" --dev out --dst 10.9.0.2 --dst-mac "$NEAR_MAC" --packets 200 --rate 2000 --flows 50 --yes 2>&1)
	wait_for 10 captured_all 200 || return
	capture_stop got
	expect "what it says" "$out" "sent 200, errors 0" || return
	expect_is "flows" "$(captured got | grep -o '10.9.0.1\.[0-9]* > 10.9.0.2.25565' | sort -u | wc -l)" 50 || return
	expect_is "wrong checksums" "$(captured got | grep -c 'bad udp cksum')" 0
}

captured_all()
{
	expect_is packets "$(captured_count got)" "$1"
}

cost_counts()
{
	have_pktgen || return
	background flow in_ns "$FAR" "$SEND" --dev out --dst 10.9.0.2 --dst-mac "$NEAR_MAC" --packets 100000000 --rate 2000 --yes
	in_sysfs "$COST" --dev in --seconds "$(limit 2)" >"$WORK/cost.log" 2>&1
	local status=$?
	background_stop flow
	cat "$WORK/cost.log" "$WORK/flow.log"
	expect_is "exit status" "$status" 0 &&
		expect "its work" "$(<"$WORK/cost.log")" "work: [1-9][0-9]* ns a packet" &&
		expect "pktgen afterwards" "$(in_ns "$FAR" cat /proc/net/pktgen/kpktgend_0)" $'Running: *\nStopped: *\n'
}

# in_sysfs COMMAND...: in NEAR, with a /sys that shows its devices.
in_sysfs()
{
	in_ns "$NEAR" unshare --mount sh -c 'mount -t sysfs sysfs /sys && exec "$@"' sh "$@"
}

cost_refuses()
{
	local said

	said=$("$COST" --dev nowhere 2>&1) && return 1
	expect "what it says" "$said" "no interface 'nowhere'"
}

need_commands ip ethtool iptables conntrack wg tcpdump taskset python3
tap "two namespaces" network
tap "bench measures forwarding, replies and drops" bench_measures
tap "its results, report and plots are whole" results_are_whole
tap "a way that does nothing is not measured" idle_way_is_refused
tap "the times of the commands are written" commands_are_timed
tap "pktgen/send refuses what could hit others" send_refuses
tap "pktgen/send --dry-run shows what it would do" send_shows
tap "pktgen/send sends what was asked for" send_sends
tap "pktgen/cost tells a packet's cost, and send leaves pktgen empty when it is stopped" cost_counts
tap "pktgen/cost refuses an interface that is not there" cost_refuses
finish
