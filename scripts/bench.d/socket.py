#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""A UDP socket on port 2222 that nobody reads: packets that stay on the gateway go all the way up to it."""

import signal
import socket

sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(("", 2222))
# A packet counts once it has been read, or found no room (udp_queue_rcv_skb(), net/ipv4/udp.c): leave no room.
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for _ in range(2000):
    sender.sendto(b"", ("127.0.0.1", 2222))
print("bound", flush=True)
signal.pause()
