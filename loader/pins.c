// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "error.h"
#include "netif.h"
#include "pins.h"
#include "verbose.h"

#define LOCK_POLLS_A_SECOND	10
#define LOCK_SECONDS		10

int pins_lock(void)
{
	const struct timespec pause = { .tv_nsec = 1000000000 / LOCK_POLLS_A_SECOND };
	int fd;

	fd = open(LOCK_FILE, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fail(LOCK_FILE, "cannot open the lock: %s", strerror(errno));
	for (int i = 0; i < LOCK_SECONDS * LOCK_POLLS_A_SECOND; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return fd;
		if (errno != EWOULDBLOCK && errno != EINTR)
			break;
		if (i == LOCK_POLLS_A_SECOND)
			fail(LOCK_FILE, "another " PROGRAM " is at work: waiting for it");
		nanosleep(&pause, NULL);
	}
	if (errno == EWOULDBLOCK)
		fail(LOCK_FILE, "another " PROGRAM " has been at work for %d seconds; see what "
		     "holds it: fuser " LOCK_FILE, LOCK_SECONDS);
	else
		fail(LOCK_FILE, "cannot lock: %s", strerror(errno));
	close(fd);
	return -1;
}

/*
 * bpffs takes no dots (bpf_lookup() in kernel/bpf/inode.c), VLAN interfaces have them, and a colon
 * is what no interface's name has.
 */
static void swap(char *text, char from, char to)
{
	for (; *text; text++)
		if (*text == from)
			*text = to;
}

void pins_path(char *path, const char *nic, const char *name)
{
	char directory[IFNAMSIZ] = {};

	strncpy(directory, nic, sizeof(directory) - 1);
	swap(directory, '.', ':');
	snprintf(path, PIN_PATH_SIZE, PINS_ROOT "/%s%s%s", directory, name ? "/" : "",
		 name ? name : "");
}

bool pins_exist(const char *nic)
{
	char path[PIN_PATH_SIZE];

	pins_path(path, nic, NULL);
	return access(path, F_OK) == 0;
}

int pins_make(const char *nic)
{
	char path[PIN_PATH_SIZE];

	if (mkdir(PINS_ROOT, 0700) < 0 && errno != EEXIST)
		return -errno;
	pins_path(path, nic, NULL);
	if (mkdir(path, 0700) < 0)
		return errno == EEXIST ? 0 : -errno;
	did("mkdir -p %s", path);
	return 0;
}

int pins_rename(const char *old, const char *new)
{
	char from[PIN_PATH_SIZE], to[PIN_PATH_SIZE];

	pins_path(from, old, NULL);
	pins_path(to, new, NULL);
	if (rename(from, to) < 0)
		return -errno;
	did("mv %s %s", from, to);
	return 0;
}

int pins_remove(const char *nic)
{
	char path[PIN_PATH_SIZE];
	struct dirent *entry;
	int err = 0;
	DIR *pins;

	pins_path(path, nic, NULL);
	pins = opendir(path);
	if (!pins && errno != ENOENT)
		return -errno;
	while (pins && (entry = readdir(pins)))
		if (*entry->d_name != '.' && unlinkat(dirfd(pins), entry->d_name, 0) < 0)
			err = -errno;
	if (pins) {
		closedir(pins);
		if (rmdir(path) == 0)
			did("rm -r %s", path);
		else if (!err)
			err = -errno;
	}
	if (rmdir(PINS_ROOT) < 0 && errno != ENOTEMPTY && errno != ENOENT && !err)
		err = -errno;
	return err;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

static int add_name(struct pins_names *names, const char *name)
{
	size_t size = strlen(name) + 1;
	char (*list)[IFNAMSIZ];

	if (*name == '.' || size > IFNAMSIZ)
		return 0;
	list = reallocarray(names->list, names->count + 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	names->list = list;
	memcpy(list[names->count], name, size);
	swap(list[names->count++], ':', '.');
	return 0;
}

int pins_list(struct pins_names *names)
{
	struct dirent *entry;
	int err = 0;
	DIR *root;

	memset(names, 0, sizeof(*names));
	root = opendir(PINS_ROOT);
	if (!root && errno == ENOENT)
		return 0;
	if (!root)
		return fail(PINS_ROOT, "cannot list it: %s%s", strerror(errno),
			    errno == EACCES ? "; run as root" : "");
	while (!err && (entry = readdir(root)))
		err = add_name(names, entry->d_name);
	closedir(root);
	if (err) {
		pins_names_free(names);
		return fail(PINS_ROOT, "cannot list it: %s", strerror(-err));
	}
	if (names->count)
		qsort(names->list, names->count, sizeof(*names->list), compare_names);
	return 0;
}

void pins_names_free(struct pins_names *names)
{
	free(names->list);
	memset(names, 0, sizeof(*names));
}

int pins_choose(struct pins_names *names, const char *nic)
{
	int err;

	if (!nic)
		return pins_list(names);
	memset(names, 0, sizeof(*names));
	if (!netif_name_valid(nic) || !pins_exist(nic))
		return fail(nic, PROGRAM " is not attached");
	err = add_name(names, nic);
	return err ? fail(nic, "cannot remember the name: %s", strerror(-err)) : 0;
}

int pins_only(char nic[IFNAMSIZ])
{
	struct pins_names names;
	char text[512] = "";

	if (pins_list(&names))
		return -1;
	if (names.count == 1)
		memcpy(nic, names.list[0], IFNAMSIZ);
	for (size_t i = 0; i < names.count; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i ? ", " : "",
			 names.list[i]);
	pins_names_free(&names);
	if (!*text)
		return fail(NULL, "not attached to any interface; `" PROGRAM
			    " attach IFACE` does it");
	if (names.count == 1 || !strchr(text, ','))
		return 0;
	return fail(NULL, "attached to several interfaces: %s; choose one with --dev", text);
}
