// SPDX-License-Identifier: GPL-2.0-only
/* BPF maps, small: a hash keeps its last entries only, as an LRU hash may. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf_helpers.h>

#include "host.h"

#define HASH_ENTRIES	64
#define TOUCHED_MAX	256

struct entry {
	void *key;		/* NULL: free */
	void *value;		/* of its own, so that what is beyond it is poison */
	__u32 used;
};

struct store {
	struct entry hash[HASH_ENTRIES];
	__u8 *array;
	__u32 touched[TOUCHED_MAX];	/* elements of ARRAY that were looked up */
	__u32 touches;
};

static struct store stores[NR_MAPS];
static __u32 ticks;

static int map_index(const void *map)
{
	for (int i = 0; i < NR_MAPS; i++)
		if (host_maps[i].map == map)
			return i;
	abort();
}

static bool is_array(const struct host_map *map)
{
	return map->type == BPF_MAP_TYPE_ARRAY || map->type == BPF_MAP_TYPE_PERCPU_ARRAY;
}

const void *host_map_array(int index)
{
	struct store *store = &stores[index];

	if (!store->array)
		store->array = calloc(host_maps[index].entries, host_maps[index].value_size);
	if (!store->array)
		abort();
	return store->array;
}

static void *array_value(int index, const void *key)
{
	const struct host_map *map = &host_maps[index];
	struct store *store = &stores[index];
	__u32 element;

	host_map_array(index);

	memcpy(&element, key, sizeof(element));
	if (element >= map->entries)
		return NULL;
	if (store->touches == TOUCHED_MAX)
		abort();
	store->touched[store->touches++] = element;
	return store->array + (size_t)element * map->value_size;
}

static struct entry *hash_find(int index, const void *key)
{
	for (struct entry *e = stores[index].hash; e < stores[index].hash + HASH_ENTRIES; e++)
		if (e->key && memcmp(e->key, key, host_maps[index].key_size) == 0)
			return e;
	return NULL;
}

bool host_map_used(int index)
{
	for (int i = 0; i < HASH_ENTRIES; i++)
		if (stores[index].hash[i].key)
			return true;
	return false;
}

static void hash_free(struct entry *entry)
{
	free(entry->key);
	free(entry->value);
	memset(entry, 0, sizeof(*entry));
}

static struct entry *hash_oldest(int index)
{
	struct entry *oldest = stores[index].hash;

	for (struct entry *e = oldest; e < stores[index].hash + HASH_ENTRIES; e++) {
		if (!e->key)
			return e;
		if (e->used < oldest->used)
			oldest = e;
	}
	hash_free(oldest);
	return oldest;
}

void *host_map_value(int index, const void *key)
{
	struct entry *entry;

	if (is_array(&host_maps[index]))
		return array_value(index, key);
	entry = hash_find(index, key);
	if (!entry)
		return NULL;
	entry->used = ++ticks;
	return entry->value;
}

void host_map_put(int index, const void *key, const void *value)
{
	const struct host_map *map = &host_maps[index];
	void *old = host_map_value(index, key);
	struct entry *entry;

	if (old) {
		memcpy(old, value, map->value_size);
		return;
	}
	entry = hash_oldest(index);
	entry->key = malloc(map->key_size);
	entry->value = malloc(map->value_size);
	if (!entry->key || !entry->value)
		abort();
	memcpy(entry->key, key, map->key_size);
	memcpy(entry->value, value, map->value_size);
	entry->used = ++ticks;
}

void host_maps_reset(void)
{
	for (int i = 0; i < NR_MAPS; i++) {
		struct store *store = &stores[i];
		__u32 size = host_maps[i].value_size;

		for (__u32 j = 0; j < store->touches; j++)
			memset(store->array + (size_t)store->touched[j] * size, 0, size);
		store->touches = 0;
		for (int j = 0; j < HASH_ENTRIES; j++)
			if (store->hash[j].key)
				hash_free(&store->hash[j]);
	}
}

void *bpf_map_lookup_elem(void *map, const void *key)
{
	return host_fault() ? NULL : host_map_value(map_index(map), key);
}

long bpf_map_update_elem(void *map, const void *key, const void *value, __u64 flags)
{
	int index = map_index(map);

	if (flags != BPF_ANY)
		abort();
	if (host_fault())
		return -ENOMEM;
	host_map_put(index, key, value);
	return 0;
}

long bpf_map_delete_elem(void *map, const void *key)
{
	struct entry *entry = hash_find(map_index(map), key);

	if (!entry)
		return -ENOENT;
	hash_free(entry);
	return 0;
}
