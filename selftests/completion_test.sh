#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Completion as bash calls it, and the man page, which has to name what `help` names (cli.sh draws the gateway).

set -u

HERE=$(cd "$(dirname "$0")" && pwd -P)
# shellcheck source=cli.sh
. "$HERE/cli.sh"

MAN=$HOUSE_ROOT/scripts/nestwg-xdp.8

# completes LINE WORD...: what bash offers for the last word of the line is exactly that.
completes()
{
	local line=$1 got wanted

	shift
	# shellcheck disable=SC2016 # for the inner shell
	got=$(on gw env PATH="$(dirname "$NESTWG"):$PATH" bash -c '
		. "$0/scripts/completion/nestwg-xdp.bash"
		read -ra COMP_WORDS <<<"$1"
		[[ $1 != *" " ]] || COMP_WORDS+=("")
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
		$(complete -p nestwg-xdp | sed "s/.*-F \([^ ]*\).*/\1/")
		printf "%s\n" "${COMPREPLY[@]}"' "$HOUSE_ROOT" "$line" | sort | paste -sd ' ')
	wanted=$(printf '%s\n' "$@" | sort | paste -sd ' ')
	expect_is "completions of '$line'" "$got" "$wanted"
}

subcommands()
{
	"$NESTWG" help | sed -n 's/^  nestwg-xdp \([a-z][a-z]*\).*/\1/p'
}

# options SUBCOMMAND: those of its usage and those that its help explains.
options()
{
	"$NESTWG" help "$1" | awk '
		/^$/ { usage_ends = 1 }
		{ line = usage_ends ? "" : $0 }
		/^  --/ { line = $1 }
		{ while (match(line, /--[a-z][a-z-]*/)) {
			print substr(line, RSTART, RLENGTH)
			line = substr(line, RSTART + RLENGTH)
		} }' | sort -u
}

all_subcommands()
{
	local names

	mapfile -t names < <(subcommands)
	completes "nestwg-xdp " "${names[@]}" --help --version && completes "nestwg-xdp deta" detach &&
		completes "nestwg-xdp help sta" stats status
}

all_options()
{
	local name words

	for name in $(subcommands | grep -vx help); do
		mapfile -t words < <(options "$name")
		((${#words[@]})) || continue
		completes "nestwg-xdp $name --" "${words[@]}" || return
	done
}

interfaces()
{
	completes "nestwg-xdp attach " enp0s6 wgcli0 && completes "nestwg-xdp attach enp0s6 --wg " wgcli0 &&
		completes "nestwg-xdp detach " enp0s6 && completes "nestwg-xdp status " enp0s6 &&
		completes "nestwg-xdp allow 22 --dev " enp0s6
}

words()
{
	completes "nestwg-xdp attach enp0s6 --mode " auto native generic tc &&
		completes "nestwg-xdp attach enp0s6 --mode n" native &&
		completes "nestwg-xdp monitor --reason spoofed" spoofed_peer spoofed_source &&
		completes "nestwg-xdp allow s" sctp
}

excluded_ports()
{
	completes "nestwg-xdp disallow " 2222/tcp 8443/tcp 60000-60010/udp 68/udp icmp &&
		completes "nestwg-xdp disallow 6" 60000-60010/udp 68/udp
}

a_file()
{
	mkdir "$WORK/files" && : >"$WORK/files/my.conf"
	completes "nestwg-xdp attach enp0s6 --config $WORK/files/" "$WORK/files/my.conf"
}

# --- the man page --------------------------------------------------------------------------------

man_is_clean()
{
	expect_is "mandoc -T lint" "$(mandoc -T lint -W style "$MAN" 2>/dev/null)" ""
}

# The options between `.It Cm SUBCOMMAND` and the next subcommand.
man_options()
{
	awk -v name="$1" '
		$1 == ".It" && $2 == "Cm" { found = $3 == name }
		found && $1 == ".It" && $2 == "Fl" { sub(/^-/, "--", $3); print $3 }' "$MAN" | sort -u
}

man_names_the_same()
{
	local name

	for name in $(subcommands | grep -vx help); do
		grep -q "^\.It Cm $name\>" "$MAN" || echo "no $name in the man page" | fails cat || return
		expect_is "options of $name in the man page" "$(man_options "$name")" "$(options "$name")" || return
	done
}

# Both know the same keys of the file.
man_names_the_keys()
{
	local keys

	keys=$(sed -n 's/^\t{ "\([A-Za-z]*\)", set_.*/\1/p' "$HOUSE_ROOT/loader/conffile.c" | sort)
	expect_is "keys in the man page" "$(sed -n '/^\.Ss The conf/,/^\.Ss Start/s/^\.It Cm //p' "$MAN" | sort)" "$keys"
}

isolate "$@"
begin
cli_need mandoc
gateway_up
gateway_sshd
must nestwg attach enp0s6 --allow 8443 --allow 60000-60010/udp --allow icmp >/dev/null

tap "subcommands" all_subcommands
tap "options, of each subcommand all of its help's" all_options
tap "interfaces: to be attached, attached, WireGuard's" interfaces
tap "modes, reasons, protocols" words
tap "disallow: what is excluded, but not WireGuard's port" excluded_ports
tap "a file" a_file
tap "the man page is clean" man_is_clean
tap "the man page has the subcommands and options of help, and no others" man_names_the_same
tap "the man page has the keys of the file" man_names_the_keys
nestwg detach enp0s6 >/dev/null
finish
