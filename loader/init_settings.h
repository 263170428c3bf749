/* SPDX-License-Identifier: GPL-2.0-only */
/* What `init` has to know: each is an option, a question, or a default. */
#ifndef NESTWG_INIT_SETTINGS_H
#define NESTWG_INIT_SETTINGS_H

#include "init_plan.h"

enum init_setting_id {
	INIT_NIC,
	INIT_ENDPOINT,
	INIT_SSH_PORT,
	INIT_PORT,
	INIT_LINK_MTU,
	INIT_WAN_NET,
	INIT_HOME_NET,
	INIT_PRIVATE_NET,
	INIT_PRIVATE_PORT,
	INIT_PHONE_ADDRESS,
	INIT_MIKROTIK,
	INIT_FORWARD,
	INIT_DIR,
	INIT_NR_SETTINGS,
};

struct init_setting {
	const char *option;
	const char *question;
	const char *fallback;	/* NULL: it depends, see init_default() */
	bool many;		/* any number of them, also none */
	const char *(*take)(struct init_plan *plan, const char *text);
};

extern const struct init_setting init_settings[INIT_NR_SETTINGS];

/*
 * Takes the value, if it goes together with what is known already. Returns NULL, or what is wrong;
 * nothing else has changed then.
 */
const char *init_apply(struct init_plan *plan, enum init_setting_id id, const char *text);

#define INIT_DEFAULT_SIZE INIT_ENDPOINT_SIZE
/* Those that this machine or what is known suggests; "" if there is none. */
void init_default(const struct init_plan *plan, enum init_setting_id id,
		  char text[INIT_DEFAULT_SIZE]);

/* Asks on the terminal until the answer is a good one. 0, or -1 after reporting (no more input). */
int init_ask(struct init_plan *plan, enum init_setting_id id);

#endif /* NESTWG_INIT_SETTINGS_H */
