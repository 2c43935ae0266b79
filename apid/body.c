/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/body.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "common/text.h"

static void free_json(json_t **json)
{
	json_decref(*json);
}

static int copy_member(const json_t *object, const char *key, char *out, size_t max)
{
	const json_t *member = json_object_get(object, key);

	if (!member)
		return -ENOENT;
	if (!json_is_string(member) || json_string_length(member) > max)
		return -EINVAL;
	memcpy(out, json_string_value(member), json_string_length(member) + 1);
	return 0;
}

static bool only_known(json_t *object)
{
	const char *key;
	json_t *value;

	json_object_foreach(object, key,
		value) if (strcmp(key, "approver") != 0 && strcmp(key, "reason") != 0) return false;
	return true;
}

int body_parse(const char *data, size_t len, struct body *body, const char **why)
{
	json_t *object _cleanup_(free_json) = NULL;
	struct body parsed = {0};
	int r;

	*why = "the body must be one JSON object: {\"approver\":\"...\",\"reason\":\"...\"}";
	if (len > BODY_BYTES_MAX)
		return -EINVAL;
	object = json_loadb(data, len, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(object))
		return -EINVAL;
	*why = "the body may have approver and reason only";
	if (!only_known(object))
		return -EINVAL;
	*why = "approver must be text of 1 to 128 bytes without control characters";
	if (copy_member(object, "approver", parsed.approver, BODY_APPROVER_MAX) < 0 ||
		!parsed.approver[0] || !text_is_plain(parsed.approver, strlen(parsed.approver)))
		return -EINVAL;
	*why = "reason must be text of up to 512 bytes";
	r = copy_member(object, "reason", parsed.reason, BODY_REASON_MAX);
	if (r < 0 && r != -ENOENT)
		return -EINVAL;
	*body = parsed;
	return 0;
}
