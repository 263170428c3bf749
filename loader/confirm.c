// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "before.h"
#include "commands.h"
#include "confirm.h"
#include "error.h"
#include "exclusions.h"
#include "format.h"
#include "guard.h"
#include "netif.h"
#include "pending.h"
#include "pins.h"
#include "preflight.h"
#include "programs.h"
#include "result_json.h"
#include "state.h"
#include "verbose.h"

const char confirm_help[] =
"Keeps what `" PROGRAM " attach --confirm SECONDS` has done; without it, everything is as before when\n"
"the time is over. IFACE may be left out while only one waits to be confirmed. Exit status 1 if\n"
"there is nothing to confirm, or if it is too late.\n"
"\n"
"  --guard    wait, and take it back when the time is over: what `attach --confirm` starts by itself\n"
"  --json     say what is kept as an object: what `" PROGRAM " status --json` says, and action,\n"
"             which is confirmed\n"
"  --verbose  show each thing that is done to the system\n";

static const struct option long_options[] = {
	{ "guard", no_argument, NULL, 'g' },
	{ "json", no_argument, NULL, 'j' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{}
};

/* The only one that waits, into `nic`. 0, or -1 after reporting. */
static int find_pending(char nic[IFNAMSIZ])
{
	struct pins_names names;
	size_t found = 0;

	if (pins_list(&names))
		return -1;
	for (size_t i = 0; i < names.count; i++) {
		if (!pending_waits(names.list[i], NULL))
			continue;
		memcpy(nic, names.list[i], IFNAMSIZ);
		found++;
	}
	pins_names_free(&names);
	if (found == 1)
		return 0;
	if (found)
		return fail(NULL, "several interfaces wait to be confirmed: name one; `" PROGRAM
			    " status` lists them");
	return fail(NULL, "nothing waits to be confirmed; if something did, it has been taken "
		    "back");
}

static void print_kept(const struct state *state)
{
	const char *nic = state->nic;

	printf("%s: confirmed: %s mode: %s goes to ", nic, mode_name(state->config.mode),
	       address_text(state->config.address).s);
	printf("%s through %s\n%s: stays on the gateway: ", address_text(state->config.peer).s,
	       state->config.wg_name, nic);
	exclusions_print(state);
	putchar('\n');
}

static int keep(struct state *state)
{
	const char *nic = state->nic;
	int err;

	if (!state->config.deadline)
		return fail(nic, "nothing waits to be confirmed");
	if (pending_is_due(&state->config))
		return fail(nic, "too late: it is taken back; `" PROGRAM " attach %s` again", nic);
	if (!state->config.attached_at)
		return fail(nic, "cannot confirm: the attach was not completed; `" PROGRAM
			    " attach %s` again", nic);
	state->config.deadline = 0;
	err = state_write_config(state);
	if (err)
		return fail(nic, "cannot write its configuration: %s", strerror(-err));
	did("no deadline any more");
	before_forget(nic);
	return 0;
}

static int confirm(const char *nic, bool json)
{
	struct state state;
	int lock, err;

	lock = pins_lock();
	if (lock < 0)
		return -1;
	if (state_open(&state, nic)) {
		err = fail(nic, PROGRAM " is not attached; if it was, it has been taken back");
	} else {
		err = keep(&state);
		if (!err && json)
			err = result_print_report(nic, "confirmed");
		else if (!err)
			print_kept(&state);
		state_close(&state);
	}
	close(lock);
	return err;
}

struct question {
	const char *nic;
	__u64 attached_at;	/* another one: taken back by somebody else */
	int signals;
};

enum answer {
	WAITING,
	ENTER,
	INTERRUPTED,
	LEFT,
};

/* A second, or until something comes. */
static enum answer wait_for_answer(const struct question *question)
{
	struct pollfd fds[] = {
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = question->signals, .events = POLLIN },
	};
	struct signalfd_siginfo signal;
	char text[256];
	ssize_t got;

	if (poll(fds, 2, 1000) <= 0)
		return WAITING;
	if (fds[1].revents && read(question->signals, &signal, sizeof(signal)) == sizeof(signal))
		return signal.ssi_signo == SIGINT ? INTERRUPTED : LEFT;
	if (!fds[0].revents)
		return WAITING;
	got = read(STDIN_FILENO, text, sizeof(text));
	if (got <= 0)
		return LEFT;
	/* Who types "no" does not mean yes. */
	return *text == '\n' ? ENTER : WAITING;
}

/* 1: still waiting, else what confirm_ask() returns. */
static int see(const struct question *question)
{
	const char *nic = question->nic;
	struct state state;
	unsigned int left;
	bool waits, same;

	if (state_open(&state, nic)) {
		fputc('\n', stderr);
		return fail(nic, "not confirmed: taken back");
	}
	waits = state.config.deadline;
	same = state.config.attached_at == question->attached_at;
	left = pending_seconds(&state.config);
	state_close(&state);
	if (waits) {
		fprintf(stderr, "\r%s: Enter keeps it, ^C takes it back: %u s ", nic, left);
		return 1;
	}
	fputc('\n', stderr);
	if (same)
		printf("%s: confirmed by another command\n", nic);
	return same ? 0 : fail(nic, "not confirmed: taken back");
}

static int take_back(const char *nic)
{
	fputc('\n', stderr);
	if (pending_take_back(nic, true))
		return -1;
	return fail(nic, "not confirmed: taken back");
}

static int ask(const struct question *question)
{
	int status = see(question);

	/* What was typed before the question was seen is no answer. */
	tcflush(STDIN_FILENO, TCIFLUSH);
	while (status > 0) {
		switch (wait_for_answer(question)) {
		case ENTER:
			return confirm(question->nic, false);
		case INTERRUPTED:
			return take_back(question->nic);
		case LEFT:
			return -1;
		default:
			status = see(question);
		}
	}
	return status;
}

static bool on_terminal(void)
{
	return isatty(STDIN_FILENO) && isatty(STDERR_FILENO) &&
	       tcgetpgrp(STDIN_FILENO) == getpgrp();
}

int confirm_ask(const char *nic)
{
	struct question question = { .nic = nic };
	struct state state;
	sigset_t signals;
	unsigned int left;
	int status;

	if (state_open(&state, nic))
		return fail(nic, "taken back already");
	question.attached_at = state.config.attached_at;
	left = pending_seconds(&state.config);
	state_close(&state);
	if (!on_terminal()) {
		printf("%s: in %u seconds all of this is taken back, unless it is confirmed: `"
		       PROGRAM " confirm %s`\n", nic, left, nic);
		return 0;
	}
	fflush(stdout);
	sigprocmask(SIG_BLOCK, NULL, &signals);
	question.signals = signalfd(-1, &signals, SFD_CLOEXEC);
	if (question.signals < 0)
		return fail(nic, "cannot wait for signals: %s", strerror(errno));
	status = ask(&question);
	close(question.signals);
	return status;
}

static int run_confirm(const char *given, bool guard, bool json)
{
	char nic[IFNAMSIZ] = "";

	if (preflight())
		return -1;
	if (given)
		strncpy(nic, given, sizeof(nic) - 1);
	else if (find_pending(nic))
		return -1;
	return guard ? guard_watch(nic) : confirm(nic, json);
}

int cmd_confirm(int argc, char **argv)
{
	bool guard = false, json = false;
	int option;

	while ((option = getopt_long(argc, argv, ":h", long_options, NULL)) != -1) {
		if (option == 'h')
			return show_help("confirm");
		if (option == 'g')
			guard = true;
		else if (option == 'j')
			json = true;
		else if (option == 'v')
			verbose_set(true);
		else
			return option_error("confirm", argv, option);
	}
	if (optind + 1 < argc)
		return usage_error("confirm", "unexpected argument '%s'", argv[optind + 1]);
	if (optind < argc && !netif_name_valid(argv[optind]))
		return interface_name_error("confirm", "", argv[optind]);
	programs_set_verbose(getenv("NESTWG_DEBUG"));
	return run_confirm(argv[optind], guard, json) ? EXIT_FAILURE : EXIT_SUCCESS;
}
