#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Those who go on about their business while the house is flooded, and look at the clock.

  session COMMAND...     hold one session (ssh) to a `cat`, a line there and back each time
  lines HOST PORT        hold one TCP connection to house_peer.py's `echo`
  dns SERVER NAME        ask for an A record over UDP, a socket of its own each time
  ping ADDRESS           ICMP echo
  forge PROTOCOL LOCAL PORT REMOTE PORT
                         send LOCAL one ICMP error: what it sent from PORT to REMOTE's PORT was too big for 68 bytes

Each but the last prints "BEGAN LATENCY" for each exchange, seconds since the epoch and milliseconds, until it is killed or fails.
What UDP or ICMP lose is sent again after a second, and the clock runs on. While the file that $HOSTILE_PAUSE names
exists nobody begins anything: then the gateway's counters can be read at rest.
"""

import os
import socket
import struct
import subprocess
import sys
import time

SCALE = float(os.environ.get("LIMIT_SCALE", "1"))
# Longer than TCP's back-off after a flood.
PATIENCE = 120 * SCALE
PAUSE = os.environ.get("HOSTILE_PAUSE", "")
INTERVAL = 0.05 * SCALE


def repeat(exchange):
    number = 0
    while True:
        number += 1
        began = time.time()
        exchange(number)
        print(f"{began:.3f} {(time.time() - began) * 1000:.1f}", flush=True)
        time.sleep(INTERVAL)
        while PAUSE and os.path.exists(PAUSE):
            time.sleep(INTERVAL)


def expect_line(stream, number):
    words = stream.readline().split()
    if not words or words[-1] != b"%d" % number:
        sys.exit(f"line {number}: got {words}")


def session(*command):
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)

    def exchange(number):
        child.stdin.write(b"%d\n" % number)
        expect_line(child.stdout, number)

    repeat(exchange)


def lines(host, port):
    conn = socket.create_connection((host, int(port)), timeout=PATIENCE)
    stream = conn.makefile("rb")

    def exchange(number):
        conn.sendall(b"%d\n" % number)
        expect_line(stream, number)

    repeat(exchange)


def ask(sock, query, is_answer):
    """Send it each second until somebody answers; what is no answer to it is somebody else's."""
    give_up = time.monotonic() + PATIENCE
    while time.monotonic() < give_up:
        sock.send(query)
        again = time.monotonic() + 1
        while (left := again - time.monotonic()) > 0:
            sock.settimeout(left)
            try:
                if is_answer(sock.recv(4096)):
                    return
            except TimeoutError:
                break
    sys.exit(f"no answer within {PATIENCE:.0f} s")


def dns(server, name):
    question = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"

    def exchange(number):
        ident = struct.pack("!H", number & 0xFFFF)
        query = ident + struct.pack("!5H", 0x0100, 1, 0, 0, 0) + question + struct.pack("!HH", 1, 1)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.connect((server, 53))
            # No error, and one answer.
            ask(sock, query, lambda data: data[:2] == ident and not data[3] & 15 and data[6:8] == b"\0\1")

    repeat(exchange)


def ping(address):
    sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    sock.connect((address, 0))
    ident = os.getpid() & 0xFFFF

    def exchange(number):
        rest = struct.pack("!HH", ident, number & 0xFFFF)
        query = b"\x08\0" + struct.pack("!H", checksum(b"\x08\0" + rest)) + rest
        ask(sock, query, lambda data: data[20] == 0 and data[24:28] == rest)

    repeat(exchange)


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


def forge(protocol, local, port, remote, remote_port):
    ends = socket.inet_aton(local) + socket.inet_aton(remote)
    quote = struct.pack("!BBHHHBBH", 0x45, 0, 1500, 1, 0x4000, 60, int(protocol), 0) + ends
    # TCP's sequence number is a guess.
    quote += struct.pack("!HHI", int(port), int(remote_port), 0x12345678)
    error = struct.pack("!BBHHH", 3, 4, 0, 0, 68) + quote
    error = error[:2] + struct.pack("!H", checksum(error)) + error[4:]
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as sock:
        sock.sendto(error, (local, 0))


def main():
    by_name = {command.__name__: command for command in (session, lines, dns, ping, forge)}
    if len(sys.argv) < 2 or sys.argv[1] not in by_name:
        sys.exit(__doc__)
    try:
        by_name[sys.argv[1]](*sys.argv[2:])
    except (OSError, BrokenPipeError) as error:
        sys.exit(f"{' '.join(sys.argv[1:])}: {error}")


main()
