#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# nestwg-xdp init: what it asks, refuses and writes. (wg_quick_test.sh brings up what it writes.)
#
#   inet 192.0.2.1 ─── enp0s6 192.0.2.10 gw    sshd on 2222
#
# shellcheck disable=SC2016 # regular expressions with a $

set -u
shopt -s extglob

HERE=$(cd "$(dirname "$0")" && pwd -P)
# shellcheck source=cli.sh
. "$HERE/cli.sh"

FLAGS=(--endpoint 192.0.2.10 --nic enp0s6 --ssh-port 2222)
FILES=(phone.conf wg0.conf wgprivate.conf wgwan.conf)

# init ARGS...: on the gateway, in a directory of its own.
init()
{
	(cd "$WORK/here" && on gw "$NESTWG" init "$@" </dev/null)
}

fresh()
{
	rm -rf "$WORK/here"
	mkdir "$WORK/here"
}

# here_is NAME...: what lies in wireguard/, hidden files too.
here_is()
{
	expect_is "files" "$(cd "$WORK/here" && find . -mindepth 1 -printf '%P\n' | sort | paste -sd ' ')" "$*"
}

all_here()
{
	here_is wireguard "${FILES[@]/#/wireguard/}"
}

# says STATUS REGEX ARGS...: it ends with that status and message, and nothing has been written.
says()
{
	local wanted=$1 regex=$2 text status

	shift 2
	[[ -z $(ls -A "$WORK/here") ]] || fresh
	text=$(init "$@" 2>&1 >/dev/null)
	status=$?
	echo "init $*: $text"
	expect_is "exit status" "$status" "$wanted" && expect "the message" "$text" "^nestwg-xdp: .*$regex" &&
		expect_is "files" "$(ls -A "$WORK/here")" ""
}

value()
{
	sed -n "s/^$2 = //p" "$WORK/here/wireguard/$1.conf"
}

# --- usage ---------------------------------------------------------------------------------------

missing_values()
{
	says 2 "--endpoint is missing.*help init" --nic enp0s6 && says 2 "--endpoint is missing" --yes &&
		ip -n "$HOUSE_PREFIX-gw" route del default &&
		says 2 "--nic is missing: .*default route" --endpoint 192.0.2.10
	local status=$?
	ip -n "$HOUSE_PREFIX-gw" route add default via 192.0.2.1
	return "$status"
}

bad_options()
{
	says 2 "--endpoint wants a value" --endpoint && says 2 "no option --end-point" --end-point x &&
		says 2 "unexpected argument 'wg0'" "${FLAGS[@]}" wg0 &&
		says 2 "--qr needs keys" "${FLAGS[@]}" --qr --dry-run
}

bad_words()
{
	local bad

	for bad in '' ' ' 300.0.0.1 1.2.3 127.0.0.1 0.1.2.3 224.0.0.1 2001:db8::1 192.0.2.10:51820 'a b' 'a;reboot' '$(id)' \
		-x.example x-.example a..b .a 'a
PostUp = reboot' "$(printf '%064d.example' 0)" "$(printf 'a%.0s' {1..254})" 'a"b' "a'b" 'ä.example'; do
		says 2 "--endpoint '" --endpoint "$bad" --nic enp0s6 || return
	done
	for bad in '' 'e;reboot' 'e f' -e . .. 'e/f' abcdefghijklmnop 'e
f' 'e$HOME' 'e%i'; do
		says 2 "--nic '" --endpoint 192.0.2.10 --nic "$bad" || return
	done
}

bad_numbers()
{
	local option bad

	for option in port private-port ssh-port; do
		for bad in '' 0 65536 -1 +1 1x 99999999999999999999 ' 22'; do
			says 2 "--$option '.*a port is a number from 1 to 65535" "${FLAGS[@]}" "--$option" "$bad" || return
		done
	done
	for bad in '' 0 575 1279 9001 1500x; do
		says 2 "--link-mtu '.*from 1280 to 9000" "${FLAGS[@]}" --link-mtu "$bad" || return
	done
	says 2 "--ssh-port '.*too many ports" "${FLAGS[@]}" --ssh-port 1,2,3,4,5,6,7,8,9 &&
		says 2 "needs another port" "${FLAGS[@]}" --private-port 51820 &&
		says 2 "needs another port" "${FLAGS[@]}" --port 13131 --private-port 13131
}

bad_nets()
{
	local option bad

	for option in wan-net home-net private-net; do
		for bad in '' 192.168.1.0 192.168.1.0/ 192.168.1.0/33 192.168.1.0/x 192.168.1/24 '192.168.1.0/24 '; do
			says 2 "--$option '.*a network is wanted" "${FLAGS[@]}" "--$option" "$bad" || return
		done
		says 2 "two addresses are needed" "${FLAGS[@]}" "--$option" 10.9.9.0/31 &&
			says 2 "too large" "${FLAGS[@]}" "--$option" 0.0.0.0/0 &&
			says 2 "the network is 10\.9\.9\.0/24" "${FLAGS[@]}" "--$option" 10.9.9.1/24 &&
			says 2 "no network can have" "${FLAGS[@]}" "--$option" 240.0.0.0/8 || return
	done
	says 2 "the WAN VPN's network and the home's overlap" "${FLAGS[@]}" --wan-net 192.168.0.0/16 &&
		says 2 "the home's network and the private VPN's overlap" "${FLAGS[@]}" --private-net 192.168.16.128/25 &&
		says 2 "192\.0\.2\.10 lies in the home's network" "${FLAGS[@]}" --home-net 192.0.2.0/24 &&
		says 2 "none of the private VPN's network" "${FLAGS[@]}" --phone 192.168.18.2 &&
		says 2 "none of the private VPN's network" "${FLAGS[@]}" --phone 192.168.17.255 &&
		says 2 "the router's own" "${FLAGS[@]}" --phone 192.168.17.1
}

bad_forwards()
{
	local bad

	for bad in 80 80= =192.168.16.10 /tcp=192.168.16.10 80/sctp=192.168.16.10 80,=192.168.16.10 0=192.168.16.10 \
		90-80=192.168.16.10 80=192.168.16 80=server 80/=192.168.16.10 icmp=192.168.16.10 80/tcp/udp=192.168.16.10 \
		'80=192.168.16.10 -j ACCEPT' "$(seq -s , 16)=192.168.16.10" 1-2,3-4,5-6,7-8,9-10,11-12,13-14,15-16=192.168.16.10; do
		says 2 "--forward '" "${FLAGS[@]}" --forward "$bad" || return
	done
	says 2 "192\.168\.1\.10 is no address of the home's network" "${FLAGS[@]}" --forward 80=192.168.1.10 &&
		says 2 "no address of the home's network" "${FLAGS[@]}" --forward 80=192.168.16.255 &&
		says 2 "port 443 is forwarded twice" "${FLAGS[@]}" --forward 80,443=192.168.16.10 \
			--forward 400-500/tcp=192.168.16.20 &&
		says 2 "port 80 is forwarded twice" "${FLAGS[@]}" --forward 80,80/tcp=192.168.16.10 &&
		says 2 "2222/tcp stays on the gateway.*--ssh-port" "${FLAGS[@]}" --forward 2000-3000=192.168.16.10 &&
		says 2 "51820/udp stays on the gateway" "${FLAGS[@]}" --forward 51820/udp=192.168.16.10 &&
		says 2 "13131/udp is the private VPN's" "${FLAGS[@]}" --forward 13131=192.168.16.10 &&
		says 2 "68/udp stays on the gateway" "${FLAGS[@]}" --forward 68=192.168.16.10
}

# Ports are taken for one protocol only.
good_forwards()
{
	fresh
	init "${FLAGS[@]}" --forward 51820,13131,68/tcp=192.168.16.10 --forward 2222/udp=192.168.16.10 \
		--forward 53/tcp=192.168.16.10 --forward 53/udp=192.168.16.20 --forward 60000-61000/udp=192.168.16.20 >/dev/null &&
		expect "rules" "$(value wgwan PostUp)" "-p tcp -m multiport --dports 51820,13131,68 -j DNAT --to-destination 192.168.16.10" &&
		expect "rules" "$(value wgwan PostUp)" "-p udp --dport 60000:61000 -j DNAT --to-destination 192.168.16.20" &&
		expect_is "rules" "$(value wgwan PostUp | grep -c DNAT)" 5
}

from_this_machine()
{
	local text

	fresh
	text=$(init --endpoint home.example.org --dry-run) && here_is &&
		expect "the NIC of the default route, the port of sshd" "$text" 'attach enp0s6 --wg %i --allow 2222' &&
		expect "the endpoint" "$text" 'Endpoint = home.example.org:51820' &&
		says 2 "2222/tcp stays" --endpoint 192.0.2.10 --forward 2222=192.168.16.10 &&
		text=$(init --endpoint 192.0.2.10 --nic eth9 --dry-run) &&
		expect "a gateway elsewhere" "$text" $'attach eth9 --wg %i\n'
}

private_endpoint()
{
	local text

	fresh
	text=$(init --endpoint 10.0.0.5 --nic enp0s6 --wan-net 172.30.0.0/30 2>&1) && all_here &&
		expect "the warning" "$text" "warning: 10.0.0.5 is a private address"
}

# --- the files -----------------------------------------------------------------------------------

dry_run()
{
	local text

	fresh
	text=$(cd "$WORK/here" && on gw env PATH=/nowhere "$NESTWG" init "${FLAGS[@]}" --dry-run </dev/null) && here_is && expect "a key's name" "$text" "<gateway's private key>" &&
		fails grep -E '[A-Za-z0-9+/]{43}=' <<<"$text" &&
		expect_is "files" "$(grep -c '^==> wireguard/.* <==$' <<<"$text")" 4
}

modes()
{
	local mask

	for mask in 000 077 0377; do
		fresh
		(umask "$mask" && init "${FLAGS[@]}" >/dev/null) && all_here || return
		expect_is "modes, umask $mask" "$(stat -c %a "$WORK/here/wireguard/"* | sort -u)" 600 || return
		[[ $mask == 0377 ]] || expect_is "the directory" "$(stat -c %a "$WORK/here/wireguard")" 700 || return
	done
}

# Never readable by others, not even for an instant.
modes_from_the_start()
{
	fresh
	(umask 000 && cd "$WORK/here" && on gw strace -f -qq -e trace=openat,open,creat -o "$WORK/opens" \
		"$NESTWG" init "${FLAGS[@]}" </dev/null >/dev/null) && all_here &&
		sed -i '/\.gcda"/d' "$WORK/opens" &&	# of scripts/coverage
		expect_is "files made" "$(grep -c O_CREAT "$WORK/opens")" 4 &&
		expect_is "of them with 0600" "$(grep -c 'O_CREAT|O_EXCL.*, 0600)' "$WORK/opens")" 4
}

fits_together()
{
	expect_is "$2's public key" "$(value "$1" PrivateKey | wg pubkey)" "$(value "$2" PublicKey)"
}

keys()
{
	local first

	fresh
	init "${FLAGS[@]}" >/dev/null && fits_together wg0 wgwan && fits_together wgwan wg0 &&
		fits_together wgprivate phone && fits_together phone wgprivate &&
		expect_is "different keys" "$(sed -n 's/^PrivateKey = //p' "$WORK/here/wireguard/"* | sort -u | wc -l)" 4 || return
	first=$(value wg0 PrivateKey)
	init "${FLAGS[@]}" --dir again >/dev/null && fails grep -rqF -e "$first" "$WORK/here/again"
}

wg_quick_reads()
{
	local name stripped

	fresh
	init "${FLAGS[@]}" --forward 80,443=192.168.16.10 --forward 25565=192.168.16.20 >/dev/null || return
	for name in wg0 wgwan wgprivate phone; do
		stripped=$(wg-quick strip "$WORK/here/wireguard/$name.conf") && expect "$name, stripped" "$stripped" PrivateKey || return
	done
	expect "the phone's AllowedIPs" "$(value phone AllowedIPs)" '^192.168.17.1/32, 192.168.16.0/24$' &&
		expect_is "what PostUp adds" "$(value wgwan PostUp | sed -n 's/ -A / /p; s/ip rule add pref \([0-9]*\) .*/rule \1/p' | sort)" \
			"$(value wgwan PreDown | sed -n 's/ -D / /p; s/ip rule del pref \([0-9]*\)/rule \1/p' | sort)"
}

# mtus LINK WAN PRIVATE
mtus()
{
	fresh
	init "${FLAGS[@]}" --link-mtu "$1" >/dev/null &&
		expect_is "WAN VPN, link $1" "$(value wg0 MTU) $(value wgwan MTU)" "$2 $2" &&
		expect_is "private VPN, link $1" "$(value wgprivate MTU) $(value phone MTU)" "$3 $3"
}

all_mtus()
{
	mtus 1500 1420 1340 && mtus 1492 1412 1332 && mtus 1280 1200 1120 && mtus 1580 1500 1420 && mtus 9000 8920 1420
}

networks()
{
	fresh
	init "${FLAGS[@]}" --wan-net 172.31.0.0/24 --home-net 10.1.0.0/16 --private-net 10.2.0.8/30 --port 4500 --private-port 500 \
		--forward 443/tcp=10.1.2.3 >/dev/null &&
		expect_is "wg0" "$(value wg0 Address) $(value wg0 AllowedIPs) $(value wg0 ListenPort)" "172.31.0.1/24 172.31.0.2/32 4500" &&
		expect_is "wgwan" "$(value wgwan Address) $(value wgwan Endpoint)" "172.31.0.2/24 192.0.2.10:4500" &&
		expect "wgwan" "$(value wgwan PostUp)" 'from 172.31.0.2 lookup 18' &&
		expect_is "wgprivate" "$(value wgprivate Address) $(value wgprivate AllowedIPs)" "10.2.0.9/30 10.2.0.10/32" &&
		expect_is "phone" "$(value phone Address) $(value phone AllowedIPs)" "10.2.0.10/30 10.2.0.9/32, 10.1.0.0/16" &&
		expect_is "phone" "$(value phone Endpoint)" "192.0.2.10:500"
}

# The commands that it prints work as they are, whatever the directory is called.
next_steps()
{
	local text command

	fresh
	text=$(init "${FLAGS[@]}" --dir "it's a dir") || return
	command=$(sed -n 's/^ *the gateway *sudo \(install .*\) .*/\1/p' <<<"$text")
	expect "the command" "$command" '^install -m 600 ' && (cd "$WORK/here" && eval "$command $WORK/installed") &&
		cmp "$WORK/installed" "$WORK/here/it's a dir/wg0.conf" &&
		expect "the ports for the provider" "$text" "51820/udp.*13131/udp"
}

verbose_says()
{
	local text

	fresh
	text=$(init "${FLAGS[@]}" --verbose 2>&1 >/dev/null)
	expect_is "what was done" "$text" "$(printf '[#] install %s\n' '-d -m 700 wireguard' \
		"-m 600 /dev/stdin wireguard/"{wg0,wgwan,wgprivate,phone}.conf)"
}

# --- nothing overwritten, all or nothing ---------------------------------------------------------

sums()
{
	(cd "$WORK/here" && find . -mindepth 1 \( -type d -printf '%p %m\n' \) -o -exec sha256sum {} +) | sort
}

exists()
{
	local name text status

	for name in "${FILES[@]}"; do
		fresh
		mkdir "$WORK/here/wireguard"
		echo mine >"$WORK/here/wireguard/$name"
		text=$(init "${FLAGS[@]}" 2>&1)
		status=$?
		expect_is "exit status" "$status" 1 && expect "the message" "$text" "wireguard/$name: exists; --force" &&
			here_is wireguard "wireguard/$name" && expect_is "text" "$(<"$WORK/here/wireguard/$name")" mine || return
	done
}

force()
{
	local before

	fresh
	init "${FLAGS[@]}" >/dev/null || return
	before=$(value wg0 PrivateKey)
	echo precious >"$WORK/here/other"
	ln -sf ../other "$WORK/here/wireguard/phone.conf"
	chmod 644 "$WORK/here/wireguard/wg0.conf"
	init "${FLAGS[@]}" --force >/dev/null && here_is other wireguard "${FILES[@]/#/wireguard/}" &&
		expect_is "what the link led to" "$(<"$WORK/here/other")" precious &&
		expect_is "modes" "$(stat -c '%a %F' "$WORK/here/wireguard/"* | sort -u)" "600 regular file" &&
		expect "another key" "$(value wg0 PrivateKey)" . && fails grep -rqF -e "$before" "$WORK/here" && fits_together wg0 wgwan
}

# injected FAULT ARGS...: strace makes a system call fail, or kills at it. Its status goes to $WORK/status. Below nohup a
# SIGHUP would be no fault.
injected()
{
	local fault=$1

	shift
	(cd "$WORK/here" && on gw env --default-signal=HUP strace -qq -o /dev/null -e "inject=$fault" \
		"$NESTWG" init "${FLAGS[@]}" "$@" </dev/null 2>&1)
	echo "$?" >"$WORK/status"
}

# fault_leaves_nothing FAULT REGEX
fault_leaves_nothing()
{
	local text

	fresh
	text=$(injected "$1")
	echo "$1: $text"
	expect "the message" "$text" "$2" && expect_is "exit status" "$(<"$WORK/status")" 1 && here_is || return
	init "${FLAGS[@]}" >/dev/null
	before=$(sums)
	text=$(injected "${1/linkat:error=ENOSPC/renameat:error=ENOSPC}" --force)
	echo "$1, --force: $text"
	expect "the message" "$text" "$2" && expect_is "exit status" "$(<"$WORK/status")" 1 &&
		expect_is "files" "$(sums)" "$before"
}

half_way()
{
	local n before

	for n in 1 2 4; do
		fault_leaves_nothing "linkat:error=ENOSPC:when=$n" "cannot write: No space" || return
	done
	fault_leaves_nothing fsync:error=EIO:when=2 "cannot write: Input/output" &&
		fault_leaves_nothing fchmod:error=EPERM:when=4 "cannot write: Operation not permitted" || return
	fresh
	expect "a file made meanwhile" "$(injected linkat:error=EEXIST:when=3)" "exists; --force" && here_is || return
	init "${FLAGS[@]}" >/dev/null
	before=$(sums)
	expect "the old file cannot be kept" "$(injected linkat:error=EPERM:when=3 --force)" "cannot keep the old file" &&
		expect_is "files" "$(sums)" "$before"
}

# Killed, it can be between two files, but never within one; a signal that can wait, waits.
killed()
{
	local name

	fresh
	injected linkat:signal=KILL:when=3
	expect_is "exit status" "$(<"$WORK/status")" 137 || return
	for name in "$WORK/here/wireguard/"*; do
		wg-quick strip "$name" >/dev/null && expect "mode" "$(stat -c %a "$name")" 600 || return
	done
	expect_is "modes" "$(find "$WORK/here/wireguard" -type f ! -perm 600)" "" || return
	for name in TERM INT HUP; do
		fresh
		injected "linkat:signal=$name:when=2"
		expect "exit status after $name" "$(<"$WORK/status")" '^(129|130|143)$' && all_here || return
	done
}

unwritable()
{
	local text

	fresh
	mkdir "$WORK/here/ro" && mount -t tmpfs -o ro tmpfs "$WORK/here/ro" || return
	text=$(init "${FLAGS[@]}" --dir ro 2>&1)
	expect_is "exit status" "$?" 1 && expect "the message" "$text" "ro/wg0.conf: cannot write: Read-only file system" &&
		text=$(init "${FLAGS[@]}" --dir ro/sub 2>&1)
	expect "the message" "$text" "ro/sub: cannot make the directory: Read-only"
	local status=$?
	umount "$WORK/here/ro"
	rmdir "$WORK/here/ro"
	((status == 0)) && says 1 "no/such: cannot make the directory: No such" "${FLAGS[@]}" --dir no/such || return
	: >"$WORK/here/file"
	text=$(init "${FLAGS[@]}" --dir file 2>&1)
	expect "the message" "$text" "file: cannot write there: Not a directory" && here_is file
}

# Not root: everybody may write files of his own.
not_root()
{
	fresh
	chmod 777 "$WORK/here"
	(cd "$WORK/here" && as_nobody init "${FLAGS[@]}" \
		</dev/null >/dev/null) && all_here && expect_is "owner" "$(stat -c %u "$WORK/here/wireguard/wg0.conf")" 65534
}

# wg_unfit PATH REGEX: with the wg of that PATH.
wg_unfit()
{
	local path=$1 regex=$2 text

	fresh
	text=$(cd "$WORK/here" && on gw env PATH="$path" "$NESTWG" init "${FLAGS[@]}" 2>&1 </dev/null)
	expect_is "exit status" "$?" 1 && expect "the message" "$text" "$regex" && here_is
}

no_keys()
{
	local text

	mkdir -p "$WORK/bin"
	wg_unfit /nowhere "wg: cannot make keys.*apt install wireguard-tools" || return
	for text in 'exit 1' 'echo short' 'echo "$(wg_key)$(wg_key)"' ':' \
		'echo "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="; exit 3' \
		'echo "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA;A="'; do
		printf '#!/bin/sh\n%s\n' "$text" >"$WORK/bin/wg"
		chmod 755 "$WORK/bin/wg"
		wg_unfit "$WORK/bin" 'wg: `wg genkey` gave no key' || return
	done
}

# --- questions -----------------------------------------------------------------------------------

# talk ARGS...: on a terminal, with the dialogue on stdin.
talk()
{
	(cd "$WORK/here" && on gw "$HOUSE_PYTHON" -IS "$HERE/pty_talk.py" "$NESTWG" init "$@")
}

dialogue()
{
	printf '%s\t%s\n' "$@"
}

# Every wrong answer gets its reason, and the question comes again.
questions()
{
	fresh
	dialogue 'interface.*\[enp0s6\]: $' '' 'public IPv4 address.*\[192.0.2.10\]: $' 'a;b' \
		'neither an IPv4 address nor a name.*: $' gw.example.org 'SSH.*\[2222\]: $' 0 'from 1 to 65535.*: $' '' \
		'UDP port.*\[51820\]: $' '' 'MTU.*\[1500\]: $' 100 '1280 to 9000.*: $' 1492 'WAN VPN.s network.*\[10.0.18.0/30\]: $' '' \
		'home.s own network.*\[192.168.16.0/24\]: $' 10.0.0.0/8 'overlap.*: $' ' 192.168.1.0/24 ' \
		'private VPN.s network.*\[192.168.17.0/24\]: $' '' 'private VPN.s UDP port \[13131\]: $' 51820 'another port.*: $' '' \
		'phone.s address.*\[192.168.17.69\]: $' '' 'MikroTik.*\[no\]: $' maybe 'yes or no\?.*: $' n \
		'Ports for a machine.*\[no more\]: $' 22,2222/tcp=192.168.1.10 '2222/tcp stays.*: $' 22,80/tcp=192.168.1.10 \
		'\[no more\]: $' 80=192.168.1.11 'port 80 is forwarded twice.*: $' '' 'directory.*\[wireguard\]: $' '' |
		talk || return
	all_here && expect_is "MTU" "$(value wg0 MTU)" 1412 && expect_is "endpoint" "$(value phone Endpoint)" gw.example.org:13131 &&
		expect_is "the home" "$(value phone AllowedIPs)" "192.168.17.1/32, 192.168.1.0/24" &&
		expect_is "forwards" "$(value wgwan PostUp | grep DNAT)" \
			"iptables -t nat -A PREROUTING -i %i -p tcp -m multiport --dports 22,80 -j DNAT --to-destination 192.168.1.10"
}

# What is given is not asked; where files are, another directory is asked for.
few_questions()
{
	local text rest=(--port 51820 --link-mtu 1500 --wan-net 10.0.18.0/30 --home-net 192.168.16.0/24 --private-net 192.168.17.0/24
		--private-port 13131 --phone 192.168.17.69 --mikrotik)

	fresh
	mkdir "$WORK/here/wireguard" && : >"$WORK/here/wireguard/router.rsc" || return
	text=$(dialogue '^Ports for.*: $' '' 'directory.*\[wireguard\]: $' '' 'router.rsc: exists.*directory.*: $' other |
		talk "${FLAGS[@]}" "${rest[@]}") || return
	here_is other other/phone.conf other/router.rsc other/wg0.conf wireguard wireguard/router.rsc &&
		expect "the commands, on a terminal" "$text" '/interface wireguard add name="wgwan"' &&
		talk "${FLAGS[@]}" --yes --dir third </dev/null >/dev/null && [[ -e $WORK/here/third/wg0.conf ]]
}

given_up()
{
	fresh
	dialogue 'interface.*: $' '' 'public.*: $' ^D | talk
	expect_is "exit status after ^D" "${PIPESTATUS[1]}" 1 && here_is || return
	dialogue 'interface.*: $' '' 'public.*: $' ^C | talk
	expect_is "exit status after ^C" "${PIPESTATUS[1]}" 130 && here_is
}

# --- RouterOS, QR --------------------------------------------------------------------------------

mikrotik()
{
	local rsc=$WORK/here/wireguard/router.rsc private public

	fresh
	init "${FLAGS[@]}" --mikrotik --link-mtu 1492 --forward 80,443,8000-8010/tcp=192.168.16.10 --forward 25565=192.168.16.20 \
		>/dev/null && here_is wireguard wireguard/phone.conf wireguard/router.rsc wireguard/wg0.conf || return
	private=$(sed -n 's/.*name="wgwan".* private-key="\([^"]*\)".*/\1/p' "$rsc")
	public=$(sed -n 's/.*peers add interface="wgwan" public-key="\([^"]*\)".*/\1/p' "$rsc")
	expect_is "mode" "$(stat -c %a "$rsc")" 600 && expect_is "the router's key" "$(wg pubkey <<<"$private")" "$(value wg0 PublicKey)" &&
		expect_is "the gateway's" "$public" "$(value wg0 PrivateKey | wg pubkey)" &&
		"$HOUSE_PYTHON" -IS "$HERE/init_mikrotik.py" "$rsc" '/interface wireguard add name=wgwan mtu=1412' \
			'/interface wireguard add name=wgprivate mtu=1332 listen-port=13131' \
			'/interface wireguard peers add interface=wgwan endpoint-address=192.0.2.10 endpoint-port=51820 allowed-address=0.0.0.0/0' \
			'/interface wireguard peers add interface=wgprivate allowed-address=192.168.17.69/32' \
			'/ip address add address=10.0.18.2/30 interface=wgwan' '/ip address add address=192.168.17.1/24 interface=wgprivate' \
			'/routing table add name=nestwg fib' '/ip route add gateway=wgwan routing-table=nestwg dst-address=0.0.0.0/0' \
			'/routing rule add src-address=10.0.18.2/32 table=nestwg' \
			'/ip firewall mangle add chain=prerouting in-interface=wgwan action=mark-connection new-connection-mark=nestwg' \
			'/ip firewall mangle add chain=prerouting connection-mark=nestwg action=mark-routing new-routing-mark=nestwg' \
			'/ip firewall mangle add chain=output connection-mark=nestwg action=mark-routing new-routing-mark=nestwg' \
			'/ip firewall mangle add chain=forward out-interface=wgwan tcp-mss=1373-65535 new-mss=1372' \
			'/ip firewall nat add protocol=tcp dst-port=80,443,8000-8010 action=dst-nat to-addresses=192.168.16.10' \
			'/ip firewall nat add protocol=tcp dst-port=25565 to-addresses=192.168.16.20' \
			'/ip firewall nat add protocol=udp dst-port=25565 to-addresses=192.168.16.20' \
			'/ip firewall filter set connection-mark=no-mark' \
			'/ip firewall filter add chain=nestwg-input in-interface=wgwan action=drop' \
			'/ip firewall filter add chain=input action=jump jump-target=nestwg-input' \
			'/ip firewall filter add chain=forward action=jump jump-target=nestwg-forward'
}

# The phone's file less its comments, in a code that a terminal of 80 columns shows.
qr()
{
	local text code

	fresh
	text=$(init "${FLAGS[@]}" --qr) && all_here || return
	code=$(grep -v -e '^#' -e '^$' "$WORK/here/wireguard/phone.conf" | qrencode -t ansiutf8)
	[[ $text == *"$code"* ]] || { echo "not the code of phone.conf"; return 1; }
	expect "the next step" "$text" "scan the code above" &&
		expect_at_least "columns that are left" $((80 - $(LC_ALL=C.UTF-8 wc -L <<<"${code//$'\e'\[*([0-9;])m/}"))) 0 || return
	fresh
	text=$(talk "${FLAGS[@]}" --yes </dev/null) || return
	code=$(grep -v -e '^#' -e '^$' "$WORK/here/wireguard/phone.conf" | qrencode -t ansiutf8)
	[[ ${text//$'\r'/} == *"$code"* ]] || { echo "no code on a terminal"; return 1; }
	fresh
	text=$(init "${FLAGS[@]}") && expect "how to get it" "$text" 'qrencode -t ansiutf8 <wireguard/phone.conf' &&
		fails grep -q $'\e' <<<"$text"
}

# A PATH with wg alone.
no_qrencode()
{
	local text

	fresh
	mkdir -p "$WORK/only-wg" && ln -sf "$(command -v wg)" "$WORK/only-wg/wg"
	text=$(cd "$WORK/here" && on gw env PATH="$WORK/only-wg" "$NESTWG" init "${FLAGS[@]}" --qr </dev/null 2>&1)
	expect_is "exit status" "$?" 1 && expect "the message" "$text" "qrencode: is not installed; apt install" && here_is || return
	text=$(on gw env PATH="$WORK/only-wg" "$HOUSE_PYTHON" -IS "$HERE/pty_talk.py" "$NESTWG" init "${FLAGS[@]}" --yes \
		--dir "$WORK/here/wireguard" </dev/null) && expect "how to get it" "$text" "apt install qrencode" && all_here
}

# It is there and does not work.
qrencode_fails()
{
	local text

	fresh
	mkdir -p "$WORK/bad-qr" && ln -sf "$(command -v wg)" "$WORK/bad-qr/wg"
	printf '#!/bin/sh\necho half a code\nexit 3\n' >"$WORK/bad-qr/qrencode"
	chmod 755 "$WORK/bad-qr/qrencode"
	text=$(cd "$WORK/here" && on gw env PATH="$WORK/bad-qr" "$NESTWG" init "${FLAGS[@]}" --qr </dev/null 2>&1)
	expect_is "exit status" "$?" 1 && expect "the message" "$text" "qrencode: it failed with exit status 3" &&
		fails grep -q "half a code" <<<"$text" && here_is
}

isolate "$@"
begin
cli_need strace setpriv qrencode
unset SSH_CONNECTION
must netns_add "$HOUSE_PREFIX-gw"
must netns_add "$HOUSE_PREFIX-inet"
house_gateway_link
addresses inet <<<"to-gw 192.0.2.1/24"
addresses gw <<<"enp0s6 192.0.2.10/24 192.0.2.1"
must gateway_sshd
fresh

tap "a missing value is named" missing_values
tap "wrong options" bad_options
tap "endpoint and interface: nothing that a shell would read otherwise" bad_words
tap "wrong numbers" bad_numbers
tap "wrong networks" bad_nets
tap "wrong forwards" bad_forwards
tap "forwards" good_forwards
tap "defaults from this machine" from_this_machine
tap "a private address as endpoint is warned of" private_endpoint
tap "--dry-run prints, writes nothing, needs no wg" dry_run
tap "modes, with any umask" modes
tap "modes from the start" modes_from_the_start
tap "keys fit together, and are new each time" keys
tap "wg-quick reads them; what PostUp does, PreDown undoes" wg_quick_reads
tap "MTUs" all_mtus
tap "networks and ports" networks
tap "the commands that it prints" next_steps
tap "--verbose" verbose_says
tap "nothing is overwritten" exists
tap "--force" force
tap "a fault half-way leaves all as before" half_way
tap "killed half-way" killed
tap "where nothing can be written" unwritable
tap "not as root" not_root
tap "no wg, and a strange one" no_keys
tap "questions on a terminal" questions
tap "what is given is not asked" few_questions
tap "end of input, ^C" given_up
tap "RouterOS" mikrotik
tap "QR code" qr
tap "without qrencode" no_qrencode
tap "qrencode fails" qrencode_fails
finish
