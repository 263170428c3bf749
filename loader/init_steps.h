/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef NESTWG_INIT_STEPS_H
#define NESTWG_INIT_STEPS_H

#include "init_plan.h"
#include "init_text.h"

/* Says on stdout where each file goes, and what to run there. */
void init_steps_print(const struct init_plan *plan, const struct init_files *files, bool qr_shown);

#endif /* NESTWG_INIT_STEPS_H */
