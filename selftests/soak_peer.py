# SPDX-License-Identifier: GPL-2.0-only
"""Long-lived TCP connections that carry known data both ways, and notice each wrong or missing byte.

    soak_peer.py serve PORT [ADDRESS]
    soak_peer.py talk HOST PORT    one connection until SIGTERM; its last line is
                                   "whole: sent N, received N bytes, longest silence N ms" (status 0), or what went wrong (1)

Each side sends a block every PACE seconds (0.1) whose contents follow from its number.
"""

import os
import signal
import socket
import sys
import threading
import time

BLOCK = 4096
SCALE = float(os.environ.get("LIMIT_SCALE", "1"))
PACE = float(os.environ.get("PACE", "0.1")) * SCALE
PATIENCE = 30.0 * SCALE


def block(number):
    return b"%015d\n" % number * (BLOCK // 16)


class Wrong(Exception):
    pass


class Duplex:
    def __init__(self, conn):
        self.conn = conn
        self.sent = self.received = 0
        self.silence = 0.0
        self.stop = threading.Event()
        self.problem = None
        conn.settimeout(PATIENCE)

    def send(self):
        try:
            while not self.stop.is_set():
                self.conn.sendall(block(self.sent))
                self.sent += 1
                self.stop.wait(PACE)
            self.conn.shutdown(socket.SHUT_WR)
        except OSError as error:
            self.problem = self.problem or f"sending block {self.sent}: {error}"

    # What the peer sent before it shut down has to be there up to its last block.
    def receive(self):
        part = b""
        last = time.monotonic()
        while True:
            data = self.conn.recv(BLOCK - len(part))
            now = time.monotonic()
            self.silence = max(self.silence, now - last)
            last = now
            if not data:
                break
            part += data
            if len(part) < BLOCK:
                continue
            if part != block(self.received):
                raise Wrong(f"block {self.received} is not what was sent")
            self.received += 1
            part = b""
        if part:
            raise Wrong(f"block {self.received} ends after {len(part)} bytes")

    def run(self):
        sender = threading.Thread(target=self.send, daemon=True)
        sender.start()
        try:
            self.receive()
        except (OSError, Wrong) as error:
            self.problem = self.problem or f"receiving block {self.received}: {error}"
        early = not self.stop.is_set()
        self.stop.set()
        sender.join(PATIENCE)
        return early


def serve(port, address="0.0.0.0"):
    def one(conn):
        with conn:
            duplex = Duplex(conn)
            duplex.run()
            if duplex.problem:
                print(duplex.problem, flush=True)

    listener = socket.create_server((address, int(port)))
    print("ready", flush=True)
    while True:
        threading.Thread(target=one, args=(listener.accept()[0],), daemon=True).start()


def talk(host, port):
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as conn:
        duplex = Duplex(conn)
        signal.signal(signal.SIGTERM, lambda *_: duplex.stop.set())
        print("talking", flush=True)
        thread = threading.Thread(target=lambda: setattr(duplex, "early", duplex.run()))
        thread.start()
        thread.join()
        if duplex.early and not duplex.problem:
            duplex.problem = f"the peer hung up after {duplex.received} blocks"
        if duplex.problem:
            print(duplex.problem)
            sys.exit(1)
        print(f"whole: sent {duplex.sent * BLOCK}, received {duplex.received * BLOCK} bytes,"
              f" longest silence {duplex.silence * 1000:.0f} ms")


{"serve": serve, "talk": talk}[sys.argv[1]](*sys.argv[2:])
