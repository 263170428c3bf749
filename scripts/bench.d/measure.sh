# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# One sample: a way is set up, shown to work, measured, and taken down.


# way NAME up|down, with what a user would type.
way()
{
	gateway env NIC=enp0s6 WG=wg0 PINS="$PINS" TOOLS="$TOOLS" PATH="${BENCH_PATH:-$ROOT/build}:$PATH" bash -c \
		"set -eu; . '$BENCH_D/ingress.sh'; . '$BENCH_D/ways/$1'; $2"
}

OPEN_MAX=10000
OPEN_PAUSE=200		# microseconds after 64 packets, so that the ring loses none

# The packets that open what OPTIONS' flows need, whichever way these go: from the internet.
opening()
{
	local words=() word

	for word in "${OPTIONS[@]}"; do
		case $word in
		--reply) ;;
		"$PEER") words+=("$PUBLIC") ;;
		*) words+=("$word") ;;
		esac
	done
	world_sends "${words[@]}" "$@" >/dev/null
}

tracks_connections()
{
	[[ $WAY == iptables || $WAY == nft-dnat || $WAY == nft-flowtable ]]
}

# Connections are opened before the clock runs, by three packets each: a flowtable takes over with the second.
open_flows()
{
	local flows

	tracks_connections || return 0
	flows=$(flows_of "${OPTIONS[@]}")
	opening --packets $((3 * (flows < OPEN_MAX ? flows : OPEN_MAX))) --pause "$OPEN_PAUSE" && quiet
}

# A table that these flows will fill is measured full. Only once the way has been shown to work: full, it loses packets.
fill_table()
{
	local flows most turn

	tracks_connections || return 0
	flows=$(flows_of "${OPTIONS[@]}")
	((flows > OPEN_MAX)) || return 0
	most=$(gateway sysctl -n net.netfilter.nf_conntrack_max)
	((flows < most)) && most=$flows
	for ((turn = 0; turn < 30; turn++)); do
		(($(gateway sysctl -n net.netfilter.nf_conntrack_count) < most * 98 / 100)) || return 0
		opening --packets "$flows"
	done
	say "$WAY: only $(gateway sysctl -n net.netfilter.nf_conntrack_count) of $most connections could be opened"
}

flows_of()
{
	local last='' flows=1

	for word; do
		[[ $last != --flows ]] || flows=$word
		last=$word
	done
	echo "$flows"
}

quiet()
{
	local before after

	after=$(seen_line)
	until [[ $after == "${before:-}" ]]; do
		sleep 0.05
		before=$after
		after=$(seen_line)
	done
}

seen_line()
{
	"$TOOLS/sink" seen "$PINS"
}

# count_at PHASE: what the sinks look for, and which of them. The floors rewrite nothing.
count_at()
{
	local wanted=$PEER words=()

	[[ $FATE != replied ]] || wanted=$PUBLIC
	[[ $1 != verify ]] || words=(verify)
	case $FATE:$1 in
	encrypted:verify)	words+=(home) ;;
	encrypted:*)		words+=(wire); wanted=0.0.0.0 ;;
	transferred:*)		words+=(none) ;;
	esac
	[[ $WAY != floor* && $FATE != dropped ]] || wanted=0.0.0.0
	"$TOOLS/sink" expect "$PINS" "$wanted" "${words[@]}"
}

# The threads whose time is counted.
counted_threads()
{
	napi_threads "$1"
	[[ $FATE != encrypted ]] || kernel_workers
}

# delivered: packets that reached the end that they are meant for.
delivered()
{
	local packets rest

	if [[ $FATE == stays ]]; then
		taken_by_sockets
	else
		read -r packets rest < <(seen_line)
		echo "$packets"
	fi
}

# verify: does the way do its work, and does it keep checksums true? What the device has not taken was lost
# before any way could do something with it. The floors' packets are nothing that a home could decrypt and take.
verify()
{
	local before after dev

	[[ $FATE:$WAY != encrypted:floor* ]] || return 0
	dev=$(way_in "${OPTIONS[@]}")
	count_at verify || return
	[[ $FATE != encrypted ]] || ping_home
	before="$(seen_line) $(delivered) $(received "$dev")"
	world_sends "${OPTIONS[@]}" --packets "$VERIFY_PACKETS" --pause 1000 >/dev/null || return
	quiet
	after="$(seen_line) $(delivered) $(received "$dev")"
	judge "$before" "$after"
}

judge()
{
	local b a came arrived

	read -ra b <<<"$1"
	read -ra a <<<"$2"
	arrived=$((a[5] - b[5])) came=$((a[6] - b[6]))
	if ((a[3] != b[3] || a[4] != b[4])); then
		say "$WAY: $((a[3] - b[3])) packets not rewritten, $((a[4] - b[4])) with a wrong checksum"
		return 1
	fi
	case $FATE:$WAY in
	dropped:* | *:arrival) ((came > VERIFY_PACKETS / 2 && arrived == 0)) && return ;;
	*) ((came > VERIFY_PACKETS / 2 && arrived + STRAY >= came)) && return ;;
	esac
	say "$WAY: $VERIFY_PACKETS packets sent, $came came in, $arrived arrived"
	return 1
}

# all_last TID...: a kernel worker that ends takes the time that it has used with it.
all_last()
{
	local tid

	for tid; do
		[[ -e /proc/$tid ]] || return
	done
}

# measure: one line of JSON. slices: how often the threads were put on the CPU. Up to three times, until no thread ends meanwhile.
measure()
{
	local status

	for _ in 1 2 3; do
		measure_once
		status=$?
		((status == 75)) || return "$status"	# EX_TEMPFAIL
	done
	say "$WAY: again and again a kernel worker ended"
	return 1
}

measure_once()
{
	local dev threads before after offered

	dev=$(way_in "${OPTIONS[@]}")
	count_at measure || return
	mapfile -t threads < <(counted_threads "$dev")
	before="$(cpu_time "${threads[@]}") $(received "$dev") $(delivered) $(seen_line)"
	[[ -z $PROFILE ]] || bpftool --json prog show >"$WORK/programs.before"
	offered=$(world_sends "${OPTIONS[@]}" "${AMOUNT[@]}") || return
	quiet
	[[ -z $PROFILE ]] || profile $(($(received "$dev") - $(cut -d ' ' -f 3 <<<"$before")))
	all_last "${threads[@]}" || return 75
	mapfile -t threads < <(counted_threads "$dev")
	after="$(cpu_time "${threads[@]}") $(received "$dev") $(delivered) $(seen_line)"
	result "$offered" "$before" "$after"
}

# The kernel's clock for BPF programs is the whole machine's: put back at the end.
profile_on()
{
	local was

	was=$(sysctl -n kernel.bpf_stats_enabled)
	at_end sysctl -qw kernel.bpf_stats_enabled="$was"
	must sysctl -qw kernel.bpf_stats_enabled=1
}

# profile PACKETS: each program's cost a run, in the place's unit.
profile()
{
	local name cost

	bpftool --json prog show >"$WORK/programs.after"
	while read -r name cost; do
		say "    $(printf '%-16s' "$name") $cost $BENCH_UNIT a run"
	done < <("$PYTHON" -IS "$BENCH_D/programs.py" "$WORK/programs.before" "$WORK/programs.after" "$1")
}

# result OFFERED BEFORE AFTER
result()
{
	local b a

	read -ra b <<<"$2"
	read -ra a <<<"$3"
	printf '{"place": "%s", "workload": "%s", "way": "%s", "round": %d, "unit": "%s", "fate": "%s", ' \
		"$PLACE${TSO:+-tso}" "$WORKLOAD" "$WAY" "$ROUND" "$BENCH_UNIT" "$FATE"
	printf '"cost": %d, "slices": %d, "offered": %d, "received": %d, "delivered": %d, ' \
		$((a[0] - b[0])) $((a[1] - b[1])) "$1" $((a[2] - b[2])) $((a[3] - b[3]))
	printf '"bundles": %d, "bytes": %d}\n' $((a[6] - b[6])) $((a[5] - b[5]))
}

# sample: of WORKLOAD, while WAY is up.
sample()
{
	if [[ $FATE == transferred ]]; then
		count_at measure && transfer
	else
		circumstances && open_flows && verify && fill_table && measure
	fi
}

# way_up: status 4: this kernel cannot do it.
way_up()
{
	way "$WAY" up 2>"$WORK/way.log" && return
	say "$WAY: cannot be had here: $(head -n 1 "$WORK/way.log")"
	way "$WAY" down >/dev/null 2>&1
	return 4
}

way_down()
{
	way "$WAY" down >"$WORK/way.log" 2>&1 || say "$WAY down: $(tail -n 1 "$WORK/way.log")"
}

# What a workload wants besides: exclusions, flows of the gateway's own, a socket for what stays.
circumstances()
{
	[[ $WAY == nestwg-* ]] || return 0
	((EXCLUSIONS == 0)) ||
		gateway "${BENCH_PATH:-$ROOT/build}/nestwg-xdp" allow "1-$EXCLUSIONS/tcp" >/dev/null || return
	((OWN_FLOWS == 0)) || gateway "$PYTHON" -IS "$BENCH_D/own_flows.py" "$OWN_FLOWS"
}
