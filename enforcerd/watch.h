/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * Waits for processes to exit: many pidfds behind one descriptor of the loop, so that watching one
 * more allocates nothing here. Tells; never signals.
 */
#pragma once

#include "common/base.h"
#include "common/loop.h"

/* @cookie as given to watch_add(). The pidfd is no longer watched when this is called. */
typedef void (*watch_callback)(uint64_t cookie, void *ctx);

struct watch {
	int epoll_fd;
	struct loop_event *event;
	watch_callback on_exit;
	void *ctx;
};

must_check int watch_open(
	struct watch *watch, struct loop *loop, watch_callback on_exit, void *ctx);
void watch_close(struct watch *watch);

/*
 * Each pidfd is told once. Closing a pidfd of which there is no duplicate ends its watch; call
 * watch_remove() otherwise. 0 or -errno.
 */
must_check int watch_add(struct watch *watch, int pidfd, uint64_t cookie);
void watch_remove(struct watch *watch, int pidfd);
