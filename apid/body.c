/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/body.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "common/text.h"

static const char *const decision_members[] = {"approver", "reason", NULL};
static const char *const mute_members[] = {
	"rule", "culprit", "seconds", "approver", "reason", NULL};

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

/* Text that must be there, not empty and without control characters. */
static int copy_plain(const json_t *object, const char *key, char *out, size_t max)
{
	int r = copy_member(object, key, out, max);

	return r == 0 && out[0] && text_is_plain(out, strlen(out)) ? 0 : -EINVAL;
}

static bool is_known(const char *key, const char *const members[])
{
	while (*members && strcmp(*members, key) != 0)
		members++;
	return *members != NULL;
}

static bool only_known(json_t *object, const char *const members[])
{
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value) if (!is_known(key, members)) return false;
	return true;
}

static int read_decision(const json_t *object, struct body *body, const char **why)
{
	int r;

	*why = "approver must be text of 1 to 128 bytes without control characters";
	if (copy_plain(object, "approver", body->approver, BODY_APPROVER_MAX) < 0)
		return -EINVAL;
	*why = "reason must be text of up to 512 bytes";
	r = copy_member(object, "reason", body->reason, BODY_REASON_MAX);
	return r == -ENOENT ? 0 : r;
}

static int read_mute(const json_t *object, struct body *body, const char **why)
{
	const json_t *seconds = json_object_get(object, "seconds");
	bool rule = json_object_get(object, "rule") != NULL;

	*why = "either rule or culprit must be given, not both";
	if (rule == (json_object_get(object, "culprit") != NULL))
		return -EINVAL;
	body->mute_kind = rule ? MUTE_RULE : MUTE_CULPRIT;
	*why = rule ? "rule must be text of 1 to 128 bytes without control characters"
		    : "culprit must be text of 1 to 15 bytes without control characters";
	if (copy_plain(object, rule ? "rule" : "culprit", body->what,
		    rule ? BODY_RULE_MAX : COMM_BYTES - 1) < 0)
		return -EINVAL;
	*why = "seconds must be a whole number from 0 (mute no more) to 604800";
	if (!json_is_integer(seconds) || json_integer_value(seconds) < 0 ||
		json_integer_value(seconds) > BODY_SECONDS_MAX)
		return -EINVAL;
	body->mute_secs = (uint32_t)json_integer_value(seconds);
	return 0;
}

int body_parse(const char *data, size_t len, enum verb verb, struct body *body, const char **why)
{
	json_t *object _cleanup_(free_json) = NULL;
	const bool mute = verb == VERB_MUTE;
	struct body parsed = {0};

	*why = mute ? "the body must be one JSON object: {\"rule\":\"...\",\"seconds\":7200,\"approver\":\"...\"}"
		    : "the body must be one JSON object: {\"approver\":\"...\",\"reason\":\"...\"}";
	if (len > BODY_BYTES_MAX)
		return -EINVAL;
	object = json_loadb(data, len, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(object))
		return -EINVAL;
	*why = mute ? "the body may have rule or culprit, seconds, approver and reason only"
		    : "the body may have approver and reason only";
	if (!only_known(object, mute ? mute_members : decision_members))
		return -EINVAL;
	if (read_decision(object, &parsed, why) < 0 ||
		(mute && read_mute(object, &parsed, why) < 0))
		return -EINVAL;
	*body = parsed;
	return 0;
}
