/* SPDX-License-Identifier: AGPL-3.0-only */
/* backtest: ruled plays the recording, we sum up what it tells. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "apid/client/ask.h"
#include "apid/client/commands.h"
#include "apid/client/fields.h"
#include "apid/client/replayed.h"
#include "apid/client/sibling.h"
#include "apid/client/table.h"
#include "proto/payload.h"
#include "proto/recording.h"

static const struct column rule_columns[] = {
	{"RULE", false, false},
	{"ALERTS", true, false},
	{"FIRST", true, false},
	{"LAST", true, false},
	{"FIRST AT", false, false},
	{"LAST AT", false, false},
};

static const struct column culprit_columns[] = {
	{"RULE", false, false},
	{"ALERTS", true, false},
	{"FIRST", true, false},
	{"PID", true, false},
	{"COMM", false, false},
	{"UNIT OR CONTAINER", false, false},
	{"COMMAND LINE", false, false},
};

/* Wall time of the first clock reading; 0 if there is none or it is no recording: ruled will say
 * so. */
static double recording_start_time(const char *path)
{
	static struct recording recording; /* too large for the stack */
	struct frame frame;
	const char *why;
	double seconds = 0;

	if (recording_open(&recording, path, &why) < 0)
		return 0;
	while (seconds <= 0 && recording_next(&recording, &frame, &why) == 1) {
		const struct tick *tick = frame.payload;

		if (frame.header.type == FRAME_TICK)
			seconds = (double)((int64_t)tick->time_ns + tick->wall_offset_ns) / 1e9;
	}
	recording_close(&recording);
	return seconds;
}

static pid_t start_replay(const struct client *client, int *out)
{
	char *const argv[] = {"linnix-ruled", "--replay", (char *)client_operand(client, 1),
		"--rules", (char *)client_value(client, RULES), NULL};
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		_exit(sibling_exec(argv));
	}
	close(ends[1]);
	*out = ends[0];
	return pid < 0 ? -errno : pid;
}

static int read_alerts(FILE *file, struct replayed *replayed)
{
	_cleanup_free_ char *line = NULL;
	size_t size = 0;
	ssize_t len;
	int r = 0;

	while (r == 0 && (len = getline(&line, &size, file)) > 0) {
		_cleanup_(json_decrefp) json_t *alert = json_loadb(line, (size_t)len, 0, NULL);

		r = replayed_add(replayed, alert);
	}
	return r;
}

static void offset_cell(struct table *table, double time, double started)
{
	if (started > 0)
		table_cellf(table, "+%.1f s", MAX(time - started, 0.0));
	else
		table_cell(table, NULL);
}

static void print_rules(
	const struct client *client, const struct replayed *replayed, double started)
{
	_cleanup_(table_done) struct table table = {0};
	char text[FIELD_TEXT_SIZE];

	table_init(&table, rule_columns, ARRAY_LEN(rule_columns));
	for (unsigned i = 0; i < replayed->count; i++) {
		const struct replayed_rule *rule = &replayed->rules[i];

		table_cell(&table, rule->name);
		table_cellf(&table, "%llu", (unsigned long long)rule->span.alerts);
		offset_cell(&table, rule->span.first, started);
		offset_cell(&table, rule->span.last, started);
		table_cell(&table, time_text(rule->span.first, text));
		table_cell(&table, time_text(rule->span.last, text));
	}
	table_print(&table, stdout, &client->terminal);
}

static void add_culprit(struct table *table, const struct replayed_rule *rule,
	const struct replayed_culprit *culprit, double started)
{
	const char *place = field_string(culprit->json, "unit");
	char text[FIELD_TEXT_SIZE];

	if (!place)
		place = field_string(culprit->json, "container");
	table_cell(table, rule->name);
	table_cellf(table, "%llu", (unsigned long long)culprit->span.alerts);
	offset_cell(table, culprit->span.first, started);
	table_cell(table, show_number(culprit->json, "pid", text));
	table_cell(
		table, culprit->json ? field_string(culprit->json, "comm") : "(nobody stood out)");
	table_cell(table, place);
	table_cell(table, field_string(culprit->json, "args"));
}

static void print_culprits(
	const struct client *client, const struct replayed *replayed, double started)
{
	_cleanup_(table_done) struct table table = {0};

	table_init(&table, culprit_columns, ARRAY_LEN(culprit_columns));
	for (unsigned i = 0; i < replayed->count; i++) {
		const struct replayed_rule *rule = &replayed->rules[i];

		for (unsigned k = 0; k < rule->count; k++)
			add_culprit(&table, rule, &rule->culprits[k], started);
	}
	putchar('\n');
	table_print(&table, stdout, &client->terminal);
	for (unsigned i = 0; i < replayed->count; i++) {
		if (replayed->rules[i].others == 0)
			continue;
		printf("and %llu alerts about others of ",
			(unsigned long long)replayed->rules[i].others);
		put_text(stdout, replayed->rules[i].name);
		putchar('\n');
	}
}

static void report(const struct client *client, const struct replayed *replayed, double started)
{
	_cleanup_(json_decrefp) json_t *json =
		client->json ? replayed_json(replayed, started) : NULL;
	_cleanup_free_ char *text =
		json ? json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(16)) : NULL;

	if (client->json) {
		(void)say_json(text ? text : "null");
	} else if (replayed->alerts == 0) {
		puts("no alert");
	} else {
		print_rules(client, replayed, started);
		print_culprits(client, replayed, started);
	}
}

static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return fail("linnix-ruled: %s", strerror(errno));
	if (WIFSIGNALED(status))
		return fail("linnix-ruled was ended by signal %d", WTERMSIG(status));
	return WEXITSTATUS(status) == 0 ? EXIT_OK : EXIT_NO;
}

int cmd_backtest(const struct client *client)
{
	_cleanup_(replayed_done) struct replayed replayed = {0};
	int fd = -1, r, ended;
	pid_t pid = start_replay(client, &fd);
	FILE *file;

	if (pid < 0)
		return fail("linnix-ruled: %s", strerror(-pid));
	file = fdopen(fd, "r");
	r = file ? read_alerts(file, &replayed) : -errno;
	if (file)
		fclose(file);
	else
		close(fd);
	ended = wait_for(pid);
	if (r < 0)
		return fail(
			"what linnix-ruled printed: %s", r == -EINVAL ? "no alerts" : strerror(-r));
	/* What came before the damage may be all there is: it is worth showing. */
	if (ended == EXIT_OK || replayed.alerts > 0)
		report(client, &replayed, recording_start_time(client_operand(client, 1)));
	return ended;
}
