# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What is sent, and which ways are compared for it. Sizes are of the IP packet: 46 bytes fill a 64-byte frame.
#
# Clients are of 198.18.0.0/15 (RFC 2544), a thousand ports each. IMIX is the usual 7:4:1 of small, middle and full
# packets, the full ones as large as the tunnel takes.

CLIENTS=198.18.0.1
PUBLIC=192.0.2.10
PEER=10.0.18.2
IMIX=46,46,46,46,46,46,46,576,576,576,576,1420

WHOLE="nestwg-native nestwg-tc nestwg-tc-gro nestwg-generic nft-flowtable nft-stateless nft-dnat iptables"
FORWARDING="floor floor-xdp $WHOLE"
STAYING="none xdp-pass tc-pass nestwg-native nestwg-tc nestwg-tc-gro nestwg-generic nft-stateless nft-dnat iptables"
DROPPING="xdp-drop nestwg-native nestwg-generic nestwg-tc nft-ingress-drop iptables-raw-drop"
OURS="floor nestwg-native nestwg-tc"

# shellcheck disable=SC2034 # read by scripts/bench
WORKLOADS=(udp64-1 udp64-1k udp64-1m udp1400-1k imix-1k tcp-in nested reply64-1k tcp-out excluded flood
	exclusions-1 exclusions-1k exclusions-60k own-flows-0 own-flows-1k own-flows-60k cpus-1 cpus-2)

# shellcheck disable=SC2034 # read by scripts/bench
WORKLOADS_TSO=(tcp-download tcp-upload tcp-upload-nic)

# shellcheck disable=SC2034 # read by scripts/bench
WORKLOADS_VM=(udp64-1k udp1400-1k imix-1k nested reply64-1k excluded flood exclusions-60k own-flows-1k
	encrypted64-1k encrypted1400-1k encrypted-nested "${WORKLOADS_TSO[@]}")

# workload NAME: sets TEXT, WAYS, OPTIONS (of the generator) and FATE: forwarded (into the tunnel device), encrypted
# (sent and on the wire again), replied, stays (on the gateway), dropped, or transferred (a real connection).
# shellcheck disable=SC2034 # read by measure.sh
workload()
{
	local forward=(--client "$CLIENTS" --server "$PUBLIC" --port 25565)
	local reply=(--reply --client "$CLIENTS" --server "$PEER" --port 25565)
	local nested=(--port 13131 --flows 1 --sizes 1400 --payload wireguard)

	FATE=forwarded WAYS=$FORWARDING EXCLUSIONS=0 OWN_FLOWS=0 GENERATORS=1 NIC_ONLY=''
	OPTIONS=("${forward[@]}" --flows 1000 --sizes 46)
	case $1 in
	udp64-1)	TEXT="64-byte UDP, 1 flow"; OPTIONS+=(--flows 1) ;;
	udp64-1k)	TEXT="64-byte UDP, 1,000 flows" ;;
	udp64-1m)	TEXT="64-byte UDP, 1,000,000 flows"; OPTIONS+=(--flows 1000000) ;;
	udp1400-1k)	TEXT="1400-byte UDP, 1,000 flows"; OPTIONS+=(--sizes 1400) ;;
	imix-1k)	TEXT="IMIX, 1,000 flows"; OPTIONS+=(--sizes "$IMIX") ;;
	tcp-in)		TEXT="TCP bulk from the internet, 1 flow"; OPTIONS+=(--tcp --flows 1 --sizes 1420) ;;
	nested)		TEXT="WireGuard inside WireGuard (UDP 13131), 1 flow of 1400 bytes"
			OPTIONS+=("${nested[@]}") ;;
	encrypted-nested) TEXT="WireGuard inside WireGuard, 1 flow of 1400 bytes, from the NIC to the encrypted packet on the wire"
			FATE=encrypted; OPTIONS+=("${nested[@]}") ;;
	reply64-1k)	TEXT="64-byte UDP replies of the home, 1,000 flows"
			FATE=replied WAYS="arrival $WAYS"
			OPTIONS=("${reply[@]}" --flows 1000 --sizes 46) ;;
	tcp-out)	TEXT="TCP bulk from the home, 1 flow"
			FATE=replied WAYS="arrival $WAYS"
			OPTIONS=("${reply[@]}" --tcp --flows 1 --sizes 1420) ;;
	excluded)	TEXT="64-byte UDP to an excluded port of the gateway, 1,000 flows"
			FATE=stays WAYS=$STAYING; OPTIONS+=(--port 2222) ;;
	flood)		TEXT="flood of spoofed packets, 64-byte UDP"
			FATE=dropped WAYS=$DROPPING; OPTIONS+=(--server "$PEER") ;;
	exclusions-*)	TEXT="64-byte UDP, 1,000 flows, $(number "${1#*-}") ports excluded"
			WAYS=$OURS EXCLUSIONS=$(number "${1#*-}") ;;
	own-flows-*)	TEXT="64-byte UDP, 1,000 flows to a port the gateway uses, $(number "${1##*-}") flows of its own"
			WAYS=$OURS OWN_FLOWS=$(number "${1##*-}"); OPTIONS+=(--port 60000) ;;
	cpus-*)		TEXT="64-byte UDP, 1,000 flows on each of ${1#*-} CPUs" GENERATORS=${1#*-} ;;
	encrypted64-1k)	TEXT="64-byte UDP, 1,000 flows, from the NIC to the encrypted packet on the wire" FATE=encrypted ;;
	encrypted1400-1k) TEXT="1400-byte UDP, 1,000 flows, from the NIC to the encrypted packet on the wire"
			FATE=encrypted; OPTIONS+=(--sizes 1400) ;;
	tcp-download)	TEXT="TCP from the home, 32 MB, all of the CPU's work while it lasts: iperf3 and WireGuard at both ends"
			FATE=transferred WAYS=$WHOLE OPTIONS=(-R) ;;
	tcp-upload)	TEXT="TCP to the home, 32 MB, all of the CPU's work while it lasts: iperf3 and WireGuard at both ends"
			FATE=transferred WAYS=$WHOLE OPTIONS=() ;;
	tcp-upload-nic)	TEXT="TCP to the home, 32 MB, the work of the NIC's NAPI thread alone"
			FATE=transferred WAYS=$WHOLE OPTIONS=() NIC_ONLY=1 ;;
	*)		return 1 ;;
	esac
}

# number 60k: 60000
number()
{
	echo "${1/k/000}"
}

