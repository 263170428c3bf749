// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "error.h"
#include "nearest.h"
#include "version.h"

static const struct command commands[] = {
	{ "init", cmd_init,
	  "init --endpoint ADDR [--forward PORTS[/tcp|/udp]=ADDR]... [--nic IFACE]\n"
	  "             [--ssh-port PORTS] [--port PORT] [--private-port PORT] [--link-mtu MTU]\n"
	  "             [--wan-net NET] [--home-net NET] [--private-net NET] [--phone ADDR]\n"
	  "             [--mikrotik] [--dir DIR] [--force] [--qr] [--yes]\n"
	  "             [--verbose] [--dry-run] [--json]",
	  init_help },
	{ "attach", cmd_attach,
	  "attach IFACE [--wg WG] [--peer ADDR] [--address ADDR] [--allow SPEC]...\n"
	  "             [--mode auto|native|generic|tc] [--no-ssh] [--replace]\n"
	  "             [--confirm SECONDS] [--dry-run] [--json] [--config FILE | --no-config]\n"
	  "             [--exact] [--save] [--verbose]",
	  attach_help },
	{ "confirm", cmd_confirm, "confirm [--json] [--verbose] [IFACE]", confirm_help },
	{ "detach", cmd_detach, "detach IFACE [--json] [--verbose]", detach_help },
	{ "allow", cmd_allow, "allow SPEC... [--dev IFACE] [--runtime] [--json] [--verbose]", allow_help },
	{ "disallow", cmd_disallow,
	  "disallow SPEC... [--dev IFACE] [--force] [--runtime] [--json] [--verbose]",
	  disallow_help },
	{ "status", cmd_status, "status [--json] [IFACE]", status_help },
	{ "stats", cmd_stats,
	  "stats [--json] [--watch [SECONDS]] [--prometheus [--output FILE]] [IFACE]",
	  stats_help },
	{ "monitor", cmd_monitor,
	  "monitor [--port PORT] [--proto PROTO] [--from ADDR[/LEN]] [--to ADDR[/LEN]]\n"
	  "             [--reason WORD]... [--sample N] [--count N] [--seconds N] [--json] [IFACE]",
	  monitor_help },
	{ "doctor", cmd_doctor, "doctor [--json] [IFACE]", doctor_help },
};

#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < NR_COMMANDS; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static int unknown(const char *name)
{
	char question[MEANT_SIZE];
	struct nearest nearest;

	nearest_begin(&nearest, name);
	for (size_t i = 0; i < NR_COMMANDS; i++)
		nearest_try(&nearest, commands[i].name);
	nearest_try(&nearest, "help");
	nearest_try(&nearest, "--help");
	nearest_try(&nearest, "--version");
	return usage_error(nearest.word, "there is no subcommand '%s'%s", name,
			   nearest_question(&nearest, "", question));
}

/* `nestwg-xdp --dev eth0 allow 22`: the same words in an order that is understood. */
static int option_first(int argc, char **argv)
{
	const struct command *command = NULL;
	char line[128] = "";
	int at = 1;

	for (; at < argc && !command; at++)
		command = command_find(argv[at]);
	if (!command)
		return unknown(argv[0]);
	for (int i = 0; i < argc; i++)
		if (i != at - 1)
			snprintf(line + strlen(line), sizeof(line) - strlen(line), " %s", argv[i]);
	return usage_error(command->name, "the subcommand comes before its options: " PROGRAM
			   " %s%s", command->name, line);
}

static void print_usage(FILE *out)
{
	fputs("Forwards what arrives at a cloud gateway to the home behind a WireGuard tunnel.\n\n",
	      out);
	for (size_t i = 0; i < NR_COMMANDS; i++)
		fprintf(out, "  " PROGRAM " %s\n", commands[i].synopsis);
	fputs("  " PROGRAM " help [SUBCOMMAND]\n"
	      "  " PROGRAM " --help | --version [--json]\n\n"
	      "SPEC is what stays on the gateway: 2222 or 2222/tcp, 60000-61000/udp, icmp.\n"
	      "Exit status: 0, 1 (failed), 2 (wrong usage).\n", out);
}

int show_help(const char *subcommand)
{
	const struct command *command = command_find(subcommand);

	printf("usage: " PROGRAM " %s\n\n%s", command->synopsis, command->help);
	return EXIT_SUCCESS;
}

static int help(int argc, char **argv)
{
	if (argc == 1 || strcmp(argv[1], "help") == 0) {
		print_usage(stdout);
		return EXIT_SUCCESS;
	}
	if (argc > 2)
		return usage_error(NULL, "unexpected argument '%s'", argv[2]);
	return command_find(argv[1]) ? show_help(argv[1]) : unknown(argv[1]);
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
	if (strcmp(argv[0], "--version") == 0)
		return finish(version(argc, argv));
	if (strcmp(argv[0], "help") == 0)
		return finish(help(argc, argv));
	if (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0) {
		print_usage(stdout);
		return finish(EXIT_SUCCESS);
	}
	command = command_find(argv[0]);
	if (!command)
		return *argv[0] == '-' ? option_first(argc, argv) : unknown(argv[0]);
	/* getopt_long() begins its messages with it. */
	argv[0] = name;
	return finish(command->run(argc, argv));
}
