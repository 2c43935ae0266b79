/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/usage.h"

#define BUSY_CPU_PCT		 10
#define PER_SEC(count, span_ns)	 ((float)((double)(count)*1e9 / (double)(span_ns)))
#define USEC_TO_PCT(us, span_ns) ((float)((double)(us)*1e5 / (double)(span_ns)))

/* What one walk needs at each process. */
struct walk {
	const struct process_table *table;
	const struct suite_users *suite;
	struct usage_host *host;
	void (*on_process)(void *ctx, struct process_entry *entry);
	void *ctx;
	uint64_t span_ns; /* since the last pass */
};

static void clear_sums(struct process_entry *entry)
{
	struct process_usage *usage = &entry->usage;

	usage->tree_cpu_pct = usage->tree_io_mb_per_sec = usage->tree_rss_mb = 0;
	usage->tree_connects_per_sec = 0;
	usage->tree_dstate = 0;
	usage->zombies = 0;
	usage->busy_child = false;
}

/* Who is past, and so is all below, has nothing to add; so are those behind it. */
static struct process_entry *unless_past(struct process_entry *entry)
{
	return entry && !entry->past ? entry : NULL;
}

static struct process_entry *first_leaf(struct process_entry *entry)
{
	struct process_entry *child = entry;

	for (; child; child = unless_past(TAILQ_FIRST(&child->children))) {
		entry = child;
		clear_sums(entry);
	}
	return entry;
}

static uint16_t clamp_u16(int count)
{
	return (uint16_t)MIN(count, UINT16_MAX);
}

/* What was not sent again in this pass has not run and has not grown. */
static void add_own(const struct walk *walk, struct process_entry *entry)
{
	struct process_usage *usage = &entry->usage;
	double *host = walk->host->at;

	usage->tree_rss_mb += (float)usage->rss_kib / USAGE_KIB_PER_MB;
	host[GAUGE_RSS] += usage_own(entry, GAUGE_RSS);
	if (usage_waits(entry)) {
		usage->tree_dstate = clamp_u16(usage->tree_dstate + 1);
		host[GAUGE_DSTATE]++;
	}
	if (usage->time_ns < walk->table->pass.begin_ns) {
		usage->cpu_pct = usage->io_mb_per_sec = usage->connects_per_sec = 0;
		usage->anon_before_kib = usage->anon_kib;
		return;
	}
	usage->tree_cpu_pct += usage->cpu_pct;
	usage->tree_io_mb_per_sec += usage->io_mb_per_sec;
	usage->tree_connects_per_sec += usage->connects_per_sec;
	host[GAUGE_CPU] += usage_own(entry, GAUGE_CPU);
	host[GAUGE_IO] += usage_own(entry, GAUGE_IO);
	host[GAUGE_CONNECTS] += usage_own(entry, GAUGE_CONNECTS);
}

static void add_pending(const struct walk *walk, struct process_entry *entry)
{
	struct process_usage *usage = &entry->usage;
	float pct = 0, connects = 0;

	if (usage->pending_cpu_us == 0 && usage->pending_connects == 0)
		return;
	if (walk->span_ns > 0) {
		pct = USEC_TO_PCT(usage->pending_cpu_us, walk->span_ns);
		connects = PER_SEC(usage->pending_connects, walk->span_ns);
	}
	usage->pending_cpu_us = usage->pending_connects = 0;
	usage->tree_cpu_pct += pct;
	usage->tree_connects_per_sec += connects;
	walk->host->at[GAUGE_CPU] += (double)pct;
	walk->host->at[GAUGE_CONNECTS] += (double)connects;
}

static void add_to_parent(const struct process_entry *entry, struct process_entry *parent)
{
	const struct process_usage *from = &entry->usage;
	struct process_usage *to = &parent->usage;

	to->tree_cpu_pct += from->tree_cpu_pct;
	to->tree_io_mb_per_sec += from->tree_io_mb_per_sec;
	to->tree_rss_mb += from->tree_rss_mb;
	to->tree_connects_per_sec += from->tree_connects_per_sec;
	to->tree_dstate = clamp_u16(to->tree_dstate + from->tree_dstate);
	to->busy_child |= entry->exited ? from->busy_child : from->cpu_pct > BUSY_CPU_PCT;
}

static void visit(const struct walk *walk, struct process_entry *entry)
{
	if (entry->parent && entry->zombie && entry->parent->usage.zombies < UINT16_MAX)
		entry->parent->usage.zombies++;
	if (!entry->exited)
		add_own(walk, entry);
	add_pending(walk, entry);
	if (entry->parent && !lineage_excludes(entry, walk->suite))
		add_to_parent(entry, entry->parent);
	if (!entry->exited)
		walk->on_process(walk->ctx, entry);
}

/* The walk waits for memory most of the time. */
static void fetch(const struct process_entry *entry)
{
	if (!entry)
		return;
	__builtin_prefetch(&entry->children);
	__builtin_prefetch(&entry->usage.rss_kib);
	__builtin_prefetch(&entry->usage.tree_dstate);
}

static void walk_tree(const struct walk *walk, struct process_entry *root)
{
	struct process_entry *entry = first_leaf(root), *next;

	for (;;) {
		next = TAILQ_NEXT(entry, siblings);
		fetch(next);
		visit(walk, entry);
		if (entry == root)
			return;
		next = unless_past(next);
		entry = next ? first_leaf(next) : entry->parent;
	}
}

void usage_walk(struct process_table *table, const struct suite_users *suite,
	struct usage_host *host, void (*on_process)(void *ctx, struct process_entry *entry),
	void *ctx)
{
	const struct walk walk = {.table = table,
		.suite = suite,
		.host = host,
		.on_process = on_process,
		.ctx = ctx,
		.span_ns = table->pass.before_ns > 0 && table->pass.begin_ns > table->pass.before_ns
				   ? table->pass.begin_ns - table->pass.before_ns
				   : 0};
	struct process_entry *entry;

	*host = (struct usage_host){0};
	for (entry = unless_past(TAILQ_FIRST(&table->roots)); entry;
		entry = unless_past(TAILQ_NEXT(entry, siblings)))
		walk_tree(&walk, entry);
}

bool usage_both_busy(const struct process_entry *entry)
{
	return entry->usage.cpu_pct > BUSY_CPU_PCT && entry->usage.busy_child;
}
