# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the tests of `nestwg-xdp doctor` share: cli.sh's gateway and a home that answers.
#
#   home 203.0.113.2 ─── 203.0.113.1 inet 192.0.2.1 ─── enp0s6 192.0.2.10 gw
#     wgdochome 10.0.18.2 ═══════════════════════════════════ wgcli0 10.0.18.1, UDP 51820
#
#   gw has a second NIC too, lan0 10.20.0.5, with four queues and nobody behind it

# shellcheck source=cli.sh
. "${BASH_SOURCE[0]%/*}/cli.sh"

FILES=/etc/wireguard	# an empty one, while the test runs

doctor_up()
{
	[[ ! -d $FILES ]] || must mount -t tmpfs tmpfs "$FILES"
	gateway_up
	must netns_add "$HOUSE_PREFIX-home"
	cable home eth0 inet to-home
	addresses inet <<<"to-home 203.0.113.1/24"
	addresses home <<<"eth0 203.0.113.2/24 203.0.113.1"
	must on inet sysctl -qw net.ipv4.ip_forward=1
	must ip -n "$HOUSE_PREFIX-gw" link add lan0 numrxqueues 4 numtxqueues 4 type veth peer name lan1
	must ip -n "$HOUSE_PREFIX-gw" link set lan1 up
	addresses gw <<<"lan0 10.20.0.5/24"
	home_keys
}

# The tunnel has the home as its only peer, which does not call yet.
home_keys()
{
	HOME_KEY=$(wg genkey)
	GW_KEY=$(on gw wg show wgcli0 public-key)
	must on gw wg set wgcli0 peer "$(on gw wg show wgcli0 peers)" remove
	must on gw wg set wgcli0 peer "$(wg pubkey <<<"$HOME_KEY")" allowed-ips 10.0.18.2/32
}

# With the preshared key in the file $HOME_PSK, if there is one.
home_calls()
{
	must wireguard_interface home wgdochome
	must on home wg set wgdochome private-key <(echo "$HOME_KEY") peer "$GW_KEY" endpoint 192.0.2.10:51820 \
		allowed-ips 0.0.0.0/0 persistent-keepalive 1 preshared-key "${HOME_PSK:-/dev/null}"
	must ip -n "$HOUSE_PREFIX-home" link set wgdochome mtu 1420 up
	must ip -n "$HOUSE_PREFIX-home" address add 10.0.18.2/30 dev wgdochome
	must ip -n "$HOUSE_PREFIX-home" route add 192.0.2.1/32 dev wgdochome
}

handshaken()
{
	(($(on gw wg show wgcli0 latest-handshakes | cut -f 2) > 0))
}

# --- what is said --------------------------------------------------------------------------------

# doctor_json ARGS...: each finding as "INTERFACE|CHECK|SEVERITY|TEXT|MEND"; the output has to be of that form.
doctor_json()
{
	nestwg doctor --json "$@" | "$HOUSE_PYTHON" -c '
import json, sys
said = json.load(sys.stdin)
assert list(said) == ["problems", "warnings", "findings"], list(said)
for one in said["findings"]:
    assert list(one) == ["interface", "check", "severity", "text", "mend"], list(one)
    assert one["severity"] in ("ok", "note", "warning", "problem"), one
    assert one["text"] and "\n" not in one["text"], one
for kind in ("problem", "warning"):
    assert said[kind + "s"] == sum(one["severity"] == kind for one in said["findings"]), said
for one in said["findings"]:
    print("|".join(str(one[key] or "") for key in ("interface", "check", "severity", "text", "mend")))'
}

# says CHECK SEVERITY REGEX [ARGS...]: there is such a finding.
says()
{
	local all

	all=$(doctor_json "${@:4}") || return
	grep -E "^[^|]*\|$1\|$2\|.*($3)" <<<"$all" && return
	printf 'no %s of %s with /%s/:\n%s\n' "$2" "$1" "$3" "$all"
	return 1
}

says_not()
{
	fails says "$@" >/dev/null && return
	says "$@"
	return 1
}

# The command below the first finding of CHECK whose text has REGEX in it, as a reader finds it.
command_for()
{
	local check=$1 regex=$2

	shift 2
	nestwg doctor "$@" | awk -v check=" $check: " -v regex="$regex" '
		hit && /^ *mend: / { sub(/^ *mend: /, ""); print; exit }
		{ hit = index($0, check) && $0 ~ regex }'
}

# type_it COMMAND: as root on the gateway would.
type_it()
{
	echo "# $1"
	on gw env PATH="${NESTWG%/*}:$PATH" bash -c "$1"
}

# mended CHECK SEVERITY REGEX [ARGS...]: it is said, and after what the doctor prescribes no longer.
mended()
{
	local check=$1 severity=$2 regex=$3 command

	says "$@" || return
	command=$(command_for "$check" "$regex" "${@:4}")
	[[ -n $command ]] || { echo "nothing is prescribed"; return 1; }
	type_it "$command" && says_not "$check" "$severity" "$regex" "${@:4}"
}

# status_is STATUS ARGS...
status_is()
{
	local wanted=$1 text

	shift
	text=$(nestwg doctor "$@" 2>&1)
	expect_is "exit status of doctor $*" "$?" "$wanted" && return
	echo "$text"
	return 1
}
