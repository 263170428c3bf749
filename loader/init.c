// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "error.h"
#include "format.h"
#include "init_json.h"
#include "init_keys.h"
#include "init_qr.h"
#include "init_settings.h"
#include "init_steps.h"
#include "init_text.h"
#include "init_write.h"
#include "verbose.h"

const char init_help[] =
"Writes the configuration files of a new set-up, with new keys: wg0.conf for the gateway,\n"
"wgwan.conf and wgprivate.conf for the home router, phone.conf for the phone. On a terminal it\n"
"asks for what is not given; elsewhere --endpoint is needed, and the rest has defaults.\n"
"\n"
"  --endpoint ADDR     the gateway's public IPv4 address, or a name for it\n"
"  --forward PORTS[/tcp|/udp]=ADDR  these go to that machine of the home; may be repeated\n"
"                      (22,80,443/tcp=192.168.16.10; without a protocol, both)\n"
"  --nic IFACE         the gateway's interface that faces the internet (default: that of this\n"
"                      machine's default route)\n"
"  --ssh-port PORTS    the gateway's SSH, which stays there (default: what sshd listens on)\n"
"  --port PORT         the WAN VPN's port (default: 51820)\n"
"  --private-port PORT the private VPN's port (default: 13131)\n"
"  --link-mtu MTU      of the home's internet link (default: 1500); the VPNs get less\n"
"  --wan-net NET       of the WAN VPN (default: 10.0.18.0/30)\n"
"  --home-net NET      the home's own (default: 192.168.16.0/24)\n"
"  --private-net NET   of the private VPN (default: 192.168.17.0/24)\n"
"  --phone ADDR        the phone's address in it (default: 192.168.17.69)\n"
"  --mikrotik          the router's part as RouterOS 7 commands, router.rsc; a terminal shows\n"
"                      them, too\n"
"  --dir DIR           where the files go (default: wireguard, below the current directory)\n"
"  --force             replace files that exist, and the keys in them\n"
"  --qr                show phone.conf as a QR code (default: on a terminal, with qrencode)\n"
"  --yes               ask nothing, take the defaults\n"
"  --verbose           show each thing that is done to the system\n"
"  --dry-run           print the files, with names in the places of the keys; write nothing\n"
"  --json              say what was written as an object: action, dir, and files (name, whose,\n"
"                      mode); with --dry-run also the text of each\n";

enum {
	OPTION_FORCE = 256 + INIT_NR_SETTINGS,
	OPTION_QR,
	OPTION_YES,
	OPTION_VERBOSE,
	OPTION_DRY_RUN,
	OPTION_JSON,
	NR_FLAGS = OPTION_JSON - OPTION_FORCE + 1,
};

struct init_options {
	struct init_plan plan;
	bool given[INIT_NR_SETTINGS];
	bool force, qr, yes, dry_run, json;
};

/* The settings', with their numbers from 256 on, and the others'. */
static void list_options(struct option list[INIT_NR_SETTINGS + NR_FLAGS + 2])
{
	static const struct option others[] = {
		{ "force", no_argument, NULL, OPTION_FORCE },
		{ "qr", no_argument, NULL, OPTION_QR },
		{ "yes", no_argument, NULL, OPTION_YES },
		{ "verbose", no_argument, NULL, OPTION_VERBOSE },
		{ "dry-run", no_argument, NULL, OPTION_DRY_RUN },
		{ "json", no_argument, NULL, OPTION_JSON },
		{ "help", no_argument, NULL, 'h' },
		{}
	};

	for (int id = 0; id < INIT_NR_SETTINGS; id++)
		list[id] = (struct option){
			.name = init_settings[id].option,
			.has_arg = id == INIT_MIKROTIK ? no_argument : required_argument,
			.val = 256 + id,
		};
	memcpy(list + INIT_NR_SETTINGS, others, sizeof(others));
}

static int take_setting(struct init_options *options, enum init_setting_id id)
{
	const char *text = id == INIT_MIKROTIK ? "yes" : optarg;
	const char *wrong = init_apply(&options->plan, id, text);

	if (wrong)
		return usage_error("init", "--%s '%s': %s", init_settings[id].option, text, wrong);
	options->given[id] = true;
	return 0;
}

static int take_option(int option, char **argv, struct init_options *options)
{
	switch (option) {
	case OPTION_FORCE:
		options->force = true;
		return 0;
	case OPTION_QR:
		options->qr = true;
		return 0;
	case OPTION_YES:
		options->yes = true;
		return 0;
	case OPTION_VERBOSE:
		verbose_set(true);
		return 0;
	case OPTION_DRY_RUN:
		options->dry_run = true;
		return 0;
	case OPTION_JSON:
		options->json = true;
		return 0;
	default:
		if (option >= 256 && option < OPTION_FORCE)
			return take_setting(options, option - 256);
		return option_error("init", argv, option);
	}
}

/* 0, or the exit status after reporting; -1 when help was asked for. */
static int parse_options(int argc, char **argv, struct init_options *options)
{
	struct option list[INIT_NR_SETTINGS + NR_FLAGS + 2] = {};
	int option, status;

	list_options(list);
	while ((option = getopt_long(argc, argv, ":h", list, NULL)) != -1) {
		if (option == 'h')
			return -1;
		status = take_option(option, argv, options);
		if (status)
			return status;
	}
	if (optind < argc)
		return usage_error("init", "unexpected argument '%s'", argv[optind]);
	if (options->qr && options->dry_run)
		return usage_error("init", "--qr needs keys, and --dry-run makes none");
	if (options->qr && options->json)
		return usage_error("init", "--qr is for people, and --json for programs");
	return 0;
}

static int take_default(struct init_options *options, enum init_setting_id id)
{
	char text[INIT_DEFAULT_SIZE];
	const char *wrong;

	if (init_settings[id].many)
		return 0;
	init_default(&options->plan, id, text);
	/* Never guessed: the phone is to find it from anywhere. */
	if (id == INIT_ENDPOINT)
		return usage_error("init", "--endpoint is missing: the gateway's public IPv4 "
				   "address, or a name for it");
	if (id == INIT_NIC && !*text)
		return usage_error("init", "--nic is missing: this machine has no default route "
				   "that would tell the gateway's interface");
	if (id == INIT_SSH_PORT && !*text)
		return 0;
	wrong = init_apply(&options->plan, id, text);
	return wrong ? usage_error("init", "%s", wrong) : 0;
}

/* What is not given: by a question or by default. 0, or the exit status after reporting. */
static int complete(struct init_options *options, bool ask)
{
	for (enum init_setting_id id = 0; id < INIT_NR_SETTINGS; id++) {
		int status = 0;

		if (options->given[id])
			continue;
		if (ask)
			status = init_ask(&options->plan, id) ? EXIT_FAILURE : 0;
		else
			status = take_default(options, id);
		if (status)
			return status;
	}
	return 0;
}

static void warn_private(const struct init_plan *plan)
{
	__be32 address;

	if (address_parse(plan->endpoint, &address) && init_is_private(ntohl(address)))
		warn(NULL, "%s is a private address: neither the phone nor the router can call it "
		     "over the internet; the provider's console shows the public one",
		     plan->endpoint);
}

/* Whoever has answered all questions is asked for another directory rather than sent away. */
static int check_dir(struct init_options *options, const struct init_files *files, bool ask)
{
	while (init_write_check(options->plan.dir, files, options->force))
		if (!ask || options->given[INIT_DIR] || init_ask(&options->plan, INIT_DIR))
			return -1;
	return 0;
}

static void print_files(const struct init_plan *plan, const struct init_files *files)
{
	for (unsigned int i = 0; i < files->count; i++)
		printf("%s==> %s/%s <==\n%s", i ? "\n" : "", plan->dir, files->list[i].name,
		       files->list[i].s);
}

static void show(const struct init_options *options, const struct init_files *files,
		 const char *code)
{
	const struct init_text *mikrotik = init_files_find(files, "router.rsc");

	if (options->json) {
		init_json_print(options->plan.dir, files, true);
		return;
	}
	if (mikrotik && isatty(STDOUT_FILENO))
		printf("%s\n", mikrotik->s);
	if (code)
		printf("%s\n", code);
	init_steps_print(&options->plan, files, code);
}

static int write_and_show(const struct init_options *options, const struct init_files *files)
{
	char *code = NULL;
	int err = 0;

	if (options->qr || (!options->json && isatty(STDOUT_FILENO)))
		err = init_qr_make(init_files_find(files, "phone.conf"), &code);
	if (!err && options->qr && !code)
		err = fail("qrencode", "is not installed; apt install qrencode");
	if (!err)
		err = init_write(options->plan.dir, files, options->force);
	if (!err)
		show(options, files, code);
	if (code)
		explicit_bzero(code, strlen(code));
	free(code);
	return err;
}

static int make_files(struct init_options *options, struct init_files *files, bool ask)
{
	struct init_keys keys;
	int err = 0;

	/* First with names in the places of the keys: are the files there, is there room? */
	init_keys_name(&keys);
	if (!init_files_make(files, &options->plan, &keys))
		return fail(NULL, "too many forwards: the files would be larger than %u bytes",
			    INIT_TEXT_SIZE);
	if (options->dry_run) {
		if (options->json)
			init_json_print(options->plan.dir, files, false);
		else
			print_files(&options->plan, files);
		return 0;
	}
	err = check_dir(options, files, ask);
	if (!err)
		err = init_keys_make(&keys);
	if (!err) {
		init_files_make(files, &options->plan, &keys);
		err = write_and_show(options, files);
	}
	init_keys_forget(&keys);
	return err;
}

int cmd_init(int argc, char **argv)
{
	struct init_options options = {};
	struct init_files *files;
	int status;
	bool ask;

	status = parse_options(argc, argv, &options);
	if (status < 0)
		return show_help("init");
	ask = !options.yes && isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
	if (!status)
		status = complete(&options, ask);
	if (status)
		return status;
	warn_private(&options.plan);

	files = malloc(sizeof(*files));
	if (!files) {
		fail(NULL, "no memory");
		return EXIT_FAILURE;
	}
	status = make_files(&options, files, ask) ? EXIT_FAILURE : EXIT_SUCCESS;
	explicit_bzero(files, sizeof(*files));
	free(files);
	return status;
}
