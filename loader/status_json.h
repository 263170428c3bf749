/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef NESTWG_STATUS_JSON_H
#define NESTWG_STATUS_JSON_H

#include <json-c/json.h>

#include "report.h"

/* One interface; the keys are named in `help status`. */
struct json_object *report_json(const struct report *report);

/* What stays on the gateway: a list as in `status --json`. */
struct json_object *exclusions_json(const struct state *state);

#endif /* NESTWG_STATUS_JSON_H */
