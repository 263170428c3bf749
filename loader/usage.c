// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "error.h"
#include "nearest.h"

#define LONG_OPTION_MAX 32

int usage_error(const char *subcommand, const char *format, ...)
{
	const struct command *command = subcommand ? command_find(subcommand) : NULL;
	va_list args;

	va_start(args, format);
	error_say(NULL, "", format, args);
	va_end(args);
	fputc('\n', stderr);
	if (command)
		fprintf(stderr, "usage: " PROGRAM " %s\n", command->synopsis);
	fprintf(stderr, "see " PROGRAM " help%s%s\n", command ? " " : "",
		command ? command->name : "");
	return EXIT_USAGE;
}

/*
 * The next "--word" of a text goes, without its dashes, into `word`. Returns what follows, or NULL.
 */
static const char *next_option(const char *text, char word[LONG_OPTION_MAX])
{
	size_t length;

	while ((text = strstr(text, "--"))) {
		text += 2;
		length = strspn(text, "abcdefghijklmnopqrstuvwxyz-");
		if (!length || length >= LONG_OPTION_MAX)
			continue;
		memcpy(word, text, length);
		word[length] = '\0';
		return text + length;
	}
	return NULL;
}

/* Those that its usage and its help name. `typed` has no dashes. */
static int no_such_option(const struct command *command, const char *given, const char *typed)
{
	const char *const texts[] = { command->synopsis, command->help, "--help" };
	char word[LONG_OPTION_MAX], best[LONG_OPTION_MAX], question[MEANT_SIZE];
	struct nearest nearest;

	nearest_begin(&nearest, typed);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		for (const char *at = texts[i]; (at = next_option(at, word));) {
			nearest_try(&nearest, word);
			if (nearest.word == word)
				nearest.word = strcpy(best, word);
		}
	}
	return usage_error(command->name, "there is no option %.*s%s",
			   (int)strcspn(given, "="), given,
			   nearest_question(&nearest, "--", question));
}

/*
 * What getopt_long() stumbled over: it has gone on, except from the first of several letters after
 * one dash.
 */
static const char *stumbled_over(char **argv)
{
	const char *last = argv[optind - 1];

	if (optopt && argv[optind] && !(last[0] == '-' && last[1] == optopt && !last[2]) &&
	    argv[optind][0] == '-' && argv[optind][1] == optopt)
		return argv[optind];
	return last;
}

int option_error(const char *subcommand, char **argv, int option)
{
	const char *given = stumbled_over(argv);
	char word[LONG_OPTION_MAX];

	if (option == ':')
		return usage_error(subcommand, "%s wants a value", argv[optind - 1]);
	snprintf(word, sizeof(word), "%.*s", (int)strcspn(given, "="), given);
	/* A long option that it knows, which is why it names its value. */
	if (optopt && strncmp(given, "--", 2) == 0 && strchr(given, '='))
		return usage_error(subcommand, "%s takes no value", word);
	return no_such_option(command_find(subcommand), given, word + strspn(word, "-"));
}

int interface_name_error(const char *subcommand, const char *option, const char *name)
{
	const char *separator = *option ? " " : "", *colon = strchr(name, ':');

	/* ifconfig(8)'s aliases */
	if (colon && colon != name)
		return usage_error(subcommand, "%s%s'%s': no interface can have this name: what "
				   "follows the colon labels an address, the interface is %.*s",
				   option, separator, name, (int)(colon - name), name);
	return usage_error(subcommand, "%s%s'%s': no interface can have this name", option,
			   separator, name);
}
