/* SPDX-License-Identifier: GPL-2.0-only */
/* What `attach` is told: on the command line, and in the configuration file, which completes it. */
#ifndef NESTWG_ATTACH_OPTIONS_H
#define NESTWG_ATTACH_OPTIONS_H

#include <linux/types.h>
#include <stdbool.h>

#include "nestwg.h"
#include "spec.h"

struct attach_options {
	const char *nic;
	const char *wg;		/* NULL: not given */
	__be32 peer;		/* 0: not given */
	__be32 address;		/* 0: not given */
	bool mode_given;
	enum nestwg_mode mode;
	struct spec_list allow;
	bool no_ssh;
	bool replace;
	bool dry_run;
	bool json;
	unsigned int confirm;	/* seconds; 0: not wanted */
	const char *config;	/* the file that is to be read; NULL: the interface's own */
	bool no_config;
	bool save;
	bool exact;
};

/* The command line's. 0, or the exit status after reporting; -1 when help was asked for. */
int attach_options_parse(int argc, char **argv, struct attach_options *options);

#endif /* NESTWG_ATTACH_OPTIONS_H */
