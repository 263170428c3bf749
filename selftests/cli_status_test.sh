#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the program says: help, status and stats, and that status sees each way in which things can be broken
# (cli.sh draws the gateway).
#
#   gw has a second NIC, lan0 192.0.3.10, and a second tunnel, wgcli1 10.1.0.1, whose peer has 10.1.0.2

set -u

HERE=$(cd "$(dirname "$0")" && pwd -P)
# shellcheck source=cli.sh
. "$HERE/cli.sh"

# --- help and usage ------------------------------------------------------------------------------

# says STATUS REGEX ARGS...
says()
{
	local wanted=$1 regex=$2 text status

	shift 2
	text=$(nestwg "$@" 2>&1)
	status=$?
	expect_is "exit status of $*" "$status" "$wanted" && expect "$*" "$text" "$regex"
}

help_of_each()
{
	local name

	for name in attach detach allow disallow status stats; do
		says 0 "^usage: nestwg-xdp $name " help "$name" && says 0 "^usage: nestwg-xdp $name " "$name" --help || return
	done
	says 0 "nestwg-xdp attach IFACE.*Exit status" help && says 0 "attach IFACE" --help &&
		says 0 "attach IFACE" -h && says 0 "^nestwg-xdp [0-9]+\.[0-9]+" --version
}

wrong_usage()
{
	says 2 "^Forwards" &&
		says 2 "no subcommand 'frobnicate'"$'\n'"see nestwg-xdp help" frobnicate &&
		says 2 "did you mean allow\?.*usage: nestwg-xdp allow SPEC" help alow &&
		says 2 "unexpected argument 'x'" help attach x &&
		says 2 "unexpected argument 'b'" detach a b &&
		says 2 "unexpected argument 'b'" status a b &&
		says 2 "unexpected argument 'b'" stats a b &&
		says 2 "which interface" detach &&
		says 2 "no interface can have this name" detach a/b &&
		says 2 "no interface can have this name" attach a:b &&
		says 2 "no interface can have this name" attach sixteen-letters0 &&
		says 2 "no interface can have this name" attach .. &&
		says 2 "--wg.*no interface can have this name" attach enp0s6 --wg "w g" &&
		says 2 "--dev.*no interface can have this name" allow 80 --dev "" &&
		says 2 "--mode wants a value" attach enp0s6 --mode &&
		says 2 "no option -x" attach -x &&
		says 2 "no option --nosuch" detach --nosuch &&
		says 2 "no option --nosuch" allow --nosuch &&
		says 2 "no option --nosuch" status --nosuch &&
		says 2 "no option --nosuch" stats --nosuch &&
		says 2 "an IPv4 address is wanted" attach enp0s6 --address 127.0.0.1
}

# What a new user types, and what is to be typed instead.
slips()
{
	says 2 "no subcommand 'atach': did you mean attach\?.*usage: nestwg-xdp attach IFACE" atach &&
		says 2 "no subcommand 'mon': did you mean monitor\?" mon && says 2 "did you mean --version\?" --verson &&
		says 2 "no subcommand 'xyzzy'.see nestwg-xdp help$" xyzzy &&
		says 2 "no option -wg: did you mean --wg\?.*usage: nestwg-xdp attach" attach -wg wg0 &&
		says 2 "no option --pear: did you mean --peer\?" attach enp0s6 --pear=10.0.18.2 &&
		says 2 "no option --form: did you mean --from\?" monitor --form=192.0.2.1 &&
		says 2 "no option --frobnicate.usage: nestwg-xdp monitor" monitor --frobnicate &&
		says 2 "--replace takes no value" attach --replace=yes enp0s6 &&
		says 2 "generic and tc: did you mean native\?" attach --mode nativ enp0s6 &&
		says 2 "did you mean spoofed_peer\?" monitor --reason spofed &&
		says 2 "'tcp/2222' is not a SPEC: did you mean 2222/tcp\?.usage: nestwg-xdp allow SPEC" allow tcp/2222 &&
		says 2 "did you mean 1000-2000/udp\?" disallow 1000:2000/UDP && says 2 "did you mean icmp\?" allow ICMP &&
		says 2 "'70000/tcp' is not a SPEC: a port is a number" allow 70000/tcp &&
		says 2 "'002222/tcp' is not a SPEC: a port is a number" allow 002222/tcp &&
		says 2 "'enp0s6' is an interface, not a SPEC: did you mean --dev enp0s6\?" allow 2222 enp0s6 &&
		says 2 "the subcommand comes before its options: nestwg-xdp allow --dev eth0 22.usage" --dev eth0 allow 22 &&
		says 2 "what follows the colon labels an address, the interface is eth0" attach eth0:1 &&
		says 2 "which interface.*ip route get" attach &&
		says 1 "enp0s7: no such interface here: did you mean enp0s6\?" attach enp0s7 --wg wgcli0
}

# Where what is said cannot be written, somebody has to learn of it.
full_disk()
{
	local args

	for args in status "status --json" stats "stats --json" "stats --watch" help --help --version "help allow"; do
		# shellcheck disable=SC2086 # words
		on gw "$NESTWG" $args >/dev/full 2>"$WORK/full.log"
		expect_is "exit status of $args" "$?" 1 && log_has full "cannot write to standard output" || return
	done
}

# --- nothing and one interface -------------------------------------------------------------------

nothing_attached()
{
	says 0 "^Not attached to any interface\.$" stats && says 0 "^\[[[:space:]]*\]$" stats --json &&
		says 1 "nosuch0: nestwg-xdp is not attached" status nosuch0 &&
		says 1 "nosuch0: nestwg-xdp is not attached" stats nosuch0 &&
		says 1 "not attached" status a/b
}

# A tunnel that works, as far as one end can tell, and one packet each way.
status_of_one()
{
	nestwg attach enp0s6 --wg wgcli0 --mode native >/dev/null || return
	says 2 "which interface is to be detached\? .nestwg-xdp detach enp0s6." detach || return
	on inet ping -q -c 2 -i 0.2 -W 1 192.0.2.10 >/dev/null
	on gw ping -q -c 1 -W 2 192.0.2.1 >/dev/null || return
	says 0 "forwarded address: 192\.0\.2\.10.*tunnel: wgcli0, MTU 1420, listening port 51820" status &&
		says 0 "latest handshake: never" status &&
		says 0 "from the wire:.*forwarded  *2 packets, 168 bytes" status enp0s6 &&
		says 0 "own flows: 1" status && fails says 0 PROBLEM status >/dev/null
}

stats_in_a_loop()
{
	local form

	for form in --watch "--watch --json"; do
		# shellcheck disable=SC2086 # words
		serve watch gw "$NESTWG" stats $form
		wait_for 10 seconds_passed || return
		background_stop watch INT
	done
	"$HOUSE_PYTHON" -c '
import json, sys
samples = [json.loads(line) for line in sys.stdin]
assert len(samples) >= 2, samples
assert samples[-1][0]["interface"] == "enp0s6", samples' <"$WORK/watch.log"
}

# Two samples are there.
seconds_passed()
{
	(($(grep -cE 'packets/s|"interface"' "$WORK/watch.log") >= 2))
}

rates_are_shown()
{
	serve watch gw "$NESTWG" stats --watch enp0s6
	serve pings inet ping -q -i 0.2 192.0.2.10
	wait_for 10 log_has watch '^forwarded  *[0-9]*  *[1-9]'
	local status=$?

	background_stop pings
	background_stop watch TERM
	return "$status"
}

# --- two of them ---------------------------------------------------------------------------------

second_gateway()
{
	must ip -n "$HOUSE_PREFIX-gw" link add lan0 type bridge
	addresses gw <<<"lan0 192.0.3.10/24"
	# shellcheck disable=SC2046 # words
	wireguard_add wgcli1 listen-port 51821 $(peer 10.1.0.2/32)
	must ip -n "$HOUSE_PREFIX-gw" address add 10.1.0.1/30 dev wgcli1
}

status_of_two()
{
	refused 1 "wgcli0: serves enp0s6 already.*detach enp0s6" attach lan0 --wg wgcli0 &&
		nestwg attach lan0 --wg wgcli1 >/dev/null &&
		says 0 "interface: enp0s6.*interface: lan0" status &&
		says 0 "^enp0s6.*lan0" stats && says 0 "^interface: lan0" status lan0 &&
		refused 1 "several interfaces: enp0s6, lan0; choose one with --dev" allow 80 &&
		nestwg allow 80 --dev lan0 >/dev/null && says 0 "80/tcp" status lan0 &&
		fails says 0 " 80/tcp" status enp0s6 >/dev/null && nestwg detach lan0 >/dev/null
}

# --- what can be broken --------------------------------------------------------------------------

# problem REGEX: status says it, in both forms, and that it is not the end of the world.
problem()
{
	says 0 "PROBLEM: .*$1" status && says 0 "problems.*$1" status --json
}

# mended: attach puts it right.
mended()
{
	nestwg attach enp0s6 >/dev/null && fails says 0 PROBLEM status >/dev/null
}

tunnel_down()
{
	ip -n "$HOUSE_PREFIX-gw" link set wgcli0 down
	problem "its tunnel wgcli0 is down; ip link set wgcli0 up" &&
		expect "attach says" "$(nestwg attach enp0s6 2>&1)" "warning: it is down: nothing is forwarded until"
	local status=$?

	ip -n "$HOUSE_PREFIX-gw" link set wgcli0 up
	return "$status"
}

peer_gone()
{
	local key

	key=$(on gw wg show wgcli0 peers)
	on gw wg set wgcli0 peer "$key" allowed-ips 10.9.0.0/16 && problem "no peer of wgcli0 has 10\.0\.18\.2" &&
		refused 1 "--peer" attach enp0s6
	local status=$?

	on gw wg set wgcli0 peer "$key" allowed-ips 10.0.18.2/32
	return "$status"
}

# What the operator has allowed as well stays allowed.
port_moved()
{
	nestwg allow 51820/udp >/dev/null && on gw wg set wgcli0 listen-port 51899 &&
		problem "port 51899/udp does not stay on the gateway" && mended && expect "exclusions" "$(excluded)" 51820/udp
	local status=$?

	on gw wg set wgcli0 listen-port 51820
	nestwg attach enp0s6 >/dev/null && return "$status"
}

address_gone()
{
	ip -n "$HOUSE_PREFIX-gw" address del 192.0.2.10/24 dev enp0s6
	ip -n "$HOUSE_PREFIX-gw" address add 192.0.2.11/24 dev enp0s6
	problem "192\.0\.2\.10 is no longer an address of enp0s6" && mended && says 0 "forwarded address: 192\.0\.2\.11" status
	local status=$?

	ip -n "$HOUSE_PREFIX-gw" address del 192.0.2.11/24 dev enp0s6
	ip -n "$HOUSE_PREFIX-gw" address add 192.0.2.10/24 dev enp0s6
	nestwg attach enp0s6 >/dev/null && return "$status"
}

# A hand in bpffs.
link_gone()
{
	rm "$PINS/enp0s6/link_ingress"
	problem "nestwg_ingress \(XDP\) is not attached.*repairs it" && mended
}

filter_gone()
{
	nestwg detach enp0s6 >/dev/null
	on gw env NESTWG_TC=clsact "$NESTWG" attach enp0s6 --wg wgcli0 >/dev/null || return
	on gw tc filter del dev enp0s6 egress
	problem "nestwg_learn \(tc egress\) is not attached" && mended && nestwg detach enp0s6 >/dev/null &&
		nestwg attach enp0s6 --wg wgcli0 >/dev/null
}

wg_missing()
{
	local text

	text=$(on gw env PATH=/nowhere "$NESTWG" status) && expect "status" "$text" "PROBLEM: cannot ask WireGuard.*install wireguard-tools"
}

# As another network namespace sees it, where the same numbers name other interfaces.
elsewhere()
{
	local text

	text=$(on inet "$NESTWG" status) &&
		expect "status" "$text" "PROBLEM: it is attached in another network namespace; look from there"
}

config_gone()
{
	rm "$PINS/enp0s6/config"
	problem "an attach or a detach was not completed; .nestwg-xdp attach enp0s6. or .nestwg-xdp detach enp0s6." &&
		says 1 "cannot read its counters.*see .nestwg-xdp status" stats && nestwg attach enp0s6 --wg wgcli0 >/dev/null &&
		fails says 0 PROBLEM status >/dev/null
}

# What runs without a configuration is told with the interface, the tunnel's program too, and that once.
told_once()
{
	rm "$PINS/enp0s6/config"
	says 0 "^interface: enp0s6.*not completed.*pins are not in .*: learn on enp0s6, .*return on wgcli0; " status &&
		expect_is "interfaces" "$(nestwg status | grep -c ^interface:)" 1 &&
		expect_is "objects" "$(nestwg status --json | grep -c '"interface"')" 1 &&
		says 0 "^interface: enp0s6.*return on wgcli0" status enp0s6 &&
		says 1 "wgcli0: nestwg-xdp is not attached" status wgcli0 &&
		nestwg attach enp0s6 --wg wgcli0 >/dev/null && fails says 0 PROBLEM status >/dev/null
}

# Something else has the name of a map.
config_is_no_map()
{
	rm -f "$PINS/enp0s6/config"
	mkdir "$PINS/enp0s6/config" && problem "an attach or a detach was not completed: " &&
		says 1 "enp0s6: " allow 80 && says 1 "enp0s6: " attach enp0s6 --wg wgcli0
	local status=$?

	says 1 "cannot remove its pins" detach enp0s6 || status=1
	rmdir "$PINS/enp0s6/config"
	nestwg detach enp0s6 >/dev/null && return "$status"
}

nic_replaced()
{
	nestwg attach lan0 --wg wgcli1 --mode tc >/dev/null || return
	ip -n "$HOUSE_PREFIX-gw" link del lan0
	problem "nestwg_learn.*its interface has gone.*there is no interface lan0 here; .nestwg-xdp detach lan0." || return
	ip -n "$HOUSE_PREFIX-gw" link add lan0 type bridge
	addresses gw <<<"lan0 192.0.3.10/24"
	problem "lan0 is another interface than when it was attached" && nestwg attach lan0 >/dev/null &&
		fails says 0 PROBLEM status lan0 >/dev/null && nestwg detach lan0 >/dev/null
}

isolate "$@"
begin
cli_need rm
gateway_up

tap "help" help_of_each
tap "wrong usage: exit status 2, and what is wrong" wrong_usage
tap "slips: exit status 2, and what to type" slips
tap "standard output is full: exit status 1" full_disk
tap "nothing attached" nothing_attached
tap "status of one interface" status_of_one
tap "stats --watch, until it is interrupted" stats_in_a_loop
tap "stats --watch: rates" rates_are_shown
must second_gateway
tap "two interfaces" status_of_two
tap "problem: the tunnel is down" tunnel_down
tap "problem: the peer has lost its address" peer_gone
tap "problem: WireGuard has moved to another port" port_moved
tap "problem: the address has changed" address_gone
tap "problem: a link is gone" link_gone
tap "problem: a filter is gone" filter_gone
tap "problem: wg is not installed" wg_missing
tap "problem: another network namespace" elsewhere
tap "problem: its configuration is gone" config_gone
tap "problem: its configuration is gone, its programs run: told once" told_once
tap "problem: the interface went, and another has its name" nic_replaced
tap "problem: its configuration is no map" config_is_no_map
finish
