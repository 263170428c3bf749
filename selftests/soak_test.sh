#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The house (house.sh draws it) with all of its traffic at once, while attach, allow and disallow run in a loop:
#
#   client ── TCP ── server :443            client ── ssh ── gateway :2222, server :22
#   phone ── TCP in WireGuard in WireGuard ── server :443
#   server ── TCP ── internet :5201         gateway ── TCP ── internet :5201
#   client ── TCP, opened before attach ── gateway :7777
#   client ── numbered UDP ── laptop :25500, gateway :9999; ping from client, phone, gateway, server
#   again and again: DNS and HTTP of the gateway, HTTP from client, phone and server
#
# Not one connection, byte, datagram or ping may be lost, and nothing of the kernel's memory: what attach loads is charged
# to a control group of its own (memcg.sh), and every BPF program that uses our maps has an id that can be counted.
#
# Environment: SOAK_SECONDS (60), PER_SECOND numbered datagrams (100; in scripts/vm 20)

# shellcheck source-path=SCRIPTDIR
set -u
HERE=$(cd "$(dirname "$0")" && pwd -P)
. "$HERE/lib.sh"
. "$HERE/house.sh"
. "$HERE/memcg.sh"

SOAK_SECONDS=${SOAK_SECONDS:-60}
PER_SECOND=${PER_SECOND:-${NESTWG_VM:+20}}
PER_SECOND=${PER_SECOND:-100}
SEQUENCE=("$HOUSE_PYTHON" -IS "$HERE/udp_sequence.py")
PEER=("$HOUSE_PYTHON" -IS "$HERE/soak_peer.py")
PINS=/sys/fs/bpf/nestwg/enp0s6
TALKS=(client-server phone-server server-internet gateway-internet)
PINGS=(client phone gw server)
# Larger ones would overflow the sockets of a userspace WireGuard, and numbered UDP would suffer.
FILE_BYTES=200000
# Of 1000 attaches, each of which leaves 1 kB behind.
LEAK_BYTES=$((1 << 20))
# A kernel's messages that must not come.
WARNING='WARNING: |BUG: |Oops|Call Trace|general protection fault|refcount_t: |soft lockup|detected stalls?|self-detected stall|blocked for more'

nestwg()
{
	in_memcg nsenter --net="/run/netns/$HOUSE_PREFIX-gw" -- "$NESTWG" "$@"
}

# --- the traffic ---------------------------------------------------------------------------------

talk()
{
	serve "talk-$1" "$2" "${PEER[@]}" talk "$3" "$4"
	wait_for 30 log_has "talk-$1" talking
}

ssh_count()
{
	serve "ssh-$1" client ssh -F "$WORK/etc/ssh_config" -n -p "$1" "root@$HOUSE_PUBLIC" \
		"n=0; while :; do n=\$((n + 1)); echo \$n; sleep 0.3; done"
	wait_for 60 has_lines "ssh-$1" 2
}

# has_lines NAME N: lines numbered from 1, and N of them are there.
has_lines()
{
	[[ $(tail -n 1 "$WORK/$1.log") =~ ^[0-9]+$ ]] && (($(tail -n 1 "$WORK/$1.log") >= $2))
}

route_laptop_port()
{
	must on router iptables -t nat -A PREROUTING -i "$HOUSE_WGWAN" -p udp --dport 25500 -j DNAT \
		--to-destination 192.168.16.20
}

# Opened while the gateway is still a plain one.
old_connection()
{
	serve stream-7777 client "${HOUSE_PEER[@]}" stream "$HOUSE_PUBLIC" 7777
	wait_for 60 has_lines stream-7777 2
}

start_servers()
{
	serve soak-home server "${PEER[@]}" serve 443
	serve soak-internet inet "${PEER[@]}" serve 5201
	serve sink-laptop laptop "${SEQUENCE[@]}" receive 25500 "$WORK/laptop.sum"
	serve sink-gw gw "${SEQUENCE[@]}" receive 9999 "$WORK/gw.sum"
	for name in soak-home soak-internet sink-laptop sink-gw; do
		wait_for 20 log_has "$name" ready || return
	done
}

start_traffic()
{
	start_servers || return
	talk client-server client "$HOUSE_PUBLIC" 443 && talk phone-server phone 192.168.16.10 443 &&
		talk server-internet server "$HOUSE_INTERNET" 5201 &&
		talk gateway-internet gw "$HOUSE_INTERNET" 5201 || return
	ssh_count 2222 && ssh_count 22 || return
	start_ping client "$HOUSE_PUBLIC"
	start_ping phone 192.168.17.1
	start_ping gw "$HOUSE_INTERNET"
	start_ping server "$HOUSE_INTERNET"
	mapfile -t OVERFLOWS < <(overflows)
	serve udp-laptop client "${SEQUENCE[@]}" send "$HOUSE_PUBLIC" 25500 "$PER_SECOND" "$SOAK_SECONDS"
	serve udp-gw client "${SEQUENCE[@]}" send "$HOUSE_PUBLIC" 9999 "$PER_SECOND" "$SOAK_SECONDS"
	short_connections &
}

start_ping()
{
	serve "ping-$1" "$1" ping -n -i "0.$((LIMIT_SCALE > 1 ? 9 : 3))" "$2"
}

url()
{
	on "$1" curl -sS --fail --max-time "$(limit 30)" "$2"
}

short_round()
{
	house_big_answer gw "$HOUSE_INTERNET" &&
		[[ $(on gw getent ahostsv4 example.test) == "$HOUSE_INTERNET "* ]] &&
		[[ $(url gw http://example.test/) == "internet $HOUSE_PUBLIC" ]] &&
		[[ $(url client "http://$HOUSE_PUBLIC/") == "server $HOUSE_CLIENT" ]] &&
		[[ $(url phone http://192.168.16.10/) == "server 192.168.17.69" ]] &&
		[[ $(url server "http://$HOUSE_INTERNET/") == "internet $HOUSE_PUBLIC" ]] &&
		[[ $(url client "http://$HOUSE_PUBLIC/file/$FILE_BYTES" | sha256sum) == "$FILE_SUM" ]]
}

short_connections()
{
	local good=0 bad=0

	while [[ -e $WORK/soaking ]]; do
		if short_round 2>>"$WORK/short.errors"; then
			((++good))
		else
			((++bad))
			echo "round $((good + bad)) failed" >>"$WORK/short.errors"
		fi
		echo "$good $bad" >"$WORK/short.sum"
		sleep 1
	done
}

# --- the changes ---------------------------------------------------------------------------------

# change COMMAND...: counts it, and what it says if it fails.
change()
{
	((++CHANGES[$1]))
	nestwg "$@" >"$WORK/change.log" 2>&1 && return
	echo "$SECONDS s: nestwg-xdp $*: $(<"$WORK/change.log")" >>"$WORK/changes.failed"
}

no_problem()
{
	nestwg status >"$WORK/status.log" 2>&1
	! grep PROBLEM "$WORK/status.log" >>"$WORK/changes.failed"
}

change_round()
{
	local mode

	for mode in native tc generic auto; do
		change attach enp0s6 --mode "$mode"
		change allow 8443 60000-61000/udp gre
		no_problem
		change attach enp0s6
		change disallow 8443 60000-61000/udp gre
		change allow 60500/udp
		change attach enp0s6 --allow 8444
		change disallow 60500/udp 8444
		sleep 0.5
	done
}

# --- what is held --------------------------------------------------------------------------------

# Ids of the pinned maps, and how many programs and links use them.
bpf_held()
{
	bpftool -j prog show >"$WORK/progs.json"
	bpftool -j link show >"$WORK/links.json"
	for map in "$PINS"/*; do
		[[ $map == */link_* ]] || bpftool -j map show pinned "$map"
	done >"$WORK/maps.json"
	"$HOUSE_PYTHON" -c '
import json, sys
progs, links = (json.load(open(sys.argv[i])) for i in (1, 2))
maps = {json.loads(line)["id"] for line in open(sys.argv[3])}
ours = {p["id"] for p in progs if maps & set(p.get("map_ids", []))}
print("maps", *sorted(maps), "programs", len(ours), "links", sum(l.get("prog_id") in ours for l in links))
' "$WORK"/{progs,links,maps}.json
}

# Programs are freed some moments after they are replaced.
settled()
{
	bpf_held >"$WORK/held.now"
	expect "held" "$(<"$WORK/held.now")" 'programs 4 '
}

meminfo()
{
	awk '$1 ~ /^(MemAvailable|Slab|Percpu):/ { printf "%s %d kB  ", $1, $2 }' /proc/meminfo
}

# Caches, too, are charged to the group: have them dropped first.
memory_held()
{
	{ echo 0 >"$MEMCG/memory.force_empty" || echo 256M >"$MEMCG/memory.reclaim"; } 2>/dev/null
	sleep 1
	memcg_kernel_bytes
}

overflows()
{
	echo $(($(udp_counter router UdpRcvbufErrors) + $(udp_counter laptop UdpRcvbufErrors)))
	udp_counter gw UdpRcvbufErrors
}

udp_counter()
{
	on "$1" nstat -asz "$2" | awk -v name="$2" '$1 == name { print $2 }'
}

# --- the verdicts --------------------------------------------------------------------------------

soak()
{
	local end=$((SECONDS + SOAK_SECONDS))

	touch "$WORK/soaking"
	change_round
	change attach enp0s6 --mode native
	wait_for 20 settled || return
	HELD_BEFORE=$(<"$WORK/held.now")
	MEMORY_BEFORE=$(memory_held)
	MEMINFO_BEFORE=$(meminfo)
	start_traffic || return
	while ((SECONDS < end)); do
		change_round
	done
	change attach enp0s6 --mode native
	rm "$WORK/soaking"
	wait
}

changes_worked()
{
	echo "attach ${CHANGES[attach]}, allow ${CHANGES[allow]}, disallow ${CHANGES[disallow]} times"
	[[ ! -s $WORK/changes.failed ]] || cat "$WORK/changes.failed"
	expect_at_least "attaches" "${CHANGES[attach]}" 8 && [[ ! -s $WORK/changes.failed ]]
}

talk_was_whole()
{
	local last

	background_alive "talk-$1" || echo "it had ended by itself"
	background_stop "talk-$1"
	last=$(tail -n 1 "$WORK/talk-$1.log")
	echo "$last"
	expect "talk $1" "$last" '^whole: sent [0-9]{5,}, received [0-9]{5,} '
}

servers_noticed_nothing()
{
	expect_is "what the servers say" "$(cat "$WORK"/soak-{home,internet}.log)" ready$'\n'ready
}

# Each line is one more than the one before, and they still come.
lines_were_whole()
{
	local name=$1 now

	now=$(tail -n 1 "$WORK/$name.log")
	echo "$now lines"
	wait_for 60 has_lines "$name" $((now + 3)) && background_alive "$name" || return
	background_stop "$name"
	awk '$1 != NR { print "line", NR, "is", $0; exit 1 }' <(head -n "$now" "$WORK/$name.log")
}

# stream SINK OVERFLOWS: the sums of numbered UDP. What is missing has to be among what full sockets dropped, which is little:
# the files are small enough.
udp_was_whole()
{
	local sink=$1 overflows=$2 sent received distinct

	wait_for 60 fails background_alive "udp-$sink" || return
	sleep 1
	background_stop "sink-$sink"
	sent=$(<"$WORK/udp-$sink.log")
	read -r received distinct <"$WORK/$sink.sum"
	echo "sent $sent, received $received, distinct $distinct, lost in full sockets $overflows"
	expect_at_least "sent" "$sent" $((PER_SECOND * SOAK_SECONDS / 2)) &&
		expect_is "distinct" "$distinct" "$received" &&
		expect_at_least "received, and lost in full sockets" "$((received + overflows))" "$sent"
}

# The last one may be on its way.
ping_was_whole()
{
	local sums sent answered

	background_stop "ping-$1" INT
	sums=$(grep 'packets transmitted' "$WORK/ping-$1.log")
	echo "$sums"
	# "N packets transmitted, N received, ..."
	read -r sent _ _ answered _ <<<"$sums"
	expect_at_least "pings" "$sent" $((SOAK_SECONDS / 2)) &&
		expect_at_least "answers" "$answered" $((sent - 1)) &&
		fails grep -E 'DUP|From ' "$WORK/ping-$1.log"
}

short_ones_worked()
{
	local good bad

	read -r good bad <"$WORK/short.sum"
	echo "$good rounds of seven requests"
	[[ ! -s $WORK/short.errors ]] || cat "$WORK/short.errors"
	expect_is "rounds that failed" "$bad" 0 && expect_at_least "rounds" "$good" $((SOAK_SECONDS / LIMIT_SCALE / 10))
}

kernel_was_silent()
{
	local now

	dmesg >"$WORK/dmesg.after" || skip "no kernel log here" || return
	now=$(comm -13 <(sort "$WORK/dmesg.before") <(sort "$WORK/dmesg.after") | grep -E "$WARNING")
	expect_is "warnings" "$now" ""
}

nothing_more_is_held()
{
	wait_for 20 settled || return
	cat "$WORK/held.now"
	expect_is "maps, programs, links" "$(<"$WORK/held.now")" "$HELD_BEFORE"
}

memory_is_flat()
{
	local after grown

	after=$(memory_held)
	grown=$((after - MEMORY_BEFORE))
	echo "kernel memory of what attach made: before $MEMORY_BEFORE, after $after: $grown bytes more"
	echo "the whole machine, before: $MEMINFO_BEFORE"
	echo "the whole machine, after:  $(meminfo)"
	((grown <= LEAK_BYTES))
}

isolate "$@"
begin
HOUSE_FORWARD=nestwg
house_need
need_commands bpftool dmesg nstat sha256sum
ON_FAIL=house_diagnose
declare -A CHANGES=([attach]=0 [allow]=0 [disallow]=0)
memcg_make "soak$$" || skip_all "no memory control group can be made"
dmesg >"$WORK/dmesg.before" 2>/dev/null
house_up
FILE_SUM=$(head -c "$FILE_BYTES" "$WORK/file" | sha256sum)
must old_connection
must nestwg attach enp0s6 --wg "$HOUSE_WG" --mode native --allow 9999/udp >/dev/null
must wait_for 60 handshake router "$HOUSE_WGWAN"
route_laptop_port
house_phone_dial
must wait_for 60 handshake phone "$HOUSE_WGPHONE"

tap "$SOAK_SECONDS s of all kinds of traffic and changes" soak
tap "each attach, allow and disallow worked, and status found no problem" changes_worked
for name in "${TALKS[@]}"; do
	tap "TCP $name: one connection, each byte" talk_was_whole "$name"
done
tap "the other ends of these say the same" servers_noticed_nothing
for name in ssh-2222 ssh-22 stream-7777; do
	tap "$name: one connection, each line" lines_were_whole "$name"
done
mapfile -t now < <(overflows)
tap "numbered UDP to the laptop" udp_was_whole laptop $((now[0] - OVERFLOWS[0]))
tap "numbered UDP to an excluded port of the gateway" udp_was_whole gw $((now[1] - OVERFLOWS[1]))
for name in "${PINGS[@]}"; do
	tap "ping from $name" ping_was_whole "$name"
done
tap "short connections: DNS in fragments, HTTP, a file's SHA-256" short_ones_worked
tap "no kernel warning" kernel_was_silent
tap "as many maps, programs and links as before" nothing_more_is_held
tap "memory is flat" memory_is_flat
tap "detach" nestwg detach enp0s6
finish
