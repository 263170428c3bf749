/* SPDX-License-Identifier: GPL-2.0-only */
/* tc programs on kernels before 6.6, which have no tcx: filters of a clsact qdisc. */
#ifndef NESTWG_TC_H
#define NESTWG_TC_H

#include <bpf/libbpf.h>
#include <linux/types.h>

/* The id of the program in our filter, 0 if there is no filter of ours. */
__u32 tc_filter_program(int ifindex, enum bpf_tc_attach_point point);

/* Puts our filter there, or another program into it. 0 or a negative errno. */
int tc_filter_put(int ifindex, enum bpf_tc_attach_point point, int prog_fd);
int tc_filter_remove(int ifindex, enum bpf_tc_attach_point point);

/* 0 if it was made, -EEXIST if it was there, or another negative errno. */
int tc_clsact_make(int ifindex);

/* Unless somebody's filter is in it. */
void tc_clsact_remove_empty(int ifindex);

#endif /* NESTWG_TC_H */
