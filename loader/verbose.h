/* SPDX-License-Identifier: GPL-2.0-only */
/* --verbose: each thing that is done to the system, in wg-quick's manner. */
#ifndef NESTWG_VERBOSE_H
#define NESTWG_VERBOSE_H

#include <stdbool.h>

void verbose_set(bool on);

/* "[#] ..." on stderr, after it was done; nothing unless --verbose was given. */
void did(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif /* NESTWG_VERBOSE_H */
