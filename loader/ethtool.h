/* SPDX-License-Identifier: GPL-2.0-only */
/* What a driver says of itself: by ioctl, since /sys shows the namespace of whoever mounted it. */
#ifndef NESTWG_ETHTOOL_H
#define NESTWG_ETHTOOL_H

#include <linux/ethtool.h>

/* Each 0, or a negative errno: -EOPNOTSUPP where the driver has nothing to say. */
int ethtool_driver(const char *name, struct ethtool_drvinfo *info);
int ethtool_channels(const char *name, struct ethtool_channels *channels);
int ethtool_ring(const char *name, struct ethtool_ringparam *ring);

#endif /* NESTWG_ETHTOOL_H */
