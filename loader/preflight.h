/* SPDX-License-Identifier: GPL-2.0-only */
/* What every command needs before it can do anything. */
#ifndef NESTWG_PREFLIGHT_H
#define NESTWG_PREFLIGHT_H

/* The right to work with BPF and network interfaces. 0, or -1 after reporting. */
int preflight_rights(void);

/* A kernel that is new enough, and bpffs where it is looked for. 0, or -1 after reporting. */
int preflight_kernel(void);
int preflight_bpffs(void);

/* Rights, kernel and bpffs. 0, or -1 after reporting. */
int preflight(void);

#endif /* NESTWG_PREFLIGHT_H */
