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
 * How many letters are wrong, missing, too many or swapped with the next one (Damerau and
 * Levenshtein, without a second change to letters that were swapped). What `b` has more at its end
 * counts as one.
 */
static size_t distance(const char *a, const char *b)
{
	size_t far[WORD_MAX + 1][WORD_MAX + 1];
	size_t rows = strlen(a), columns = strlen(b), least;

	for (size_t j = 0; j <= columns; j++)
		far[0][j] = j;
	for (size_t i = 1; i <= rows; i++) {
		far[i][0] = i;
		for (size_t j = 1; j <= columns; j++) {
			far[i][j] = min(min(far[i - 1][j], far[i][j - 1]) + 1,
					far[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				far[i][j] = min(far[i][j], far[i - 2][j - 2] + 1);
		}
	}
	least = far[rows][columns];
	for (size_t j = 0; j < columns; j++)
		least = min(least, far[rows][j] + 1);
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
