// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "init_keys.h"
#include "run.h"

#define BASE64_LENGTH 44	/* of 32 bytes */

static bool is_key(const char *text)
{
	if (strlen(text) != BASE64_LENGTH || text[BASE64_LENGTH - 1] != '=')
		return false;
	for (size_t i = 0; i < BASE64_LENGTH - 1; i++)
		if (!isascii(text[i]) || (!isalnum(text[i]) && text[i] != '+' && text[i] != '/'))
			return false;
	return true;
}

/* What `wg WORD` printed. 0, or -1 after reporting. */
static int take_key(const char *word, int status, char *output, char key[INIT_KEY_SIZE])
{
	if (status == -ENOENT)
		return fail("wg", "cannot make keys: it is not installed; apt install "
			    "wireguard-tools");
	if (status < 0)
		return fail("wg", "cannot run it: %s", strerror(-status));
	output[strcspn(output, "\n")] = '\0';
	if (!status && is_key(output))
		memcpy(key, output, BASE64_LENGTH + 1);
	else
		status = -1;
	explicit_bzero(output, strlen(output));
	free(output);
	return status ? fail("wg", "`wg %s` gave no key", word) : 0;
}

static int make_private(char key[INIT_KEY_SIZE])
{
	static const char *const argv[] = { "wg", "genkey", NULL };
	char *output;
	int status = run(argv, &output);

	return take_key(argv[1], status, output, key);
}

static int make_public(const char *private, char key[INIT_KEY_SIZE])
{
	static const char *const argv[] = { "wg", "pubkey", NULL };
	char *output;
	int status = run_with_input(argv, private, &output);

	return take_key(argv[1], status, output, key);
}

int init_keys_make(struct init_keys *keys)
{
	for (enum init_end end = 0; end < INIT_NR_ENDS; end++)
		if (make_private(keys->private[end]) ||
		    make_public(keys->private[end], keys->public[end]))
			return -1;
	return 0;
}

void init_keys_name(struct init_keys *keys)
{
	static const char *const owners[INIT_NR_ENDS] = {
		[INIT_GATEWAY] = "gateway's",
		[INIT_ROUTER] = "router's",
		[INIT_SERVER] = "router's private VPN",
		[INIT_PHONE] = "phone's",
	};

	for (enum init_end end = 0; end < INIT_NR_ENDS; end++) {
		snprintf(keys->private[end], INIT_KEY_SIZE, "<%s private key>", owners[end]);
		snprintf(keys->public[end], INIT_KEY_SIZE, "<%s public key>", owners[end]);
	}
}

void init_keys_forget(struct init_keys *keys)
{
	explicit_bzero(keys, sizeof(*keys));
}
