/* SPDX-License-Identifier: AGPL-3.0-only */
#include "enforcerd/watch.h"

#include <errno.h>
#include <sys/epoll.h>

#define EVENTS_PER_TURN 256

static void on_readable(void *ctx)
{
	struct watch *watch = ctx;
	struct epoll_event events[EVENTS_PER_TURN];
	int n = epoll_wait(watch->epoll_fd, events, EVENTS_PER_TURN, 0);

	for (int i = 0; i < n; i++)
		watch->on_exit(events[i].data.u64, watch->ctx);
}

int watch_open(struct watch *watch, struct loop *loop, watch_callback on_exit, void *ctx)
{
	*watch = (struct watch){
		.epoll_fd = epoll_create1(EPOLL_CLOEXEC), .on_exit = on_exit, .ctx = ctx};
	if (watch->epoll_fd < 0)
		return -errno;
	return loop_fd_new(loop, watch->epoll_fd, on_readable, NULL, watch, &watch->event);
}

void watch_close(struct watch *watch)
{
	loop_event_free(watch->event);
	close_fd(&watch->epoll_fd);
}

int watch_add(struct watch *watch, int pidfd, uint64_t cookie)
{
	/* Once: an exited process stays readable for as long as it is held. */
	struct epoll_event event = {.events = EPOLLIN | EPOLLONESHOT, .data.u64 = cookie};

	return epoll_ctl(watch->epoll_fd, EPOLL_CTL_ADD, pidfd, &event) < 0 ? -errno : 0;
}

void watch_remove(struct watch *watch, int pidfd)
{
	(void)epoll_ctl(watch->epoll_fd, EPOLL_CTL_DEL, pidfd, NULL);
}
