// SPDX-License-Identifier: GPL-2.0-only
/* For the linker: the table of subcommands, with their usage, would want the whole loader. */
#include <stdlib.h>

#include "error.h"

int usage_error(const char *subcommand, const char *format, ...)
{
	(void)subcommand;
	(void)format;
	abort();
}
