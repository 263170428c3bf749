#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Runs a command on a terminal, and tells what somebody in front of it would see.

    terminal.py COLUMNSxLINES STEP... -- COMMAND...

    frames=N     until N more pictures are drawn (each ends with "clear the rest")
    until=TEXT   until this is on the screen
    size=80x24   make the terminal so large
    key=q        type this
    signal=INT   send it; signal=TSTP waits until the process is stopped
    run=COMMAND  meanwhile, in a shell
    show         print the screen as it is now

At the end: one line "status=0 cursor=shown echo=on widest=79 tallest=9 bytes=ascii colours=no".
Exit status: 0, or 1 if a step took more than 20 seconds (times $LIMIT_SCALE) or the terminal got what it does not know.
"""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

LIMIT = 20 * int(os.environ.get("LIMIT_SCALE", "1"))
TOKEN = re.compile(r"\033\[\?25[lh]|\033\[[0-9;]*[A-Za-z]|\r|\n|[^\033\r\n]")


class Screen:
    def __init__(self, columns, lines):
        self.columns, self.lines = columns, lines
        self.rows, self.row, self.column = {}, 0, 0
        self.cursor, self.frames, self.widest, self.tallest = True, 0, 0, 0
        self.ascii, self.colours = True, False
        self.rest = b""

    def feed(self, data):
        self.ascii = self.ascii and data.isascii()
        data = self.rest + data
        cut = len(data)
        # A sequence or a letter that is not all here yet waits for the rest.
        escape = data.rfind(b"\033")
        if escape >= 0 and not re.match(rb"\033\[\??[0-9;]*[A-Za-z]", data[escape:]):
            cut = escape
        for back in range(1, min(4, cut + 1)):
            byte = data[cut - back]
            if byte >= 0xC0 and back < 2 + (byte >= 0xE0) + (byte >= 0xF0):
                cut -= back
                break
            if byte < 0x80:
                break
        text, self.rest = data[:cut].decode(), data[cut:]
        position = 0
        while position < len(text):
            token = TOKEN.match(text, position)
            if not token:
                sys.exit(f"not known to this terminal: {text[position:position + 20]!r}")
            self.take(token.group())
            position = token.end()

    def take(self, token):
        if token == "\033[H":
            self.row = self.column = 0
        elif token == "\033[K":
            self.clear_line()
        elif token == "\033[J":
            self.clear_line()
            self.rows = {row: text for row, text in self.rows.items() if row <= self.row}
            self.frames += 1
        elif token in ("\033[?25l", "\033[?25h"):
            self.cursor = token[-1] == "h"
        elif token.startswith("\033["):
            if token[-1] != "m":
                sys.exit(f"not known to this terminal: {token!r}")
            self.colours = True
        elif token == "\r":
            self.column = 0
        elif token == "\n":
            self.row += 1
            self.tallest = max(self.tallest, self.row + 1)
        else:
            line = self.rows.get(self.row, "").ljust(self.column)
            self.rows[self.row] = line[:self.column] + token + line[self.column + 1:]
            self.column += 1
            self.widest = max(self.widest, self.column)

    def clear_line(self):
        self.rows[self.row] = self.rows.get(self.row, "")[:self.column]

    def text(self):
        return "\n".join(self.rows.get(row, "").rstrip() for row in range(max(self.rows, default=-1) + 1))


class Terminal:
    def __init__(self, size, command):
        columns, lines = map(int, size.split("x"))
        self.screen = Screen(columns, lines)
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
            os.execvp(command[0], command)
        self.status = None

    def read(self, seconds):
        """False when the command has ended and nothing is left to read."""
        if not select.select([self.fd], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            return False
        self.screen.feed(data)
        return bool(data)

    def wait(self, what, done):
        end = time.monotonic() + LIMIT
        while not done():
            if not self.read(0.05):
                sys.exit(f"it ended before {what}:\n{self.screen.text()}")
            if time.monotonic() > end:
                sys.exit(f"waited in vain for {what}:\n{self.screen.text()}")

    def stopped(self):
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] == "T"

    def step(self, step):
        name, _, value = step.partition("=")
        if name == "frames":
            wanted = self.screen.frames + int(value)
            self.wait(step, lambda: self.screen.frames >= wanted)
        elif name == "until":
            self.wait(step, lambda: value in self.screen.text())
        elif name == "size":
            columns, lines = map(int, value.split("x"))
            self.screen.widest = self.screen.tallest = 0
            fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        elif name == "key":
            os.write(self.fd, value.encode())
        elif name == "signal":
            os.kill(self.pid, getattr(signal, "SIG" + value))
            if value == "TSTP":
                self.wait(step, self.stopped)
                self.read(0.05)
        elif name == "run":
            subprocess.run(value, shell=True, check=True, stdout=subprocess.DEVNULL)
        elif name == "show":
            print(self.screen.text())
            print(self.summary())
        else:
            sys.exit(f"no such step: {step}")

    def summary(self):
        screen = self.screen
        echo = termios.tcgetattr(self.fd)[3] & termios.ECHO and termios.tcgetattr(self.fd)[3] & termios.ICANON
        return (f"status={self.status} cursor={'shown' if screen.cursor else 'hidden'} echo={'on' if echo else 'off'} "
                f"widest={screen.widest} tallest={screen.tallest} bytes={'ascii' if screen.ascii else 'utf8'} "
                f"colours={'yes' if screen.colours else 'no'}")

    def end(self):
        end = time.monotonic() + LIMIT
        while self.read(0.05):
            if time.monotonic() > end:
                os.kill(self.pid, signal.SIGKILL)
                sys.exit(f"it does not end:\n{self.screen.text()}")
        self.status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        print(self.screen.text())
        print(self.summary())


def main():
    split = sys.argv.index("--")
    terminal = Terminal(sys.argv[1], sys.argv[split + 1:])
    for step in sys.argv[2:split]:
        terminal.step(step)
    terminal.end()


main()
