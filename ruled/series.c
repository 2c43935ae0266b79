/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/series.h"

#include "ruled/detector.h"
#include "ruled/growth.h"

#define KIB_PER_MB 1024.0

void series_recent_add(struct series_recent *recent, uint64_t time_ns, double value)
{
	/* Stays above SERIES_RECENT when it wraps around. */
	if (recent->added == UINT32_MAX)
		recent->added -= SERIES_RECENT;
	recent->at[recent->added++ % SERIES_RECENT] = (struct series_point){time_ns, value};
}

static void add(struct series *series, uint64_t time_ns, double value)
{
	if (series->count < INCIDENT_POINTS_MAX)
		series->at[series->count++] = (struct series_point){time_ns, value};
}

static void fill_recent(struct series *series, const struct series_recent *recent)
{
	uint32_t kept = MIN(recent->added, SERIES_RECENT);

	for (uint32_t i = recent->added - kept; i != recent->added; i++)
		series->at[series->count++] = recent->at[i % SERIES_RECENT];
}

static void fill_growth(struct series *series, const struct growth *growth)
{
	for (unsigned i = 0; i < growth->count; i++)
		add(series, growth->at[i].time_ns, (double)growth->at[i].kib / KIB_PER_MB);
}

/* Events per second: of the second that ends with each point. Without slices: counted so far. */
static void fill_window(
	struct series *series, const struct window_shape *shape, const struct window *window)
{
	uint32_t first = shape->slice > 0 ? shape->slice - 1 : 0; /* bucket with a value */
	uint32_t step = (shape->buckets - first + INCIDENT_POINTS_MAX - 1) / INCIDENT_POINTS_MAX;
	uint64_t sum = 0;

	for (uint32_t i = 0; i < shape->buckets; i++) {
		uint32_t age = shape->buckets - 1 - i;

		sum += window_bucket(shape, window, age);
		if (shape->slice > 0 && i >= shape->slice)
			sum -= window_bucket(shape, window, age + shape->slice);
		if (i >= first && age % step == 0 && age <= window->head)
			add(series, (window->head - age + 1) * shape->bucket_ns, (double)sum);
	}
}

void series_fill(struct series *series, const struct series_source *source)
{
	series->count = 0;
	if (source->window)
		fill_window(series, source->shape, source->window);
	else if (source->recent)
		fill_recent(series, source->recent);
	else if (source->growth)
		fill_growth(series, source->growth);
}

const char *series_unit(const struct rule_def *rule)
{
	static const char *const GAUGES[GAUGE_COUNT] = {
		[GAUGE_CPU] = "% of a core",
		[GAUGE_RSS] = "MB",
		[GAUGE_IO] = "MB per second",
		[GAUGE_DSTATE] = "processes",
		[GAUGE_FDS] = "% of the limit",
		[GAUGE_ZOMBIES] = "processes",
		[GAUGE_THREADS] = "threads",
	};
	const struct detector *detector = rule->detector;
	const char *unit = detector->gauge < GAUGE_COUNT ? GAUGES[detector->gauge] : NULL;

	switch (detector->kind) {
	case DETECT_EVENTS:
		return detector_shape(rule).slice > 0 ? "events per second" : "events";
	case DETECT_GROWTH:
		return "MB";
	case DETECT_PRESSURE:
		return "% of the time";
	case DETECT_LEVEL:
	case DETECT_HOST:
		break;
	}
	return unit ? unit : "";
}
