#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Start N flows of the gateway's own: a UDP packet each, from N source ports, the last one 60000."""

import socket
import sys

LAST_PORT = 60000

for port in range(LAST_PORT - int(sys.argv[1]) + 1, LAST_PORT + 1):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.bind(("192.0.2.10", port))
        except OSError:
            continue  # somebody has it: 51820 is WireGuard's
        sock.sendto(b"a flow of the gateway's own", ("192.0.2.1", 53))
