/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/client/evidence.h"

#include <math.h>
#include <string.h>

#include "apid/client/sparkline.h"
#include "apid/client/table.h"

#define DEPTH_MAX 16 /* what is deeper is shown as deep */

struct paper {
	const json_t *incident;
	FILE *file;
	const struct terminal *terminal;
};

static void put_heading(const struct paper *paper, const char *heading)
{
	bool color = paper->terminal->color;

	fprintf(paper->file, "\n%s%s%s\n", color ? COLOR_BOLD : "", heading,
		color ? COLOR_END : "");
}

static void put_line(const struct paper *paper, const char *name, const char *text)
{
	const char *color;

	if (!text || strcmp(text, "-") == 0)
		return;
	color = paper->terminal->color ? color_of(text) : "";
	fprintf(paper->file, "  %-10s%s", name, color);
	put_text(paper->file, text);
	fprintf(paper->file, "%s\n", *color ? COLOR_END : "");
}

const char *evidence_count(const json_t *alerts, char out[FIELD_TEXT_SIZE])
{
	if (json_is_array(alerts))
		snprintf(out, FIELD_TEXT_SIZE, "%zu", json_array_size(alerts));
	else if (json_is_integer(alerts))
		snprintf(out, FIELD_TEXT_SIZE, "%lld", (long long)json_integer_value(alerts));
	else
		return "-";
	return out;
}

static void put_head(const struct paper *paper)
{
	const json_t *incident = paper->incident;
	const char *id = field_string(incident, "id"), *message = field_string(incident, "message");
	char text[FIELD_TEXT_SIZE];

	fputs("Incident ", paper->file);
	put_text(paper->file, id ? id : "-");
	fputc('\n', paper->file);
	put_line(paper, "", message);
	put_line(paper, "status", field_string(incident, "status"));
	put_line(paper, "severity", field_string(incident, "severity"));
	put_line(paper, "rule", field_string(incident, "rule"));
	put_line(paper, "opened", show_time(incident, "opened_at", text));
	put_line(paper, "cleared", show_time(incident, "cleared_at", text));
	put_line(paper, "alerts", evidence_count(field(incident, "alerts"), text));
	put_line(paper, "flapping", field_true(incident, "flapping") ? "yes" : NULL);
	if (json_is_false(field(incident, "evidence_complete")))
		put_line(paper, "evidence", "incomplete: events were lost, or the state was stale");
}

static void put_culprit(const struct paper *paper)
{
	static const char *const members[] = {
		"comm", "exe", "args", "user", "cgroup", "unit", "container"};
	const json_t *culprit = field(paper->incident, "culprit");
	char text[FIELD_TEXT_SIZE];

	put_heading(paper, "Culprit");
	if (!culprit) {
		fputs("  nobody stands out\n", paper->file);
		return;
	}
	put_line(paper, "pid", show_number(culprit, "pid", text));
	put_line(paper, "started", show_time(culprit, "start_time", text));
	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		put_line(paper, members[i], field_string(culprit, members[i]));
}

/* A point is a number, [time, number] or {…, "value": number}. */
static double point_value(const json_t *point)
{
	if (json_is_array(point))
		point = json_array_get(point, json_array_size(point) - 1);
	else if (json_is_object(point))
		point = field(point, "value");
	return json_is_number(point) ? json_number_value(point) : NAN;
}

static void put_series(const struct paper *paper)
{
	const json_t *points = field(paper->incident, "series.points");
	const char *unit = field_string(paper->incident, "series.unit");
	size_t count = json_array_size(points),
	       skip = count > SPARKLINE_MAX ? count - SPARKLINE_MAX : 0;
	double values[SPARKLINE_MAX], low = INFINITY, high = -INFINITY;
	char line[SPARKLINE_SIZE];

	if (count == 0)
		return;
	for (size_t i = skip; i < count; i++) {
		double value = values[i - skip] = point_value(json_array_get(points, i));

		if (isnan(value))
			continue;
		low = fmin(low, value);
		high = fmax(high, value);
	}
	put_heading(paper, "Course");
	fprintf(paper->file, "  %s  ", sparkline(values, count - skip, line));
	if (low <= high)
		fprintf(paper->file, "%.4g to %.4g ", low, high);
	put_text(paper->file, unit ? unit : "");
	fputc('\n', paper->file);
}

static const struct column process_columns[] = {
	{"PID", true, false},
	{"PPID", true, false},
	{"CPU %", true, false},
	{"MEMORY", true, false},
	{"FILES", true, false},
	{"USER", false, false},
	{"COMM", false, false},
	{"COMMAND LINE", false, false},
};

/* Below each other as they are: by generation, counted from the first, where it is told. */
static void comm_cell(struct table *table, const json_t *list, const json_t *process)
{
	double depth = field_number(process, "generation") -
		       field_number(json_array_get(list, 0), "generation");
	const char *comm = field_string(process, "comm");

	table_cellf(
		table, "%*s%s", 2 * (int)fmin(fmax(depth, 0), DEPTH_MAX), "", comm ? comm : "-");
}

static void put_processes(const struct paper *paper, const char *heading, const json_t *list)
{
	_cleanup_(table_done) struct table table = {0};
	char text[FIELD_TEXT_SIZE];
	const json_t *process;
	size_t i;

	if (json_array_size(list) == 0)
		return;
	put_heading(paper, heading);
	table_init(&table, process_columns, ARRAY_LEN(process_columns));
	json_array_foreach(list, i, process)
	{
		table_cell(&table, show_number(process, "pid", text));
		table_cell(&table, show_number(process, "ppid", text));
		table_cell(&table, show_number(process, "cpu_pct", text));
		table_cell(&table, show_bytes(process, "rss_bytes", text));
		table_cell(&table, show_number(process, "fds", text));
		table_cell(&table, field_string(process, "user"));
		comm_cell(&table, list, process);
		table_cell(&table, field_string(process, "args"));
	}
	table_print(&table, paper->file, paper->terminal);
}

/* Numbers of an object and of those in it, as "psi.cpu.some_avg10 1.5". */
static void put_numbers(
	const struct paper *paper, const char *prefix, const json_t *object, unsigned depth)
{
	const char *name;
	const json_t *member;
	char path[256];
	size_t i;

	json_object_foreach((json_t *)object, name, member)
	{
		snprintf(path, sizeof(path), "%s%s%s", prefix, *prefix ? "." : "", name);
		if (json_is_object(member) && depth > 0) {
			put_numbers(paper, path, member, depth - 1);
			continue;
		}
		if (!json_is_number(member) &&
			(!json_is_array(member) || !json_is_number(json_array_get(member, 0))))
			continue;
		fputs("  ", paper->file);
		put_text(paper->file, path);
		if (json_is_number(member))
			fprintf(paper->file, " %.6g", json_number_value(member));
		for (i = 0; i < json_array_size(member); i++)
			fprintf(paper->file, " %.6g", json_number_value(json_array_get(member, i)));
		fputc('\n', paper->file);
	}
}

static void put_host(const struct paper *paper)
{
	const json_t *snapshot = field(paper->incident, "snapshot");

	if (json_object_size(snapshot) == 0)
		return;
	put_heading(paper, "Host");
	put_numbers(paper, "", snapshot, 3);
}

/* Whatever an event has, in its own order. */
static void put_events(const struct paper *paper)
{
	const json_t *events = field(paper->incident, "events"), *event, *member;
	char text[FIELD_TEXT_SIZE];
	const char *name;
	size_t i;

	if (json_array_size(events) == 0)
		return;
	put_heading(paper, "Events before");
	json_array_foreach(events, i, event)
	{
		const char *when = field(event, "timestamp") ? "timestamp" : "time";

		fprintf(paper->file, "  %s", show_time(event, when, text));
		json_object_foreach((json_t *)event, name, member)
		{
			if (strcmp(name, when) == 0 || json_is_null(member))
				continue;
			fputc(' ', paper->file);
			put_text(paper->file, name);
			fputc('=', paper->file);
			put_text(paper->file, json_is_string(member)
						      ? json_string_value(member)
						      : show_number(event, name, text));
		}
		fputc('\n', paper->file);
	}
}

/* An action is told whole or by its id. */
static void put_actions(const struct paper *paper)
{
	const json_t *actions = field(paper->incident, "actions"), *action;
	size_t i;

	if (json_array_size(actions) == 0)
		return;
	put_heading(paper, "Actions");
	json_array_foreach(actions, i, action)
	{
		const char *id = json_is_string(action) ? json_string_value(action)
							: field_string(action, "id");
		const char *status = field_string(action, "status"),
			   *type = field_string(action, "action.type");

		fputs("  ", paper->file);
		put_text(paper->file, id ? id : "-");
		fputc(' ', paper->file);
		put_text(paper->file, type ? type : "");
		fputc(' ', paper->file);
		put_text(paper->file, status ? status : "");
		fputc('\n', paper->file);
	}
}

void evidence_print(const json_t *incident, FILE *file, const struct terminal *terminal)
{
	const struct paper paper = {incident, file, terminal};

	put_head(&paper);
	put_culprit(&paper);
	put_series(&paper);
	put_processes(&paper, "Process tree", field(incident, "tree"));
	put_processes(&paper, "Most CPU", field(incident, "snapshot.top_cpu"));
	put_processes(&paper, "Most memory", field(incident, "snapshot.top_rss"));
	put_processes(&paper, "Most open files", field(incident, "snapshot.top_fds"));
	put_host(&paper);
	put_events(&paper);
	put_actions(&paper);
}
