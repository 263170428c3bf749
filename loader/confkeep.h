/* SPDX-License-Identifier: GPL-2.0-only */
/* What is changed at run time is kept for the next time: the configuration file follows. */
#ifndef NESTWG_CONFKEEP_H
#define NESTWG_CONFKEEP_H

#include "plan.h"
#include "replace.h"
#include "state.h"

/*
 * Applies `edit`, one of confedit.h, for each of the specs to the interface's file, if it has one;
 * replacement_commit() puts it in place. 0, or -1 after reporting.
 */
int confkeep_prepare(struct replacement *replacement, const char *nic,
		     const struct spec_list *specs,
		     char *(*edit)(const char *text, const struct spec *spec));

/*
 * What `attach --save` writes: the options as they were given, the tunnel that was chosen, and what
 * the user keeps on the gateway now. 0, or -1 after reporting.
 */
int confkeep_save(const char *path, const struct attach_options *options,
		  const struct plan *plan);

#endif /* NESTWG_CONFKEEP_H */
