/* SPDX-License-Identifier: GPL-2.0-only */
/* The files that `init` writes. */
#ifndef NESTWG_INIT_TEXT_H
#define NESTWG_INIT_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "init_keys.h"
#include "init_plan.h"

#define INIT_TEXT_SIZE	(64u << 10)
#define INIT_FILES_MAX	4

/* Of a fixed size: growing would leave copies of private keys behind. */
struct init_text {
	const char *name;	/* of the file */
	const char *whose;
	size_t used;
	char s[INIT_TEXT_SIZE];
};

struct init_files {
	struct init_text list[INIT_FILES_MAX];
	unsigned int count;
};

/* True if all of it found room. */
bool init_files_make(struct init_files *files, const struct init_plan *plan,
		     const struct init_keys *keys);

/* One of them, NULL if there is none of that name. */
const struct init_text *init_files_find(const struct init_files *files, const char *name);

void init_text_add(struct init_text *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

void init_text_wg0(struct init_text *text, const struct init_plan *plan,
		   const struct init_keys *keys);
void init_text_wgwan(struct init_text *text, const struct init_plan *plan,
		     const struct init_keys *keys);
void init_text_wgprivate(struct init_text *text, const struct init_plan *plan,
			 const struct init_keys *keys);
void init_text_phone(struct init_text *text, const struct init_plan *plan,
		     const struct init_keys *keys);

/* Instead of the router's two. */
void init_text_mikrotik(struct init_text *text, const struct init_plan *plan,
			const struct init_keys *keys);

#endif /* NESTWG_INIT_TEXT_H */
