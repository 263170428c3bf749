# SPDX-License-Identifier: GPL-2.0-only
"""Talks to a program on a terminal of its own, and prints what was said.

    pty_talk.py COMMAND... <DIALOGUE

A line of the dialogue is a regular expression that the program has to have said since the last answer, a tab, and the
answer: a line, or ^D or ^C alone. Exit status: the program's, 128 + signal if one ended it, 99 if it did not say what
was expected in time.
"""
import os
import pty
import re
import select
import sys
import time

PATIENCE = 20 * int(os.environ.get("LIMIT_SCALE", "1"))
KEYS = {"^D": b"\x04", "^C": b"\x03"}


def read_until(terminal, said, wanted):
    """False if it did not come: the program ended (wanted is None: that is what is waited for) or is silent."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if wanted is not None and re.search(wanted, said[0].decode(errors="replace"), re.DOTALL):
            return True
        if not select.select([terminal], [], [], 0.2)[0]:
            continue
        try:
            more = os.read(terminal, 65536)
        except OSError:     # EIO: the other side is closed
            more = b""
        if not more:
            return wanted is None
        said[0] += more
        sys.stdout.buffer.write(more)
        sys.stdout.flush()
    return False


def main():
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvp(sys.argv[1], sys.argv[1:])
    said = [b""]
    for line in sys.stdin:
        wanted, answer = line.rstrip("\n").split("\t")
        if not read_until(terminal, said, wanted):
            print(f"\n--- in vain: waited for /{wanted}/")
            os.kill(pid, 9)
            return 99
        said[0] = b""
        os.write(terminal, KEYS.get(answer, answer.encode() + b"\n"))
    if not read_until(terminal, said, None):
        print("\n--- it does not end")
        os.kill(pid, 9)
        return 99
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return status if status >= 0 else 128 - status


sys.exit(main())
