// SPDX-License-Identifier: GPL-2.0-only
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "format.h"
#include "json_add.h"
#include "packet_text.h"
#include "spec.h"

#define TCP_FLAGS	13	/* offset in its header */
#define FLAGS_SIZE	40

/* What the captured bytes hold; each part is copied out, for nothing in a packet is aligned. */
struct headers {
	uint16_t ethertype;
	bool has_ip, has_ports, has_tcp, has_icmp;
	struct iphdr ip;
	unsigned int fragment_offset;	/* bytes */
	uint16_t ports[2];		/* host order */
	uint8_t tcp_flags;
	struct icmphdr icmp;
};

static bool take(const struct nestwg_event *event, size_t offset, void *into, size_t size)
{
	if (offset + size > event->captured || offset + size > sizeof(event->data))
		return false;
	memcpy(into, event->data + offset, size);
	return true;
}

static void take_transport(const struct nestwg_event *event, size_t l4, struct headers *h)
{
	switch (h->ip.protocol) {
	case IPPROTO_TCP:
		h->has_tcp = take(event, l4 + TCP_FLAGS, &h->tcp_flags, sizeof(h->tcp_flags));
		break;
	case IPPROTO_ICMP:
		h->has_icmp = take(event, l4, &h->icmp, sizeof(h->icmp));
		return;
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		break;
	default:
		return;
	}
	h->has_ports = take(event, l4, h->ports, sizeof(h->ports));
	h->ports[0] = ntohs(h->ports[0]);
	h->ports[1] = ntohs(h->ports[1]);
}

static struct headers headers_of(const struct nestwg_event *event)
{
	struct headers h = { .ethertype = htons(ETH_P_IP) };

	if (event->l3)
		take(event, offsetof(struct ethhdr, h_proto), &h.ethertype, sizeof(h.ethertype));
	h.ethertype = ntohs(h.ethertype);
	if (h.ethertype != ETH_P_IP || !take(event, event->l3, &h.ip, sizeof(h.ip)) ||
	    h.ip.version != 4)
		return h;
	h.has_ip = true;
	h.fragment_offset = (ntohs(h.ip.frag_off) & IP_OFFMASK) * 8u;
	if (!h.fragment_offset && h.ip.ihl >= 5)
		take_transport(event, event->l3 + h.ip.ihl * 4u, &h);
	return h;
}

struct appender {
	char *text;
	size_t size, used;
};

__attribute__((format(printf, 2, 3)))
static void append(struct appender *to, const char *format, ...)
{
	va_list args;
	int length;

	if (to->used >= to->size)
		return;
	va_start(args, format);
	length = vsnprintf(to->text + to->used, to->size - to->used, format, args);
	va_end(args);
	to->used += length > 0 ? (size_t)length : 0;
}

static const char *flags_text(uint8_t flags, char text[FLAGS_SIZE])
{
	static const char *const names[] = { "FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR" };
	struct appender to = { .text = text, .size = FLAGS_SIZE };

	text[0] = '\0';
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (flags & 1u << i)
			append(&to, "%s%s", to.used ? "," : "", names[i]);
	return text;
}

/* Not from /etc/protocols: the names are the same everywhere. */
static const char *protocol_text(uint8_t protocol, char number[FLAGS_SIZE])
{
	switch (protocol) {
	case IPPROTO_TCP: return "tcp";
	case IPPROTO_UDP: return "udp";
	case IPPROTO_UDPLITE: return "udplite";
	case IPPROTO_DCCP: return "dccp";
	}
	if (protocol_name(protocol))
		return protocol_name(protocol);
	snprintf(number, FLAGS_SIZE, "protocol %u", protocol);
	return number;
}

static const char *icmp_name(uint8_t type)
{
	switch (type) {
	case ICMP_ECHOREPLY: return "echo reply";
	case ICMP_DEST_UNREACH: return "destination unreachable";
	case ICMP_REDIRECT: return "redirect";
	case ICMP_ECHO: return "echo request";
	case ICMP_TIME_EXCEEDED: return "time exceeded";
	case ICMP_PARAMETERPROB: return "parameter problem";
	default: return NULL;
	}
}

static const char *ethertype_name(uint16_t type)
{
	switch (type) {
	case ETH_P_ARP: return "ARP";
	case ETH_P_IPV6: return "IPv6";
	case ETH_P_8021Q: return "VLAN";
	case ETH_P_8021AD: return "VLAN (802.1ad)";
	default: return NULL;
	}
}

static void append_end(struct appender *to, const struct headers *h, __be32 address, int end)
{
	append(to, "%s", address_text(address).s);
	if (h->has_ports)
		append(to, ":%u", h->ports[end]);
}

static void append_ip(struct appender *to, const struct headers *h)
{
	char text[FLAGS_SIZE];

	append(to, "%s ", protocol_text(h->ip.protocol, text));
	append_end(to, h, h->ip.saddr, 0);
	append(to, " > ");
	append_end(to, h, h->ip.daddr, 1);
	if (h->has_tcp)
		append(to, " %s", flags_text(h->tcp_flags, text));
	if (h->has_icmp && icmp_name(h->icmp.type))
		append(to, " %s", icmp_name(h->icmp.type));
	else if (h->has_icmp)
		append(to, " type %u code %u", h->icmp.type, h->icmp.code);
	if (h->fragment_offset || ntohs(h->ip.frag_off) & IP_MF)
		append(to, " fragment %u@%u%s", ntohs(h->ip.id), h->fragment_offset,
		       ntohs(h->ip.frag_off) & IP_MF ? "+" : "");
	if (ntohs(h->ip.frag_off) & IP_DF)
		append(to, " DF");
	append(to, " ttl %u", h->ip.ttl);
}

void packet_text(const struct nestwg_event *event, char *text, size_t size)
{
	const struct headers h = headers_of(event);
	struct appender to = { .text = text, .size = size };

	if (event->vlan)
		append(&to, "VLAN ");
	if (h.has_ip)
		append_ip(&to, &h);
	else if (ethertype_name(h.ethertype))
		append(&to, "%s", ethertype_name(h.ethertype));
	else
		append(&to, "ethertype 0x%04x", h.ethertype);
}

void packet_json(const struct nestwg_event *event, struct json_object *object)
{
	const struct headers h = headers_of(event);
	char text[FLAGS_SIZE];

	json_add_number(object, "ethertype", h.ethertype);
	if (!h.has_ip)
		return;
	json_add_text(object, "source", address_text(h.ip.saddr).s);
	json_add_text(object, "destination", address_text(h.ip.daddr).s);
	json_add_number(object, "protocol", h.ip.protocol);
	json_add_number(object, "ttl", h.ip.ttl);
	json_add_flag(object, "df", ntohs(h.ip.frag_off) & IP_DF);
	json_add_number(object, "fragment_offset", h.fragment_offset);
	json_add_flag(object, "more_fragments", ntohs(h.ip.frag_off) & IP_MF);
	if (h.has_ports) {
		json_add_number(object, "source_port", h.ports[0]);
		json_add_number(object, "destination_port", h.ports[1]);
	}
	if (h.has_tcp)
		json_add_text(object, "tcp_flags", flags_text(h.tcp_flags, text));
	if (h.has_icmp) {
		json_add_number(object, "icmp_type", h.icmp.type);
		json_add_number(object, "icmp_code", h.icmp.code);
	}
}
