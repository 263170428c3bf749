/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An attach that has yet to be confirmed. Its time is told by config.deadline alone, on the clock
 * that goes on while the machine sleeps and that nobody sets: a guard takes everything back a
 * moment before, and where there is no guard any more the programs themselves stop at that time.
 */
#ifndef NESTWG_PENDING_H
#define NESTWG_PENDING_H

#include <stdbool.h>

#include "nestwg.h"

#define CONFIRM_SECONDS_MAX	86400

/* What is written to config.deadline for `seconds` from now. */
__u64 pending_deadline(unsigned int seconds);

/* How many seconds are left until all is taken back; 0: it is time. */
unsigned int pending_seconds(const struct nestwg_config *config);

/* Whether it is time. */
bool pending_is_due(const struct nestwg_config *config);

/*
 * Whether NIC waits to be confirmed, and if so whether it is time (NULL: no matter). Without reports: what has
 * gone waits for nothing.
 */
bool pending_waits(const char *nic, bool *due);

/* Whether even the programs have stopped, since nobody took it back. */
bool pending_has_lapsed(const struct nestwg_config *config);

/*
 * Goes back to what was before: if it is time, or at once if `early`. The caller has no lock. 0,
 * also when nothing is left to be taken back, or -1 after reporting.
 */
int pending_take_back(const char *nic, bool early);

/* The same for who has the lock. */
int pending_settle(const char *nic, bool early);

#endif /* NESTWG_PENDING_H */
