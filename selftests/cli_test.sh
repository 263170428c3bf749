#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The command line: what it refuses, and that a refusal changes nothing (cli.sh draws the gateway).
#
#   wgcli1 two peers; wgcli2 a peer without a single address

set -u

HERE=$(cd "$(dirname "$0")" && pwd -P)
# shellcheck source=cli.sh
. "$HERE/cli.sh"

# --- nothing attached ----------------------------------------------------------------------------

status_of_nothing()
{
	local text

	text=$(nestwg status) && expect "status" "$text" "[Nn]ot attached" &&
		text=$(nestwg status --json) && expect_is "status --json" "${text//[[:space:]]/}" "[]"
}

not_root()
{
	local text

	text=$(as_nobody attach enp0s6 2>&1)
	expect_is "exit status" "$?" 1 && expect "the message" "$text" "root"
}

no_bpffs()
{
	local text status

	text=$(unshare --mount bash -c "umount /sys/fs/bpf; while umount /sys/fs/bpf 2>/dev/null; do :; done
		exec nsenter --net=/run/netns/$HOUSE_PREFIX-gw -- $NESTWG attach enp0s6" 2>&1)
	status=$?
	echo "$text"
	expect_is "exit status" "$status" 1 && expect "the message" "$text" "mount -t bpf"
}

# uname -r as an older kernel says it, through setarch's personality: 2.6.40+x stands for it.
kernel_too_old()
{
	local text status

	text=$(on gw setarch --uname-2.6 "$NESTWG" attach enp0s6 2>&1)
	status=$?
	echo "$text"
	expect_is "exit status" "$status" 1 && expect "the message" "$text" "5\.15"
}

no_wg_program()
{
	local text status

	text=$(on gw env PATH=/nowhere "$NESTWG" attach enp0s6 2>&1)
	status=$?
	echo "$text"
	expect_is "exit status" "$status" 1 && expect "the message" "$text" "wireguard-tools"
}

# --- another XDP program -------------------------------------------------------------------------

# program SECTION VALUE: $WORK/SECTION.o with a BPF program that returns VALUE.
program()
{
	cat >"$WORK/$1.c" <<-C
		__attribute__((section("$1"))) int other(void *ctx) { return $2; }
		char _license[] __attribute__((section("license"))) = "GPL";
	C
	clang -target bpf -O2 -c "$WORK/$1.c" -o "$WORK/$1.o"
}

# 2: XDP_PASS
other_xdp()
{
	program xdp 2 && ip -n "$HOUSE_PREFIX-gw" link set enp0s6 xdpdrv obj "$WORK/xdp.o" sec xdp
}

other_xdp_id()
{
	ip -n "$HOUSE_PREFIX-gw" -d link show enp0s6 | sed -n 's/.*prog\/xdp id \([0-9]*\).*/\1/p'
}

tc_mode_leaves_it()
{
	local before

	before=$(other_xdp_id)
	nestwg attach enp0s6 --wg wgcli0 --mode tc >/dev/null || return
	expect_is "the other XDP program" "$(other_xdp_id)" "$before" && nestwg detach enp0s6 >/dev/null &&
		expect_is "the other XDP program, after detach" "$(other_xdp_id)" "$before"
}

replace_takes_its_place()
{
	local before

	before=$(other_xdp_id)
	nestwg attach enp0s6 --wg wgcli0 --mode native --replace >/dev/null &&
		expect_is "mode" "$(mode_in_force)" native &&
		fails expect_is "the program" "$(other_xdp_id)" "$before" >/dev/null &&
		nestwg detach enp0s6 >/dev/null
}

BPF_XDP=37
TCX_INGRESS=46
TCX_EGRESS=47

# A link cannot be replaced by another program, only ended.
other_link_is_replaced()
{
	program xdp 2 && bpftool prog load "$WORK/xdp.o" /sys/fs/bpf/other || return
	serve linker gw "$HOUSE_PYTHON" -c "$LINK_CREATE" /sys/fs/bpf/other enp0s6 "$BPF_XDP" 0
	wait_for 10 log_has linker linked &&
		refused 1 "another XDP program \(other, id [0-9]+\) is attached; --replace" \
			attach enp0s6 --wg wgcli0 --mode native &&
		nestwg attach enp0s6 --wg wgcli0 --mode native --replace >/dev/null &&
		expect_is "mode" "$(mode_in_force)" native && fails expect "status" "$(nestwg status)" PROBLEM >/dev/null &&
		nestwg detach enp0s6 >/dev/null
	local status=$?

	background_stop linker
	rm /sys/fs/bpf/other
	return "$status"
}

# It is put back when ours cannot take its place.
other_is_put_back()
{
	local before

	program xdp 2 && ip -n "$HOUSE_PREFIX-gw" link set plain0 xdpgeneric obj "$WORK/xdp.o" sec xdp || return
	before=$(on gw bpftool net list dev plain0 | grep -A1 xdp)
	refused 1 "cannot attach native XDP: driver refused" attach plain0 --wg wgcli0 --mode native --replace &&
		expect "attach says" "$(nestwg attach plain0 --wg wgcli0 --replace 2>&1)" \
			"driver refused native XDP.*leaves the XDP program other in its place" &&
		nestwg detach plain0 >/dev/null || return
	expect "XDP programs before" "$before" "plain0.* generic id" &&
		expect "XDP programs after" "$(on gw bpftool net list dev plain0)" "plain0.* generic id"
	local status=$?

	ip -n "$HOUSE_PREFIX-gw" link set plain0 xdpgeneric off
	return "$status"
}

# --- a driver without native XDP -----------------------------------------------------------------

dummy_nic()
{
	ip -n "$HOUSE_PREFIX-gw" link add plain0 type bridge && addresses gw <<<"plain0 192.0.3.10/24"
}

auto_is_native()
{
	expect "attach says" "$(nestwg attach enp0s6 --wg wgcli0 --replace)" 'native mode \(auto: veth has native XDP\)' &&
		expect "status" "$(nestwg status)" 'mode: native \(auto: veth' &&
		expect "status --json" "$(nestwg status --json)" '"mode_reason": ?"auto: veth has native XDP"' || return
	nestwg attach enp0s6 --mode native >/dev/null &&
		expect "status --json, asked for" "$(nestwg status --json)" '"mode_reason": ?null' &&
		nestwg detach enp0s6 >/dev/null
}

auto_falls_back_to_tc()
{
	local text

	text=$(nestwg attach plain0 --wg wgcli0) || return
	echo "$text"
	expect "attach says" "$text" "tc mode.*driver refused native XDP: Operation not supported" &&
		expect_is "mode" "$(mode_in_force)" tc && expect "status" "$(nestwg status)" "driver refused" &&
		nestwg detach plain0 >/dev/null
}

# --- allow and disallow --------------------------------------------------------------------------

allow_adds()
{
	nestwg allow 8443 60000-61000/udp icmp gre >/dev/null || return
	expect "exclusions" "$(excluded)" "8443/tcp" && expect "exclusions" "$(excluded)" "60000-61000/udp" &&
		expect "exclusions" "$(excluded)" "icmp" && expect "exclusions" "$(excluded)" "gre"
}

allow_twice()
{
	nestwg allow 8443 >/dev/null && expect "exclusions" "$(excluded)" "8443/tcp"
}

disallow_removes()
{
	nestwg disallow 60500/udp gre >/dev/null || return
	expect "exclusions" "$(excluded)" "60000-60499/udp 60501-61000/udp" &&
		fails expect "exclusions" "$(excluded)" gre >/dev/null
}

allow_all_ports()
{
	nestwg allow 1-65535/tcp >/dev/null && expect "exclusions" "$(excluded)" "1-2221/tcp 2222/tcp 2223-65535/tcp" &&
		nestwg disallow --force 1-65535/tcp >/dev/null && nestwg allow 2222 >/dev/null
}

stats_say()
{
	nestwg stats | grep -q forwarded && nestwg stats --json | "$HOUSE_PYTHON" -m json.tool >/dev/null
}

# Both ways of attaching to tc, whatever this kernel would choose.
clsact_too()
{
	on gw env NESTWG_TC=clsact "$NESTWG" attach enp0s6 --wg wgcli0 >/dev/null || return
	nestwg status | grep -q clsact || return
	nestwg detach enp0s6 >/dev/null && expect_is "clsact qdiscs" "$(on gw tc qdisc show | grep -c clsact)" 0
}

clsact_of_others_stays()
{
	must on gw tc qdisc add dev enp0s6 clsact
	on gw env NESTWG_TC=clsact "$NESTWG" attach enp0s6 --wg wgcli0 >/dev/null || return
	nestwg detach enp0s6 >/dev/null && expect_is "clsact qdiscs" "$(on gw tc qdisc show dev enp0s6 | grep -c clsact)" 1
	local status=$?

	on gw tc qdisc del dev enp0s6 clsact || status=1
	return "$status"
}

# The qdisc was ours; by now it has somebody else's filter.
qdisc_with_others_filter_stays()
{
	program classifier 0 && on gw env NESTWG_TC=clsact "$NESTWG" attach enp0s6 --wg wgcli0 >/dev/null &&
		on gw tc filter add dev enp0s6 egress prio 10 bpf direct-action obj "$WORK/classifier.o" sec classifier &&
		nestwg detach enp0s6 >/dev/null &&
		expect "filters" "$(on gw tc filter show dev enp0s6 egress)" "classifier\.o" || return
	on gw tc qdisc del dev enp0s6 clsact
}

# A filter of somebody else's that ends the chain must not keep nestwg_learn from seeing the gateway's pings.
others_filter_does_not_blind()
{
	local kind

	# 0: TC_ACT_OK
	program classifier 0 || return
	for kind in clsact tcx; do
		on gw tc qdisc add dev enp0s6 clsact || return
		on gw tc filter add dev enp0s6 egress prio 10 bpf direct-action obj "$WORK/classifier.o" \
			sec classifier || return
		on gw env NESTWG_TC="$kind" "$NESTWG" attach enp0s6 --wg wgcli0 >/dev/null || return
		on gw ping -q -c 1 -W 2 192.0.2.1 || return
		nestwg detach enp0s6 >/dev/null
		on gw tc qdisc del dev enp0s6 clsact
	done
}

# linker_does_not_blind LINKER: while the program of LINKER was there first, we see the gateway's pings and those to the home.
linker_does_not_blind()
{
	wait_for 10 log_has "$1" . || return
	if log_has "$1" "Invalid argument"; then
		skip "no tcx before Linux 6.6"
		return
	fi
	on inet ping -q -c 1 -W 2 192.0.2.10 || return
	nestwg attach enp0s6 --wg wgcli0 --mode tc || return
	on gw ping -q -c 1 -W 2 192.0.2.1 || { echo "our program at egress has not seen the ping"; return 1; }
	# The home is not there to answer it.
	fails on inet ping -q -c 1 -W 1 192.0.2.10 || { echo "our program at ingress has not seen the ping"; return 1; }
	nestwg detach enp0s6 >/dev/null
}

# The same of a program that was there first, by tcx, at either side.
others_link_does_not_blind()
{
	local type status=0

	program classifier 0 && bpftool prog load "$WORK/classifier.o" /sys/fs/bpf/other || return
	for type in "$TCX_EGRESS" "$TCX_INGRESS"; do
		serve linker gw "$HOUSE_PYTHON" -c "$LINK_CREATE" /sys/fs/bpf/other enp0s6 "$type" 0
		linker_does_not_blind linker
		status=$?
		background_stop linker
		((status == 0)) || break
	done
	rm /sys/fs/bpf/other
	return "$status"
}

# --- what goes away ------------------------------------------------------------------------------

tunnel_made_anew()
{
	nestwg attach enp0s6 --wg wgcli0 --allow 8080 >/dev/null || return
	wireguard_down gw wgcli0
	wait_for 10 fails on gw ip link show wgcli0 >/dev/null || return
	expect "status" "$(nestwg status)" "tunnel wgcli0.*gone.*attach" || return
	# shellcheck disable=SC2046 # words
	wireguard_add wgcli0 listen-port 51821 $(peer 10.0.18.2/32)
	must ip -n "$HOUSE_PREFIX-gw" address add 10.0.18.1/30 dev wgcli0
	nestwg attach enp0s6 --wg wgcli0 >/dev/null || return
	expect "exclusions" "$(excluded)" "8080/tcp" && expect "exclusions" "$(excluded)" "51821/udp" &&
		fails expect "exclusions" "$(excluded)" "51820/udp" >/dev/null && nestwg detach enp0s6 >/dev/null
}

other_tunnel_down()
{
	# shellcheck disable=SC2046 # words
	wireguard_add wgcli3 listen-port 51999 $(peer 10.3.0.2/32)
	nestwg attach enp0s6 --wg wgcli0 >/dev/null && expect "exclusions" "$(excluded)" "51999/udp" || return
	wireguard_down gw wgcli3
	wait_for 10 fails on gw ip link show wgcli3 >/dev/null || return
	nestwg attach enp0s6 >/dev/null && expect "exclusions, while it is down" "$(excluded)" "51999/udp" &&
		nestwg detach enp0s6 >/dev/null
}

nic_gone()
{
	nestwg attach enp0s6 --wg wgcli0 >/dev/null || return
	ip -n "$HOUSE_PREFIX-gw" link del enp0s6
	nestwg status >/dev/null
	nestwg detach enp0s6 >/dev/null && expect_is "pins" "$(find "$PINS" 2>/dev/null)" ""
}

isolate "$@"
begin
cli_need setpriv setarch clang
gateway_up

tap "nothing attached: status says so" status_of_nothing
tap "refused: detach, nothing attached" refused 1 "not attached" detach enp0s6
tap "refused: allow, nothing attached" refused 1 "attach" allow 2222
tap "refused: not root" not_root
tap "refused: no bpffs" no_bpffs
tap "refused: kernel too old" kernel_too_old
tap "refused: wg is not installed" no_wg_program
tap "refused: no such interface" refused 1 "nosuch0" attach nosuch0
tap "refused: no such tunnel" refused 1 "nosuch1" attach enp0s6 --wg nosuch1
tap "refused: --wg is not WireGuard" refused 1 "lo.*WireGuard" attach enp0s6 --wg lo
tap "refused: NIC is WireGuard" refused 1 "wgcli0" attach wgcli0
tap "refused: NIC and tunnel are the same" refused 1 "wgcli0" attach wgcli0 --wg wgcli0
tap "refused: NIC is the loopback" refused 1 "lo" attach lo
tap "refused: --peer that no AllowedIPs covers" refused 1 "10\.9\.9\.9.*AllowedIPs" attach enp0s6 --peer 10.9.9.9
tap "refused: --peer is no address" refused 2 "peer" attach enp0s6 --peer 10.0.18
tap "refused: --mode warp" refused 2 "warp" attach enp0s6 --mode warp
tap "refused: --allow 70000" refused 2 "70000" attach enp0s6 --allow 70000
tap "refused: attach without an interface" refused 2 "." attach
tap "refused: attach with two interfaces" refused 2 "." attach enp0s6 eth1
tap "refused: atach" refused 2 "attach" atach enp0s6
tap "refused: an option that is none" refused 2 "." attach enp0s6 --wgg wgcli0

tap "refused: another XDP program is there" eval 'other_xdp && refused 1 "XDP.*--replace" attach enp0s6 --mode native'
tap "tc mode leaves it alone" tc_mode_leaves_it
tap "--replace takes its place" replace_takes_its_place

tap "refused: native XDP that the driver has not" eval 'dummy_nic &&
	refused 1 "plain0: cannot attach native XDP: driver refused \(Operation not supported\); try --mode tc" \
		attach plain0 --wg wgcli0 --mode native'
tap "auto takes native XDP where the driver has it, and says why" auto_is_native
tap "auto falls back to tc and says why" auto_falls_back_to_tc
tap "another XDP program, on a link, is replaced" other_link_is_replaced
tap "another XDP program is put back" other_is_put_back

tap "clsact, as before Linux 6.6" clsact_too
tap "somebody else's clsact stays" clsact_of_others_stays
tap "a qdisc of ours with somebody else's filter stays" qdisc_with_others_filter_stays
tap "somebody else's filter does not blind us" others_filter_does_not_blind
tap "somebody else's program at tcx does not blind us" others_link_does_not_blind

must gateway_sshd
must nestwg attach enp0s6 --wg wgcli0 >/dev/null
for spec in 0 70000 22- -22 tcp/22 22/ 22/sctp 300-200 "" 22x +22 " 22" 22/TCPP 1-2-3; do
	tap "refused: allow '$spec'" refused 2 "." allow -- "$spec"
done
tap "refused: allow, ranges that overlap" refused 2 "overlap" allow 100-200 150-250
tap "refused: allow without a SPEC" refused 2 "." allow
tap "refused: a good SPEC and a bad one" refused 2 "70000" allow 4000 70000
tap "refused: disallow the port of sshd" refused 1 "2222.*--force" disallow 2222
tap "refused: disallow the tunnel's own port" refused 1 "51820" disallow --force 51820/udp
tap "refused: --dev that is not attached" refused 1 "eth9" allow 80 --dev eth9
tap "allow" allow_adds
tap "allow twice is no error" allow_twice
tap "disallow" disallow_removes
tap "allow all ports" allow_all_ports
tap "stats" stats_say
must nestwg detach enp0s6 >/dev/null
# shellcheck disable=SC2046 # words
wireguard_add wgcli1 $(peer 10.1.0.2/32) $(peer 10.1.0.3/32)
# shellcheck disable=SC2046 # words
wireguard_add wgcli2 $(peer 10.2.0.0/24)
tap "refused: a tunnel with several peers, and none given" \
	refused 1 "several: 10\.1\.0\.[23], 10\.1\.0\.[23]" attach enp0s6 --wg wgcli1
tap "refused: several tunnels, and none given" refused 1 "several.*wgcli.*wgcli.*--wg" attach enp0s6
tap "refused: a peer without a single address" refused 1 "wgcli2.*--peer" attach enp0s6 --wg wgcli2
tap "wg made anew: status says it, attach mends it" tunnel_made_anew
tap "another WireGuard that is down keeps its port" other_tunnel_down
tap "refused: detach, twice" refused 1 "not attached" detach enp0s6
tap "the NIC is gone: detach still works" nic_gone
finish
