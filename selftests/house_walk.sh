# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What one does in house.sh's network: ask, fetch, trace, and see what nestwg-xdp counted. Use: after house.sh.
# shellcheck disable=SC2034 # what is set here is for those who source this

PING=(ping -n -c 1 -W "$(limit 10)")
NIC_MTU=1500

# peer HOST ARGS...: one of house_peer.py's clients.
peer()
{
	on "$1" "${HOUSE_PEER[@]}" "${@:2}"
}

url()
{
	local host=$1

	shift
	on "$host" curl -sS --fail --max-time "$(limit 120)" "$@"
}

forget_path_mtu()
{
	on "$1" ip route flush cache
}

# A veth drops what is larger than its own MTU, so both ends have to agree.
client_mtu()
{
	must ip -n "$HOUSE_PREFIX-client" link set eth0 mtu "$1"
	must ip -n "$HOUSE_PREFIX-inet" link set to-client mtu "$1"
}

# download FROM URL
download()
{
	expect_is "SHA-256 of what arrived" "$(url "$1" "$2/file" | sha256sum)" "$(sha256sum <"$WORK/file")"
}

# upload FROM URL
upload()
{
	expect_is "SHA-256 that the server saw" "$(url "$1" -T "$WORK/file" "$2/upload")  -" \
		"$(sha256sum <"$WORK/file")"
}

# hops HOST ARGS...: the addresses that traceroute saw, on one line.
hops()
{
	local host=$1

	shift
	on "$host" traceroute -n -q 1 -w "$(limit 3)" -m 6 "$@" | awk 'NR > 1 { printf "%s ", $2 }'
}

# --- counters ------------------------------------------------------------------------------------

# counter NAME [bytes]: of nestwg-xdp's.
counter()
{
	on gw "$NESTWG" stats --json | "$HOUSE_PYTHON" -ISc '
import json, sys
print(json.load(sys.stdin)[0]["counters"][sys.argv[1]][sys.argv[2]])' "$1" "${2:-packets}"
}

# moves COUNTER MINIMUM COMMAND...
moves()
{
	local name=$1 minimum=$2 before

	shift 2
	before=$(counter "$name")
	"$@"
	expect_at_least "$name" $(($(counter "$name") - before)) "$minimum"
}
