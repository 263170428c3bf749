# SPDX-License-Identifier: GPL-2.0-only
"""commands.py NESTWG-XDP ROUNDS DIR: time the commands, interleaved, and write commands.json and commands.md."""
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import time

NESTWG, ROUNDS, OUT = sys.argv[1], int(sys.argv[2]), pathlib.Path(sys.argv[3])
RULES = (["-p", "udp", "--dport", "51820", "-j", "ACCEPT"], ["-p", "tcp", "--dport", "2222", "-j", "ACCEPT"],
         ["-j", "DNAT", "--to-destination", "10.0.18.2"])


def iptables(action):
    return [["iptables", "-t", "nat", action, "PREROUTING", "-i", "enp0s6", *rule] for rule in RULES]


def nestwg(*words):
    return [[NESTWG, *words]]


# In this order, each round: what is put there is taken away.
STEPS = (
    ("attach, native", nestwg("attach", "enp0s6", "--mode", "native")),
    ("attach again (upgrade)", nestwg("attach", "enp0s6")),
    ("allow 8443", nestwg("allow", "8443")),
    ("status", nestwg("status")),
    ("stats", nestwg("stats")),
    ("disallow 8443", nestwg("disallow", "8443")),
    ("detach, native", nestwg("detach", "enp0s6")),
    ("attach, tc", nestwg("attach", "enp0s6", "--mode", "tc")),
    ("detach, tc", nestwg("detach", "enp0s6")),
    ("iptables -A, three rules", iptables("-A")),
    ("iptables -D, three rules", iptables("-D")),
)


def cpu():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def measure(commands):
    start, cpu_before = time.perf_counter(), cpu()
    for command in commands:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return (time.perf_counter() - start) * 1000, (cpu() - cpu_before) * 1000


def summary(values):
    ordered = sorted(values)
    return {"median": round(statistics.median(ordered), 2), "least": round(ordered[0], 2),
            "most": round(ordered[-1], 2)}


def socket_rows():
    """Negative: the table is shared with the machine's own namespace."""
    try:
        return abs(int(pathlib.Path("/proc/sys/net/ipv4/tcp_ehash_entries").read_text()))
    except OSError:
        return 0


def markdown(result):
    lines = [f"Milliseconds, median of {ROUNDS} (least to most); Linux {result['kernel']}; the program has "
             f"{result['binary_bytes']} bytes, the table of TCP sockets {result['socket_rows']} rows.",
             "", "| command | elapsed | CPU |", "| --- | --- | --- |"]
    for name, step in result["commands"].items():
        cells = ("{median} ({least} to {most})".format(**step[what]) for what in ("elapsed", "cpu"))
        lines.append("| " + " | ".join((name, *cells)) + " |")
    return "\n".join(lines) + "\n"


def main():
    samples = {name: [] for name, _ in STEPS}
    for _ in range(ROUNDS):
        for name, commands in STEPS:
            samples[name].append(measure(commands))
    result = {"kernel": os.uname().release, "rounds": ROUNDS, "unit": "ms",
              "binary_bytes": os.stat(NESTWG).st_size, "socket_rows": socket_rows(),
              "commands": {name: {"elapsed": summary([s[0] for s in of]), "cpu": summary([s[1] for s in of])}
                           for name, of in samples.items()}}
    (OUT / "commands.json").write_text(json.dumps(result, indent=1) + "\n")
    (OUT / "commands.md").write_text(markdown(result))
    sys.stdout.write(markdown(result))


main()
