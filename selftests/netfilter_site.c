// SPDX-License-Identifier: GPL-2.0-only
/* See netfilter_site.h. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/if_tun.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "netfilter_site.h"
#include "packet_suite.h"

#define LOG_GROUP	1
#define MESSAGE_MAX	70000

static int complain(const char *what)
{
	printf("# %s: %s\n", what, strerror(errno));
	return -1;
}

static int run_all(const char *const *commands, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		if (system(commands[i])) {
			printf("# failed: %s\n", commands[i]);
			return -1;
		}
	}
	return 0;
}

static int send_request(int fd, struct nlmsghdr *request)
{
	char answer[1024];
	struct nlmsghdr *message = (void *)answer;
	struct nlmsgerr *error;
	ssize_t len;

	request->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	if (send(fd, request, request->nlmsg_len, 0) < 0)
		return -1;
	len = recv(fd, answer, sizeof(answer), 0);
	if (len < (ssize_t)sizeof(*message) || message->nlmsg_type != NLMSG_ERROR)
		return -1;
	error = mnl_nlmsg_get_payload(message);
	errno = -error->error;
	return error->error ? -1 : 0;
}

static struct nlmsghdr *put_header(char *buffer, unsigned int type, __u16 resource)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct nfgenmsg *family;

	message->nlmsg_type = type;
	family = mnl_nlmsg_put_extra_header(message, sizeof(*family));
	family->nfgen_family = AF_INET;
	family->version = NFNETLINK_V0;
	family->res_id = htons(resource);
	return message;
}

/* What NFLOG copies, from now on. */
static int open_log(void)
{
	struct nfulnl_msg_config_cmd bind = { .command = NFULNL_CFG_CMD_BIND };
	struct nfulnl_msg_config_mode mode = {
		.copy_range = htonl(0xffff),
		.copy_mode = NFULNL_COPY_PACKET,
	};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	int room = 4 << 20;
	struct nlmsghdr *message;
	char buffer[256];

	if (fd < 0)
		return complain("netlink");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	message = put_header(buffer, NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_CONFIG, LOG_GROUP);
	mnl_attr_put(message, NFULA_CFG_CMD, sizeof(bind), &bind);
	if (send_request(fd, message))
		goto fail;
	message = put_header(buffer, NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_CONFIG, LOG_GROUP);
	mnl_attr_put(message, NFULA_CFG_MODE, sizeof(mode), &mode);
	mnl_attr_put_u32(message, NFULA_CFG_QTHRESH, htonl(1));
	if (send_request(fd, message))
		goto fail;
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
fail:
	close(fd);
	return complain("NFLOG");
}

static void take_packet(const struct nlattr *payload, struct heap *heap)
{
	struct bytes *packet = &heap->packets[heap->count < SEEN_MAX ? heap->count : SEEN_MAX - 1];

	packet->len = mnl_attr_get_payload_len(payload);
	if (packet->len > sizeof(packet->data))
		packet->len = sizeof(packet->data);
	memcpy(packet->data, mnl_attr_get_payload(payload), packet->len);
	heap->count++;
}

/* With a prefix it is what conntrack calls invalid, else a packet for the stack. */
static void take_logged(const struct nlmsghdr *message, struct heap *heap, bool *invalid)
{
	const struct nlattr *payload = NULL;
	const struct nlattr *attr;

	if (message->nlmsg_type != (NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET))
		return;
	mnl_attr_for_each(attr, message, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(attr) == NFULA_PAYLOAD)
			payload = attr;
		if (mnl_attr_get_type(attr) == NFULA_PREFIX && mnl_attr_get_payload_len(attr) > 1) {
			*invalid = true;
			return;
		}
	}
	if (payload)
		take_packet(payload, heap);
}

static void collect_log(int fd, struct heap *heap, bool *invalid)
{
	static char buffer[MESSAGE_MAX];
	const struct nlmsghdr *message;
	ssize_t got;
	int len;

	heap->count = 0;
	*invalid = false;
	while ((got = recv(fd, buffer, sizeof(buffer), 0)) > 0) {
		len = got;
		message = (void *)buffer;
		for (; mnl_nlmsg_ok(message, len); message = mnl_nlmsg_next(message, &len))
			take_logged(message, heap, invalid);
	}
}

static int open_raw(void)
{
	int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);

	return fd < 0 ? complain("raw socket") : fd;
}

/* What both kinds of gateway have in common, and what a distribution sets. */
static int site_make(struct site *site)
{
	static const char *const commands[] = {
		"sysctl -qw net.ipv4.ip_forward=1",
		/* As systemd's 50-default.conf has it. */
		"sysctl -qw net.ipv4.conf.all.rp_filter=2",
		"sysctl -qw net.ipv4.conf.all.accept_source_route=0",
		/* Every answer, so that packets do not depend on those before them. */
		"sysctl -qw net.ipv4.icmp_ratemask=0",
		/* A datagram that never becomes whole is not to be answered in the middle of the test. */
		"sysctl -qw net.ipv4.ipfrag_time=3600",
		"iptables -A INPUT -j NFLOG --nflog-group 1 --nflog-threshold 1",
		"iptables -A INPUT -j DROP",
	};

	if (lab_make_devices(&site->lab) ||
	    run_all(commands, sizeof(commands) / sizeof(*commands)))
		return -1;
	site->local = open_log();
	site->raw = open_raw();
	return site->local < 0 || site->raw < 0 ? -1 : 0;
}

/*
 * The seed's rules, and two that anyone who follows it adds: WireGuard's own port stays here (else the
 * tunnel breaks itself), and what the home starts leaves under the public address.
 */
int oracle_make(struct oracle *oracle)
{
	static const char *const commands[] = {
		"iptables -t nat -A PREROUTING -i nic -p tcp --dport 2222 -j ACCEPT",
		"iptables -t nat -A PREROUTING -i nic -p udp --dport 51820 -j ACCEPT",
		"iptables -t nat -A PREROUTING -i nic -j DNAT --to-destination 10.0.18.2",
		"iptables -t mangle -N invalid",
		"iptables -t mangle -A invalid -j NFLOG --nflog-group 1 --nflog-size 20 --nflog-prefix invalid",
		"iptables -t mangle -A PREROUTING -m conntrack --ctstate INVALID -j invalid",
		"iptables -t nat -A POSTROUTING -o nic -s 10.0.18.2 -j SNAT --to-source 192.0.2.10",
	};

	if (site_make(&oracle->site) || run_all(commands, sizeof(commands) / sizeof(*commands)))
		return -1;
	oracle->lenient = false;
	oracle->checksum_fd = open("/proc/sys/net/netfilter/nf_conntrack_checksum",
				   O_WRONLY | O_CLOEXEC);
	oracle->liberal_fd = open("/proc/sys/net/netfilter/nf_conntrack_tcp_be_liberal",
				  O_WRONLY | O_CLOEXEC);
	oracle->conntrack = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	if (oracle->checksum_fd < 0 || oracle->liberal_fd < 0 || oracle->conntrack < 0)
		return complain("conntrack");
	return oracle_forget(oracle);
}

int oracle_forget(struct oracle *oracle)
{
	char buffer[256];
	struct nlmsghdr *message;

	message = put_header(buffer, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE, 0);
	return send_request(oracle->conntrack, message) ? complain("emptying conntrack") : 0;
}

int oracle_set_lenient(struct oracle *oracle, bool lenient)
{
	if (lenient == oracle->lenient)
		return 0;
	if (pwrite(oracle->checksum_fd, lenient ? "0" : "1", 1, 0) != 1 ||
	    pwrite(oracle->liberal_fd, lenient ? "1" : "0", 1, 0) != 1)
		return complain("conntrack's settings");
	oracle->lenient = lenient;
	return 0;
}

int subject_make(struct site *subject, enum mode mode)
{
	struct lab *lab = &subject->lab;

	if (site_make(subject) || lab_make_programs(lab) || lab_set_mode(lab, mode))
		return -1;
	lab->ports[PORT_SSH].excluded = NESTWG_EXCLUDED_TCP;
	lab->ports[PORT_TUNNEL].excluded = NESTWG_EXCLUDED_UDP;
	return 0;
}

static int open_tun(const char *name)
{
	struct ifreq request = { .ifr_flags = IFF_TUN };
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return complain("/dev/net/tun");
	strcpy(request.ifr_name, name);
	if (ioctl(fd, TUNSETIFF, &request)) {
		close(fd);
		return complain("TUNSETIFF");
	}
	return fd;
}

/* Every address is its own, so it takes what is for the home and what is for a client. */
int receiver_make(struct receiver *receiver)
{
	static const char *const commands[] = {
		"ip link set lo up",
		"ip link set tun mtu 9000 up",
		"ip route add local default dev lo",
		"sysctl -qw net.ipv4.conf.all.accept_local=1 net.ipv4.conf.tun.accept_local=1",
		"sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.tun.rp_filter=0",
		"sysctl -qw net.ipv4.ipfrag_time=3600",
		"iptables -A INPUT -i tun -j NFLOG --nflog-group 1 --nflog-threshold 1",
		"iptables -A INPUT -j DROP",
	};

	if (unshare(CLONE_NEWNET))
		return complain("unshare");
	receiver->tun = open_tun("tun");
	if (receiver->tun < 0 || run_all(commands, sizeof(commands) / sizeof(*commands)))
		return -1;
	receiver->local = open_log();
	return receiver->local < 0 ? -1 : 0;
}

int receiver_take(struct receiver *receiver, unsigned int skip, struct heap *heap)
{
	unsigned int count = heap->count < SEEN_MAX ? heap->count : SEEN_MAX;
	bool invalid;

	for (unsigned int i = 0; i < count; i++) {
		struct bytes *packet = &heap->packets[i];
		struct tun_pi info = { .proto = htons(0x0800) };
		struct iovec parts[] = {
			{ .iov_base = &info, .iov_len = sizeof(info) },
			{ .iov_base = packet->data + skip, .iov_len = packet->len - skip },
		};

		/* The kernel does not take what is too short for an IP header. */
		if (packet->len >= skip + 20 && writev(receiver->tun, parts, 2) < 0)
			return complain("to the receiver");
	}
	collect_log(receiver->local, heap, &invalid);
	return 0;
}

/* What the kernel refuses (EPERM: its NAT does), both gateways refuse, or it is seen that one does not. */
static int send_raw(const struct site *site, const struct bytes *packet)
{
	struct sockaddr_in to = { .sin_family = AF_INET };

	memcpy(&to.sin_addr, packet->data + 16, 4);
	if (sendto(site->raw, packet->data, packet->len, 0, (void *)&to, sizeof(to)) < 0 &&
	    errno != EINVAL && errno != EMSGSIZE && errno != EPERM)
		return complain("sending from the gateway");
	return 0;
}

int site_send(struct site *site, enum side side, const struct bytes *packet)
{
	switch (side) {
	case FROM_WIRE_SIDE:
		return lab_send_wire(&site->lab, packet, NULL);
	case FROM_HOME_SIDE:
		return lab_send_home(&site->lab, packet, NULL);
	default:
		return send_raw(site, packet);
	}
}

int site_collect(struct site *site, struct outcome *outcome)
{
	static struct heap unused;

	if (lab_collect(&site->lab, &outcome->tunnel, &unused, &outcome->nic))
		return -1;
	collect_log(site->local, &outcome->local, &outcome->invalid);
	return 0;
}
