/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/process_table.h"

#include <string.h>

#include "common/process_tree.h"
#include "common/process_usage.h"

#define ENTRIES_PER_CHUNK 64

void process_table_init(struct process_table *table, const struct process_limits *limits)
{
	size_t max = limits->live_max + limits->exited_max;

	*table = (struct process_table){
		.pool = POOL_INIT(sizeof(struct process_entry), ENTRIES_PER_CHUNK, max),
		.texts = INTERN_INIT(limits->text_bytes_max),
		.live_max = limits->live_max,
		.exited_max = limits->exited_max,
		.retention_ns = limits->retention_ns,
	};
	TAILQ_INIT(&table->live);
	TAILQ_INIT(&table->exited);
	TAILQ_INIT(&table->zombies);
	TAILQ_INIT(&table->roots);
}

void process_table_done(struct process_table *table)
{
	intern_done(&table->texts);
	process_index_done(&table->index);
	pool_done(&table->pool);
}

struct process_entry *process_table_find(
	const struct process_table *table, uint32_t tgid, uint64_t start_ns)
{
	return process_index_find(&table->index, tgid, start_ns);
}

void process_table_unsync(struct process_table *table)
{
	table->synced = false;
}

/*
 * The entry of this identity, a new placeholder if there is none; NULL (counted) when there is no
 * room.
 */
static struct process_entry *obtain(struct process_table *table, uint32_t tgid, uint64_t start_ns)
{
	struct process_entry *entry = process_table_find(table, tgid, start_ns);

	if (entry)
		return entry;
	entry = table->live_count < table->live_max ? pool_take(&table->pool) : NULL;
	if (!entry) {
		table->refused++;
		return NULL;
	}
	entry->info.tgid = tgid;
	entry->info.start_ns = start_ns;
	if (process_index_put(&table->index, entry) < 0) {
		pool_give(&table->pool, entry);
		table->refused++;
		return NULL;
	}
	TAILQ_INIT(&entry->children);
	process_tree_hang(table, entry, NULL);
	TAILQ_INSERT_TAIL(&table->live, entry, order);
	table->live_count++;
	return entry;
}

/*
 * A parent is older than its child. What claims otherwise is not believed, so that no circle can
 * come about.
 */
static bool may_be_parent(const struct process *child)
{
	if (child->ppid == 0 || child->parent_start_ns == 0)
		return false;
	return child->parent_start_ns < child->start_ns ||
	       (child->parent_start_ns == child->start_ns && child->ppid < child->tgid);
}

static void link_parent(struct process_table *table, struct process_entry *entry)
{
	struct process_entry *parent;

	if (entry->parent || !may_be_parent(&entry->info))
		return;
	parent = obtain(table, entry->info.ppid, entry->info.parent_start_ns);
	if (!parent)
		return;
	process_tree_unhang(table, entry);
	process_tree_hang(table, entry, parent);
}

/* Takes over what a frame says of its process, unless something newer is known. */
static void learn(
	struct process_table *table, struct process_entry *entry, const struct process *info)
{
	if (info->time_ns >= table->sweep.begin_ns)
		entry->mark = table->sweep.generation;
	if (entry->known && (entry->exited || info->time_ns < entry->info.time_ns))
		return;
	if (info->uid != entry->info.uid ||
		memcmp(info->comm, entry->info.comm, sizeof(info->comm)) != 0)
		entry->tag = 0;
	entry->info = *info;
	entry->known = true;
	link_parent(table, entry);
}

/* Mostly a sample repeats what is known. */
static void learn_text(struct process_table *table, struct interned **known, struct text text)
{
	struct interned *old = *known;

	if (interned_is(old, text))
		return;
	*known = intern_get(&table->texts, text);
	intern_drop(&table->texts, old);
}

static void learn_texts(
	struct process_table *table, struct process_entry *entry, struct text exe, struct text args)
{
	learn_text(table, &entry->exe, exe);
	learn_text(table, &entry->args, args);
}

/* Its children go to its parent. */
static void evict(struct process_table *table, struct process_entry *entry)
{
	struct process_entry *child, *parent = entry->parent;

	while ((child = TAILQ_FIRST(&entry->children))) {
		process_tree_unhang(table, child);
		process_tree_hang(table, child, parent);
	}
	process_tree_unhang(table, entry);
	TAILQ_REMOVE(&table->exited, entry, order);
	table->exited_count--;
	process_index_remove(&table->index, entry);
	intern_drop(&table->texts, entry->exe);
	intern_drop(&table->texts, entry->args);
	pool_give(&table->pool, entry);
}

static void keep_exited(struct process_table *table, struct process_entry *entry)
{
	if (table->exited_count >= table->exited_max) {
		evict(table, TAILQ_FIRST(&table->exited));
		table->evicted++;
	}
	table->live_count--;
	TAILQ_INSERT_TAIL(&table->exited, entry, order);
	table->exited_count++;
}

static void mark_exited(struct process_table *table, struct process_entry *entry, uint64_t exit_ns)
{
	TAILQ_REMOVE(&table->live, entry, order);
	keep_exited(table, entry);
	entry->exited = true;
	entry->info.time_ns = exit_ns;
	process_tree_past(table, entry);
}

/* Its end is known or not, but the kernel still has it. */
static void mark_zombie(struct process_table *table, struct process_entry *entry, uint64_t now_ns)
{
	if (!entry->exited) {
		TAILQ_REMOVE(&table->live, entry, order);
		entry->exited = entry->exit_inferred = true;
		entry->info.time_ns = now_ns;
	} else if (!entry->zombie) {
		TAILQ_REMOVE(&table->exited, entry, order);
		table->exited_count--;
		table->live_count++;
	} else {
		return;
	}
	entry->zombie = true;
	process_tree_present(table, entry);
	TAILQ_INSERT_TAIL(&table->zombies, entry, order);
}

static void mark_reaped(struct process_table *table, struct process_entry *entry)
{
	TAILQ_REMOVE(&table->zombies, entry, order);
	entry->zombie = false;
	keep_exited(table, entry);
	process_tree_past(table, entry);
}

void process_table_expire(struct process_table *table, uint64_t now_ns)
{
	struct process_entry *oldest;

	while ((oldest = TAILQ_FIRST(&table->exited)) &&
		oldest->info.time_ns + table->retention_ns <= now_ns)
		evict(table, oldest);
}

static void take_fork(
	struct process_table *table, const struct frame *frame, struct process_event *event)
{
	const struct fork *fork = frame->payload;
	struct process_entry *entry = obtain(table, fork->process.tgid, fork->process.start_ns);

	if (!entry)
		return;
	learn(table, entry, &fork->process);
	if (entry->forked)
		return;
	entry->forked = true;
	if (entry->parent && entry->parent->known && !entry->exe) {
		entry->exe = intern_hold(entry->parent->exe);
		entry->args = intern_hold(entry->parent->args);
		entry->args_truncated = entry->parent->args_truncated;
	}
	*event = (struct process_event){PROCESS_FORKED, entry, fork->process.time_ns, 0, false};
}

static void take_exec(
	struct process_table *table, const struct frame *frame, struct process_event *event)
{
	const struct exec *exec = frame->payload;
	struct process_entry *entry = obtain(table, exec->process.tgid, exec->process.start_ns);

	if (!entry)
		return;
	learn(table, entry, &exec->process);
	learn_texts(table, entry, frame_text(frame, 0), frame_text(frame, 1));
	entry->args_truncated = exec->args_truncated != 0;
	*event = (struct process_event){
		PROCESS_EXECED, entry, exec->process.time_ns, 0, entry->exec_ns != 0};
	entry->exec_ns = MAX(exec->process.time_ns, 1);
}

static void take_exit(
	struct process_table *table, const struct frame *frame, struct process_event *event)
{
	const struct exit *end = frame->payload;
	struct process_entry *entry = obtain(table, end->process.tgid, end->process.start_ns);

	if (!entry || (entry->exited && !entry->exit_inferred))
		return;
	learn(table, entry, &end->process);
	if (!entry->exited)
		mark_exited(table, entry, end->process.time_ns);
	process_usage_bequeath(table, entry, end);
	process_tree_past(table, entry);
	entry->exit_inferred = false;
	entry->info.time_ns = end->process.time_ns;
	*event = (struct process_event){
		PROCESS_EXITED, entry, end->process.time_ns, end->status, false};
}

static void take_sample_begin(
	struct process_table *table, const struct frame *frame, struct process_event *event)
{
	const struct sample_begin *begin = frame->payload;

	(void)event;
	table->sweep.open = true;
	table->sweep.full = begin->full != 0;
	table->sweep.pass = begin->pass;
	table->sweep.received = 0;
	table->pass.before_ns = process_usage_base(table);
	table->pass.begin_ns = begin->time_ns;
	table->pass.whole = false;
	if (table->sweep.full) {
		table->sweep.begin_ns = begin->time_ns;
		table->sweep.generation++;
	}
}

static void take_exit_inferred(
	struct process_table *table, const struct frame *frame, struct process_event *event)
{
	const struct exit_inferred *end = frame->payload;
	struct process_entry *entry = process_table_find(table, end->tgid, end->start_ns);

	(void)event;
	if (!entry)
		return;
	if (entry->zombie) {
		mark_reaped(table, entry);
	} else if (!entry->exited) {
		mark_exited(table, entry, end->time_ns);
		entry->exit_inferred = true;
	}
}

static void take_oom(
	struct process_table *table, const struct frame *frame, struct process_event *event)
{
	const struct oom *oom = frame->payload;
	struct process_entry *entry = obtain(table, oom->process.tgid, oom->process.start_ns);

	if (!entry)
		return;
	learn(table, entry, &oom->process);
	*event = (struct process_event){PROCESS_OOM_KILLED, entry, oom->process.time_ns, 0, false};
}

static void take_sample(
	struct process_table *table, const struct frame *frame, struct process_event *event)
{
	const struct sample *sample = frame->payload;
	struct process_entry *entry;

	(void)event;
	if (!table->sweep.open || sample->pass != table->sweep.pass)
		return;
	table->sweep.received++;
	entry = obtain(table, sample->process.tgid, sample->process.start_ns);
	if (!entry || (entry->exited && !process_usage_zombie(sample)))
		return;
	entry->mark = table->sweep.generation;
	learn(table, entry, &sample->process);
	if (process_usage_zombie(sample)) {
		mark_zombie(table, entry, sample->process.time_ns);
		return;
	}
	process_usage_learn(table, &entry->usage, sample);
	entry->swap_mib = (uint16_t)MIN((sample->swap_bytes >> 20) + ((sample->swap_bytes & 0xfffff) != 0), UINT16_MAX);
	/* An EXEC that was seen knows better, unless later ones may have been lost. */
	if (sample->args_known && (entry->exec_ns == 0 || !table->synced))
		learn_texts(table, entry, frame_text(frame, 0), frame_text(frame, 1));
}

/* Who was there before the pass began and was not seen in it has exited unnoticed. */
static void sweep_missed(struct process_table *table)
{
	struct process_entry *entry = TAILQ_FIRST(&table->live), *next;

	for (; entry; entry = next) {
		next = TAILQ_NEXT(entry, order);
		if (entry->mark == table->sweep.generation ||
			entry->info.start_ns >= table->sweep.begin_ns)
			continue;
		mark_exited(table, entry, table->sweep.begin_ns);
		entry->exit_inferred = true;
	}
	for (entry = TAILQ_FIRST(&table->zombies); entry; entry = next) {
		next = TAILQ_NEXT(entry, order);
		if (entry->mark != table->sweep.generation)
			mark_reaped(table, entry);
	}
}

/* A pass of which frames are missing proves nothing. */
static void take_sample_end(
	struct process_table *table, const struct frame *frame, struct process_event *event)
{
	const struct sample_end *end = frame->payload;
	bool whole = table->sweep.open && end->pass == table->sweep.pass &&
		     end->sent == table->sweep.received;

	(void)event;
	table->sweep.open = false;
	table->pass.whole = whole;
	if (!whole || !table->sweep.full)
		return;
	sweep_missed(table);
	table->synced = true;
}

static void (*const TAKERS[FRAME_TYPE_MAX])(struct process_table *table, const struct frame *frame,
	struct process_event *event) = {
	[FRAME_FORK] = take_fork,
	[FRAME_EXEC] = take_exec,
	[FRAME_EXIT] = take_exit,
	[FRAME_EXIT_INFERRED] = take_exit_inferred,
	[FRAME_OOM] = take_oom,
	[FRAME_SAMPLE_BEGIN] = take_sample_begin,
	[FRAME_SAMPLE] = take_sample,
	[FRAME_SAMPLE_END] = take_sample_end,
};

void process_table_frame(
	struct process_table *table, const struct frame *frame, struct process_event *event)
{
	*event = (struct process_event){.change = PROCESS_UNCHANGED};
	if (TAKERS[frame->header.type])
		TAKERS[frame->header.type](table, frame, event);
}
