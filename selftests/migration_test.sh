#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# README's page for those who come from iptables, step by step (house.sh draws the network): the seed's rules forward,
# nestwg-xdp is attached beside them, the rules are taken off, and all the way back. Two SSH sessions, one to the house
# and one to the gateway, are open from the first step to the last but one.

set -u

HERE=$(cd "$(dirname "$0")" && pwd -P)
# shellcheck source=lib.sh
. "$HERE/lib.sh"
# shellcheck source=house.sh
. "$HERE/house.sh"

# The commands of the README's page: those that begin with sudo, below its heading, with these words in them.
page_commands()
{
	sed -n '/^## From the iptables rules/,/^## [^F]/s/^ *sudo \([^#]*[^# ]\) *\(#.*\)\?$/\1/p' "$HOUSE_ROOT/README.md" |
		grep -- "$1"
}

# As the page says it, on the gateway.
type_in()
{
	local line

	page_commands "$1" >"$WORK/typed" || return
	while read -r line; do
		echo "$line"
		# shellcheck disable=SC2086 # the words of a command
		on gw env PATH="$(dirname "$NESTWG"):$PATH" $line </dev/null || return
	done <"$WORK/typed"
}

old_rules_on()
{
	HOUSE_FORWARD=iptables house_forward_on
}

# The page's two, and the two that house.sh adds to the seed's.
old_rules_off()
{
	type_in 'iptables -t nat -D' &&
		on gw iptables -t nat -D PREROUTING -i enp0s6 -p udp --dport 51820 -j ACCEPT &&
		on gw iptables -t nat -D POSTROUTING -s 10.0.18.2 -o enp0s6 -j MASQUERADE &&
		expect_is "rules left" "$(on gw iptables -t nat -S | grep -c -- '^-A')" 0
}

# session NAME PORT: an SSH session that says a number a hundred times a second until it is closed: enough to meet each
# moment of an attach.
session()
{
	# shellcheck disable=SC2016 # the far side's variables
	serve "$1" client ssh -F "$WORK/etc/ssh_config" -n -p "$2" "root@$HOUSE_PUBLIC" \
		'i=0; while sleep 0.01; do echo "line $((i++))"; done'
	wait_for 30 log_has "$1" line
}

lines()
{
	grep -c line "$WORK/$1.log"
}

has_said()
{
	(($(lines "$1") > $2))
}

session_goes_on()
{
	wait_for 20 has_said "$1" "$(($(lines "$1") + 30))"
}

sessions_go_on()
{
	session_goes_on to-house && session_goes_on to-gateway
}

names_commands()
{
	expect_at_least "commands on the page" "$(page_commands . | wc -l)" 5
}

home_answers()
{
	local seen

	seen=$(on client curl -sS --max-time "$(limit 5)" "http://$HOUSE_PUBLIC/")
	expect "the web server sees" "$seen" "$HOUSE_CLIENT"
}

forwarded()
{
	on gw "$NESTWG" stats --json | "$HOUSE_PYTHON" -c '
import json, sys
print(json.load(sys.stdin)[0]["counters"]["forwarded"]["packets"])'
}

# Beside the rules it takes every packet, and conntrack has no new connection to the home.
takes_over()
{
	local before

	before=$(forwarded) && home_answers && expect_at_least "forwarded" "$(forwarded)" "$((before + 3))"
}

# What an attach that nobody confirms leaves: nothing.
is_taken_back()
{
	local rest

	rest=$(on gw "$NESTWG" status --json)
	expect_is "status --json" "${rest//[[:space:]]/}" "[]"
}

isolate "$@"
begin
HOUSE_FORWARD=nestwg
house_need
house_up

tap "the page names its commands" names_commands
tap "the seed's rules forward" eval 'old_rules_on && wait_for 20 home_answers'
tap "an SSH session to the house is open" session to-house 22
tap "and one to the gateway" session to-gateway 2222
tap "attach --dry-run changes nothing" eval 'type_in "dry-run" && is_taken_back'
tap "attach --confirm, beside the rules" type_in "attach.*--confirm"
tap "confirmed" type_in "xdp confirm"
tap "it takes the packets" takes_over
tap "both sessions go on" sessions_go_on
tap "the old rules are taken off" old_rules_off
tap "both sessions go on without them" sessions_go_on
tap "the home answers, the gateway's SSH too" eval 'home_answers && house_ssh client 2222 true'
tap "and back: detach" type_in "detach"
tap "nothing is left of it" is_taken_back
tap "the gateway's session goes on" session_goes_on to-gateway
tap "the old rules forward again" eval 'old_rules_on && wait_for 20 home_answers'
finish
