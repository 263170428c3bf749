/* SPDX-License-Identifier: GPL-2.0-only */
/* The state of the data path, pinned by the loader. Keys and values: include/nestwg.h. */
#ifndef BPF_MAPS_H
#define BPF_MAPS_H

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct nestwg_config);
} config SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, NESTWG_PORTS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct nestwg_port);
} ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, NESTWG_PROTOCOLS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct nestwg_protocol);
} protocols SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, NESTWG_ADDRESSES_MAX);
	__type(key, __be32);
	__type(value, __u8);
} addresses SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, NESTWG_FLOWS_MAX);
	__type(key, struct nestwg_flow);
	__type(value, struct nestwg_flow_state);
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, NESTWG_FRAGMENTS_MAX);
	__type(key, struct nestwg_fragment);
	__type(value, struct nestwg_fragment_state);
} fragments SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, NESTWG_NEXT_HOPS);
	__type(key, __u32);
	__type(value, struct nestwg_next_hop);
} next_hops SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, NESTWG_NR_REASONS);
	__type(key, __u32);
	__type(value, struct nestwg_counter);
} counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct nestwg_bucket);
} answers SEC(".maps");

/* In the loader's memory: no command that writes the configuration can undo it. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct nestwg_watcher);
} watcher SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, NESTWG_EVENTS_SIZE);
} events SEC(".maps");

/* NULL: every packet goes to the stack, as if nothing were attached. */
static __always_inline struct nestwg_config *get_config(void)
{
	__u32 zero = 0;
	struct nestwg_config *cfg = bpf_map_lookup_elem(&config, &zero);
	__u64 deadline;

	if (!cfg)
		return NULL;
	/*
	 * What nobody has confirmed in time is over, even if no process is left to take it back. Boot time: a
	 * clock that is set changes nothing, and a suspended machine is not reachable either.
	 */
	deadline = *(volatile __u64 *)&cfg->deadline;
	if (deadline && bpf_ktime_get_boot_ns() > deadline)
		return NULL;
	return cfg;
}

static __always_inline struct nestwg_port *get_port(__be16 port)
{
	__u32 number = bpf_ntohs(port);

	return bpf_map_lookup_elem(&ports, &number);
}

static __always_inline struct nestwg_protocol *get_protocol(__u8 protocol)
{
	__u32 number = protocol;

	return bpf_map_lookup_elem(&protocols, &number);
}

#endif /* BPF_MAPS_H */
