# SPDX-License-Identifier: GPL-2.0-only
"""transferred.py <iperf3's JSON: bytes that arrived, nanoseconds that it took, segments sent again."""
import json
import sys

end = json.load(sys.stdin)["end"]
print(end["sum_received"]["bytes"], round(end["sum_received"]["seconds"] * 1e9), end["sum_sent"].get("retransmits", 0))
