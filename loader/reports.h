/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef NESTWG_REPORTS_H
#define NESTWG_REPORTS_H

#include "report.h"

/*
 * All interfaces that have a state or programs of ours, each once, those with a state first; only
 * `nic` if that is not NULL. 0, or -1 after reporting.
 */
int reports_each(const char *nic, void (*each)(const struct report *report, void *data),
		 void *data);

#endif /* NESTWG_REPORTS_H */
