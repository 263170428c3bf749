/* SPDX-License-Identifier: GPL-2.0-only */
/* What every --json has in common. */
#ifndef NESTWG_JSON_ADD_H
#define NESTWG_JSON_ADD_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

/* Members of an object; no text, or an empty one, is null. */
void json_add_text(struct json_object *object, const char *key, const char *text);
void json_add_number(struct json_object *object, const char *key, uint64_t number);
void json_add_flag(struct json_object *object, const char *key, bool flag);

/* On stdout, over several lines or on one, and frees it. */
void json_print(struct json_object *object);
void json_print_line(struct json_object *object);

#endif /* NESTWG_JSON_ADD_H */
