/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A file's new content, written beside it and then put in its place at once: whoever reads it, and
 * whatever happens, sees the old text or the new one.
 */
#ifndef NESTWG_REPLACE_H
#define NESTWG_REPLACE_H

#include <limits.h>

struct replacement {
	char target[PATH_MAX];		/* behind the symbolic links */
	char temporary[PATH_MAX];	/* "": there is nothing to be put in place */
};

/*
 * Mode and owner are those of the file that is there; a new one is 0644, and its directory is made.
 * 0, or -1 after reporting.
 */
int replacement_prepare(struct replacement *replacement, const char *path, const char *text);

/* Either of them ends it. 0, or -1 after reporting. */
int replacement_commit(struct replacement *replacement);
void replacement_drop(struct replacement *replacement);

#endif /* NESTWG_REPLACE_H */
