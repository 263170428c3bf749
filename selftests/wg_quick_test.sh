#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The README's four wg-quick files, word for word (keys and the address filled in), brought up by wg-quick on the
# seed's network (house.sh draws it), in the order that broke the seed's draft: the gateway forwards first, then
# the router dials in.

set -u

HERE=$(cd "$(dirname "$0")" && pwd -P)
# shellcheck source=lib.sh
. "$HERE/lib.sh"
# shellcheck source=house.sh
. "$HERE/house.sh"

# readme_file NAME: the text that the README gives for it.
readme_file()
{
	awk -v mark="<!-- file: $1 -->" '
		$0 == mark { found = 1; next }
		found && /^```/ { if (inside) exit; inside = 1; next }
		found && inside { print }' "$HOUSE_ROOT/README.md"
}

key_pair()
{
	wg genkey | tee "$WORK/etc/$1.key" | wg pubkey >"$WORK/etc/$1.pub"
}

# fill NAME: the README's file with everything in <...> filled in.
fill()
{
	local text key

	text=$(readme_file "$1")
	for key in gateway router "router's private VPN" phone; do
		local name=${key//[^a-z]/}
		local owner="$key's"

		[[ $key != *VPN ]] || owner=$key
		text=${text//"<$owner private key>"/$(<"$WORK/etc/$name.key")}
		text=${text//"<$owner public key>"/$(<"$WORK/etc/$name.pub")}
	done
	text=${text//"<gateway's public address>"/$HOUSE_PUBLIC}
	(umask 077; printf '%s\n' "$text" >"$WORK/etc/$1")
	! grep '<.*>' "$WORK/etc/$1"
}

fill_all()
{
	local name

	for name in gateway router routersprivate phone; do
		key_pair "$name"
	done
	fill wg0.conf && fill wgwan.conf && fill wgprivate.conf && fill phone.conf
}

# wg_quick HOST up|down NAME. The daemon that wg-quick may start must not hold our output open.
wg_quick()
{
	on "$1" env PATH="$(dirname "$NESTWG"):$PATH" WG_QUICK_USERSPACE_IMPLEMENTATION=wireguard-go \
		timeout 60 wg-quick "$2" "$WORK/etc/$3.conf" >"$WORK/wg-quick.log" 2>&1 </dev/null
	local status=$?

	cat "$WORK/wg-quick.log"
	return "$status"
}

home_answers()
{
	local seen

	seen=$(on client curl -sS --max-time "$(limit 10)" "http://$HOUSE_PUBLIC/")
	expect "the web server sees" "$seen" "$HOUSE_CLIENT"
}

phone_reads()
{
	local seen

	seen=$(on phone curl -sS --max-time "$(limit 20)" http://192.168.16.10/)
	expect "the web server sees" "$seen" "192\.168\.(17\.69|16\.1)"
}

game_answers()
{
	local seen

	seen=$(echo hello | on client nc -u -w "$(limit 2)" "$HOUSE_PUBLIC" 25565)
	expect "the laptop says" "$seen" "$HOUSE_CLIENT"
}

nothing_left()
{
	local rest

	rest=$(on gw "$NESTWG" status --json)
	expect_is "status --json" "${rest//[[:space:]]/}" "[]" &&
		expect_is "interfaces on the gateway" "$(on gw ip -br link | awk '{ sub(/@.*/, "", $1); print $1 }' | paste -sd ' ')" "lo enp0s6" &&
		expect_is "rules on the router" "$(on router ip rule | wc -l)" 3 &&
		expect_is "iptables on the router" "$(on router iptables -t nat -S PREROUTING)" "-P PREROUTING ACCEPT"
}

isolate "$@"
begin
HOUSE_FORWARD=nestwg
house_need
house_cabled
house_private_resolver
house_services

tap "the README's files are complete" fill_all
tap "gateway: wg-quick up wg0, nestwg-xdp attached by PostUp" wg_quick gw up wg0
tap "router: wg-quick up wgwan, dialling in after that" wg_quick router up wgwan
tap "router: wg-quick up wgprivate" wg_quick router up wgprivate
tap "phone: wg-quick up phone" wg_quick phone up phone
tap "client -> web server, which sees the client" wait_for 20 home_answers
tap "client -> laptop, UDP 25565" wait_for 10 game_answers
tap "phone -> web server, WireGuard in WireGuard" wait_for 20 phone_reads
tap "client -> gateway's sshd on 2222" house_ssh client 2222 true
tap "client -> house's sshd on 22" house_ssh client 22 true
tap "gateway: wg-quick down and up again" eval 'wg_quick gw down wg0 && wg_quick gw up wg0'
tap "and the home is reached again" wait_for 60 home_answers
tap "wg-quick down, everywhere" eval 'wg_quick phone down phone && wg_quick router down wgprivate &&
	wg_quick router down wgwan && wg_quick gw down wg0'
tap "nothing is left behind" nothing_left
finish
