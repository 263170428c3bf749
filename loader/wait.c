// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "error.h"
#include "wait.h"

#define NS_PER_SECOND 1000000000L

int wait_open(struct wait *wait, bool terminal)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	if (terminal) {
		sigaddset(&set, SIGWINCH);
		sigaddset(&set, SIGTSTP);
	}
	sigprocmask(SIG_BLOCK, &set, NULL);
	wait->keyboard = -1;
	wait->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return wait->signals < 0 ? fail(NULL, "cannot wait for signals: %s", strerror(errno)) : 0;
}

void wait_close(struct wait *wait)
{
	if (wait->signals >= 0)
		close(wait->signals);
	wait->signals = -1;
}

static enum wait_event take_signal(struct wait *wait)
{
	struct signalfd_siginfo info;

	if (read(wait->signals, &info, sizeof(info)) != sizeof(info))
		return WAIT_TIME;
	switch (info.ssi_signo) {
	case SIGWINCH:
		return WAIT_RESIZE;
	case SIGTSTP:
		return WAIT_SUSPEND;
	default:
		return WAIT_STOP;
	}
}

static enum wait_event take_key(struct wait *wait)
{
	ssize_t count;
	char key;

	count = read(wait->keyboard, &key, 1);
	if (count == 1)
		return key == 'q' || key == 'Q' ? WAIT_STOP : WAIT_TIME;
	if (count == 0 || errno != EINTR)
		wait->keyboard = -1;
	return WAIT_TIME;
}

/* What is left until then; false if it is past. */
static bool time_left(const struct timespec *when, struct timespec *left)
{
	clock_gettime(CLOCK_MONOTONIC, left);
	left->tv_sec = when->tv_sec - left->tv_sec;
	left->tv_nsec = when->tv_nsec - left->tv_nsec;
	if (left->tv_nsec < 0) {
		left->tv_sec--;
		left->tv_nsec += NS_PER_SECOND;
	}
	if (left->tv_sec >= 0)
		return true;
	*left = (struct timespec){};
	return false;
}

enum wait_event wait_until(struct wait *wait, const struct timespec *when)
{
	enum wait_event event = WAIT_TIME;
	struct timespec left;
	bool early;

	do {
		/* Of the output, poll() tells only that its reader has gone. */
		struct pollfd fds[] = {
			{ .fd = wait->signals, .events = POLLIN },
			{ .fd = wait->keyboard, .events = POLLIN },
			{ .fd = STDOUT_FILENO },
		};

		early = time_left(when, &left);
		if (ppoll(fds, sizeof(fds) / sizeof(fds[0]), &left, NULL) <= 0)
			continue;
		if (fds[0].revents)
			event = take_signal(wait);
		else if (fds[1].revents)
			event = take_key(wait);
		else
			return WAIT_TIME;	/* the next write ends it */
	} while (early && event == WAIT_TIME);
	return event;
}

bool wait_stopped(struct wait *wait)
{
	const struct timespec past = {};

	return wait_until(wait, &past) == WAIT_STOP;
}
