/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * The event loop of a daemon: descriptors, timers, signals, and work to be done once after each turn (flushing).
 * A thin layer over libevent; never blocks but in loop_run().
 */
#pragma once

#include "common/base.h"

struct event_base;
struct loop;
struct loop_event; /* a timer or a watched descriptor */

typedef void (*loop_callback)(void *ctx);

must_check int loop_new(struct loop **loop);
void loop_free(struct loop *loop);
void loop_freep(struct loop **loop);

/* The libevent base, for libraries that bring their own events (evhttp). Borrowed. */
struct event_base *loop_base(struct loop *loop);

/* Runs until loop_stop(); returns 0 or -errno. May be called again. */
must_check int loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

/* Calls @callback each time @signo arrives. Lives as long as the loop. */
must_check int loop_on_signal(struct loop *loop, int signo, loop_callback callback, void *ctx);

/* A timer, not yet running. loop_event_free() ends it; NULL is fine. */
must_check int loop_timer_new(struct loop *loop, loop_callback callback, void *ctx, struct loop_event **timer);
void loop_timer_once(struct loop_event *timer, uint64_t ms);
void loop_timer_every(struct loop_event *timer, uint64_t ms);
void loop_timer_stop(struct loop_event *timer);

/* Watches @fd (borrowed) until freed. loop_fd_want() switches reading and writing on and off; reading starts on. */
must_check int loop_fd_new(struct loop *loop, int fd, loop_callback on_readable, loop_callback on_writable, void *ctx,
	struct loop_event **watch);
void loop_fd_want(struct loop_event *watch, bool readable, bool writable);

void loop_event_free(struct loop_event *event);

/* Calls @callback once after each turn of the loop, in the order added; at most 8. */
must_check int loop_after_turn(struct loop *loop, loop_callback callback, void *ctx);
/* Ends that; not from a callback after a turn. */
void loop_after_turn_end(struct loop *loop, loop_callback callback, void *ctx);

/* What came up outside of a turn (before the first one, or in a callback after one) is not to wait for an event. */
void loop_again(struct loop *loop);
