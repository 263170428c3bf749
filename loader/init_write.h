/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef NESTWG_INIT_WRITE_H
#define NESTWG_INIT_WRITE_H

#include "init_text.h"

/*
 * Looks whether they can be written, so that nobody answers questions in vain. 0, or -1 after
 * reporting.
 */
int init_write_check(const char *dir, const struct init_files *files, bool force);

/*
 * Writes all of them, mode 0600, into `dir`, which is made (0700) if it is not there. Each appears
 * as a whole; if one cannot be written, all is as before. 0, or -1 after reporting.
 */
int init_write(const char *dir, const struct init_files *files, bool force);

#endif /* NESTWG_INIT_WRITE_H */
