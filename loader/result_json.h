/* SPDX-License-Identifier: GPL-2.0-only */
/* What a command says with --json when it has changed something: one object, with `action`. */
#ifndef NESTWG_RESULT_JSON_H
#define NESTWG_RESULT_JSON_H

#include "state.h"

/* The interface as `status --json` shows it. 0, or -1 after reporting. */
int result_print_report(const char *nic, const char *action);

/* Only what stays on the gateway. */
void result_print_exclusions(const struct state *state, const char *action);

/* Only its name: there is nothing else any more. */
void result_print_name(const char *nic, const char *action);

#endif /* NESTWG_RESULT_JSON_H */
