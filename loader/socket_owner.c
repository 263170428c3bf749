// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "socket_owner.h"

struct walk {
	bool (*wanted)(const struct socket_owner *owner);
	void (*each)(const struct socket_owner *owner, unsigned long inode, void *data);
	void *data;
};

static void read_name(int process, char name[PROCESS_NAME_SIZE])
{
	ssize_t length;
	int fd;

	fd = openat(process, "comm", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	length = read(fd, name, PROCESS_NAME_SIZE - 1);
	close(fd);
	name[length > 0 ? length : 0] = '\0';
	name[strcspn(name, "\n")] = '\0';
}

/* The inode behind `name` in /proc/PID/fd, which is open as `fds`; 0 if that is no socket. */
static unsigned long socket_inode(int fds, const char *name)
{
	unsigned long inode;
	char target[64];
	ssize_t length;

	length = readlinkat(fds, name, target, sizeof(target) - 1);
	if (length <= 0)
		return 0;
	target[length] = '\0';
	return sscanf(target, "socket:[%lu]", &inode) == 1 ? inode : 0;
}

static int sockets_of(const struct walk *walk, int process, const struct socket_owner *owner)
{
	struct dirent *entry;
	DIR *fds;
	int fd;

	fd = openat(process, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	fds = fdopendir(fd);
	if (!fds) {
		close(fd);
		return -ENOMEM;
	}
	while ((entry = readdir(fds))) {
		unsigned long inode = socket_inode(dirfd(fds), entry->d_name);

		if (inode)
			walk->each(owner, inode, walk->data);
	}
	closedir(fds);
	return 0;
}

/* By its directory in /proc, which stays that of this process whoever gets its number next. */
static int look_at(const struct walk *walk, int proc, const char *number)
{
	struct socket_owner owner = { .pid = (int)strtol(number, NULL, 10) };
	int process, err = 0;

	process = openat(proc, number, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (process < 0)
		return 0;
	read_name(process, owner.name);
	if (!walk->wanted || walk->wanted(&owner))
		err = sockets_of(walk, process, &owner);
	close(process);
	return err;
}

int socket_owners_each(bool (*wanted)(const struct socket_owner *owner),
		       void (*each)(const struct socket_owner *owner, unsigned long inode,
				    void *data),
		       void *data)
{
	const struct walk walk = { wanted, each, data };
	struct dirent *entry;
	int err = 0;
	DIR *proc;

	proc = opendir("/proc");
	if (!proc)
		return -errno;
	while ((entry = readdir(proc))) {
		int failed;

		if (!isdigit((unsigned char)*entry->d_name))
			continue;
		failed = look_at(&walk, dirfd(proc), entry->d_name);
		if (!err)
			err = failed;
	}
	closedir(proc);
	return err;
}
