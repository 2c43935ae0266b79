/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * Writes one JSON object into a fixed buffer: for recordings' alerts and audit lines, in daemons that have no JSON
 * library. Only writes; a line that does not fit is marked and must not be used.
 */
#pragma once

#include "common/base.h"

struct json_line {
	char *data;
	size_t size, used;
	bool full;  /* something did not fit */
	bool comma; /* the next member needs one */
};

void json_line_init(struct json_line *line, char *buffer, size_t size);

/* Objects and arrays; @key NULL inside an array and for the outermost object. */
void json_line_open(struct json_line *line, const char *key, char bracket);
void json_line_close(struct json_line *line, char bracket);

/* Text is untrusted bytes: escaped as in text.h, then for JSON. */
void json_line_text(struct json_line *line, const char *key, const char *data, size_t len);
void json_line_string(struct json_line *line, const char *key, const char *string);
void json_line_u64(struct json_line *line, const char *key, uint64_t value);
/* Shortest form with at most @digits decimals, '.' as the point; locale-free. */
void json_line_number(struct json_line *line, const char *key, double value, int digits);
/* Nanoseconds as seconds with exactly six decimals. */
void json_line_seconds(struct json_line *line, const char *key, uint64_t ns);
void json_line_bool(struct json_line *line, const char *key, bool value);
void json_line_null(struct json_line *line, const char *key);
