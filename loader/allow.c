// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "confedit.h"
#include "conffile.h"
#include "confkeep.h"
#include "error.h"
#include "exclusions.h"
#include "hook.h"
#include "netif.h"
#include "pending.h"
#include "pins.h"
#include "preflight.h"
#include "programs.h"
#include "result_json.h"
#include "ssh.h"
#include "state.h"
#include "verbose.h"

const char allow_help[] =
"What stays on the gateway instead of going to the home; at once, and until `disallow` or\n"
"`detach`. Several at a time are all taken or, if one is wrong, none. Where there is a file\n"
"/etc/" PROGRAM "/IFACE.conf, it is kept in step, so that the next `attach` does the same.\n"
"\n"
"  SPEC         2222 or 2222/tcp, 13131/udp, 60000-61000/udp,\n"
"               or a whole protocol: icmp, ipip, gre, esp, ah, sctp\n"
"  --dev IFACE  may be left out while one interface is attached\n"
"  --runtime    do not change the file\n"
"  --json       say what stays on the gateway now, as an object: interface, exclusions; action,\n"
"               which is allowed\n"
"  --verbose    show each thing that is done to the system\n";

const char disallow_help[] =
"What goes to the home again. Nothing changes for what had not been allowed. Where there is a\n"
"file /etc/" PROGRAM "/IFACE.conf, it is kept in step.\n"
"\n"
"  SPEC         as for `allow`\n"
"  --dev IFACE  may be left out while one interface is attached\n"
"  --force      also the ports by which you come in (sshd, this SSH session), and the DHCP\n"
"               client's; never WireGuard's, which the tunnel itself needs\n"
"  --runtime    do not change the file\n"
"  --json       say what stays on the gateway now, as an object: interface, exclusions; action,\n"
"               which is disallowed\n"
"  --verbose    show each thing that is done to the system\n";

enum {
	OPTION_DEV = 256,
	OPTION_FORCE,
	OPTION_VERBOSE,
	OPTION_RUNTIME,
	OPTION_JSON,
};

static const struct option allow_options[] = {
	{ "dev", required_argument, NULL, OPTION_DEV },
	{ "verbose", no_argument, NULL, OPTION_VERBOSE },
	{ "runtime", no_argument, NULL, OPTION_RUNTIME },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "help", no_argument, NULL, 'h' },
	{}
};

static const struct option disallow_options[] = {
	{ "dev", required_argument, NULL, OPTION_DEV },
	{ "runtime", no_argument, NULL, OPTION_RUNTIME },
	{ "force", no_argument, NULL, OPTION_FORCE },
	{ "verbose", no_argument, NULL, OPTION_VERBOSE },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "help", no_argument, NULL, 'h' },
	{}
};

struct request {
	const char *subcommand, *done;
	const char *nic;	/* NULL: the only one */
	struct spec_list specs;
	bool force, runtime, json;

	/* Whether it may be done: 0, or -1 after reporting; then done, to the file and at once. */
	int (*check)(const struct state *state, const struct request *request);
	char *(*edit)(const char *text, const struct spec *spec);
	void (*apply)(const struct state *state, const struct spec *spec);
};

/* As ip(8) would have it, or firewall-cmd. */
static int add_spec(struct request *request, const char *text)
{
	struct spec spec;

	if (spec_parse(text, &spec) && if_nametoindex(text))
		return usage_error(request->subcommand, "'%s' is an interface, not a SPEC: did you "
				   "mean --dev %s?", text, text);
	return spec_list_add(&request->specs, request->subcommand, text);
}

/* 0, or the exit status after reporting; -1 when help was asked for. */
static int parse_options(int argc, char **argv, const struct option *options,
			 struct request *request)
{
	int option, err;

	while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		if (option == 'h')
			return -1;
		if (option == OPTION_FORCE)
			request->force = true;
		else if (option == OPTION_RUNTIME)
			request->runtime = true;
		else if (option == OPTION_DEV)
			request->nic = optarg;
		else if (option == OPTION_JSON)
			request->json = true;
		else if (option == OPTION_VERBOSE)
			verbose_set(true);
		else
			return option_error(request->subcommand, argv, option);
	}
	if (request->nic && !netif_name_valid(request->nic))
		return interface_name_error(request->subcommand, "--dev", request->nic);
	if (optind == argc)
		return usage_error(request->subcommand, "no SPEC given, such as 2222/tcp");
	for (; optind < argc; optind++) {
		err = add_spec(request, argv[optind]);
		if (err)
			return err < 0 ? EXIT_FAILURE : err;
	}
	return 0;
}

static int check_port(const struct state *state, const struct request *request,
		      const struct spec *spec, uint16_t port, uint8_t ssh_why)
{
	uint8_t why = exclusions_why(state, spec->protocol, port);
	char text[WHY_TEXT_SIZE];

	if (why & NESTWG_WHY_WIREGUARD)
		return fail(state->nic, "cannot disallow %s: the tunnel itself arrives at port %u",
			    spec->text, port);
	/* Where no server listens any more, what was noted when it did counts no longer. */
	why &= NESTWG_WHY_DHCP;
	if (spec->protocol == IPPROTO_TCP && exclusions_have(state, spec->protocol, port))
		why |= ssh_why;
	if (!why || request->force)
		return 0;
	why_text(why, text);
	return fail(state->nic, "cannot disallow %s: port %u is needed here%s; --force does it all "
		    "the same", spec->text, port, text);
}

static int check_disallow(const struct state *state, const struct request *request)
{
	struct ssh_ports ssh;
	int err = 0;

	if (ssh_ports_get(&ssh, state->config.address))
		return -1;
	for (size_t i = 0; !err && i < request->specs.count; i++) {
		const struct spec *spec = &request->specs.specs[i];

		for (uint32_t port = spec->first; !err && port <= spec->last; port++)
			err = check_port(state, request, spec, (uint16_t)port,
					 ssh_ports_why(&ssh, (uint16_t)port));
	}
	ssh_ports_free(&ssh);
	return err;
}

/* What may be taken back does not belong into the file: it would come again with the next boot. */
static bool file_is_left_alone(const struct state *state, const struct request *request)
{
	char path[PATH_MAX];

	if (request->runtime || !state->config.deadline)
		return request->runtime;
	conffile_path(path, state->nic);
	if (!access(path, F_OK))
		warn(state->nic, "not confirmed yet: %s is left alone; `" PROGRAM " confirm %s`, "
		     "then the same `" PROGRAM " %s` again", path, state->nic, request->subcommand);
	return true;
}

/*
 * The file first: all that can fail is done before anything changes. Should the command die between
 * the two, the file says what was asked for, and the same command or `attach` makes it true.
 */
static int apply(const struct state *state, const struct request *request)
{
	struct replacement replacement = {};
	int err = 0;

	if (request->check)
		err = request->check(state, request);
	if (!err && !file_is_left_alone(state, request))
		err = confkeep_prepare(&replacement, state->nic, &request->specs, request->edit);
	if (!err)
		err = replacement_commit(&replacement);
	for (size_t i = 0; !err && i < request->specs.count; i++)
		request->apply(state, &request->specs.specs[i]);
	return err;
}

static int change(const struct request *request)
{
	char nic[IFNAMSIZ] = "";
	struct state state;
	int lock, err;

	if (preflight())
		return -1;
	if (request->nic)
		strncpy(nic, request->nic, sizeof(nic) - 1);
	else if (pins_only(nic))
		return -1;
	lock = pins_lock();
	if (lock < 0)
		return -1;
	/* What nobody has taken back is done so now: else this would go with it. */
	if (pending_settle(nic, false)) {
		close(lock);
		return -1;
	}
	err = state_open(&state, nic);
	if (err == -ENOENT) {
		fail(nic, PROGRAM " is not attached; `" PROGRAM " attach %s` does it", nic);
	} else if (err) {
		fail(nic, "cannot open its pinned maps: %s", strerror(-err));
	} else if (hooks_are_elsewhere(nic, &state.config)) {
		err = fail(nic, "is attached in another network namespace; `" PROGRAM " %s` there",
			   request->subcommand);
		state_close(&state);
	} else {
		err = apply(&state, request);
		if (!err && request->json)
			result_print_exclusions(&state, request->done);
		state_close(&state);
	}
	close(lock);
	return err;
}

static int run_request(int argc, char **argv, const struct option *options,
		       struct request *request)
{
	int status = parse_options(argc, argv, options, request);

	if (status < 0) {
		status = show_help(request->subcommand);
	} else if (!status) {
		programs_set_verbose(getenv("NESTWG_DEBUG"));
		status = change(request) ? EXIT_FAILURE : EXIT_SUCCESS;
	}
	spec_list_free(&request->specs);
	return status;
}

int cmd_allow(int argc, char **argv)
{
	struct request request = {
		.subcommand = "allow",
		.done = "allowed",
		.edit = confedit_allow,
		.apply = exclusions_add_spec,
	};

	return run_request(argc, argv, allow_options, &request);
}

int cmd_disallow(int argc, char **argv)
{
	struct request request = {
		.subcommand = "disallow",
		.done = "disallowed",
		.check = check_disallow,
		.edit = confedit_disallow,
		.apply = exclusions_remove_spec,
	};

	return run_request(argc, argv, disallow_options, &request);
}
