/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * The processes of one host as the events link tells of them: identity is (tgid, start time); the
 * link to the parent survives the parent's death; who has exited stays for a while. Bounded, every
 * refusal and early eviction counted. A function of the frames alone: reads no clock and does no
 * I/O.
 */
#pragma once

#include <sys/queue.h>

#include "common/base.h"
#include "common/intern.h"
#include "common/pool.h"
#include "common/process_index.h"
#include "proto/frame.h"

/* What the samples of a process say; of sums over its tree, as ruled's walk has left them. */
struct process_usage {
	uint64_t time_ns;	   /* of the newest sample; 0: none */
	uint64_t cpu_ns, io_bytes; /* since its start */
	uint32_t pending_cpu_us; /* used by children since they were last sampled, who have ended */
	uint32_t rss_kib, anon_kib; /* all that is resident; anonymous, also where swapped out */
	uint32_t anon_before_kib;   /* in the sample before */
	uint32_t fds, fd_limit;
	uint32_t threads : 23; /* the kernel's limit is 2^22 */
	uint32_t state : 8;    /* letter, of the newest sample */
	uint32_t busy_child : 1;
	uint32_t connects;	   /* TCP connections it has begun since its start, modulo 2^32 */
	uint32_t pending_connects; /* like pending_cpu_us */
	uint32_t connections;	   /* open ones; 0 while nobody asks for them */
	float cpu_pct, io_mb_per_sec, connects_per_sec; /* own, in the last interval */
	float tree_cpu_pct, tree_io_mb_per_sec, tree_rss_mb, tree_connects_per_sec;
	uint16_t tree_dstate;
	uint16_t zombies; /* children */
};

/* In the order of the walk over all of them after each pass: what it needs lies together. */
struct process_entry {
	struct process info; /* the newest known; of a placeholder only tgid and start_ns. Once exited,
				its time is that of the end */
	struct interned *exe, *args; /* NULL: unknown */
	uint64_t exec_ns;	     /* of the last EXEC; 0: none seen */
	TAILQ_ENTRY(process_entry) order; /* in the table's live, exited or zombies list */
	uint32_t mark;			  /* the sweep that last saw it */
	uint16_t swap_mib; /* of the newest sample, rounded up; here, where there is room for it */
	uint8_t tag : 4;   /* the owner's; 0 again when comm or uid have changed */
	uint8_t growth : 4; /* the owner's: whether it is followed for its memory */
	bool known : 1;	 /* false: a placeholder, only named as a parent so far */
	bool forked : 1; /* its FORK has been counted */
	bool exited : 1;
	bool exit_inferred : 1; /* nobody has seen its EXIT, but it is gone */
	bool zombie : 1;	/* exited, and still there: nobody has waited for it */
	bool args_truncated : 1;
	bool past : 1; /* gone, and so is all below it: stands behind its siblings */
	struct process_entry *parent; /* the one that forked it, or what is left of its ancestors */
	TAILQ_HEAD(process_children, process_entry) children; /* those that are past at the end */
	TAILQ_ENTRY(process_entry) siblings; /* without parent: in the table's roots */
	struct process_usage usage;
};

/* Looking one up with its ancestors costs cache lines: four each, and a million of them 256 MiB. */
_Static_assert(sizeof(struct process_entry) <= 256, "an entry is four cache lines");

enum process_change {
	PROCESS_UNCHANGED,
	PROCESS_FORKED,
	PROCESS_EXECED,
	PROCESS_EXITED,
	PROCESS_OOM_KILLED,
};

/* What one frame meant. The entry is valid until the next frame or expiry. */
struct process_event {
	enum process_change change;
	struct process_entry *entry;
	uint64_t time_ns;
	uint32_t status; /* PROCESS_EXITED: wait status */
	bool again;	 /* PROCESS_EXECED: it had execed before */
};

TAILQ_HEAD(process_list, process_entry);

struct process_table {
	struct process_index index;
	struct pool pool;
	struct intern texts;
	struct process_list live, exited; /* exited: in the order they were told */
	struct process_list zombies;	  /* not forgotten before they are reaped */
	struct process_children roots;	  /* without parent, those that are past at the end */
	size_t live_count;		  /* with the zombies */
	size_t exited_count, live_max, exited_max;
	uint64_t retention_ns;
	uint64_t refused; /* processes there was no room for */
	uint64_t evicted; /* exited ones given up before their time */
	struct {
		uint64_t begin_ns;
		uint32_t pass, received, generation;
		bool open, full;
	} sweep;
	struct {
		uint64_t begin_ns, before_ns; /* of this one and of the last one received whole */
		bool whole;		      /* all of the pass is in the table */
	} pass;
	bool synced; /* a full pass is in the table and nothing was lost since */
};

#define PROCESS_LIVE_MAX       1048576
#define PROCESS_EXITED_MAX     16384
#define PROCESS_TEXT_BYTES_MAX (64U << 20)

struct process_limits {
	size_t live_max, exited_max, text_bytes_max; /* exited_max at least 1 */
	uint64_t retention_ns;			     /* of the exited */
};

void process_table_init(struct process_table *table, const struct process_limits *limits);
void process_table_done(struct process_table *table);

/* The process of this identity, or NULL. */
struct process_entry *process_table_find(
	const struct process_table *table, uint32_t tgid, uint64_t start_ns);

/*
 * Takes in FORK, EXEC, EXIT, EXIT_INFERRED, OOM, SAMPLE_BEGIN, SAMPLE or SAMPLE_END (other frames
 * change nothing).
 * Fills @event; each fork and each exit is told once, however often a frame repeats it.
 */
void process_table_frame(
	struct process_table *table, const struct frame *frame, struct process_event *event);

/* Forgets who exited longer than the retention before @now_ns. */
void process_table_expire(struct process_table *table, uint64_t now_ns);

/* Something was lost: not synced until the next full pass. */
void process_table_unsync(struct process_table *table);
