#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# nestwg-xdp doctor and what iptables, nft, ufw, Docker, Oracle's image and the set-up with DNAT that came before have
# left: what it prescribes is typed, has to mend it, and packets tell whether it does (doctor.sh draws the network).

set -u

HERE=$(cd "$(dirname "$0")" && pwd -P)
# shellcheck source=doctor.sh
. "$HERE/doctor.sh"

# 1500 bytes that may be fragmented, through a tunnel that takes 1420, and as many back.
slow_path_works()
{
	wait_for 10 slow_ping
}

slow_ping()
{
	on inet ping -q -M dont -s 1472 -c 1 -W "$(limit 1)" 192.0.2.10 >/dev/null
}

# blocks REGEX: a rule keeps the slow path shut, at first as a note, later with a count; the way out opens it.
blocks()
{
	mended_any netfilter "$1 keeps out packets that are larger" && slow_path_works
}

# mended_any CHECK REGEX: whatever its severity.
mended_any()
{
	mended "$1" "(note|warning)" "$2" enp0s6
}

flush()
{
	on gw iptables -F && on gw iptables -X && on gw iptables -P FORWARD ACCEPT && on gw iptables -t nat -F &&
		on gw iptables -t nat -X && on gw nft flush ruleset
}

# --- the slow path -------------------------------------------------------------------------------

nothing_blocks()
{
	slow_path_works && says netfilter ok "no rule gets in the way" enp0s6 && status_is 0 enp0s6
}

ip_forward_off()
{
	must on gw sysctl -qw net.ipv4.ip_forward=0
	fails slow_ping &&
		mended ip_forward warning "get lost \([1-9][0-9]* so far\)" enp0s6 && slow_path_works
}

rp_filter_strict()
{
	must on gw sysctl -qw net.ipv4.conf.enp0s6.rp_filter=1
	mended rp_filter note "strict on enp0s6" enp0s6
}

policy_drop()
{
	must on gw iptables -P FORWARD DROP
	fails slow_ping && blocks "iptables: FORWARD: policy DROP"
}

# Its instance images end the chain so.
oracle_reject()
{
	must on gw iptables -A FORWARD -j REJECT --reject-with icmp-host-prohibited
	fails slow_ping && blocks "iptables: FORWARD: -A FORWARD -j REJECT --reject-with icmp-host-prohibited"
}

# As `iptables -S` lists them: connections that are known, Docker's own bridge, and the policy.
docker()
{
	must on gw iptables-restore -n <<-RULES
		*filter
		:FORWARD DROP
		:DOCKER - [0:0]
		:DOCKER-USER - [0:0]
		-A FORWARD -j DOCKER-USER
		-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
		-A FORWARD -o docker0 -j DOCKER
		-A FORWARD -i docker0 ! -o docker0 -j ACCEPT
		-A DOCKER-USER -j RETURN
		COMMIT
	RULES
	blocks "FORWARD: policy DROP \(Docker\)"
}

ufw()
{
	must on gw iptables-restore -n <<-RULES
		*filter
		:FORWARD DROP
		:ufw-before-forward - [0:0]
		:ufw-user-forward - [0:0]
		:ufw-reject-forward - [0:0]
		-A FORWARD -j ufw-before-forward
		-A FORWARD -j ufw-reject-forward
		-A ufw-before-forward -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
		-A ufw-before-forward -p icmp -m icmp --icmp-type 8 -j ACCEPT
		-A ufw-before-forward -j ufw-user-forward
		-A ufw-user-forward -i lo -j ACCEPT
		COMMIT
	RULES
	blocks "FORWARD: policy DROP \(ufw\)"
}

# A chain that is jumped to and decides; what is let through there is let through.
own_chain()
{
	must on gw iptables -N mine
	must on gw iptables -A FORWARD -i enp+ -g mine
	must on gw iptables -A FORWARD -j DROP
	must on gw iptables -A mine -d 10.0.18.0/30 -j ACCEPT
	says netfilter ok "no rule" enp0s6 && must on gw iptables -I mine -o wgcli0 -j DROP &&
		blocks "iptables: FORWARD: -A mine -o wgcli0 -j DROP"
}

# Protocols by number and by name, a port, a mask with a hole: none of these is about a ping to the home; the last is.
of_others()
{
	must on gw iptables -A FORWARD -p 253 -j DROP
	must on gw iptables -A FORWARD -p gre -j DROP
	must on gw iptables -A FORWARD -p tcp -m multiport --dports 25,3000:3001 -j DROP
	must on gw iptables -A FORWARD -d 10.0.0.3/255.255.0.255 -j DROP
	slow_path_works && says netfilter ok "no rule gets in the way" enp0s6 || return
	must on gw iptables -A FORWARD -d 10.0.0.2/255.255.0.255 -j DROP
	fails slow_ping && blocks "iptables: FORWARD: -A FORWARD -d 10\.0\.0\.2/255\.255\.0\.255 -j DROP"
}

legacy()
{
	on gw iptables-legacy -P FORWARD DROP 2>/dev/null || { skip "no iptables-legacy in this kernel"; return; }
	blocks "iptables-legacy: FORWARD: policy DROP"
	local status=$?

	on gw iptables-legacy -F
	on gw iptables-legacy -P FORWARD ACCEPT
	return "$status"
}

nft_rules()
{
	on gw nft -f - <<-RULES || return
		table inet wall {
			chain forward {
				type filter hook forward priority 0; policy drop;
				ct state vmap { established : accept, related : accept, invalid : drop }
				ct state established,related accept
				iifname "docker0" accept
				meta l4proto icmp ip daddr 10.0.18.9 accept
			}
		}
		table ip other {
			chain mine { ip daddr 10.0.18.0/30 jump deep; accept; }
			chain deep { counter reject; }
			chain forward { type filter hook forward priority 10; iifname "enp0s6" oifname "wgcli0" goto mine; }
		}
	RULES
	fails slow_ping || return
	mended_any netfilter "nft: wall forward: policy DROP" && fails slow_ping &&
		blocks "nft: other forward: handle [0-9]+"
}

# --- DNAT that is left ---------------------------------------------------------------------------

seed_rules()
{
	must on gw iptables -t nat -A PREROUTING -i enp0s6 -p tcp --dport 2222 -j ACCEPT
	must on gw iptables -t nat -A PREROUTING -i enp0s6 -j DNAT --to-destination 10.0.18.2
}

# Before: it is how things work. After: it takes the tunnel's own packets.
seed_dnat()
{
	nestwg detach enp0s6 >/dev/null && seed_rules &&
		says netfilter note "a DNAT rule in PREROUTING forwards to 10\.0\.18\.2; delete it when" enp0s6 &&
		nestwg attach enp0s6 --mode tc --allow 2222 >/dev/null &&
		mended netfilter problem "sends to 10\.0\.18\.2 what stays on the gateway, such as 51820/udp" enp0s6 &&
		mended netfilter note "an ACCEPT rule in nat PREROUTING is left" enp0s6 &&
		expect "rules" "$(on gw iptables -t nat -S PREROUTING)" "^-P PREROUTING ACCEPT$"
}

# One port; and a comment that a shell would obey.
port_dnat()
{
	# shellcheck disable=SC2016 # not for this shell
	must on gw iptables -t nat -A PREROUTING -p tcp --dport 25565 -m comment \
		--comment 'the "game" `touch '"$WORK"'/obeyed` $(touch '"$WORK"'/obeyed)' -j DNAT --to-destination 10.0.18.2:25
	mended netfilter warning "DNAT rule in PREROUTING to 10\.0\.18\.2 is useless" enp0s6 &&
		expect_is "what a comment has done" "$(ls "$WORK/obeyed" 2>/dev/null)" "" &&
		on gw iptables -t nat -A PREROUTING -p udp --dport 51000:52000 -j DNAT --to-destination 10.0.18.2 &&
		mended netfilter problem "such as 51820/udp" enp0s6 &&
		on gw iptables -t nat -A PREROUTING -i lan0 -j DNAT --to-destination 10.0.18.2 &&
		on gw iptables -t nat -A PREROUTING -j DNAT --to-destination 172.17.0.2 &&
		says netfilter ok "no rule" enp0s6
}

# The ports that stay are let by: then it is merely useless.
shielded_dnat()
{
	local port

	for port in "udp 51820" "udp 68" "tcp 2222" "tcp 22"; do
		on gw iptables -t nat -A PREROUTING -p "${port% *}" --dport "${port#* }" -j ACCEPT
	done
	on gw iptables -t nat -A PREROUTING -i enp0s6 -j DNAT --to-destination 10.0.18.2
	mended netfilter warning "is useless" enp0s6
}

nft_dnat()
{
	on gw nft -f - <<-RULES || return
		table ip old {
			chain in { type nat hook prerouting priority dstnat; iifname "enp0s6" tcp dport 25565 dnat to 10.0.18.2; }
			chain out { type nat hook postrouting priority srcnat; oifname "wgcli0" masquerade; }
		}
	RULES
	mended netfilter warning "nft: a DNAT rule in in to 10\.0\.18\.2 is useless" enp0s6 &&
		mended netfilter warning "nft: a MASQUERADE rule hides" enp0s6
}

masquerade()
{
	must on gw iptables -t nat -A POSTROUTING -o wgcli0 -j MASQUERADE
	must on gw iptables -t nat -A POSTROUTING -s 10.0.18.0/30 -o enp0s6 -j MASQUERADE
	must on gw iptables -t nat -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
	mended netfilter warning "a MASQUERADE rule hides from the home who called" enp0s6 &&
		mended netfilter note "a MASQUERADE rule for the tunnel is useless" enp0s6 &&
		expect "what is somebody else's" "$(on gw iptables -t nat -S)" "172\.17\.0\.0/16" && slow_path_works
}

# The file that would put the rules back: only those lines, and nothing that is a comment already.
wg_quick_file()
{
	[[ -d $FILES ]] || { skip "no $FILES here"; return; }
	cat >"$FILES/wg0.conf" <<-CONF
		[Interface]
		Address = 10.0.18.1/30
		PreUp = sysctl net.ipv4.ip_forward=1
		PreUp = iptables -t nat -A PREROUTING -i enp0s6 -p tcp --dport 2222 -j ACCEPT
		# PostUp = iptables -t nat -A PREROUTING -j DNAT --to-destination 10.0.18.2
		postdown=iptables -t nat -D PREROUTING -i enp0s6 -j DNAT --to-destination 10.0.18.2
		PostUp = iptables -A INPUT -j ACCEPT
	CONF
	mended wg-quick warning "wg0.conf has 2 lines with iptables rules" enp0s6 &&
		expect "the file" "$(<"$FILES/wg0.conf")" $'\n'"#PreUp = iptables -t nat.*"$'\n'"# PostUp.*"$'\n'"#postdown=" &&
		expect_is "hooks that are left" "$(grep -c '^P' "$FILES/wg0.conf")" 2
}

# Facts of old: the exception comes, the rule goes, and connection tracking still sends the router's calls away.
translated()
{
	nestwg detach enp0s6 >/dev/null && on gw wg set wgcli0 listen-port 51821 && seed_rules &&
		on home wg set wgdochome peer "$GW_KEY" endpoint 192.0.2.10:51821 && wait_for 20 call_is_translated || return
	on gw iptables -t nat -F
	mended translated problem "still sends the tunnel's own packets \(UDP 51821\) elsewhere" enp0s6 &&
		wait_for 30 heard
	local status=$?

	on gw wg set wgcli0 listen-port 51820
	on home wg set wgdochome peer "$GW_KEY" endpoint 192.0.2.10:51820
	nestwg attach enp0s6 --mode tc >/dev/null && wait_for 30 slow_path_works && return "$status"
}

call_is_translated()
{
	on gw conntrack -L -p udp --orig-port-dst 51821 2>/dev/null | grep -q "src=10\.0\.18\.2"
}

# The home's packets arrive at the port to which it has changed.
heard()
{
	on gw wg show wgcli0 endpoints | grep -q 203.0.113.2 && on gw ping -q -c 1 -W 2 10.0.18.2 >/dev/null
}

isolate "$@"
begin
cli_need iptables iptables-legacy nft conntrack
doctor_up
home_calls
must wait_for 30 handshaken
must nestwg attach enp0s6 --mode tc --allow 2222 >/dev/null

tap "no rules: nothing gets in the way" nothing_blocks
tap "ip_forward is off: mended" ip_forward_off
tap "rp_filter is strict: mended" rp_filter_strict
for name in policy_drop oracle_reject docker ufw own_chain of_others legacy nft_rules seed_dnat port_dnat shielded_dnat nft_dnat masquerade; do
	must flush
	tap "$name: mended" "$name"
done
must flush
tap "wg-quick's file with the old rules: mended" wg_quick_file
tap "connection tracking remembers a DNAT rule: mended" translated
finish
