// SPDX-License-Identifier: GPL-2.0-only
/* In the place of libFuzzer: run the files of a directory. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static int replay(const char *directory, const char *name)
{
	static unsigned char data[8192];
	char path[4096];
	size_t size;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "re");
	if (!file) {
		perror(path);
		return -1;
	}
	size = fread(data, 1, sizeof(data), file);
	fclose(file);
	LLVMFuzzerTestOneInput(data, size);
	return 0;
}

int main(int argc, char **argv)
{
	struct dirent *entry;
	int err = 0;
	DIR *files;

	files = argc == 2 ? opendir(argv[1]) : NULL;
	if (!files) {
		fprintf(stderr, "usage: packet_coverage DIRECTORY\n");
		return 2;
	}
	while (!err && (entry = readdir(files)))
		if (*entry->d_name != '.')
			err = replay(argv[1], entry->d_name);
	closedir(files);
	return err ? 1 : 0;
}
