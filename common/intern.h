/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * Texts held once however many processes have them, counted by reference and bounded in bytes. Any
 * bytes; a NUL follows. Never changes a text.
 */
#pragma once

#include "common/base.h"
#include "proto/frame.h"

struct interned {
	struct interned *next; /* in its bucket */
	uint64_t hash;
	uint32_t references;
	uint32_t len;
	char data[];
};

struct intern {
	struct interned **buckets;
	size_t capacity; /* a power of two, or 0 */
	size_t count;
	size_t bytes, bytes_max; /* of all texts with their heads */
	uint64_t refused; /* texts there was no room for */
};

#define INTERN_INIT(bytes_max_) \
	{ \
		.bytes_max = (bytes_max_) \
	}
void intern_done(struct intern *intern);

/*
 * @text with one more reference, or NULL (counted) when there is no room. NULL for an empty text,
 * uncounted.
 */
struct interned *intern_get(struct intern *intern, struct text text);

/* One more or one less reference; NULL is fine. intern_hold() returns @interned. */
struct interned *intern_hold(struct interned *interned);
void intern_drop(struct intern *intern, struct interned *interned);

/* Whether @interned is @text; NULL is the empty one. */
bool interned_is(const struct interned *interned, struct text text);

/* The text; empty for NULL. */
static inline struct text interned_text(const struct interned *interned)
{
	return interned ? (struct text){interned->data, interned->len} : (struct text){"", 0};
}

/* FNV-1a of any bytes; the same on every machine. */
uint64_t hash_bytes(const void *data, size_t len);
