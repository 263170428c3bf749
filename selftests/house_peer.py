#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The talking ends of the house: servers that tell callers their address, clients that look closely.

  web NAME PORT FILE           HTTP: GET / says who called, GET /file[/SIZE] sends FILE, PUT answers with the body's SHA-256
  echo NAME PORT [ADDRESS]     TCP lines and UDP datagrams come back behind "NAME ADDRESS PORT "
  tcp HOST PORT TEXT           say one line, print what comes back
  udp HOST PORT SIZE...        send datagrams to `echo`, check that each comes back whole, print who answered
  refused HOST PORT            exit 0 if a UDP datagram is answered with ICMP port unreachable (ECONNREFUSED)
  unanswered PORT HOST HOSTPORT
                               let `echo` answer a UDP port that has been closed in the meantime
  stream HOST PORT             hold one TCP connection to `echo`, print the number of each line that came back
  dns SERVER NAME              ask for TXT records over UDP with a large EDNS buffer, print the answer's size
"""

import os
import socket
import struct
import sys
import threading
import time

# linux/in.h; Python's socket module does not have it. No DF, and the path MTU that the kernel has learnt is
# not looked at: datagrams leave as the interface allows, so that whoever is on the way has to fragment them.
IP_PMTUDISC_OMIT = 5
IP_MTU_DISCOVER = 10

PATIENCE = 15.0 * float(os.environ.get("LIMIT_SCALE", "1"))


def web(name, port, path):
    # Half a second of an emulated CPU, which the other commands need not spend.
    import hashlib
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    with open(path, "rb") as file:
        content = file.read()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def reply(self, text):
            body = text.encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self):
            what, _, size = self.path[1:].partition("/")
            if what != "file":
                self.reply(f"{name} {self.client_address[0]}\n")
                return
            self.send_response(200)
            self.send_header("Content-Type", "application/octet-stream")
            self.send_header("Content-Length", size or str(len(content)))
            self.end_headers()
            self.wfile.write(content[:int(size)] if size else content)

        def do_PUT(self):
            left = int(self.headers["Content-Length"])
            digest = hashlib.sha256()
            while left:
                part = self.rfile.read(min(left, 1 << 16))
                if not part:
                    return
                digest.update(part)
                left -= len(part)
            self.reply(digest.hexdigest() + "\n")

        def log_message(self, *args):
            pass

    ThreadingHTTPServer(("0.0.0.0", int(port)), Handler).serve_forever()


def echo(name, port, address="0.0.0.0"):
    def udp_side():
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_OMIT)
        sock.bind((address, int(port)))
        while True:
            data, peer = sock.recvfrom(65535)
            if data.startswith(b"later "):
                time.sleep(0.5)
            try:
                sock.sendto(b"%s %s %d " % (name.encode(), peer[0].encode(), peer[1]) + data, peer)
            except OSError as error:
                # An answer that cannot be sent (EMSGSIZE, an ICMP error) is the caller's loss only.
                print(f"udp: {peer}: {error}", flush=True)

    def tcp_side(conn, peer):
        with conn, conn.makefile("rb") as lines:
            for line in lines:
                conn.sendall(b"%s %s %d " % (name.encode(), peer[0].encode(), peer[1]) + line)

    threading.Thread(target=udp_side, daemon=True).start()
    listener = socket.create_server((address, int(port)))
    while True:
        threading.Thread(target=tcp_side, args=listener.accept(), daemon=True).start()


def tcp(host, port, text):
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as conn:
        conn.sendall(text.encode() + b"\n")
        print(conn.makefile().readline().rstrip())


def udp(host, port, *sizes):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_OMIT)
    sock.settimeout(PATIENCE)
    sock.connect((host, int(port)))
    for size in sizes:
        payload = os.urandom(int(size))
        sock.send(payload)
        name, address, seen_port, rest = sock.recv(65535).split(b" ", 3)
        if rest != payload:
            sys.exit(f"sent {size} bytes, got {len(rest)} others back")
        print(name.decode(), address.decode(), seen_port.decode(), len(rest))


def refused(host, port):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.settimeout(PATIENCE)
    sock.connect((host, int(port)))
    sock.send(b"anybody there?")
    try:
        answer = sock.recv(1000)
    except ConnectionRefusedError:
        print("refused")
        return
    sys.exit(f"not refused: {answer!r}")


def unanswered(port, host, hostport):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("0.0.0.0", int(port)))
    sock.sendto(b"later please", (host, int(hostport)))


def stream(host, port):
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as conn:
        lines = conn.makefile("r")
        number = 0
        while True:
            number += 1
            conn.sendall(b"%d\n" % number)
            words = lines.readline().split()
            if not words or words[-1] != str(number):
                sys.exit(f"line {number}: got {words}")
            print(number, flush=True)
            time.sleep(0.05)


def dns(server, name):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.settimeout(PATIENCE)
    sock.connect((server, 53))
    question = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"
    edns = b"\0" + struct.pack("!HHIH", 41, 4096, 0, 0)
    query = struct.pack("!6H", 4711, 0x0100, 1, 0, 0, 1) + question + struct.pack("!HH", 16, 1) + edns
    sock.send(query)
    answer = sock.recv(65535)
    ident, flags, _, answers, _, _ = struct.unpack("!6H", answer[:12])
    if ident != 4711 or flags & 0x020F:
        sys.exit(f"no whole answer: id {ident}, flags {flags:#x}")
    print(len(answer), "bytes,", answers, "records")


def main():
    commands = (web, echo, tcp, udp, refused, unanswered, stream, dns)
    by_name = {command.__name__: command for command in commands}
    if len(sys.argv) < 2 or sys.argv[1] not in by_name:
        sys.exit(__doc__)
    try:
        by_name[sys.argv[1]](*sys.argv[2:])
    except OSError as error:
        sys.exit(f"{' '.join(sys.argv[1:])}: {error}")


main()
