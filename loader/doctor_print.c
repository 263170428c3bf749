// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>

#include "colour.h"
#include "doctor_print.h"
#include "json_add.h"

static const struct {
	const char *name;
	enum colour colour;
} severities[NR_SEVERITIES] = {
	[SEVERITY_OK] = { "ok", COLOUR_GOOD },
	[SEVERITY_NOTE] = { "note", COLOUR_DIM },
	[SEVERITY_WARNING] = { "warning", COLOUR_WARN },
	[SEVERITY_PROBLEM] = { "PROBLEM", COLOUR_BAD },
};

unsigned int findings_count(const struct findings *findings, enum severity severity)
{
	unsigned int count = 0;

	for (size_t i = 0; i < findings->count; i++)
		count += findings->list[i].severity == severity;
	return count;
}

static void print_finding(const struct finding *finding)
{
	printf("  %s%-7s%s %s: %s\n", colour(stdout, severities[finding->severity].colour),
	       severities[finding->severity].name, colour(stdout, COLOUR_OFF), finding->check,
	       finding->text);
	if (finding->mend)
		printf("          mend: %s\n", finding->mend);
}

static const char *plural(unsigned int count)
{
	return count == 1 ? "" : "s";
}

void findings_print(const struct findings *findings)
{
	unsigned int problems = findings_count(findings, SEVERITY_PROBLEM);
	unsigned int warnings = findings_count(findings, SEVERITY_WARNING);
	unsigned int notes = findings_count(findings, SEVERITY_NOTE);
	const char *interface = NULL;

	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->list[i];

		if (!interface || strcmp(interface, finding->interface) != 0)
			printf("%s:\n", *finding->interface ? finding->interface : "host");
		interface = finding->interface;
		print_finding(finding);
	}
	printf("%u problem%s, %u warning%s, %u note%s\n", problems, plural(problems), warnings,
	       plural(warnings), notes, plural(notes));
}

static struct json_object *finding_json(const struct finding *finding)
{
	struct json_object *object = json_object_new_object();

	json_add_text(object, "interface", finding->interface);
	json_add_text(object, "check", finding->check);
	json_add_text(object, "severity", finding->severity == SEVERITY_PROBLEM ?
		      "problem" : severities[finding->severity].name);
	json_add_text(object, "text", finding->text);
	json_add_text(object, "mend", finding->mend);
	return object;
}

void findings_print_json(const struct findings *findings)
{
	struct json_object *object = json_object_new_object();
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < findings->count; i++)
		json_object_array_add(list, finding_json(&findings->list[i]));
	json_add_number(object, "problems", findings_count(findings, SEVERITY_PROBLEM));
	json_add_number(object, "warnings", findings_count(findings, SEVERITY_WARNING));
	json_object_object_add(object, "findings", list);
	json_print(object);
}
