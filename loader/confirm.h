/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef NESTWG_CONFIRM_H
#define NESTWG_CONFIRM_H

/*
 * After `attach --confirm`: on a terminal, waits for Enter or ^C and says how it ended; elsewhere
 * it says what has to be done. The signals that end a process are blocked. 0: confirmed, or left to
 * `confirm`; -1: taken back, or after reporting.
 */
int confirm_ask(const char *nic);

#endif /* NESTWG_CONFIRM_H */
