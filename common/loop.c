/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/loop.h"

#include <errno.h>
#include <event2/event.h>

#define SIGNALS_MAX 8
#define HOOKS_MAX 8

struct hook {
	loop_callback callback;
	void *ctx;
};

struct loop_event {
	struct event *read, *write; /* a timer uses read alone */
	loop_callback on_readable, on_writable;
	void *ctx;
	bool reading, writing;
};

struct loop {
	struct event_base *base;
	struct event *signals[SIGNALS_MAX];
	struct hook signal_hooks[SIGNALS_MAX];
	unsigned signal_count;
	struct hook hooks[HOOKS_MAX];
	unsigned hook_count;
	bool stopping, again;
};

int loop_new(struct loop **loop)
{
	struct loop *l = calloc(1, sizeof(*l));
	struct event_config *config = event_config_new();

	if (l && config) {
		/* The default coarse clock would make 20 ms timers jitter by a tick. */
		event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER);
		event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
		l->base = event_base_new_with_config(config);
	}
	if (config)
		event_config_free(config);
	if (!l || !l->base) {
		free(l);
		return -ENOMEM;
	}
	*loop = l;
	return 0;
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	for (unsigned i = 0; i < loop->signal_count; i++)
		event_free(loop->signals[i]);
	event_base_free(loop->base);
	free(loop);
}

void loop_freep(struct loop **loop)
{
	loop_free(*loop);
}

struct event_base *loop_base(struct loop *loop)
{
	return loop->base;
}

int loop_run(struct loop *loop)
{
	while (!loop->stopping) {
		if (event_base_loop(loop->base, EVLOOP_ONCE | (loop->again ? EVLOOP_NONBLOCK : 0)) < 0)
			return -EIO;
		loop->again = false;
		for (unsigned i = 0; i < loop->hook_count; i++)
			loop->hooks[i].callback(loop->hooks[i].ctx);
	}
	loop->stopping = false;
	return 0;
}

void loop_stop(struct loop *loop)
{
	loop->stopping = true;
}

void loop_again(struct loop *loop)
{
	loop->again = true;
}

static void on_signal(evutil_socket_t signo, short what, void *ctx)
{
	struct hook *hook = ctx;

	(void)signo;
	(void)what;
	hook->callback(hook->ctx);
}

int loop_on_signal(struct loop *loop, int signo, loop_callback callback, void *ctx)
{
	unsigned n = loop->signal_count;

	if (n == SIGNALS_MAX)
		return -ENOBUFS;
	loop->signal_hooks[n] = (struct hook){callback, ctx};
	loop->signals[n] = evsignal_new(loop->base, signo, on_signal, &loop->signal_hooks[n]);
	if (!loop->signals[n])
		return -ENOMEM;
	loop->signal_count++;
	return evsignal_add(loop->signals[n], NULL) < 0 ? -EIO : 0;
}

static void on_event(evutil_socket_t fd, short what, void *ctx)
{
	struct loop_event *event = ctx;

	(void)fd;
	if (what & EV_WRITE)
		event->on_writable(event->ctx);
	else
		event->on_readable(event->ctx);
}

static struct timeval interval(uint64_t ms)
{
	return (struct timeval){(time_t)(ms / 1000), (suseconds_t)(ms % 1000 * 1000)};
}

int loop_timer_new(struct loop *loop, loop_callback callback, void *ctx, struct loop_event **timer)
{
	struct loop_event *event = calloc(1, sizeof(*event));

	if (!event)
		return -ENOMEM;
	event->on_readable = callback;
	event->ctx = ctx;
	event->read = event_new(loop->base, -1, 0, on_event, event);
	if (!event->read) {
		free(event);
		return -ENOMEM;
	}
	*timer = event;
	return 0;
}

static void start_timer(struct loop_event *timer, uint64_t ms, short flags)
{
	struct timeval after = interval(ms);

	event_del(timer->read);
	event_assign(timer->read, event_get_base(timer->read), -1, flags, on_event, timer);
	event_add(timer->read, &after);
}

void loop_timer_once(struct loop_event *timer, uint64_t ms)
{
	start_timer(timer, ms, 0);
}

void loop_timer_every(struct loop_event *timer, uint64_t ms)
{
	start_timer(timer, ms, EV_PERSIST);
}

void loop_timer_stop(struct loop_event *timer)
{
	event_del(timer->read);
}

int loop_fd_new(struct loop *loop, int fd, loop_callback on_readable, loop_callback on_writable, void *ctx,
	struct loop_event **watch)
{
	struct loop_event *event = calloc(1, sizeof(*event));

	if (!event)
		return -ENOMEM;
	*event = (struct loop_event){.on_readable = on_readable, .on_writable = on_writable, .ctx = ctx};
	event->read = event_new(loop->base, fd, EV_READ | EV_PERSIST, on_event, event);
	event->write = event_new(loop->base, fd, EV_WRITE | EV_PERSIST, on_event, event);
	if (!event->read || !event->write) {
		loop_event_free(event);
		return -ENOMEM;
	}
	loop_fd_want(event, true, false);
	*watch = event;
	return 0;
}

void loop_fd_want(struct loop_event *watch, bool readable, bool writable)
{
	if (readable != watch->reading)
		(void)(readable ? event_add(watch->read, NULL) : event_del(watch->read));
	if (writable != watch->writing)
		(void)(writable ? event_add(watch->write, NULL) : event_del(watch->write));
	watch->reading = readable;
	watch->writing = writable;
}

void loop_event_free(struct loop_event *event)
{
	if (!event)
		return;
	if (event->read)
		event_free(event->read);
	if (event->write)
		event_free(event->write);
	free(event);
}

int loop_after_turn(struct loop *loop, loop_callback callback, void *ctx)
{
	if (loop->hook_count == HOOKS_MAX)
		return -ENOBUFS;
	loop->hooks[loop->hook_count++] = (struct hook){callback, ctx};
	return 0;
}

void loop_after_turn_end(struct loop *loop, loop_callback callback, void *ctx)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < loop->hook_count; i++)
		if (loop->hooks[i].callback != callback || loop->hooks[i].ctx != ctx)
			loop->hooks[kept++] = loop->hooks[i];
	loop->hook_count = kept;
}
