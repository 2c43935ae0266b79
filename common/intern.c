/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/intern.h"

#include <assert.h>
#include <string.h>

#define CAPACITY_MIN 64

uint64_t hash_bytes(const void *data, size_t len)
{
	const unsigned char *at = data;
	uint64_t hash = 0xcbf29ce484222325ULL;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ at[i]) * 0x100000001b3ULL;
	return hash;
}

/* Of texts in memory only: eight bytes at a time. */
static uint64_t hash_text(struct text text)
{
	uint64_t hash = text.len, word;
	size_t at = 0;

	for (; at + sizeof(word) <= text.len; at += sizeof(word)) {
		memcpy(&word, text.data + at, sizeof(word));
		hash = (hash ^ word) * 0x9fb21c651e98df25ULL;
		hash ^= hash >> 32;
	}
	word = 0;
	memcpy(&word, text.data + at, text.len - at);
	hash = (hash ^ word) * 0x9fb21c651e98df25ULL;
	return hash ^ (hash >> 32);
}

void intern_done(struct intern *intern)
{
	for (size_t i = 0; i < intern->capacity; i++) {
		while (intern->buckets[i]) {
			struct interned *first = intern->buckets[i];

			intern->buckets[i] = first->next;
			free(first);
		}
	}
	free(intern->buckets);
	*intern = (struct intern)INTERN_INIT(intern->bytes_max);
}

static struct interned **bucket_of(struct interned **buckets, size_t capacity, uint64_t hash)
{
	return &buckets[hash & (capacity - 1)];
}

/* One chain a text on average. Without memory the chains grow longer instead. */
static bool grow(struct intern *intern)
{
	size_t capacity = intern->capacity > 0 ? intern->capacity * 2 : CAPACITY_MIN;
	struct interned **buckets = calloc(capacity, sizeof(struct interned *));

	if (!buckets)
		return intern->capacity > 0;
	for (size_t i = 0; i < intern->capacity; i++) {
		while (intern->buckets[i]) {
			struct interned *moved = intern->buckets[i];
			struct interned **bucket = bucket_of(buckets, capacity, moved->hash);

			intern->buckets[i] = moved->next;
			moved->next = *bucket;
			*bucket = moved;
		}
	}
	free(intern->buckets);
	intern->buckets = buckets;
	intern->capacity = capacity;
	return true;
}

static struct interned *find(const struct intern *intern, struct text text, uint64_t hash)
{
	struct interned *at;

	if (intern->capacity == 0)
		return NULL;
	for (at = *bucket_of(intern->buckets, intern->capacity, hash); at; at = at->next)
		if (at->hash == hash && at->len == text.len &&
			memcmp(at->data, text.data, text.len) == 0)
			return at;
	return NULL;
}

static struct interned *add(struct intern *intern, struct text text, uint64_t hash)
{
	size_t bytes = sizeof(struct interned) + text.len + 1;
	struct interned **bucket, *added;

	if (text.len > UINT32_MAX || bytes > intern->bytes_max - intern->bytes)
		return NULL;
	if (intern->count >= intern->capacity && !grow(intern))
		return NULL;
	added = malloc(bytes);
	if (!added)
		return NULL;
	bucket = bucket_of(intern->buckets, intern->capacity, hash);
	*added = (struct interned){
		.next = *bucket, .hash = hash, .references = 1, .len = (uint32_t)text.len};
	memcpy(added->data, text.data, text.len);
	added->data[text.len] = '\0';
	*bucket = added;
	intern->count++;
	intern->bytes += bytes;
	return added;
}

struct interned *intern_get(struct intern *intern, struct text text)
{
	uint64_t hash;
	struct interned *interned;

	if (text.len == 0)
		return NULL;
	hash = hash_text(text);
	interned = find(intern, text, hash);
	if (interned)
		return intern_hold(interned);
	interned = add(intern, text, hash);
	if (!interned)
		intern->refused++;
	return interned;
}

bool interned_is(const struct interned *interned, struct text text)
{
	return interned ? interned->len == text.len &&
				  memcmp(interned->data, text.data, text.len) == 0
			: text.len == 0;
}

struct interned *intern_hold(struct interned *interned)
{
	if (interned)
		interned->references++;
	return interned;
}

void intern_drop(struct intern *intern, struct interned *interned)
{
	struct interned **at;

	if (!interned || --interned->references > 0)
		return;
	at = bucket_of(intern->buckets, intern->capacity, interned->hash);
	while (*at != interned)
		at = &(*at)->next;
	*at = interned->next;
	intern->count--;
	intern->bytes -= sizeof(*interned) + interned->len + 1;
	free(interned);
}
