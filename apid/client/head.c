/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/client/head.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "common/text.h"

#define LENGTH_MAX (1ULL << 40)

struct span {
	const char *data;
	size_t len;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* HTTP/1.0 200 OK */
static int parse_status(struct span line, struct head *head)
{
	static const char start[] = "HTTP/1.";
	const char *p = line.data;

	if (line.len < 12 || memcmp(p, start, 7) != 0 || (p[7] != '0' && p[7] != '1') ||
		p[8] != ' ' || !is_digit(p[9]) || !is_digit(p[10]) || !is_digit(p[11]) ||
		(line.len > 12 && p[12] != ' '))
		return -EPROTO;
	head->status = (unsigned)(p[9] - '0') * 100 + (unsigned)(p[10] - '0') * 10 +
		       (unsigned)(p[11] - '0');
	return head->status >= 100 && head->status < 600 ? 0 : -EPROTO;
}

static bool is_name(struct span line, const char *name, struct span *value)
{
	size_t len = strlen(name);

	if (line.len <= len || line.data[len] != ':' || strncasecmp(line.data, name, len) != 0)
		return false;
	*value = (struct span){line.data + len + 1, line.len - len - 1};
	while (value->len > 0 && (value->data[0] == ' ' || value->data[0] == '\t'))
		value->data++, value->len--;
	while (value->len > 0 && strchr(" \t", value->data[value->len - 1]))
		value->len--;
	return true;
}

static int parse_field(struct span line, struct head *head)
{
	static const char events[] = "text/event-stream";
	struct span value;
	uint64_t length;

	if (is_name(line, "Content-Length", &value)) {
		if (text_to_u64(value.data, value.len, LENGTH_MAX, &length) < 0 ||
			(head->sized && length != head->length))
			return -EPROTO;
		head->sized = true;
		head->length = length;
	} else if (is_name(line, "Transfer-Encoding", &value)) {
		return -EPROTO; /* never to HTTP/1.0 */
	} else if (is_name(line, "Content-Type", &value)) {
		head->is_events = value.len >= sizeof(events) - 1 &&
				  strncasecmp(value.data, events, sizeof(events) - 1) == 0;
	}
	return 0;
}

/* The line at the start of @rest, without its end; false: it is not whole. */
static bool next_line(struct span *rest, struct span *line)
{
	const char *end = memchr(rest->data, '\n', rest->len);
	size_t len;

	if (!end)
		return false;
	len = (size_t)(end - rest->data);
	*line = (struct span){rest->data, len};
	if (len > 0 && rest->data[len - 1] == '\r')
		line->len--;
	rest->data += len + 1;
	rest->len -= len + 1;
	return true;
}

long head_parse(const char *data, size_t len, struct head *head)
{
	struct span rest = {data, MIN(len, (size_t)HEAD_BYTES_MAX)}, line;
	struct head found = {0};

	while (next_line(&rest, &line)) {
		if (line.data == data) {
			if (parse_status(line, &found) < 0)
				return -EPROTO;
		} else if (line.len == 0) {
			*head = found;
			return (long)(rest.data - data);
		} else if (parse_field(line, &found) < 0) {
			return -EPROTO;
		}
	}
	return len >= HEAD_BYTES_MAX ? -EPROTO : 0;
}
