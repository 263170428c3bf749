// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "error.h"

#define WORD_MAX 16	/* a subcommand's name is shorter */

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *synopsis;
	const char *help;
} commands[] = {
	{ "attach", cmd_attach,
	  "attach IFACE [--wg WG] [--peer ADDR] [--address ADDR] [--allow SPEC]...\n"
	  "             [--mode auto|native|generic|tc] [--no-ssh] [--replace] [--verbose]",
	  attach_help },
	{ "detach", cmd_detach, "detach IFACE [--verbose]", detach_help },
	{ "allow", cmd_allow, "allow SPEC... [--dev IFACE] [--verbose]", allow_help },
	{ "disallow", cmd_disallow, "disallow SPEC... [--dev IFACE] [--force] [--verbose]",
	  disallow_help },
	{ "status", cmd_status, "status [--json] [IFACE]", status_help },
	{ "stats", cmd_stats, "stats [--json] [--watch] [IFACE]", stats_help },
	{ "monitor", cmd_monitor,
	  "monitor [--port PORT] [--proto PROTO] [--from ADDR[/LEN]] [--to ADDR[/LEN]]\n"
	  "             [--reason WORD]... [--sample N] [--count N] [--seconds N] [--json] [IFACE]",
	  monitor_help },
};

#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < NR_COMMANDS; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static size_t min(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Levenshtein's distance of two words, row by row. */
static size_t distance(const char *a, const char *b)
{
	size_t row[WORD_MAX + 1];
	size_t length = strlen(b);

	for (size_t j = 0; j <= length; j++)
		row[j] = j;
	for (size_t i = 0; a[i]; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (size_t j = 0; j < length; j++) {
			size_t above = row[j + 1];

			row[j + 1] = min(min(above, row[j]) + 1, diagonal + (a[i] != b[j]));
			diagonal = above;
		}
	}
	return row[length];
}

static int unknown(const char *name)
{
	const char *nearest = NULL;
	size_t best = 3;	/* further away it is another word */

	for (size_t i = 0; i < NR_COMMANDS; i++) {
		size_t far = distance(name, commands[i].name);

		if (far < best) {
			best = far;
			nearest = commands[i].name;
		}
	}
	if (nearest)
		return usage_error(NULL, "there is no subcommand '%s': did you mean '%s'?", name,
				   nearest);
	return usage_error(NULL, "there is no subcommand '%s'", name);
}

static void print_usage(FILE *out)
{
	fputs("Forwards what arrives at a cloud gateway to the home behind a WireGuard tunnel.\n\n",
	      out);
	for (size_t i = 0; i < NR_COMMANDS; i++)
		fprintf(out, "  " PROGRAM " %s\n", commands[i].synopsis);
	fputs("  " PROGRAM " help [SUBCOMMAND]\n"
	      "  " PROGRAM " --help | --version\n\n"
	      "SPEC is what stays on the gateway: 2222 or 2222/tcp, 60000-61000/udp, icmp.\n"
	      "Exit status: 0, 1 (failed), 2 (wrong usage).\n", out);
}

int show_help(const char *subcommand)
{
	const struct command *command = find(subcommand);

	printf("usage: " PROGRAM " %s\n\n%s", command->synopsis, command->help);
	return EXIT_SUCCESS;
}

int option_error(const char *subcommand, char **argv, int option)
{
	if (option == ':')
		return usage_error(subcommand, "%s wants a value", argv[optind - 1]);
	if (optopt > ' ' && optopt <= '~')
		return usage_error(subcommand, "there is no option -%c", optopt);
	return usage_error(subcommand, "there is no option %s", argv[optind - 1]);
}

static int help(int argc, char **argv)
{
	if (argc == 1) {
		print_usage(stdout);
		return EXIT_SUCCESS;
	}
	if (argc > 2)
		return usage_error(NULL, "unexpected argument '%s'", argv[2]);
	return find(argv[1]) ? show_help(argv[1]) : unknown(argv[1]);
}

/* Output that got lost (a full disk, `>&-`) is a failure too. */
static int finish(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	fail(NULL, "cannot write to standard output");
	return status ? status : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	static char name[] = PROGRAM;
	const struct command *command;

	if (argc < 2) {
		print_usage(stderr);
		return EXIT_USAGE;
	}
	argc--;
	argv++;
	if (strcmp(argv[0], "--version") == 0) {
		puts(PROGRAM " " NESTWG_VERSION);
		return finish(EXIT_SUCCESS);
	}
	if (strcmp(argv[0], "help") == 0)
		return finish(help(argc, argv));
	if (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0) {
		print_usage(stdout);
		return finish(EXIT_SUCCESS);
	}
	command = find(argv[0]);
	if (!command)
		return unknown(argv[0]);
	/* getopt_long() begins its messages with it. */
	argv[0] = name;
	return finish(command->run(argc, argv));
}
