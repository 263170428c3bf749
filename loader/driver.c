// SPDX-License-Identifier: GPL-2.0-only
/*
 * Native XDP is the fastest where the driver hands over the buffer that the NIC has filled. Where it
 * copies each packet first, or gives up what had packets arrive in bundles, tc does the same work for
 * less. Drivers that refuse while LRO is on, or with too few queues, need no row: then auto takes tc.
 */
#include <stdio.h>
#include <string.h>

#include "driver.h"
#include "ethtool.h"

struct preference {
	const char *driver;
	const char *why;
};

static const struct preference tc_is_better[] = {
	/*
	 * virtnet_xdp_set(), drivers/net/virtio_net.c: virtnet_clear_guest_offloads(). And it is a
	 * third dearer for single packets: scripts/bench --place vm.
	 */
	{ "virtio_net", "native XDP ends the host's TSO and checksums for it" },
	/* netvsc_run_xdp(), drivers/net/hyperv/netvsc_bpf.c: alloc_page(), memcpy(). */
	{ "hv_netvsc", "native XDP copies each packet into a page of its own" },
	/* vmxnet3_xdp_set() and vmxnet3_process_xdp_small(), drivers/net/vmxnet3/vmxnet3_xdp.c. */
	{ "vmxnet3", "native XDP ends LRO and copies small packets" },
};

static const char *why_tc(const char *driver)
{
	for (size_t i = 0; i < sizeof(tc_is_better) / sizeof(tc_is_better[0]); i++)
		if (strcmp(driver, tc_is_better[i].driver) == 0)
			return tc_is_better[i].why;
	return NULL;
}

const char *driver_wants_tc(const char *nic)
{
	struct ethtool_drvinfo info;

	return ethtool_driver(nic, &info) ? NULL : why_tc(info.driver);
}

void driver_mode_reason(const char *nic, const struct nestwg_config *config,
			char text[DRIVER_TEXT_SIZE])
{
	struct ethtool_drvinfo info;
	const char *why;

	text[0] = '\0';
	if (config->native_error) {
		snprintf(text, DRIVER_TEXT_SIZE, "driver refused native XDP: %s",
			 strerror(config->native_error));
		return;
	}
	if (config->mode_wanted != NESTWG_MODE_AUTO || ethtool_driver(nic, &info))
		return;
	why = why_tc(info.driver);
	if (config->mode == NESTWG_MODE_NATIVE)
		snprintf(text, DRIVER_TEXT_SIZE, "auto: %s has native XDP", info.driver);
	else if (config->mode == NESTWG_MODE_TC && why)
		snprintf(text, DRIVER_TEXT_SIZE, "auto: with %s tc is better, %s", info.driver, why);
}
