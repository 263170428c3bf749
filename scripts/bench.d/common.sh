# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# What both places need: NAPI threads, tc programs, counters.

WORLD=bench$$-world
GATEWAY=bench$$-gateway

must()
{
	"$@" && return
	printf 'bench: failed: %s\n' "$*" >&2
	exit 1
}

mac_of()
{
	ip -n "$1" -o link show dev "$2" | sed -n 's/.*link\/ether \([0-9a-f:]*\).*/\1/p'
}

# tc_program NAMESPACE DEV DIRECTION PROGRAM: one of paths.bpf.c's.
tc_program()
{
	in_ns "$1" tc qdisc add dev "$2" clsact 2>/dev/null
	must in_ns "$1" tc filter replace dev "$2" "$3" prio 9 handle 1 bpf da object-pinned "$PINS/$4"
}

# threads_pin NAMESPACE DEV CPU...: NAPI runs in kernel threads, whose CPU time can be read; one CPU for each queue. A
# sysfs shows the namespace of whoever mounted it.
threads_pin()
{
	local ns=$1 dev=$2 tid

	shift 2
	must in_ns "$ns" unshare --mount sh -c \
		"mount -t sysfs sysfs /sys && echo 1 >/sys/class/net/$dev/threaded"
	[[ -n $(napi_threads "$dev") ]] || must false "no NAPI thread of $dev"
	for tid in $(napi_threads "$dev"); do
		must taskset -p -c "$1" "$tid" >/dev/null
		must renice -n "$NAPI_NICE" -p "$tid" >/dev/null
		(($# == 1)) || shift
	done
}

# napi_threads DEV: those of this run's devices, queue by queue; other runs may have devices of the same name.
napi_threads()
{
	local comm name tid

	for comm in /proc/[0-9]*/comm; do
		read -r name 2>/dev/null <"$comm" || continue
		tid=${comm//[!0-9]/}
		[[ $name != "napi/$1-"* || " $OLD_THREADS " == *" $tid "* ]] || echo "${name##*-} $tid"
	done | sort -n | cut -d ' ' -f 2
}

# all_napi_threads: before this run made any.
all_napi_threads()
{
	grep -ls '^napi/' /proc/[0-9]*/comm | tr -cd '0-9\n' | tr '\n' ' '
}

# kernel_workers: what encrypts and sends.
kernel_workers()
{
	local comm name

	for comm in /proc/[0-9]*/comm; do
		read -r name 2>/dev/null <"$comm" || continue
		[[ $name != kworker/* && $name != ksoftirqd/* ]] || echo "${comm//[!0-9]/}"
	done
}

# cpu_time TID...: nanoseconds on a CPU, and how often they were put there.
cpu_time()
{
	local tid ns slices n sum=0

	slices=0
	for tid; do
		read -r ns _ n 2>/dev/null <"/proc/$tid/schedstat" && ((sum += ns, slices += n))
	done
	echo "$sum $slices"
}

# received DEV: packets that the gateway's device has taken.
received()
{
	gateway cat /proc/net/dev | awk -v dev="$1:" '$1 == dev { print $3 }'
}

# taken_by_sockets: what has reached a UDP socket of the gateway, or found it full.
taken_by_sockets()
{
	gateway cat /proc/net/snmp | awk '/^Udp: [0-9]/ { print $2 + $6 }'
}

# --- what stands in both places ----------------------------------------------------------------------

gateway()
{
	in_ns "$GATEWAY" "$@"
}

# veth_pair OUTSIDE GATEWAY'S
veth_pair()
{
	must ip -n "$WORLD" link add "$1" type veth peer name "$2" netns "$GATEWAY"
	# Without GRO a veth has no NAPI, and takes no frames from XDP.
	must in_ns "$WORLD" ethtool -K "$1" gro on tx off >/dev/null
	must gateway ethtool -K "$2" gro on >/dev/null
	must ip -n "$WORLD" link set "$1" up
	must ip -n "$GATEWAY" link set "$2" up
}

# The sinks at the far ends, and the entry of the replies.
sinks_up()
{
	must mkdir "$PINS"
	must gateway "$TOOLS/sink" load "$PINS" "$TOOLS/paths.bpf.o" wg0 enp0s6
	tc_program "$GATEWAY" wg0 egress sink_tunnel
	tc_program "$GATEWAY" decrypted ingress from_tunnel
	tc_program "$WORLD" wire ingress sink_wire
}

# The device by which a workload's packets come in: WORKLOAD-OPTION...
way_in()
{
	[[ " $* " == *" --reply "* ]] && echo decrypted || echo enp0s6
}
