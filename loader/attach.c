// SPDX-License-Identifier: GPL-2.0-only
/* Its options, completed by the file; the plan; what stands against it; and then it is made. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach_check.h"
#include "attach_options.h"
#include "attachment.h"
#include "commands.h"
#include "conffile.h"
#include "confkeep.h"
#include "confirm.h"
#include "dry_run.h"
#include "error.h"
#include "pending.h"
#include "pins.h"
#include "plan.h"
#include "preflight.h"
#include "programs.h"
#include "renamed.h"
#include "ssh.h"

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

	err = attach_check_plan(plan, options, old, &other);
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
		err = attach_check_old(options, &old);
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

	status = attach_options_parse(argc, argv, &options);
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
