// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>

#include "colour.h"
#include "json_add.h"
#include "reasons_table.h"

#define ROW(reason, row_name, row_origin, row_verdict, row_text) \
	[NESTWG_##reason] = { \
		.name = row_name, \
		.origin = NESTWG_##row_origin, \
		.verdict = NESTWG_##row_verdict, \
		.text = row_text, \
	},

const struct reason reasons[NESTWG_NR_REASONS] = {
	NESTWG_REASONS(ROW)
};

const char *origin_name(enum nestwg_origin origin)
{
	return origin == NESTWG_FROM_WIRE ? "wire" : "home";
}

const char *verdict_name(enum nestwg_verdict verdict)
{
	static const char *const names[] = {
		[NESTWG_STACK] = "stack",
		[NESTWG_TUNNEL] = "tunnel",
		[NESTWG_ROUTE] = "route",
		[NESTWG_BOTH] = "both",
		[NESTWG_NIC] = "nic",
		[NESTWG_HAIRPIN] = "hairpin",
		[NESTWG_ANSWER] = "answer",
		[NESTWG_DROP] = "drop",
	};

	return names[verdict];
}

const char *verdict_colour(enum nestwg_verdict verdict)
{
	switch (verdict) {
	case NESTWG_DROP:
		return colour(stdout, COLOUR_BAD);
	case NESTWG_ANSWER:
		return colour(stdout, COLOUR_WARN);
	case NESTWG_STACK:
		return colour(stdout, COLOUR_DIM);
	default:
		return colour(stdout, COLOUR_GOOD);
	}
}

struct json_object *counters_json(const struct nestwg_counter *counters)
{
	struct json_object *all = json_object_new_object();

	for (unsigned int i = 0; i < NESTWG_NR_REASONS; i++) {
		struct json_object *one = json_object_new_object();

		json_add_number(one, "packets", counters[i].packets);
		json_add_number(one, "bytes", counters[i].bytes);
		json_add_text(one, "from", origin_name(reasons[i].origin));
		json_add_text(one, "verdict", verdict_name(reasons[i].verdict));
		json_object_object_add(all, reasons[i].name, one);
	}
	return all;
}
