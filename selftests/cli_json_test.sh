#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Whatever a command prints with --json is what selftests/schema.json says, and nothing else (cli.sh draws the gateway).

set -u

HERE=$(cd "$(dirname "$0")" && pwd -P)
# shellcheck source=cli.sh
. "$HERE/cli.sh"

# valid NAME ARGS...: the command succeeds, says nothing on stderr, and its output is $defs/NAME.
valid()
{
	local name=$1

	shift
	nestwg "$@" >"$WORK/out.json" 2>"$WORK/err" || { cat "$WORK/err"; return 1; }
	expect_is "stderr of $*" "$(<"$WORK/err")" "" && matches "$name"
}

# matches NAME, lines_match NAME: what is in out.json. One checker answers for all, since it takes long to start.
matches()
{
	checked document "$1" "$WORK/out.json"
}

lines_match()
{
	checked lines "$1" "$WORK/out.json"
}

checked()
{
	local answer

	echo "$*" >&"${CHECKER[1]}" && read -r answer <&"${CHECKER[0]}" && expect_is "$*" "$answer" ok
}

# has REGEX
has()
{
	expect "the output" "$(<"$WORK/out.json")" "$1"
}

schema_is_closed()
{
	checked schema || return
	# What is no document of ours must not pass.
	echo '[{"interface": "eth0"}]' >"$WORK/out.json" && fails matches status && fails matches stats || return
	echo '{"interface": "eth0", "action": "gone"}' >"$WORK/out.json" && fails matches detach || return
	: >"$WORK/out.json" && fails lines_match monitor
}

nothing_attached()
{
	valid status status --json && valid stats stats --json && valid stats-watch stats --json --watch
}

attached()
{
	valid attach attach enp0s6 --wg wgcli0 --mode native --json && has '"action":"attached"' &&
		has '"address":"192\.0\.2\.10"' || return
	valid attach attach enp0s6 --mode tc --allow 8443 --json && has '"action":"upgraded"' && has '"mode":"tc"' &&
		has '"spec":"8443/tcp"'
}

# Before: one command does all that attach would say, and the other keys of its report.
dry_run()
{
	valid attach-dry-run attach enp0s6 --wg wgcli0 --allow 8443 --dry-run --json && has '"action":"attach"' &&
		has '"process":"nc"' && has '"other_xdp":null'
}

# The file is saved, and nobody is asked, without a word in between.
confirmed()
{
	valid attach attach enp0s6 --save --json && [[ -s $NESTWG_CONFDIR/enp0s6.conf ]] && rm "$NESTWG_CONFDIR/enp0s6.conf" &&
		valid attach attach enp0s6 --confirm 60 --json && has '"taken_back_in":(60|5[0-9])' &&
		valid attach-dry-run attach enp0s6 --dry-run --json && has '"action":"upgrade"' &&
		valid confirm confirm --json && has '"action":"confirmed"' && has '"taken_back_in":null'
}

# Whatever is wrong here: the exit status says it, too.
doctor()
{
	local status

	nestwg doctor --json >"$WORK/out.json" 2>"$WORK/err"
	status=$?
	expect_is "stderr of doctor" "$(<"$WORK/err")" "" && matches doctor && has '"check":"handshake"' &&
		has '"severity":"problem"' && expect_is "exit status" "$status" 1
}

init()
{
	local made=(--endpoint 192.0.2.10 --nic enp0s6 --ssh-port 22 --dir "$WORK/made")

	valid init-dry-run init "${made[@]}" --mikrotik --dry-run --json && has 'router.rsc' && fails test -e "$WORK/made" &&
		valid init init "${made[@]}" --json && has '"name":"wgwan.conf"' && fails has '[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=' &&
		expect_is "modes" "$(stat -c %a "$WORK"/made/*.conf | sort -u)" 600
}

exclusions()
{
	valid allow allow 60000-61000/udp icmp --json && has '"spec":"icmp"' && has '"action":"allowed"' &&
		valid disallow disallow icmp --dev enp0s6 --json && has '"spec":"60000-61000/udp"' && fails has icmp
}

shown()
{
	on inet ping -q -c 2 -i 0.2 -W 1 192.0.2.10 >/dev/null
	valid status status --json && has '"packets":2' && valid status status enp0s6 --json && valid stats stats --json &&
		valid stats stats --json enp0s6
}

# In the same words: what status says of the interface is what attach has said.
same_as_status()
{
	nestwg attach enp0s6 --json >"$WORK/attach.json" && nestwg status --json >"$WORK/status.json" &&
		"$HOUSE_PYTHON" - "$WORK/attach.json" "$WORK/status.json" <<-'PYTHON'
	import json, sys
	attach, (status,) = (json.load(open(name)) for name in sys.argv[1:])
	assert attach.pop("action") == "upgraded"
	assert attach == status, (attach, status)
	PYTHON
}

lines()
{
	nestwg stats --watch 0.1 --json | head -n 2 >"$WORK/out.json"
	lines_match stats-watch || return
	serve pings inet sh -c 'while :; do ping -q -c 1 -W 1 192.0.2.10; nc -z -w 1 192.0.2.10 8443; nc -u -z 192.0.2.10 53; done'
	nestwg monitor --json --count 6 --seconds 20 >"$WORK/out.json" 2>/dev/null
	background_stop pings
	lines_match monitor && has '"icmp_type":8' && has '"tcp_flags":'
}

# Each kind of trouble that changes what is printed.
in_trouble()
{
	ip -n "$HOUSE_PREFIX-gw" link set enp0s6 down
	valid status status --json && has 'is down'
	local status=$?

	ip -n "$HOUSE_PREFIX-gw" link set enp0s6 up
	((status == 0)) || return
	rm "$PINS/enp0s6/config" && valid status status --json && has '"complete":false' &&
		valid attach attach enp0s6 --wg wgcli0 --json && has '"action":"attached"'
}

tunnel_gone()
{
	background_stop wireguard-wgcli0
	ip -n "$HOUSE_PREFIX-gw" link del wgcli0 2>/dev/null
	wait_for 10 fails ip -n "$HOUSE_PREFIX-gw" link show wgcli0 && valid status status --json && has 'its tunnel wgcli0 has gone'
}

# Errors are text on stderr, and there is no half of an answer.
errors()
{
	local args status

	for args in "attach nosuch0" "detach nosuch0" "status nosuch0" "stats nosuch0" "allow --dev nosuch0 80" \
		"disallow 51820/udp" "monitor nosuch0" "confirm enp0s6" "init --endpoint x --nic y --dir /proc/x"; do
		# shellcheck disable=SC2086 # words
		nestwg $args --json >"$WORK/out.json" 2>"$WORK/err"
		status=$?
		expect_is "exit status of $args" "$status" 1 && expect_is "output of $args" "$(<"$WORK/out.json")" "" &&
			expect "stderr of $args" "$(<"$WORK/err")" "^nestwg-xdp: " || return
	done
}

detached()
{
	valid detach detach enp0s6 --json && has '"action":"detached"' && valid status status --json && has '^\['
}

version()
{
	valid version --version --json && has '"xdp":true' && fails has null && cp "$NESTWG" "$WORK/program" &&
		chmod 755 "$WORK" "$WORK/program" &&
		on gw setpriv --reuid=65534 --regid=65534 --clear-groups "$WORK/program" --version --json >"$WORK/out.json" &&
		matches version && has '"xdp":null'
}

isolate "$@"
begin
cli_need nc setpriv
"$HOUSE_PYTHON" -I -c 'import jsonschema; jsonschema.Draft202012Validator' 2>/dev/null ||
	skip_all "not installed: python3-jsonschema (scripts/dependencies test)"
coproc CHECKER { exec "$HOUSE_PYTHON" -I "$HERE/json_check.py"; }
gateway_up
serve listener gw nc -l -k 7777
must wait_for 20 listening gw 7777

tap "the schema describes all, and not everything" schema_is_closed
tap "nothing attached" nothing_attached
tap "init" init
tap "attach --dry-run" dry_run
tap "attach" attached
tap "attach --save, --confirm; confirm" confirmed
tap "doctor" doctor
tap "allow, disallow" exclusions
tap "status, stats" shown
tap "attach says what status says" same_as_status
tap "stats --watch, monitor: each line" lines
tap "status, where something is wrong" in_trouble
tap "errors are text" errors
tap "status, without the tunnel" tunnel_gone
tap "detach" detached
tap "--version" version
finish
