/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/feed_queue.h"

#include <assert.h>
#include <errno.h>

void feed_queue_init(struct feed_queue *queue)
{
	*queue = (struct feed_queue){0};
	TAILQ_INIT(&queue->entries);
}

static void drop_first(struct feed_queue *queue)
{
	struct feed_entry *entry = TAILQ_FIRST(&queue->entries);

	if (queue->unsent == entry)
		queue->unsent = TAILQ_NEXT(entry, order);
	TAILQ_REMOVE(&queue->entries, entry, order);
	queue->count--;
	queue->bytes -= entry->size;
	free(entry);
}

void feed_queue_done(struct feed_queue *queue)
{
	while (queue->count > 0)
		drop_first(queue);
}

void frame_texts(const struct frame *frame, struct text *texts)
{
	assert(frame->spec->texts <= FRAME_TEXTS_MAX);
	for (unsigned i = 0; i < frame->spec->texts; i++)
		texts[i] = frame_text(frame, i);
}

static struct feed_entry *make(unsigned type, const void *payload, const struct text *texts)
{
	const struct frame_spec *spec = frame_spec(type);
	size_t size = sizeof(struct frame_header) + spec->payload_bytes;
	struct feed_entry *entry;
	long bytes;

	for (unsigned i = 0; i < spec->texts; i++)
		size += texts[i].len;
	size = MIN(size, sizeof(struct frame_header) + spec->payload_bytes + spec->tail_max);
	entry = malloc(sizeof(*entry) + size);
	if (!entry)
		return NULL;
	*entry = (struct feed_entry){.size = sizeof(*entry) + size};
	bytes = frame_write(entry->bytes, size, type, 1, payload, texts);
	if (bytes < 0) {
		free(entry);
		return NULL;
	}
	entry->frame.header = *(const struct frame_header *)entry->bytes;
	entry->frame.spec = spec;
	entry->frame.payload = (const char *)entry->bytes + sizeof(struct frame_header);
	entry->frame.tail = (const char *)entry->frame.payload + spec->payload_bytes;
	return entry;
}

int feed_queue_add(
	struct feed_queue *queue, unsigned type, const void *payload, const struct text *texts)
{
	struct feed_entry *entry = make(type, payload, texts);

	if (!entry) {
		queue->discarded++;
		return -ENOMEM;
	}
	while (queue->count >= FEED_QUEUE_MAX || queue->bytes + entry->size > FEED_QUEUE_BYTES_MAX) {
		drop_first(queue);
		queue->discarded++;
	}
	TAILQ_INSERT_TAIL(&queue->entries, entry, order);
	queue->count++;
	queue->bytes += entry->size;
	if (!queue->unsent)
		queue->unsent = entry;
	return 0;
}

struct feed_entry *feed_queue_unsent(const struct feed_queue *queue)
{
	return queue->unsent;
}

void feed_queue_sent(struct feed_queue *queue, uint64_t sequence)
{
	queue->unsent->sequence = sequence;
	queue->unsent = TAILQ_NEXT(queue->unsent, order);
}

void feed_queue_acknowledge(struct feed_queue *queue, uint64_t sequence)
{
	const struct feed_entry *first;

	while ((first = TAILQ_FIRST(&queue->entries)) && first->sequence != 0 &&
		first->sequence <= sequence)
		drop_first(queue);
}

void feed_queue_disconnected(struct feed_queue *queue)
{
	struct feed_entry *entry;

	TAILQ_FOREACH (entry, &queue->entries, order)
		entry->sequence = 0;
	queue->unsent = TAILQ_FIRST(&queue->entries);
}
