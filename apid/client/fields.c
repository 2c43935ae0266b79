/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/client/fields.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define SECONDS_MAX 253402300799.0 /* the year 9999 */

json_t *field(const json_t *json, const char *path)
{
	const json_t *at = json;

	while (at && *path) {
		size_t len = strcspn(path, ".");
		char name[64];

		if (len >= sizeof(name))
			return NULL;
		memcpy(name, path, len);
		name[len] = '\0';
		at = json_object_get(at, name);
		path += len + (path[len] == '.');
	}
	return json_is_null(at) ? NULL : (json_t *)at;
}

const char *field_string(const json_t *json, const char *path)
{
	return json_string_value(field(json, path));
}

double field_number(const json_t *json, const char *path)
{
	return json_number_value(field(json, path));
}

bool field_true(const json_t *json, const char *path)
{
	return json_is_true(field(json, path));
}

const char *time_text(double seconds, char out[FIELD_TEXT_SIZE])
{
	struct tm tm;
	time_t time;

	if (!(seconds > 0 && seconds < SECONDS_MAX))
		return "-";
	time = (time_t)seconds;
	if (!localtime_r(&time, &tm) ||
		strftime(out, FIELD_TEXT_SIZE, "%Y-%m-%d %H:%M:%S", &tm) == 0)
		return "-";
	return out;
}

const char *show_time(const json_t *json, const char *path, char out[FIELD_TEXT_SIZE])
{
	return time_text(field_number(json, path), out);
}

const char *show_number(const json_t *json, const char *path, char out[FIELD_TEXT_SIZE])
{
	double value;

	if (!json_is_number(field(json, path)))
		return "-";
	value = field_number(json, path);
	/* %g would show many processes as 1e+06. */
	snprintf(out, FIELD_TEXT_SIZE,
		value == floor(value) || fabs(value) >= 1000 ? "%.0f" : "%.1f", value);
	return fabs(value) < 1e15 ? out : "-";
}

const char *show_bytes(const json_t *json, const char *path, char out[FIELD_TEXT_SIZE])
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
	double value = field_number(json, path);
	unsigned unit = 0;

	if (!json_is_number(field(json, path)) || !(value >= 0 && value < 1e18))
		return "-";
	for (; value >= 1024 && unit + 1 < ARRAY_LEN(units); unit++)
		value /= 1024;
	snprintf(out, FIELD_TEXT_SIZE, unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
	return out;
}
