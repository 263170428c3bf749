#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What attach finds by itself, so that nobody is locked out and nothing breaks: the ports of SSH, and connections
# that are open (cli.sh draws the gateway).
#
#   pod 172.17.0.2 ─────── pod0 172.17.0.1 gw   a container, masqueraded

set -u

HERE=$(cd "$(dirname "$0")" && pwd -P)
# shellcheck source=cli.sh
. "$HERE/cli.sh"

# At boot sshd may come later: what it would listen on stays here.
sshd_that_is_to_come()
{
	local port

	port=$(/usr/sbin/sshd -T 2>/dev/null | sed -n 's/^port //p' | head -n 1)
	expect "the machine's own sshd_config" "$port" '^[0-9]+$' || return
	nestwg attach enp0s6 --wg wgcli0 >/dev/null && expect "exclusions" "$(excluded)" "(^| )$port/tcp" &&
		nestwg detach enp0s6 >/dev/null
}

# The world comes in by 2200, sshd has 2222: an open session tells.
session_behind_redirect()
{
	must on gw iptables -t nat -A PREROUTING -i enp0s6 -p tcp --dport 2200 -j REDIRECT --to-ports 2222
	serve session inet bash -c 'sleep 60 | nc 192.0.2.10 2200'
	wait_for 10 log_has session SSH || return
	nestwg attach enp0s6 --wg wgcli0 >/dev/null && expect "exclusions" "$(excluded)" "2200/tcp" &&
		nestwg detach enp0s6 >/dev/null
	local status=$?

	background_stop session
	must on gw iptables -t nat -F
	return "$status"
}

sshd_is_excluded()
{
	nestwg attach enp0s6 --wg wgcli0 >/dev/null && expect "exclusions" "$(excluded)" "2222/tcp" &&
		expect "exclusions" "$(excluded)" "51820/udp" && nestwg detach enp0s6 >/dev/null
}

session_is_excluded()
{
	on gw env SSH_CONNECTION="198.51.100.7 50000 192.0.2.10 2022" "$NESTWG" attach enp0s6 --wg wgcli0 >/dev/null &&
		expect "exclusions" "$(excluded)" "2022/tcp" && nestwg detach enp0s6 >/dev/null
}

# sudo removes SSH_CONNECTION; the shell above it still has it.
session_is_found_behind_sudo()
{
	on gw env SSH_CONNECTION="198.51.100.7 50000 192.0.2.10 2023" \
		bash -c "env -u SSH_CONNECTION $NESTWG attach enp0s6 --wg wgcli0; true" >/dev/null &&
		expect "exclusions" "$(excluded)" "2023/tcp" && nestwg detach enp0s6 >/dev/null
}

no_ssh_is_told()
{
	nestwg attach enp0s6 --wg wgcli0 --no-ssh >/dev/null && fails expect "exclusions" "$(excluded)" "2222/tcp" >/dev/null &&
		nestwg detach enp0s6 >/dev/null
}

# --- connections that are open -------------------------------------------------------------------

pod_up()
{
	netns_add "$HOUSE_PREFIX-pod" && cable gw pod0 pod eth0 &&
		addresses gw <<<"pod0 172.17.0.1/24" && addresses pod <<<"eth0 172.17.0.2/24 172.17.0.1" &&
		on gw iptables -t nat -A POSTROUTING -s 172.17.0.0/24 -o enp0s6 -j MASQUERADE
}

# Accepts two connections, and says something on both once the file is there.
PUSH='
import os, socket, sys, time
server = socket.create_server(("0.0.0.0", 7778))
print("ready", flush=True)
held = [server.accept()[0] for _ in range(2)]
print("held", flush=True)
while not os.path.exists(sys.argv[1]):
    time.sleep(0.05)
for connection in held:
    connection.sendall(b"pushed\n")
time.sleep(60)'

# Silent until after attach, when the other side speaks first: only what attach has found saves them.
silent_connections_survive()
{
	local host status=0

	pod_up || return
	serve push inet "$HOUSE_PYTHON" -c "$PUSH" "$WORK/push"
	wait_for 10 log_has push ready || return
	for host in gw pod; do
		serve "silent-$host" "$host" nc -d 192.0.2.1 7778
	done
	wait_for 10 log_has push held || return
	nestwg attach enp0s6 --wg wgcli0 --mode "$1" >/dev/null || return
	touch "$WORK/push"
	for host in gw pod; do
		wait_for 20 log_has "silent-$host" pushed || status=1
		background_stop "silent-$host"
	done
	background_stop push
	rm -f "$WORK/push"
	nestwg detach enp0s6 >/dev/null
	netns_del "$HOUSE_PREFIX-pod"
	on gw iptables -t nat -F
	return "$status"
}

isolate "$@"
begin
cli_need iptables nc
gateway_up

tap "the port of an sshd that is not there yet" sshd_that_is_to_come
tap "the ports of sshd and the tunnel are excluded by themselves" eval 'gateway_sshd && sshd_is_excluded'
tap "the port of the SSH session is" session_is_excluded
tap "behind sudo, too" session_is_found_behind_sudo
tap "the port that iptables redirects to sshd" session_behind_redirect
tap "--no-ssh: not" no_ssh_is_told
for mode in native generic tc; do
	tap "silent connections of the gateway and a container survive attach, $mode" silent_connections_survive "$mode"
done
finish
