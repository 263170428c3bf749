/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The process that takes back what nobody confirms. There is one only while something waits to be
 * confirmed; it knows no more than the interface's name, and several do no harm.
 */
#ifndef NESTWG_GUARD_H
#define NESTWG_GUARD_H

/*
 * Starts one that survives this command, its terminal and its session: as a service where systemd
 * runs, since logind may kill all that a session has started (logind.conf(5): KillUserProcesses=),
 * else in a session of its own. 0, or -1 after reporting.
 */
int guard_start(const char *nic);

/* What that process does: it returns when nothing is left to wait for. 0, or -1. */
int guard_watch(const char *nic);

#endif /* NESTWG_GUARD_H */
