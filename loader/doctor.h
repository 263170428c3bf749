/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What `nestwg-xdp doctor` looks at. A check is a short function that reports what it has found:
 * nothing at all where it has nothing to look at. None of them changes anything.
 */
#ifndef NESTWG_DOCTOR_H
#define NESTWG_DOCTOR_H

#include "plan.h"
#include "report.h"

enum severity {
	SEVERITY_OK,
	SEVERITY_NOTE,		/* worth knowing */
	SEVERITY_WARNING,	/* harms something, or will */
	SEVERITY_PROBLEM,	/* it cannot work so */
	NR_SEVERITIES
};

struct finding {
	const char *check;
	char interface[IFNAMSIZ];	/* empty: the whole host */
	enum severity severity;
	char *text;
	char *mend;			/* the command that mends it; NULL: none does */
};

struct findings {
	struct finding *list;
	size_t count;
};

struct doctor {
	struct findings findings;
	const char *check;		/* the one that runs */
	bool rights;			/* to look at BPF, WireGuard and netfilter */
	bool wg_found;

	/* One interface: everything below is of it. */
	char name[IFNAMSIZ];		/* empty: the whole host */
	struct netif nic, tunnel;	/* ifindex 0: there is none */
	bool pinned;			/* there is a state, so that `report` has been made */
	struct report report;
	bool planned;			/* not attached, but it could be, as in `plan` */
	struct plan plan;
	char refusal[PROBLEM_SIZE * 2];	/* why it could not be */
	const struct wg_device *wg;	/* NULL: unknown */
	const struct wg_peer *peer;	/* NULL: unknown */
	__be32 address, peer_address;	/* 0: unknown */
};

/* Programs of ours run on it, with all of their state. */
static inline bool doctor_attached(const struct doctor *doctor)
{
	return doctor->pinned && doctor->report.readable;
}

void found(struct doctor *doctor, enum severity severity, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* What to type against the latest finding. */
void mend(struct doctor *doctor, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The number in a file below /proc; false if it cannot be read. */
bool doctor_number(const char *path, unsigned long *number);

/* Of `variable` in net.ipv4.conf.DEV. */
bool doctor_conf(const char *dev, const char *variable, unsigned long *number);

/* How many packets had one of the reasons; 0 if it is not attached. */
unsigned long long doctor_packets(const struct doctor *doctor, enum nestwg_reason reason);

/* doctor_host.c */
void check_rights(struct doctor *doctor);
void check_kernel(struct doctor *doctor);
void check_bpf(struct doctor *doctor);
void check_jit(struct doctor *doctor);
void check_tc(struct doctor *doctor);
void check_bpffs(struct doctor *doctor);
void check_wireguard(struct doctor *doctor);
void check_clock(struct doctor *doctor);
void check_conntrack(struct doctor *doctor);
void check_interfaces(struct doctor *doctor);

/* doctor_nic.c */
void check_nic(struct doctor *doctor);
void check_driver(struct doctor *doctor);
void check_queues(struct doctor *doctor);
void check_address(struct doctor *doctor);
void check_route(struct doctor *doctor);
void check_neighbour(struct doctor *doctor);
void check_other_xdp(struct doctor *doctor);
void check_order(struct doctor *doctor);

/* doctor_state.c */
void check_state(struct doctor *doctor);
void check_ssh(struct doctor *doctor);
void check_silence(struct doctor *doctor);
void check_counters(struct doctor *doctor);

/* doctor_tunnel.c */
void check_handshake(struct doctor *doctor);
void check_keepalive(struct doctor *doctor);
void check_mtu(struct doctor *doctor);

/* doctor_slow.c */
void check_ip_forward(struct doctor *doctor);
void check_rp_filter(struct doctor *doctor);

/* doctor_netfilter.c */
void check_netfilter(struct doctor *doctor);

/* doctor_leftover.c */
void check_wg_quick(struct doctor *doctor);
void check_translated(struct doctor *doctor);

#endif /* NESTWG_DOCTOR_H */
