// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "error.h"
#include "guard.h"
#include "pending.h"
#include "run.h"
#include "verbose.h"

#define SELF		"/proc/self/exe"
#define UNIT_SIZE	64
#define PATH_SIZE	4096

static bool same_file(const char *a, const char *b)
{
	struct stat one, other;

	return !stat(a, &one) && !stat(b, &other) && one.st_dev == other.st_dev &&
	       one.st_ino == other.st_ino;
}

/*
 * A service has the namespaces of PID 1: from others it would see neither the pins nor the
 * interfaces.
 */
static bool systemd_can(void)
{
	return access("/run/systemd/system", F_OK) == 0 &&
	       same_file("/proc/1/ns/net", "/proc/self/ns/net") &&
	       same_file("/proc/1/ns/mnt", "/proc/self/ns/mnt");
}

static bool start_service(const char *nic)
{
	static const char description[] = "--description=" PROGRAM ": takes back what is not "
					  "confirmed";
	char program[PATH_SIZE], unit[UNIT_SIZE];
	const char *const argv[] = {
		"systemd-run", "--quiet", "--collect", unit, description,
		"--", program, "confirm", "--guard", nic, NULL,
	};
	char *output = NULL;
	ssize_t length;
	int status;

	length = readlink(SELF, program, sizeof(program) - 1);
	if (length < 0)
		return false;
	program[length] = '\0';
	/*
	 * By the process' number: an earlier guard may not have ended yet, and an interface's name
	 * may need escaping.
	 */
	snprintf(unit, sizeof(unit), "--unit=" PROGRAM "-guard-%d", getpid());
	status = run(argv, &output);
	free(output);
	if (status)
		return false;
	did("systemd-run %s " PROGRAM " confirm --guard %s", unit, nic);
	return true;
}

static int set_attributes(posix_spawnattr_t *attributes)
{
	sigset_t none;
	int err;

	sigemptyset(&none);
	err = posix_spawnattr_setsigmask(attributes, &none);
	if (!err)
		err = posix_spawnattr_setflags(attributes,
					       POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK);
	return err;
}

static int set_files(posix_spawn_file_actions_t *actions)
{
	int err = 0;

	for (int fd = STDIN_FILENO; !err && fd <= STDERR_FILENO; fd++)
		err = posix_spawn_file_actions_addopen(actions, fd, "/dev/null", O_RDWR, 0);
	return err;
}

static int start_process(const char *nic)
{
	const char *const argv[] = { PROGRAM, "confirm", "--guard", nic, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	pid_t pid;
	int err;

	err = posix_spawn_file_actions_init(&actions);
	if (err)
		return err;
	err = posix_spawnattr_init(&attributes);
	if (!err) {
		err = set_attributes(&attributes);
		if (!err)
			err = set_files(&actions);
		if (!err)
			err = posix_spawn(&pid, SELF, &actions, &attributes, (char *const *)argv,
					  environ);
		posix_spawnattr_destroy(&attributes);
	}
	posix_spawn_file_actions_destroy(&actions);
	if (!err)
		did("setsid " PROGRAM " confirm --guard %s (process %d)", nic, pid);
	return err;
}

int guard_start(const char *nic)
{
	int err;

	if (systemd_can() && start_service(nic))
		return 0;
	err = start_process(nic);
	return err ? fail(nic, "cannot start what would take it back: %s", strerror(err)) : 0;
}

int guard_watch(const char *nic)
{
	const struct timespec moment = { .tv_sec = 1 };
	bool due;

	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	if (chdir("/") < 0)
		return fail("/", "%s", strerror(errno));
	openlog(PROGRAM, LOG_PID, LOG_DAEMON);
	while (pending_waits(nic, &due)) {
		if (due && !pending_take_back(nic, false))
			syslog(LOG_WARNING, "%s: not confirmed in time: taken back", nic);
		nanosleep(&moment, NULL);
	}
	closelog();
	return 0;
}
