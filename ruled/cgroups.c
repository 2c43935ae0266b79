/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/cgroups.h"

#include "common/cgroup_name.h"

#define TEXT_BYTES_MAX (32U << 20)

void cgroups_init(struct cgroups *cgroups)
{
	*cgroups = (struct cgroups){
		.map = MAP_INIT(CGROUPS_MAX), .texts = INTERN_INIT(TEXT_BYTES_MAX)};
	TAILQ_INIT(&cgroups->removed);
}

void cgroups_done(struct cgroups *cgroups)
{
	struct cgroup_entry *entry;
	size_t cursor = 0;

	while ((entry = map_next(&cgroups->map, &cursor)))
		free(entry);
	map_done(&cgroups->map);
	intern_done(&cgroups->texts);
}

const struct cgroup_entry *cgroups_find(const struct cgroups *cgroups, uint64_t key)
{
	return map_get(&cgroups->map, (struct map_key){key, 0});
}

static void forget_names(struct cgroups *cgroups, struct cgroup_entry *entry)
{
	intern_drop(&cgroups->texts, entry->path);
	intern_drop(&cgroups->texts, entry->unit);
	intern_drop(&cgroups->texts, entry->container);
}

static void unlist(struct cgroups *cgroups, struct cgroup_entry *entry)
{
	if (!entry->removed)
		return;
	TAILQ_REMOVE(&cgroups->removed, entry, order);
	cgroups->removed_count--;
	entry->removed = false;
}

static void forget(struct cgroups *cgroups, struct cgroup_entry *entry)
{
	unlist(cgroups, entry);
	map_remove(&cgroups->map, (struct map_key){entry->key, 0});
	forget_names(cgroups, entry);
	free(entry);
}

static struct cgroup_entry *obtain(struct cgroups *cgroups, uint64_t key)
{
	struct cgroup_entry *entry = map_get(&cgroups->map, (struct map_key){key, 0});

	if (entry)
		return entry;
	entry = calloc(1, sizeof(*entry));
	if (entry && map_put(&cgroups->map, (struct map_key){key, 0}, entry) == 0) {
		entry->key = key;
		return entry;
	}
	free(entry);
	cgroups->refused++;
	return NULL;
}

static void set_names(struct cgroups *cgroups, struct cgroup_entry *entry, struct text path)
{
	struct cgroup_entry old = *entry;
	struct cgroup_name name;

	cgroup_name_of(path, &name);
	entry->path = intern_get(&cgroups->texts, path);
	entry->unit = intern_get(&cgroups->texts, text_of(name.unit));
	entry->container = intern_get(&cgroups->texts, text_of(name.container));
	forget_names(cgroups, &old);
}

static void remove_later(struct cgroups *cgroups, struct cgroup_entry *entry)
{
	if (!entry || entry->removed)
		return;
	if (cgroups->removed_count >= CGROUPS_REMOVED_MAX)
		forget(cgroups, TAILQ_FIRST(&cgroups->removed));
	TAILQ_INSERT_TAIL(&cgroups->removed, entry, order);
	cgroups->removed_count++;
	entry->removed = true;
}

void cgroups_frame(struct cgroups *cgroups, const struct frame *frame)
{
	const struct cgroup *cgroup = frame->payload;
	struct cgroup_entry *entry;

	if (cgroup->removed) {
		remove_later(cgroups, map_get(&cgroups->map, (struct map_key){cgroup->key, 0}));
		return;
	}
	entry = obtain(cgroups, cgroup->key);
	if (!entry)
		return;
	unlist(cgroups, entry);
	set_names(cgroups, entry, frame_text(frame, 0));
}
