# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# The yardsticks' programs go where nestwg-xdp's do: by a tcx link, before Linux 6.6 as a filter. A filter costs more.

# put PROGRAM DEV: one of paths.bpf.c's, to DEV's tc ingress
put()
{
	local status=0

	"$TOOLS/sink" put "$PINS" "$1" "$2" || status=$?
	((status == 4)) || return "$status"
	tc qdisc add dev "$2" clsact 2>/dev/null || true
	tc filter add dev "$2" ingress prio 5 bpf da object-pinned "$PINS/$1"
}

# take PROGRAM DEV
take()
{
	if [[ -e $PINS/$1-$2 ]]; then
		rm "$PINS/$1-$2"
	else
		tc filter del dev "$2" ingress prio 5
	fi
}
