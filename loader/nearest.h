/* SPDX-License-Identifier: GPL-2.0-only */
/* Which word somebody meant who typed another one. */
#ifndef NESTWG_NEAREST_H
#define NESTWG_NEAREST_H

#include <stddef.h>

struct nearest {
	const char *typed;
	const char *word;	/* the best so far; NULL: none is near */
	size_t far;
};

void nearest_begin(struct nearest *nearest, const char *typed);
void nearest_try(struct nearest *nearest, const char *word);

#define MEANT_SIZE 64
/* ": did you mean WORD?", with BEFORE in front of the word; "" where none is near. */
const char *nearest_question(const struct nearest *nearest, const char *before,
			     char text[MEANT_SIZE]);

#endif /* NESTWG_NEAREST_H */
