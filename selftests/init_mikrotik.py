# SPDX-License-Identifier: GPL-2.0-only
"""Reads RouterOS commands as RouterOS would split them, and says what is wrong with a file of them.

    init_mikrotik.py FILE WANTED...

Each WANTED is a command that has to be there: its words in any order, such as
'/ip firewall nat add protocol=udp dst-port=25565'. Exit status: 0 all is well, 1 not.
"""
import sys

# https://help.mikrotik.com/docs: what each menu's `add` takes, of what we use.
MENUS = {
    "/interface wireguard": {"name", "mtu", "listen-port", "private-key", "comment"},
    "/interface wireguard peers": {"interface", "public-key", "endpoint-address", "endpoint-port", "allowed-address",
                                   "persistent-keepalive", "comment"},
    "/ip address": {"address", "interface", "comment"},
    "/routing table": {"name", "fib", "comment"},
    "/ip route": {"dst-address", "gateway", "routing-table", "comment"},
    "/routing rule": {"dst-address", "src-address", "action", "table", "comment"},
    "/ip firewall mangle": {"chain", "in-interface", "out-interface", "connection-mark", "action", "protocol",
                            "new-connection-mark", "new-routing-mark", "passthrough", "tcp-flags", "tcp-mss",
                            "new-mss", "comment"},
    "/ip firewall nat": {"chain", "in-interface", "protocol", "dst-port", "action", "to-addresses", "comment"},
    "/ip firewall filter": {"chain", "in-interface", "connection-state", "connection-mark", "connection-nat-state",
                            "protocol", "dst-port", "action", "jump-target", "place-before", "comment"},
}


def split(line):
    """Words, with quotes taken off and [...] and {...} kept together. Raises ValueError where they do not match."""
    words, word, closing, quoted = [], "", [], False
    for letter in line:
        if quoted:
            if letter in "$\\?" or not 32 <= ord(letter) < 127:
                raise ValueError(f"{letter!r} within quotes")
            quoted = letter != '"'
            word += "" if letter == '"' and not closing else letter
            continue
        if letter == '"':
            quoted = True
            word += letter if closing else ""
        elif letter in "[{(":
            closing.append({"[": "]", "{": "}", "(": ")"}[letter])
            word += letter
        elif closing and letter == closing[-1]:
            closing.pop()
            word += letter
        elif letter in "]})$\\;?":
            raise ValueError(f"a {letter!r} too many")
        elif letter == " " and not closing:
            words.append(word)
            word = ""
        else:
            word += letter
    if quoted or closing:
        raise ValueError("quotes or brackets are not closed")
    words.append(word)
    if "" in words:
        raise ValueError("an empty word")
    return words


def check_add(words):
    verb = words.index("add")
    menu = " ".join(words[:verb])
    if menu not in MENUS:
        raise ValueError(f"no menu {menu}")
    names = [word.split("=", 1)[0] for word in words[verb + 1:]]
    unknown = set(names) - MENUS[menu]
    if unknown or len(names) != len(set(names)):
        raise ValueError(f"{menu}: {unknown or 'something twice'}")
    if "comment=nestwg-xdp" not in words:
        raise ValueError("without the comment by which it is removed")


def commands(line):
    """The command of a line, or those in the branches of an :if."""
    words = split(line)
    if words[0] != ":if":
        return [words]
    if words[1][:2] != "([" or [w.split("=")[0] for w in words[2:]] not in (["do"], ["do", "else"]):
        raise ValueError("not the form of an :if")
    return [split(word.split("=", 1)[1][1:-1].strip()) for word in words[2:]]


def main():
    found, wrong = [], 0
    for number, line in enumerate(open(sys.argv[1], encoding="ascii"), 1):
        line = line.rstrip("\n")
        if not line or line.startswith("#"):
            continue
        try:
            for words in commands(line):
                found.append(words)
                if "add" in words:
                    check_add(words)
                elif "set" not in words:
                    raise ValueError("neither add nor set")
        except ValueError as error:
            print(f"line {number}: {error}: {line}")
            wrong += 1
    for wanted in sys.argv[2:]:
        if not any(set(wanted.split(" ")) <= set(words) for words in found):
            print(f"missing: {wanted}")
            wrong += 1
    return 1 if wrong else 0


sys.exit(main())
