/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef NESTWG_VERSION_H
#define NESTWG_VERSION_H

/* `--version [--json]`: what this was built from, and what it finds. Returns the exit status. */
int version(int argc, char **argv);

#endif /* NESTWG_VERSION_H */
