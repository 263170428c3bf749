// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>

#include "nearest.h"

#define WORD_MAX	32	/* longer ones are nobody's slip */
#define FAR_MAX		2

static size_t min(size_t a, size_t b)
{
	return a < b ? a : b;
}

/*
 * Levenshtein's distance of two words, row by row; what `b` has more at its end counts as one letter.
 */
static size_t distance(const char *a, const char *b)
{
	size_t row[WORD_MAX + 1];
	size_t length = strlen(b), least;

	for (size_t j = 0; j <= length; j++)
		row[j] = j;
	for (size_t i = 0; a[i]; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (size_t j = 0; j < length; j++) {
			size_t above = row[j + 1];

			row[j + 1] = min(min(above, row[j]) + 1, diagonal + (a[i] != b[j]));
			diagonal = above;
		}
	}
	least = row[length];
	for (size_t j = 0; j < length; j++)
		least = min(least, row[j] + 1);
	return least;
}

void nearest_begin(struct nearest *nearest, const char *typed)
{
	*nearest = (struct nearest){ .typed = typed, .far = FAR_MAX + 1 };
}

void nearest_try(struct nearest *nearest, const char *word)
{
	size_t length = strlen(nearest->typed), far;

	if (length < 2 || length > WORD_MAX || strlen(word) > WORD_MAX)
		return;
	far = distance(nearest->typed, word);
	/* With half of its letters wrong it is another word. */
	if (far < nearest->far && 2 * far <= length) {
		nearest->far = far;
		nearest->word = word;
	}
}

const char *nearest_question(const struct nearest *nearest, const char *before,
			     char text[MEANT_SIZE])
{
	text[0] = '\0';
	if (nearest->word)
		snprintf(text, MEANT_SIZE, ": did you mean %s%s?", before, nearest->word);
	return text;
}
