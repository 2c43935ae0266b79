/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/query.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "apid/names.h"
#include "common/text.h"

#define VALUE_MAX	  QUERY_RULE_MAX
#define SINCE_SECONDS_MAX 9999999999ULL

static int parse_limit(const char *value, struct query *query)
{
	uint64_t number;

	if (text_to_u64(value, strlen(value), QUERY_LIMIT_MAX, &number) < 0 || number == 0)
		return -EINVAL;
	query->limit = (unsigned)number;
	return 0;
}

/* Seconds with up to nine decimals. */
static int parse_seconds(const char *value, uint64_t *wall_ns)
{
	size_t whole = strcspn(value, ".");
	const char *fraction = value + whole + (value[whole] == '.');
	uint64_t seconds, ns = 0, unit = NSEC_PER_SEC / 10;

	if (text_to_u64(value, whole, SINCE_SECONDS_MAX, &seconds) < 0)
		return -EINVAL;
	if (strlen(fraction) > 9 || (value[whole] == '.' && !*fraction))
		return -EINVAL;
	for (; *fraction; fraction++, unit /= 10) {
		if (*fraction < '0' || *fraction > '9')
			return -EINVAL;
		ns += (uint64_t)(*fraction - '0') * unit;
	}
	*wall_ns = seconds * NSEC_PER_SEC + ns;
	return 0;
}

static int parse_since(const char *value, struct query *query)
{
	return parse_seconds(value, &query->since_wall_ns);
}

static int parse_start(const char *value, struct query *query)
{
	return parse_seconds(value, &query->start_wall_ns);
}

static int parse_end(const char *value, struct query *query)
{
	return parse_seconds(value, &query->end_wall_ns);
}

static int parse_severity(const char *value, struct query *query)
{
	int number = severity_number(value);

	if (number < 0)
		return -EINVAL;
	query->severity = (unsigned)number;
	return 0;
}

static int parse_rule(const char *value, struct query *query)
{
	if (!*value || !text_is_plain(value, strlen(value)))
		return -EINVAL;
	snprintf(query->rule, sizeof(query->rule), "%s", value);
	return 0;
}

static int parse_status(const char *value, struct query *query)
{
	int number = status_number(value);

	if (number < 0)
		return -EINVAL;
	query->status = (unsigned)number;
	return 0;
}

static int parse_incident_status(const char *value, struct query *query)
{
	query->open = strcmp(value, "open") == 0;
	return query->open || strcmp(value, "cleared") == 0 ? 0 : -EINVAL;
}

static int parse_cursor(const char *value, struct query *query)
{
	size_t hex = strcspn(value, "-");
	const char *id = value + hex + (value[hex] == '-');

	if (incident_hex(value, hex, &query->cursor.opened_wall_ns) < 0)
		return -EINVAL;
	return incident_id_parse(id, strlen(id), &query->cursor.id);
}

const char *query_cursor_format(const struct query_cursor *cursor, char *buffer)
{
	char id[INCIDENT_ID_BYTES];

	snprintf(buffer, QUERY_CURSOR_BYTES, "%llx-%s", (unsigned long long)cursor->opened_wall_ns,
		incident_id_format(cursor->id, id));
	return buffer;
}

static const struct {
	const char *name;
	enum stream_type type;
} streams[] = {
	{"alert", STREAM_ALERT},
	{"action", STREAM_ACTION},
	{"incident", STREAM_INCIDENT},
};

const char *query_stream_name(unsigned type)
{
	for (size_t i = 0; i < ARRAY_LEN(streams); i++)
		if (streams[i].type == type)
			return streams[i].name;
	return "unknown";
}

static unsigned stream_type(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(streams); i++)
		if (strlen(streams[i].name) == len && memcmp(streams[i].name, name, len) == 0)
			return streams[i].type;
	return 0;
}

static int parse_types(const char *value, struct query *query)
{
	unsigned types = 0;

	for (;; value++) {
		size_t len = strcspn(value, ",");
		unsigned type = stream_type(value, len);

		if (!type)
			return -EINVAL;
		types |= type;
		value += len;
		if (!*value)
			break;
	}
	query->types = types;
	return 0;
}

static const struct {
	const char *name;
	enum param param;
	int (*parse)(const char *value, struct query *query);
	const char *expected;
} params[] = {
	{"limit", PARAM_LIMIT, parse_limit, "a number from 1 to 1000"},
	{"since", PARAM_SINCE, parse_since, "seconds since 1970"},
	{"severity", PARAM_SEVERITY, parse_severity, "info, low, medium or high"},
	{"rule", PARAM_RULE, parse_rule, "the name of a rule, up to 128 bytes"},
	{"status", PARAM_STATUS, parse_status, "the status of an action, as in pending"},
	{"types", PARAM_TYPES, parse_types, "some of alert, action, incident with commas between"},
	{"status", PARAM_STATUS_OF_INCIDENT, parse_incident_status, "open or cleared"},
	{"cursor", PARAM_CURSOR, parse_cursor, "what Linnix-Next-Cursor said"},
	{"start", PARAM_START, parse_start, "seconds since 1970"},
	{"end", PARAM_END, parse_end, "seconds since 1970"},
};

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Percent-decodes into a C string. -EINVAL: a broken escape, a NUL, or more than @size - 1 bytes.
 */
static int decode(struct text in, char *out, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < in.len; i++) {
		char c = in.data[i] == '+' ? ' ' : in.data[i];

		if (c == '%') {
			int high = i + 1 < in.len ? hex_digit(in.data[i + 1]) : -1;
			int low = i + 2 < in.len ? hex_digit(in.data[i + 2]) : -1;

			if (high < 0 || low < 0)
				return -EINVAL;
			c = (char)(high << 4 | low);
			i += 2;
		}
		if (c == '\0' || used + 1 >= size)
			return -EINVAL;
		out[used++] = c;
	}
	out[used] = '\0';
	return 0;
}

static int refuse(struct text name, const char *what, char *why, size_t size)
{
	char shown[64];

	text_escape(name.data, name.len, shown, sizeof(shown));
	snprintf(why, size, "parameter '%s' %s", shown, what);
	return -EINVAL;
}

static int parse_pair(
	struct text pair, unsigned allowed, struct query *query, char *why, size_t size)
{
	const char *equals = memchr(pair.data, '=', pair.len);
	struct text name = {pair.data, equals ? (size_t)(equals - pair.data) : pair.len};
	struct text raw = {equals ? equals + 1 : "", equals ? pair.len - name.len - 1 : 0};
	char value[VALUE_MAX + 1], expected[96];

	for (size_t i = 0; i < ARRAY_LEN(params); i++) {
		if (!(params[i].param & allowed) || strlen(params[i].name) != name.len ||
			memcmp(params[i].name, name.data, name.len) != 0)
			continue;
		if (query->given & params[i].param)
			return refuse(name, "is given twice", why, size);
		snprintf(expected, sizeof(expected), "must be %s", params[i].expected);
		if (decode(raw, value, sizeof(value)) < 0 || params[i].parse(value, query) < 0)
			return refuse(name, expected, why, size);
		query->given |= params[i].param;
		return 0;
	}
	return refuse(name, "is not known here", why, size);
}

void query_init(struct query *query)
{
	*query = (struct query){.limit = QUERY_LIMIT_DEFAULT, .types = STREAM_ALL};
}

int query_parse(
	const char *text, size_t len, unsigned allowed, struct query *query, char *why, size_t size)
{
	struct query parsed;

	query_init(&parsed);
	for (size_t at = 0; at < len;) {
		const char *mark = memchr(text + at, '&', len - at);
		struct text pair = {text + at, mark ? (size_t)(mark - text) - at : len - at};
		int r = parse_pair(pair, allowed, &parsed, why, size);

		if (r < 0)
			return r;
		at += pair.len + 1;
	}
	*query = parsed;
	return 0;
}
