#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""From build/bench/results.jsonl: results.json, report.md and plots."""

import json
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import results  # noqa: E402
import svg  # noqa: E402

# Workload, way, what it is compared with, at most so many times it.
TARGETS = [
    ("udp64-1k", "nestwg-native", "floor", 1.10),
    ("udp64-1k", "nestwg-tc", "floor", 1.10),
    ("udp64-1k", "nestwg-native", "iptables", 0.5),
    ("udp64-1k", "nestwg-tc", "iptables", 0.5),
    ("udp64-1m", "nestwg-native", "iptables", 0.2),
    ("udp64-1m", "nestwg-tc", "iptables", 0.2),
    ("reply64-1k", "nestwg-tc", "iptables", 0.5),
    ("excluded", "nestwg-native", "none", 1.05),
    ("excluded", "nestwg-tc", "none", 1.05),
    ("flood", "nestwg-native", "iptables-raw-drop", 0.25),
    ("udp64-1k", "nestwg-tc", "nft-flowtable", 1.0),
    ("udp64-1k", "nestwg-native", "nft-flowtable", 1.0),
    ("encrypted64-1k", "nestwg-tc", "nft-flowtable", 1.0),
    ("encrypted64-1k", "nestwg-native", "nft-flowtable", 1.0),
    ("tcp-upload", "nestwg-tc", "nft-flowtable", 1.0),
    ("tcp-download", "nestwg-tc", "nft-flowtable", 1.0),
]
# Prefix of workloads that differ in one size: what the size is.
SCALES = {"exclusions-": "excluded ports", "own-flows-": "flows of the gateway's own", "cpus-": "CPUs"}
FLAT = ("exclusions-", "own-flows-")


def number(value):
    return f"{value:,.0f}"


def table(head, rows):
    out = ["| " + " | ".join(head) + " |", "| --- " + "| ---: " * (len(head) - 1) + "|"]
    return out + ["| " + " | ".join(row) + " |" for row in rows] + [""]


def ratio(ways, way, other):
    """WAY's cost over OTHER's; of replies, both without what it costs that they arrive at all."""
    if way not in ways or other not in ways:
        return None
    start = ways["arrival"].median if "arrival" in ways else 0
    below = ways[other].median - start
    return (ways[way].median - start) / below if below > 0 else None


def overview(workloads):
    ways = list(dict.fromkeys(way for costs in workloads.values() for way in costs))
    rows = [[name] + [number(costs[way].median) if way in costs else "" for way in ways]
            for name, costs in workloads.items()]
    return table(["workload"] + ways, rows)


def details(costs):
    baseline = next((way for way in ("floor", "xdp-drop", "none") if way in costs), None)
    other = next((way for way in ("iptables", "iptables-raw-drop") if way in costs), None)
    head = ["way", "median", "lowest", "highest", "rounds", "lost"]
    head += [f"x {way}" for way in (baseline, other) if way]
    rows = []
    for way, cost in costs.items():
        row = [way, number(cost.median), number(cost.low), number(cost.high), str(cost.rounds), f"{cost.lost:.1%}"]
        for reference in (baseline, other):
            if reference:
                row.append(f"{cost.median / costs[reference].median:.2f}")
        rows.append(row)
    return table(head, rows)


def targets(workloads):
    rows = []
    for workload, way, other, most in TARGETS:
        got = ratio(workloads.get(workload, {}), way, other)
        if got is not None:
            rows.append([f"{workload}: {way}, in {other}", f"{got:.2f}", f"{most:.2f}", "yes" if got <= most else "**no**"])
    for prefix in FLAT:
        for way in ("nestwg-native", "nestwg-tc"):
            each = [costs[way].median for name, costs in workloads.items() if name.startswith(prefix) and way in costs]
            if len(each) > 1:
                grown = max(each) / min(each)
                rows.append([f"{way}: dearest over cheapest number of {SCALES[prefix]}", f"{grown:.2f}", "1.05",
                             "yes" if grown <= 1.05 else "**no**"])
    return table(["target", "measured", "at most", "met"], rows) if rows else []


def size_of(name):
    return int(re.sub("k$", "000", name.rsplit("-", 1)[1]))


def write(directory, name, words):
    with open(os.path.join(directory, name), "w", encoding="utf-8") as file:
        file.write(words)


def scales(directory, place, unit, workloads):
    out = []
    for prefix, what in SCALES.items():
        names = sorted((name for name in workloads if name.startswith(prefix)), key=size_of)
        if len(names) < 2:
            continue
        ways = list(dict.fromkeys(way for name in names for way in workloads[name]))
        series = {way: [workloads[name].get(way) for name in names] for way in ways}
        file = f"{place}-{prefix.rstrip('-')}.svg"
        write(directory, file, svg.lines(f"Cost against the number of {what}", unit, [size_of(n) for n in names], series))
        out += [f"![{what}]({file})", ""]
    return out


def about(entry):
    """What a place is: the lines under its heading."""
    return [f"Linux {entry['kernel']}, {entry['cpu']}, {entry['cpus']} CPU(s); nestwg-xdp {entry['commit']}, "
            f"{entry['date']}.", "", entry["measured"], ""]


def place_report(directory, place, entry, workloads):
    unit = entry["unit"]
    out = [f"## {place}", ""] + about(entry)
    out += [f"Median {unit} a packet:", ""] + overview(workloads) + targets(workloads)
    out += scales(directory, place, unit, workloads)
    for name, costs in workloads.items():
        title = entry["texts"].get(name, name)
        file = f"{place}-{name}.svg"
        write(directory, file, svg.bars(title, unit, costs))
        out += [f"### {name}: {title}", "", f"![{title}]({file})", ""] + details(costs)
    return out


def main():
    directory = sys.argv[1]
    places, samples = results.read(os.path.join(directory, "results.jsonl"))
    if not samples:
        sys.exit("report: there is nothing in results.jsonl")
    summed = results.costs(samples)
    out = ["# What forwarding costs", "", "Written by scripts/bench. Lost: of the packets that the NIC took.", ""]
    for place, workloads in summed.items():
        out += place_report(directory, place, places[place], workloads)
    write(directory, "report.md", "\n".join(out))
    write(directory, "results.json", json.dumps(
        {"places": places, "costs": {p: {w: {k: c._asdict() for k, c in ways.items()} for w, ways in ws.items()}
                                     for p, ws in summed.items()}, "samples": samples}, indent=1) + "\n")


main()
