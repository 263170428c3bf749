# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# The yardsticks' programs go where nestwg-xdp's do: by a tcx link, before Linux 6.6 as a filter. A filter costs more.

# by_link put|take PROGRAM DEV: fails where there is no tcx; ends the way if anything else is wrong.
by_link()
{
	local status=0

	"$TOOLS/sink" "$1" "$PINS" "$2" "$3" || status=$?
	((status == 0 || status == 4)) || exit "$status"
	((status == 0))
}

# put PROGRAM DEV: one of paths.bpf.c's, to DEV's tc ingress
put()
{
	by_link put "$@" && return
	[[ $(uname -r) != 6.[0-5].* && $(uname -r) != 5.* ]] && { echo "no tcx link to $2" >&2; exit 1; }
	tc qdisc show dev "$2" | grep -q clsact || tc qdisc add dev "$2" clsact
	tc filter add dev "$2" ingress prio 5 bpf da object-pinned "$PINS/$1"
}

# take PROGRAM DEV: the NIC's qdisc was made for it, the tunnel's has the sink's filter.
take()
{
	by_link take "$@" && return
	if [[ $2 == "$NIC" ]]; then
		tc qdisc del dev "$2" clsact
	else
		tc filter del dev "$2" ingress prio 5
	fi
}
