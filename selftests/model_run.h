/* SPDX-License-Identifier: GPL-2.0-only */
/* A step judged twice, by the programs and by the model. */
#ifndef MODEL_RUN_H
#define MODEL_RUN_H

#include "model_random.h"
#include "packet_lab.h"

struct contest {
	struct lab *lab;
	struct model model;
	int wait_ms;		/* for a packet that has to come */
	struct nestwg_counter counters[NESTWG_NR_REASONS];	/* as last read */
	unsigned long long packets;	/* that were judged */
	unsigned long long reached[NESTWG_NR_REASONS];
	__u64 clock_set;	/* when the programs' clock was last set back to the model's */
	bool is_late;		/* since then they may have seen a second pass: who is right is open */
	char why[1024];		/* they disagree */
};

/* Programs and model forget everything; C is in force. */
bool contest_begin(struct contest *contest, const struct model_config *c);
/* False: they disagree, or the programs could not be run. */
bool contest_step(struct contest *contest, const struct step *step);

const char *reason_name(int reason);

#endif /* MODEL_RUN_H */
