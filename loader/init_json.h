/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef NESTWG_INIT_JSON_H
#define NESTWG_INIT_JSON_H

#include "init_text.h"

/* What was written, or would be; then with the texts, which have names in the places of keys. */
void init_json_print(const char *dir, const struct init_files *files, bool written);

#endif /* NESTWG_INIT_JSON_H */
