// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"
#include "replace.h"
#include "verbose.h"

/* The part of a path before its last slash. */
static void directory_of(const char *path, char directory[PATH_MAX])
{
	const char *slash = strrchr(path, '/');

	snprintf(directory, PATH_MAX, "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
	if (slash == path)
		strcpy(directory, "/");
}

static int find_target(struct replacement *replacement, const char *path)
{
	char directory[PATH_MAX];

	if (realpath(path, replacement->target))
		return 0;
	if (errno != ENOENT)
		return -errno;
	directory_of(path, directory);
	if (mkdir(directory, 0755) < 0 && errno != EEXIST)
		return -errno;
	return snprintf(replacement->target, PATH_MAX, "%s", path) < PATH_MAX ? 0 : -ENAMETOOLONG;
}

/* Hidden, so that nobody takes it for a configuration; one left by a crash is written anew. */
static int name_temporary(struct replacement *replacement)
{
	char directory[PATH_MAX];
	const char *name = strrchr(replacement->target, '/');
	int length;

	directory_of(replacement->target, directory);
	length = snprintf(replacement->temporary, PATH_MAX, "%s/.%s.new", directory,
			  name ? name + 1 : replacement->target);
	if (length < PATH_MAX)
		return 0;
	*replacement->temporary = '\0';
	return -ENAMETOOLONG;
}

static int copy_rights(int fd, const char *target)
{
	struct stat old;

	if (stat(target, &old) < 0)
		return errno == ENOENT && fchmod(fd, 0644) == 0 ? 0 : -errno;
	if (fchown(fd, old.st_uid, old.st_gid) < 0 || fchmod(fd, old.st_mode & 07777) < 0)
		return -errno;
	return 0;
}

static int write_all(int fd, const char *text)
{
	size_t left = strlen(text);
	ssize_t written;

	while (left) {
		written = write(fd, text, left);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		text += written;
		left -= (size_t)written;
	}
	return fsync(fd) < 0 ? -errno : 0;
}

static int write_temporary(struct replacement *replacement, const char *text)
{
	int fd, err;

	unlink(replacement->temporary);
	fd = open(replacement->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	err = copy_rights(fd, replacement->target);
	if (!err)
		err = write_all(fd, text);
	if (close(fd) < 0 && !err)
		err = -errno;
	return err;
}

int replacement_prepare(struct replacement *replacement, const char *path, const char *text)
{
	int err;

	memset(replacement, 0, sizeof(*replacement));
	err = find_target(replacement, path);
	if (!err)
		err = name_temporary(replacement);
	if (!err)
		err = write_temporary(replacement, text);
	if (!err)
		return 0;
	replacement_drop(replacement);
	return fail(path, "cannot write it: %s", strerror(-err));
}

/* The rename itself has to reach the disk. */
static void sync_directory(const char *target)
{
	char directory[PATH_MAX];
	int fd;

	directory_of(target, directory);
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

int replacement_commit(struct replacement *replacement)
{
	if (!*replacement->temporary)
		return 0;
	if (rename(replacement->temporary, replacement->target) < 0) {
		fail(replacement->target, "cannot write it: %s", strerror(errno));
		replacement_drop(replacement);
		return -1;
	}
	*replacement->temporary = '\0';
	sync_directory(replacement->target);
	did("write %s", replacement->target);
	return 0;
}

void replacement_drop(struct replacement *replacement)
{
	if (*replacement->temporary)
		unlink(replacement->temporary);
	*replacement->temporary = '\0';
}
