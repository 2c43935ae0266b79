/* SPDX-License-Identifier: AGPL-3.0-only */
/* Members of the API's answers, as text to show. What is missing, null or of another type is "-" or
 * 0: an older or newer daemon may answer. Pure but for the time zone. */
#pragma once

#include <jansson.h>

#include "common/base.h"

#define FIELD_TEXT_SIZE 48

/* The value at @path, as in "culprit.comm"; NULL if there is none or it is null. */
json_t *field(const json_t *json, const char *path);

const char *field_string(const json_t *json, const char *path); /* NULL: no text */
double field_number(const json_t *json, const char *path);	/* 0: no number */
bool field_true(const json_t *json, const char *path);

/* Into @out, which is returned; or "-". */
const char *show_time(
	const json_t *json, const char *path, char out[FIELD_TEXT_SIZE]); /* 2026-01-31 12:00:00 */
const char *show_number(
	const json_t *json, const char *path, char out[FIELD_TEXT_SIZE]); /* 12 or 12.5 */
const char *show_bytes(
	const json_t *json, const char *path, char out[FIELD_TEXT_SIZE]); /* 12.3 MiB */
const char *time_text(double seconds, char out[FIELD_TEXT_SIZE]);
