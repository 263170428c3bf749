#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What can be watched and measured: stats --watch on a terminal and in a pipe, stats --prometheus, --version
# (cli.sh draws the gateway).
#
#   inet pings the gateway; it also sends to 10.0.18.2 by way of enp0s6, which is spoofed and dropped

set -u

HERE=$(cd "$(dirname "$0")" && pwd -P)
# shellcheck source=cli.sh
. "$HERE/cli.sh"

ESCAPE=$'\033'

pinged()
{
	nestwg stats enp0s6 | grep -qE '^forwarded +[0-9]{2}'
}

# --- on a terminal -------------------------------------------------------------------------------

# seen TERMINAL-ARGS... -- STATS-ARGS...: what terminal.py saw, in $SEEN and on stdout; SETTINGS are environment variables.
SEEN=
SETTINGS="LC_ALL=C.UTF-8 TERM=xterm NO_COLOR="
seen()
{
	local steps=() status

	while [[ $1 != -- ]]; do
		steps+=("$1")
		shift
	done
	# shellcheck disable=SC2086 # words
	SEEN=$(on gw env $SETTINGS "$HOUSE_PYTHON" -IS "$HERE/terminal.py" "${steps[@]}" -- \
		"$NESTWG" stats "${@:2}")
	status=$?
	echo "$SEEN"
	return "$status"
}

# ended STATUS: with the terminal as it had been.
ended()
{
	expect "the end" "${SEEN##*$'\n'}" "^status=$1 cursor=shown echo=on "
}

at_most()
{
	local what=$1 most=$2 got

	got=$(grep -oE "$what=[0-9]+" <<<"$SEEN" | sort -t= -k2n | tail -n 1)
	((${got#*=} <= most)) || expect_is "$what" "$got" "at most $most"
}

# 80x24: what has packets, with rates and a history that begins as it came; q ends it.
picture()
{
	seen 80x24 frames=6 show key=q -- --watch 0.2 || return
	expect "the heading" "$SEEN" "^enp0s6 \(native\): 192\.0\.2\.10 to 10\.0\.18\.2; every 0\.2 s, q ends" &&
		expect "forwarded" "$SEEN" $'\n'"forwarded +[0-9]+ +[1-9][0-9]* +[0-9.]+k? +[▁▂▃▄▅▆▇█ ]*[▁▂▃▄▅▆▇█]" &&
		expect "running" "$SEEN" "status=None cursor=hidden echo=off widest=79 tallest=[0-9]+ bytes=utf8 colours=yes" &&
		fails grep -q fragment_unseen <<<"$SEEN" && at_most widest 79 && at_most tallest 24 && ended 0
}

interrupted()
{
	local signal

	for signal in INT TERM HUP; do
		seen 80x24 frames=2 signal=$signal -- --watch enp0s6 && ended 0 || return
	done
	seen 80x24 frames=2 $'key=xQ' -- --watch=60 && ended 0
}

ascii_only()
{
	SETTINGS="LC_ALL=C TERM=xterm NO_COLOR=" seen 80x24 frames=6 key=q -- --watch=0.2 &&
		expect "forwarded" "$SEEN" $'\n'"forwarded .*@" && expect "bytes" "$SEEN" "bytes=ascii colours=yes"
}

without_colours()
{
	SETTINGS="LC_ALL=C TERM=xterm NO_COLOR=1" seen 80x24 frames=3 key=q -- --watch=0.2 &&
		expect "NO_COLOR" "$SEEN" "colours=no" || return
	SETTINGS="LC_ALL=C TERM=dumb NO_COLOR=" seen 80x24 frames=3 key=q -- --watch=0.2 &&
		expect "TERM=dumb" "$SEEN" "colours=no"
}

# A minute until the next sample: only the new size can be the reason for another picture. Two lines are the heading,
# so that of three reasons the most quiet ones give way.
resized()
{
	spoof &&
		seen 100x30 frames=2 show size=40x4 frames=1 show size=20x4 frames=1 show size=10x2 frames=1 size=120x30 frames=1 \
			show key=q -- --watch 60 || return
	expect "at 100 columns" "$SEEN" "widest=99 " && expect "at 40 columns" "$SEEN" "widest=(39|38) tallest=4 " &&
		expect "at 20 columns" "$SEEN" "widest=1[0-9] tallest=4 " &&
		expect "what is left out" "$SEEN" $'\n[2-9] more: no room\n' && ended 0
}

spoof()
{
	on inet ping -q -c 1 -W 1 10.0.18.2 >/dev/null
	expect "spoofed" "$(nestwg stats)" "spoofed_peer +[1-9]"
}

suspended()
{
	seen 80x24 frames=3 signal=TSTP show signal=CONT frames=2 show key=q -- --watch=0.2 || return
	expect "stopped" "$SEEN" "status=None cursor=shown echo=on .*status=None cursor=hidden echo=off" && ended 0
}

detached_meanwhile()
{
	seen 80x24 frames=2 "run=$NESTWG detach enp0s6" -- --watch 0.2
	nestwg attach enp0s6 --wg wgcli0 >/dev/null
	expect "the message" "$SEEN" "nestwg-xdp: enp0s6: was detached meanwhile" && ended 1 || return
	seen 80x24 frames=2 signal=STOP "run=$NESTWG detach enp0s6 && $NESTWG attach enp0s6 --wg wgcli0" signal=CONT -- --watch 0.2
	expect "the message" "$SEEN" "nestwg-xdp: enp0s6: was detached meanwhile" && ended 1 || return
	seen 80x24 frames=2 "run=$NESTWG attach enp0s6 --mode tc" frames=2 key=q -- --watch 0.2 && ended 0 &&
		nestwg attach enp0s6 --mode native >/dev/null
}

# --- in a pipe -----------------------------------------------------------------------------------

piped()
{
	local text status

	text=$(nestwg stats --watch=0.3 2>&1 | head -n 12)
	expect "blocks" "$text" "^enp0s6 20[0-9-]+T[0-9:]+[+-][0-9]{4}"$'\n'"reason +packets +packets/s" &&
		expect "a first one without rates" "$text" $'\n'"forwarded +[0-9]+ +- +[0-9]+ +-"$'\n' &&
		expect "a second one" "$text" $'\n\n'"enp0s6 .*"$'\n'"forwarded +[0-9]+ +[1-9][0-9]* " &&
		fails grep -q -e "$ESCAPE" -e fragment_unseen <<<"$text" || return
	# The reader has gone: the writer does not wait for its next turn, and says nothing.
	SECONDS=0
	nestwg stats --watch=300 2>"$WORK/piped.log" | head -n 1
	status=${PIPESTATUS[0]}
	expect_is "exit status of what lost its reader" "$status" 141 && expect_is "stderr" "$(<"$WORK/piped.log")" "" &&
		((SECONDS < $(limit 20)))
}

json_lines()
{
	nestwg stats --watch 0.2 --json | head -n 3 | "$HOUSE_PYTHON" -c '
import json, sys
times = [json.loads(line)[0]["time"] for line in sys.stdin]
assert len(times) == 3 and all(0.1 < b - a < 30 for a, b in zip(times, times[1:])), times'
}

# says STATUS REGEX ARGS...
says()
{
	local text status

	text=$(nestwg "${@:3}" 2>&1)
	status=$?
	expect_is "exit status of ${*:3}" "$status" "$1" && expect "${*:3}" "$text" "$2"
}

wrong_words()
{
	local word

	for word in abc 0 0.01 1e3 -1 1. .5 99999999 ''; do
		says 2 "--watch '$word': seconds are wanted, such as 1 or 0.5.usage: nestwg-xdp stats" stats "--watch=$word" || return
	done
	says 1 "^nestwg-xdp: abc: nestwg-xdp is not attached" stats --watch abc &&
		says 2 "--prometheus goes neither with --json nor with --watch" stats --prometheus --watch &&
		says 2 "--output goes with --prometheus" stats --output /tmp/x --json
}

# --- for Prometheus ------------------------------------------------------------------------------

check_metrics()
{
	local tool

	tool=$(command -v promtool) || tool=$HOUSE_ROOT/build/promtool
	[[ -x $tool ]] || return 127
	"$tool" check metrics
}

promtool_checks()
{
	local text

	nestwg stats --prometheus >"$WORK/metrics" || return
	text=$(check_metrics <"$WORK/metrics" 2>&1)
	case $? in
	127) skip "no promtool (scripts/dependencies test)" ;;
	0) expect_is "what it says" "$text" "" ;;
	*) echo "$text"; return 1 ;;
	esac
}

# The same numbers as in JSON, of all reasons, and what is told beside them.
same_numbers()
{
	background_stop pings
	nestwg status --json >"$WORK/status.json" && nestwg stats --prometheus >"$WORK/metrics" &&
		"$HOUSE_PYTHON" - "$WORK/status.json" "$WORK/metrics" <<-'PYTHON'
	import json, re, sys
	status = json.load(open(sys.argv[1]))[0]
	found, types = {}, {}
	for line in open(sys.argv[2]):
	    if line.startswith("# TYPE"):
	        types[line.split()[2]] = line.split()[3]
	    if line[0] == "#":
	        continue
	    name, labels, value = re.fullmatch(r'(\w+)(?:\{(.*)\})? (\S+)\n', line).groups()
	    labels = dict(re.findall(r'(\w+)="([^"]*)"', labels or ""))
	    assert labels.pop("iface", "enp0s6") == "enp0s6", line
	    found[(name.removeprefix("nestwg_xdp_"), *sorted(labels.items()))] = value
	for reason, counter in status["counters"].items():
	    labels = (("direction", counter["from"]), ("reason", reason), ("verdict", counter["verdict"]))
	    for unit in "packets", "bytes":
	        got = found.pop((unit + "_total", *labels))
	        assert got == str(counter[unit]), (reason, unit, got, counter)
	        assert types[f"nestwg_xdp_{unit}_total"] == "counter"
	assert status["counters"]["forwarded"]["packets"] > 0
	wanted = {
	    ("interfaces",): 1,
	    ("info", ("address", "192.0.2.10"), ("mode", "native"), ("peer", "10.0.18.2"), ("tunnel", "wgcli0"),
	     ("version", "0.1.0")): 1,
	    ("attached_timestamp_seconds",): status["attached_at"],
	    ("mtu_bytes", ("device", "enp0s6")): 1500,
	    ("mtu_bytes", ("device", "wgcli0")): status["wireguard"]["mtu"],
	    ("own_flows",): status["own_flows"],
	    ("exclusions",): len(status["exclusions"]),
	    ("latest_handshake_timestamp_seconds",): status["peer"]["latest_handshake"],
	    ("problems",): 0,
	}
	assert found == {key: str(value) for key, value in wanted.items()}, (found, wanted)
	assert set(types.values()) == {"counter", "gauge"}
	PYTHON
}

# grep would say it twice.
problems_count()
{
	local before

	before=$(nestwg stats --prometheus | sed -n 's/^nestwg_xdp_problems{iface="enp0s6"} //p')
	ip -n "$HOUSE_PREFIX-gw" link set wgcli0 down
	expect_is "problems before" "$before" 0 &&
		expect "metrics" "$(nestwg stats --prometheus enp0s6)" 'nestwg_xdp_problems\{iface="enp0s6"\} 1'
	local status=$?

	ip -n "$HOUSE_PREFIX-gw" link set wgcli0 up
	says 1 "nosuch0: nestwg-xdp is not attached" stats --prometheus nosuch0 && return "$status"
}

# Read all the while, the file is always whole; and nothing stays beside it.
into_a_file()
{
	local dir=$WORK/textfile file=$WORK/textfile/nestwg.prom i

	mkdir "$dir"
	(umask 077 && nestwg stats --prometheus --output "$file") || return
	expect_is "mode" "$(stat -c %a "$file")" 644 || return
	for i in {1..10}; do
		nestwg stats --prometheus --output "$file" &
		while [[ -n $(jobs -r) ]]; do
			expect "the last line, turn $i" "$(tail -n 1 "$file")" '^nestwg_xdp_problems\{iface="enp0s6"\} 0$' || return
		done
	done
	expect_is "the directory" "$(ls -A "$dir")" nestwg.prom
}

# The old one stays where the new one finds no room, and no half of it.
no_room()
{
	local dir=$WORK/small

	mkdir "$dir" && mount -t tmpfs -o size=4k tmpfs "$dir" && echo old >"$dir/nestwg.prom" || return
	says 1 "small/nestwg\.prom: cannot write it: No space left on device" stats --prometheus --output "$dir/nestwg.prom" &&
		expect_is "the old file" "$(<"$dir/nestwg.prom")" old && expect_is "the directory" "$(ls -A "$dir")" nestwg.prom
	local status=$?

	umount "$dir"
	return "$status"
}

# --- the version ---------------------------------------------------------------------------------

# `bpftool feature` and the kernel's own files say the same.
version()
{
	local text tcx=no

	text=$(nestwg --version) || return
	expect "the first line" "$text" "^nestwg-xdp 0\.1\.0"$'\n'"commit: [0-9a-z]+" &&
		expect "libbpf" "$text" $'\n'"libbpf: $(pkg-config --modversion libbpf | cut -d. -f1,2)" &&
		expect "the kernel" "$text" $'\n'"kernel: $(uname -r) $(uname -m)"$'\n' || return
	[[ $(printf '%s\n' 6.6 "$(uname -r)" | sort -V | head -n 1) != 6.6 ]] || tcx=yes
	expect "tcx" "$text" "tcx [^:]*: $tcx" && expect "XDP" "$text" "XDP programs: yes" &&
		expect "ring buffer" "$text" "ring buffer [^:]*: yes" && expect "bpffs" "$text" "/sys/fs/bpf: yes" || return
	cp "$NESTWG" "$WORK/program" && chmod 755 "$WORK" "$WORK/program" &&
		text=$(on gw setpriv --reuid=65534 --regid=65534 --clear-groups "$WORK/program" --version) &&
		expect "who may not ask" "$text" "^nestwg-xdp 0\.1\.0.*tcx [^:]*: unknown \(not root\).*XDP programs: unknown" &&
		says 2 "unexpected argument 'x'" --version x && says 2 "unexpected argument 'x'" --version --json x
}

isolate "$@"
begin
cli_need setpriv pkg-config mount
gateway_up
must ip -n "$HOUSE_PREFIX-inet" route add 10.0.18.2 via 192.0.2.10
must nestwg attach enp0s6 --wg wgcli0 --mode native >/dev/null
serve pings inet ping -q -i 0.05 192.0.2.10
must wait_for 20 pinged

tap "--watch: 80x24, and q" picture
tap "--watch: signals end it, and the terminal is as before" interrupted
tap "--watch: no Unicode where the locale has none" ascii_only
tap "--watch: no colours with NO_COLOR, nor on a dumb terminal" without_colours
tap "--watch: as large as the terminal" resized
tap "--watch: stopped and continued" suspended
tap "--watch: detached meanwhile" detached_meanwhile
tap "--watch in a pipe: lines, and no codes" piped
tap "--watch --json: one line each time" json_lines
tap "--watch: what is no number of seconds" wrong_words
tap "--prometheus: promtool finds nothing" promtool_checks
tap "--prometheus: the numbers of status" same_numbers
tap "--prometheus: problems are counted" problems_count
tap "--prometheus --output: always whole" into_a_file
tap "--prometheus --output: no room" no_room
tap "--version" version
finish
