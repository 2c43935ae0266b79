/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/window.h"

#include <string.h>

#define RATE_BUCKETS_MAX 512
#define SLICE_BUCKETS	 64
#define COUNT_BUCKETS	 128

struct window_shape window_shape_rate(uint32_t duration_secs)
{
	uint32_t slice = SLICE_BUCKETS;

	while (slice > 1 && slice * duration_secs > RATE_BUCKETS_MAX)
		slice /= 2;
	return (struct window_shape){NSEC_PER_SEC / slice, slice * duration_secs, slice};
}

struct window_shape window_shape_count(uint32_t window_secs)
{
	return (struct window_shape){window_secs * NSEC_PER_SEC / COUNT_BUCKETS, COUNT_BUCKETS, 0};
}

size_t window_bytes(const struct window_shape *shape)
{
	return sizeof(struct window) + shape->buckets * sizeof(uint32_t);
}

uint64_t window_span_ns(const struct window_shape *shape)
{
	return shape->buckets * shape->bucket_ns;
}

/* Makes @head the newest bucket. */
static void move(const struct window_shape *shape, struct window *window, uint64_t head)
{
	if (head - window->head >= shape->buckets && window->total > 0) {
		memset(window->counts, 0, shape->buckets * sizeof(uint32_t));
		window->total = 0;
		window->head = head;
	}
	/* Once nothing counts any more the rest of the way is empty. */
	while (window->head < head && window->total > 0) {
		uint32_t *count = &window->counts[++window->head % shape->buckets];

		window->total -= *count;
		*count = 0;
	}
	window->head = head;
}

void window_advance(const struct window_shape *shape, struct window *window, uint64_t now_ns)
{
	uint64_t head = now_ns / shape->bucket_ns;

	if (head > window->head)
		move(shape, window, head);
}

void window_add(const struct window_shape *shape, struct window *window, uint64_t time_ns)
{
	uint64_t bucket = time_ns / shape->bucket_ns;
	uint32_t *count = &window->counts[bucket % shape->buckets];

	window_advance(shape, window, time_ns);
	if (window->head - bucket >= shape->buckets || *count == UINT32_MAX)
		return;
	if (window->total == 0)
		window->first_ns = time_ns;
	window->first_ns = MIN(window->first_ns, time_ns);
	window->last_ns = MAX(window->last_ns, time_ns);
	++*count;
	window->total++;
}

bool window_full(const struct window_shape *shape, const struct window *window)
{
	return window->last_ns - window->first_ns >= window_span_ns(shape);
}

/* Events of the @age-th slice, 0 being the newest. */
static uint64_t slice_sum(
	const struct window_shape *shape, const struct window *window, uint32_t age)
{
	uint64_t newest = window->head + shape->buckets - age * shape->slice, sum = 0;

	for (uint32_t i = 0; i < shape->slice; i++)
		sum += window->counts[(newest - i) % shape->buckets];
	return sum;
}

static bool sustained(
	const struct window_shape *shape, const struct window *window, double threshold)
{
	uint32_t slices = shape->buckets / shape->slice;

	if ((double)window->total <= threshold * slices || !window_full(shape, window))
		return false;
	for (uint32_t age = 0; age < slices; age++)
		if ((double)slice_sum(shape, window, age) <= threshold)
			return false;
	return true;
}

bool window_over(const struct window_shape *shape, const struct window *window, double threshold)
{
	return shape->slice > 0 ? sustained(shape, window, threshold)
				: (double)window->total > threshold;
}

double window_value(const struct window_shape *shape, const struct window *window)
{
	return shape->slice > 0 ? (double)window->total * shape->slice / shape->buckets
				: (double)window->total;
}

uint64_t window_weight(const struct window_shape *shape, const struct window *window)
{
	return shape->slice > 0 ? slice_sum(shape, window, 0) : window->total;
}

static uint64_t rest_of(const struct window_shape *shape, const struct window *whole,
	const struct window *const *parts, size_t count, uint32_t age)
{
	uint64_t rest = shape->slice > 0 ? slice_sum(shape, whole, age) : whole->total;

	for (size_t i = 0; i < count; i++) {
		uint64_t part = shape->slice > 0 ? slice_sum(shape, parts[i], age) : parts[i]->total;

		rest -= MIN(rest, part);
	}
	return rest;
}

bool window_rest_over(const struct window_shape *shape, const struct window *whole,
	const struct window *const *parts, size_t count, double threshold, uint64_t *newest)
{
	uint32_t slices = shape->slice > 0 ? shape->buckets / shape->slice : 1;

	*newest = rest_of(shape, whole, parts, count, 0);
	for (uint32_t age = 0; age < slices; age++)
		if ((double)rest_of(shape, whole, parts, count, age) <= threshold)
			return false;
	return true;
}

uint64_t window_since(const struct window_shape *shape, const struct window *window)
{
	uint64_t slack = shape->slice > 0 ? NSEC_PER_SEC : shape->bucket_ns;

	if (window->last_ns - window->first_ns < window_span_ns(shape) + slack)
		return window->first_ns;
	for (uint32_t age = shape->buckets; age-- > 0;)
		if (age <= window->head &&
			window->counts[(window->head - age) % shape->buckets] > 0)
			return (window->head - age) * shape->bucket_ns;
	return window->last_ns;
}
