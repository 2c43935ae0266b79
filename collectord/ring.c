/* SPDX-License-Identifier: AGPL-3.0-only */
#include "collectord/ring.h"

#include <errno.h>
#include <linux/bpf.h>
#include <sys/mman.h>

#define LOOK_MS		 20
#define RECORDS_PER_TURN 4096 /* then others get their turn */

struct ring {
	uint64_t *consumed;	  /* ours; the kernel reads it */
	const uint64_t *produced; /* the kernel's */
	const char *data;	  /* mapped twice in a row, so that no record is torn */
	size_t bytes, page_bytes;
	uint32_t *asleep;
	struct ring_taker taker;
	struct loop_event *watch, *timer;
	bool blocked;	/* the taker has no room */
	bool last_look; /* asleep already, but a record may have been written by somebody who saw us
			   awake */
};

enum outcome { EMPTY, MORE, BLOCKED };

/* Takes what is there, up to a turn's worth. *@taken counts. */
static enum outcome drain(struct ring *ring, unsigned *taken)
{
	uint64_t at = *ring->consumed;

	for (*taken = 0; *taken < RECORDS_PER_TURN; ++*taken) {
		const char *record = ring->data + (at & (ring->bytes - 1));
		uint32_t head, len;

		if (at == __atomic_load_n(ring->produced, __ATOMIC_ACQUIRE))
			return EMPTY;
		head = __atomic_load_n((const uint32_t *)record, __ATOMIC_ACQUIRE);
		if (head & BPF_RINGBUF_BUSY_BIT)
			return MORE;
		len = head & ~BPF_RINGBUF_DISCARD_BIT;
		/* trust: written by the kernel; mapped read-only */
		if (!(head & BPF_RINGBUF_DISCARD_BIT) &&
			ring->taker.take(record + BPF_RINGBUF_HDR_SZ, len, ring->taker.ctx) ==
				-ENOBUFS)
			return BLOCKED;
		at += (len + BPF_RINGBUF_HDR_SZ + 7U) & ~7U;
		__atomic_store_n(ring->consumed, at, __ATOMIC_RELEASE);
	}
	return MORE;
}

static void set_asleep(struct ring *ring, bool asleep)
{
	__atomic_store_n(ring->asleep, asleep, __ATOMIC_SEQ_CST);
	/* While awake the timer alone decides; a readable ring would bring us back at once. */
	loop_fd_want(ring->watch, asleep, false);
}

/* Nothing came for a whole interval: to sleep, but look once more. */
static void fall_asleep(struct ring *ring)
{
	if (ring->last_look) {
		ring->last_look = false;
		loop_timer_stop(ring->timer);
		return;
	}
	ring->last_look = true;
	set_asleep(ring, true);
	loop_timer_once(ring->timer, LOOK_MS);
}

static void turn(struct ring *ring)
{
	unsigned taken;
	enum outcome outcome = drain(ring, &taken);

	if (outcome == EMPTY && taken == 0) {
		fall_asleep(ring);
	} else {
		ring->last_look = false;
		set_asleep(ring, false);
		ring->blocked = outcome == BLOCKED;
		if (ring->blocked)
			loop_timer_stop(ring->timer);
		else
			loop_timer_once(ring->timer, outcome == MORE ? 0 : LOOK_MS);
	}
	if (outcome == EMPTY)
		ring->taker.on_empty(ring->taker.ctx);
}

static void on_look(void *ctx)
{
	struct ring *ring = ctx;

	if (!ring->blocked)
		turn(ring);
}

void ring_resume(struct ring *ring)
{
	ring->blocked = false;
	loop_timer_once(ring->timer, 0);
}

void ring_finish(struct ring *ring)
{
	unsigned taken;

	while (drain(ring, &taken) == MORE)
		;
	ring->taker.on_empty(ring->taker.ctx);
}

static int map_ring(struct ring *ring, int map_fd)
{
	void *ours, *kernels;

	ours = mmap(NULL, ring->page_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, map_fd, 0);
	if (ours == MAP_FAILED)
		return -errno;
	ring->consumed = ours;
	kernels = mmap(NULL, ring->page_bytes + 2 * ring->bytes, PROT_READ, MAP_SHARED, map_fd,
		(off_t)ring->page_bytes);
	if (kernels == MAP_FAILED)
		return -errno;
	ring->produced = kernels;
	ring->data = (const char *)kernels + ring->page_bytes;
	return 0;
}

int ring_open(struct ring **ring, struct loop *loop, int map_fd, size_t bytes, uint32_t *asleep,
	const struct ring_taker *taker)
{
	_cleanup_(ring_closep) struct ring *made = calloc(1, sizeof(*made));
	int r;

	if (!made)
		return -ENOMEM;
	*made = (struct ring){.bytes = bytes,
		.page_bytes = (size_t)sysconf(_SC_PAGESIZE),
		.asleep = asleep,
		.taker = *taker};
	r = map_ring(made, map_fd);
	if (r == 0)
		r = loop_timer_new(loop, on_look, made, &made->timer);
	if (r == 0)
		r = loop_fd_new(loop, map_fd, on_look, NULL, made, &made->watch);
	if (r < 0)
		return r;
	set_asleep(made, false);
	ring_resume(made);
	*ring = TAKE_PTR(made);
	return 0;
}

void ring_close(struct ring *ring)
{
	if (!ring)
		return;
	loop_event_free(ring->watch);
	loop_event_free(ring->timer);
	if (ring->produced)
		munmap((void *)ring->produced, ring->page_bytes + 2 * ring->bytes);
	if (ring->consumed)
		munmap(ring->consumed, ring->page_bytes);
	free(ring);
}

void ring_closep(struct ring **ring)
{
	ring_close(*ring);
}

size_t ring_used(const struct ring *ring)
{
	return (size_t)(__atomic_load_n(ring->produced, __ATOMIC_ACQUIRE) - *ring->consumed);
}
