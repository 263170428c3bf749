#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# attach --dry-run: what it says comes true, and nothing is changed (cli.sh draws the gateway).

set -u

HERE=$(cd "$(dirname "$0")" && pwd -P)
# shellcheck source=cli.sh
. "$HERE/cli.sh"

dry()
{
	nestwg attach enp0s6 --wg wgcli0 --dry-run "$@"
}

# changes_nothing ARGS...
changes_nothing()
{
	local before

	before=$(everything)
	dry "$@" && expect_is "after a dry run" "$(everything)" "$before"
}

# service KEY SPEC: of the service with that SPEC in a dry run's JSON.
service()
{
	dry --json | "$HOUSE_PYTHON" -c '
import json, sys
print(*(s[sys.argv[1]] for s in json.load(sys.stdin)["services"] if s["spec"] == sys.argv[2]))' "$1" "$2"
}

key()
{
	"$HOUSE_PYTHON" -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"
}

counted()
{
	nestwg stats --json | "$HOUSE_PYTHON" -c '
import json, sys
print(json.load(sys.stdin)[0]["counters"][sys.argv[1]]["packets"])' "$1"
}

# --- tests ---------------------------------------------------------------------------------------

first_time()
{
	local text

	text=$(changes_nothing --allow 5000-5010/udp --confirm 60) &&
		expect "it says" "$text" "nothing has been changed; .attach. would"$'\n'"  attach in native" &&
		expect "where to" "$text" "192.0.2.10 to 10.0.18.2 through wgcli0 \(MTU 1420\)" &&
		expect "exclusions" "$text" "gateway: 2222/tcp \(sshd\), 68/udp \(DHCP client\), 5000-5010/udp, 51820/udp" &&
		expect "the time" "$text" "take all of it back after 60 seconds" &&
		expect "the session's" "$(SSH_CONNECTION="192.0.2.1 4 192.0.2.10 2022" dry)" "2022/tcp \(ssh session\)"
}

upgrade()
{
	nestwg attach enp0s6 --wg wgcli0 --mode tc --allow 7000 >/dev/null || return
	expect "it says" "$(changes_nothing --mode generic --allow 7001)" \
		"upgrade it in generic mode \(as asked for\)"$'\n.*\n'".*7000-7001/tcp" &&
		expect "after tc" "$(dry)" "upgrade it in tc mode" &&
		nestwg attach enp0s6 --mode native >/dev/null &&
		expect "after native" "$(dry)" "upgrade it in native mode \(as it is now\)"
	local status=$?

	nestwg detach enp0s6 >/dev/null
	return "$status"
}

# It is the driver's own word, from Linux 6.3 on.
mode_follows_driver()
{
	must ip -n "$HOUSE_PREFIX-gw" link add br0 type bridge
	must ip -n "$HOUSE_PREFIX-gw" address add 203.0.113.1/24 dev br0
	must ip -n "$HOUSE_PREFIX-gw" link set br0 up
	local text status

	text=$(nestwg attach br0 --wg wgcli0 --dry-run)
	expect "a bridge" "$text" "attach in (tc mode \(auto: the driver has no native XDP\)|native or tc)" &&
		if [[ $text == *"tc mode"* ]]; then
			refused 1 "br0: cannot attach native XDP: its driver has none; try --mode tc" \
				attach br0 --wg wgcli0 --mode native --dry-run
		fi
	status=$?
	ip -n "$HOUSE_PREFIX-gw" link delete br0
	return "$status"
}

services_are_named()
{
	expect_is "who has 80/tcp" "$(service process 80/tcp)" python3 &&
		expect_is "its number" "$(service pid 80/tcp)" "${BG_PID[web]%% *}" &&
		expect_is "80/tcp" "$(service stays 80/tcp) $(service counter 80/tcp)" "False forwarded" &&
		expect_is "2222/tcp" "$(service stays 2222/tcp) $(service counter 2222/tcp)" "True excluded" &&
		expect_is "5353/udp" "$(service process 5353/udp) $(service stays 5353/udp)" "nc False" &&
		expect_is "on another address" "$(service process 81/tcp)" "" &&
		expect "the remedy" "$(dry)" "to keep them on the gateway: --allow 80/tcp --allow 5353/udp$"
}

# Whose they are is good to know, and no more: without it they are named all the same.
without_owners()
{
	local text

	text=$(on gw strace -f -qq -o /dev/null -P /proc -e trace=openat -e inject=openat:error=EMFILE \
		"$NESTWG" attach enp0s6 --wg wgcli0 --no-ssh --dry-run) &&
		expect "80/tcp" "$text" "80/tcp +no longer reached +forwarded"
}

# The counter that was named is the one that counts, and the service is reached or not.
it_comes_true()
{
	local counter spec port

	nestwg attach enp0s6 --wg wgcli0 --allow 2222 >/dev/null || return
	for spec in 80/tcp 2222/tcp; do
		port=${spec%/tcp}
		counter=$(service counter "$spec")
		local before
		before=$(counted "$counter")
		on inet nc -z -w 1 192.0.2.10 "$port"
		expect_is "$spec is reached" "$?" "$([[ $(service stays "$spec") == True ]]; echo $?)" &&
			expect "packets for $spec, $counter" "$(($(counted "$counter") > before))" 1 || return
	done
	nestwg detach enp0s6 >/dev/null
}

# Docker's way to publish a port without a process that listens, and what is not meant for this interface.
translated_ports()
{
	local nat="on gw iptables -t nat -A PREROUTING"

	$nat ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80
	$nat -d 192.0.2.10/32 -i enp+ -p udp -m multiport --dports 3000:3001,3005 -j DNAT --to-destination 172.17.0.3
	$nat -i lo -p tcp -m tcp --dport 8081 -j DNAT --to-destination 172.17.0.2:80
	$nat -d 127.0.0.1/32 -p tcp -m tcp --dport 8082 -j REDIRECT --to-ports 80
	$nat ! -i enp0s6 -p tcp -m tcp --dport 8083 -j REDIRECT --to-ports 80
	expect_is "8080/tcp" "$(service translated 8080/tcp) $(service stays 8080/tcp)" "iptables DNAT 172.17.0.2:80 False" &&
		expect "udp" "$(dry)" "3000-3001/udp +no longer reached +forwarded +iptables DNAT 172.17.0.3"$'\n'" +3005/udp" &&
		expect "the remedy" "$(dry --allow 8080 --allow 3000/udp)" \
			"--allow 80/tcp --allow 3000-3001/udp --allow 3005/udp --allow 5353/udp$" &&
		fails grep -E '808[123]' <<<"$(dry)"
	local status=$?

	on gw iptables -t nat -F
	return "$status"
}

# Rules that iptables does not show: sets, ranges, both protocols at once.
translated_by_nft()
{
	on gw nft -f - <<-'RULES' || return
	table ip publish {
		chain in {
			type nat hook prerouting priority dstnat
			iifname != "docker0" ip daddr 192.0.2.10 tcp dport { 8080, 9000-9001 } dnat to 172.17.0.2:80
			meta l4proto { tcp, udp } th dport 5300 redirect to :53
			iifname "lan0" tcp dport 8081 dnat to 172.17.0.2
			iifname != "enp0s6" tcp dport 8082 redirect to :80
			ip daddr 198.51.100.1 tcp dport 8083 dnat to 172.17.0.2
		}
	}
	RULES
	expect_is "8080/tcp" "$(service translated 8080/tcp)" "nft DNAT 172.17.0.2:80" &&
		expect_is "9000-9001/tcp" "$(service stays 9000-9001/tcp)" False &&
		expect_is "5300" "$(service translated 5300/tcp), $(service translated 5300/udp)" \
			"nft REDIRECT 53, nft REDIRECT 53" && fails grep -E '808[123]' <<<"$(dry)"
	local status=$?

	on gw nft delete table ip publish
	return "$status"
}

# same_refusal ARGS...: the same words and status as without --dry-run.
same_refusal()
{
	local wet wet_status text

	wet=$(nestwg attach "$@" 2>&1)
	wet_status=$?
	text=$(nestwg attach "$@" --dry-run 2>&1)
	expect_is "status, attach $* --dry-run" "$?" "$wet_status" && expect_is "attach $* --dry-run" "$text" "$wet" &&
		fails expect_is "status" "$wet_status" 0 >/dev/null
}

refusals()
{
	same_refusal nosuch0 --wg wgcli0 && same_refusal wgcli0 && same_refusal enp0s6 --wg nosuch0 &&
		same_refusal enp0s6 --wg wgcli0 --peer 10.9.9.9 && same_refusal enp0s6 --address 192.0.2.77 &&
		same_refusal lo --wg wgcli0 && same_refusal enp0s6 --confirm 0 && same_refusal enp0s6 --mode fast || return
	printf '%s\n' '__attribute__((section("xdp"))) int other(void *ctx) { return 2; }' \
		'char _license[] __attribute__((section("license"))) = "GPL";' >"$WORK/xdp.c"
	clang -target bpf -O2 -c "$WORK/xdp.c" -o "$WORK/xdp.o" &&
		on gw ip link set enp0s6 xdpdrv obj "$WORK/xdp.o" sec xdp && same_refusal enp0s6 --wg wgcli0 &&
		expect "--replace" "$(changes_nothing --replace)" "take the place of another tool's XDP program \(other, id [0-9]+\)" &&
		expect "tc" "$(changes_nothing --mode tc)" "leave alone another tool's XDP program" &&
		expect_is "JSON" "$(dry --replace --json | key other_xdp)" other
	local status=$?

	on gw ip link set enp0s6 xdp off
	return "$status"
}

isolate "$@"
begin
cli_need nc clang iptables nft strace
# What a failed test leaves would fail the next ones.
ON_FAIL="nestwg detach enp0s6"
gateway_up
must gateway_sshd
serve web gw "$HOUSE_PYTHON" -IS -m http.server 80
serve inner gw nc -l -k 127.0.0.1 81
serve queries gw nc -u -l -k 5353
must wait_for 20 listening gw 80

tap "a first attach" first_time
tap "an upgrade" upgrade
tap "the mode, as the driver says" mode_follows_driver
tap "local services" services_are_named
tap "and whose they are cannot be found" without_owners
tap "and it comes true" it_comes_true
tap "ports that netfilter translates" translated_ports
tap "and nft's own rules" translated_by_nft
tap "refusals are those of attach" refusals
finish
