// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"

static const char *const mode_names[NESTWG_NR_MODES] = {
	[NESTWG_MODE_AUTO] = "auto",
	[NESTWG_MODE_NATIVE] = "native",
	[NESTWG_MODE_GENERIC] = "generic",
	[NESTWG_MODE_TC] = "tc",
};

struct address_text address_text(__be32 address)
{
	struct address_text text;

	inet_ntop(AF_INET, &address, text.s, sizeof(text.s));
	return text;
}

bool address_parse(const char *text, __be32 *address)
{
	return inet_pton(AF_INET, text, address) == 1;
}

bool host_address_parse(const char *text, __be32 *address)
{
	uint32_t first;

	if (!address_parse(text, address))
		return false;
	first = ntohl(*address) >> 24;
	return first && first != 127 && first < 224;
}

bool number_parse(const char *text, unsigned long min, unsigned long max, unsigned long *number)
{
	char *end;

	/* strtoul() would take blanks and signs. */
	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*number = strtoul(text, &end, 10);
	return !*end && !errno && *number >= min && *number <= max;
}

const char *mode_name(unsigned int mode)
{
	return mode < NESTWG_NR_MODES ? mode_names[mode] : "unknown";
}

enum nestwg_mode mode_parse(const char *text)
{
	for (unsigned int mode = 0; mode < NESTWG_NR_MODES; mode++)
		if (strcmp(text, mode_names[mode]) == 0)
			return mode;
	return NESTWG_NR_MODES;
}
