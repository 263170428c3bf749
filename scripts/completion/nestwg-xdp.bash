# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# bash completion for nestwg-xdp. Subcommands, options and what they take are read from its own help, so that there is
# no second list to keep.

# The program that is being typed, as it was typed.
_nestwg_xdp_run()
{
	"${COMP_WORDS[0]}" "$@" 2>/dev/null
}

_nestwg_xdp_subcommands()
{
	_nestwg_xdp_run help | sed -n 's/^  nestwg-xdp \([a-z][a-z]*\).*/\1/p'
}

# _nestwg_xdp_usage SUBCOMMAND: the lines that say how it is called, as one.
_nestwg_xdp_usage()
{
	_nestwg_xdp_run help "$1" | sed '/^$/,$d' | tr '\n' ' '
}

# Those of the usage, and those that have a line of their own; not those of other subcommands that the text speaks of.
_nestwg_xdp_options()
{
	{
		_nestwg_xdp_usage "$1" | grep -oE '[ []--[a-z][a-z-]*'
		_nestwg_xdp_run help "$1" | grep -oE '^  --[a-z][a-z-]*'
	} | tr -d ' [' | sort -u
}

# _nestwg_xdp_takes SUBCOMMAND OPTION: the word that stands behind the option, such as SPEC or auto|native; nothing if it
# takes none.
_nestwg_xdp_takes()
{
	_nestwg_xdp_usage "$1" | grep -oE -- "$2 [A-Za-z][^] ]*" | head -n 1 | cut -d ' ' -f 2
}

_nestwg_xdp_nics()
{
	ip -o link show 2>/dev/null | awk -F ': ' '{ sub(/@.*/, "", $2); if ($2 != "lo") print $2 }'
}

_nestwg_xdp_attached()
{
	_nestwg_xdp_run status | sed -n 's/^interface: //p'
}

# What was allowed and can be disallowed; WireGuard's own port cannot.
_nestwg_xdp_excluded()
{
	_nestwg_xdp_run status | sed -n 's/^  stays on the gateway: //p' | sed 's/([^)]*, WireGuard)\|(WireGuard[^)]*)/&!/g' |
		sed 's/, \([0-9a-z]\)/\n\1/g' | grep -v '!$' | sed 's/ (.*//'
}

_nestwg_xdp_reasons()
{
	_nestwg_xdp_run stats --json | sed -n 's/^ *"\([a-z_0-9]*\)": *{ *$/\1/p' | grep -v '^counters$' | sort -u
}

# _nestwg_xdp_words SUBCOMMAND WHAT: what the usage calls WHAT.
_nestwg_xdp_words()
{
	case $2 in
	*'|'*)	tr '|' '\n' <<<"$2" ;;
	WG)	wg show interfaces 2>/dev/null | tr ' ' '\n' ;;
	WORD)	_nestwg_xdp_reasons ;;
	PROTO)	printf '%s\n' tcp udp icmp ipip gre esp ah sctp ;;
	SPEC*)	if [[ $1 == disallow ]]; then _nestwg_xdp_excluded; else printf '%s\n' icmp ipip gre esp ah sctp; fi ;;
	IFACE)	if [[ $1 == attach ]]; then _nestwg_xdp_nics; else _nestwg_xdp_attached; fi ;;
	SUBCOMMAND)	_nestwg_xdp_subcommands | grep -vx help ;;
	esac
}

# _nestwg_xdp_operand SUBCOMMAND: what it takes beside its options.
_nestwg_xdp_operand()
{
	case $1 in
	help)		echo SUBCOMMAND ;;
	allow | disallow)	echo SPEC ;;
	*)		_nestwg_xdp_usage "$1" | grep -oE '(^| |\[)IFACE\]? ' | tr -d '[] ' | head -n 1 ;;
	esac
}

_nestwg_xdp()
{
	local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} subcommand=${COMP_WORDS[1]} takes words

	COMPREPLY=()
	if ((COMP_CWORD == 1)); then
		words="$(_nestwg_xdp_subcommands) --help --version"
	else
		[[ $previous != --* ]] || takes=$(_nestwg_xdp_takes "$subcommand" "$previous")
		if [[ $takes == FILE ]]; then
			mapfile -t COMPREPLY < <(compgen -f -- "$current")
			return
		elif [[ -n $takes ]]; then
			words=$(_nestwg_xdp_words "$subcommand" "$takes")
		elif [[ $current == -* ]]; then
			words=$(_nestwg_xdp_options "$subcommand")
		else
			words=$(_nestwg_xdp_words "$subcommand" "$(_nestwg_xdp_operand "$subcommand")")
		fi
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}

complete -F _nestwg_xdp nestwg-xdp
