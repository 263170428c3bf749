// SPDX-License-Identifier: GPL-2.0-only
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "error.h"
#include "json_add.h"
#include "kernel_features.h"
#include "programs.h"
#include "version.h"

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

	json_add_text(object, "version", NESTWG_VERSION);
	json_add_text(object, "commit", NESTWG_COMMIT);
	json_add_text(object, "libbpf", libbpf_version());
	json_add_text(object, "kernel", kernel->release);
	json_add_text(object, "machine", kernel->machine);
	for (enum feature i = 0; i < NR_FEATURES; i++)
		json_object_object_add(features, feature_name(i), answers[i] == ANSWER_UNKNOWN ? NULL :
				       json_object_new_boolean(answers[i] == ANSWER_YES));
	json_object_object_add(object, "features", features);
	json_print(object);
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
