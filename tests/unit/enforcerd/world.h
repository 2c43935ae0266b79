/* SPDX-License-Identifier: AGPL-3.0-only */
/* What surrounds the core, for tests: a clock that stands still, an audit and an act that only
 * remember. Processes are real. */
#pragma once

#include <fcntl.h>
#include <stdio.h>

#include "common/clock.h"
#include "enforcerd/audit_past.h"
#include "enforcerd/lifecycle.h"
#include "processes.h"

#define RULED 77 /* start time of the ruled that proposes */

static struct core core;
static struct config config;
static struct loop *loop;
static pid_t child;
static char etc[64];

static uint64_t now_ns, wall_ns;
static struct audit_event written[32];
static unsigned written_count, orders, told, told_enforcer, told_mutes;
static struct muting told_mute;
static int audit_result, act_result;
static bool audit_good;
static enum action_status told_status;

static inline uint64_t fake_boottime(void)
{
	return now_ns;
}

static inline uint64_t fake_wall(void)
{
	return wall_ns;
}

static inline int fake_audit(const struct audit_event *event)
{
	assert_true(written_count < ARRAY_LEN(written));
	if (audit_result == 0)
		written[written_count++] = *event;
	return audit_result;
}

static inline bool fake_audit_is_ok(void)
{
	return audit_good;
}

static inline int fake_act(const struct act_order *order)
{
	(void)order;
	orders += act_result == 0;
	return act_result;
}

static inline void fake_on_job(struct core *c, const struct job *job)
{
	(void)c;
	told++;
	told_status = job->status;
	loop_stop(loop);
}

static inline void fake_on_enforcer(struct core *c)
{
	(void)c;
	told_enforcer++;
}

static inline void fake_on_mute(struct core *c, const struct muting *muting)
{
	(void)c;
	told_mutes++;
	told_mute = *muting;
}

static const struct core_ports ports = {fake_boottime, fake_wall, fake_audit, fake_audit_is_ok,
	fake_act, fake_on_job, fake_on_enforcer, fake_on_mute};

static inline void pass_seconds(uint64_t seconds)
{
	now_ns += seconds * NSEC_PER_SEC;
	wall_ns += seconds * NSEC_PER_SEC;
}

/* The file of the kill switch. */
static inline void set_hold_file(bool there)
{
	char directory[96], file[128];

	snprintf(directory, sizeof(directory), "%s/linnix", etc);
	snprintf(file, sizeof(file), "%s/hold", directory);
	if (there) {
		assert_int_equal(mkdir(directory, 0700), 0);
		close(open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	} else {
		unlink(file);
		rmdir(directory);
	}
}

static inline void resume_after(const struct audit_past *past)
{
	memset(&core.actions, 0, sizeof(core.actions));
	lifecycle_resume(&core, past);
}

static inline int make_world(void **state)
{
	static struct audit_past nothing;

	(void)state;
	strcpy(etc, "/tmp/linnix-core-XXXXXX");
	if (!mkdtemp(etc) || proc_open() < 0 || loop_new(&loop) < 0)
		return -1;
	memset(&core, 0, sizeof(core));
	core.ports = &ports;
	core.config = &config;
	core.proposer = RULED;
	core.suite_pids[SUITE_SELF] = (uint32_t)getpid();
	for (enum role role = 0; role < ROLE_COUNT; role++)
		core.policy.suite[role] = 900 + role;
	config_init(&config);
	core.policy.cgroups = &config.enforcement.protect_cgroups;
	now_ns = clock_boottime_ns();
	wall_ns = clock_wall_ns();
	written_count = orders = told = told_enforcer = told_mutes = 0;
	audit_result = act_result = 0;
	audit_good = true;
	if (hold_open(&core.hold, etc) < 0 || lifecycle_open(&core, loop) < 0)
		return -1;
	resume_after(&nothing);
	child = sleeper_as(0);
	return 0;
}

static inline int end_world(void **state)
{
	(void)state;
	if (child > 0)
		end_child(child);
	lifecycle_close(&core);
	claims_expire(&core.claims, UINT64_MAX);
	set_hold_file(false);
	close_fd(&core.hold.etc_fd);
	config_done(&config);
	loop_free(loop);
	return rmdir(etc);
}

/* What ruled proposes about the child, as its number @number. NULL: refused, see @why. */
static inline struct job *propose_as(uint64_t number, enum action_type type, char why[256])
{
	struct propose propose = proposal_of(child);
	const struct frame frame = {.spec = frame_spec(FRAME_PROPOSE),
		.payload = &propose,
		.tail = "storm"
			"7-1"
			"too many"};

	propose.proposal = number;
	propose.type = (uint16_t)type;
	propose.evidence_complete = 1;
	propose.text_len[0] = 5;
	propose.text_len[1] = 3;
	propose.text_len[2] = 8;
	return lifecycle_propose(&core, &frame, why);
}

static inline struct job *propose(void)
{
	char why[256] = "";
	struct job *job = propose_as(1, ACTION_KILL_PROCESS, why);

	assert_string_equal(job ? "" : why, "");
	return job;
}

static inline void assert_written(unsigned back, enum audit_kind kind, const char *reason)
{
	assert_true(written_count > back);
	assert_int_equal(written[written_count - 1 - back].kind, kind);
	assert_string_equal(written[written_count - 1 - back].reason, reason);
}
