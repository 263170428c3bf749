#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Reads what other programs leave behind, and prints the figures that a test judges.

  iperf FILE     of `iperf3 -J`: "SENT RECEIVED LOST PACKETS": bytes, and UDP packets (0 0 for TCP and SCTP)
  gaps           numbered lines on stdin, as they come: "LINES MISSING LARGEST-GAP-IN-MS"
  sctp FILE      a pcap file: "GOOD BAD": SCTP packets with a true and with a false CRC32c (RFC 9260, appendix A), among
                 the first 300
"""

import json
import struct
import sys
import time

LINKTYPE_ETHERNET = 1
LINKTYPES_RAW = (12, 101)
IPPROTO_SCTP = 132
CRC_PACKETS = 300  # an emulated CPU needs 10 ms for each


def iperf(path):
    with open(path, encoding="utf-8") as file:
        result = json.load(file)
    if "error" in result:
        sys.exit(f"iperf3: {result['error']}")
    end = result["end"]
    total = end.get("sum", {})
    print(end["sum_sent"]["bytes"], end["sum_received"]["bytes"] if "sum_received" in end else total["bytes"],
          total.get("lost_packets", 0), total.get("packets", 0))


def gaps():
    lines = missing = 0
    largest = 0.0
    last = None
    for line in sys.stdin:
        now = time.monotonic()
        lines += 1
        missing += int(line) != lines
        if last is not None:
            largest = max(largest, now - last)
        last = now
    print(lines, missing, round(largest * 1000))


def crc32c_table():
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        yield byte


def crc32c(data, table):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ table[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def ip_packets(path):
    with open(path, "rb") as file:
        magic, _, _, _, _, _, link = struct.unpack("<IHHiIII", file.read(24))
        if magic != 0xA1B2C3D4 or link not in (LINKTYPE_ETHERNET, *LINKTYPES_RAW):
            sys.exit(f"{path}: magic {magic:#x}, link type {link}")
        while record := file.read(16):
            yield file.read(struct.unpack("<4I", record)[2])[14 if link == LINKTYPE_ETHERNET else 0:]


def sctp(path):
    table = tuple(crc32c_table())
    good = bad = 0
    for packet in ip_packets(path):
        length, flags = struct.unpack("!H2xH", packet[2:8])
        if packet[9] != IPPROTO_SCTP or flags & 0x3FFF:
            continue
        if good + bad == CRC_PACKETS:
            break
        segment = bytearray(packet[(packet[0] & 15) * 4:length])
        # The one field of the Internet's protocols that travels with its lowest byte first.
        wanted = struct.unpack_from("<I", segment, 8)[0]
        segment[8:12] = bytes(4)
        if crc32c(segment, table) == wanted:
            good += 1
        else:
            bad += 1
    print(good, bad)


def main():
    commands = {command.__name__: command for command in (iperf, gaps, sctp)}
    if len(sys.argv) < 2 or sys.argv[1] not in commands:
        sys.exit(__doc__)
    commands[sys.argv[1]](*sys.argv[2:])


main()
