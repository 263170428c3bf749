# SPDX-License-Identifier: GPL-2.0-only
"""Numbered UDP packets, to find out whether any is lost, doubled or astray.

    udp_sequence.py send ADDRESS PORT PER_SECOND SECONDS   sends; prints how many
    udp_sequence.py receive PORT FILE                      counts; writes "received distinct" to FILE at SIGTERM
"""

import signal
import socket
import sys
import time


def send(address, port, per_second, seconds):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.connect((address, port))
    start = time.monotonic()
    number = 0
    while time.monotonic() - start < seconds:
        due = int((time.monotonic() - start) * per_second)
        while number < due:
            try:
                sock.send(b"%08d" % number + b"x" * 92)
                number += 1
            except ConnectionRefusedError:
                pass  # an ICMP error about an earlier one; the packet was not sent
        time.sleep(0.001)
    print(number)


def receive(port, path):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    sock.bind(("0.0.0.0", port))
    sock.settimeout(0.1)
    seen = set()
    count = 0
    done = []
    signal.signal(signal.SIGTERM, lambda *_: done.append(True))
    print("ready", flush=True)
    while True:
        try:
            data = sock.recv(2048)
        except socket.timeout:
            if done:
                break
            continue
        count += 1
        seen.add(int(data[:8]))
    with open(path, "w", encoding="ascii") as out:
        out.write(f"{count} {len(seen)}\n")


if sys.argv[1] == "send":
    send(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5]))
else:
    receive(int(sys.argv[2]), sys.argv[3])
