// SPDX-License-Identifier: GPL-2.0-only
/* The interface that faces the internet. */
#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"
#include "driver.h"
#include "error.h"
#include "ethtool.h"
#include "format.h"
#include "route.h"
#include "xdp.h"

#define ETHERNET_MTU 1500

void check_nic(struct doctor *doctor)
{
	const char *name = doctor->name;

	if (!doctor->nic.ifindex) {
		if (!doctor->pinned)
			found(doctor, SEVERITY_PROBLEM, "no such interface here; see `ip link`");
		return;
	}
	if (doctor->nic.flags & IFF_UP) {
		if (doctor->nic.flags & IFF_RUNNING)
			return;
		found(doctor, SEVERITY_PROBLEM, "no carrier: nothing is plugged in");
	} else if (!doctor->pinned) {
		found(doctor, SEVERITY_PROBLEM, "it is down");
		mend(doctor, "ip link set %s up", name);
	}
}

/*
 * The largest MTU with which the driver takes native XDP, one packet to a page of 4096 bytes:
 * ENA_XDP_MAX_MTU in drivers/net/ethernet/amazon/ena/ena_netdev.h, virtnet_xdp_set() in
 * drivers/net/virtio_net.c, verify_xdp_configuration() in
 * drivers/net/ethernet/google/gve/gve_main.c.
 */
static unsigned int native_mtu(const char *driver)
{
	if (strcmp(driver, "ena") == 0)
		return 3498;
	if (strcmp(driver, "virtio_net") == 0)
		return 3494;
	if (strcmp(driver, "gve") == 0)
		return 2032;
	return 0;
}

static void explain_refusal(struct doctor *doctor, const char *driver)
{
	const char *why = strerror(doctor->report.state.config.native_error);
	unsigned int mtu = doctor->nic.mtu, max = native_mtu(driver);

	if (mtu > ETHERNET_MTU && (!max || mtu > max)) {
		found(doctor, SEVERITY_NOTE, "tc mode: %s refused native XDP (%s), as many do with "
		      "an MTU of %u", driver, why, mtu);
		mend(doctor, "ip link set %s mtu %u && " PROGRAM " attach %s", doctor->name,
		     ETHERNET_MTU, doctor->name);
		return;
	}
	found(doctor, SEVERITY_NOTE, "tc mode: %s refused native XDP (%s); `dmesg` may say why: "
	      "often it wants spare queues", driver, why);
}

void check_driver(struct doctor *doctor)
{
	const struct nestwg_config *config = &doctor->report.state.config;
	char reason[DRIVER_TEXT_SIZE];
	struct ethtool_drvinfo info;
	const char *driver = info.driver;

	if (ethtool_driver(doctor->name, &info))
		driver = "a driver without a name";
	if (!doctor_attached(doctor)) {
		found(doctor, SEVERITY_OK, "%s", driver);
		if (native_mtu(driver) && !driver_wants_tc(doctor->name) &&
		    doctor->nic.mtu > native_mtu(driver)) {
			found(doctor, SEVERITY_NOTE, "%s takes native XDP up to an MTU of %u only, "
			      "here it is %u", driver, native_mtu(driver), doctor->nic.mtu);
			mend(doctor, "ip link set %s mtu %u", doctor->name, ETHERNET_MTU);
		}
	} else if (config->native_error) {
		explain_refusal(doctor, driver);
	} else {
		driver_mode_reason(doctor->name, config, reason);
		found(doctor, SEVERITY_OK, "%s, mode %s (%s)", driver, mode_name(config->mode),
		      *reason ? reason : "as wanted");
	}
}

void check_queues(struct doctor *doctor)
{
	unsigned int cpus = (unsigned int)sysconf(_SC_NPROCESSORS_ONLN), now, most;
	struct ethtool_channels channels;
	struct ethtool_ringparam ring;
	char depth[48] = "";

	if (ethtool_channels(doctor->name, &channels))
		return;
	if (!ethtool_ring(doctor->name, &ring) && ring.rx_pending)
		snprintf(depth, sizeof(depth), ", ring %u of %u", ring.rx_pending,
			 ring.rx_max_pending);
	now = channels.combined_count + channels.rx_count;
	most = channels.max_combined ? channels.max_combined : channels.max_rx;
	if (now >= cpus || now >= most) {
		found(doctor, SEVERITY_OK, "%u for %u CPUs%s", now, cpus, depth);
		return;
	}
	found(doctor, SEVERITY_NOTE, "%u for %u CPUs%s: the others never see a packet", now, cpus,
	      depth);
	mend(doctor, "ethtool -L %s %s %u", doctor->name, channels.max_combined ? "combined" : "rx",
	     most < cpus ? most : cpus);
}

/* RFC 1918, RFC 6598 and RFC 3927. */
static bool is_private(__be32 address)
{
	uint32_t host = ntohl(address);

	return host >> 24 == 10 || host >> 20 == 0xac1 || host >> 16 == 0xc0a8 ||
	       host >> 22 == 0x64400000 >> 22 || host >> 16 == 0xa9fe;
}

void check_address(struct doctor *doctor)
{
	if (!doctor->address)
		return;
	if (is_private(doctor->address))
		found(doctor, SEVERITY_NOTE, "%s is private: the cloud translates its public "
		      "address to it, one to one; which that is cannot be seen from here",
		      address_text(doctor->address).s);
	else
		found(doctor, SEVERITY_OK, "%s", address_text(doctor->address).s);
}

void check_route(struct doctor *doctor)
{
	struct default_route route;

	if (!default_route_get(&route))
		found(doctor, SEVERITY_WARNING, "there is no default route: no answer finds its "
		      "way back to the internet");
	else if (strcmp(route.interface, doctor->name) != 0)
		found(doctor, SEVERITY_WARNING, "the default route leaves by %s, not by %s: is "
		      "this the interface that faces the internet?", route.interface, doctor->name);
	else
		found(doctor, SEVERITY_OK, "the default one leaves by %s", doctor->name);
}

void check_neighbour(struct doctor *doctor)
{
	struct default_route route;

	if (!default_route_get(&route) || strcmp(route.interface, doctor->name) != 0 ||
	    !route.gateway)
		return;
	switch (neighbour_look(route.interface, route.gateway)) {
	case NEIGHBOUR_UNKNOWN:
		break;
	case NEIGHBOUR_ANSWERS:
		found(doctor, SEVERITY_OK, "%s answers ARP", address_text(route.gateway).s);
		break;
	case NEIGHBOUR_SILENT:
		found(doctor, SEVERITY_PROBLEM, "the next router %s does not answer ARP: nothing "
		      "leaves", address_text(route.gateway).s);
		break;
	}
}

void check_other_xdp(struct doctor *doctor)
{
	struct xdp_program program;
	const char *name;

	if (xdp_query(doctor->nic.ifindex, &program) || !program.id)
		return;
	if (doctor->pinned && program.id == doctor->report.hooks[HOOK_INGRESS].program_id)
		return;
	name = *program.name ? program.name : "without a name";
	if (doctor_attached(doctor)) {
		found(doctor, SEVERITY_NOTE, "another XDP program (%s, id %u) sees every packet "
		      "before " PROGRAM " does", name, program.id);
		return;
	}
	found(doctor, SEVERITY_WARNING, "another XDP program (%s, id %u) is there: attach takes "
	      "its place with --replace, or leaves it alone with --mode tc", name, program.id);
	mend(doctor, PROGRAM " attach %s --replace", doctor->name);
}

static void program_name(__u32 id, char name[BPF_OBJ_NAME_LEN])
{
	struct bpf_prog_info info = {};
	__u32 length = sizeof(info);
	int fd = bpf_prog_get_fd_by_id(id);

	strcpy(name, "?");
	if (fd < 0)
		return;
	if (!bpf_obj_get_info_by_fd(fd, &info, &length) && *info.name)
		memcpy(name, info.name, BPF_OBJ_NAME_LEN);
	close(fd);
}

/* tcx programs run in the order in which they are listed, and the first verdict counts. */
static void look_before(struct doctor *doctor, enum hook_id id, int ifindex, const char *dev)
{
	__u32 ids[TCX_PROGRAMS], count = TCX_PROGRAMS;

	if (bpf_prog_query(ifindex, hook_attach_type(id), 0, NULL, ids, &count))
		return;
	for (__u32 i = 0; i < count && ids[i] != doctor->report.hooks[id].program_id; i++) {
		char name[BPF_OBJ_NAME_LEN];

		program_name(ids[i], name);
		found(doctor, SEVERITY_WARNING, "the program %s (id %u) comes before nestwg_%s on "
		      "%s (%s) and may take its packets", name, ids[i], hook_name(id), dev,
		      hook_where(id));
	}
}

void check_order(struct doctor *doctor)
{
	const struct report *report = &doctor->report;

	for (enum hook_id id = 0; id < HOOK_INGRESS; id++)
		if (report->hooks[id].health == HOOK_ALIVE)
			look_before(doctor, id, report->hooks[id].ifindex,
				    id == HOOK_RETURN ? report->tunnel.name : doctor->name);
}
