// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"
#include "init_write.h"
#include "verbose.h"

#define NAME_SIZE 64

/* One file on its way. Names are below `fd`; "" is what is not there. */
struct writing {
	const struct init_text *text;
	char fresh[NAME_SIZE];	/* the text, until it gets its name */
	char old[NAME_SIZE];	/* what had the name before */
	bool placed;
};

struct writer {
	const char *dir;
	int fd;
	bool made_dir;
	unsigned int count;
	struct writing list[INIT_FILES_MAX];
};

static int fail_path(const struct writer *writer, const char *name, const char *tried, int err)
{
	char path[PATH_MAX + NAME_SIZE];

	snprintf(path, sizeof(path), "%s/%s", writer->dir, name);
	return fail(path, "cannot %s: %s", tried, strerror(err));
}

static int fail_exists(const char *dir, const char *name)
{
	char path[PATH_MAX + NAME_SIZE];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return fail(path, "exists; --force replaces it (the keys in it are lost then), --dir "
		    "writes elsewhere");
}

int init_write_check(const char *dir, const struct init_files *files, bool force)
{
	struct stat status;
	int fd, err = 0;

	fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : fail(dir, "cannot write there: %s", strerror(errno));
	for (unsigned int i = 0; !err && i < files->count; i++) {
		const char *name = files->list[i].name;

		if (fstatat(fd, name, &status, AT_SYMLINK_NOFOLLOW))
			err = errno == ENOENT ? 0 : fail(dir, "cannot look for %s: %s", name,
							 strerror(errno));
		else if (!force)
			err = fail_exists(dir, name);
		else if (S_ISDIR(status.st_mode))
			err = fail(dir, "%s is a directory", name);
	}
	close(fd);
	return err;
}

/* Hidden, and unlike any other: ".wg0.conf.5f3a..." */
static int temporary_name(const char *name, char temporary[NAME_SIZE])
{
	uint64_t number;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return -errno;
	snprintf(temporary, NAME_SIZE, ".%s.%016llx", name, (unsigned long long)number);
	return 0;
}

static int write_all(int fd, const struct init_text *text)
{
	size_t done = 0;

	while (done < text->used) {
		ssize_t written = write(fd, text->s + done, text->used - done);

		if (written < 0 && errno != EINTR)
			return -errno;
		if (written > 0)
			done += (size_t)written;
	}
	/* A umask may have taken bits; nothing has added any. */
	return fchmod(fd, S_IRUSR | S_IWUSR) || fsync(fd) ? -errno : 0;
}

static int write_fresh(struct writer *writer, struct writing *one)
{
	char name[NAME_SIZE];
	int fd, err;

	err = temporary_name(one->text->name, name);
	if (err)
		return fail_path(writer, one->text->name, "write", -err);
	fd = openat(writer->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		    S_IRUSR | S_IWUSR);
	if (fd < 0)
		return fail_path(writer, one->text->name, "write", errno);
	memcpy(one->fresh, name, sizeof(name));
	err = write_all(fd, one->text);
	if (close(fd) && !err)
		err = -errno;
	return err ? fail_path(writer, one->text->name, "write", -err) : 0;
}

/* A second name for what is to be replaced, so that it can be put back. */
static int keep_old(struct writer *writer, struct writing *one)
{
	char name[NAME_SIZE];
	int err;

	err = temporary_name(one->text->name, name);
	if (!err && linkat(writer->fd, one->text->name, writer->fd, name, 0))
		err = -errno;
	if (err == -ENOENT)
		return 0;
	if (err)
		return fail_path(writer, one->text->name, "keep the old file meanwhile", -err);
	memcpy(one->old, name, sizeof(name));
	return 0;
}

/* link() and not rename(): somebody may have made the file in the meantime. */
static int place(struct writer *writer, struct writing *one, bool force)
{
	const char *name = one->text->name;

	if (force && keep_old(writer, one))
		return -1;
	if (force ? renameat(writer->fd, one->fresh, writer->fd, name) :
		    linkat(writer->fd, one->fresh, writer->fd, name, 0)) {
		if (errno == EEXIST && !force)
			return fail_exists(writer->dir, name);
		return fail_path(writer, name, "write", errno);
	}
	one->placed = true;
	if (force)
		one->fresh[0] = '\0';
	return 0;
}

static void take_back(struct writer *writer)
{
	for (unsigned int i = 0; i < writer->count; i++) {
		struct writing *one = &writer->list[i];

		if (!one->placed)
			continue;
		if (!*one->old)
			unlinkat(writer->fd, one->text->name, 0);
		else if (!renameat(writer->fd, one->old, writer->fd, one->text->name))
			one->old[0] = '\0';
	}
}

static void tidy_up(struct writer *writer)
{
	for (unsigned int i = 0; i < writer->count; i++) {
		struct writing *one = &writer->list[i];

		if (*one->fresh)
			unlinkat(writer->fd, one->fresh, 0);
		if (*one->old)
			unlinkat(writer->fd, one->old, 0);
	}
}

static int open_dir(struct writer *writer)
{
	if (!mkdir(writer->dir, S_IRWXU))
		writer->made_dir = true;
	else if (errno != EEXIST)
		return fail(writer->dir, "cannot make the directory: %s", strerror(errno));
	writer->fd = open(writer->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (writer->fd >= 0)
		return 0;
	return fail(writer->dir, "cannot open the directory: %s", strerror(errno));
}

static void say_what_was_done(const struct writer *writer)
{
	if (writer->made_dir)
		did("install -d -m 700 %s", writer->dir);
	for (unsigned int i = 0; i < writer->count; i++)
		did("install -m 600 /dev/stdin %s/%s", writer->dir, writer->list[i].text->name);
}

static int write_files(struct writer *writer, bool force)
{
	int err = 0;

	for (unsigned int i = 0; !err && i < writer->count; i++)
		err = write_fresh(writer, &writer->list[i]);
	for (unsigned int i = 0; !err && i < writer->count; i++)
		err = place(writer, &writer->list[i], force);
	if (err)
		take_back(writer);
	tidy_up(writer);
	if (!err && fsync(writer->fd))
		warn(writer->dir, "a power cut now could lose the files: %s", strerror(errno));
	return err;
}

/* A ^C in between would leave half of it: it has to wait. */
int init_write(const char *dir, const struct init_files *files, bool force)
{
	struct writer writer = { .dir = dir, .fd = -1, .count = files->count };
	sigset_t all, before;
	int err;

	for (unsigned int i = 0; i < files->count; i++)
		writer.list[i].text = &files->list[i];
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	err = open_dir(&writer);
	if (!err)
		err = write_files(&writer, force);
	if (writer.fd >= 0)
		close(writer.fd);
	if (!err)
		say_what_was_done(&writer);
	if (err && writer.made_dir)
		rmdir(dir);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return err;
}
