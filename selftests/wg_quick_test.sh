#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The four files that the README's `nestwg-xdp init` writes, brought up by wg-quick on the seed's network (house.sh draws
# it), in the order that broke the seed's draft: the gateway forwards first, then the router dials in. And the README
# shows them as they are.

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

# readme_init OPTION...: the command that the README gives, with these options too.
readme_init()
{
	local words

	words=$(sed -n '/^    nestwg-xdp init --/,/[^\\]$/p' "$HOUSE_ROOT/README.md" | tr -d '\\\n')
	# shellcheck disable=SC2086 # words
	set -- ${words#*nestwg-xdp } "$@"
	expect "the README's command" "$*" '^init --endpoint ' && "$NESTWG" "$@" </dev/null
}

# The files with names in the places of the keys.
readme_shows_them()
{
	local name

	readme_init --dry-run >"$WORK/dry-run" || return
	for name in wg0 wgwan wgprivate phone; do
		expect_is "$name.conf" "$(readme_file "$name.conf")" \
			"$(sed -n "/^==> wireguard\/$name.conf <==\$/,/^==>/{/^==>/!p}" "$WORK/dry-run")" || return
	done
}

written()
{
	readme_init --dir "$WORK/etc/wireguard" &&
		cp "$WORK/etc/wireguard/"*.conf "$WORK/etc" &&
		expect_is "files" "$(cd "$WORK/etc/wireguard" && echo *)" "phone.conf wg0.conf wgprivate.conf wgwan.conf"
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

tap "the README shows what its nestwg-xdp init writes" readme_shows_them
tap "nestwg-xdp init writes it" written
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
