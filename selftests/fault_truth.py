# SPDX-License-Identifier: GPL-2.0-only
"""Does `nestwg-xdp status` tell the truth? To be run in the gateway's network namespace.

    fault_truth.py NESTWG NIC TUNNEL    exit status 1 and the reason if it lies; else prints one word:
                                        "clean" (all is as it should be), "half" (status names a problem), "none"

What really runs is asked from others: `ip` for XDP, `tc` for clsact, the kernel (BPF_PROG_QUERY, as this bpftool does
not know tcx) for tcx, and `bpftool` for the programs' names.
"""

import ctypes
import json
import platform
import struct
import subprocess
import sys

BPF = {"x86_64": 321, "aarch64": 280}[platform.machine()]
BPF_PROG_QUERY = 16
TCX = {"tcx ingress": 46, "tcx egress": 47}
HOOKS = {"learn", "return", "handoff", "ingress"}


def output(*command):
    return subprocess.run(command, check=False, capture_output=True, text=True).stdout


def tcx_programs(ifindex, attach_type):
    ids = (ctypes.c_uint32 * 64)()
    attr = ctypes.create_string_buffer(
        struct.pack("=IIIIQI", ifindex, attach_type, 0, 0, ctypes.addressof(ids), 64) + b"\0" * 64)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(BPF, BPF_PROG_QUERY, ctypes.byref(attr), len(attr.raw)) < 0:
        return []
    return list(ids)[:struct.unpack_from("=I", attr.raw, 24)[0]]


def clsact_programs(dev, side):
    filters = json.loads(output("tc", "-j", "filter", "show", "dev", dev, side) or "[]")
    return [f["options"]["prog"]["id"] for f in filters if "prog" in f.get("options", {})]


def running(devices):
    """{(hook, device)} of programs of that name, and whether one stands twice in a place."""
    programs = {p["id"]: p.get("name", "") for p in json.loads(output("bpftool", "-j", "prog", "show"))}
    found = []
    for link in json.loads(output("ip", "-j", "-d", "link", "show")):
        dev = link["ifname"]
        if dev not in devices:
            continue
        ids = [link["xdp"]["prog"]["id"]] if link.get("xdp", {}).get("prog") else []
        for attach_type in TCX.values():
            ids += tcx_programs(link["ifindex"], attach_type)
        for side in ("ingress", "egress"):
            ids += clsact_programs(dev, side)
        found += [(programs.get(i, "?")[len("nestwg_"):], dev) for i in ids
                  if programs.get(i, "").startswith("nestwg_")]
    return found


def fail(*words):
    print("LIE:", *words)
    sys.exit(1)


def judge(nestwg, nic, tunnel):
    status = subprocess.run([nestwg, "status", "--json"], check=False, capture_output=True, text=True)
    if status.returncode:
        fail(f"status failed: {status.stderr}")
    said = json.loads(status.stdout)
    real = running([nic, tunnel])
    if not said:
        if real:
            fail(f"`not attached`, but {real} run")
        return "none"
    problems = "\n".join(p for entry in said for p in entry["problems"])
    complete = [entry for entry in said if entry["complete"]]
    if not problems and len(complete) != 1:
        fail(f"no problem, but {said}")
    claimed = {h for entry in complete for h, state in entry["hooks"].items() if state["attached"]}
    for hook, dev in real:
        if hook not in claimed and hook not in problems:
            fail(f"{hook} runs on {dev} and status does not say it: {status.stdout}")
    if claimed - {hook for hook, _ in real}:
        fail(f"status claims {claimed}, but only {real} run")
    if problems:
        return "half"
    mode = complete[0]["mode"]
    wanted = {("learn", nic), ("return", tunnel), ("handoff", nic)} | ({("ingress", nic)} if mode != "tc" else set())
    if sorted(real) != sorted(wanted):
        fail(f"no problem in {mode} mode, but what runs is {real}")
    return "clean"


print(judge(*sys.argv[1:4]))
