// SPDX-License-Identifier: GPL-2.0-only
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "error.h"
#include "pins.h"
#include "watcher.h"

#define POLL_MS		200
#define LEASE_NS	3000000000ULL	/* long enough for a terminal that is slow to take the output */

static __u64 monotonic(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (__u64)now.tv_sec * 1000000000 + (__u64)now.tv_nsec;
}

static int lock(const char *nic)
{
	char path[PIN_PATH_SIZE];
	int fd;

	pins_path(path, nic, NULL);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fail(nic, "cannot open %s: %s", path, strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	if (errno == EWOULDBLOCK)
		fail(nic, "another monitor watches it; see who: fuser %s", path);
	else
		fail(nic, "cannot lock %s: %s", path, strerror(errno));
	close(fd);
	return -1;
}

/* A map that an older version did not have comes with the next attach. */
static int open_pinned(const char *nic, const char *name)
{
	char path[PIN_PATH_SIZE];
	int fd;

	pins_path(path, nic, name);
	fd = bpf_obj_get(path);
	if (fd < 0)
		fail(nic, "cannot open its map `%s`: %s%s%s", name, strerror(errno),
		     errno == ENOENT ? "; an upgrade makes it: " PROGRAM " attach " : "",
		     errno == ENOENT ? nic : "");
	return fd;
}

static struct nestwg_watcher *map_shared(const char *nic)
{
	void *memory;
	int fd;

	fd = open_pinned(nic, "watcher");
	if (fd < 0)
		return NULL;
	memory = mmap(NULL, sizeof(struct nestwg_watcher), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (memory != MAP_FAILED)
		return memory;
	fail(nic, "cannot map its map `watcher`: %s", strerror(errno));
	return NULL;
}

static int take_event(void *context, void *data, size_t size)
{
	const struct watcher *watcher = context;

	/* What somebody before us left in the ring is not what we want. */
	if (watcher->shared->on && size >= sizeof(struct nestwg_event))
		watcher->show(watcher->context, data);
	return 0;
}

static struct ring_buffer *open_ring(const char *nic, struct watcher *watcher)
{
	struct ring_buffer *ring;
	int fd;

	fd = open_pinned(nic, "events");
	if (fd < 0)
		return NULL;
	ring = ring_buffer__new(fd, take_event, watcher, NULL);
	if (!ring)
		fail(nic, "cannot read its ring buffer: %s", strerror(errno));
	close(fd);
	return ring;
}

static void renew(const struct watcher *watcher)
{
	watcher->shared->until = monotonic() + LEASE_NS;
	/* After everything else that the programs read. */
	__atomic_store_n(&watcher->shared->on, 1, __ATOMIC_RELEASE);
}

int watcher_open(struct watcher *watcher, const char *nic, const struct nestwg_watcher *wanted,
		 watcher_show show, void *context)
{
	*watcher = (struct watcher){ .lock_fd = lock(nic), .show = show, .context = context };
	if (watcher->lock_fd < 0)
		return -1;
	watcher->shared = map_shared(nic);
	if (!watcher->shared)
		return -1;
	watcher->ring = open_ring(nic, watcher);
	if (!watcher->ring)
		return -1;

	__atomic_store_n(&watcher->shared->on, 0, __ATOMIC_SEQ_CST);
	ring_buffer__consume(watcher->ring);
	*watcher->shared = *wanted;
	watcher->shared->lost = 0;
	renew(watcher);
	return 0;
}

int watcher_poll(struct watcher *watcher)
{
	int shown;

	renew(watcher);
	shown = ring_buffer__poll(watcher->ring, POLL_MS);
	return shown < 0 && shown != -EINTR ? shown : 0;
}

unsigned long long watcher_lost(const struct watcher *watcher)
{
	return watcher->shared->lost;
}

void watcher_close(struct watcher *watcher)
{
	if (watcher->ring)
		__atomic_store_n(&watcher->shared->on, 0, __ATOMIC_RELEASE);
	ring_buffer__free(watcher->ring);
	if (watcher->shared)
		munmap(watcher->shared, sizeof(*watcher->shared));
	if (watcher->lock_fd >= 0)
		close(watcher->lock_fd);
}
