/* SPDX-License-Identifier: AGPL-3.0-only */
#include "collectord/cgroups.h"

#include <errno.h>
#include <string.h>

struct entry {
	struct entry *next;
	uint64_t key;
	unsigned walk; /* the last one that saw it */
	bool gone;
	size_t len;
	char path[];
};

struct cgroups {
	struct entry *buckets[CGROUPS_BUCKETS];
	unsigned count, walk;
	uint64_t refused;
};

int cgroups_new(struct cgroups **cgroups)
{
	struct cgroups *made = calloc(1, sizeof(*made));

	if (!made)
		return -ENOMEM;
	*cgroups = made;
	return 0;
}

void cgroups_free(struct cgroups *cgroups)
{
	if (!cgroups)
		return;
	for (unsigned i = 0; i < CGROUPS_BUCKETS; i++)
		while (cgroups->buckets[i]) {
			struct entry *entry = cgroups->buckets[i];

			cgroups->buckets[i] = entry->next;
			free(entry);
		}
	free(cgroups);
}

void cgroups_freep(struct cgroups **cgroups)
{
	cgroups_free(*cgroups);
}

/* The place that points to the entry, or the end of its bucket. */
static struct entry **find(struct cgroups *cgroups, uint64_t key)
{
	struct entry **at = &cgroups->buckets[(key * 0x9e3779b97f4a7c15ULL) >> 52];

	while (*at && (*at)->key != key)
		at = &(*at)->next;
	return at;
}
_Static_assert(
	CGROUPS_BUCKETS == 1 << (64 - 52), "the hash has as many values as there are buckets");

static void forget(struct cgroups *cgroups, struct entry **at)
{
	struct entry *entry = *at;

	*at = entry->next;
	free(entry);
	cgroups->count--;
}

int cgroups_put(struct cgroups *cgroups, uint64_t key, const char *path, size_t len)
{
	struct entry **at = find(cgroups, key), *entry;

	if (*at && (*at)->len == len && memcmp((*at)->path, path, len) == 0) {
		(*at)->walk = cgroups->walk;
		(*at)->gone = false;
		return 0;
	}
	if (!*at && cgroups->count >= CGROUPS_MAX) {
		cgroups->refused++;
		return -ENOSPC;
	}
	entry = malloc(sizeof(*entry) + len);
	if (!entry)
		return -ENOMEM;
	if (*at)
		forget(cgroups, at);
	*entry = (struct entry){.next = *at, .key = key, .walk = cgroups->walk, .len = len};
	memcpy(entry->path, path, len);
	*at = entry;
	cgroups->count++;
	return 0;
}

void cgroups_remove(struct cgroups *cgroups, uint64_t key)
{
	struct entry **at = find(cgroups, key);

	if (*at)
		forget(cgroups, at);
}

void cgroups_walk_begin(struct cgroups *cgroups)
{
	cgroups->walk++;
}

void cgroups_walk_end(struct cgroups *cgroups)
{
	for (unsigned i = 0; i < CGROUPS_BUCKETS; i++)
		for (struct entry *entry = cgroups->buckets[i]; entry; entry = entry->next)
			if (entry->walk != cgroups->walk)
				entry->gone = true;
}

static void forget_gone(struct cgroups *cgroups)
{
	for (unsigned i = 0; i < CGROUPS_BUCKETS; i++)
		for (struct entry **at = &cgroups->buckets[i]; *at;)
			if ((*at)->gone)
				forget(cgroups, at);
			else
				at = &(*at)->next;
}

int cgroups_each(struct cgroups *cgroups, unsigned *bucket, cgroups_callback callback, void *ctx)
{
	for (; *bucket < CGROUPS_BUCKETS; ++*bucket)
		for (struct entry *entry = cgroups->buckets[*bucket]; entry; entry = entry->next) {
			struct cgroup_name name = {
				entry->key, entry->path, entry->len, entry->gone};
			int r = callback(&name, ctx);

			if (r < 0)
				return r;
		}
	forget_gone(cgroups);
	return 0;
}

unsigned cgroups_count(const struct cgroups *cgroups)
{
	return cgroups->count;
}

uint64_t cgroups_refused(const struct cgroups *cgroups)
{
	return cgroups->refused;
}
