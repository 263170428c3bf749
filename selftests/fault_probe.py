# SPDX-License-Identifier: GPL-2.0-only
"""Who gets a packet to ADDRESS: prints "TCP-WHO UDP-WHO".

    fault_probe.py ADDRESS TCP-PORT UDP-PORT

`house_peer.py echo` answers with its own name at either end. "none": nobody answered (three datagrams, or a connection
that stays silent); "refused": a port unreachable, or a reset.
"""

import os
import socket
import sys

SCALE = float(os.environ.get("LIMIT_SCALE", "1"))


def tcp(address, port):
    with socket.create_connection((address, port), timeout=5 * SCALE) as conn:
        conn.sendall(b"who?\n")
        return conn.makefile().readline().split()[0]


def udp(address, port):
    for _ in range(3):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(0.4 * SCALE)
            sock.connect((address, port))
            sock.send(b"who?")
            try:
                return sock.recv(100).split()[0].decode()
            except socket.timeout:
                pass
    return "none"


def who(ask, *args):
    try:
        return ask(*args)
    except ConnectionError:
        return "refused"
    except (OSError, IndexError):
        return "none"


print(who(tcp, sys.argv[1], int(sys.argv[2])), who(udp, sys.argv[1], int(sys.argv[3])))
