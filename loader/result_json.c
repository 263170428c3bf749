// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>

#include "reports.h"
#include "result_json.h"
#include "status_json.h"

static void print(struct json_object *object, const char *action)
{
	json_object_object_add(object, "action", json_object_new_string(action));
	puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PRETTY |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
}

static void print_report(const struct report *report, void *action)
{
	print(report_json(report), *(const char **)action);
}

int result_print_report(const char *nic, const char *action)
{
	return reports_each(nic, print_report, &action);
}

static struct json_object *named(const char *nic)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "interface", json_object_new_string(nic));
	return object;
}

void result_print_exclusions(const struct state *state, const char *action)
{
	struct json_object *object = named(state->nic);

	json_object_object_add(object, "exclusions", exclusions_json(state));
	print(object, action);
}

void result_print_name(const char *nic, const char *action)
{
	print(named(nic), action);
}
