#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What goes wrong: the command is killed, calls fail, things vanish and change under a gateway that forwards.
#
#   inet 192.0.2.1 ─── enp0s6 192.0.2.10 gw     echo "gw":   UDP 7000, TCP 2222 (excluded: it stands for SSH)
#    │                                   └───── wgfgw  10.0.18.1, UDP 51820
#    └── 203.0.113.1 ─── eth0 .2 home ───────── wgfhome 10.0.18.2, dials 192.0.2.10:51820
#                                               echo "home": UDP 7000
#
# Two judges, neither of them nestwg-xdp: fault_truth.py compares `status` with what runs, fault_probe.py sees who gets a
# packet. Whatever happens: TCP 2222 is the gateway's; UDP 7000 is the home's if forwarding is on, the gateway's if not, or nobody's.
#
# A call in which the command is killed is not made. Every FAULT_STEPth (1, in scripts/vm 20) of the calls that change something is
# hit, and of the others, between which nothing changes, every FAULT_STRIDEth (149, in scripts/vm none). FAULT_ALL=1: all of both.
# Upgrades and clsact, which differ little, are hit at every third of these. FAULT_ONLY=REGEX: only the tests of that name.

# shellcheck source-path=SCRIPTDIR
set -u
HERE=$(cd "$(dirname "$0")" && pwd -P)
. "$HERE/lib.sh"
HOUSE_WG=wgfgw
. "$HERE/house.sh"
. "$HERE/memcg.sh"
. "$HERE/one_thread.sh"

FAULT_STRIDE=${FAULT_STRIDE:-${NESTWG_VM:+9999}}
FAULT_STRIDE=${FAULT_STRIDE:-149}
FAULT_STEP=${FAULT_STEP:-${NESTWG_VM:+20}}
FAULT_STEP=${FAULT_STEP:-1}
FAULT_SPARSE=3
[[ -z ${FAULT_ALL:-} ]] || FAULT_STRIDE=1 FAULT_STEP=1 FAULT_SPARSE=1
ROUNDS=${ROUNDS:-${NESTWG_VM:+2}}
ROUNDS=${ROUNDS:-20}
PINS=/sys/fs/bpf/nestwg
HOME_WG=wgfhome
ATTACH=(attach enp0s6 --wg "$HOUSE_WG" --allow 2222 --no-ssh)

nestwg()
{
	on gw "$NESTWG" "$@"
}

# --- the network ---------------------------------------------------------------------------------

# tunnel HOST IF ADDRESS SETTING...
tunnel()
{
	local host=$1 dev=$2 address=$3

	must wireguard_interface "$host" "$dev"
	must on "$host" wg set "$dev" private-key "$WORK/etc/$host.key" "${@:4}"
	must ip -n "$HOUSE_PREFIX-$host" address add "$address" dev "$dev"
	must ip -n "$HOUSE_PREFIX-$host" link set "$dev" mtu 1420 up
}

gateway_tunnel()
{
	tunnel gw "$HOUSE_WG" 10.0.18.1/30 listen-port 51820 peer "$(<"$WORK/etc/home.pub")" allowed-ips 10.0.18.2/32
}

home_tunnel()
{
	tunnel home "$HOME_WG" 10.0.18.2/30 peer "$(<"$WORK/etc/gw.pub")" allowed-ips 0.0.0.0/0 \
		endpoint "$HOUSE_PUBLIC:51820" persistent-keepalive 25
	must ip -n "$HOUSE_PREFIX-home" route add default dev "$HOME_WG" table 18
	must ip -n "$HOUSE_PREFIX-home" rule add pref 120 from 10.0.18.0/23 lookup 18
}

keys()
{
	local host

	mkdir "$WORK/etc"
	umask 077
	for host in gw home; do
		wg genkey >"$WORK/etc/$host.key"
		wg pubkey <"$WORK/etc/$host.key" >"$WORK/etc/$host.pub"
	done
	umask 022
}

network_up()
{
	local host

	for host in inet gw home; do
		must netns_add "$HOUSE_PREFIX-$host" net.ipv4.ip_forward=1
	done
	house_gateway_link
	cable home eth0 inet to-home
	addresses inet <<<$'to-gw 192.0.2.1/24\nto-home 203.0.113.1/24'
	addresses gw <<<"enp0s6 $HOUSE_PUBLIC/24 192.0.2.1"
	addresses home <<<"eth0 203.0.113.2/24 203.0.113.1"
	house_offload inet to-gw
	keys
	gateway_tunnel
	home_tunnel
	serve gw-7000 gw "${HOUSE_PEER[@]}" echo gw 7000
	serve gw-2222 gw "${HOUSE_PEER[@]}" echo gw 2222
	serve home-7000 home "${HOUSE_PEER[@]}" echo home 7000 10.0.18.2
	must wait_for 60 listening gw 7000
	must wait_for 60 listening gw 2222
	must wait_for 60 listening home 7000
	must wait_for 60 on gw ping -q -c 1 -W 1 10.0.18.2
}

# --- the judges ----------------------------------------------------------------------------------

truth()
{
	on gw "$HOUSE_PYTHON" -IS "$HERE/fault_truth.py" "$NESTWG" "${1:-enp0s6}" "$HOUSE_WG"
}

fate()
{
	on inet "$HOUSE_PYTHON" -IS "$HERE/fault_probe.py" "${1:-$HOUSE_PUBLIC}" 2222 7000
}

# state WANTED-TRUTH WANTED-FATE
state()
{
	expect "what runs and what status says" "$(truth)" "^($1)\$" && expect "who gets packets" "$(fate)" "^($2)\$"
}

forwards()
{
	state clean "gw home"
}

nothing_left()
{
	expect_is "pins" "$(find "$PINS" 2>/dev/null)" "" &&
		expect_is "clsact" "$(on gw tc qdisc show | grep clsact)" "" && state none "gw gw"
}

attached()
{
	nestwg "${ATTACH[@]}" "$@" >"$WORK/attach.log" 2>&1 || { cat "$WORK/attach.log"; return 1; }
}

detached()
{
	nestwg detach enp0s6 >"$WORK/detach.log" 2>&1 || { cat "$WORK/detach.log"; return 1; }
}

# says REGEX: some problem in status.
says()
{
	expect "status" "$(nestwg status 2>&1)" "PROBLEM: [^"$'\n'"]*$1"
}

# refused REGEX ARGS...: exit status 1, and why.
refused()
{
	local regex=$1 text status

	shift
	text=$(nestwg "$@" 2>&1)
	status=$?
	echo "nestwg-xdp $*: $text"
	expect_is "exit status" "$status" 1 && expect "the message" "$text" "^nestwg-xdp: .*$regex"
}

# --- killed --------------------------------------------------------------------------------------

# points [CALL]: the calls of the last traced command, or only those: lines of "CALL N", its Nth. What only reads, or makes a file descriptor that goes with
# the process, is sampled.
points()
{
	awk -v stride="$FAULT_STRIDE" -v step="$FAULT_STEP" -v only="${1:-}" '
	match($0, /^[a-z0-9_]+\(/) {
		name = substr($0, 1, RLENGTH - 1)
		n[name]++
		changes = name ~ /^(mkdir|unlink|unlinkat|rmdir|rename|flock|exit_group|clock_nanosleep|write)$/ ||
			/^mmap.*MAP_SHARED/ || (name == "sendto" && /NLM_F_(CREATE|REPLACE|EXCL)|RTM_(NEW|DEL)/) ||
			/^bpf\(BPF_(OBJ_PIN|MAP_UPDATE_ELEM|MAP_DELETE_ELEM|LINK_|PROG_ATTACH|PROG_DETACH)/ ||
			/^bpf\(0x(1c|1d|22)/
		if (name == "execve" || (only && name != only))
			next
		if (/^bpf\(BPF_LINK_GET/ || / = -1 E/)
			changes = 0
		if (changes ? c++ % step == 0 || name == "exit_group" : ++r % stride == 0)
			print name, n[name]
	}' "$WORK/calls"
}

attach_has_threads()
{
	find_threads "${ATTACH[@]}" --mode native && detached
}

# traced COMMAND...: what calls does it make? It must work.
traced()
{
	in_one_thread -o "$WORK/calls" -- "$@" >/dev/null
}

# injected CALL FAULT ARGS...
injected()
{
	in_one_thread -o /dev/null -e trace="$1,clone3" -e inject="$1:$2" -- "${@:3}"
}

# killed_at CALL N ARGS...
killed_at()
{
	((++HIT))
	if injected "$1" "signal=KILL:when=$2" "${@:3}" >/dev/null 2>&1; then
		((++MISSED))
	fi
}

# sparsely COMMAND...: with fewer points.
sparsely()
{
	local FAULT_STEP=$((FAULT_STEP * FAULT_SPARSE)) FAULT_STRIDE=$((FAULT_STRIDE * FAULT_SPARSE))

	"$@"
}

# each_kill BEFORE FATES AFTER ARGS...: BEFORE and AFTER are commands that bring about the state before, and mend what there is after.
each_kill()
{
	local before=$1 fates=$2 after=$3 call n

	shift 3
	HIT=0 MISSED=0
	$before && traced "$@" || return
	points >"$WORK/points"
	while read -r call n; do
		$before || return
		killed_at "$call" "$n" "$@"
		if ! state "clean|half|none" "gw ($fates)" || ! $after; then
			echo "that was after: nestwg-xdp $*, killed at its $call number $n"
			nestwg status
			return 1
		fi
	done <"$WORK/points"
	echo "killed $HIT times; $MISSED times it had ended before"
	expect_at_least "kills" $((HIT - MISSED)) $((HIT * 3 / 4))
}

plain()
{
	[[ ! -e $PINS/enp0s6 ]] || detached
}

# What is there may be anything: attach mends it, detach removes it.
mends_and_leaves_nothing()
{
	attached && forwards && detached && nothing_left
}

mends()
{
	attached && forwards
}

native()
{
	attached --mode native
}

tc_mode()
{
	attached --mode tc
}

native_is_forwarding()
{
	[[ -e $PINS/enp0s6/link_ingress ]] || native
}

# Every other time by detach alone.
detach_or_attach_mends()
{
	if ((HIT % 2)); then
		mends
	else
		detached || expect "detach" "$(<"$WORK/detach.log")" "not attached" || return
		nothing_left
	fi
}

first_attach_killed()
{
	each_kill plain "gw|home|none" mends_and_leaves_nothing "${ATTACH[@]}" --mode native
}

upgrade_killed()
{
	each_kill native_is_forwarding "home" mends attach enp0s6
}

mode_change_killed()
{
	each_kill native "home" true attach enp0s6 --mode tc && each_kill tc_mode "home" true attach enp0s6 --mode native
}

detach_killed()
{
	each_kill attached "gw|home|none" detach_or_attach_mends detach enp0s6
}

allow_killed()
{
	each_kill native_is_forwarding home true allow 8443 9000-9100/udp &&
		each_kill native_is_forwarding home true disallow 8443 9000-9100/udp && forwards
}

# --- failing -------------------------------------------------------------------------------------

pinned()
{
	find "$PINS" 2>/dev/null
}

# fails_at CALL ERRNO: for each call that changes something, a first attach that says why it failed, and leaves nothing.
fails_at()
{
	local call=$1 errno=$2 n text status

	traced "${ATTACH[@]}" --mode native && detached || return
	points "$call" >"$WORK/points"
	while read -r _ n; do
		text=$(injected "$call" "error=$errno:when=$n" "${ATTACH[@]}" --mode native 2>&1 >/dev/null)
		status=$?
		if ((status == 0)); then
			forwards && detached && continue
		elif expect "the message" "$text" "^nestwg-xdp: " && nothing_left; then
			continue
		fi
		echo "that was after $errno of $call number $n (exit status $status): $text"
		detached
		return 1
	done <"$WORK/points"
	echo "$(wc -l <"$WORK/points") calls"
}

# A second attach that fails changes nothing.
upgrade_fails_at()
{
	local call=$1 errno=$2 n text before after

	native && traced attach enp0s6 || return
	points "$call" >"$WORK/points"
	before=$(excluded; pinned)
	while read -r _ n; do
		text=$(injected "$call" "error=$errno:when=$n" attach enp0s6 --allow 8080 2>&1 >/dev/null) && { nestwg disallow 8080; continue; }
		after=$(excluded; pinned)
		expect "the message" "$text" "^nestwg-xdp: " && forwards && expect_is "what is there" "$after" "$before" && continue
		echo "that was after $errno of $call number $n: $text"
		return 1
	done <"$WORK/points"
}

excluded()
{
	nestwg status --json | "$HOUSE_PYTHON" -c '
import json, sys
print(*sorted(e["spec"] for e in json.load(sys.stdin)[0]["exclusions"]))'
}

# A limit on memory: the maps alone are some MB.
memory_is_short()
{
	local text status

	memcg_make "fault$$" || skip "no memory control group can be made" || return
	memcg_limit $((6 << 20))
	text=$(in_memcg nsenter --net="/run/netns/$HOUSE_PREFIX-gw" -- "$NESTWG" "${ATTACH[@]}" 2>&1)
	status=$?
	echo "exit status $status: $text"
	((status != 0)) || return
	# 137: the kernel has killed it, which is its other way to say so.
	((status == 137)) || expect "the message" "$text" "Cannot allocate memory" || return
	state "none|half" "gw gw" && mends_and_leaves_nothing
}

# --- bpffs ---------------------------------------------------------------------------------------

# Below ours may be the machine's own.
bpffs_away()
{
	umount /sys/fs/bpf || return
	while umount /sys/fs/bpf 2>/dev/null; do
		:
	done
}

bpffs_back()
{
	mount -t bpf bpf /sys/fs/bpf
}

# Links end with their pins: the plain gateway is back. Filters stay, and status says so.
bpffs_unmounted()
{
	local kind=$1

	on gw env NESTWG_TC="$kind" "$NESTWG" "${ATTACH[@]}" --mode "$2" >/dev/null && forwards && bpffs_away || return
	sleep 0.5
	echo "$kind, $2: $(truth), $(fate)"
	nestwg status
	state "$3" "gw ($4)" && refused "no BPF file system" attach enp0s6 && refused "no BPF file system" detach enp0s6
	local status=$?
	bpffs_back
	((status == 0)) && state "$3" "gw ($4)" || return
	if [[ $3 == half ]]; then
		says "programs run here whose pins are not in .*detach enp0s6" && nestwg detach enp0s6 && state none "gw gw" ||
			return
		on gw tc qdisc del dev enp0s6 clsact
		on gw tc qdisc del dev "$HOUSE_WG" clsact
	fi
	mends_and_leaves_nothing
}

bpffs_read_only()
{
	plain && mount -o remount,ro /sys/fs/bpf || return
	refused "Read-only file system" "${ATTACH[@]}"
	local status=$?
	mount -o remount,rw /sys/fs/bpf
	((status == 0)) && nothing_left
}

# clsact: a new attach takes their place, and detach removes them even without.
pins_removed_by_hand()
{
	on gw env NESTWG_TC=clsact "$NESTWG" "${ATTACH[@]}" --mode "$1" >/dev/null && rm -r "$PINS" || return
	sleep 0.3
	state half "gw $2" && says "pins are not in" && on gw env NESTWG_TC=clsact "$NESTWG" "${ATTACH[@]}" >/dev/null &&
		forwards && rm -r "$PINS" && nestwg detach enp0s6 && state none "gw gw" || return
	# Whose the qdiscs are is not known any more: they stay, empty.
	on gw tc qdisc del dev enp0s6 clsact
	on gw tc qdisc del dev "$HOUSE_WG" clsact
	refused "not attached" detach enp0s6
}

# Filters without pins, and a new attach by links.
pins_removed_then_tcx()
{
	on gw env NESTWG_TC=clsact "$NESTWG" "${ATTACH[@]}" --mode tc >/dev/null && rm -r "$PINS" && attached && forwards &&
		detached && state none "gw gw" || return
	on gw tc qdisc del dev enp0s6 clsact
	on gw tc qdisc del dev "$HOUSE_WG" clsact
}

has_tcx()
{
	attached && nestwg status | grep -q tcx
	local status=$?
	detached
	return "$status"
}

# --- what changes under it -----------------------------------------------------------------------

tunnel_made_anew()
{
	attached --allow 8080 || return
	wireguard_down gw "$HOUSE_WG"
	wait_for 10 fails on gw ip link show "$HOUSE_WG" >/dev/null || return
	# Nothing goes to the gateway that was the home's.
	state half "gw none" && says "tunnel $HOUSE_WG has gone" && refused "WireGuard" attach enp0s6 || return
	gateway_tunnel
	state half "gw none" && says "tunnel $HOUSE_WG has gone or was made anew.*attach enp0s6" || return
	nestwg attach enp0s6 && wait_for 60 forwards && expect "exclusions" "$(excluded)" "8080/tcp" && detached && nothing_left
}

nic_down_and_up()
{
	attached && ip -n "$HOUSE_PREFIX-gw" link set enp0s6 down && nestwg status >/dev/null &&
		expect "what runs" "$(truth)" "clean|half" && says "enp0s6 is down" &&
		ip -n "$HOUSE_PREFIX-gw" link set enp0s6 up || return
	ip -n "$HOUSE_PREFIX-gw" route add default via 192.0.2.1
	wait_for 20 forwards && detached && nothing_left
}

rename()
{
	ip -n "$HOUSE_PREFIX-gw" link set "$1" down
	ip -n "$HOUSE_PREFIX-gw" link set "$1" name "$2"
	ip -n "$HOUSE_PREFIX-gw" link set "$2" up
	ip -n "$HOUSE_PREFIX-gw" route replace default via 192.0.2.1
}

renamed_says()
{
	expect "what runs and what status says" "$(truth wan0)" half && wait_for 20 expect "fate" "$(fate)" "gw home" &&
		says "enp0s6 is called wan0 now.*attach wan0" && refused "was attached as enp0s6" status wan0
}

nic_renamed()
{
	local kind=$1

	on gw env NESTWG_TC="$kind" "$NESTWG" "${ATTACH[@]}" --allow 8080 >/dev/null && rename enp0s6 wan0 && renamed_says &&
		nestwg attach wan0 && expect "exclusions" "$(excluded)" "8080/tcp" &&
		expect "what runs" "$(truth wan0)" clean && expect "who gets packets" "$(fate)" "gw home" &&
		expect_is "pins" "$(ls "$PINS")" wan0 && rename wan0 enp0s6 &&
		nestwg detach enp0s6 && nothing_left
	local status=$?
	((status == 0)) || rename wan0 enp0s6
	return "$status"
}

# By its old name, too, it can be got rid of.
renamed_is_detached_by_old_name()
{
	attached && rename enp0s6 wan0 && nestwg detach enp0s6
	local status=$?
	rename wan0 enp0s6
	((status == 0)) && nothing_left
}

# The name goes to another interface: that one must not be touched.
name_taken_by_another()
{
	attached && rename enp0s6 wan0 && ip -n "$HOUSE_PREFIX-gw" link add enp0s6 type bridge &&
		says "enp0s6 is called wan0 now" && nestwg attach wan0 && expect "what runs" "$(truth wan0)" clean &&
		refused "not attached" detach enp0s6 && nestwg detach wan0
	local status=$?
	ip -n "$HOUSE_PREFIX-gw" link del enp0s6
	rename wan0 enp0s6
	((status == 0)) && nothing_left
}

# move OLD NEW: as DHCP does it.
move()
{
	ip -n "$HOUSE_PREFIX-gw" -batch - <<-BATCH || return
		address del $1/24 dev enp0s6
		address add $2/24 dev enp0s6
		route replace default via 192.0.2.1
	BATCH
	on home wg set "$HOME_WG" peer "$(<"$WORK/etc/gw.pub")" endpoint "$2:51820"
}

# The new address stays on the gateway until attach is run again.
address_changed()
{
	attached && move 192.0.2.10 192.0.2.11 || return
	expect "who gets the new address" "$(fate 192.0.2.11)" "gw gw" && says "192.0.2.10 is no longer an address of enp0s6" &&
		expect_is "truth" "$(truth)" half && nestwg attach enp0s6 &&
		wait_for 60 reaches_home_by 192.0.2.11 && expect_is "truth" "$(truth)" clean
	local status=$?
	move 192.0.2.11 192.0.2.10
	((status == 0)) && detached && nothing_left
}

reaches_home_by()
{
	expect "who gets $1" "$(fate "$1")" "gw home"
}

# The very next packet.
mtu_changed()
{
	local ping=(on inet ping -n -c 1 -W "$(limit 2)" -M "do" -s 1300 "$HOUSE_PUBLIC")

	attached && wait_for 60 forwards && "${ping[@]}" && ip -n "$HOUSE_PREFIX-gw" link set "$HOUSE_WG" mtu 1280 || return
	expect "ping" "$("${ping[@]}")" "Frag needed and DF set \(mtu = 1280\)"
	local status=$?
	ip -n "$HOUSE_PREFIX-gw" link set "$HOUSE_WG" mtu 1420
	on inet ip route flush cache
	((status == 0)) && "${ping[@]}" && truth && detached
}

# The peer gets another address: status knows that nothing gets through, attach --peer mends it.
peer_changed()
{
	local peer

	attached || return
	peer=$(<"$WORK/etc/home.pub")
	on gw wg set "$HOUSE_WG" peer "$peer" allowed-ips 10.0.19.2/32
	ip -n "$HOUSE_PREFIX-home" address add 10.0.19.2/32 dev "$HOME_WG"
	serve home-7000-3 home "${HOUSE_PEER[@]}" echo home 7000 10.0.19.2
	state half "gw none" && says "no peer of $HOUSE_WG has 10.0.18.2" && nestwg attach enp0s6 --peer 10.0.19.2 &&
		wait_for 20 forwards
	local status=$?
	background_stop home-7000-3
	on gw wg set "$HOUSE_WG" peer "$peer" allowed-ips 10.0.18.2/32
	((status == 0)) && nestwg attach enp0s6 --peer 10.0.18.2 && forwards && detached && nothing_left
}

# --- at once -------------------------------------------------------------------------------------

# at_once "ARGS" "ARGS": 20 rounds of both; one waits for the other.
at_once()
{
	local first second i

	for ((i = 0; i < ROUNDS; i++)); do
		# shellcheck disable=SC2086 # words
		{
			nestwg $1 >"$WORK/first.log" 2>&1 &
			first=$!
			nestwg $2 >"$WORK/second.log" 2>&1 &
			second=$!
		}
		wait "$first" "$second"
		if grep -hvE '^(enp0s6: |nestwg-xdp: (/sys/fs/bpf: another nestwg-xdp is at work: waiting|enp0s6: (nestwg-xdp is not attached|is not attached)|not attached|.*warning))' \
			"$WORK/first.log" "$WORK/second.log"; then
			return 1
		fi
		state "clean|none" "gw (home|gw)" || return
	done
	attached && forwards
}

# --- another network namespace -------------------------------------------------------------------

# The same names and numbers there, and the same bpffs.
twin_up()
{
	local number

	must netns_add "$HOUSE_PREFIX-twin"
	number=$(ip -n "$HOUSE_PREFIX-gw" -o link show enp0s6 | cut -d: -f1)
	ip -n "$HOUSE_PREFIX-twin" link add enp0s6 index "$number" type bridge
	ip -n "$HOUSE_PREFIX-twin" address add 192.0.2.10/24 dev enp0s6
	ip -n "$HOUSE_PREFIX-twin" link set enp0s6 up
}

twin_changes_nothing()
{
	local kind=$1 command text

	on gw env NESTWG_TC="$kind" "$NESTWG" "${ATTACH[@]}" --mode "$2" >/dev/null || return
	for command in "attach enp0s6" "detach enp0s6" "allow 4444"; do
		# shellcheck disable=SC2086 # words
		text=$(on twin env NESTWG_TC="$kind" "$NESTWG" $command 2>&1) && { echo "$command worked: $text"; return 1; }
		echo "$text"
		expect "$command" "$text" "another network namespace" && forwards || return
	done
	expect "status there" "$(on twin "$NESTWG" status)" "PROBLEM: it is attached in another network namespace" &&
		detached && nothing_left
}

# A filter with our handle, but another's maps, is not ours to remove.
filter_of_another_stays()
{
	local before

	on twin tc qdisc add dev enp0s6 clsact
	on twin tc filter add dev enp0s6 ingress prio 2 handle 0x6e77 bpf direct-action obj "$WORK/classifier.o" sec classifier
	before=$(on twin tc filter show dev enp0s6 ingress)
	on gw env NESTWG_TC=clsact "$NESTWG" "${ATTACH[@]}" >/dev/null || return
	on twin "$NESTWG" detach enp0s6
	expect_is "the other's filter" "$(on twin tc filter show dev enp0s6 ingress)" "$before" && forwards && detached
}

# The namespace has gone with all that ran there: its state can be taken over, and removed.
namespace_gone()
{
	local kind=$1

	netns_add "$HOUSE_PREFIX-gone" && ip -n "$HOUSE_PREFIX-gone" link add gone0 type veth peer name gone1 &&
		ip -n "$HOUSE_PREFIX-gone" address add 192.0.2.10/24 dev gone0 && ip -n "$HOUSE_PREFIX-gone" link set gone0 up ||
		return
	tunnel_in_gone || return
	on gone env NESTWG_TC="$kind" "$NESTWG" attach gone0 --wg wgfgone --no-ssh || return
	[[ $HOUSE_WIREGUARD == kernel ]] || background_stop wireguard-wgfgone
	netns_del "$HOUSE_PREFIX-gone"
	wait_for 20 gone_is_told && nestwg detach gone0 && nothing_left
}

gone_is_told()
{
	nestwg status | grep -q "PROBLEM: nestwg_learn (tc egress) is not attached"
}

tunnel_in_gone()
{
	cp "$WORK/etc/gw.key" "$WORK/etc/gone.key"
	tunnel gone wgfgone 10.0.18.1/30 peer "$(<"$WORK/etc/home.pub")" allowed-ips 10.0.18.2/32
}

# 0: TC_ACT_OK
other_program()
{
	printf '%s\n' '__attribute__((section("classifier"))) int other(void *ctx) { return 0; }' \
		'char _license[] __attribute__((section("license"))) = "GPL";' >"$WORK/classifier.c"
	clang -target bpf -O2 -c "$WORK/classifier.c" -o "$WORK/classifier.o"
}

diagnose()
{
	nestwg status
	on gw ip -d link show enp0s6
	on gw tc qdisc show
}

# try TEXT COMMAND...: as tap, if the text matches FAULT_ONLY.
try()
{
	[[ ! $1 =~ ${FAULT_ONLY:-} ]] || tap "$@"
}

isolate "$@"
begin
HOUSE_FORWARD=nestwg
house_need
need_commands strace bpftool clang tc
ON_FAIL=diagnose
network_up
other_program

try "before: the plain gateway" nothing_left
# All that follow want to know it.
tap "attach has threads" attach_has_threads
try "first attach, killed at each call" first_attach_killed
try "second attach, killed at each call: the home never loses its packets" sparsely upgrade_killed
try "native to tc and back, killed at each call: the home never loses its packets" sparsely mode_change_killed
try "detach, killed at each call" detach_killed
try "allow and disallow, killed at each call" allow_killed
plain
export NESTWG_TC=clsact
try "clsact: first attach, killed at each call" sparsely first_attach_killed
try "clsact: detach, killed at each call" sparsely detach_killed
plain
unset NESTWG_TC

for fault in "mkdir ENOSPC" "mkdir EPERM" "flock EBADF" "mmap ENOMEM" "sendto ENOBUFS" "bpf ENOSPC" "bpf EBUSY"; do
	# shellcheck disable=SC2086 # words
	try "first attach: $fault at each call: a message, and nothing is left" sparsely fails_at $fault
done
for fault in "bpf EPERM" "mmap ENOMEM"; do
	# shellcheck disable=SC2086 # words
	try "second attach: $fault at each call: a message, and nothing has changed" sparsely upgrade_fails_at $fault
done
plain
try "a control group with too little memory" memory_is_short

if has_tcx >/dev/null; then
	try "bpffs unmounted: links end, the plain gateway is back" bpffs_unmounted tcx native none gw
fi
try "bpffs unmounted, clsact: tc mode goes on, status says so" bpffs_unmounted clsact tc half home
try "bpffs unmounted, clsact: native mode stops forwarding, status says so" bpffs_unmounted clsact native half gw
try "bpffs read-only" bpffs_read_only
try "pins removed by hand, clsact, tc mode: it goes on; attach and detach mend it" pins_removed_by_hand tc home
try "pins removed by hand, clsact, native mode: it stops; attach and detach mend it" pins_removed_by_hand native gw
if has_tcx >/dev/null; then
	try "pins removed by hand, clsact; then attached by tcx" pins_removed_then_tcx
fi

try "the tunnel is deleted and made anew" tunnel_made_anew
try "the NIC goes down and up" nic_down_and_up
for kind in tcx clsact; do
	try "the NIC is renamed, $kind" nic_renamed "$kind"
done
try "the NIC is renamed: detach by its old name" renamed_is_detached_by_old_name
try "the NIC is renamed, and another gets its name" name_taken_by_another
try "the NIC's address changes" address_changed
try "the tunnel's MTU changes" mtu_changed
try "the peer changes" peer_changed

try "two attaches at once" at_once "${ATTACH[*]}" "${ATTACH[*]}"
try "attach and detach at once" at_once "${ATTACH[*]}" "detach enp0s6"
try "attach and allow at once" at_once "${ATTACH[*]}" "allow 8443"
detached >/dev/null

twin_up
for kind in tcx clsact; do
	for mode in native tc; do
		try "from another network namespace, $kind, $mode: says so, and changes nothing" twin_changes_nothing "$kind" "$mode"
	done
done
try "somebody else's filter with our handle stays" filter_of_another_stays
for kind in tcx clsact; do
	try "the network namespace has gone, $kind: detach removes what is left" namespace_gone "$kind"
done
finish
