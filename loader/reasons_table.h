/* SPDX-License-Identifier: GPL-2.0-only */
/* include/reasons.h as a table of words. */
#ifndef NESTWG_REASONS_TABLE_H
#define NESTWG_REASONS_TABLE_H

#include <json-c/json.h>

#include "nestwg.h"

struct reason {
	const char *name;
	enum nestwg_origin origin;
	enum nestwg_verdict verdict;
	const char *text;
};

extern const struct reason reasons[NESTWG_NR_REASONS];

/* "wire" or "home" */
const char *origin_name(enum nestwg_origin origin);

/* "stack", "tunnel", "drop", ... */
const char *verdict_name(enum nestwg_verdict verdict);

/* What a verdict is shown in on standard output: red is a drop. Ended by COLOUR_OFF. */
const char *verdict_colour(enum nestwg_verdict verdict);

/*
 * {"forwarded": {"packets": 1, "bytes": 40, "from": "wire", "verdict": "tunnel"}, ...}, all
 * reasons, also those that are zero.
 */
struct json_object *counters_json(const struct nestwg_counter *counters);

#endif /* NESTWG_REASONS_TABLE_H */
