// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "init_qr.h"
#include "run.h"

/* With comments it would be too wide for a terminal of 80 columns. */
static void without_comments(const char *text, char bare[RUN_INPUT_MAX + 1])
{
	size_t used = 0;

	while (*text) {
		size_t length = strcspn(text, "\n");

		length += text[length] == '\n';
		if (*text != '#' && *text != '\n' && used + length <= RUN_INPUT_MAX) {
			memcpy(bare + used, text, length);
			used += length;
		}
		text += length;
	}
	bare[used] = '\0';
}

int init_qr_make(const struct init_text *text, char **code)
{
	static const char *const argv[] = { "qrencode", "-t", "ansiutf8", NULL };
	char bare[RUN_INPUT_MAX + 1];
	int status;

	without_comments(text->s, bare);
	status = run_with_input(argv, bare, code);
	explicit_bzero(bare, sizeof(bare));
	if (!status || status == -ENOENT)
		return 0;
	if (status < 0)
		return fail("qrencode", "cannot run it: %s", strerror(-status));
	free(*code);
	*code = NULL;
	return fail("qrencode", "it failed with exit status %d", status);
}
