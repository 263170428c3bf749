/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where everything that outlives the command is: /sys/fs/bpf/nestwg/IFACE/, with the maps by their
 * names and the links as link_HOOK. There is no other state and no daemon.
 */
#ifndef NESTWG_PINS_H
#define NESTWG_PINS_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

#define BPFFS		"/sys/fs/bpf"
#define PINS_ROOT	BPFFS "/nestwg"
/* The state's own file system: who has another one cannot get in the way. */
#define LOCK_FILE	BPFFS

/* "ingress_old" is the longest name in a directory, a map's has at most 15 characters. */
#define PIN_PATH_SIZE	(sizeof(PINS_ROOT) + IFNAMSIZ + 32)

/*
 * Waits for other commands that change something; whoever only reads needs no lock. Returns a file
 * descriptor to be closed at the end, or -1 after reporting.
 */
int pins_lock(void);

/* PINS_ROOT/NIC, or PINS_ROOT/NIC/NAME; `path` has PIN_PATH_SIZE bytes. */
void pins_path(char *path, const char *nic, const char *name);

bool pins_exist(const char *nic);

/* 0 or a negative errno. */
int pins_make(const char *nic);

/* Unless NEW is there already. 0 or a negative errno. */
int pins_rename(const char *old, const char *new);

/* Removes the directory and whatever is in it, if it is there; and PINS_ROOT, if it is empty. 0 or a negative errno. */
int pins_remove(const char *nic);

/* The interfaces that have a directory, sorted. */
struct pins_names {
	char (*list)[IFNAMSIZ];
	size_t count;
};

/* 0, or -1 after reporting. */
int pins_list(struct pins_names *names);
void pins_names_free(struct pins_names *names);

/*
 * All, or only `nic` if that is not NULL. 0, or -1 after reporting, also when `nic` is not
 * attached.
 */
int pins_choose(struct pins_names *names, const char *nic);

/* The only one that there is, into `nic`. 0, or -1 after reporting. */
int pins_only(char nic[IFNAMSIZ]);

#endif /* NESTWG_PINS_H */
