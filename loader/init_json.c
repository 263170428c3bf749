// SPDX-License-Identifier: GPL-2.0-only
#include "init_json.h"
#include "json_add.h"

static struct json_object *file_json(const struct init_text *file, bool written)
{
	struct json_object *object = json_object_new_object();

	json_add_text(object, "name", file->name);
	json_add_text(object, "whose", file->whose);
	json_add_text(object, "mode", "0600");
	/* Private keys go nowhere but into the files. */
	if (!written)
		json_add_text(object, "text", file->s);
	return object;
}

void init_json_print(const char *dir, const struct init_files *files, bool written)
{
	struct json_object *object = json_object_new_object();
	struct json_object *list = json_object_new_array();

	json_add_text(object, "action", written ? "written" : "write");
	json_add_text(object, "dir", dir);
	for (unsigned int i = 0; i < files->count; i++)
		json_object_array_add(list, file_json(&files->list[i], written));
	json_object_object_add(object, "files", list);
	json_print(object);
}
