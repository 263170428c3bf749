/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Changes to the text of a configuration file that leave everything else in it as it is: comments,
 * order, blanks, the way a value was written. Each returns a new text, or NULL: no memory.
 */
#ifndef NESTWG_CONFEDIT_H
#define NESTWG_CONFEDIT_H

#include "spec.h"

/* The same text if it is there, in whatever spelling or as part of a range. */
char *confedit_allow(const char *text, const struct spec *spec);

/* Of a range that is only in part concerned, the rest stays. */
char *confedit_disallow(const char *text, const struct spec *spec);

/* Where the key is, or was commented out, else at the end. */
char *confedit_set(const char *text, const char *key, const char *value);

#endif /* NESTWG_CONFEDIT_H */
