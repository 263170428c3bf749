// SPDX-License-Identifier: GPL-2.0-only
/* See packet_lab.h. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/ethtool.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/pkt_cls.h>
#include <linux/sockios.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "packet_lab.h"

#define WAIT_MS		20000	/* emulated machines are slow */
#define SENTINEL_HOST	IP(203, 0, 113, 250)
#define SENTINEL_PORT	9

static int complain(const char *what)
{
	printf("# %s: %s\n", what, strerror(errno));
	return -1;
}

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t written;

	if (fd < 0)
		return -1;
	written = write(fd, text, strlen(text));
	close(fd);
	return written < 0 ? -1 : 0;
}

static int make_devices(void)
{
	static const char *const commands[] = {
		"ip link set lo up",
		"ip link add nic type veth peer name wire",
		"ip link set nic address 02:00:00:00:00:10",
		"ip link set wire address 02:00:00:00:00:01",
		"ip link set wire mtu 3000 arp off up",
		"ip link set nic up",
		"ip addr add 192.0.2.10/24 dev nic",
		"ip neigh add 192.0.2.1 lladdr 02:00:00:00:00:01 nud permanent dev nic",
		"ip route add default via 192.0.2.1",
		"ip link set wg mtu 1420 up",
		"ip addr add 10.0.18.1/30 dev wg",
		"ip link set stack mtu 9000 up",
		"ip route add 172.20.0.0/24 dev stack",
		"ip route add 172.21.0.0/24 dev wire",
		"ip neigh add 172.21.0.5 lladdr 02:00:00:00:00:05 nud permanent dev wire",
	};

	for (unsigned int i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		if (system(commands[i])) {
			printf("# failed: %s\n", commands[i]);
			return -1;
		}
	}
	return 0;
}

static int open_tun(const char *name, short flags)
{
	struct ifreq request = { .ifr_flags = IFF_TUN | flags };
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return complain("/dev/net/tun");
	strcpy(request.ifr_name, name);
	if (ioctl(fd, TUNSETIFF, &request)) {
		complain("TUNSETIFF");
		close(fd);
		return -1;
	}
	return fd;
}

/* Without it bundles and half checksums would leave `nic` as they are, since veth takes them. */
static int disable_checksum_offload(const char *name)
{
	struct ethtool_value value = { .cmd = ETHTOOL_STXCSUM };
	struct ifreq request = { .ifr_data = (void *)&value };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err;

	if (fd < 0)
		return -1;
	strcpy(request.ifr_name, name);
	err = ioctl(fd, SIOCETHTOOL, &request);
	close(fd);
	return err ? complain("ETHTOOL_STXCSUM") : 0;
}

static int open_wire(int ifindex)
{
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = ifindex,
	};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int one = 1;

	if (fd < 0)
		return complain("AF_PACKET");
	if (setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof(one)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)) ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address))) {
		complain("AF_PACKET");
		close(fd);
		return -1;
	}
	return fd;
}

/* return bpf_redirect(IFINDEX, 0); */
static int load_sink(int ifindex)
{
	const struct bpf_insn program[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_1, .imm = ifindex },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_redirect },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "sink", "GPL", program,
			     sizeof(program) / sizeof(*program), NULL);
}

static int attach_tc(int ifindex, enum bpf_tc_attach_point point, int fd, int priority)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = point);
	LIBBPF_OPTS(bpf_tc_opts, opts, .prog_fd = fd, .priority = priority, .handle = 1);
	int err = bpf_tc_hook_create(&hook);

	if (err && err != -EEXIST)
		return err;
	return bpf_tc_attach(&hook, &opts);
}

/*
 * Who reads `wire` has seen a packet before tc does; to the namespace's own stack it must not come. That would
 * answer bad IP options even of what it may not forward (ip_options_compile()), and the answer leaves by `nic`.
 */
static int make_deaf(int ifindex)
{
	const struct bpf_insn program[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = TC_ACT_SHOT },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "deaf", "GPL", program,
			       sizeof(program) / sizeof(*program), NULL);
	int err;

	if (fd < 0)
		return complain("loading the drop");
	err = attach_tc(ifindex, BPF_TC_INGRESS, fd, 1);
	close(fd);
	return err ? complain("tc") : 0;
}

static int attach_programs(struct lab *lab)
{
	struct nestwg_bpf *skel = lab->skel;

	if (attach_tc(lab->nic_ifindex, BPF_TC_INGRESS,
		      bpf_program__fd(skel->progs.nestwg_handoff), 1) ||
	    attach_tc(lab->nic_ifindex, BPF_TC_EGRESS,
		      bpf_program__fd(skel->progs.nestwg_learn), 1) ||
	    attach_tc(lab->wg_ifindex, BPF_TC_INGRESS,
		      bpf_program__fd(skel->progs.nestwg_return), 1))
		return complain("tc");
	return 0;
}

static int attach_sink(struct lab *lab)
{
	lab->sink_fd = load_sink(lab->stack_ifindex);
	if (lab->sink_fd < 0)
		return complain("loading the sink");
	if (attach_tc(lab->nic_ifindex, BPF_TC_INGRESS, lab->sink_fd, 2) ||
	    attach_tc(lab->wg_ifindex, BPF_TC_INGRESS, lab->sink_fd, 2))
		return complain("tc");
	return 0;
}

static void *map_memory(const struct bpf_map *map, size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static int load_programs(struct lab *lab)
{
	lab->skel = nestwg_bpf__open_and_load();
	if (!lab->skel)
		return complain("loading the programs");
	lab->ports = map_memory(lab->skel->maps.ports, NESTWG_PORTS * sizeof(*lab->ports));
	lab->protocols = map_memory(lab->skel->maps.protocols,
				    NESTWG_PROTOCOLS * sizeof(*lab->protocols));
	if (!lab->ports || !lab->protocols)
		return complain("mmap");
	return 0;
}

/* One CPU: what goes in one after the other comes out one after the other. */
static int stay_on_one_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	return sched_setaffinity(0, sizeof(set), &set);
}

int lab_make_devices(struct lab *lab)
{
	*lab = (struct lab){ .wire = -1, .wg = -1, .stack = -1, .sink_fd = -1 };
	lab->cpus = libbpf_num_possible_cpus();
	if (unshare(CLONE_NEWNET) || stay_on_one_cpu())
		return complain("unshare");
	/* Without IPv6 in the kernel there is nothing to be silenced. */
	write_file("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1");
	write_file("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");

	lab->wg = open_tun("wg", IFF_VNET_HDR);
	lab->stack = open_tun("stack", IFF_NO_PI);
	if (lab->wg < 0 || lab->stack < 0 || make_devices() || disable_checksum_offload("nic"))
		return -1;
	lab->nic_ifindex = if_nametoindex("nic");
	lab->wire_ifindex = if_nametoindex("wire");
	lab->wg_ifindex = if_nametoindex("wg");
	lab->stack_ifindex = if_nametoindex("stack");
	lab->wire = open_wire(lab->wire_ifindex);
	return lab->wire < 0 ? -1 : make_deaf(lab->wire_ifindex);
}

int lab_make_programs(struct lab *lab)
{
	return load_programs(lab) ? -1 : attach_programs(lab);
}

int lab_make(struct lab *lab)
{
	if (lab_make_devices(lab) || lab_make_programs(lab))
		return -1;
	return attach_sink(lab);
}

static void detach_xdp(struct lab *lab)
{
	if (lab->xdp_flags)
		bpf_xdp_detach(lab->nic_ifindex, lab->xdp_flags, NULL);
	lab->xdp_flags = 0;
}

void lab_close(struct lab *lab)
{
	const int fds[] = { lab->wire, lab->wg, lab->stack, lab->sink_fd };

	detach_xdp(lab);
	if (lab->ports)
		munmap(lab->ports, NESTWG_PORTS * sizeof(*lab->ports));
	if (lab->protocols)
		munmap(lab->protocols, NESTWG_PROTOCOLS * sizeof(*lab->protocols));
	nestwg_bpf__destroy(lab->skel);
	for (unsigned int i = 0; i < sizeof(fds) / sizeof(*fds); i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
}

int lab_set_mode(struct lab *lab, enum mode mode)
{
	static const int xdp_flags[] = {
		[MODE_NATIVE] = XDP_FLAGS_DRV_MODE,
		[MODE_GENERIC] = XDP_FLAGS_SKB_MODE,
		[MODE_TC] = 0,
	};
	static const __u32 flags[] = {
		[MODE_NATIVE] = NESTWG_XDP_REWRITES | NESTWG_XDP_JUDGES,
		[MODE_GENERIC] = NESTWG_XDP_JUDGES | NESTWG_TC_JUDGES,
		[MODE_TC] = NESTWG_TC_JUDGES,
	};
	struct nestwg_config config = {
		.address = htonl(PUBLIC),
		.peer = htonl(PEER),
		.tunnel_address = htonl(GATEWAY),
		.nic_ifindex = lab->nic_ifindex,
		.wg_ifindex = lab->wg_ifindex,
		.flags = flags[mode],
		.address_bits = nestwg_address_bit(htonl(GATEWAY)),
		.attached_at = 1,
	};
	const __be32 gateway = htonl(GATEWAY);
	const __u8 one = 1;
	__u32 zero = 0;

	detach_xdp(lab);
	if (xdp_flags[mode] &&
	    bpf_xdp_attach(lab->nic_ifindex, bpf_program__fd(lab->skel->progs.nestwg_ingress),
			   xdp_flags[mode], NULL))
		return complain("attaching XDP");
	lab->xdp_flags = xdp_flags[mode];
	lab->mode = mode;
	bpf_map__update_elem(lab->skel->maps.addresses, &gateway, sizeof(gateway), &one, sizeof(one),
			     BPF_ANY);
	return bpf_map__update_elem(lab->skel->maps.config, &zero, sizeof(zero), &config,
				    sizeof(config), BPF_ANY);
}

void lab_set_forwarding(bool on)
{
	write_file("/proc/sys/net/ipv4/conf/wg/forwarding", on ? "1" : "0");
}

void lab_set_answers(struct lab *lab, unsigned int tokens, unsigned long long age)
{
	struct nestwg_bucket buckets[lab->cpus];
	struct timespec now;
	__u32 zero = 0;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	for (unsigned int i = 0; i < lab->cpus; i++) {
		buckets[i].filled = now.tv_sec * 1000000000ULL + now.tv_nsec - age;
		buckets[i].tokens = tokens;
	}
	bpf_map__update_elem(lab->skel->maps.answers, &zero, sizeof(zero), buckets,
			     sizeof(buckets), BPF_ANY);
}

static void empty_map(const struct bpf_map *map)
{
	__u8 key[64];

	while (!bpf_map_get_next_key(bpf_map__fd(map), NULL, key))
		bpf_map_delete_elem(bpf_map__fd(map), key);
}

void lab_forget(struct lab *lab)
{
	empty_map(lab->skel->maps.flows);
	empty_map(lab->skel->maps.fragments);
	for (int i = 0; i < NESTWG_PORTS; i++) {
		memset(lab->ports[i].own_tcp, 0, sizeof(lab->ports[i].own_tcp));
		memset(lab->ports[i].own_udp, 0, sizeof(lab->ports[i].own_udp));
	}
	for (int i = 0; i < NESTWG_PROTOCOLS; i++)
		lab->protocols[i].own = 0;
}

void lab_read_counters(struct lab *lab, struct nestwg_counter counters[NESTWG_NR_REASONS])
{
	struct nestwg_counter each[lab->cpus];

	for (__u32 reason = 0; reason < NESTWG_NR_REASONS; reason++) {
		memset(each, 0, sizeof(each));
		bpf_map__lookup_elem(lab->skel->maps.counters, &reason, sizeof(reason), each,
				     sizeof(each), 0);
		counters[reason] = (struct nestwg_counter){};
		for (unsigned int i = 0; i < lab->cpus; i++) {
			counters[reason].packets += each[i].packets;
			counters[reason].bytes += each[i].bytes;
		}
	}
}

static struct virtio_net_hdr virtio_header(const struct offload *offload)
{
	struct virtio_net_hdr header = {};

	if (!offload || !offload->transport)
		return header;
	header.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	header.csum_start = offload->transport;
	header.csum_offset = offload->field;
	if (offload->gso_size) {
		header.gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
		header.gso_size = offload->gso_size;
		header.hdr_len = offload->headers;
	}
	return header;
}

int lab_send_wire(struct lab *lab, const struct bytes *frame, const struct offload *offload)
{
	struct virtio_net_hdr header = virtio_header(offload);
	struct iovec parts[] = {
		{ .iov_base = &header, .iov_len = sizeof(header) },
		{ .iov_base = (void *)frame->data, .iov_len = frame->len },
	};
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };

	return sendmsg(lab->wire, &message, 0) < 0 ? complain("sending on the wire") : 0;
}

static int send_home(struct lab *lab, const struct bytes *ip, __u16 ethertype,
		     const struct offload *offload)
{
	struct virtio_net_hdr header = virtio_header(offload);
	struct tun_pi info = { .proto = htons(ethertype) };
	struct iovec parts[] = {
		{ .iov_base = &info, .iov_len = sizeof(info) },
		{ .iov_base = &header, .iov_len = sizeof(header) },
		{ .iov_base = (void *)ip->data, .iov_len = ip->len },
	};

	return writev(lab->wg, parts, 3) < 0 ? complain("sending from the home") : 0;
}

int lab_send_home(struct lab *lab, const struct bytes *ip, const struct offload *offload)
{
	return send_home(lab, ip, ETH_P_IP, offload);
}

int lab_send_raw_home(struct lab *lab, const struct bytes *ip, __u16 ethertype)
{
	return send_home(lab, ip, ethertype, NULL);
}

/* Read one packet without SKIP leading bytes; false: nothing there. */
static bool receive(int fd, unsigned int skip, struct bytes *out)
{
	static __u8 buffer[BYTES_MAX + 64];
	ssize_t len = read(fd, buffer, sizeof(buffer));

	if (len < (ssize_t)skip || len - skip > BYTES_MAX)
		return false;
	out->len = len - skip;
	memcpy(out->data, buffer + skip, out->len);
	return true;
}

static bool receive_tunnel(struct lab *lab, struct bytes *out)
{
	return receive(lab->wg, sizeof(struct tun_pi) + sizeof(struct virtio_net_hdr), out);
}

static bool receive_nic(struct lab *lab, struct bytes *out)
{
	return receive(lab->wire, sizeof(struct virtio_net_hdr), out);
}

static bool receive_stack(struct lab *lab, struct bytes *out)
{
	return receive(lab->stack, 0, out);
}

static bool read_within(struct lab *lab, bool (*next)(struct lab *, struct bytes *), int fd,
			int wait_ms, struct bytes *out)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	if (next(lab, out))
		return true;
	return wait_ms && poll(&poll_fd, 1, wait_ms) > 0 && next(lab, out);
}

bool lab_read_tunnel(struct lab *lab, int wait_ms, struct bytes *out)
{
	return read_within(lab, receive_tunnel, lab->wg, wait_ms, out);
}

bool lab_read_stack(struct lab *lab, int wait_ms, struct bytes *out)
{
	return read_within(lab, receive_stack, lab->stack, wait_ms, out);
}

bool lab_read_nic(struct lab *lab, int wait_ms, struct bytes *out)
{
	return read_within(lab, receive_nic, lab->wire, wait_ms, out);
}

static struct bytes *heap_next(struct heap *heap)
{
	return &heap->packets[heap->count < SEEN_MAX ? heap->count : SEEN_MAX - 1];
}

static void heap_drain(struct lab *lab, bool (*next)(struct lab *, struct bytes *),
		       struct heap *heap)
{
	while (next(lab, heap_next(heap)))
		heap->count++;
}

/* Collect until LAST comes, which is left out. */
static int collect_until(struct lab *lab, int fd, bool (*next)(struct lab *, struct bytes *),
			 const struct bytes *last, struct heap *heap)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	struct bytes *packet;

	for (;;) {
		packet = heap_next(heap);
		if (!next(lab, packet)) {
			if (poll(&poll_fd, 1, WAIT_MS) <= 0) {
				printf("# the sentinel did not come through\n");
				return -1;
			}
			continue;
		}
		if (packet->len == last->len && !memcmp(packet->data, last->data, last->len))
			return 0;
		heap->count++;
	}
}

/* A packet each way behind those under test: when it is through, they are. It counts, too. */
int lab_collect(struct lab *lab, struct heap *tunnel, struct heap *stack, struct heap *nic)
{
	struct spec in = {
		.source = SENTINEL_HOST,
		.destination = PUBLIC,
		.protocol = PROTO_UDP,
		.source_port = SENTINEL_PORT,
		.destination_port = SENTINEL_PORT,
		.payload = 18,
	};
	struct spec out = in;
	struct bytes packet, expected;
	struct translation t;

	tunnel->count = 0;
	stack->count = 0;
	nic->count = 0;
	build_frame(&in, &packet);
	translate_destination(&in, PEER, 1, MSS_MAX, &t);
	build_ip(&t.packet, &expected);
	if (lab_send_wire(lab, &packet, NULL) ||
	    collect_until(lab, lab->wg, receive_tunnel, &expected, tunnel))
		return -1;

	out.source = PEER;
	out.destination = SENTINEL_HOST;
	build_ip(&out, &packet);
	translate_source(&out, PUBLIC, 1, MSS_MAX, &t);
	build_ip(&t.packet, &expected);
	if (lab_send_home(lab, &packet, NULL))
		return -1;
	build_frame_out(&expected, &packet);
	if (collect_until(lab, lab->wire, receive_nic, &packet, nic))
		return -1;
	heap_drain(lab, receive_stack, stack);
	return 0;
}

void lab_collect_tunnel(struct lab *lab, struct heap *tunnel)
{
	tunnel->count = 0;
	heap_drain(lab, receive_tunnel, tunnel);
}
