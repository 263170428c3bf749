# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The kernel's packet generator (Documentation/networking/pktgen.rst), as shell functions. It belongs to the
# network namespace of whoever opens /proc/net/pktgen, and knows no permission but root.

PKTGEN=/proc/net/pktgen

pktgen_error()
{
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	return 1
}

pktgen_need()
{
	((EUID == 0)) || { pktgen_error "needs root"; return; }
	[[ -d $PKTGEN ]] || modprobe pktgen 2>/dev/null
	[[ -w $PKTGEN/pgctrl ]] ||
		pktgen_error "no pktgen: modprobe pktgen (Debian's and Ubuntu's cloud kernels: install linux-image-amd64, or linux-modules-extra-$(uname -r))"
}

# pktgen_set FILE COMMAND...: each command is answered in the file's Result line; the write's own status says little.
pktgen_set()
{
	local file=$PKTGEN/$1 line result=''

	shift
	echo "$*" 2>/dev/null >"$file"
	while read -r line; do
		[[ $line != Result:* ]] || result=${line#Result: }
	done <"$file"
	[[ $result == *OK* ]] || pktgen_error "${file##*/}: $*: $result"
}

# pktgen_device THREAD DEV: the thread sends by this device only.
pktgen_device()
{
	pktgen_set "kpktgend_$1" rem_device_all && pktgen_set "kpktgend_$1" add_device "$2"
}

# pktgen_release THREAD
pktgen_release()
{
	[[ ! -w $PKTGEN/kpktgend_$1 ]] || pktgen_set "kpktgend_$1" rem_device_all
}

# pktgen_start: returns when all that was asked for has been sent, or after pktgen_stop.
pktgen_start()
{
	echo start >"$PKTGEN/pgctrl"
}

pktgen_stop()
{
	echo stop >"$PKTGEN/pgctrl"
}

# pktgen_sent DEV
pktgen_sent()
{
	sed -n 's/.*pkts-sofar: \([0-9]*\).*/\1/p' "$PKTGEN/$1"
}

# pktgen_errors DEV
pktgen_errors()
{
	sed -n 's/.*errors: \([0-9]*\).*/\1/p' "$PKTGEN/$1"
}
