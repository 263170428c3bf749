// SPDX-License-Identifier: GPL-2.0-only
/* Hostile frames, one function for each kind. */
#include <stddef.h>
#include <string.h>

#include <arpa/inet.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>

#include "flood.h"

#define SENDERS		0xc6120000U	/* 198.18.0.0, RFC 2544's for benchmarks */
#define SENDER_ADDRESSES 131072U	/* /15 */
#define FIRST_PORT	1024U

/* SplitMix64's finalizer. */
static unsigned int chance(unsigned long long seed, unsigned long long number)
{
	unsigned long long z = (seed + 1) * 0x9e3779b97f4a7c15ULL + number;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z >> 32;
}

static unsigned int sum_bytes(const void *data, unsigned int length, unsigned int sum)
{
	const unsigned char *bytes = data;

	for (unsigned int i = 0; i + 1 < length; i += 2)
		sum += bytes[i] << 8 | bytes[i + 1];
	return length & 1 ? sum + (bytes[length - 1] << 8) : sum;
}

static __be16 checksum(unsigned int sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons(~sum);
}

static struct iphdr *ip_of(struct frame *frame)
{
	return (struct iphdr *)(frame->bytes + ETH_HLEN);
}

static void *l4_of(struct frame *frame)
{
	return ip_of(frame) + 1;
}

/* An IP header before PAYLOAD bytes that are filled in later, if they are not to be zero. */
static struct iphdr *start(const struct flood *flood, struct frame *frame, unsigned int protocol,
			   unsigned int payload)
{
	unsigned int sender = frame->number % flood->flows;
	struct ether_header *eth = (void *)frame->bytes;
	struct iphdr *ip = ip_of(frame);

	memset(frame->bytes, 0, ETH_HLEN + sizeof(*ip) + payload);
	memcpy(eth->ether_dhost, flood->mac, ETH_ALEN);
	memcpy(eth->ether_shost, flood->own_mac, ETH_ALEN);
	eth->ether_type = htons(ETHERTYPE_IP);
	ip->version = 4;
	ip->ihl = 5;
	ip->tot_len = htons(sizeof(*ip) + payload);
	ip->id = htons(frame->number);
	ip->ttl = 64;
	ip->protocol = protocol;
	ip->saddr = flood->from ?: htonl(SENDERS + sender % SENDER_ADDRESSES);
	ip->daddr = flood->to;
	frame->length = ETH_HLEN + sizeof(*ip) + payload;
	return ip;
}

static __be16 sender_port(const struct flood *flood, const struct frame *frame)
{
	return htons(FIRST_PORT + frame->number % flood->flows / SENDER_ADDRESSES);
}

/* The checksums, once all the rest is there. */
static void finish(struct frame *frame)
{
	struct iphdr *ip = ip_of(frame);
	struct tcphdr *tcp = l4_of(frame);
	struct udphdr *udp = l4_of(frame);
	struct icmphdr *icmp = l4_of(frame);
	unsigned int length = frame->length - ETH_HLEN - sizeof(*ip);
	unsigned int pseudo = sum_bytes(&ip->saddr, 8, ip->protocol + length);

	ip->check = checksum(sum_bytes(ip, sizeof(*ip), 0));
	if (ip->frag_off & htons(IP_MF | IP_OFFMASK))
		return;
	if (ip->protocol == IPPROTO_TCP)
		tcp->check = checksum(sum_bytes(tcp, length, pseudo));
	else if (ip->protocol == IPPROTO_UDP)
		udp->check = checksum(sum_bytes(udp, length, pseudo));
	else
		icmp->checksum = checksum(sum_bytes(icmp, length, 0));
}

static struct iphdr *start_udp(const struct flood *flood, struct frame *frame, unsigned int payload)
{
	struct iphdr *ip = start(flood, frame, IPPROTO_UDP, sizeof(struct udphdr) + payload);
	struct udphdr *udp = l4_of(frame);

	udp->source = sender_port(flood, frame);
	udp->dest = htons(flood->port);
	udp->len = htons(sizeof(*udp) + payload);
	return ip;
}

static struct tcphdr *start_tcp(const struct flood *flood, struct frame *frame)
{
	struct tcphdr *tcp;

	start(flood, frame, IPPROTO_TCP, sizeof(*tcp));
	tcp = l4_of(frame);
	tcp->source = sender_port(flood, frame);
	tcp->dest = htons(flood->port);
	tcp->seq = htonl(frame->chance);
	tcp->doff = 5;
	tcp->window = htons(1024);
	return tcp;
}

/* FLOWS users who send a datagram each. */
static void build_udp_flows(const struct flood *flood, struct frame *frame)
{
	start_udp(flood, frame, 18);
}

static void build_syn(const struct flood *flood, struct frame *frame)
{
	start_tcp(flood, frame)->syn = 1;
}

/* A datagram's beginning, and never its end. */
static void build_first_fragments(const struct flood *flood, struct frame *frame)
{
	start_udp(flood, frame, 64)->frag_off = htons(IP_MF);
}

/* A datagram's end, and never its beginning. */
static void build_later_fragments(const struct flood *flood, struct frame *frame)
{
	start_udp(flood, frame, 64)->frag_off = htons(100);
}

/* As if it came from an address that nobody out here has. */
static void build_spoofed(const struct flood *flood, struct frame *frame)
{
	const __be32 sources[] = {
		flood->peer,			/* the home in the tunnel */
		flood->peer ^ htonl(3),		/* the gateway in the tunnel (a /30) */
		flood->to,			/* the gateway */
		flood->to | htonl(255),		/* all of its neighbours (a /24) */
		htonl(0x7f000000 | (frame->chance & 0xffffff)),
		htonl(frame->chance & 0xffffff),
		htonl(0xe0000000 | (frame->chance & 0xfffffff)),
		htonl(INADDR_BROADCAST),
	};

	start_udp(flood, frame, 18)->saddr =
		sources[frame->number % (sizeof(sources) / sizeof(*sources))];
}

/* To the home in the tunnel, as our own programs rewrite it; some with a spoofed source too. */
static void build_to_peer(const struct flood *flood, struct frame *frame)
{
	struct iphdr *ip = start_udp(flood, frame, 18);

	ip->daddr = flood->peer;
	if (frame->number & 1)
		ip->saddr = flood->to;
	if (frame->number & 2)
		ip->frag_off = htons(frame->number & 4 ? IP_MF : 100);
}

/* An ICMP error about a packet of UDP from SOURCE to somebody. */
static void start_icmp_error(const struct flood *flood, struct frame *frame, __be32 source)
{
	struct icmphdr *icmp;
	struct udphdr *udp;
	struct iphdr *ip;

	start(flood, frame, IPPROTO_ICMP, sizeof(*icmp) + sizeof(*ip) + sizeof(*udp));
	icmp = l4_of(frame);
	ip = (struct iphdr *)(icmp + 1);
	udp = (struct udphdr *)(ip + 1);
	icmp->type = ICMP_DEST_UNREACH;
	icmp->code = ICMP_FRAG_NEEDED;
	icmp->un.frag.mtu = htons(68);
	*ip = *ip_of(frame);
	ip->protocol = IPPROTO_UDP;
	ip->tot_len = htons(sizeof(*ip) + sizeof(*udp));
	ip->saddr = source;
	ip->daddr = htonl(frame->chance);
	ip->check = checksum(sum_bytes(ip, sizeof(*ip), 0));
	udp->source = htons(flood->port);
	udp->dest = htons(frame->chance);
	udp->len = htons(sizeof(*udp));
}

/* About packets that the gateway never sent. */
static void build_icmp_errors(const struct flood *flood, struct frame *frame)
{
	start_icmp_error(flood, frame, htonl(~frame->chance));
}

/* About flows that may have been the home's, and are not. */
static void build_icmp_errors_home(const struct flood *flood, struct frame *frame)
{
	start_icmp_error(flood, frame, flood->to);
}

/*
 * What looks like an answer to something that the gateway asked: from well-known servers' ports to those
 * that clients use. To get into the table of the gateway's own flows, or past it.
 */
static void build_own_flow_probe(const struct flood *flood, struct frame *frame)
{
	const unsigned int servers[] = { 53, 80, 123, 443 };
	const unsigned int local = 32768 + frame->chance % 28232;
	struct tcphdr *tcp;
	struct udphdr *udp;

	if (frame->number & 1) {
		start_udp(flood, frame, 18);
		udp = l4_of(frame);
		udp->source = htons(servers[frame->chance >> 30]);
		udp->dest = htons(local);
		return;
	}
	tcp = start_tcp(flood, frame);
	tcp->source = htons(servers[frame->chance >> 30]);
	tcp->dest = htons(local);
	tcp->ack_seq = htonl(~frame->chance);
	tcp->ack = 1;
	tcp->syn = !(frame->number & 2);
	tcp->rst = !!(frame->number & 2) && (frame->number & 4);
}

static void build_ttl(const struct flood *flood, struct frame *frame)
{
	start_udp(flood, frame, 18)->ttl = 1;
}

static void build_too_big(const struct flood *flood, struct frame *frame)
{
	start_udp(flood, frame, 1472)->frag_off = htons(IP_DF);
}

static void build_ping(const struct flood *flood, struct frame *frame)
{
	struct icmphdr *icmp;

	start(flood, frame, IPPROTO_ICMP, sizeof(*icmp) + 56);
	icmp = l4_of(frame);
	icmp->type = ICMP_ECHO;
	icmp->un.echo.id = htons(frame->chance);
}

/* Headers that lie about their lengths. */
static void build_malformed(const struct flood *flood, struct frame *frame)
{
	struct iphdr *ip = start_udp(flood, frame, 18);
	struct udphdr *udp = l4_of(frame);

	switch (frame->number % 4) {
	case 0:
		ip->ihl = frame->chance % 5;
		break;
	case 1:
		ip->tot_len = htons(47 + frame->chance % 60000);
		break;
	case 2:
		udp->len = htons(frame->chance % sizeof(*udp));
		break;
	default:
		ip->protocol = IPPROTO_TCP;	/* its header's length: the payload's 0 */
	}
}

const struct kind kinds[] = {
	{ "udp-flows", build_udp_flows },
	{ "syn", build_syn },
	{ "first-fragments", build_first_fragments },
	{ "later-fragments", build_later_fragments },
	{ "spoofed", build_spoofed },
	{ "to-peer", build_to_peer },
	{ "icmp-errors", build_icmp_errors },
	{ "icmp-errors-home", build_icmp_errors_home },
	{ "own-flow-probe", build_own_flow_probe },
	{ "ttl", build_ttl },
	{ "too-big", build_too_big },
	{ "ping", build_ping },
	{ "malformed", build_malformed },
	{}
};

void flood_build(const struct flood *flood, unsigned long long number, struct frame *frame)
{
	frame->number = number;
	frame->chance = chance(flood->seed, number);
	flood->kind->build(flood, frame);
	finish(frame);
}
