#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Hostile traffic, and those who go on about their business meanwhile (house.sh draws the network):
#
#   inet ── flood ──> to-gw ══ enp0s6 gw ══> home        build/flood: forged and excessive frames
#
#   client ── SSH session ──> gateway's sshd, port 2222                  excluded port
#   client ── TCP lines ──> game at home, TCP upload ──> web at home     established users
#   gw ── DNS, TCP lines, TCP download ──> internet                      the gateway's own flows
#   gw ── ping ──> router                                                the tunnel
#
# Each flood is judged by four tests: all of them went on; both transfers came whole; every frame is explained by a
# counter, the expected one; and nothing has grown. The figures are notes.
#
# Environment: house.sh's, and
#   HOSTILE_RATE     frames a second (10000; in scripts/vm 1000)
#   HOSTILE_SECONDS  how long each flood lasts (2)
#   HOSTILE_FLOWS    of the great flood, which goes as fast as it can (1000000; in scripts/vm 20000)
#   HOSTILE_ONLY     regular expression: only floods with such names, beside the great one (in scripts/vm a few)
#   HOSTILE_MS       the longest silence that is forgiven, before LIMIT_SCALE (10000)
# With HOUSE_FORWARD=iptables only the great flood is run, and its figures printed, to compare.

# shellcheck source-path=SCRIPTDIR
set -u
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/house.sh"

HOSTILE_RATE=${HOSTILE_RATE:-${NESTWG_VM:+1000}}
HOSTILE_RATE=${HOSTILE_RATE:-10000}
HOSTILE_FLOWS=${HOSTILE_FLOWS:-${NESTWG_VM:+20000}}
HOSTILE_FLOWS=${HOSTILE_FLOWS:-1000000}
HOSTILE_SECONDS=${HOSTILE_SECONDS:-2}
HOSTILE_ONLY=${HOSTILE_ONLY:-${NESTWG_VM:+SSH|later|asked|TTL}}
HOSTILE_MS=${HOSTILE_MS:-10000}
FLOOD=$HOUSE_ROOT/build/flood
PINS=/sys/fs/bpf/nestwg/enp0s6
WITNESS=("$HOUSE_PYTHON" -IS "$HOUSE_ROOT/selftests/hostile_peer.py")
WITNESSES=(ssh dns own-tcp tunnel user-tcp)
CPUS=$(getconf _NPROCESSORS_CONF)

BEGAN=0			# when the last flood began and ended
ENDED=0
ANSWERED=		# the figures of the last test of answers
# Of the transfers: bytes, and a second. They last a little longer than a flood.
BYTES=${NESTWG_VM:+150000}
BYTES=${BYTES:-1500000}
BYTES_PER_SECOND=$((BYTES / (HOSTILE_SECONDS + 1)))

# --- those who go on -----------------------------------------------------------------------------

# witness NAME HOST COMMAND...: in $WORK/NAME.log: when each exchange began, and how long it took.
witness()
{
	serve "$1" "$2" env HOSTILE_PAUSE="$WORK/pause" "${WITNESS[@]}" "${@:3}"
}

witnesses_start()
{
	witness ssh client session ssh -F "$WORK/etc/ssh_config" -p 2222 "root@$HOUSE_PUBLIC" cat
	witness dns gw dns "$HOUSE_INTERNET" example.test
	witness own-tcp gw lines "$HOUSE_INTERNET" 7777
	witness tunnel gw ping 10.0.18.2
	witness user-tcp client lines "$HOUSE_PUBLIC" 25565
}

has_begun()
{
	(($(wc -l <"$WORK/$1.log") >= 3))
}

witnesses_began()
{
	local name

	for name in "${WITNESSES[@]}"; do
		wait_for 60 has_begun "$name" || return
	done
}

# since NAME [WHEN]: "exchanges worst" of those that ended since then, or since the flood began.
since()
{
	awk -v began="${2:-$BEGAN}" '$1 * 1000 + $2 >= began * 1000 { n++; if ($2 > worst) worst = $2 }
		END { printf "%d %d\n", n, worst }' "$WORK/$1.log"
}

has_gone_on()
{
	local n worst

	read -r n worst < <(since "$1" "$2")
	echo "$1: $n exchanges, the longest $worst ms"
	((n >= 5))
}

# all_go_on NAME...
all_go_on()
{
	local name n worst rc=0

	for name; do
		read -r n worst < <(since "$name")
		background_alive "$name" || { echo "$name has ended: $(tail -n 1 "$WORK/$name.log")"; rc=1; }
		expect_at_least "$name: exchanges" "$n" 3 || rc=1
		expect "$name: worst wait of $worst ms is below $(limit "$HOSTILE_MS")" \
			"$((worst < $(limit "$HOSTILE_MS")))" 1 || rc=1
	done
	wait_for 1 handshake router "$HOUSE_WGWAN" && return "$rc"
}

waits()
{
	local name n worst

	for name in "${WITNESSES[@]}"; do
		read -r n worst < <(since "$name")
		printf '%s %s (%s x)  ' "$name" "$worst" "$n"
	done
}

# --- transfers -----------------------------------------------------------------------------------

transfers_start()
{
	serve upload client curl -sS --fail --max-time "$(limit 60)" --limit-rate "$BYTES_PER_SECOND" \
		-T "$WORK/part" "http://$HOUSE_PUBLIC/upload"
	serve download gw curl -sS --fail --max-time "$(limit 60)" --limit-rate "$BYTES_PER_SECOND" \
		-o "$WORK/downloaded" "http://$HOUSE_INTERNET/file/$BYTES"
	sleep 0.5
}

transfers_end()
{
	wait_for 60 fails background_alive upload
	wait_for 60 fails background_alive download
}

transfers_are_whole()
{
	expect_is "SHA-256 of the user's upload" "$(<"$WORK/upload.log")  -" "$(sha256sum <"$WORK/part")" &&
		expect_is "SHA-256 of the gateway's own download" "$(sha256sum <"$WORK/downloaded")" \
			"$(sha256sum <"$WORK/part")"
}

# --- figures -------------------------------------------------------------------------------------

counters()
{
	on gw "$NESTWG" stats | awk 'NR > 2 { print $1, $2 }'
}

# device HOST IF FIELD: of /proc/net/dev. Received: 2 bytes, 3 packets, 5 drop; sent: 11 packets, 13 drop.
device()
{
	on "$1" cat /proc/net/dev | awk -v dev="$2:" -v field="$3" '$1 == dev { print $field }'
}

# snapshot NAME: all figures, into $WORK/NAME.*, with the traffic at rest.
snapshot()
{
	local i

	touch "$WORK/pause"
	for ((i = 0; i < 30; i++)); do
		sleep 0.2
		counters >"$WORK/$1.counters"
		device gw enp0s6 3 >"$WORK/$1.received"
		device inet to-gw 13 >"$WORK/$1.dropped"
		counters | cmp -s "$WORK/$1.counters" && break
	done
	own_flows >"$WORK/$1.flows"
	memory >"$WORK/$1.memory"
	maps_memory >"$WORK/$1.maps"
	rm "$WORK/pause"
	((i < 30)) || echo "the counters never came to rest"
}

# moved FILE: how far the number in it went from the one snapshot to the other.
moved()
{
	echo $(($(<"$WORK/after.$1") - $(<"$WORK/before.$1")))
}

# reasons: "name difference" of what came from the wire and has moved.
reasons()
{
	join <(sort "$WORK/before.counters") <(sort "$WORK/after.counters") |
		awk '$1 !~ /^home_/ && $3 != $2 { print $1, $3 - $2 }'
}

own_flows()
{
	on gw "$NESTWG" status --json | awk -F'[:,]' '/"own_flows"/ { print $2 + 0 }'
}

map_entries()
{
	bpftool map dump pinned "$PINS/$1" | grep -c '"key"'
}

# What the maps take, by the kernel's own account.
maps_memory()
{
	local map

	for map in "$PINS"/*; do
		bpftool map show pinned "$map" 2>/dev/null
	done | sed -n 's/.*memlock \([0-9]*\)B.*/\1/p' | awk '{ sum += $1 } END { print sum }'
}

memory()
{
	awk '/^(MemAvailable|Slab|Percpu):/ { printf "%s %.1f MB  ", $1, $2 / 1024 }' /proc/meminfo
}

# Bytes of fragments that wait for the rest in the gateway's stack.
reassembly()
{
	on gw cat /proc/net/sockstat | awk '/^FRAG:/ { print $5 }'
}

# Entries of a namespace's own connection tracking table.
tracked()
{
	on "$1" cat /proc/sys/net/netfilter/nf_conntrack_count 2>/dev/null || echo 0
}

# --- a flood -------------------------------------------------------------------------------------

flood()
{
	on inet "$FLOOD" to-gw "$NIC_MAC" "$@"
}

# flooded KIND SETTING...
flooded()
{
	snapshot before || return
	BEGAN=$EPOCHREALTIME
	transfers_start
	flood "$@" >"$WORK/flood" || return
	transfers_end || return
	sleep 0.3
	ENDED=$EPOCHREALTIME
	snapshot after
}

sent()
{
	awk '{ print $2 }' "$WORK/flood"
}

# every_frame_is_explained REASON...: what the NIC received is the sum of the reasons, and the flood is REASON...;
# no other reason moved but those of the people who went on.
every_frame_is_explained()
{
	local name n sum=0 expected=0 delivered strange=0

	while read -r name n; do
		((sum += n))
		case " $* " in
		*" $name "*) ((expected += n)) ;;
		*) [[ " excluded own_flow own_icmp_error forwarded not_ipv4 " == *" $name "* ]] || ((strange += n)) ;;
		esac
	done < <(reasons)
	delivered=$(($(sent) - $(moved dropped)))
	reasons
	echo "sent $(sent), dropped before the NIC $(moved dropped), received $(moved received), sum $sum"
	expect_is "sum over the reasons" "$sum" "$(moved received)" &&
		expect_at_least "counted as $*" "$expected" "$delivered" &&
		expect_at_least "what is left for the others" $((sum - expected)) 1 &&
		expect_is "for other reasons" "$strange" 0 || return
	# Nobody but the flood has these reasons.
	[[ " $* " == *" forwarded "* || " $* " == *" excluded "* ]] ||
		expect_at_least "sent, of what was counted as $*" "$(sent)" "$expected"
}

# A DNS query is a flow of its own; a few more for the transfers. The flood entered none.
nothing_grew()
{
	local queries worst

	read -r queries worst < <(since dns)
	echo "$queries queries, the longest of $worst ms"
	expect_at_least "own flows that may be new (queries and 8), less those that are" \
		$((queries + 8 - $(moved flows))) 0 &&
		expect_at_least "own flows that fit, less those that are there" $((65536 - $(own_flows))) 0 &&
		expect_at_least "fragments that fit, less those that are there" \
			$((16384 - $(map_entries fragments))) 0 &&
		expect_is "memory of the maps" "$(<"$WORK/after.maps")" "$(<"$WORK/before.maps")" &&
		expect_at_least "fragments that wait in the gateway's stack: bytes that are left" \
			$(($(on gw sysctl -n net.ipv4.ipfrag_high_thresh) + 65536 - $(reassembly))) 0 &&
		expect_at_least "tracked connections of the gateway, room up to 1000" $((1000 - $(tracked gw))) 0
}

figures()
{
	note "  $(<"$WORK/flood"); dropped before the NIC: $(moved dropped)"
	note "  $(reasons | tr '\n' ' ')"
	note "  own flows $(<"$WORK/before.flows") -> $(<"$WORK/after.flows"), fragments $(map_entries fragments)," \
		"waiting in the stack $(($(reassembly) / 1024)) kB, maps $(($(<"$WORK/after.maps") / 1024)) kB"
	note "  memory before: $(<"$WORK/before.memory") after: $(<"$WORK/after.memory")"
	note "  worst wait, ms: $(waits)"
}

# under_flood TEXT REASONS KIND SETTING...: a flood and its tests.
under_flood()
{
	local text=$1 reasons=$2

	shift 2
	[[ -z $HOSTILE_ONLY || $text =~ $HOSTILE_ONLY ]] || return 0
	tap "$text: sent" flooded "$@" rate="$HOSTILE_RATE" count=$((HOSTILE_RATE * HOSTILE_SECONDS))
	tap "$text: SSH, DNS, TCP, the tunnel and the users go on" all_go_on "${WITNESSES[@]}"
	tap "$text: a user's upload and the gateway's download come whole" transfers_are_whole
	# shellcheck disable=SC2086 # the words
	tap "$text: every frame is explained ($reasons)" every_frame_is_explained $reasons
	tap "$text: no flow was entered, the maps are bounded" nothing_grew
	figures
}

# --- answers -------------------------------------------------------------------------------------

icmp_received()
{
	on client nstat -asz "$1" | awk -v name="$1" '$1 == name { print $2 }'
}

# answers_are_limited MIB KIND: what the owner of a spoofed source gets to hear, by his own kernel's counter.
answers_are_limited()
{
	local mib=$1 kind=$2 before got ms most rate=$HOSTILE_RATE

	((rate >= 5000)) || rate=5000
	before=$(icmp_received "$mib")
	flood "$kind" from="$HOUSE_CLIENT" rate="$rate" count=$((rate * HOSTILE_SECONDS)) >"$WORK/flood" || return
	sleep 0.3
	got=$(($(icmp_received "$mib") - before))
	ms=$(awk '{ print int($5 * 1000) }' "$WORK/flood")
	# A burst of 50, 1000 a second, for each CPU; and a clock that ticks every 10 ms at worst.
	most=$((CPUS * (50 + 10 + ms)))
	ANSWERED="$got answers in $ms ms to $(sent) packets, at most $most"
	echo "$ANSWERED"
	expect_at_least "answers" "$got" 50 && expect_at_least "limited" $(($(sent) - got)) 1 &&
		expect_at_least "answers that were allowed, less those that came" $((most - got)) 0
}

gateway_is_a_hop()
{
	on client traceroute -n -q 1 -w "$(limit 2)" -f 2 -m 2 "$HOUSE_PUBLIC" | grep -q "^ 2  $HOUSE_PUBLIC "
}

limiter_recovers()
{
	wait_for 10 gateway_is_a_hop
}

# The kernel's "port unreachable" about an excluded port, while our own answers are used up.
kernel_answers_itself()
{
	serve background-ttl inet "$FLOOD" to-gw "$NIC_MAC" ttl rate="$HOSTILE_RATE" \
		count=$((HOSTILE_RATE * HOSTILE_SECONDS))
	on client "${HOUSE_PEER[@]}" refused "$HOUSE_PUBLIC" 9999
	local rc=$?
	wait_for 20 fails background_alive background-ttl
	return "$rc"
}

client_mtu()
{
	must ip -n "$HOUSE_PREFIX-client" link set eth0 mtu "$1"
	must ip -n "$HOUSE_PREFIX-inet" link set to-client mtu "$1"
}

big_datagram()
{
	timeout "$(limit 2)" nsenter --net="/run/netns/$HOUSE_PREFIX-client" \
		"${HOUSE_PEER[@]}" udp "$HOUSE_PUBLIC" 25565 4000
}

# Datagrams of 4000 bytes there and back, again and again, between fragments that never become whole. One may be
# lost, as any packet, in the full queues before the tunnel.
honest_fragments_pass()
{
	local came=0 lost=0 seconds=$((HOSTILE_SECONDS * (LIMIT_SCALE > 1 ? 8 : 2))) start=$SECONDS

	client_mtu 1280
	serve fragments inet "$FLOOD" to-gw "$NIC_MAC" "$1" rate=$((HOSTILE_RATE / 2)) flows=1000000 \
		count=$((HOSTILE_RATE * seconds * 3 / 2))
	# As long as it takes to fill the map, and on a busy machine longer.
	while background_alive fragments && ((SECONDS - start < seconds || came < lost + 3)); do
		if big_datagram; then
			((++came))
		else
			((++lost))
		fi
	done
	background_stop fragments
	client_mtu 1500
	echo "$came came whole, $lost lost"
	expect_at_least "datagrams that came whole" "$came" $((lost + 3))
}

# --- forged errors about what exists -------------------------------------------------------------

path_mtu()
{
	on "$1" ip -o route get "$2" | sed -n 's/.* mtu \(lock \)\?\([0-9]*\).*/\2/p'
}

# Somebody who knows a connection's addresses and ports, but no sequence number, says that its packets are too big.
# The kernel judges it as it does without us: by tcp_v4_err(), which wants a number within the window.
forged_mtu_is_refused()
{
	local ports

	ports=$(on gw ss -Htn dst "$HOUSE_INTERNET:7777" | awk '{ sub(/.*:/, "", $4); print $4; exit }')
	on inet "${WITNESS[@]}" forge 6 "$HOUSE_PUBLIC" "$ports" "$HOUSE_INTERNET" 7777 || return
	ports=$(on client ss -Htn dst "$HOUSE_PUBLIC:25565" | awk '{ sub(/.*:/, "", $4); print $4; exit }')
	on inet "${WITNESS[@]}" forge 6 "$HOUSE_PUBLIC" 25565 "$HOUSE_CLIENT" "$ports" || return
	sleep 0.5
	expect_is "the gateway's path MTU" "$(path_mtu gw "$HOUSE_INTERNET")" "" &&
		expect_is "the laptop's path MTU" "$(path_mtu laptop "$HOUSE_CLIENT")" "" &&
		expect_at_least "errors that the gateway's TCP found out of its window" \
			"$(on gw nstat -asz TcpExtOutOfWindowIcmps | awk '/Window/ { print $2 }')" 1
}

# The same about the tunnel's outer packets: UDP has no sequence number, and WireGuard's socket is connected to nobody,
# so the kernel believes it, with nestwg-xdp or without. net.ipv4.route.min_pmtu (552) is as far as it goes.
forged_mtu_does_not_stop_the_tunnel()
{
	local from=$EPOCHREALTIME port

	port=$(on gw wg show "$HOUSE_WG" endpoints | sed 's/.*://')
	on inet "${WITNESS[@]}" forge 17 "$HOUSE_PUBLIC" 51820 "$HOUSE_CGNAT" "$port" || return
	sleep 0.5
	wait_for 30 has_gone_on tunnel "$from" &&
		expect_is "path MTU to the router" "$(path_mtu gw "$HOUSE_CGNAT")" 552
	local rc=$?
	on gw ip route flush cache
	return "$rc"
}

# --- the great flood -----------------------------------------------------------------------------

great_flood()
{
	BEGAN=$EPOCHREALTIME
	flood udp-flows count="$HOSTILE_FLOWS" flows="$HOSTILE_FLOWS" >"$WORK/flood"
	local rc=$?
	ENDED=$EPOCHREALTIME
	return "$rc"
}

great_figures()
{
	note "  $(<"$WORK/flood")"
	note "  of $(cat /proc/sys/net/netfilter/nf_conntrack_max) connections the gateway tracks $(tracked gw)"
	note "  memory: $(memory)"
	note "  worst wait, ms: $(waits)"
}

# All frames that no queue before the NIC dropped were judged, and found to be the home's.
great_flood_is_explained()
{
	snapshot after
	every_frame_is_explained forwarded
}

# After the great flood everybody is served again, those who waited too.
all_recover()
{
	local name

	for name in "${WITNESSES[@]}"; do
		wait_for 90 has_gone_on "$name" "$ENDED" && background_alive "$name" || return
	done
}

new_connections_work()
{
	expect "web at home" "$(on client curl -sS --max-time "$(limit 60)" "http://$HOUSE_PUBLIC/")" "^server " &&
		expect_is "SSH" "$(house_ssh client 2222 echo alive)" alive
}

# --- set-up --------------------------------------------------------------------------------------

# What is tried here is the gateway: the boxes behind it get room for what it lets through.
make_room_at_home()
{
	local box

	for box in router laptop; do
		must on "$box" sysctl -qw net.ipv4.ipfrag_high_thresh=268435456 net.ipv4.ipfrag_time=5
	done
	must on router sysctl -qw net.netfilter.nf_conntrack_udp_timeout=2 \
		net.netfilter.nf_conntrack_tcp_timeout_syn_sent=2 net.netfilter.nf_conntrack_tcp_timeout_syn_recv=2
	# Nobody lives where the flood says that it comes from.
	must ip -n "$HOUSE_PREFIX-inet" route add blackhole 198.18.0.0/15
	head -c "$BYTES" "$WORK/file" >"$WORK/part"
}

floods()
{
	under_flood "SYNs to SSH" excluded syn port=2222 flows=1000000
	under_flood "UDP to a closed excluded port" excluded udp-flows port=9999 flows=1000000
	under_flood "SYNs to the web server" forwarded syn port=80 flows=1000000
	under_flood "UDP of many flows" forwarded udp-flows flows=1000000
	under_flood "later fragments" fragment_unseen later-fragments flows=1000000
	under_flood "first fragments" forwarded first-fragments flows=1000000
	under_flood "spoofed sources" spoofed_source spoofed
	under_flood "to the home's tunnel address" spoofed_peer to-peer
	under_flood "ICMP errors about nothing" icmp_unrelated icmp-errors flows=1000000
	under_flood "ICMP errors about no flow" forwarded icmp-errors-home flows=1000000
	under_flood "answers that nobody asked for" "forwarded own_flow" own-flow-probe flows=1000000
	under_flood "TTL 1" "ttl_exceeded answer_limited" ttl flows=1000000
	under_flood "too big" "frag_needed answer_limited" too-big flows=1000000
	under_flood "malformed" malformed malformed
	must house_allow_icmp
	under_flood "pings to the gateway" excluded ping flows=1000000
	must house_disallow_icmp
}

answers()
{
	tap "TTL 1 with a victim's source: he gets no more than the limit" \
		answers_are_limited IcmpInTimeExcds ttl
	note "  $ANSWERED"
	tap "the limiter recovers: the gateway is a hop again" limiter_recovers
	tap "too big, with a victim's source: he gets no more than the limit" \
		answers_are_limited IcmpInDestUnreachs too-big
	note "  $ANSWERED"
	tap "an excluded port's 'port unreachable' is the kernel's, limiter or not" kernel_answers_itself
	tap "honest fragments pass between first ones that never become whole" honest_fragments_pass first-fragments
	tap "honest fragments pass between later ones that never become whole" honest_fragments_pass later-fragments
	tap "a forged 'fragmentation needed' for a connection that exists" forged_mtu_is_refused
	tap "a forged 'fragmentation needed' for the tunnel" forged_mtu_does_not_stop_the_tunnel
}

isolate "$@"
begin
house_need
need_commands bpftool nstat traceroute getconf
[[ -x $FLOOD ]] || skip_all "$FLOOD is not built (make build/flood)"
house_up
NIC_MAC=$(on gw ip -o link show enp0s6 | sed 's/.*link\/ether \([0-9a-f:]*\).*/\1/')
[[ $HOUSE_FORWARD != nestwg ]] || ON_FAIL=house_diagnose
must wait_for 60 handshake router "$HOUSE_WGWAN"
must house_forward_on
[[ $HOUSE_FORWARD != nestwg ]] || must on gw "$NESTWG" allow 9999/udp
make_room_at_home
# tc counts bundles, the NIC frames.
[[ $MODE == native ]] || must on gw ethtool -K enp0s6 gro off
witnesses_start
tap "an SSH session, DNS, TCP, the tunnel and a user are there" witnesses_began

if [[ $HOUSE_FORWARD == iptables ]]; then
	tap "the great flood of $HOSTILE_FLOWS flows, with the seed's rules" great_flood
	great_figures
	finish
	exit
fi
floods
answers
snapshot before
tap "the great flood of $HOSTILE_FLOWS flows is sent" great_flood
great_figures
tap "the great flood: SSH, DNS, TCP, the tunnel and the users are served as before it" all_recover
# Not those in the tunnel: what goes into it is more than it takes, and loses packets with all that queue there.
tap "the great flood: SSH and the gateway's own flows did not have to wait" all_go_on ssh dns own-tcp
tap "the great flood: every frame is explained" great_flood_is_explained
tap "the great flood: no flow was entered, the maps are bounded" nothing_grew
figures
tap "the great flood: new connections work" new_connections_work
finish
