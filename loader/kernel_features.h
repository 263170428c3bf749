/* SPDX-License-Identifier: GPL-2.0-only */
/* What this kernel can do of what we would like: each is tried, none is read off a version. */
#ifndef NESTWG_KERNEL_FEATURES_H
#define NESTWG_KERNEL_FEATURES_H

enum feature {
	FEATURE_TCX,		/* tc programs as links; before, clsact filters */
	FEATURE_XDP,		/* XDP programs are loaded */
	FEATURE_JIT,		/* and compiled */
	FEATURE_XDP_TOLD,	/* drivers say whether they have native XDP; before, one has to try */
	FEATURE_RINGBUF,	/* what monitor reads */
	FEATURE_BTF,		/* the kernel's own types, for whoever traces our programs */
	FEATURE_BPFFS,		/* where our state is pinned is mounted */
	NR_FEATURES
};

enum answer {
	ANSWER_UNKNOWN,		/* who asks may not use BPF */
	ANSWER_NO,
	ANSWER_YES,
};

/* "tcx", ...: the key in JSON; and what it is in words. */
const char *feature_name(enum feature feature);
const char *feature_text(enum feature feature);

/* FEATURE_TCX alone, FEATURE_JIT alone. */
enum answer feature_find_tcx(void);
enum answer feature_find_jit(void);

/* Leaves nothing behind. */
void features_find(enum answer answers[NR_FEATURES]);

#endif /* NESTWG_KERNEL_FEATURES_H */
