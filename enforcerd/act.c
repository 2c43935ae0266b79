/* SPDX-License-Identifier: AGPL-3.0-only */
#include "enforcerd/act.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>

#include "common/clock.h"
#include "enforcerd/tree.h"
#include "enforcerd/watch.h"

#define EXECUTIONS_MAX (ACT_TREES_MAX + ACT_PROCESSES_MAX)
#define GRACE_SWEEP_MS 500 /* how often a tree that has got TERM is looked at again */
#define STOP_SWEEP_MS  1
#define KILL_WAIT_MS   50

enum stroke { STROKE_TERM, STROKE_STOP, STROKE_KILL, STROKE_COUNT };

static const int stroke_signals[STROKE_COUNT] = {SIGTERM, SIGSTOP, SIGKILL};

enum phase { PHASE_FREE, PHASE_BEGIN, PHASE_GRACE, PHASE_STOP, PHASE_KILL, PHASE_WAIT };

struct execution {
	enum phase phase;
	struct act_order order;
	struct loop_event *timer;
	struct tree tree;
	uint64_t first_signal_ns, grace_end_ns, kill_end_ns, last_exit_ns;
	unsigned held, spared, signalled, sweeps; /* held: members with a pidfd, not yet gone */
	bool overflow;				  /* the last sweep found more than can be held */
	bool denied;				  /* the kernel would not have a signal sent */
	bool told[STROKE_COUNT];
};

static struct {
	struct execution executions[EXECUTIONS_MAX];
	struct tree_member tree_rows[ACT_TREES_MAX][TREE_MEMBERS_MAX];
	struct tree_member process_rows[ACT_PROCESSES_MAX];
	struct watch watch;
	const struct act_callbacks *callbacks;
	void *ctx;
} self;

/* The one place a signal is sent from. */
static int send_signal(const struct tree_member *member, int signal)
{
	return syscall(SYS_pidfd_send_signal, member->pidfd, signal, NULL, 0) < 0 ? -errno : 0;
}

static bool is_tree(const struct execution *ex)
{
	return ex->order.type == ACTION_KILL_TREE;
}

static void release(struct execution *ex, struct tree_member *member)
{
	if (member->pidfd >= 0) {
		watch_remove(&self.watch, member->pidfd);
		ex->held--;
	}
	close_fd(&member->pidfd);
	tree_remove(&ex->tree, member);
}

static void finish(struct execution *ex, int error, const char *why)
{
	struct act_result result = {.error = error,
		.why = why,
		.signalled = ex->signalled,
		.left = ex->held + ex->spared,
		.after_ns = ex->last_exit_ns - ex->first_signal_ns};

	loop_timer_stop(ex->timer);
	for (unsigned i = ex->tree.rows; i-- > 0;) {
		struct tree_member *member = &ex->tree.members[i];

		if (member->pid == 0)
			continue;
		/* Nobody is left stopped who is not to die. */
		if (member->signalled[STROKE_STOP] && !member->signalled[STROKE_KILL] &&
			!member->was_stopped)
			(void)send_signal(member, SIGCONT);
		release(ex, member);
	}
	ex->phase = PHASE_FREE;
	self.callbacks->on_done(ex->order.action, &result, self.ctx);
}

/* Holds a process from now on. -ENOSPC, -errno: it is not held. */
static int hold_member(
	struct execution *ex, uint32_t pid, uint64_t start_ticks, int *pidfd, bool stopped)
{
	struct tree_member *member = tree_add(&ex->tree, pid, start_ticks);
	uint64_t cookie;
	int r;

	if (!member)
		return -ENOSPC;
	cookie = (uint64_t)(ex - self.executions) << 32 | (uint64_t)(member - ex->tree.members);
	r = watch_add(&self.watch, *pidfd, cookie);
	if (r < 0) {
		tree_remove(&ex->tree, member);
		return r;
	}
	member->pidfd = TAKE_FD(*pidfd);
	member->was_stopped = stopped;
	ex->held++;
	return 0;
}

/*
 * trust: a pid from a sweep. The pidfd is opened first and the process read again: only if it is
 * still the one the sweep saw, in the same relations, is it the one the pidfd holds. 0, -ESRCH
 * (another one, or gone), -EMFILE.
 */
static int open_member(const struct proc_stat *seen, int *pidfd)
{
	_cleanup_close_ int fd = (int)syscall(SYS_pidfd_open, (pid_t)seen->pid, 0);
	struct proc_stat now;

	if (fd < 0)
		return -errno;
	if (proc_stat(seen->pid, &now) < 0 || now.start_ticks != seen->start_ticks ||
		now.ppid != seen->ppid || now.pgrp != seen->pgrp || now.session != seen->session ||
		!pidfd_alive(fd))
		return -ESRCH;
	*pidfd = TAKE_FD(fd);
	return 0;
}

/* One process that a sweep has found. */
static void join(struct execution *ex, const struct proc_stat *seen)
{
	_cleanup_close_ int pidfd = -1;
	static struct gate_process process; /* large; used in one call at a time */
	struct tree_member *member;
	int r = open_member(seen, &pidfd);

	if (r == -ESRCH)
		return;
	measure_process(seen->pid, &process);
	if (!self.callbacks->may_join(ex->order.action, &process, self.ctx)) {
		if (pidfd >= 0 && !pidfd_alive(pidfd))
			return; /* gone meanwhile, so nothing could be read */
		ex->spared++;
		member = tree_add(&ex->tree, seen->pid, seen->start_ticks);
		if (member)
			member->spared = true;
		return;
	}
	if (r == 0)
		r = hold_member(ex, seen->pid, seen->start_ticks, &pidfd, seen->stopped);
	if (r < 0)
		ex->overflow = true;
}

/* Brings the members up to date. -errno: /proc could not be swept. */
static int gather(struct execution *ex)
{
	struct tree_found found;
	int r;

	ex->overflow = false;
	if (!is_tree(ex))
		return 0;
	ex->sweeps++;
	r = tree_sweep(&ex->tree, clock_boottime_ns(), &found);
	for (size_t i = 0; r == 0 && i < found.count; i++)
		join(ex, found.list[i]);
	return r;
}

/* Sends @stroke to every member that has not had it. Returns to how many. */
static unsigned strike(struct execution *ex, enum stroke stroke)
{
	unsigned sent = 0;

	for (unsigned i = 0; i < ex->tree.rows; i++) {
		struct tree_member *member = &ex->tree.members[i];

		int r = member->pidfd >= 0 && !member->signalled[stroke]
				? send_signal(member, stroke_signals[stroke])
				: -EALREADY;

		ex->denied = ex->denied || r == -EPERM;
		if (r < 0)
			continue;
		ex->signalled += !member->signalled[STROKE_TERM] && !member->signalled[STROKE_STOP];
		member->signalled[stroke] = true;
		sent++;
	}
	if (sent > 0 && ex->first_signal_ns == 0)
		ex->first_signal_ns = ex->last_exit_ns = clock_boottime_ns();
	if (sent > 0 && !ex->told[stroke] && stroke != STROKE_STOP) {
		ex->told[stroke] = true;
		self.callbacks->on_signal(ex->order.action, stroke_signals[stroke], sent, self.ctx);
	}
	return sent;
}

static void next(struct execution *ex, enum phase phase, uint64_t after_ms)
{
	ex->phase = phase;
	loop_timer_once(ex->timer, after_ms);
}

/* False: it was refused, and @ex is finished. */
static bool may_go_on(struct execution *ex)
{
	const char *why = "";
	int r = self.callbacks->may_signal(ex->order.action, &why, self.ctx);

	if (r < 0)
		finish(ex, r, why);
	return r == 0;
}

/* gather() for a step. False: it failed, and @ex is finished. */
static bool gathered(struct execution *ex)
{
	int r = gather(ex);

	if (r < 0)
		finish(ex, r, "the processes of this host could not be listed");
	return r == 0;
}

static void finish_gone(struct execution *ex)
{
	if (ex->spared > 0)
		finish(ex, -EPERM, "a process that must not be signalled has joined its tree");
	else if (ex->first_signal_ns == 0)
		finish(ex, -ESRCH, "it had gone before the first signal");
	else
		finish(ex, 0, "");
}

/* TERM has had its time, or was not wanted. */
static void turn_to_kill(struct execution *ex)
{
	if (ex->kill_end_ns == 0) {
		ex->kill_end_ns = clock_boottime_ns() + ACT_KILL_NS;
		ex->sweeps = 0;
	}
	if (!may_go_on(ex))
		return;
	if (is_tree(ex))
		(void)strike(ex, STROKE_STOP);
	next(ex, is_tree(ex) ? PHASE_STOP : PHASE_KILL, 0);
}

static void step_begin(struct execution *ex)
{
	uint64_t grace_ms = (uint64_t)ex->order.grace_secs * 1000;

	if (!gathered(ex))
		return;
	if (ex->spared > 0)
		finish(ex, -EPERM, "a member of its tree must not be signalled");
	else if (ex->held == 0)
		finish(ex, -ESRCH, "it had gone before the first signal");
	else if (ex->order.signal == SIGKILL)
		turn_to_kill(ex);
	else if (may_go_on(ex)) {
		(void)strike(ex, STROKE_TERM);
		ex->grace_end_ns = clock_boottime_ns() + grace_ms * NSEC_PER_MSEC;
		next(ex, PHASE_GRACE,
			is_tree(ex) ? MIN(grace_ms, (uint64_t)GRACE_SWEEP_MS) : grace_ms);
	}
}

static void step_grace(struct execution *ex)
{
	if (!gathered(ex))
		return;
	if (ex->held == 0) {
		finish_gone(ex);
	} else if (clock_boottime_ns() >= ex->grace_end_ns) {
		turn_to_kill(ex);
	} else if (may_go_on(ex)) {
		(void)strike(ex, STROKE_TERM);
		next(ex, PHASE_GRACE, GRACE_SWEEP_MS);
	}
}

/* Stopped processes do not fork: once a sweep finds nobody new, all are held. */
static void step_stop(struct execution *ex)
{
	bool time_left = ex->sweeps < ACT_SWEEPS_MAX && clock_boottime_ns() < ex->kill_end_ns;

	if (!gathered(ex) || !may_go_on(ex))
		return;
	if (strike(ex, STROKE_STOP) > 0 && time_left && !ex->overflow)
		next(ex, PHASE_STOP, STOP_SWEEP_MS);
	else
		next(ex, PHASE_KILL, 0);
}

static void step_kill(struct execution *ex)
{
	if (!may_go_on(ex))
		return;
	(void)strike(ex, STROKE_KILL);
	next(ex, PHASE_WAIT, ex->held > 0 ? KILL_WAIT_MS : 0);
}

static void step_wait(struct execution *ex)
{
	bool time_left = ex->sweeps < ACT_SWEEPS_MAX && clock_boottime_ns() < ex->kill_end_ns;

	if (ex->held > 0 && time_left) {
		next(ex, PHASE_WAIT, KILL_WAIT_MS);
	} else if (ex->held > 0) {
		finish(ex, -ETIME,
			ex->denied ? "the kernel refused the signal" : "processes do not end");
	} else if (gathered(ex)) {
		if (ex->held == 0 && !ex->overflow)
			finish_gone(ex);
		else if (time_left)
			turn_to_kill(ex);
		else
			finish(ex, -EAGAIN, "the tree keeps escaping");
	}
}

static void step(void *ctx)
{
	static void (*const steps[])(struct execution * ex) = {
		[PHASE_BEGIN] = step_begin,
		[PHASE_GRACE] = step_grace,
		[PHASE_STOP] = step_stop,
		[PHASE_KILL] = step_kill,
		[PHASE_WAIT] = step_wait,
	};
	struct execution *ex = ctx;

	if (ex->phase != PHASE_FREE)
		steps[ex->phase](ex);
}

static void on_exit_of_member(uint64_t cookie, void *ctx)
{
	struct execution *ex = &self.executions[cookie >> 32];
	struct tree_member *member = &ex->tree.members[(uint32_t)cookie];

	(void)ctx;
	if (ex->phase == PHASE_FREE || member->pid == 0)
		return;
	release(ex, member);
	ex->last_exit_ns = clock_boottime_ns();
	if (ex->held == 0)
		loop_timer_once(ex->timer, 0);
}

int act_init(struct loop *loop, const struct act_callbacks *callbacks, void *ctx)
{
	int r = watch_open(&self.watch, loop, on_exit_of_member, NULL);

	self.callbacks = callbacks;
	self.ctx = ctx;
	for (size_t i = 0; i < EXECUTIONS_MAX && r == 0; i++) {
		struct execution *ex = &self.executions[i];

		r = loop_timer_new(loop, step, ex, &ex->timer);
	}
	return r;
}

void act_done(void)
{
	for (size_t i = 0; i < EXECUTIONS_MAX; i++) {
		struct execution *ex = &self.executions[i];

		if (ex->phase != PHASE_FREE)
			finish(ex, -EINTR, "interrupted");
		loop_event_free(TAKE_PTR(ex->timer));
	}
	watch_close(&self.watch);
}

int act_start(const struct act_order *order)
{
	size_t first = order->type == ACTION_KILL_TREE ? 0 : ACT_TREES_MAX;
	size_t end = order->type == ACTION_KILL_TREE ? ACT_TREES_MAX : EXECUTIONS_MAX;
	const struct target *target = order->target;
	_cleanup_close_ int pidfd = -1;
	struct proc_stat stat;
	struct execution *ex;
	bool stopped;
	int r;

	while (first < end && self.executions[first].phase != PHASE_FREE)
		first++;
	if (first == end)
		return -EBUSY;
	pidfd = fcntl(target->pidfd, F_DUPFD_CLOEXEC, 0);
	if (pidfd < 0)
		return -errno;
	ex = &self.executions[first];
	*ex = (struct execution){.order = *order, .timer = ex->timer};
	tree_init(&ex->tree,
		first < ACT_TREES_MAX ? self.tree_rows[first]
				      : &self.process_rows[first - ACT_TREES_MAX],
		first < ACT_TREES_MAX ? TREE_MEMBERS_MAX : 1);
	ex->order.target = NULL;
	stopped = proc_stat(target->pid, &stat) == 0 && stat.stopped;
	r = hold_member(ex, target->pid, target->start_ticks, &pidfd, stopped);
	if (r == 0)
		next(ex, PHASE_BEGIN, 0);
	return r;
}
