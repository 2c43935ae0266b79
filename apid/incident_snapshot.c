/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/incident_snapshot.h"

#include <string.h>

#include "apid/names.h"

static json_t *centi(uint32_t hundredths)
{
	return json_real((double)hundredths / 100);
}

static json_t *pressure(const struct host_sample *host, unsigned resource)
{
	struct shape s;

	if (!(host->pressure_known >> resource & 1))
		return json_null();
	s = shape_begin();
	shape_put(&s, "some_avg10", centi(host->pressure[resource].some_avg10_centi));
	shape_put(&s, "full_avg10", centi(host->pressure[resource].full_avg10_centi));
	return shape_end(&s);
}

static json_t *pressures(const struct host_sample *host)
{
	struct shape s = shape_begin();

	for (unsigned i = 0; i < PRESSURE_RESOURCES; i++)
		shape_put(&s, name_pressure(i), pressure(host, i));
	return shape_end(&s);
}

static json_t *load(const struct host_sample *host)
{
	json_t *list = json_array();

	json_array_append_new(list, centi(host->load1_centi));
	json_array_append_new(list, centi(host->load5_centi));
	json_array_append_new(list, centi(host->load15_centi));
	return list;
}

static json_t *losses(const struct incident_host *host)
{
	struct shape s = shape_begin();

	shape_put(&s, "generated", shape_count(host->generated));
	shape_put(&s, "delivered", shape_count(host->delivered));
	shape_put(&s, "dropped", shape_count(host->dropped));
	return shape_end(&s);
}

static void put_row(
	struct shape *s, const struct incident_row *row, shape_user user, int64_t wall_offset_ns)
{
	const struct incident_process *p = &row->process;

	shape_put(s, "pid", json_integer(p->process.tgid));
	shape_put(s, "ppid", json_integer(p->process.ppid));
	shape_put(s, "start_time", shape_seconds(p->process.start_ns + (uint64_t)wall_offset_ns));
	shape_put(s, "comm", shape_comm(p->process.comm));
	shape_put(s, "exe", shape_text_or_null(incident_row_text(row, 0)));
	shape_put(s, "args", shape_text_or_null(incident_row_text(row, 1)));
	shape_put(s, "user", shape_uid(user, p->process.uid));
	shape_put(s, "uid", json_integer(p->process.uid));
	shape_put(s, "state", json_string(p->exited ? "exited" : "alive"));
	shape_put(s, "cpu_pct", shape_number(p->cpu_pct));
	shape_put(s, "rss_bytes", shape_count(p->rss_bytes));
	shape_put(s, "swap_bytes", shape_count(p->swap_bytes));
	shape_put(s, "fds", json_integer(p->fds));
	shape_put(s, "fd_limit", json_integer(p->fd_limit));
	shape_put(s, "threads", json_integer(p->threads));
}

static json_t *row_json(
	const struct incident_row *row, bool in_tree, shape_user user, int64_t wall_offset_ns)
{
	struct shape s = shape_begin();

	if (in_tree)
		shape_put(&s, "generation", json_integer(row->process.generation));
	put_row(&s, row, user, wall_offset_ns);
	return shape_end(&s);
}

/* The rows of one list, in its order. */
struct rows {
	const struct incident_row *rows[INCIDENT_ROWS_MAX];
	unsigned count;
};

/* < 0: @a stands before @b. */
typedef int (*row_order)(const struct incident_process *a, const struct incident_process *b);

static int order(double a, double b)
{
	return a < b ? -1 : a > b;
}

static int by_tgid(const struct incident_process *a, const struct incident_process *b)
{
	return order(a->process.tgid, b->process.tgid);
}

static int by_generation(const struct incident_process *a, const struct incident_process *b)
{
	int r = order(a->generation, b->generation);

	return r ? r : by_tgid(a, b);
}

static int by_cpu(const struct incident_process *a, const struct incident_process *b)
{
	int r = order(b->cpu_pct, a->cpu_pct);

	return r ? r : by_tgid(a, b);
}

static int by_rss(const struct incident_process *a, const struct incident_process *b)
{
	int r = order((double)b->rss_bytes, (double)a->rss_bytes);

	return r ? r : by_tgid(a, b);
}

static int by_fds(const struct incident_process *a, const struct incident_process *b)
{
	int r = order(b->fds, a->fds);

	return r ? r : by_tgid(a, b);
}

/* Not qsort(): for this many the C library asks the kernel how much memory there is, which seccomp
 * does not let it. */
static void insert(struct rows *rows, const struct incident_row *row, row_order compare)
{
	unsigned place = rows->count++;

	for (; place > 0 && compare(&rows->rows[place - 1]->process, &row->process) > 0; place--)
		rows->rows[place] = rows->rows[place - 1];
	rows->rows[place] = row;
}

static json_t *rows_json(const struct incident_evidence *e, unsigned list, row_order compare,
	shape_user user, int64_t wall_offset_ns)
{
	struct rows found = {.count = 0};
	json_t *json = json_array();

	for (unsigned i = 0; i < e->row_count; i++)
		if (e->rows[i]->process.lists & list)
			insert(&found, e->rows[i], compare);
	for (unsigned i = 0; i < found.count; i++)
		json_array_append_new(json,
			row_json(found.rows[i], list == INCIDENT_IN_TREE, user, wall_offset_ns));
	return json;
}

static const struct {
	const char *key;
	enum incident_list list;
	row_order order;
} tops[] = {
	{"top_cpu", INCIDENT_TOP_CPU, by_cpu},
	{"top_rss", INCIDENT_TOP_RSS, by_rss},
	{"top_fds", INCIDENT_TOP_FDS, by_fds},
};

json_t *incident_snapshot(
	const struct incident_evidence *e, shape_user user, int64_t wall_offset_ns)
{
	const struct incident_host *host = e->host;
	struct shape s = shape_begin();

	shape_put(&s, "psi", host ? pressures(&host->host) : json_null());
	shape_put(&s, "load", host ? load(&host->host) : json_null());
	shape_put(&s, "cpu_pct", host ? shape_number(host->cpu_pct) : json_null());
	shape_put(&s, "memory_available_bytes",
		host ? shape_count(host->host.memory_available_bytes) : json_null());
	for (size_t i = 0; i < ARRAY_LEN(tops); i++)
		shape_put(&s, tops[i].key,
			rows_json(e, tops[i].list, tops[i].order, user, wall_offset_ns));
	shape_put(&s, "losses", host ? losses(host) : json_null());
	return shape_end(&s);
}

json_t *incident_tree(const struct incident_evidence *e, shape_user user, int64_t wall_offset_ns)
{
	return rows_json(e, INCIDENT_IN_TREE, by_generation, user, wall_offset_ns);
}

json_t *incident_series(const struct incident_evidence *e)
{
	json_t *points = NULL;
	struct shape s;

	if (!e->series)
		return json_null();
	points = json_array();
	for (unsigned i = 0; i < MIN(e->series->count, INCIDENT_POINTS_MAX); i++) {
		json_t *point = json_array();

		json_array_append_new(point, shape_seconds(e->series->points[i].wall_ns));
		json_array_append_new(point, shape_number(e->series->points[i].value));
		json_array_append_new(points, point);
	}
	s = shape_begin();
	shape_put(&s, "unit", shape_text(text_of(e->unit)));
	shape_put(&s, "points", points);
	return shape_end(&s);
}

json_t *incident_events(const struct incident_evidence *e)
{
	json_t *list = json_array();

	for (unsigned i = 0; e->events && i < MIN(e->events->count, INCIDENT_POINTS_MAX); i++) {
		const __typeof__(e->events->events[0]) *event = &e->events->events[i];
		struct shape s = shape_begin();

		shape_put(&s, "time", shape_seconds(event->wall_ns));
		shape_put(&s, "kind", json_string(name_event(event->kind)));
		shape_put(&s, "pid", json_integer(event->tgid));
		shape_put(&s, "ppid", json_integer(event->ppid));
		shape_put(&s, "comm", shape_comm(event->comm));
		shape_put(&s, "status",
			event->kind == EVENT_EXIT ? json_integer(event->status) : json_null());
		json_array_append_new(list, shape_end(&s));
	}
	return list;
}
