// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ethtool.h"

/* `data` begins with the command. */
static int ask(const char *name, void *data)
{
	struct ifreq request = { .ifr_data = data };
	int err = 0, fd;

	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	strncpy(request.ifr_name, name, sizeof(request.ifr_name) - 1);
	if (ioctl(fd, SIOCETHTOOL, &request) < 0)
		err = -errno;
	close(fd);
	return err;
}

int ethtool_driver(const char *name, struct ethtool_drvinfo *info)
{
	memset(info, 0, sizeof(*info));
	info->cmd = ETHTOOL_GDRVINFO;
	return ask(name, info);
}

int ethtool_channels(const char *name, struct ethtool_channels *channels)
{
	memset(channels, 0, sizeof(*channels));
	channels->cmd = ETHTOOL_GCHANNELS;
	return ask(name, channels);
}

int ethtool_ring(const char *name, struct ethtool_ringparam *ring)
{
	memset(ring, 0, sizeof(*ring));
	ring->cmd = ETHTOOL_GRINGPARAM;
	return ask(name, ring);
}
