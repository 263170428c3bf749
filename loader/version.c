// SPDX-License-Identifier: GPL-2.0-only
#include <bpf/libbpf.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "error.h"
#include "kernel_features.h"
#include "programs.h"
#include "version.h"

static void add_text(struct json_object *object, const char *key, const char *text)
{
	json_object_object_add(object, key, *text ? json_object_new_string(text) : NULL);
}

/* It begins with a v. */
static const char *libbpf_version(void)
{
	const char *text = libbpf_version_string();

	return text + (*text == 'v');
}

static void print_json(const struct utsname *kernel, const enum answer answers[NR_FEATURES])
{
	struct json_object *object = json_object_new_object();
	struct json_object *features = json_object_new_object();

	add_text(object, "version", NESTWG_VERSION);
	add_text(object, "commit", NESTWG_COMMIT);
	add_text(object, "libbpf", libbpf_version());
	add_text(object, "kernel", kernel->release);
	add_text(object, "machine", kernel->machine);
	for (enum feature i = 0; i < NR_FEATURES; i++)
		json_object_object_add(features, feature_name(i), answers[i] == ANSWER_UNKNOWN ? NULL :
				       json_object_new_boolean(answers[i] == ANSWER_YES));
	json_object_object_add(object, "features", features);
	puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PRETTY |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
}

/* Of the first line, scripts take the second word. */
static void print_text(const struct utsname *kernel, const enum answer answers[NR_FEATURES])
{
	static const char *const words[] = {
		[ANSWER_UNKNOWN] = "unknown (not root)",
		[ANSWER_NO] = "no",
		[ANSWER_YES] = "yes",
	};

	puts(PROGRAM " " NESTWG_VERSION);
	printf("commit: %s\n", *NESTWG_COMMIT ? NESTWG_COMMIT : "unknown");
	printf("libbpf: %s\n", libbpf_version());
	printf("kernel: %s %s\n", kernel->release, kernel->machine);
	for (enum feature i = 0; i < NR_FEATURES; i++)
		printf("  %s: %s\n", feature_text(i), words[answers[i]]);
}

int version(int argc, char **argv)
{
	bool json = argc > 1 && strcmp(argv[1], "--json") == 0;
	enum answer answers[NR_FEATURES];
	struct utsname kernel = {};

	if (argc > 1 + json)
		return usage_error(NULL, "unexpected argument '%s'", argv[1 + json]);
	programs_set_verbose(getenv("NESTWG_DEBUG"));
	uname(&kernel);
	features_find(answers);
	if (json)
		print_json(&kernel, answers);
	else
		print_text(&kernel, answers);
	return EXIT_SUCCESS;
}
