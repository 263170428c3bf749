/* SPDX-License-Identifier: GPL-2.0-only */
/* /etc/nestwg-xdp/IFACE.conf: what `attach IFACE` is to do, and what stays on the gateway. */
#ifndef NESTWG_CONFFILE_H
#define NESTWG_CONFFILE_H

#include <limits.h>

#include "attach_options.h"

/* A longer one is not read, and therefore not written. */
#define CONFFILE_MAX	(1u << 20)

struct conffile {
	char path[PATH_MAX];
	char *text;			/* as it was read; NULL: there is no such file */
	char *words;			/* a copy, cut into what `options` points to */
	struct attach_options options;	/* what the file says, and no more */
};

/* Where the file of an interface is; NESTWG_CONFDIR names another directory, for tests. */
void conffile_path(char path[PATH_MAX], const char *nic);

/* A file that is not there is not an error, but has no text. 0, or -1 after reporting. */
int conffile_read(struct conffile *file, const char *path);
void conffile_free(struct conffile *file);

/* Gives `options` what they do not have yet; `file` has to outlive them. 0, or -1 after reporting. */
int conffile_complete(const struct conffile *file, struct attach_options *options);

#endif /* NESTWG_CONFFILE_H */
