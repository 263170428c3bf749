/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Waiting for the next turn, unless somebody says stop. Signals that are blocked and read from a
 * descriptor need neither a handler nor a global.
 */
#ifndef NESTWG_WAIT_H
#define NESTWG_WAIT_H

#include <stdbool.h>
#include <time.h>

enum wait_event {
	WAIT_TIME,	/* the time has come */
	WAIT_STOP,	/* SIGINT, SIGTERM, SIGHUP, or a key says so */
	WAIT_RESIZE,	/* the terminal has another size */
	WAIT_SUSPEND,	/* ^Z: whoever waits has to stop itself */
};

struct wait {
	int signals;
	int keyboard;	/* where q may be typed, or -1 */
};

/*
 * From here on the signals wait until they are asked for; `terminal`: also the two that concern a
 * screen. 0, or -1 after reporting.
 */
int wait_open(struct wait *wait, bool terminal);
void wait_close(struct wait *wait);

/* Until this time of CLOCK_MONOTONIC; if it is past, only looks what has happened. */
enum wait_event wait_until(struct wait *wait, const struct timespec *when);

/* Whether somebody has said stop. */
bool wait_stopped(struct wait *wait);

#endif /* NESTWG_WAIT_H */
