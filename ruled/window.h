/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * Counts of events over the last seconds, in a ring of buckets. What counts always lies within a
 * real interval of the asked length that ends with the newest event's bucket, so a count is never
 * too high; a condition is seen at most one bucket late. Pure: time comes with the events.
 */
#pragma once

#include "common/base.h"

/* The same for all windows of a rule. */
struct window_shape {
	uint64_t bucket_ns;
	uint32_t buckets;
	uint32_t slice; /* buckets of one second; 0: the window is not cut into slices */
};

struct window {
	uint64_t head; /* number of the newest bucket: time / bucket_ns */
	uint64_t first_ns; /* first event since the window was last empty */
	uint64_t last_ns; /* newest event */
	uint64_t total; /* of all buckets */
	/* A bit for each bucket that counts something, then the counts, 32 bits each. Bucket number
	 * n stands at n % buckets. */
	uint64_t used[];
};

/* @duration_secs slices of one second. */
struct window_shape window_shape_rate(uint32_t duration_secs);
/* The last @window_secs as a whole. */
struct window_shape window_shape_count(uint32_t window_secs);

/* Bytes of a window of this shape; all zero is an empty window. */
size_t window_bytes(const struct window_shape *shape);

/* The seconds a window of this shape covers, in nanoseconds. */
uint64_t window_span_ns(const struct window_shape *shape);

/* Counts one event. An event older than the ring is left out. */
void window_add(const struct window_shape *shape, struct window *window, uint64_t time_ns);

/*
 * Lets go of what is no longer within the window at @now_ns. Earlier than the newest event:
 * nothing.
 */
void window_advance(const struct window_shape *shape, struct window *window, uint64_t now_ns);

/*
 * Cut into slices: true if every slice holds more than @threshold and the activity is at least as
 * old as the window is long. Else: true if the whole window holds more.
 */
bool window_over(const struct window_shape *shape, const struct window *window, double threshold);

/* Events per second where the window is cut into slices, else events. */
double window_value(const struct window_shape *shape, const struct window *window);

/*
 * What shares are measured by: events of the newest slice, or of the whole window without slices.
 */
uint64_t window_weight(const struct window_shape *shape, const struct window *window);

/*
 * What @count parts of @whole leave of it; all of one shape and advanced to the same time. @newest gets what of its
 * weight is left. True if that is over the threshold in every slice.
 */
bool window_rest_over(const struct window_shape *shape, const struct window *whole,
	const struct window *const *parts, size_t count, double threshold, uint64_t *newest);

/* Events of the bucket of this age, 0 being the newest; younger than the ring is long. */
uint32_t window_bucket(const struct window_shape *shape, const struct window *window, uint64_t age);

/* True if the activity is at least as old as the window is long. */
bool window_full(const struct window_shape *shape, const struct window *window);

/* When what counts began: the first event, or the oldest counted bucket where that was long ago. */
uint64_t window_since(const struct window_shape *shape, const struct window *window);
