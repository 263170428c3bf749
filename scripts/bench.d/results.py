# SPDX-License-Identifier: GPL-2.0-only
"""The samples of scripts/bench, summed up: median and spread of the rounds."""

import collections
import json
import statistics

Cost = collections.namedtuple("Cost", "median low high rounds lost received")


def read(path):
    """The lines of a results.jsonl: what is known of the places, and the samples."""
    places, samples = {}, []
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            entry = json.loads(line)
            if "about" in entry:
                places[entry["about"]] = entry
            elif entry["received"] > 0:
                samples.append(entry)
    return places, samples


def lost(sample):
    """The share of the packets that came in and did not go where they should."""
    if sample["fate"] not in ("forwarded", "replied", "stays", "encrypted") or sample["way"] == "arrival":
        return 0.0
    if sample["fate"] == "encrypted" and sample["way"].startswith("floor"):
        return 0.0  # what is not rewritten has no peer
    return max(0.0, 1 - sample["delivered"] / sample["received"])


def cost_of(samples):
    each = [sample["cost"] / sample["received"] for sample in samples]
    return Cost(statistics.median(each), min(each), max(each), len(each),
                statistics.median(lost(sample) for sample in samples),
                sum(sample["received"] for sample in samples))


def costs(samples):
    """{place: {workload: {way: Cost}}}, in the order in which they were measured."""
    groups = {}
    for sample in samples:
        ways = groups.setdefault(sample["place"], {}).setdefault(sample["workload"], {})
        ways.setdefault(sample["way"], []).append(sample)
    return {place: {workload: {way: cost_of(group) for way, group in ways.items()}
                    for workload, ways in workloads.items()}
            for place, workloads in groups.items()}
