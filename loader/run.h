/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef NESTWG_RUN_H
#define NESTWG_RUN_H

/*
 * Runs a program, without a shell and with its stderr thrown away, and collects what it prints.
 * Returns its exit status, or a negative errno if it could not be run. `*output` is a string to be
 * freed, whatever the exit status; NULL on a negative return.
 */
int run(const char *const argv[], char **output);

#define RUN_INPUT_MAX 4096	/* what any pipe holds */

/* The same, with `input` as its stdin. */
int run_with_input(const char *const argv[], const char *input, char **output);

#endif /* NESTWG_RUN_H */
