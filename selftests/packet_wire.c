// SPDX-License-Identifier: GPL-2.0-only
/* From the wire: who gets a packet, and what it looks like then. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <bpf/bpf.h>

#include "packet_suite.h"

static const struct packet_case whose[] = {
	{ "a web page is asked for at home", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, TCP_TO(443), .flags = ACK | PSH, .df = true, .payload = 517 } },
	{ "Minecraft on 25565 is at home", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, TCP_TO(25565), .flags = ACK, .payload = 33 } },
	{ "the phone's WireGuard on UDP 13131 is at home", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, UDP_TO(13131), .payload = 148 } },
	{ "SSH on 2222 stays on the gateway", NESTWG_EXCLUDED, STAYS,
	  .in = { FROM_CLIENT, TCP_TO(PORT_SSH), .flags = SYN, .df = true } },
	{ "UDP on 2222 is not SSH and goes home", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, UDP_TO(PORT_SSH), .payload = 9 } },
	{ "the tunnel's own packets stay on the gateway", NESTWG_EXCLUDED, STAYS,
	  .in = { FROM_CLIENT, UDP_TO(PORT_TUNNEL), .payload = 92 } },
	{ "large packets of the tunnel's own stay on the gateway", NESTWG_EXCLUDED, STAYS,
	  .in = { FROM_CLIENT, UDP_TO(PORT_TUNNEL), .payload = 1452 } },
	{ "TCP on the tunnel's port goes home", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, TCP_TO(PORT_TUNNEL), .flags = SYN } },
	{ "an excluded protocol stays on the gateway", NESTWG_EXCLUDED, STAYS,
	  .in = { FROM_CLIENT, .protocol = PROTO_OSPF, .payload = 44 } },
	{ "SSH with one hop left stays on the gateway", NESTWG_EXCLUDED, STAYS,
	  .in = { FROM_CLIENT, TCP_TO(PORT_SSH), .flags = ACK, .ttl = 1 } },
	{ "a full-sized SSH packet stays on the gateway", NESTWG_EXCLUDED, STAYS,
	  .in = { FROM_CLIENT, TCP_TO(PORT_SSH), .flags = ACK, .df = true, .payload = 1460 } },
	{ "a ping is answered at home", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, PING } },
	{ "the answer to a ping of the home's goes home", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, PONG } },
	{ "ARP is left alone", NESTWG_NOT_IPV4, STAYS,
	  .in = { FROM_CLIENT, UDP_TO(80), .ethertype = 0x0806 } },
	{ "IPv6 is left alone", NESTWG_NOT_IPV4, STAYS,
	  .in = { FROM_CLIENT, UDP_TO(80), .payload = 40, .ethertype = 0x86dd } },
	{ "a VLAN's packet is left alone", NESTWG_NOT_IPV4, STAYS, .altered = true,
	  .in = { FROM_CLIENT, TCP_TO(443), .flags = ACK, .vlan = 7, .payload = 20 } },
	{ "another address is left alone", NESTWG_OTHER_ADDRESS, STAYS,
	  .in = { .source = CLIENT, .destination = IP(192, 0, 2, 11), TCP_TO(443) } },
	{ "a broadcast is left alone", NESTWG_OTHER_ADDRESS, STAYS,
	  .in = { .source = NEXT_HOP, .destination = IP(255, 255, 255, 255), UDP_TO(68),
		  .broadcast = true, .payload = 300 } },
	{ "multicast is left alone", NESTWG_OTHER_ADDRESS, STAYS,
	  .in = { .source = NEXT_HOP, .destination = IP(224, 0, 0, 251), UDP_TO(5353) } },
	{ "our address in a broadcast frame is left alone", NESTWG_OTHER_ADDRESS, STAYS,
	  .in = { FROM_CLIENT, UDP_TO(80), .broadcast = true, .payload = 5 } },
};

static const struct packet_case spoofed[] = {
	{ "nobody on the wire may speak to the tunnel address", NESTWG_SPOOFED_PEER, DROPPED,
	  .in = { .source = CLIENT, .destination = PEER, TCP_TO(22), .flags = SYN } },
	{ "nor with the broken packets", NESTWG_SPOOFED_PEER, DROPPED,
	  .in = { .source = CLIENT, .destination = PEER, TCP_TO(22), .ihl_is = 2 } },
	{ "nobody on the wire is the home", NESTWG_SPOOFED_SOURCE, DROPPED,
	  .in = { .source = PEER, .destination = PUBLIC, TCP_TO(443), .flags = SYN } },
	{ "nobody on the wire is the gateway", NESTWG_SPOOFED_SOURCE, DROPPED,
	  .in = { .source = PUBLIC, .destination = PUBLIC, UDP_TO(53) } },
	{ "nor by its address in the tunnel", NESTWG_SPOOFED_SOURCE, DROPPED,
	  .in = { .source = GATEWAY, .destination = PUBLIC, UDP_TO(53) } },
	{ "127.0.0.1 is not on the wire", NESTWG_SPOOFED_SOURCE, DROPPED,
	  .in = { .source = IP(127, 0, 0, 1), .destination = PUBLIC, UDP_TO(53) } },
	{ "0.1.2.3 is not on the wire", NESTWG_SPOOFED_SOURCE, DROPPED,
	  .in = { .source = IP(0, 1, 2, 3), .destination = PUBLIC, UDP_TO(53) } },
	{ "a multicast group sends nothing", NESTWG_SPOOFED_SOURCE, DROPPED,
	  .in = { .source = IP(224, 0, 0, 1), .destination = PUBLIC, UDP_TO(53) } },
	{ "the broadcast address sends nothing", NESTWG_SPOOFED_SOURCE, DROPPED,
	  .in = { .source = IP(255, 255, 255, 255), .destination = PUBLIC, UDP_TO(53) } },
	{ "class E is left alone", NESTWG_FORWARDED, GOES_HOME,
	  .in = { .source = IP(240, 0, 0, 1), .destination = PUBLIC, UDP_TO(53) } },
	{ "nobody on the wire is the gateway in the tunnel", NESTWG_SPOOFED_SOURCE, DROPPED,
	  .in = { .source = GATEWAY, .destination = PUBLIC, UDP_TO(53) } },
	{ "nor in a fragment", NESTWG_SPOOFED_SOURCE, DROPPED,
	  .in = { .source = GATEWAY, .destination = PUBLIC, UDP_TO(53), .id = 98,
		  .fragment_at = 8, .payload = 16 } },
	{ "a spoofed source gets no ICMP answer either", NESTWG_SPOOFED_SOURCE, DROPPED,
	  .in = { .source = IP(127, 0, 0, 1), .destination = PUBLIC, UDP_TO(53), .ttl = 1 } },
	{ "what stays on the gateway is the gateway's to judge", NESTWG_EXCLUDED, STAYS,
	  .in = { .source = IP(127, 0, 0, 1), .destination = PUBLIC, TCP_TO(PORT_SSH) } },
};

static const struct packet_case checksums[] = {
	{ "TCP without payload", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, TCP_TO(443), .flags = ACK } },
	{ "TCP, odd length", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, TCP_TO(443), .flags = ACK, .payload = 1379 } },
	{ "a wrong TCP checksum stays as wrong as it was", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, TCP_TO(443), .flags = ACK, .payload = 100, .checksum_error = 99 } },
	{ "UDP, odd length", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, UDP_TO(53), .payload = 33 } },
	{ "UDP without payload", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, UDP_TO(53) } },
	{ "UDP without a checksum keeps none", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, UDP_TO(53), .payload = 33, .checksum = CHECKSUM_NONE } },
	{ "a wrong UDP checksum stays as wrong as it was", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, UDP_TO(53), .payload = 100, .checksum_error = 0xff } },
	{ "UDP shorter than its IP packet", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, UDP_TO(53), .payload = 50, .udp_lie = -10 } },
	{ "UDP-Lite, all covered", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, .protocol = PROTO_UDPLITE, .source_port = 1, .destination_port = 2,
		  .payload = 31 } },
	{ "UDP-Lite, header covered", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, .protocol = PROTO_UDPLITE, .source_port = 1, .destination_port = 2,
		  .coverage = 8, .payload = 31 } },
	{ "DCCP", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, .protocol = PROTO_DCCP, .source_port = 1, .destination_port = 2,
		  .seq = 77, .payload = 40 } },
	{ "SCTP: its checksum knows no address", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, .protocol = PROTO_SCTP, .payload = 48 } },
	{ "GRE", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, .protocol = PROTO_GRE, .payload = 100 } },
	{ "ESP", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, .protocol = PROTO_ESP, .payload = 120 } },
	{ "a protocol of no bytes", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, .protocol = 253 } },
	{ "IP options are kept", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, TCP_TO(443), .flags = ACK, .ip_options = 4, .payload = 30 } },
	{ "40 bytes of IP options are kept", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, UDP_TO(443), .ip_options = 40, .payload = 31 } },
	{ "an Ethernet frame's padding does no harm", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, UDP_TO(53), .payload = 2, .padding = 16 } },
	{ "bytes after the IP packet do no harm", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, TCP_TO(443), .flags = ACK, .payload = 700, .padding = 30 } },
	{ "half a TCP checksum stays a right half", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, TCP_TO(443), .flags = ACK, .payload = 701,
		  .checksum = CHECKSUM_HALF } },
	{ "half a UDP checksum stays a right half", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, UDP_TO(443), .payload = 64, .checksum = CHECKSUM_HALF } },
	{ "half a checksum behind IP options stays a right half", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, UDP_TO(443), .ip_options = 8, .payload = 65,
		  .checksum = CHECKSUM_HALF } },
	{ "half a checksum in a SYN whose MSS is lowered", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, TCP_TO(443), .flags = SYN, .checksum = CHECKSUM_HALF,
		  OPTIONS(4, "\x02\x04\x05\xb4"), .mss_at = 2 } },
	{ "half a checksum that stays on the gateway", NESTWG_EXCLUDED, STAYS,
	  .in = { FROM_CLIENT, TCP_TO(PORT_SSH), .flags = ACK, .payload = 36,
		  .checksum = CHECKSUM_HALF } },
	{ "half a checksum that is answered", NESTWG_TTL_EXCEEDED, TTL_ANSWERED,
	  .in = { FROM_CLIENT, TCP_TO(443), .flags = ACK, .ttl = 1, .payload = 36,
		  .checksum = CHECKSUM_HALF } },
};

static const struct packet_case mss[] = {
	{ "a SYN's MSS is lowered to the tunnel", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, TCP_TO(443), .flags = SYN, .df = true,
		  OPTIONS(4, "\x02\x04\x05\xb4"), .mss_at = 2 } },
	{ "a SYN-ACK's too", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, TCP_TO(443), .flags = SYN | ACK, .df = true,
		  OPTIONS(4, "\x02\x04\x05\xb4"), .mss_at = 2 } },
	{ "an MSS that fits is kept", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, TCP_TO(443), .flags = SYN, OPTIONS(4, "\x02\x04\x02\x18"),
		  .mss_at = 2 } },
	{ "an MSS that just fits is kept", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, TCP_TO(443), .flags = SYN, OPTIONS(4, "\x02\x04\x05\x64"),
		  .mss_at = 2 } },
	{ "an MSS of one byte too many is lowered", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, TCP_TO(443), .flags = SYN, OPTIONS(4, "\x02\x04\x05\x65"),
		  .mss_at = 2 } },
	{ "an MSS of 65535 is lowered", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, TCP_TO(443), .flags = SYN, OPTIONS(4, "\x02\x04\xff\xff"),
		  .mss_at = 2 } },
	{ "an MSS of 0 is kept", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, TCP_TO(443), .flags = SYN, OPTIONS(4, "\x02\x04\0\0"),
		  .mss_at = 2 } },
	{ "an MSS as Linux sends it, with SACK, timestamps and scaling",
	  NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, TCP_TO(443), .flags = SYN, .df = true,
		  OPTIONS(20,
		  "\x02\x04\x05\xb4\x04\x02\x08\x0a\x12\x34\x56\x78\0\0\0\0\x01\x03\x03\x07"),
		  .mss_at = 2 } },
	{ "an MSS after one NOP, at an odd offset", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, TCP_TO(443), .flags = SYN,
		  OPTIONS(8, "\x01\x02\x04\x05\xb4\x01\x01"), .mss_at = 3 } },
	{ "an MSS after two NOPs", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, TCP_TO(443), .flags = SYN,
		  OPTIONS(8, "\x01\x01\x02\x04\x05\xb4\x01\x01"), .mss_at = 4 } },
	{ "an MSS after an odd option, at an odd offset", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, TCP_TO(443), .flags = SYN,
		  OPTIONS(8, "\x03\x03\x07\x02\x04\x05\xb4"), .mss_at = 5 } },
	{ "an MSS at the very end of 40 bytes of options", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, TCP_TO(443), .flags = SYN,
		  OPTIONS(40,
		  "\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01"
			  "\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01"
			  "\x02\x04\x05\xb4"), .mss_at = 38 } },
	{ "a SYN with 40 bytes of IP options and 40 of TCP's", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, TCP_TO(443), .flags = SYN, .ip_options = 40,
		  OPTIONS(40,
		  "\x08\x0a\x01\x01\x01\x01\x01\x01\x01\x01\x08\x0a\x01\x01\x01\x01\x01\x01"
			  "\x01\x01\x08\x0a\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01"
			  "\x02\x04\x05\xb4"), .mss_at = 38 } },
	{ "an MSS in a SYN with a payload", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, TCP_TO(443), .flags = SYN, OPTIONS(4, "\x02\x04\x05\xb4"),
		  .mss_at = 2, .payload = 77 } },
	{ "an MSS in a SYN whose checksum is wrong", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, TCP_TO(443), .flags = SYN, OPTIONS(4, "\x02\x04\x05\xb4"),
		  .mss_at = 2, .checksum_error = 5 } },
	{ "a SYN without MSS stays without", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, TCP_TO(443), .flags = SYN, OPTIONS(4, "\x04\x02\x01\x01") } },
	{ "a SYN without options", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, TCP_TO(443), .flags = SYN } },
	{ "what looks like an MSS in the payload is none", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, TCP_TO(443), .flags = SYN, .payload = 4, .has_word = true,
		  .word = 0x0204 } },
	{ "an MSS without SYN is kept", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, TCP_TO(443), .flags = ACK, OPTIONS(4, "\x02\x04\x05\xb4") } },
	{ "an MSS of a wrong length is kept", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, TCP_TO(443), .flags = SYN, OPTIONS(4, "\x02\x03\x05\xb4") } },
	{ "an MSS that is cut off is kept", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, TCP_TO(443), .flags = SYN, OPTIONS(4, "\x01\x02\x04\xff"),
		  .payload = 8 } },
	{ "an MSS whose kind alone is there is kept", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, TCP_TO(443), .flags = SYN, OPTIONS(4, "\x01\x01\x01\x02"),
		  .payload = 8 } },
	{ "an MSS after the end of the options is kept", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, TCP_TO(443), .flags = SYN, OPTIONS(8,
		  "\0\x01\x01\x01\x02\x04\x05\xb4") } },
	{ "the end of the options, though it looks like an MSS, is none", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, TCP_TO(443), .flags = SYN, OPTIONS(4, "\0\x04\x05\xb4") } },
	{ "an option of length 0 ends the search", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, TCP_TO(443), .flags = SYN, OPTIONS(8,
		  "\x08\0\x01\x01\x02\x04\x05\xb4") } },
	{ "an option longer than the header ends the search", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, TCP_TO(443), .flags = SYN,
		  OPTIONS(8, "\x08\xff\x01\x01\x02\x04\x05\xb4") } },
};

static const struct packet_case limits[] = {
	{ "the last hop but one", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, TCP_TO(443), .flags = ACK, .ttl = 2, .payload = 10 } },
	{ "255 hops", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, UDP_TO(443), .ttl = 255, .payload = 10 } },
	{ "traceroute by TCP sees the gateway", NESTWG_TTL_EXCEEDED, TTL_ANSWERED,
	  .in = { FROM_CLIENT, TCP_TO(443), .flags = SYN, .ttl = 1,
		  OPTIONS(4, "\x02\x04\x05\xb4") } },
	{ "traceroute by UDP sees the gateway", NESTWG_TTL_EXCEEDED, TTL_ANSWERED,
	  .in = { FROM_CLIENT, UDP_TO(33434), .ttl = 1, .payload = 31 } },
	{ "traceroute by ping sees the gateway", NESTWG_TTL_EXCEEDED, TTL_ANSWERED,
	  .in = { FROM_CLIENT, PING, .ttl = 1 } },
	{ "a TTL of 0 is answered too", NESTWG_TTL_EXCEEDED, TTL_ANSWERED,
	  .in = { FROM_CLIENT, UDP_TO(33434), .ttl = TTL_ZERO, .payload = 32 } },
	{ "the answer quotes IP options", NESTWG_TTL_EXCEEDED, TTL_ANSWERED,
	  .in = { FROM_CLIENT, UDP_TO(33434), .ttl = 1, .ip_options = 12, .payload = 5 } },
	{ "the answer quotes GRE", NESTWG_TTL_EXCEEDED, TTL_ANSWERED,
	  .in = { FROM_CLIENT, .protocol = PROTO_GRE, .ttl = 1, .payload = 77 } },
	{ "the answer does not quote padding", NESTWG_TTL_EXCEEDED, TTL_ANSWERED,
	  .in = { FROM_CLIENT, UDP_TO(33434), .ttl = 1, .payload = 3, .padding = 15 } },
	{ "the answer quotes a wrong checksum as it is", NESTWG_TTL_EXCEEDED, TTL_ANSWERED,
	  .in = { FROM_CLIENT, UDP_TO(33434), .ttl = 1, .payload = 50, .checksum_error = 3 } },
	{ "the answer to 547 bytes quotes all", NESTWG_TTL_EXCEEDED, TTL_ANSWERED,
	  .in = { FROM_CLIENT, UDP_TO(33434), .ttl = 1, .payload = 519 } },
	{ "the answer to 548 bytes quotes all", NESTWG_TTL_EXCEEDED, TTL_ANSWERED,
	  .in = { FROM_CLIENT, UDP_TO(33434), .ttl = 1, .payload = 520 } },
	{ "the answer to 549 bytes quotes 548", NESTWG_TTL_EXCEEDED, TTL_ANSWERED,
	  .in = { FROM_CLIENT, UDP_TO(33434), .ttl = 1, .payload = 521 } },
	{ "the answer to 1500 bytes quotes 548", NESTWG_TTL_EXCEEDED, TTL_ANSWERED,
	  .in = { FROM_CLIENT, TCP_TO(443), .flags = ACK, .ttl = 1, .payload = 1460 } },
	{ "the first fragment is answered", NESTWG_TTL_EXCEEDED, TTL_ANSWERED,
	  .in = { FROM_CLIENT, UDP_TO(443), .ttl = 1, .id = 100, .fragment_len = 64,
		  .payload = 200 } },
	{ "class E gets no answer", NESTWG_ANSWER_FORBIDDEN, DROPPED,
	  .in = { .source = IP(240, 0, 0, 1), .destination = PUBLIC, UDP_TO(443), .ttl = 1 } },
	{ "a large packet from class E gets no answer", NESTWG_ANSWER_FORBIDDEN, DROPPED,
	  .in = { .source = IP(250, 0, 0, 1), .destination = PUBLIC, UDP_TO(443), .df = true,
		  .payload = 1472 } },
	{ "the home gets no answer about its own address on the wire", NESTWG_SPOOFED_SOURCE,
	  DROPPED,
	  .in = { .source = PEER, .destination = PUBLIC, UDP_TO(443), .ttl = 1 } },
	{ "TTL 1 to the broadcast address gets no answer", NESTWG_OTHER_ADDRESS, STAYS,
	  .in = { .source = CLIENT, .destination = IP(192, 0, 2, 255), UDP_TO(443), .ttl = 1,
		  .broadcast = true } },
	{ "TTL 1 to a multicast group gets no answer", NESTWG_OTHER_ADDRESS, STAYS,
	  .in = { .source = CLIENT, .destination = IP(224, 0, 0, 1), UDP_TO(443), .ttl = 1 } },
	{ "TTL 1 in a broadcast frame gets no answer", NESTWG_OTHER_ADDRESS, STAYS,
	  .in = { FROM_CLIENT, UDP_TO(443), .ttl = 1, .broadcast = true } },
	{ "1500 bytes in a broadcast frame get no answer", NESTWG_OTHER_ADDRESS, STAYS,
	  .in = { FROM_CLIENT, UDP_TO(443), .df = true, .broadcast = true, .payload = 1472 } },
	{ "an ICMP time exceeded gets no answer", NESTWG_ANSWER_FORBIDDEN, DROPPED,
	  .in = { FROM_CLIENT, ICMP(11, 0), .ttl = 1,
		  QUOTING(.source = PUBLIC, .destination = CLIENT, UDP_BY(443)) } },
	{ "an ICMP source quench gets no answer", NESTWG_ANSWER_FORBIDDEN, DROPPED,
	  .in = { FROM_CLIENT, ICMP(4, 0), .ttl = 1,
		  QUOTING(.source = PUBLIC, .destination = CLIENT, UDP_BY(443)) } },
	{ "an ICMP parameter problem gets no answer", NESTWG_ANSWER_FORBIDDEN, DROPPED,
	  .in = { FROM_CLIENT, ICMP(12, 0), .ttl = 1,
		  QUOTING(.source = PUBLIC, .destination = CLIENT, UDP_BY(443)) } },
	{ "an echo reply gets one", NESTWG_TTL_EXCEEDED, TTL_ANSWERED,
	  .in = { FROM_CLIENT, PONG, .ttl = 1 } },
	{ "SSH with TTL 1 and a large packet are the kernel's", NESTWG_EXCLUDED, STAYS,
	  .in = { FROM_CLIENT, TCP_TO(PORT_SSH), .flags = ACK, .ttl = 1, .df = true,
		  .payload = 1460 } },
	{ "an ICMP error gets no answer", NESTWG_ANSWER_FORBIDDEN, DROPPED,
	  .in = { FROM_CLIENT, UNREACHABLE, .ttl = 1,
		  QUOTING(.source = PUBLIC, .destination = CLIENT, TCP_BY(443)) } },
	{ "an unknown ICMP message gets no answer", NESTWG_ANSWER_FORBIDDEN, DROPPED,
	  .in = { FROM_CLIENT, ICMP(40, 0), .ttl = 1, .payload = 8 } },

	{ "1420 bytes fit the tunnel", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, TCP_TO(443), .flags = ACK, .df = true, .payload = 1380 } },
	{ "1421 bytes do not: the sender is told the MTU", NESTWG_FRAG_NEEDED, MTU_ANSWERED,
	  .in = { FROM_CLIENT, TCP_TO(443), .flags = ACK, .df = true, .payload = 1381 } },
	{ "1500 bytes of UDP do not: the sender is told the MTU", NESTWG_FRAG_NEEDED, MTU_ANSWERED,
	  .in = { FROM_CLIENT, UDP_TO(443), .df = true, .payload = 1472 } },
	{ "1499 bytes of ping do not: the sender is told the MTU", NESTWG_FRAG_NEEDED, MTU_ANSWERED,
	  .in = { FROM_CLIENT, ICMP(8, 0), .df = true, .payload = 1471 } },
	{ "1500 bytes of ESP do not: the sender is told the MTU", NESTWG_FRAG_NEEDED, MTU_ANSWERED,
	  .in = { FROM_CLIENT, .protocol = PROTO_ESP, .df = true, .payload = 1480 } },
	{ "1500 bytes with IP options: the sender is told the MTU",
	  NESTWG_FRAG_NEEDED, MTU_ANSWERED,
	  .in = { FROM_CLIENT, UDP_TO(443), .df = true, .ip_options = 40, .payload = 1432 } },
	{ "a TTL of 1 matters more than the size", NESTWG_TTL_EXCEEDED, TTL_ANSWERED,
	  .in = { FROM_CLIENT, UDP_TO(443), .df = true, .ttl = 1, .payload = 1472 } },
	{ "1421 bytes that may be fragmented are routed", NESTWG_FORWARDED_FRAGMENTED, IS_ROUTED,
	  .in = { FROM_CLIENT, UDP_TO(443), .payload = 1393 } },
	{ "1500 bytes of TCP that may be fragmented are routed",
	  NESTWG_FORWARDED_FRAGMENTED, IS_ROUTED,
	  .in = { FROM_CLIENT, TCP_TO(443), .flags = ACK, .payload = 1460 } },
	{ "1500 bytes of ping that may be fragmented are routed",
	  NESTWG_FORWARDED_FRAGMENTED, IS_ROUTED,
	  .in = { FROM_CLIENT, ICMP(8, 0), .payload = 1472 } },
	{ "a large SYN's MSS is lowered as well", NESTWG_FORWARDED_FRAGMENTED, IS_ROUTED,
	  .in = { FROM_CLIENT, TCP_TO(443), .flags = SYN, OPTIONS(4, "\x02\x04\x05\xb4"),
		  .mss_at = 2,
		  .payload = 1450 } },
	{ "a large ICMP error gets no answer", NESTWG_ANSWER_FORBIDDEN, DROPPED,
	  .in = { FROM_CLIENT, UNREACHABLE, .df = true,
		  QUOTING(.source = PUBLIC, .destination = CLIENT, TCP_BY(443),
		  .payload = 1432) } },
};

static const struct packet_case errors[] = {
	{ "an ICMP error about the home's TCP reaches it", NESTWG_FORWARDED, GOES_HOME,
	  .in = { .source = FAR_HOST, .destination = PUBLIC, UNREACHABLE,
		  QUOTING(.source = PUBLIC, .destination = CLIENT, TCP_BY(443), .payload = 100) } },
	{ "about UDP", NESTWG_FORWARDED, GOES_HOME,
	  .in = { .source = FAR_HOST, .destination = PUBLIC, UNREACHABLE,
		  QUOTING(.source = PUBLIC, .destination = CLIENT, UDP_BY(53), .payload = 101) } },
	{ "about UDP without checksum", NESTWG_FORWARDED, GOES_HOME,
	  .in = { .source = FAR_HOST, .destination = PUBLIC, UNREACHABLE,
		  QUOTING(.source = PUBLIC, .destination = CLIENT, UDP_BY(53), .payload = 12,
			  .checksum = CHECKSUM_NONE) } },
	{ "about a ping", NESTWG_FORWARDED, GOES_HOME,
	  .in = { .source = FAR_HOST, .destination = PUBLIC, UNREACHABLE,
		  QUOTING(.source = PUBLIC, .destination = CLIENT, PING) } },
	{ "about GRE", NESTWG_FORWARDED, GOES_HOME,
	  .in = { .source = FAR_HOST, .destination = PUBLIC, UNREACHABLE,
		  QUOTING(.source = PUBLIC, .destination = CLIENT, .protocol = PROTO_GRE,
			  .payload = 30) } },
	{ "about UDP-Lite", NESTWG_FORWARDED, GOES_HOME,
	  .in = { .source = FAR_HOST, .destination = PUBLIC, UNREACHABLE,
		  QUOTING(.source = PUBLIC, .destination = CLIENT, .protocol = PROTO_UDPLITE,
			  .payload = 30) } },
	{ "about DCCP", NESTWG_FORWARDED, GOES_HOME,
	  .in = { .source = FAR_HOST, .destination = PUBLIC, UNREACHABLE,
		  QUOTING(.source = PUBLIC, .destination = CLIENT, .protocol = PROTO_DCCP,
			  .payload = 30) } },
	{ "about the home's path MTU", NESTWG_FORWARDED, GOES_HOME,
	  .in = { .source = FAR_HOST, .destination = PUBLIC, ICMP(3, 4), .icmp_mtu = 1400,
		  QUOTING(.source = PUBLIC, .destination = CLIENT, TCP_BY(443), .df = true,
			  .payload = 1360), .quote_len = 548 } },
	{ "about its time to live", NESTWG_FORWARDED, GOES_HOME,
	  .in = { .source = FAR_HOST, .destination = PUBLIC, ICMP(11, 0),
		  QUOTING(.source = PUBLIC, .destination = CLIENT, UDP_BY(33434), .ttl = 1) } },
	{ "about a parameter", NESTWG_FORWARDED, GOES_HOME,
	  .in = { .source = FAR_HOST, .destination = PUBLIC, ICMP(12, 0), .icmp_id = 0x1400,
		  QUOTING(.source = PUBLIC, .destination = CLIENT, UDP_BY(33434)) } },
	{ "with eight bytes of TCP", NESTWG_FORWARDED, GOES_HOME,
	  .in = { .source = FAR_HOST, .destination = PUBLIC, UNREACHABLE,
		  QUOTING(.source = PUBLIC, .destination = CLIENT, TCP_BY(443), .payload = 100),
		  .quote_len = 28 } },
	{ "with eight bytes of UDP", NESTWG_FORWARDED, GOES_HOME,
	  .in = { .source = FAR_HOST, .destination = PUBLIC, UNREACHABLE,
		  QUOTING(.source = PUBLIC, .destination = CLIENT, UDP_BY(53), .payload = 100),
		  .quote_len = 28 } },
	{ "with 19 bytes of TCP", NESTWG_FORWARDED, GOES_HOME,
	  .in = { .source = FAR_HOST, .destination = PUBLIC, UNREACHABLE,
		  QUOTING(.source = PUBLIC, .destination = CLIENT, TCP_BY(443), .payload = 100),
		  .quote_len = 39 } },
	{ "with IP options outside", NESTWG_FORWARDED, GOES_HOME,
	  .in = { .source = FAR_HOST, .destination = PUBLIC, UNREACHABLE, .ip_options = 40,
		  QUOTING(.source = PUBLIC, .destination = CLIENT, TCP_BY(443), .payload = 9) } },
	{ "with IP options inside", NESTWG_FORWARDED, GOES_HOME,
	  .in = { .source = FAR_HOST, .destination = PUBLIC, UNREACHABLE,
		  QUOTING(.source = PUBLIC, .destination = CLIENT, TCP_BY(443), .ip_options = 40,
			  .payload = 9) } },
	{ "with IP options in both", NESTWG_FORWARDED, GOES_HOME,
	  .in = { .source = FAR_HOST, .destination = PUBLIC, UNREACHABLE, .ip_options = 40,
		  QUOTING(.source = PUBLIC, .destination = CLIENT, TCP_BY(443), .ip_options = 40,
			  .payload = 9) } },
	{ "whose checksum is wrong", NESTWG_FORWARDED, GOES_HOME,
	  .in = { .source = FAR_HOST, .destination = PUBLIC, UNREACHABLE, .checksum_error = 17,
		  QUOTING(.source = PUBLIC, .destination = CLIENT, TCP_BY(443), .payload = 9) } },
	{ "whose quote's checksum is wrong", NESTWG_FORWARDED, GOES_HOME,
	  .in = { .source = FAR_HOST, .destination = PUBLIC, UNREACHABLE,
		  QUOTING(.source = PUBLIC, .destination = CLIENT, TCP_BY(443), .payload = 9,
			  .checksum_error = 7) } },
	{ "about a first fragment", NESTWG_FORWARDED, GOES_HOME,
	  .in = { .source = FAR_HOST, .destination = PUBLIC, ICMP(11, 1),
		  QUOTING(.source = PUBLIC, .destination = CLIENT, UDP_BY(53), .id = 9,
			  .payload = 1000, .fragment_len = 400) } },
	{ "an ICMP error about SSH stays on the gateway", NESTWG_OWN_ICMP_ERROR, STAYS,
	  .in = { .source = FAR_HOST, .destination = PUBLIC, UNREACHABLE,
		  QUOTING(.source = PUBLIC, .destination = CLIENT, TCP_BY(PORT_SSH)) } },
	{ "an ICMP error about the tunnel stays on the gateway", NESTWG_OWN_ICMP_ERROR, STAYS,
	  .in = { .source = FAR_HOST, .destination = PUBLIC, ICMP(3, 4), .icmp_mtu = 1400,
		  QUOTING(.source = PUBLIC, .destination = CLIENT, UDP_BY(PORT_TUNNEL),
			  .payload = 1440), .quote_len = 548 } },
	{ "an ICMP error about an excluded protocol stays on the gateway",
	  NESTWG_OWN_ICMP_ERROR, STAYS,
	  .in = { .source = FAR_HOST, .destination = PUBLIC, UNREACHABLE,
		  QUOTING(.source = PUBLIC, .destination = CLIENT, .protocol = PROTO_OSPF,
			  .payload = 20) } },
	{ "a redirect of the gateway's stays on the gateway", NESTWG_OWN_ICMP_ERROR, STAYS,
	  .in = { .source = NEXT_HOP, .destination = PUBLIC, ICMP(5, 1),
		  QUOTING(.source = PUBLIC, .destination = CLIENT, TCP_BY(PORT_SSH)) } },
	{ "a redirect of the home's is dropped", NESTWG_ICMP_REDIRECT, DROPPED,
	  .in = { .source = NEXT_HOP, .destination = PUBLIC, ICMP(5, 1),
		  QUOTING(.source = PUBLIC, .destination = CLIENT, TCP_BY(443)) } },
	{ "an ICMP error about nothing of ours is dropped", NESTWG_ICMP_UNRELATED, DROPPED,
	  .in = { .source = FAR_HOST, .destination = PUBLIC, UNREACHABLE,
		  QUOTING(.source = CLIENT, .destination = PUBLIC, TCP_BY(443)) } },
	{ "an ICMP error that quotes the tunnel address is dropped", NESTWG_ICMP_UNRELATED, DROPPED,
	  .in = { .source = FAR_HOST, .destination = PUBLIC, UNREACHABLE,
		  QUOTING(.source = PEER, .destination = CLIENT, TCP_BY(443)) } },
	{ "an ICMP error that quotes seven bytes is dropped", NESTWG_ICMP_UNRELATED, DROPPED,
	  .in = { .source = FAR_HOST, .destination = PUBLIC, UNREACHABLE,
		  QUOTING(.source = PUBLIC, .destination = CLIENT, TCP_BY(443)),
		  .quote_len = 27 } },
	{ "an ICMP error that quotes half an IP header is dropped", NESTWG_ICMP_UNRELATED, DROPPED,
	  .in = { .source = FAR_HOST, .destination = PUBLIC, UNREACHABLE,
		  QUOTING(.source = PUBLIC, .destination = CLIENT, TCP_BY(443)),
		  .quote_len = 10 } },
	{ "an ICMP error that quotes nothing is dropped", NESTWG_ICMP_UNRELATED, DROPPED,
	  .in = { .source = FAR_HOST, .destination = PUBLIC, UNREACHABLE } },
	{ "padding is no quote", NESTWG_ICMP_UNRELATED, DROPPED,
	  .in = { .source = FAR_HOST, .destination = PUBLIC, UNREACHABLE, .padding = 40,
		  QUOTING(.source = PUBLIC, .destination = CLIENT, TCP_BY(443)),
		  .quote_len = 24 } },
	{ "an ICMP error that quotes a bad IP header is dropped", NESTWG_ICMP_UNRELATED, DROPPED,
	  .in = { .source = FAR_HOST, .destination = PUBLIC, UNREACHABLE,
		  QUOTING(.source = PUBLIC, .destination = CLIENT, TCP_BY(443), .ihl_is = 4) } },
	{ "an ICMP error about a later fragment is dropped", NESTWG_ICMP_UNRELATED, DROPPED,
	  .in = { .source = FAR_HOST, .destination = PUBLIC, ICMP(11, 1),
		  QUOTING(.source = PUBLIC, .destination = CLIENT, UDP_BY(53), .id = 9,
			  .payload = 1000, .fragment_at = 400) } },
	{ "an ICMP error about an ICMP error is dropped", NESTWG_ICMP_UNRELATED, DROPPED,
	  .in = { .source = FAR_HOST, .destination = PUBLIC, UNREACHABLE,
		  QUOTING(.source = PUBLIC, .destination = CLIENT, UNREACHABLE, .payload = 28) } },
};

static const struct packet_case malformed[] = {
	{ "IP version 5", NESTWG_MALFORMED, DROPPED,
	  .in = { FROM_CLIENT, TCP_TO(443), .version_is = 5 } },
	{ "an IP header of 16 bytes", NESTWG_MALFORMED, DROPPED,
	  .in = { FROM_CLIENT, TCP_TO(443), .ihl_is = 4 } },
	{ "an IP header of no bytes", NESTWG_MALFORMED, DROPPED,
	  .in = { FROM_CLIENT, TCP_TO(443), .ihl_is = 16 } },
	{ "an IP header longer than the packet", NESTWG_MALFORMED, DROPPED,
	  .in = { FROM_CLIENT, UDP_TO(443), .ihl_is = 15 } },
	{ "an IP length beyond the frame", NESTWG_MALFORMED, DROPPED,
	  .in = { FROM_CLIENT, UDP_TO(443), .payload = 8, .total_lie = 1 } },
	{ "an IP length of 64 KiB", NESTWG_MALFORMED, DROPPED,
	  .in = { FROM_CLIENT, UDP_TO(443), .payload = 8, .total_lie = 65535 - 36 } },
	{ "an IP length of 0", NESTWG_MALFORMED, DROPPED,
	  .in = { FROM_CLIENT, UDP_TO(443), .payload = 8, .total_lie = -36 } },
	{ "a UDP length of 7", NESTWG_MALFORMED, DROPPED,
	  .in = { FROM_CLIENT, UDP_TO(443), .payload = 8, .udp_lie = -9 } },
	{ "a UDP length of 0", NESTWG_MALFORMED, DROPPED,
	  .in = { FROM_CLIENT, UDP_TO(443), .payload = 8, .udp_lie = -16 } },
	{ "a UDP length beyond the packet", NESTWG_MALFORMED, DROPPED,
	  .in = { FROM_CLIENT, UDP_TO(443), .payload = 8, .udp_lie = 1 } },
	{ "a TCP header of 16 bytes", NESTWG_MALFORMED, DROPPED,
	  .in = { FROM_CLIENT, TCP_TO(443), .doff_is = 4, .payload = 8 } },
	{ "a TCP header of no bytes", NESTWG_MALFORMED, DROPPED,
	  .in = { FROM_CLIENT, TCP_TO(443), .doff_is = 16, .payload = 8 } },
	{ "a TCP header longer than the packet", NESTWG_MALFORMED, DROPPED,
	  .in = { FROM_CLIENT, TCP_TO(443), .doff_is = 8, .payload = 8 } },
	{ "SSH's packets have to be well formed, too", NESTWG_MALFORMED, DROPPED,
	  .in = { FROM_CLIENT, TCP_TO(PORT_SSH), .doff_is = 4 } },
	{ "for others' addresses it is not ours to judge", NESTWG_OTHER_ADDRESS, STAYS,
	  .in = { .source = CLIENT, .destination = IP(192, 0, 2, 11), TCP_TO(443), .doff_is = 4 } },
};

/* Cut after each byte, and with an IP length that says so, or says nothing of it. */
static bool run_truncated(struct lab *lab, const void *argument)
{
	struct packet_case c = *(const struct packet_case *)argument;
	struct bytes frame;

	build_frame(&c.in, &frame);
	for (c.in.cut = ETH_HEADER; c.in.cut < frame.len; c.in.cut++) {
		if (expect(lab, &c))
			continue;
		printf("# cut after %u bytes of %u\n", c.in.cut, frame.len);
		return false;
	}
	return true;
}

static bool run_short_total(struct lab *lab, const void *argument)
{
	struct packet_case c = *(const struct packet_case *)argument;
	struct bytes ip;

	build_ip(&c.in, &ip);
	for (c.in.total_lie = -(int)ip.len; c.in.total_lie < 0; c.in.total_lie++) {
		c.no_wire = c.in.total_lie % 8;
		if (expect(lab, &c))
			continue;
		printf("# IP length %d instead of %u\n", (int)ip.len + c.in.total_lie, ip.len);
		return false;
	}
	return true;
}

static const struct packet_case truncated[] = {
	{ "a SYN with options, cut after each byte", NESTWG_MALFORMED, DROPPED,
	  .in = { FROM_CLIENT, TCP_TO(443), .flags = SYN, .ip_options = 4,
		  OPTIONS(8, "\x02\x04\x05\xb4\x01\x01\x01\x01"), .payload = 3 } },
	{ "UDP, cut after each byte", NESTWG_MALFORMED, DROPPED,
	  .in = { FROM_CLIENT, UDP_TO(443), .payload = 3 } },
	{ "ping, cut after each byte", NESTWG_MALFORMED, DROPPED,
	  .in = { FROM_CLIENT, ICMP(8, 0), .payload = 3 } },
	{ "an ICMP error, cut after each byte", NESTWG_MALFORMED, DROPPED,
	  .in = { FROM_CLIENT, UNREACHABLE,
		  QUOTING(.source = PUBLIC, .destination = CLIENT, UDP_BY(53)) } },
	{ "UDP-Lite, cut after each byte", NESTWG_MALFORMED, DROPPED,
	  .in = { FROM_CLIENT, .protocol = PROTO_UDPLITE } },
	{ "GRE, cut after each byte", NESTWG_MALFORMED, DROPPED,
	  .in = { FROM_CLIENT, .protocol = PROTO_GRE, .payload = 4 } },
};

static const struct packet_case short_total[] = {
	{ "a TCP header that the IP length cuts short", NESTWG_MALFORMED, DROPPED,
	  .in = { FROM_CLIENT, TCP_TO(443), .flags = SYN,
		  OPTIONS(8, "\x02\x04\x05\xb4\x01\x01\x01\x01") } },
	{ "UDP that the IP length cuts short", NESTWG_MALFORMED, DROPPED,
	  .in = { FROM_CLIENT, UDP_TO(443), .payload = 9 } },
	{ "an ICMP header that the IP length cuts short", NESTWG_MALFORMED, DROPPED,
	  .in = { FROM_CLIENT, ICMP(8, 0) } },
};

/* All sizes that fit the tunnel. */
static bool run_sizes(struct lab *lab, const void *argument)
{
	const struct packet_case *template = argument;
	struct packet_case c = *template;
	struct bytes ip;

	for (c.in.payload = 0; ; c.in.payload++) {
		build_ip(&c.in, &ip);
		if (ip.len > TUNNEL_MTU)
			return true;
		c.in.seed = c.in.payload;
		if (expect_by_test_run(lab, &c))
			continue;
		printf("# payload of %u bytes\n", c.in.payload);
		return false;
	}
}

static const struct packet_case sizes[] = {
	{ "TCP of all sizes", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, TCP_TO(443), .flags = ACK, .df = true } },
	{ "UDP of all sizes", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, UDP_TO(443), .df = true } },
};

static const struct packet_case half_sizes[] = {
	{ "half a checksum of TCP of all sizes", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, TCP_TO(443), .flags = ACK, .checksum = CHECKSUM_HALF } },
	{ "half a checksum of UDP of all sizes", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, UDP_TO(443), .checksum = CHECKSUM_HALF } },
};

/* True checksums that look like half ones: summed, they have to be told apart. */
static bool run_like_half(struct lab *lab, const void *argument)
{
	const struct packet_case *template = argument;
	struct packet_case c = *template;
	struct bytes ip;

	for (c.in.payload = 2; ; c.in.payload++) {
		build_ip(&c.in, &ip);
		if (ip.len > TUNNEL_MTU)
			return true;
		c.in.seed = c.in.payload * 3;
		choose_checksum_like_half(&c.in);
		if (expect_by_test_run(lab, &c))
			continue;
		printf("# payload of %u bytes\n", c.in.payload);
		return false;
	}
}

static const struct packet_case like_half[] = {
	{ "a true TCP checksum that looks like half a one is no half", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, TCP_TO(443), .flags = ACK } },
	{ "a true UDP checksum that looks like half a one is no half", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, UDP_TO(443) } },
	{ "nor behind IP options", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, UDP_TO(443), .ip_options = 12 } },
};

/* The same where a packet is cut: what would complete half a checksum must not be reckoned with. */
static bool run_like_half_once(struct lab *lab, const void *argument)
{
	struct packet_case c = *(const struct packet_case *)argument;

	choose_checksum_like_half(&c.in);
	return expect(lab, &c);
}

static const struct packet_case like_half_once[] = {
	{ "a first fragment's checksum that looks like half a one", NESTWG_FORWARDED, GOES_HOME,
	  .in = { FROM_CLIENT, UDP_TO(443), .id = 99, .fragment_len = 400, .payload = 792 } },
	{ "TTL 1 and a first fragment's checksum that looks like half a one", NESTWG_TTL_EXCEEDED,
	  TTL_ANSWERED,
	  .in = { FROM_CLIENT, UDP_TO(443), .id = 99, .fragment_len = 400, .payload = 792,
		  .ttl = 1 } },
	{ "TTL 1 and a true checksum that looks like half a one", NESTWG_TTL_EXCEEDED, TTL_ANSWERED,
	  .in = { FROM_CLIENT, UDP_TO(443), .ttl = 1, .payload = 100 } },
	{ "1500 bytes and a true checksum that looks like half a one",
	  NESTWG_FRAG_NEEDED, MTU_ANSWERED,
	  .in = { FROM_CLIENT, TCP_TO(443), .flags = ACK, .df = true, .payload = 1460 } },
	{ "SSH's true checksum that looks like half a one", NESTWG_EXCLUDED, STAYS,
	  .in = { FROM_CLIENT, TCP_TO(PORT_SSH), .flags = ACK, .payload = 100 } },
};

static bool run_zero_out(struct lab *lab, const void *argument)
{
	struct packet_case c = *(const struct packet_case *)argument;
	struct translation t;

	translate_destination(&c.in, PEER, 1, MSS_MAX, &t);
	choose_checksum_zero(&c.in, &t.packet);
	t.packet.has_word = true;
	t.packet.word = c.in.word;
	if (checksum_field(&t.packet) != 0xffff || checksum_field(&c.in) == 0xffff) {
		printf("# the test's own packet is wrong\n");
		return false;
	}
	return expect(lab, &c);
}

static bool run_zero_in(struct lab *lab, const void *argument)
{
	struct packet_case c = *(const struct packet_case *)argument;

	choose_checksum_zero(&c.in, &c.in);
	if (checksum_field(&c.in) != 0xffff) {
		printf("# the test's own packet is wrong\n");
		return false;
	}
	return expect(lab, &c);
}

static const struct packet_case zero = {
	.reason = NESTWG_FORWARDED, .fate = GOES_HOME,
	.in = { FROM_CLIENT, UDP_TO(53), .payload = 41 },
};

/* With an empty bucket. Time fills it, so a slow machine may need several tries. */
static bool run_limited(struct lab *lab, const void *argument)
{
	const struct packet_case *c = argument;
	struct nestwg_counter before[NESTWG_NR_REASONS], after[NESTWG_NR_REASONS];
	struct heap tunnel, stack, nic;
	struct bytes frame;
	bool passed;

	build_frame(&c->in, &frame);
	for (int i = 0; i < 100; i++) {
		lab_read_counters(lab, before);
		lab_set_answers(lab, 0, 0);
		if (lab_send_wire(lab, &frame, NULL) || lab_collect(lab, &tunnel, &stack, &nic))
			return false;
		lab_read_counters(lab, after);
		if (after[NESTWG_ANSWER_LIMITED].packets != before[NESTWG_ANSWER_LIMITED].packets)
			break;
	}
	before[NESTWG_FORWARDED].packets++;
	before[NESTWG_FORWARDED].bytes += 46;
	before[NESTWG_HOME_RETURNED].packets++;
	before[NESTWG_HOME_RETURNED].bytes += 46;
	passed = expect_counted(lab, before, NESTWG_ANSWER_LIMITED, frame.len - ETH_HEADER, 0);
	return expect_heap("out of the NIC", &nic, NULL, 0) & passed;
}

static const struct packet_case limited[] = {
	{ "too many TTL answers are not sent", .in = { FROM_CLIENT, UDP_TO(443), .ttl = 1 } },
	{ "too many MTU answers are not sent",
	  .in = { FROM_CLIENT, UDP_TO(443), .df = true, .payload = 1472 } },
};

static bool run_burst(struct lab *lab, const void *argument)
{
	struct nestwg_counter before[NESTWG_NR_REASONS], after[NESTWG_NR_REASONS];
	struct spec in = { FROM_CLIENT, UDP_TO(443), .ttl = 1 };
	unsigned long long answered, refused, most;
	struct timespec begin, end;
	struct bytes frame, out;
	LIBBPF_OPTS(bpf_test_run_opts, opts,
		.data_in = frame.data,
		.data_out = out.data,
		.data_size_out = sizeof(out.data),
		.repeat = 20000,
	);

	(void)argument;
	build_frame(&in, &frame);
	opts.data_size_in = frame.len;
	/* A minute of peace does not save up for more than a burst. */
	lab_set_answers(lab, 0, 60000000000ULL);
	lab_read_counters(lab, before);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	if (bpf_prog_test_run_opts(bpf_program__fd(lab->skel->progs.nestwg_ingress), &opts))
		return false;
	clock_gettime(CLOCK_MONOTONIC, &end);
	lab_read_counters(lab, after);
	answered = after[NESTWG_TTL_EXCEEDED].packets - before[NESTWG_TTL_EXCEEDED].packets;
	refused = after[NESTWG_ANSWER_LIMITED].packets - before[NESTWG_ANSWER_LIMITED].packets;
	/* The programs' clock ticks every 10 ms at worst. */
	most = ANSWERS_BURST + 11 + (end.tv_sec - begin.tv_sec) * 1000 +
	       (end.tv_nsec - begin.tv_nsec) / 1000000;

	if (answered >= ANSWERS_BURST && answered <= most && answered + refused == 20000)
		return true;
	printf("# %llu answered (%d to %llu expected), %llu refused\n", answered, ANSWERS_BURST,
	       most, refused);
	return false;
}

/* What a bundle (GRO, or a local sender's) becomes: SEGMENTS packets of SIZE bytes. */
struct bundle {
	struct spec in;
	unsigned int segments;
	unsigned int size;
};

/* The I-th packet of what BUNDLE was made of, WHOLE. */
static void describe_segment(const struct bundle *bundle, unsigned int i, const struct bytes *whole,
			     struct spec *s)
{
	unsigned int headers = 40 + bundle->in.options_len;

	*s = bundle->in;
	s->payload = bundle->size;
	s->payload_from = whole->data + headers + i * bundle->size;
	s->seq += i * bundle->size;
	s->id += i;
	if (i + 1 < bundle->segments)
		s->flags &= ~PSH;
}

static bool run_bundle(struct lab *lab, const void *argument)
{
	const struct bundle *bundle = argument;
	struct spec in = bundle->in;
	struct offload offload = {
		.transport = ETH_HEADER + 20,
		.field = 16,
		.gso_size = bundle->size,
		.headers = ETH_HEADER + 40 + in.options_len,
	};
	struct nestwg_counter before[NESTWG_NR_REASONS], after[NESTWG_NR_REASONS];
	static struct heap tunnel, stack, nic;
	struct bytes frame, whole, expected[4];
	struct translation t;
	struct spec segment;

	in.payload = bundle->segments * bundle->size;
	in.checksum = CHECKSUM_HALF;
	build_frame(&in, &frame);
	build_ip(&in, &whole);
	/* It fits, in segments: no answer is due, and so none has to be left. */
	lab_set_answers(lab, 0, 0);
	lab_read_counters(lab, before);
	if (lab_send_wire(lab, &frame, &offload) || lab_collect(lab, &tunnel, &stack, &nic))
		return false;
	lab_read_counters(lab, after);
	count_sentinels(after);
	for (unsigned int i = 0; i < bundle->segments; i++) {
		describe_segment(bundle, i, &whole, &segment);
		translate_destination(&segment, PEER, 1, MSS_MAX, &t);
		build_ip(&t.packet, &expected[i]);
	}
	return expect_heap("into the tunnel", &tunnel, expected, bundle->segments) &&
	       expect_heap("to the stack", &stack, NULL, 0) &&
	       expect_heap("out of the NIC", &nic, NULL, 0) &&
	       expect_counters(lab, before, after, NESTWG_FORWARDED, whole.len, whole.len);
}

static const struct bundle bundle = {
	.in = { FROM_CLIENT, TCP_TO(443), .flags = ACK | PSH, .df = true, .id = 500, .seq = 7000,
		OPTIONS(12, "\x01\x01\x08\x0a\x12\x34\x56\x78\x9a\xbc\xde\xf0") },
	.segments = 3,
	.size = 1368,
};

/*
 * Half a checksum is completed after the quote was cut: the quoted one is anything then, but the
 * ICMP message's own has to be right.
 */
static bool expect_answer_about_half(const struct heap *nic, const struct bytes *first,
		  unsigned int mtu)
{
	struct bytes got, expected, answer, quoted = *first;
	const unsigned int check_at = 20 + 8 + 20 + 16;

	if (nic->count != 1 || nic->packets[0].len < ETH_HEADER + check_at + 2) {
		printf("# %u answers, expected 1\n", nic->count);
		return false;
	}
	got = nic->packets[0];
	memcpy(quoted.data + 36, got.data + ETH_HEADER + check_at, 2);
	build_answer(&quoted, PUBLIC, mtu, &answer);
	build_frame_out(&answer, &expected);
	return same_bytes("answer", &expected, &got);
}

static bool run_half_answered(struct lab *lab, const void *argument)
{
	const struct spec in = { FROM_CLIENT, TCP_TO(443), .flags = ACK, .df = true,
			  .payload = 1460,
				 .checksum = CHECKSUM_HALF };
	struct offload offload = { .transport = ETH_HEADER + 20, .field = 16 };
	static struct heap tunnel, stack, nic;
	struct bytes frame, ip;

	(void)argument;
	build_frame(&in, &frame);
	build_ip(&in, &ip);
	lab_set_answers(lab, ANSWERS_BURST, 0);
	return !lab_send_wire(lab, &frame, &offload) &&
	       !lab_collect(lab, &tunnel, &stack, &nic) &&
	       expect_answer_about_half(&nic, &ip, TUNNEL_MTU);
}

static bool run_large_bundle(struct lab *lab, const void *argument)
{
	struct bundle large = bundle;
	struct offload offload = {
		.transport = ETH_HEADER + 20,
		.field = 16,
		.gso_size = 1448,
		.headers = ETH_HEADER + 52,
	};
	static struct heap tunnel, stack, nic;
	struct bytes frame, whole, first;
	struct spec in, segment;

	(void)argument;
	large.size = 1448;
	in = large.in;
	in.payload = large.segments * large.size;
	in.checksum = CHECKSUM_HALF;
	build_frame(&in, &frame);
	build_ip(&in, &whole);
	lab_set_answers(lab, ANSWERS_BURST, 0);
	if (lab_send_wire(lab, &frame, &offload) || lab_collect(lab, &tunnel, &stack, &nic))
		return false;
	/* The flags are the whole bundle's, which nobody minds. */
	describe_segment(&large, 0, &whole, &segment);
	segment.flags = in.flags;
	build_ip(&segment, &first);
	return expect_heap("into the tunnel", &tunnel, NULL, 0) &&
	       expect_answer_about_half(&nic, &first, TUNNEL_MTU);
}

/* An administrator makes the tunnel narrower: nobody has to tell us. */
static bool run_narrower(struct lab *lab, const void *argument)
{
	const struct spec in = { FROM_CLIENT, UDP_TO(443), .df = true, .payload = 1372 };
	static struct heap tunnel, stack, nic;
	struct bytes frame, ip, answer, expected;
	bool passed;

	(void)argument;
	build_frame(&in, &frame);
	build_ip(&in, &ip);
	lab_set_answers(lab, ANSWERS_BURST, 0);
	if (system("ip link set wg mtu 1380"))
		return false;
	passed = !lab_send_wire(lab, &frame, NULL) && !lab_collect(lab, &tunnel, &stack, &nic);
	if (system("ip link set wg mtu 1420") || !passed)
		return false;
	build_answer(&ip, PUBLIC, 1380, &answer);
	build_frame_out(&answer, &expected);
	return expect_heap("out of the NIC", &nic, &expected, 1);
}

void add_wire_tests(struct suite *suite)
{
	suite_add_cases(suite, IN_MODES, whose, LENGTH_OF(whose));
	suite_add_cases(suite, IN_MODES, spoofed, LENGTH_OF(spoofed));
	suite_add_cases(suite, IN_MODES, checksums, LENGTH_OF(checksums));
	suite_add_cases(suite, IN_MODES, mss, LENGTH_OF(mss));
	suite_add_cases(suite, IN_MODES, limits, LENGTH_OF(limits));
	suite_add_cases(suite, IN_MODES, errors, LENGTH_OF(errors));
	suite_add_cases(suite, IN_MODES, malformed, LENGTH_OF(malformed));
	suite_add_each(suite, IN_MODES, run_truncated, truncated, LENGTH_OF(truncated));
	suite_add_each(suite, IN_MODES, run_short_total, short_total, LENGTH_OF(short_total));
	suite_add_each(suite, IN_NATIVE | IN_TC, run_sizes, sizes, LENGTH_OF(sizes));
	suite_add_each(suite, IN_NATIVE, run_sizes, half_sizes, LENGTH_OF(half_sizes));
	suite_add_each(suite, IN_NATIVE, run_like_half, like_half, LENGTH_OF(like_half));
	suite_add_each(suite, IN_MODES, run_like_half_once, like_half_once,
		       LENGTH_OF(like_half_once));
	suite_add(suite, IN_MODES, "a UDP checksum that becomes 0 is sent as 0xffff", run_zero_out,
		  &zero);
	suite_add(suite, IN_MODES, "a UDP checksum of 0xffff is a checksum", run_zero_in, &zero);
	suite_add(suite, IN_MODES, "the quoted half checksum of 1500 bytes", run_half_answered,
			  NULL);
	suite_add(suite, IN_MODES & ~IN_NATIVE, "a bundle of segments that fit passes", run_bundle,
		  &bundle);
	suite_add(suite, IN_MODES & ~IN_NATIVE,
			  "a bundle of segments that do not fit is answered once",
		  run_large_bundle, NULL);
	suite_add(suite, IN_MODES, "a narrower tunnel is noticed", run_narrower, NULL);
	suite_add_each(suite, IN_MODES, run_limited, limited, LENGTH_OF(limited));
	suite_add(suite, IN_NATIVE, "answers: a burst of 50, then 1000 a second", run_burst, NULL);
}
