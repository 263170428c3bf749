/* SPDX-License-Identifier: GPL-2.0-only */
/* What `attach --dry-run` has found out, and how it is shown. */
#ifndef NESTWG_FORECAST_H
#define NESTWG_FORECAST_H

#include "plan.h"
#include "services.h"
#include "state.h"
#include "xdp.h"

struct forecast {
	const struct plan *plan;
	const struct attach_options *options;
	const struct xdp_program *other;	/* another tool's XDP program; id 0: none */
	bool upgrade;
	const char *mode;	/* "native", or "native or tc" where it shows only then */
	const char *why;	/* that mode */
	struct state state;			/* the exclusions as they would be; no maps */
	struct services services;
};

/* Whether all of it would stay on the gateway. */
bool forecast_stays(const struct forecast *forecast, const struct service *service);

void forecast_print(const struct forecast *forecast);
void forecast_print_json(const struct forecast *forecast);

#endif /* NESTWG_FORECAST_H */
