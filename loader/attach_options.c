// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>
#include <stdlib.h>

#include "attach_options.h"
#include "commands.h"
#include "error.h"
#include "format.h"
#include "nearest.h"
#include "netif.h"
#include "pending.h"
#include "verbose.h"

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

int attach_options_parse(int argc, char **argv, struct attach_options *options)
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
