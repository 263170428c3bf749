#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# nestwg-xdp@enp0s6.service under a systemd that boots (booted.sh), with wg-quick@wg0 and udev:
#
#   198.51.100.7 lo ┐                   ┌── booted   enp0s6 192.0.2.10, wg0 10.0.18.1
#   192.0.2.1 to-gw ├ inet ─────────────┘            systemd: wg-quick@wg0, nestwg-xdp@enp0s6
#   203.0.113.1     ┘ └──── home   203.0.113.2, wghome 10.0.18.2 (dials 192.0.2.10:51820), HTTP :80

set -u

HERE=$(cd "$(dirname "$0")" && pwd -P)
# shellcheck source=lib.sh
. "$HERE/lib.sh"
# shellcheck source=house.sh
. "$HERE/house.sh"
# shellcheck source=booted.sh
. "$HERE/booted.sh"

UNIT=nestwg-xdp@enp0s6.service
HOUSE_WGWAN=wghome
CONF=	# the machine's /etc/nestwg-xdp/enp0s6.conf

# Called by each boot: the machine's cable comes in with it. The kernel takes its time to clear up the namespace of
# before, and the other end of the old cable with it.
booted_cabling()
{
	ip -n "$HOUSE_PREFIX-inet" link del to-gw 2>/dev/null
	ip -n "$HOUSE_PREFIX-inet" link add to-gw type veth peer name enp0s6 netns "$BOOTED_NS" &&
		in_ns "$BOOTED_NS" ethtool -K enp0s6 gro on >/dev/null &&
		on inet ethtool -K to-gw tx off >/dev/null &&
		addresses inet <<<"to-gw 192.0.2.1/24" &&
		ip -n "$BOOTED_NS" -batch - <<-BATCH
			address add 192.0.2.10/24 dev enp0s6
			link set enp0s6 up
			route add default via 192.0.2.1
		BATCH
}

world()
{
	must netns_add "$HOUSE_PREFIX-inet" net.ipv4.ip_forward=1
	must netns_add "$HOUSE_PREFIX-home"
	must ip -n "$HOUSE_PREFIX-inet" address add 198.51.100.7/32 dev lo
	cable inet to-home home wan
	addresses inet <<<"to-home 203.0.113.1/24"
	addresses home <<<"wan 203.0.113.2/24 203.0.113.1"
}

# At once: WireGuard itself takes a quarter of a minute to see that the other side knows it no longer.
home_redials()
{
	local peer

	peer=$(wg pubkey <"$WORK/gateway.key")
	on home wg set wghome private-key "$WORK/home.key" peer "$peer" remove &&
		on home wg set wghome peer "$peer" endpoint 192.0.2.10:51820 allowed-ips 0.0.0.0/0 persistent-keepalive 1
}

home_dials()
{
	if [[ $HOUSE_WIREGUARD == kernel ]]; then
		must ip -n "$HOUSE_PREFIX-home" link add wghome type wireguard
	else
		LOG_LEVEL=error serve wghome home wireguard-go -f wghome
		must wait_for 20 on home wg show wghome
	fi
	must home_redials
	addresses home <<<"wghome 10.0.18.2/30"
	must ip -n "$HOUSE_PREFIX-home" rule add from 10.0.18.2 lookup 18
	must ip -n "$HOUSE_PREFIX-home" route add default dev wghome table 18
	mkdir "$WORK/www" && echo "this is the home" >"$WORK/www/index.html"
	serve www home "$HOUSE_PYTHON" -IS -m http.server --directory "$WORK/www" --bind 10.0.18.2 80
}

# The machine's disk: what `make install` leaves, the tunnel and the forwarding enabled.
machine()
{
	CONF=$BOOTED_ROOT/etc/nestwg-xdp/enp0s6.conf
	(umask 077; wg genkey >"$WORK/home.key"; wg genkey >"$WORK/gateway.key")
	must make -s -C "$HOUSE_ROOT" install PREFIX=/usr DESTDIR="$BOOTED_ROOT"
	must install "$NESTWG" "$BOOTED_ROOT/usr/sbin/nestwg-xdp"
	(umask 077; cat >"$BOOTED_ROOT/etc/wireguard/wg0.conf") <<-CONF
		[Interface]
		Address = 10.0.18.1/30
		ListenPort = 51820
		PrivateKey = $(<"$WORK/gateway.key")
		[Peer]
		PublicKey = $(wg pubkey <"$WORK/home.key")
		AllowedIPs = 10.0.18.2/32
	CONF
	mkdir "$BOOTED_ROOT/etc/nestwg-xdp"
	printf '# mine\nWireGuard = wg0\nAllow = 2222/tcp\n' >"$CONF"
	must systemctl -q --root="$BOOTED_ROOT" enable "$UNIT" wg-quick@wg0.service
}

home_answers()
{
	expect "over HTTP" "$(on inet curl -sS --interface 198.51.100.7 --max-time "$(limit 3)" http://192.0.2.10/ 2>&1)" "the home"
}

active()
{
	[[ $(booted systemctl is-active "$1") == active ]]
}

stays()
{
	expect "stays on the gateway" "$(booted nestwg-xdp status --json)" "\"spec\":\"?$1\"|\"spec\": ?\"$1\""
}

goes()
{
	! stays "$1" >/dev/null || echo "$1 stays on the gateway" | fails cat
}

boots()
{
	booted_up && wait_for 30 active "$UNIT" && home_redials && wait_for 30 home_answers && stays 2222/tcp
}

units_are_right()
{
	expect_is "systemd-analyze verify" \
		"$(booted systemd-analyze verify "$UNIT" nestwg-xdp-tunnel@wg0.service wg-quick@wg0.service 2>&1)" "" &&
		expect_is "units that failed" "$(booted systemctl --failed --no-legend)" ""
}

# Once, and not before the tunnel was there.
in_order()
{
	local log

	log=$(booted journalctl -b -o cat -u "$UNIT")
	printf '%s\n' "$log"
	expect "the journal" "$log" "enp0s6: attached in" && ! grep -E "no WireGuard|Failed" <<<"$log"
}

sandboxed()
{
	expect "capabilities" "$(booted systemctl show -p CapabilityBoundingSet "$UNIT")" "cap_net_admin" &&
		expect "exposure" "$(booted systemd-analyze security --no-pager "$UNIT" | tail -n 1)" " (OK|MEDIUM) "
}

tunnel_restarts()
{
	local before after

	before=$(booted cat /sys/class/net/wg0/ifindex)
	booted nestwg-xdp allow 8443 && booted nestwg-xdp allow 7000 --runtime || return
	booted systemctl restart wg-quick@wg0 && home_redials && wait_for 30 home_answers || return
	after=$(booted cat /sys/class/net/wg0/ifindex)
	((after != before)) && stays 8443/tcp && stays 7000/tcp && active "$UNIT"
}

tunnel_by_hand()
{
	booted wg-quick down wg0 && fails home_answers && booted wg-quick up wg0 && home_redials && wait_for 30 home_answers
}

reboots()
{
	expect_is "$CONF" "$(<"$CONF")" $'# mine\nWireGuard = wg0\nAllow = 2222/tcp\nAllow = 8443/tcp' &&
		booted_down && boots && stays 8443/tcp && goes 7000/tcp && in_order
}

reload_is_exact()
{
	sed -i '/8443/d' "$CONF"
	booted systemctl reload "$UNIT" && goes 8443/tcp && stays 2222/tcp && home_answers
}

stop()
{
	booted systemctl stop "$UNIT" && expect "status" "$(booted nestwg-xdp status)" "Not attached" &&
		fails home_answers && fails booted test -e /sys/fs/bpf/nestwg
}

start_again()
{
	booted systemctl start "$UNIT" && wait_for 20 home_answers
}

# Not confirmed, by somebody whose processes systemd ends with the session that they are of.
attach_in_session()
{
	booted systemd-run --quiet --wait --collect nestwg-xdp attach enp0s6 --allow 9999 --confirm "$1" && stays 9999/tcp &&
		expect "guards" "$(guards)" "^nestwg-xdp-guard-[0-9]+\.service "
}

guards()
{
	booted systemctl --no-legend --plain list-units 'nestwg-xdp-guard-*'
}

no_guard()
{
	expect_is "guards" "$(guards)" ""
}

guard_takes_it_back()
{
	attach_in_session 5 && wait_for 20 goes 9999/tcp && wait_for 5 no_guard && stays 2222/tcp && home_answers &&
		expect "the journal" "$(booted journalctl -b -o cat -t nestwg-xdp)" "enp0s6: not confirmed in time: taken back"
}

guard_ends_when_confirmed()
{
	attach_in_session 60 && booted nestwg-xdp confirm && wait_for 5 no_guard && stays 9999/tcp &&
		booted nestwg-xdp disallow 9999
}

gave_up()
{
	[[ $(booted systemctl is-failed "$UNIT") == failed ]]
}

# The unit has given up, and udev brings it back.
tunnel_comes_late()
{
	local drop_in=$BOOTED_ROOT/etc/systemd/system/$UNIT.d

	booted_down
	systemctl -q --root="$BOOTED_ROOT" disable wg-quick@wg0.service
	mkdir "$drop_in" && printf '[Service]\nRestart=no\n' >"$drop_in/test.conf"
	booted_up || return
	wait_for 20 gave_up || return
	booted systemctl start wg-quick@wg0 && home_redials && wait_for 30 home_answers && wait_for 10 active "$UNIT"
}

nic_goes()
{
	ip -n "$HOUSE_PREFIX-inet" link del to-gw && wait_for 20 fails active "$UNIT" &&
		wait_for 5 fails booted test -e /sys/fs/bpf/nestwg
}

diagnose()
{
	on home wg show
	booted wg show
	booted nestwg-xdp status
	booted systemctl --no-pager status "$UNIT" 'nestwg-xdp-tunnel@*' wg-quick@wg0
	on inet ip neigh
}

isolate "$@"
need_commands systemctl udevadm make
[[ -x /lib/systemd/systemd ]] || skip_all "no systemd here"
[[ -x /lib/systemd/systemd-udevd ]] || skip_all "no udev here"
begin
ON_FAIL=diagnose
HOUSE_FORWARD=nestwg
house_need
booted_make
world
machine

home_dials
tap "it boots, and forwards" boots
tap "the units are right" units_are_right
tap "attached once, when the tunnel was there" in_order
tap "the sandbox" sandboxed
tap "wg-quick@wg0 is restarted: forwarded as before" tunnel_restarts
tap "wg-quick down and up, by hand" tunnel_by_hand
tap "reboot: forwards, with what was allowed, without --runtime's" reboots
tap "reload: the file, edited, and nothing else" reload_is_exact
tap "stop: nothing is left" stop
tap "start" start_again
tap "attach --confirm from a session that ends: a service takes it back" guard_takes_it_back
tap "attach --confirm, confirmed: the service ends" guard_ends_when_confirmed
tap "the tunnel comes late" tunnel_comes_late
tap "the NIC goes" nic_goes
finish
