# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# A workload's options (those of generate.c) said to pktgen. Flows differ in address and port; both count up with
# each packet: 1000 addresses and 999 ports meet in 999,000 pairs before one comes again.

send()
{
	local client='' server='' port='' flows=1 sizes=46 reply='' packets=1000 dev=wire

	while (($#)); do
		case $1 in
		--client) client=$2; shift ;;
		--server) server=$2; shift ;;
		--port) port=$2; shift ;;
		--flows) flows=$2; shift ;;
		--sizes) sizes=$2; shift ;;
		--packets) packets=$2; shift ;;
		--reply) reply=1 dev=home ;;
		*) shift ;;	# --payload and --pause mean nothing here
		esac
		shift
	done
	pktgen_device 0 "$dev" || return
	pktgen_set "$dev" flag UDPCSUM
	pktgen_set "$dev" count "$packets"
	pktgen_set "$dev" clone_skb 0
	pktgen_set "$dev" delay 0
	pktgen_set "$dev" dst_mac "$PKTGEN_TO"
	say_sizes "$sizes" && say_addresses || return
	pktgen_start
	pktgen_sent "$dev"
	pktgen_release 0
}

# Sizes of frames. A list is said in weights.
say_sizes()
{
	local size weights=''

	if [[ $1 != *,* ]]; then
		pktgen_set "$dev" pkt_size $(($1 + 14))
		return
	fi
	while read -r count size; do
		weights+="$((size + 14)),$count "
	done < <(tr , '\n' <<<"$1" | sort -n | uniq -c)
	pktgen_set "$dev" imix_weights "$weights"
}

say_addresses()
{
	local last=$client ports=$flows there=src here=dst

	if ((flows > 1000)); then
		last=${client%.*.*}.3.232 ports=999
	fi
	[[ -z $reply ]] || there=dst here=src
	range ip "$there" "$client" "$last" && range ip "$here" "$server" "$server" &&
		range udp "$there" 2000 $((2000 + ports)) && range udp "$here" "$port" "$port"
}

# range ip|udp src|dst FIRST LAST: of ports the last one is never sent, if it is not the first as well
# (mod_cur_headers(), net/core/pktgen.c).
range()
{
	local name=$2

	if [[ $1 == udp ]]; then
		name=udp_$2
	fi
	pktgen_set "$dev" "${name}_min" "$3" && pktgen_set "$dev" "${name}_max" "$4"
}
