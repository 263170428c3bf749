// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attachment.h"
#include "commands.h"
#include "conffile.h"
#include "confkeep.h"
#include "confirm.h"
#include "dry_run.h"
#include "error.h"
#include "format.h"
#include "nearest.h"
#include "pending.h"
#include "pins.h"
#include "plan.h"
#include "preflight.h"
#include "programs.h"
#include "renamed.h"
#include "ssh.h"
#include "state.h"
#include "verbose.h"
#include "xdp.h"

const char attach_help[] =
"Attaches to IFACE, the interface that faces the internet: what arrives there goes to the home\n"
"through a WireGuard tunnel, except what stays on the gateway. On an interface that is attached\n"
"already, the programs are replaced without a packet lost; exclusions, counters and options that\n"
"are not given keep their values.\n"
"\n"
"  --wg WG         the WireGuard interface (default: the only one)\n"
"  --peer ADDR     the home router's address in the tunnel (default: the only single-host\n"
"                  address in the AllowedIPs of WG's peers)\n"
"  --address ADDR  which of IFACE's IPv4 addresses is given to the home (default: the first)\n"
"  --allow SPEC    this stays on the gateway; may be repeated (see `" PROGRAM " help allow`)\n"
"  --mode MODE     auto: native, or tc if the driver cannot or tc is better for it (default)\n"
"                  native: XDP in the driver; generic: XDP in the stack; tc: no XDP\n"
"  --no-ssh        do not keep the ports of sshd and of this SSH session on the gateway\n"
"  --replace       take the place of another tool's XDP program\n"
"  --confirm SECONDS\n"
"                  everything is as before after that time, unless `" PROGRAM " confirm` is run (or\n"
"                  Enter pressed); whatever becomes of this command and of the SSH session\n"
"  --dry-run       change nothing: say what would be done, and which local services would no longer\n"
"                  be reached; --json: as an object (interface, action, mode, mode_wanted,\n"
"                  mode_reason, address, peer, tunnel, mtu, other_xdp, exclusions, services)\n"
"  --json          say what was done as an object: what `" PROGRAM " status --json` says, and\n"
"                  action, which is attached or upgraded; with --confirm, nobody is asked\n"
"  --verbose       show each thing that is done to the system\n"
"\n"
"What the command line does not say is taken from /etc/" PROGRAM "/IFACE.conf, if it exists.\n"
"  --config FILE   from this file\n"
"  --no-config     from no file\n"
"  --exact         what is allowed by neither file nor --allow is allowed no longer\n"
"  --save          write the options, and what is allowed, to the file\n";

enum {
	OPTION_WG = 256,
	OPTION_PEER,
	OPTION_ADDRESS,
	OPTION_ALLOW,
	OPTION_MODE,
	OPTION_NO_SSH,
	OPTION_REPLACE,
	OPTION_CONFIRM,
	OPTION_DRY_RUN,
	OPTION_JSON,
	OPTION_VERBOSE,
	OPTION_CONFIG,
	OPTION_NO_CONFIG,
	OPTION_EXACT,
	OPTION_SAVE,
};

static const struct option long_options[] = {
	{ "wg", required_argument, NULL, OPTION_WG },
	{ "peer", required_argument, NULL, OPTION_PEER },
	{ "address", required_argument, NULL, OPTION_ADDRESS },
	{ "allow", required_argument, NULL, OPTION_ALLOW },
	{ "mode", required_argument, NULL, OPTION_MODE },
	{ "no-ssh", no_argument, NULL, OPTION_NO_SSH },
	{ "replace", no_argument, NULL, OPTION_REPLACE },
	{ "confirm", required_argument, NULL, OPTION_CONFIRM },
	{ "dry-run", no_argument, NULL, OPTION_DRY_RUN },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "verbose", no_argument, NULL, OPTION_VERBOSE },
	{ "config", required_argument, NULL, OPTION_CONFIG },
	{ "no-config", no_argument, NULL, OPTION_NO_CONFIG },
	{ "exact", no_argument, NULL, OPTION_EXACT },
	{ "save", no_argument, NULL, OPTION_SAVE },
	{ "help", no_argument, NULL, 'h' },
	{}
};

static int parse_address(const char *option, const char *text, __be32 *address)
{
	if (host_address_parse(text, address))
		return 0;
	return usage_error("attach", "%s '%s': an IPv4 address is wanted, such as 10.0.18.2",
			   option, text);
}

static int parse_mode(struct attach_options *options)
{
	char question[MEANT_SIZE];
	struct nearest nearest;

	options->mode_given = true;
	options->mode = mode_parse(optarg);
	if (options->mode != NESTWG_NR_MODES)
		return 0;
	nearest_begin(&nearest, optarg);
	for (unsigned int mode = 0; mode < NESTWG_NR_MODES; mode++)
		nearest_try(&nearest, mode_name(mode));
	return usage_error("attach", "--mode '%s': there are auto, native, generic and tc%s",
			   optarg, nearest_question(&nearest, "", question));
}

static int parse_confirm(const char *text, struct attach_options *options)
{
	unsigned long seconds;

	if (!number_parse(text, 1, CONFIRM_SECONDS_MAX, &seconds))
		return usage_error("attach", "--confirm '%s': a number of seconds is wanted, from 1 "
				   "to %d", text, CONFIRM_SECONDS_MAX);
	options->confirm = (unsigned int)seconds;
	return 0;
}

static int parse_option(int option, char **argv, struct attach_options *options)
{
	switch (option) {
	case OPTION_WG:
		options->wg = optarg;
		if (netif_name_valid(optarg))
			return 0;
		return interface_name_error("attach", "--wg", optarg);
	case OPTION_PEER:
		return parse_address("--peer", optarg, &options->peer);
	case OPTION_ADDRESS:
		return parse_address("--address", optarg, &options->address);
	case OPTION_ALLOW:
		return spec_list_add(&options->allow, "attach", optarg);
	case OPTION_MODE:
		return parse_mode(options);
	case OPTION_NO_SSH:
		options->no_ssh = true;
		return 0;
	case OPTION_REPLACE:
		options->replace = true;
		return 0;
	case OPTION_CONFIRM:
		return parse_confirm(optarg, options);
	case OPTION_DRY_RUN:
		options->dry_run = true;
		return 0;
	case OPTION_JSON:
		options->json = true;
		return 0;
	case OPTION_VERBOSE:
		verbose_set(true);
		return 0;
	case OPTION_CONFIG:
		options->config = optarg;
		return 0;
	case OPTION_NO_CONFIG:
		options->no_config = true;
		return 0;
	case OPTION_EXACT:
		options->exact = true;
		return 0;
	case OPTION_SAVE:
		options->save = true;
		return 0;
	default:
		return option_error("attach", argv, option);
	}
}

/* 0, or the exit status after reporting; -1 when help was asked for. */
static int parse_options(int argc, char **argv, struct attach_options *options)
{
	int option, err;

	while ((option = getopt_long(argc, argv, ":h", long_options, NULL)) != -1) {
		if (option == 'h')
			return -1;
		err = parse_option(option, argv, options);
		if (err)
			return err < 0 ? EXIT_FAILURE : err;
	}
	if (optind == argc)
		return usage_error("attach", "which interface is to be attached to? `ip route get "
				   "1.1.1.1` tells the one that faces the internet");
	if (optind + 1 < argc)
		return usage_error("attach", "unexpected argument '%s'", argv[optind + 1]);
	options->nic = argv[optind];
	if (!netif_name_valid(options->nic))
		return interface_name_error("attach", "", options->nic);
	if (options->no_config && (options->config || options->save))
		return usage_error("attach", "--no-config, but %s wants a file",
				   options->config ? "--config" : "--save");
	if (options->confirm && options->save)
		return usage_error("attach", "--save before it is confirmed? Confirm it, then `"
				   PROGRAM " attach %s --save`", options->nic);
	return 0;
}

/*
 * What an earlier attach left. `old` is all zero if there was none that was completed. 0, or -1
 * after reporting.
 */
static int read_old(const char *nic, struct nestwg_config *old)
{
	struct state state;
	bool elsewhere;
	int err;

	memset(old, 0, sizeof(*old));
	if (!pins_exist(nic))
		return 0;
	if (programs_check_maps(nic))
		return -1;
	err = state_open(&state, nic);
	if (err == -ENOENT)
		return 0;
	if (err)
		return fail(nic, "cannot read its pinned maps: %s", strerror(-err));
	if (state.config.attached_at)
		*old = state.config;
	elsewhere = hooks_are_elsewhere(nic, &state.config);
	state_close(&state);
	if (elsewhere)
		return fail(nic, "is attached in another network namespace; `" PROGRAM " detach "
			    "%s` there first", nic);
	if (old->attached_at && old->version != NESTWG_STATE_VERSION)
		return fail(nic, "its state was made by another version; `" PROGRAM " detach %s` "
			    "first", nic);
	return 0;
}

/* Another interface can have got the name since. */
static int check_old_place(const struct plan *plan, const struct nestwg_config *old)
{
	const char *nic = plan->nic.name;

	for (enum hook_id id = 0; id < NR_HOOKS; id++) {
		struct hook_state state = hook_look(nic, id, old);

		if (state.health == HOOK_ALIVE && id != HOOK_RETURN &&
		    state.ifindex != plan->nic.ifindex)
			return fail(nic, "is attached, but to interface number %d, which has been "
				    "renamed since; `" PROGRAM " detach %s` first", state.ifindex,
				    nic);
	}
	return 0;
}

/* Another tool's XDP program goes into `other`. 0, or -1 after reporting. */
static int check_xdp(const struct plan *plan, const struct nestwg_config *old, bool replace,
		     struct xdp_program *other)
{
	const char *nic = plan->nic.name;
	struct hook_state ours = hook_look(nic, HOOK_INGRESS, old);
	int err;

	err = xdp_query(plan->nic.ifindex, other);
	if (err)
		return fail(nic, "cannot find out which XDP program it has: %s", strerror(-err));
	if (ours.health == HOOK_ALIVE && other->id == ours.program_id)
		other->id = 0;
	if (!other->id || replace || plan->mode == NESTWG_MODE_TC || plan->auto_is_tc)
		return 0;
	return fail(nic, "another XDP program (%s, id %u) is attached; --replace takes its place, "
		    "--mode tc leaves it alone", *other->name ? other->name : "without a name",
		    other->id);
}

/*
 * Blocked, they wait; attachment_make() looks whether one does. Losing the terminal must not stop
 * it.
 */
static void block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGPIPE);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static int attach_planned(const struct plan *plan, const struct attach_options *options,
			  const struct nestwg_config *old)
{
	struct xdp_program other;
	struct ssh_ports ssh = {};
	int err;

	err = check_old_place(plan, old);
	if (!err)
		err = check_xdp(plan, old, options->replace, &other);
	if (!err && !options->no_ssh)
		err = ssh_ports_get(&ssh, plan->address);
	if (err)
		return err;

	plan_warn(plan, options);
	if (options->dry_run) {
		err = dry_run(plan, options, old, &ssh, &other);
	} else {
		block_signals();
		err = attachment_make(plan, options, old, &ssh, &other);
	}
	ssh_ports_free(&ssh);
	if (err || !options->save || options->dry_run)
		return err;
	if (confkeep_save(options->config, options, plan))
		return fail(plan->nic.name, "is attached, but nothing was saved");
	if (!options->json)
		printf("%s: saved to %s\n", plan->nic.name, options->config);
	return 0;
}

/* A dry run would have to look at the state under its old name. */
static int check_name(const char *nic)
{
	char old[IFNAMSIZ];

	if (!renamed_from(nic, old))
		return 0;
	return fail(nic, "was attached as %s: `" PROGRAM " attach %s` puts all of that under this "
		    "name, and says nothing before", old, nic);
}

/* What happened since the last command: a new name, a time that is over. */
static int settle(const char *nic)
{
	int err = renamed_adopt(nic);

	return err ? err : pending_settle(nic, false);
}

static int attach_completed(const struct attach_options *options)
{
	struct nestwg_config old;
	struct plan plan;
	int err;

	err = options->dry_run ? check_name(options->nic) : settle(options->nic);
	if (!err)
		err = read_old(options->nic, &old);
	if (!err && options->save && old.deadline)
		err = fail(options->nic, "--save before it is confirmed? `" PROGRAM " confirm %s` "
			   "first", options->nic);
	if (!err)
		err = plan_make(&plan, options, old.attached_at ? &old : NULL);
	if (!err) {
		err = attach_planned(&plan, options, &old);
		plan_free(&plan);
	}
	return err;
}

/* What the command line says comes first. */
static int attach_configured(struct attach_options *options)
{
	bool named = options->config;
	struct conffile file = {};
	char path[PATH_MAX];
	int err = 0;

	if (!named) {
		conffile_path(path, options->nic);
		options->config = path;
	}
	if (!options->no_config)
		err = conffile_read(&file, options->config);
	if (!err && named && !file.text && !options->save)
		err = fail(options->config, "cannot read it: %s", strerror(ENOENT));
	if (!err && file.text)
		err = conffile_complete(&file, options);
	if (!err)
		err = attach_completed(options);
	conffile_free(&file);
	options->config = NULL;
	return err;
}

/* The file is read under the lock, so that no `allow` comes between. */
static int attach(struct attach_options *options)
{
	int lock, err;

	if (preflight())
		return -1;
	lock = pins_lock();
	if (lock < 0)
		return -1;
	err = attach_configured(options);
	close(lock);
	return err;
}

int cmd_attach(int argc, char **argv)
{
	struct attach_options options = {};
	int status;

	status = parse_options(argc, argv, &options);
	if (status < 0) {
		status = show_help("attach");
	} else if (!status) {
		programs_set_verbose(getenv("NESTWG_DEBUG"));
		status = attach(&options) ? EXIT_FAILURE : EXIT_SUCCESS;
		if (!status && options.confirm && !options.dry_run && !options.json)
			status = confirm_ask(options.nic) ? EXIT_FAILURE : EXIT_SUCCESS;
	}
	spec_list_free(&options.allow);
	return status;
}
