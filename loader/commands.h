/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef NESTWG_COMMANDS_H
#define NESTWG_COMMANDS_H

struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *synopsis;
	const char *help;
};

/* NULL: there is no such subcommand. */
const struct command *command_find(const char *name);

/* Each gets its own argv and returns the exit status. */
int cmd_init(int argc, char **argv);
int cmd_attach(int argc, char **argv);
int cmd_confirm(int argc, char **argv);
int cmd_detach(int argc, char **argv);
int cmd_allow(int argc, char **argv);
int cmd_disallow(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_stats(int argc, char **argv);
int cmd_monitor(int argc, char **argv);
int cmd_doctor(int argc, char **argv);

/* What `help SUBCOMMAND` prints below the synopsis. */
extern const char init_help[], attach_help[], confirm_help[], detach_help[], allow_help[],
	disallow_help[], status_help[], stats_help[], monitor_help[], doctor_help[];

/*
 * Reports what getopt_long() returned, with ":" as the first of its short options. Returns
 * EXIT_USAGE.
 */
int option_error(const char *subcommand, char **argv, int option);

/*
 * "'NAME': no interface can have this name", after OPTION, which is "" where it stands alone. Returns
 * EXIT_USAGE.
 */
int interface_name_error(const char *subcommand, const char *option, const char *name);

/* Prints the help of one subcommand. Returns 0. */
int show_help(const char *subcommand);

#endif /* NESTWG_COMMANDS_H */
