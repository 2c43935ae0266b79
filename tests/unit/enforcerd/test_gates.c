/* SPDX-License-Identifier: AGPL-3.0-only */
#include "enforcerd/gates.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static char patterns[1][CONFIG_TEXT_MAX] = {"/kept.slice/*"};
static struct config_list cgroups = {.count = 1, .items = patterns};
static struct gate_policy policy = {
	.suite = {900, 901, 902, 903}, .user_count = 1, .users = {77}, .cgroups = &cgroups};

static struct gate_context ordinary_context(void)
{
	struct gate_context context = {.policy = &policy};

	for (size_t i = 0; i < GATE_SUITE_LINES; i++)
		context.suite[i] = (struct gate_line){.known = true, .count = 2, .pids = {500, 1}};
	return context;
}

static struct gate_process ordinary_process(void)
{
	return (struct gate_process){.known = true,
		.pid = 4711,
		.uid = 1000,
		.comm = "stress",
		.cgroups = "0::/user.slice/user-1000.slice/session-3.scope\n"};
}

static struct gate_facts ordinary_facts(void)
{
	return (struct gate_facts){.alive = true,
		.same_uid = true,
		.same_cgroup = true,
		.wanted = true,
		.budget_left = 1};
}

/* Judges @process; returns the only gate that fails, GATE_COUNT if none does. */
static enum gate only_failed(const struct gate_context *context, const struct gate_process *process)
{
	struct gate_verdicts verdicts = {0};
	const struct gate_facts facts = ordinary_facts();
	enum gate failed = GATE_COUNT;

	gates_judge_target(context, process, &verdicts);
	gates_judge_action(&facts, &verdicts);
	for (enum gate i = 0; i < GATE_COUNT; i++) {
		assert_true(verdicts.gate[i].reason[0] != '\0');
		if (verdicts.gate[i].pass)
			continue;
		assert_int_equal(failed, GATE_COUNT);
		failed = i;
	}
	return failed;
}

static void lets_an_ordinary_process_pass(void **state)
{
	struct gate_context context = ordinary_context();
	struct gate_process process = ordinary_process();

	(void)state;
	assert_int_equal(only_failed(&context, &process), GATE_COUNT);
}

static void denies_what_was_not_measured(void **state)
{
	struct gate_context context = ordinary_context();
	struct gate_process process = ordinary_process();
	const struct gate_facts nothing = {0};
	struct gate_verdicts verdicts = {0};

	(void)state;
	assert_int_equal(gates_first_failed(&verdicts, false), GATE_PID);
	process.known = false;
	gates_judge_target(&context, &process, &verdicts);
	gates_judge_action(&nothing, &verdicts);
	for (enum gate i = 0; i < GATE_HOLD; i++)
		assert_false(verdicts.gate[i].pass);
	context = ordinary_context();
	context.suite[2].known = false;
	process = ordinary_process();
	assert_int_equal(only_failed(&context, &process), GATE_SUITE);
	context = ordinary_context();
	context.approver_given = true;
	assert_int_equal(only_failed(&context, &process), GATE_APPROVER);
}

static void refuses_pids_that_are_nobody_or_everybody(void **state)
{
	struct gate_context context = {.policy = &policy};
	struct gate_process process = ordinary_process();
	const uint32_t pids[] = {0, 1, (uint32_t)-1, PROC_PID_MAX + 1};

	(void)state;
	for (size_t i = 0; i < GATE_SUITE_LINES; i++)
		context.suite[i].known = true;
	for (size_t i = 0; i < ARRAY_LEN(pids); i++) {
		process.pid = pids[i];
		assert_int_equal(only_failed(&context, &process), GATE_PID);
	}
	process.pid = 2;
	assert_int_equal(only_failed(&context, &process), GATE_COUNT);
}

static void refuses_kernel_threads(void **state)
{
	struct gate_context context = ordinary_context();
	struct gate_process process = ordinary_process();

	(void)state;
	process.kernel_thread = true;
	assert_int_equal(only_failed(&context, &process), GATE_KERNEL);
}

static void refuses_every_user_of_the_suite_and_its_ancestors(void **state)
{
	struct gate_context context = ordinary_context();
	struct gate_process process = ordinary_process();

	(void)state;
	for (size_t i = 0; i < ROLE_COUNT; i++) {
		process.uid = policy.suite[i];
		assert_int_equal(only_failed(&context, &process), GATE_SUITE);
	}
	process = ordinary_process();
	process.pid = 500;
	assert_int_equal(only_failed(&context, &process), GATE_SUITE);
}

static void protects_by_name_only_what_runs_as_root(void **state)
{
	static const char *const names[] = {
		"systemd", "sshd", "systemd-journald", "containerd-shim-runc-v2", "kubelet"};
	struct gate_context context = ordinary_context();
	struct gate_process process = ordinary_process();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(process.comm, sizeof(process.comm), "%s", names[i]);
		process.uid = 0;
		assert_int_equal(only_failed(&context, &process), GATE_PROTECTED);
		process.real_uid = 1000; /* a link of that name to a set-uid program */
		assert_int_equal(only_failed(&context, &process), GATE_COUNT);
		process.real_uid = 0;
		process.uid = 1000;
		assert_int_equal(only_failed(&context, &process), GATE_COUNT);
	}
	process.uid = 0;
	snprintf(process.comm, sizeof(process.comm), "stress");
	assert_int_equal(only_failed(&context, &process), GATE_COUNT);
}

static void protects_listed_cgroups_of_any_hierarchy(void **state)
{
	static const char *const kept[] = {"0::/init.scope\n", "0::/system.slice/dbus.service\n",
		"1:name=systemd:/system.slice/systemd-logind.service\n0::/\n",
		"0::/system.slice/linnix-apid.service\n", "0::/kept.slice/a/b\n"};
	static const char *const open[] = {"0::/user.slice/init.scope\n",
		"0::/system.slice/dbus.service.d\n", "0::/kept.slice\n",
		"0::/system.slice/nginx.service\n", ""};
	struct gate_context context = ordinary_context();
	struct gate_process process = ordinary_process();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
		snprintf(process.cgroups, sizeof(process.cgroups), "%s", kept[i]);
		assert_int_equal(only_failed(&context, &process), GATE_PROTECTED);
	}
	for (size_t i = 0; i < ARRAY_LEN(open); i++) {
		snprintf(process.cgroups, sizeof(process.cgroups), "%s", open[i]);
		assert_int_equal(only_failed(&context, &process), GATE_COUNT);
	}
}

static void protects_listed_users(void **state)
{
	struct gate_context context = ordinary_context();
	struct gate_process process = ordinary_process();

	(void)state;
	process.uid = 77;
	assert_int_equal(only_failed(&context, &process), GATE_PROTECTED);
}

static void set_parents(struct gate_process *process, const char *first, uid_t first_uid,
	const char *second, uid_t second_uid)
{
	process->session_leader = true;
	process->parents[0].known = process->parents[1].known = true;
	process->parents[0].uid = first_uid;
	process->parents[1].uid = second_uid;
	snprintf(process->parents[0].comm, COMM_BYTES, "%s", first);
	snprintf(process->parents[1].comm, COMM_BYTES, "%s", second);
}

static void refuses_logins_but_not_what_only_looks_like_one(void **state)
{
	static const struct {
		const char *first, *second;
		uid_t first_uid, second_uid;
		enum gate failed;
	} cases[] = {
		{"sshd", "systemd", 0, 0, GATE_LOGIN},
		{"sshd", "sshd", 1000, 0, GATE_LOGIN},
		{"login", "systemd", 0, 0, GATE_LOGIN},
		{"sshd-session", "sshd", 1000, 0, GATE_LOGIN},
		{"sshd", "sshd", 1000, 1000, GATE_COUNT},
		{"sshd", "bash", 1000, 0, GATE_COUNT},
		{"bash", "sshd", 1000, 0, GATE_COUNT},
		{"cron", "systemd", 0, 0, GATE_COUNT},
	};
	struct gate_context context = ordinary_context();
	struct gate_process process = ordinary_process();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		set_parents(&process, cases[i].first, cases[i].first_uid, cases[i].second,
			cases[i].second_uid);
		assert_int_equal(only_failed(&context, &process), cases[i].failed);
		process.session_leader = false;
		assert_int_equal(only_failed(&context, &process), GATE_COUNT);
	}
	process.session_leader = true;
	process.parents[0].known = false;
	assert_int_equal(only_failed(&context, &process), GATE_LOGIN);
}

static void refuses_what_stands_above_the_approver(void **state)
{
	struct gate_context context = ordinary_context();
	struct gate_process process = ordinary_process();

	(void)state;
	context.approver_given = true;
	context.approver = (struct gate_line){.known = true, .count = 2, .pids = {9000, 4711}};
	assert_int_equal(only_failed(&context, &process), GATE_APPROVER);
	context.approver.pids[1] = 4712;
	assert_int_equal(only_failed(&context, &process), GATE_COUNT);
}

static void judges_each_fact_of_the_action_by_its_own_gate(void **state)
{
	static const struct {
		struct gate_facts facts;
		enum gate failed;
	} cases[] = {
		{{true, true, true, true, 1, NULL}, GATE_COUNT},
		{{false, true, true, true, 1, NULL}, GATE_IDENTITY},
		{{true, false, true, true, 1, NULL}, GATE_IDENTITY},
		{{true, true, false, true, 1, NULL}, GATE_IDENTITY},
		{{true, true, true, false, 1, NULL}, GATE_CONDITION},
		{{true, true, true, true, 0, NULL}, GATE_BUDGET},
		{{true, true, true, true, 1, "sre-alice"}, GATE_HOLD},
	};
	struct gate_context context = ordinary_context();
	struct gate_process process = ordinary_process();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct gate_verdicts verdicts = {0};

		gates_judge_target(&context, &process, &verdicts);
		gates_judge_action(&cases[i].facts, &verdicts);
		assert_int_equal(gates_first_failed(&verdicts, false), cases[i].failed);
		assert_int_equal(gates_first_failed(&verdicts, true), GATE_COUNT);
	}
}

static void lets_one_protected_member_refuse_the_whole_tree(void **state)
{
	struct gate_context context = ordinary_context();
	struct gate_process process = ordinary_process(), member = ordinary_process();
	struct gate_verdicts verdicts = {0};

	(void)state;
	gates_judge_target(&context, &process, &verdicts);
	assert_true(gates_judge_member(&context, &member, &verdicts));
	assert_true(verdicts.gate[GATE_PROTECTED].pass);
	member.pid = 4712;
	member.uid = 0;
	snprintf(member.comm, sizeof(member.comm), "sshd");
	assert_false(gates_judge_member(&context, &member, &verdicts));
	assert_int_equal(gates_first_failed(&verdicts, true), GATE_PROTECTED);
	assert_string_equal(verdicts.gate[GATE_PROTECTED].reason,
		"member 4712 (sshd): root's sshd is protected");
	member = ordinary_process();
	assert_true(gates_judge_member(&context, &member, &verdicts));
	assert_false(verdicts.gate[GATE_PROTECTED].pass);
}

static void shows_names_escaped(void **state)
{
	struct gate_context context = ordinary_context();
	struct gate_process process = ordinary_process(), member = ordinary_process();
	struct gate_verdicts verdicts = {0};

	(void)state;
	gates_judge_target(&context, &process, &verdicts);
	member.known = false;
	snprintf(member.comm, sizeof(member.comm), "a\nb");
	assert_false(gates_judge_member(&context, &member, &verdicts));
	assert_string_equal(
		verdicts.gate[GATE_PID].reason, "member 4711 (a\\x0ab): could not be read");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lets_an_ordinary_process_pass),
		cmocka_unit_test(denies_what_was_not_measured),
		cmocka_unit_test(refuses_pids_that_are_nobody_or_everybody),
		cmocka_unit_test(refuses_kernel_threads),
		cmocka_unit_test(refuses_every_user_of_the_suite_and_its_ancestors),
		cmocka_unit_test(protects_by_name_only_what_runs_as_root),
		cmocka_unit_test(protects_listed_cgroups_of_any_hierarchy),
		cmocka_unit_test(protects_listed_users),
		cmocka_unit_test(refuses_logins_but_not_what_only_looks_like_one),
		cmocka_unit_test(refuses_what_stands_above_the_approver),
		cmocka_unit_test(judges_each_fact_of_the_action_by_its_own_gate),
		cmocka_unit_test(lets_one_protected_member_refuse_the_whole_tree),
		cmocka_unit_test(shows_names_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
