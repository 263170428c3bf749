/* SPDX-License-Identifier: GPL-2.0-only */
/* All the rules of this network namespace, whichever program made them. */
#ifndef NESTWG_NF_LOOK_H
#define NESTWG_NF_LOOK_H

#include "nf_rules.h"

/* `program`: "iptables", "iptables-legacy", "nft", ...: what to change them with. */
typedef void nf_look(const char *program, const struct nf_rules *rules, void *data);

struct nf_sight {
	bool iptables, nft;	/* it could be asked */
	bool legacy_is_used;	/* there are rules of the kind that only iptables shows */
};

/* Once for each kind of rules; changes nothing, and loads no module. */
struct nf_sight nf_look_at_all(nf_look *look, void *data);

#endif /* NESTWG_NF_LOOK_H */
