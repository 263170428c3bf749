#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What a BPF program costs a run, from two outputs of `bpftool --json prog show` with kernel.bpf_stats_enabled=1.

programs.py BEFORE AFTER PACKETS: the programs that ran for at least half of the packets.
"""

import json
import sys


def runs(path):
    with open(path, encoding="utf-8") as file:
        return {program["id"]: (program.get("name", "?"), program.get("run_cnt", 0), program.get("run_time_ns", 0))
                for program in json.load(file)}


before, after = runs(sys.argv[1]), runs(sys.argv[2])
for program, (name, count, time) in after.items():
    _, count_before, time_before = before.get(program, (name, 0, 0))
    count -= count_before
    if count * 2 >= int(sys.argv[3]) > 0:
        print(f"{name} {(time - time_before) / count:.0f}")
