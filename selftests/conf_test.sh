#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The configuration file: what attach takes from it, what is wrong in it, how allow and disallow keep it (cli.sh
# draws the gateway).

set -u

HERE=$(cd "$(dirname "$0")" && pwd -P)
# shellcheck source=cli.sh
. "$HERE/cli.sh"

FILE=/run/nestwg-xdp/enp0s6.conf

# written TEXT: the file says this.
written()
{
	mkdir -p "$NESTWG_CONFDIR"
	printf '%s\n' "$1" >"$FILE"
}

# says TEXT: does it?
says()
{
	expect_is "$FILE" "$(<"$FILE")" "$1"
}

detached()
{
	! nestwg status | grep -q interface || nestwg detach enp0s6
}

stays()
{
	expect "stays on the gateway" " $(excluded) " " $1 "
}

goes()
{
	! [[ " $(excluded) " =~ \ $1\  ]] || echo "$1 stays on the gateway: $(excluded)" | fails cat
}

# --- attach reads it -----------------------------------------------------------------------------

FULL='# mine
wireguard = wgcli0	# keys in any case

PEER=10.0.18.2
Address = 192.0.2.10
Mode = tc
Allow = 8443/tcp, 60000-60010/udp
Allow = icmp
KeepSSH = no'

attach_takes_all()
{
	written "$FULL"
	nestwg attach enp0s6 && stays 8443/tcp && stays 60000-60010/udp && stays icmp &&
		expect_is "mode" "$(mode_in_force)" tc && goes 2222/tcp && says "$FULL"
}

flags_win()
{
	nestwg attach enp0s6 --mode native --allow 9000 && expect_is "mode" "$(mode_in_force)" native &&
		stays 9000/tcp && stays 8443/tcp && says "$FULL"
}

flag_names_another_peer()
{
	refused 1 "no peer has 10\.0\.18\.9" attach enp0s6 --peer 10.0.18.9
}

another_file()
{
	detached || return
	printf 'Allow = 7000\n' >"$WORK/other.conf"
	nestwg attach enp0s6 --config "$WORK/other.conf" && stays 7000/tcp && goes 8443/tcp && stays 2222/tcp
}

no_file()
{
	detached && nestwg attach enp0s6 --no-config && goes 8443/tcp
}

named_file_is_missing()
{
	refused 1 "nowhere/x\.conf: cannot read it: No such file" attach enp0s6 --config "$WORK/nowhere/x.conf"
}

without_file()
{
	detached && rm "$FILE" && nestwg attach enp0s6 && stays 2222/tcp
}

# What was allowed and is in the file no longer, stays, unless --exact asks for the file and nothing else.
exact()
{
	written 'Allow = 8443, 9000-9010/udp'
	nestwg attach enp0s6 --allow icmp >/dev/null && nestwg allow 7000 --runtime || return
	written 'Allow = 9005/udp'
	nestwg attach enp0s6 >/dev/null && stays 8443/tcp && stays 7000/tcp || return
	nestwg attach enp0s6 --exact && goes 8443/tcp && goes 7000/tcp && goes icmp && stays 9005/udp &&
		goes 9000-9010/udp && stays 2222/tcp && stays 51820/udp
}

# --- what is wrong in it -------------------------------------------------------------------------

# wrong LINE REGEX: as the third line.
wrong()
{
	written $'# one\n'"Mode = auto"$'\n'"$1"
	refused 1 "/enp0s6\.conf:3: $2" attach enp0s6 && refused 1 "/enp0s6\.conf:3: $2" allow 4444 &&
		refused 1 "/enp0s6\.conf:3: $2" disallow 4445
}

errors()
{
	wrong 'Peeer = 10.0.18.2' "there is no key 'Peeer'; there are WireGuard, Peer" &&
		wrong '[Interface]' "'\[Interface\]': a line reads" &&
		wrong 'mode = tc' "Mode was given in line 2 already" &&
		wrong 'Peer = 10.0.18' "Peer '10\.0\.18': an IPv4 address" &&
		wrong 'Address = 127.0.0.1' "Address '127\.0\.0\.1': an IPv4" &&
		wrong 'Allow = 22, 99999' "Allow: '99999' is not a SPEC" &&
		wrong 'Allow = 22,, 23' "Allow: '' is not a SPEC: it is empty" &&
		wrong 'Allow =' "Allow has no value" &&
		wrong 'KeepSSH = maybe' "KeepSSH 'maybe': yes or no" &&
		wrong 'WireGuard = a/b' "WireGuard: no interface"
}

no_text()
{
	printf 'Mode = auto\0\n' >"$FILE"
	refused 1 "it is no text" attach enp0s6
}

unchanged_unless_runtime()
{
	written 'Nonsense'
	nestwg allow 4444 --runtime && stays 4444/tcp && says 'Nonsense' && nestwg disallow 4444 --runtime && goes 4444/tcp
}

# --- allow and disallow keep it ------------------------------------------------------------------

allow_is_kept()
{
	written $'# ports\nAllow = 2222/tcp # ssh\n\n# end\nMode = auto'
	nestwg allow 8443 60000-60010/udp icmp && stays 8443/tcp &&
		says $'# ports\nAllow = 2222/tcp # ssh\nAllow = 8443/tcp\nAllow = 60000-60010/udp\nAllow = icmp\n\n# end\nMode = auto'
}

survives_detach()
{
	nestwg detach enp0s6 && nestwg attach enp0s6 && stays 8443/tcp && stays 60000-60010/udp && stays icmp
}

known_in_any_spelling()
{
	local before

	before=$(stat -c %i "$FILE")
	nestwg allow 8443/tcp 60003-60005/udp && expect_is "the same file" "$(stat -c %i "$FILE")" "$before"
}

one_of_a_list()
{
	written $'Allow=80/tcp ,  443/tcp,53/udp   # web\nAllow = 7000-7010 # games'
	nestwg attach enp0s6 --exact >/dev/null && nestwg disallow 443 && goes 443/tcp &&
		says $'Allow=80/tcp, 53/udp   # web\nAllow = 7000-7010 # games' || return
	nestwg disallow 7005/tcp && says $'Allow=80/tcp, 53/udp   # web\nAllow = 7000-7004/tcp, 7006-7010/tcp # games' || return
	nestwg disallow 7000-7010 && says $'Allow=80/tcp, 53/udp   # web\n# games'
}

runtime_is_not_kept()
{
	local before

	before=$(<"$FILE")
	nestwg allow 4321 --runtime && stays 4321/tcp && says "$before" && nestwg disallow 80 --runtime &&
		goes 80/tcp && says "$before"
}

mode_owner_and_link()
{
	mv "$FILE" "$WORK/real.conf"
	ln -s "$WORK/real.conf" "$FILE"
	chmod 640 "$WORK/real.conf" && chown 65534:12 "$WORK/real.conf" && nestwg allow 5000 &&
		expect_is "mode, owner" "$(stat -c '%a %u %g' "$WORK/real.conf")" "640 65534 12" && [[ -L $FILE ]] &&
		grep -qx 'Allow = 5000/tcp' "$WORK/real.conf" &&
		expect_is "beside it" "$(find "$WORK" -maxdepth 1 -name '.*new')" "" &&
		rm "$FILE" && mv "$WORK/real.conf" "$FILE"
}

# A directory that nothing can be written into, not by root either.
not_writable()
{
	mount --bind -o ro "$NESTWG_CONFDIR" "$NESTWG_CONFDIR" && mount -o remount,bind,ro "$NESTWG_CONFDIR" || return
	refused 1 "cannot write it: Read-only" allow 4545
	local status=$?
	umount "$NESTWG_CONFDIR"
	return "$status"
}

# Each step of writing it fails once.
fails_half_way()
{
	local before step text

	before=$(<"$FILE")
	for step in fchown:error=EPERM write:error=ENOSPC:when=1 fsync:error=EIO rename:error=EROFS; do
		text=$(on gw strace -qq -o /dev/null -e trace="${step%%:*}" -e "inject=$step" "$NESTWG" allow 4747 2>&1)
		expect_is "exit status, $step" "$?" 1 && expect "the message, $step" "$text" "enp0s6\.conf: cannot write it: " &&
			says "$before" && goes 4747/tcp &&
			expect_is "beside it, $step" "$(find "$NESTWG_CONFDIR" -name '.*')" "" || return
	done
}

# Killed by the kernel where it writes: before the rename nothing has changed, after it the file is ahead, and the
# same command again brings the rest.
killed_at()
{
	on gw timeout 20 strace -qq -o /dev/null -e "inject=$1:signal=KILL" "$NESTWG" allow 4646
	true
}

killed_half_way()
{
	local before

	before=$(<"$FILE")
	killed_at fsync:when=1
	says "$before" && goes 4646/tcp || return
	killed_at rename:when=1
	goes 4646/tcp && nestwg allow 4646 && stays 4646/tcp && grep -qx 'Allow = 4646/tcp' "$FILE" &&
		expect_is "beside it" "$(find "$NESTWG_CONFDIR" -name '.*')" ""
}

last_line_has_no_end()
{
	printf 'Allow = 1000\nMode = auto' >"$FILE"
	nestwg allow 1001 && says $'Allow = 1000\nAllow = 1001/tcp\nMode = auto' || return
	printf 'Mode = auto' >"$FILE"
	nestwg allow 1002 && says $'Mode = auto\nAllow = 1002/tcp'
}

# Longer than what attach reads: it would not come back with the next boot.
too_long()
{
	{
		echo 'Mode = auto'
		printf '#%1048563s' ''
	} >"$FILE"
	expect_is "size" "$(stat -c %s "$FILE")" 1048576 && nestwg attach enp0s6 --wg wgcli0 &&
		refused 1 "cannot change it: File too large" allow 1003 && expect_is "size" "$(stat -c %s "$FILE")" 1048576
}

# --- attach --save -------------------------------------------------------------------------------

save_makes_it()
{
	rm -rf "$NESTWG_CONFDIR"
	detached && nestwg attach enp0s6 --mode generic --allow 8443 && nestwg allow 60000-60010/udp &&
		fails test -e "$FILE" && nestwg attach enp0s6 --mode tc --peer 10.0.18.2 --save || return
	cat "$FILE"
	grep -qx 'WireGuard = wgcli0' "$FILE" && grep -qx 'Mode = tc' "$FILE" && grep -qx 'Peer = 10.0.18.2' "$FILE" &&
		grep -qx '#KeepSSH = yes' "$FILE" && fails grep -q 2222/tcp$ "$FILE" &&
		expect_is "mode" "$(stat -c %a "$FILE")" 644 || return
	nestwg detach enp0s6 && nestwg attach enp0s6 && stays 8443/tcp && stays 60000-60010/udp &&
		expect_is "mode" "$(mode_in_force)" tc
}

save_changes_only_that()
{
	written $'# mine\nMode = native # fast\nAllow = 8443'
	nestwg attach enp0s6 --mode tc --exact --save && says $'# mine\nMode = tc # fast\nAllow = 8443\nWireGuard = wgcli0'
}

save_needs_a_file()
{
	refused 2 "--no-config, but --save" attach enp0s6 --no-config --save
}

# What an earlier attach was told is still in force: after a boot only the file could say it.
save_knows_what_is_in_force()
{
	rm -rf "$NESTWG_CONFDIR"
	detached && ip -n "$HOUSE_PREFIX-gw" address add 192.0.2.11/24 dev enp0s6 || return
	# shellcheck disable=SC2046 # words
	on gw wg set wgcli0 $(peer 10.0.18.6/32) &&
		nestwg attach enp0s6 --mode tc --address 192.0.2.11 --peer 10.0.18.6 &&
		nestwg attach enp0s6 --save && nestwg detach enp0s6 && nestwg attach enp0s6 &&
		expect "status" "$(nestwg status --json | tr -d " \n")" '"address":"192\.0\.2\.11".*"peer":\{"address":"10\.0\.18\.6"' && expect_is "mode" "$(mode_in_force)" tc &&
		ip -n "$HOUSE_PREFIX-gw" address del 192.0.2.11/24 dev enp0s6
}

# What is taken back must not come again with the next boot.
unconfirmed_is_not_kept()
{
	written 'Allow = 8443'
	detached && nestwg attach enp0s6 --mode tc --peer 10.0.18.2 --confirm 60 >/dev/null &&
		expect "a warning" "$(nestwg allow 9000 2>&1)" "warning: not confirmed yet: $FILE is left alone" &&
		nestwg disallow 8443 && stays 9000/tcp && goes 8443/tcp && says 'Allow = 8443' &&
		refused 1 "enp0s6: --save before it is confirmed" attach enp0s6 --save && says 'Allow = 8443' &&
		nestwg confirm && nestwg allow 9000 && nestwg disallow 8443 && says 'Allow = 9000/tcp'
}

isolate "$@"
begin
cli_need strace
gateway_up
gateway_sshd

tap "attach takes everything from the file" attach_takes_all
tap "options of the command line win" flags_win
tap "and so does a wrong one" flag_names_another_peer
tap "--config names another file" another_file
tap "--no-config" no_file
tap "--config names no file" named_file_is_missing
tap "no file" without_file
tap "--exact: file and command line, and nothing else" exact
tap "errors name file and line, and nothing changes" errors
tap "a file that is no text" no_text
tap "allow --runtime does not look at it" unchanged_unless_runtime
tap "allow is kept" allow_is_kept
tap "until after detach and attach" survives_detach
tap "what is there in another spelling is not written again" known_in_any_spelling
tap "disallow changes one of a list, splits a range, keeps comments" one_of_a_list
tap "--runtime is not kept" runtime_is_not_kept
tap "mode, owner and symbolic link are kept" mode_owner_and_link
tap "cannot be written: nothing changes" not_writable
tap "a step of writing fails: nothing changes" fails_half_way
tap "killed half-way" killed_half_way
tap "a last line without its end" last_line_has_no_end
tap "a file that would get too long to be read" too_long
tap "attach --save makes a file, which makes the same" save_makes_it
tap "attach --save changes only what it has to" save_changes_only_that
tap "attach --no-config --save" save_needs_a_file
tap "attach --save writes what an earlier attach was told" save_knows_what_is_in_force
tap "what waits to be confirmed is not kept" unconfirmed_is_not_kept
detached >/dev/null
finish
