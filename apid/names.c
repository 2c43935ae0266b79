/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/names.h"

#include <string.h>

static const char *const severities[SEVERITY_COUNT] = {"info", "low", "medium", "high"};
static const char *const scopes[SCOPE_COUNT] = {"host", "tree", "process", "cgroup", "user"};
static const char *const actions[ACTION_TYPES] = {"none", "kill_process", "kill_tree"};
static const char *const statuses[STATUS_COUNT] = {"pending", "approved", "executing", "executed",
	"failed", "rejected", "expired", "withdrawn"};
static const char *const peers[PEER_KINDS] = {"nobody", "unix", "tcp"};
static const char *const events[EVENT_KINDS] = {"fork", "exec", "exit", "cgroup", "oom"};
static const char *const mutes[MUTE_KINDS] = {"unknown", "rule", "culprit"};
static const char *const pressures[PRESSURE_RESOURCES] = {"cpu", "memory", "io"};
static const char *const breakers[BREAKER_STATES] = {"off", "closed", "grace", "open"};

static const char *name(const char *const *names, size_t count, unsigned number)
{
	return number < count ? names[number] : "unknown";
}

static int number(const char *const *names, size_t count, const char *word)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i], word) == 0)
			return (int)i;
	return -1;
}

const char *name_severity(unsigned severity)
{
	return name(severities, ARRAY_LEN(severities), severity);
}

const char *name_scope(unsigned scope)
{
	return name(scopes, ARRAY_LEN(scopes), scope);
}

const char *name_action(unsigned type)
{
	return name(actions, ARRAY_LEN(actions), type);
}

const char *name_status(unsigned status)
{
	return name(statuses, ARRAY_LEN(statuses), status);
}

const char *name_peer(unsigned kind)
{
	return name(peers, ARRAY_LEN(peers), kind);
}

const char *name_event(unsigned kind)
{
	return name(events, ARRAY_LEN(events), kind);
}

const char *name_pressure(unsigned resource)
{
	return name(pressures, ARRAY_LEN(pressures), resource);
}

const char *name_breaker(unsigned state)
{
	return name(breakers, ARRAY_LEN(breakers), state);
}

const char *name_mute(unsigned kind)
{
	return name(mutes, ARRAY_LEN(mutes), kind);
}

int severity_number(const char *word)
{
	return number(severities, ARRAY_LEN(severities), word);
}

int status_number(const char *word)
{
	return number(statuses, ARRAY_LEN(statuses), word);
}
