/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef NESTWG_RUN_H
#define NESTWG_RUN_H

#include <sys/types.h>

struct running_command {
	pid_t pid;
	int output;
};

/*
 * Starts a program, without a shell and with its stderr thrown away. 0, or a negative errno if it could
 * not be run.
 */
int run_start(const char *const argv[], struct running_command *command);

/*
 * Collects what it prints, until its end. Returns its exit status, or a negative errno. `*output` is a
 * string to be freed, whatever the exit status; NULL on a negative return.
 */
int run_finish(const struct running_command *command, char **output);

/* Both. */
int run(const char *const argv[], char **output);

#define RUN_INPUT_MAX 4096	/* what any pipe holds */

/* The same, with `input` as its stdin. */
int run_with_input(const char *const argv[], const char *input, char **output);

#endif /* NESTWG_RUN_H */
