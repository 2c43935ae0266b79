/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/window.h"

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

static size_t used_words(const struct window_shape *shape)
{
	return (shape->buckets + 63) / 64;
}

size_t window_bytes(const struct window_shape *shape)
{
	return sizeof(struct window) + used_words(shape) * sizeof(uint64_t) +
	       shape->buckets * sizeof(uint32_t);
}

static uint32_t *counts_of(const struct window_shape *shape, const struct window *window)
{
	return (uint32_t *)(uintptr_t)(window->used + used_words(shape));
}

uint64_t window_span_ns(const struct window_shape *shape)
{
	return shape->buckets * shape->bucket_ns;
}

/* Empties the buckets from place @from to before @to. */
static void clear(const struct window_shape *shape, struct window *window, uint32_t from, uint32_t to)
{
	uint32_t *counts = counts_of(shape, window);

	while (from < to && window->total > 0) {
		uint32_t word = from / 64, end = MIN(to, (word + 1) * 64);
		uint64_t used = window->used[word] >> from % 64 << from % 64;

		if (end % 64 > 0)
			used &= (1ULL << end % 64) - 1;
		window->used[word] ^= used;
		for (; used; used &= used - 1) {
			uint32_t *count = &counts[word * 64 + (uint32_t)__builtin_ctzll(used)];

			window->total -= *count;
			*count = 0;
		}
		from = end;
	}
}

/* Makes @head the newest bucket. */
static void move(const struct window_shape *shape, struct window *window, uint64_t head)
{
	uint64_t gone = MIN(head - window->head, (uint64_t)shape->buckets);
	uint32_t from, to;

	if (window->total > 0) {
		from = (uint32_t)((window->head + 1) % shape->buckets);
		to = from + (uint32_t)gone;
		clear(shape, window, from, MIN(to, shape->buckets));
		if (to > shape->buckets)
			clear(shape, window, 0, to - shape->buckets);
	}
	window->head = head;
}

static void advance_to(const struct window_shape *shape, struct window *window, uint64_t head)
{
	if (head > window->head)
		move(shape, window, head);
}

void window_advance(const struct window_shape *shape, struct window *window, uint64_t now_ns)
{
	advance_to(shape, window, now_ns / shape->bucket_ns);
}

void window_add(const struct window_shape *shape, struct window *window, uint64_t time_ns)
{
	uint64_t bucket = time_ns / shape->bucket_ns;
	uint32_t place = (uint32_t)(bucket % shape->buckets);
	uint32_t *count = &counts_of(shape, window)[place];

	advance_to(shape, window, bucket);
	if (window->head - bucket >= shape->buckets || *count == UINT32_MAX)
		return;
	if (window->total == 0)
		window->first_ns = time_ns;
	window->first_ns = MIN(window->first_ns, time_ns);
	window->last_ns = MAX(window->last_ns, time_ns);
	++*count;
	window->used[place / 64] |= 1ULL << place % 64;
	window->total++;
}

uint32_t window_bucket(const struct window_shape *shape, const struct window *window, uint64_t age)
{
	return counts_of(shape, window)[(window->head + shape->buckets - age) % shape->buckets];
}

bool window_full(const struct window_shape *shape, const struct window *window)
{
	return window->last_ns - window->first_ns >= window_span_ns(shape);
}

/* Events of the @age-th slice, 0 being the newest. */
static uint64_t slice_sum(
	const struct window_shape *shape, const struct window *window, uint32_t age)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < shape->slice; i++)
		sum += window_bucket(shape, window, age * shape->slice + i);
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
			window_bucket(shape, window, age) > 0)
			return (window->head - age) * shape->bucket_ns;
	return window->last_ns;
}
