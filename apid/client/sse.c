/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/client/sse.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

typedef int on_event_fn(void *ctx, const struct sse_event *event);

void sse_done(struct sse *sse)
{
	free(sse->line.data);
	free(sse->data.data);
	*sse = (struct sse){0};
}

/* -EMSGSIZE: more than an event may have. A NUL follows the bytes. */
static int append(struct sse_buffer *buffer, const char *data, size_t len)
{
	size_t size = MAX(buffer->size, 256U);
	char *grown;

	if (len > SSE_EVENT_MAX - buffer->len)
		return -EMSGSIZE;
	while (size < buffer->len + len + 1)
		size *= 2;
	if (size > buffer->size) {
		grown = realloc(buffer->data, size);
		if (!grown)
			return -ENOMEM;
		buffer->data = grown;
		buffer->size = size;
	}
	memcpy(buffer->data + buffer->len, data, len);
	buffer->len += len;
	buffer->data[buffer->len] = '\0';
	return 0;
}

static void start_event(struct sse *sse)
{
	sse->data.len = 0;
	sse->type[0] = '\0';
	sse->has_data = sse->event_too_long = false;
}

static int end_event(struct sse *sse, on_event_fn *on_event, void *ctx)
{
	struct sse_event event = {.data = sse->data.data, .len = sse->data.len};
	int r = 0;

	if (sse->event_too_long) {
		sse->refused++;
	} else if (sse->has_data) {
		memcpy(event.id, sse->id, sizeof(event.id));
		memcpy(event.type, sse->type, sizeof(event.type));
		r = on_event(ctx, &event);
	}
	start_event(sse);
	return r;
}

static int add_data(struct sse *sse, const char *value, size_t len)
{
	int r = sse->has_data ? append(&sse->data, "\n", 1) : 0;

	if (r == 0)
		r = append(&sse->data, value, len);
	sse->has_data = true;
	if (r == -EMSGSIZE) {
		sse->event_too_long = true;
		return 0;
	}
	return r;
}

/* A name that is too long, or has a NUL, is none. */
static void set_name(char name[SSE_NAME_MAX], const char *value, size_t len)
{
	if (len >= SSE_NAME_MAX || memchr(value, '\0', len))
		len = 0;
	memcpy(name, value, len);
	name[len] = '\0';
}

static bool is_field(const char *line, size_t len, const char *name)
{
	return strlen(name) == len && memcmp(line, name, len) == 0;
}

static int take_line(struct sse *sse, const char *line, size_t len)
{
	const char *colon = memchr(line, ':', len);
	size_t name = colon ? (size_t)(colon - line) : len;
	const char *value = line + name + (colon ? 1 : 0);
	size_t rest = len - (size_t)(value - line);

	if (rest > 0 && *value == ' ')
		value++, rest--;
	if (is_field(line, name, "data"))
		return add_data(sse, value, rest);
	if (is_field(line, name, "event"))
		set_name(sse->type, value, rest);
	else if (is_field(line, name, "id"))
		set_name(sse->id, value, rest);
	return 0;
}

static int end_line(struct sse *sse, on_event_fn *on_event, void *ctx)
{
	int r;

	if (sse->line_too_long) {
		sse->event_too_long = true;
		r = 0;
	} else if (sse->line.len == 0) {
		r = end_event(sse, on_event, ctx);
	} else {
		r = take_line(sse, sse->line.data, sse->line.len);
	}
	sse->line.len = 0;
	sse->line_too_long = false;
	return r;
}

/* Bytes of one line, without its end. */
static int add_part(struct sse *sse, const char *data, size_t len)
{
	int r = append(&sse->line, data, len);

	if (r == -EMSGSIZE) {
		sse->line_too_long = true;
		return 0;
	}
	return r;
}

int sse_feed(struct sse *sse, const char *data, size_t len, on_event_fn *on_event, void *ctx)
{
	int r = 0;

	for (size_t i = 0; i < len && r == 0;) {
		size_t part = 0;

		if (sse->after_cr && data[i] == '\n') {
			sse->after_cr = false;
			i++;
			continue;
		}
		sse->after_cr = false;
		while (i + part < len && data[i + part] != '\n' && data[i + part] != '\r')
			part++;
		if (part > 0)
			r = add_part(sse, data + i, part);
		i += part;
		if (r < 0 || i == len)
			break;
		sse->after_cr = data[i++] == '\r';
		r = end_line(sse, on_event, ctx);
	}
	return r;
}
