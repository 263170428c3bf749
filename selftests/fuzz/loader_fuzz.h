/* SPDX-License-Identifier: GPL-2.0-only */
/* What the fuzz targets of the loader's parsers share. */
#ifndef LOADER_FUZZ_H
#define LOADER_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPECT(condition) do { \
	if (!(condition)) { \
		fprintf(stderr, "%s:%d: INVARIANT BROKEN: %s\n", __FILE__, __LINE__, #condition); \
		abort(); \
	} \
} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A string of its own, to be freed: what follows its end is poison to AddressSanitizer. */
static inline char *text_of(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (!text)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

#endif /* LOADER_FUZZ_H */
