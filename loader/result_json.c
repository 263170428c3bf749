// SPDX-License-Identifier: GPL-2.0-only
#include "json_add.h"
#include "reports.h"
#include "result_json.h"
#include "status_json.h"

static void print(struct json_object *object, const char *action)
{
	json_add_text(object, "action", action);
	json_print(object);
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

	json_add_text(object, "interface", nic);
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
