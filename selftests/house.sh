# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The house of "Recursive Wireguard", each box a network namespace with real programs in it:
#
#   phone ─── 198.51.101.0/24 ──┐                                    ┌── 192.0.2.0/24 ─── gw   the cloud gateway
#     .66                       │                                    │            enp0s6 .10   sshd :2222
#     wgphone 192.168.17.69     ├── inet ────────────────────────────┤                   wg0   10.0.18.1, UDP 51820
#                               │   each .1 of its links             │                         nestwg-xdp (or iptables)
#   client ── 198.51.100.0/24 ──┘   198.51.102.53 on lo: DNS, HTTP   │
#     .7                                                             └── 203.0.113.0/24 ─ cgnat   the ISP's: masquerades,
#                                                                                   .2 outside   lets nothing in unasked
#                                                                          100.64.0.1 inside
#   server .10 ┐                               100.64.0.2 wan                          │
#     web :80  ├── 192.168.16.0/24 ── lan .1 router ─── 100.64.0.0/24 ─────────────────┘
#     sshd :22 │                               wgwan      10.0.18.2, dials 192.0.2.10:51820, HOUSE_MTU
#   laptop .20 ┘                               wgprivate  192.168.17.1, UDP 13131, 80 less
#     game :25565
#
#   WAN VPN:      wg0 (gw) ═══ wgwan (router), through the CGNAT. Everything for 192.0.2.10 comes through it.
#   private VPN:  wgphone (phone) ═══ wgprivate (router), to 192.0.2.10:13131: WireGuard inside WireGuard.
#   The server's own connections leave by the tunnel (mail wants the public address), the laptop's by the CGNAT.
#
# Use: . lib.sh; . house.sh; isolate "$@"; begin; house_need; house_up; house_forward_on; ... ; finish
# `on HOST COMMAND...` runs a command in a box. lib.sh's cleanup takes all of it down.
#
# Environment:
#   HOUSE_FORWARD    nestwg (default) or iptables: how the gateway forwards
#   MODE             nestwg-xdp's --mode: auto (default) native generic tc
#   NESTWG           the program (default build/nestwg-xdp)
#   HOUSE_OFFLOAD    off (default) or on: the checksum offload of those who send to the gateway. On, packets reach
#                    enp0s6 with CHECKSUM_PARTIAL, as from another guest on the same host; a real NIC never does that.
#   HOUSE_NIC        veth (default) or virtio: two NICs of this machine, joined outside, known by their MAC addresses
#   HOUSE_WIREGUARD  auto (default: kernel, if it has it), kernel, userspace
#   HOUSE_MB         size of the file that is fetched and sent: 10, in scripts/vm 2
#   HOUSE_MTU        of the WAN VPN: 1420 (default, what wg-quick takes over an MTU of 1500), or less
#   HOUSE_WG, HOUSE_WGWAN, HOUSE_WGPRIVATE, HOUSE_WGPHONE  interface names. wireguard-go's control sockets are named
#                    after them, for all namespaces together: no two may be the same.

HOUSE_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
HOUSE_FORWARD=${HOUSE_FORWARD:-nestwg}
MODE=${MODE:-auto}
NESTWG=${NESTWG:-$HOUSE_ROOT/build/nestwg-xdp}
HOUSE_OFFLOAD=${HOUSE_OFFLOAD:-off}
HOUSE_NIC=${HOUSE_NIC:-veth}
HOUSE_WIREGUARD=${HOUSE_WIREGUARD:-auto}
HOUSE_MB=${HOUSE_MB:-${NESTWG_VM:+2}}
HOUSE_MB=${HOUSE_MB:-10}
HOUSE_MTU=${HOUSE_MTU:-1420}
HOUSE_WG=${HOUSE_WG:-wg0}
HOUSE_WGWAN=${HOUSE_WGWAN:-wgwan}
HOUSE_WGPRIVATE=${HOUSE_WGPRIVATE:-wgprivate}
HOUSE_WGPHONE=${HOUSE_WGPHONE:-wgphone}

HOUSE_PREFIX=${HOUSE_PREFIX:-house$$}
HOUSE_HOSTS=(phone client inet gw cgnat router server laptop)
HOUSE_PUBLIC=192.0.2.10
HOUSE_CLIENT=198.51.100.7
HOUSE_PHONE=198.51.101.66
HOUSE_INTERNET=198.51.102.53	# DNS and HTTP on the internet
HOUSE_CGNAT=203.0.113.2
HOUSE_NIC_GW_MAC=52:54:00:00:00:01
HOUSE_NIC_INET_MAC=52:54:00:00:00:02

# A pyenv shim costs a second on an emulated CPU.
HOUSE_PYTHON=/usr/bin/python3
[[ -x $HOUSE_PYTHON ]] || HOUSE_PYTHON=python3
HOUSE_PEER=("$HOUSE_PYTHON" -IS "$HOUSE_ROOT/selftests/house_peer.py")

# nestwg-xdp excludes the port of the SSH session that runs it: that session is not the house's.
unset SSH_CONNECTION SSH_CLIENT

on()
{
	local host=$1

	shift
	in_ns "$HOUSE_PREFIX-$host" "$@"
}

# serve NAME HOST COMMAND...: a background program in a box.
serve()
{
	local name=$1 host=$2

	shift 2
	background "$name" in_ns "$HOUSE_PREFIX-$host" "$@"
}

must()
{
	"$@" && return
	printf 'Bail out! failed: %s\n' "$*"
	exit 1
}

house_need()
{
	need_commands ip iptables iptables-restore ethtool wg wg-quick sshd ssh ssh-keygen curl nc dnsmasq tcpdump ping \
		tracepath traceroute nsenter unshare ss nstat "$HOUSE_PYTHON"
	[[ -x $NESTWG ]] || skip_all "$NESTWG is not built (make)"
	house_choose_wireguard
}

house_choose_wireguard()
{
	local probe=wgprobe$$

	if [[ $HOUSE_WIREGUARD == auto ]]; then
		HOUSE_WIREGUARD=userspace
		if ip link add "$probe" type wireguard 2>/dev/null; then
			ip link del "$probe"
			HOUSE_WIREGUARD=kernel
		fi
	fi
	[[ $HOUSE_WIREGUARD == kernel ]] || need_commands wireguard-go
}

# The boxes, the cables and the ISP: no VPN yet, and no rules on the router.
house_cabled()
{
	mkdir "$WORK/etc"
	at_end house_return_nics
	house_hosts
	house_internet_links
	house_home_links
	house_cgnat_rules
}

# With all that it has, and the configuration files, but no VPN yet.
house_built()
{
	house_cabled
	house_router_rules
	house_private_resolver
	house_services
	house_vpn_configs
}

house_up()
{
	house_built
	house_gateway_vpn
	house_wan_dial
	house_private_vpn
}

house_hosts()
{
	local host forward=net.ipv4.ip_forward=1 sysctls
	# The errors that traceroute and the port probes ask for, all to one address within a second.
	local unlimited=net.ipv4.icmp_ratelimit=0

	for host in "${HOUSE_HOSTS[@]}"; do
		case $host in
		inet)	sysctls=("$forward" "$unlimited") ;;
		cgnat)	sysctls=("$forward") ;;
		client)	sysctls=("$unlimited") ;;
		# rp_filter: what systemd sets on Debian and Ubuntu.
		gw)	sysctls=("$forward" "$unlimited" net.ipv4.conf.all.rp_filter=2) ;;
		router)	sysctls=("$unlimited" net.ipv4.conf.default.rp_filter=1) ;;
		*)	sysctls=() ;;
		esac
		must netns_add "$HOUSE_PREFIX-$host" "${sysctls[@]}"
	done
}

# --- links ---------------------------------------------------------------------------------------

# cable HOST1 IF1 HOST2 IF2. Made from within one of the two: `link add ... netns` fails on older kernels if this
# machine has an interface of the same name.
cable()
{
	must ip -n "$HOUSE_PREFIX-$1" link add "$2" type veth peer name "$4" netns "$HOUSE_PREFIX-$3"
}

# addresses HOST: lines of "IF ADDRESS [ROUTER]" on stdin.
addresses()
{
	local dev address router

	while read -r dev address router; do
		printf 'address add %s dev %s\nlink set %s up\n' "$address" "$dev" "$dev"
		[[ -z $router ]] || printf 'route add default via %s\n' "$router"
	done | must ip -n "$HOUSE_PREFIX-$1" -batch - || exit
}

house_internet_links()
{
	cable client eth0 inet to-client
	cable phone eth0 inet to-phone
	cable cgnat outside inet to-cgnat
	house_gateway_link

	addresses inet <<-ADDRESSES
		to-client 198.51.100.1/24
		to-phone 198.51.101.1/24
		to-cgnat 203.0.113.1/24
		to-gw 192.0.2.1/24
		lo $HOUSE_INTERNET/32
	ADDRESSES
	addresses client <<<"eth0 $HOUSE_CLIENT/24 198.51.100.1"
	addresses phone <<<"eth0 $HOUSE_PHONE/24 198.51.101.1"
	addresses cgnat <<<"outside $HOUSE_CGNAT/24 203.0.113.1"
	addresses gw <<<"enp0s6 $HOUSE_PUBLIC/24 192.0.2.1"

	house_offload inet to-gw
	house_offload client eth0
	house_offload phone eth0
}

house_offload()
{
	on "$1" ethtool -K "$2" tx "$HOUSE_OFFLOAD" >/dev/null 2>&1 ||
		note "$1: the checksum offload of $2 cannot be turned $HOUSE_OFFLOAD"
}

house_gateway_link()
{
	case $HOUSE_NIC in
	virtio)
		house_take_nic "$HOUSE_NIC_GW_MAC" gw enp0s6
		house_take_nic "$HOUSE_NIC_INET_MAC" inet to-gw
		;;
	veth)
		cable gw enp0s6 inet to-gw
		# Without GRO a veth has no NAPI, and XDP runs where no NIC runs it; without NAPI at the far end,
		# what XDP transmits (its ICMP answers) is dropped.
		must on gw ethtool -K enp0s6 gro on
		must on inet ethtool -K to-gw gro on
		;;
	*)
		skip_all "HOUSE_NIC=$HOUSE_NIC: veth or virtio"
		;;
	esac
}

HOUSE_TAKEN=()	# "host name-there name-here"

house_take_nic()
{
	local name

	name=$(ip -o link show | awk -v mac="link/ether $1" 'index($0, mac) { sub(/[:@].*/, "", $2); print $2; exit }')
	[[ -n $name ]] || skip_all "no NIC with the address $1"
	must ip link set "$name" down
	must ip link set "$name" netns "$HOUSE_PREFIX-$2"
	must ip -n "$HOUSE_PREFIX-$2" link set "$name" name "$3"
	HOUSE_TAKEN+=("$2 $3 $name")
}

# A real NIC would fall back to the first namespace by itself, but under its new name, or dev%d if that is taken.
house_return_nics()
{
	local host there here

	for host in "${HOUSE_TAKEN[@]}"; do
		read -r host there here <<<"$host"
		ip -n "$HOUSE_PREFIX-$host" link set "$there" down
		ip -n "$HOUSE_PREFIX-$host" link set "$there" name "$here"
		ip -n "$HOUSE_PREFIX-$host" link set "$here" netns $$
	done
	HOUSE_TAKEN=()
}

house_home_links()
{
	cable router wan cgnat inside
	cable router lan-server server eth0
	cable router lan-laptop laptop eth0
	must ip -n "$HOUSE_PREFIX-router" -batch - <<-'BRIDGE'
		link add lan type bridge
		link set lan-server up master lan
		link set lan-laptop up master lan
	BRIDGE
	addresses cgnat <<<"inside 100.64.0.1/24"
	addresses router <<-ADDRESSES
		wan 100.64.0.2/24 100.64.0.1
		lan 192.168.16.1/24
	ADDRESSES
	addresses server <<<"eth0 192.168.16.10/24 192.168.16.1"
	addresses laptop <<<"eth0 192.168.16.20/24 192.168.16.1"
}

# --- the home's side -----------------------------------------------------------------------------

house_cgnat_rules()
{
	must on cgnat iptables-restore <<-'RULES'
		*nat
		-A POSTROUTING -o outside -j MASQUERADE
		COMMIT
		*filter
		:INPUT DROP
		:FORWARD DROP
		-A INPUT -i inside -j ACCEPT
		-A FORWARD -i inside -o outside -j ACCEPT
		-A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
		COMMIT
	RULES
}

# What the router does besides the two VPNs: it is a NAT and a firewall; the server's own connections leave by the
# tunnel, and what the house sends to its own public address does, too.
house_router_rules()
{
	must on router iptables-restore <<-RULES
		*nat
		-A POSTROUTING -o $HOUSE_WGWAN -j MASQUERADE
		-A POSTROUTING -o wan -j MASQUERADE
		COMMIT
		*filter
		:FORWARD DROP
		-A FORWARD -i lan -j ACCEPT
		-A FORWARD -i $HOUSE_WGPRIVATE -o lan -j ACCEPT
		-A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED,DNAT -j ACCEPT
		COMMIT
	RULES
	must ip -n "$HOUSE_PREFIX-router" -batch - <<-RULES
		rule add pref 130 iif lan from 192.168.16.10 lookup 18
		rule add pref 140 iif lan to $HOUSE_PUBLIC lookup 18
	RULES
}

# --- WireGuard -----------------------------------------------------------------------------------

# What a user would be told to type, and the files under the names that the interfaces have here.
house_vpn_configs()
{
	must "$NESTWG" init --endpoint "$HOUSE_PUBLIC" --nic enp0s6 --ssh-port 2222 --link-mtu $((HOUSE_MTU + 80)) \
		--forward 22,80,443/tcp=192.168.16.10 --forward 25565=192.168.16.20 \
		--dir "$WORK/etc/wireguard" </dev/null >"$WORK/init.log"
	must cp "$WORK/etc/wireguard/wg0.conf" "$WORK/etc/$HOUSE_WG.conf"
	must cp "$WORK/etc/wireguard/wgwan.conf" "$WORK/etc/$HOUSE_WGWAN.conf"
	must cp "$WORK/etc/wireguard/wgprivate.conf" "$WORK/etc/$HOUSE_WGPRIVATE.conf"
	must cp "$WORK/etc/wireguard/phone.conf" "$WORK/etc/$HOUSE_WGPHONE.conf"
}

# wg_quick HOST up|down NAME. The daemon that wg-quick may start must not hold our output open; and it ends after its
# interface, taking away the socket, which by then must not be another's.
wg_quick()
{
	local status

	on "$1" env PATH="$(dirname "$NESTWG"):$PATH" WG_QUICK_USERSPACE_IMPLEMENTATION=wireguard-go LOG_LEVEL=error \
		timeout "$(limit 60)" wg-quick "$2" "$WORK/etc/$3.conf" >"$WORK/wg-quick.log" 2>&1 </dev/null
	status=$?
	((status == 0)) || cat "$WORK/wg-quick.log"
	[[ $2 == up ]] || wait_for 20 fails test -e "/run/wireguard/$3.sock" || return
	return "$status"
}

# as_nobody ARGS...: nestwg-xdp by somebody who is not root. A copy, as the clone's directory may be closed to others.
as_nobody()
{
	cp "$NESTWG" "$WORK/nestwg-xdp" && chmod 755 "$WORK" "$WORK/nestwg-xdp" || return
	on gw setpriv --reuid 65534 --regid 65534 --clear-groups "$WORK/nestwg-xdp" "$@"
}

# wireguard_interface HOST IF: by the kernel or by wireguard-go. On a busy machine one start of wireguard-go in some
# hundred comes to nothing: said, and tried again.
wireguard_interface()
{
	local host=$1 dev=$2 try

	if [[ $HOUSE_WIREGUARD == kernel ]]; then
		ip -n "$HOUSE_PREFIX-$host" link add "$dev" type wireguard
		return
	fi
	for try in 1 2 3; do
		LOG_LEVEL=error serve "wireguard-$dev" "$host" wireguard-go -f "$dev"
		wait_for 20 on "$host" wg show "$dev" >/dev/null && return
		note "try $try: wireguard-go for $dev: $(tail -n 3 "$WORK/wireguard-$dev.log")"
		background_alive "wireguard-$dev" && note "it is alive"
		background_stop "wireguard-$dev"
	done
	return 1
}

# wireguard_up HOST IF
wireguard_up()
{
	local host=$1 dev=$2 conf=$WORK/etc/$2.conf

	must wireguard_interface "$host" "$dev"
	must on "$host" wg setconf "$dev" <(wg-quick strip "$conf")
	must ip -n "$HOUSE_PREFIX-$host" -batch - < <(sed -n "s/^Address = \(.*\)/address add \1 dev $dev/p
		s/^MTU = \(.*\)/link set $dev mtu \1 up/p" "$conf")
}

wireguard_down()
{
	if [[ $HOUSE_WIREGUARD == kernel ]]; then
		ip -n "$HOUSE_PREFIX-$1" link del "$2"
	else
		background_stop "wireguard-$2"
	fi
}

handshake()
{
	on "$1" wg show "$2" latest-handshakes | awk '{ at = $2 } END { exit !at }'
}

# Without the lines that attach: the tests do that, each in its own way.
house_gateway_vpn()
{
	wireguard_up gw "$HOUSE_WG"
}

# The home router dials out, from behind the CGNAT.
house_wan_dial()
{
	must wg_quick router up "$HOUSE_WGWAN"
}

house_wan_hang_up()
{
	must wg_quick router down "$HOUSE_WGWAN"
}

house_private_vpn()
{
	must wg_quick router up "$HOUSE_WGPRIVATE"
}

house_phone_dial()
{
	must wg_quick phone up "$HOUSE_WGPHONE"
}

# --- services ------------------------------------------------------------------------------------

# Everybody's resolver is the DNS server on the internet. In the private mount namespace, so nobody else sees it.
house_private_resolver()
{
	local target

	printf 'nameserver %s\noptions timeout:5 attempts:2\n' "$HOUSE_INTERNET" >"$WORK/etc/resolv.conf"
	printf 'hosts: files dns\n' >"$WORK/etc/nsswitch.conf"
	# Often a link into /run, which is empty here.
	target=$(readlink -m /etc/resolv.conf)
	if [[ $target == /run/* ]]; then
		mkdir -p "${target%/*}" && cp "$WORK/etc/resolv.conf" "$target"
	elif [[ -e $target ]]; then
		must mount --bind "$WORK/etc/resolv.conf" "$target"
	fi
	if [[ -e /etc/nsswitch.conf ]]; then
		must mount --bind "$WORK/etc/nsswitch.conf" /etc/nsswitch.conf
	fi
}

house_services()
{
	head -c "${HOUSE_MB}M" /dev/urandom >"$WORK/file"
	serve web server "${HOUSE_PEER[@]}" web server 80 "$WORK/file"
	serve game laptop "${HOUSE_PEER[@]}" echo laptop 25565
	serve website inet "${HOUSE_PEER[@]}" web internet 80 "$WORK/file"
	serve chat inet "${HOUSE_PEER[@]}" echo internet 7777 "$HOUSE_INTERNET"
	serve gw-echo gw "${HOUSE_PEER[@]}" echo gw 7777
	house_dns inet "$HOUSE_INTERNET"
	house_ssh_keys
	house_sshd gw 2222
	house_sshd server 22
	must wait_for 60 listening server 80
	must wait_for 60 listening server 22
	must wait_for 60 listening laptop 25565
	must wait_for 60 listening inet 80
	must wait_for 60 listening inet 53
	must wait_for 60 listening inet 7777
	must wait_for 60 listening gw 7777
	must wait_for 60 listening gw 2222
}

listening()
{
	on "$1" ss -Hltn "sport = :$2" | grep -q .
}

# house_dns HOST ADDRESS: a DNS server there.
house_dns()
{
	local host=$1 address=$2 text

	text=$(printf '%.0sx' {1..250})
	{
		printf '%s\n' no-resolv no-hosts bind-interfaces user=root group=root edns-packet-max=4096 \
			"listen-address=$address" "address=/example.test/$HOUSE_INTERNET"
		printf "txt-record=big.example.test,%02d$text\\n" {1..15}
	} >"$WORK/etc/dnsmasq-$host.conf"
	serve "dns-$host" "$host" dnsmasq --keep-in-foreground --conf-file="$WORK/etc/dnsmasq-$host.conf" --pid-file=
}

# house_big_answer HOST SERVER: the answer has all fifteen records of house_dns, which UDP carries in fragments.
house_big_answer()
{
	expect_is "DNS" "$(on "$1" "${HOUSE_PEER[@]}" dns "$2" big.example.test)" "4020 bytes, 15 records"
}

house_ssh_keys()
{
	local host

	for host in gw server; do
		must ssh-keygen -q -t ed25519 -N '' -C "$host" -f "$WORK/etc/ssh_host_$host"
	done
	must ssh-keygen -q -t ed25519 -N '' -C visitor -f "$WORK/etc/id_visitor"
	# One address, two machines: which one answers is told by its host key alone.
	{
		printf '[%s]:2222 %s\n' "$HOUSE_PUBLIC" "$(<"$WORK/etc/ssh_host_gw.pub")"
		printf '%s %s\n' "$HOUSE_PUBLIC" "$(<"$WORK/etc/ssh_host_server.pub")"
	} >"$WORK/etc/known_hosts"
	# Any host key but the right one is refused. The post-quantum key exchange takes ten seconds of an emulated CPU.
	cat >"$WORK/etc/ssh_config" <<-CONF
		IdentityFile $WORK/etc/id_visitor
		IdentitiesOnly yes
		BatchMode yes
		StrictHostKeyChecking yes
		UserKnownHostsFile $WORK/etc/known_hosts
		GlobalKnownHostsFile none
		KexAlgorithms curve25519-sha256
		LogLevel ERROR
	CONF
}

house_sshd()
{
	local host=$1 port=$2 pam=no

	# Without PAM, sshd turns away an account whose password is locked ("!"), even with a key.
	[[ $(getent shadow root) != root:!* ]] || pam=yes
	cat >"$WORK/etc/sshd_$host.conf" <<-CONF
		Port $port
		ListenAddress 0.0.0.0
		HostKey $WORK/etc/ssh_host_$host
		AuthorizedKeysFile $WORK/etc/id_visitor.pub
		PidFile $WORK/etc/sshd_$host.pid
		PermitRootLogin prohibit-password
		UsePAM $pam
		# The key lies below /tmp, which everybody may write to.
		StrictModes no
		# What root's own .bashrc and .ssh/rc do here is no part of the house.
		SetEnv HOME=$WORK/etc
		PermitUserRC no
	CONF
	serve "sshd-$host" "$host" "$(command -v sshd)" -D -e -f "$WORK/etc/sshd_$host.conf"
}

# house_ssh FROM PORT COMMAND...: log in at the public address.
house_ssh()
{
	local from=$1 port=$2

	shift 2
	on "$from" timeout -k 2 "$(limit 120)" ssh -F "$WORK/etc/ssh_config" -n -p "$port" "root@$HOUSE_PUBLIC" "$@"
}

# --- the gateway's forwarding --------------------------------------------------------------------

house_forward_on()
{
	if [[ $HOUSE_FORWARD == nestwg ]]; then
		on gw "$NESTWG" attach enp0s6 --wg "$HOUSE_WG" --mode "$MODE"
		return
	fi
	# The seed's rules, and two that it lacks: without the first the router can never dial in again, without
	# the last nothing that the home starts comes out.
	on gw iptables-restore <<-RULES
		*nat
		-A PREROUTING -i enp0s6 -p udp --dport 51820 -j ACCEPT
		-A PREROUTING -i enp0s6 -p tcp --dport 2222 -j ACCEPT
		-A PREROUTING -i enp0s6 -j DNAT --to-destination 10.0.18.2
		-A POSTROUTING -s 10.0.18.2 -o enp0s6 -j MASQUERADE
		COMMIT
	RULES
}

house_forward_off()
{
	if [[ $HOUSE_FORWARD == nestwg ]]; then
		on gw "$NESTWG" detach enp0s6
		return
	fi
	on gw iptables -t nat -F
}

# For ICMP only: it is what the tests need.
house_allow_icmp()
{
	if [[ $HOUSE_FORWARD == nestwg ]]; then
		on gw "$NESTWG" allow icmp
		return
	fi
	on gw iptables -t nat -I PREROUTING -i enp0s6 -p icmp -j ACCEPT
}

house_disallow_icmp()
{
	if [[ $HOUSE_FORWARD == nestwg ]]; then
		on gw "$NESTWG" disallow icmp
		return
	fi
	on gw iptables -t nat -D PREROUTING -i enp0s6 -p icmp -j ACCEPT
}

# What helps to understand a failure.
house_diagnose()
{
	echo "--- router: $(on router wg show "$HOUSE_WGWAN" | grep -E 'handshake|transfer' | tr -s ' \n' ' ')"
	if [[ $HOUSE_FORWARD == nestwg ]]; then
		on gw "$NESTWG" status 2>&1 | head -60
	else
		on gw iptables -t nat -vnL PREROUTING
	fi
	tail -n 3 "$WORK"/sshd-*.log
}
