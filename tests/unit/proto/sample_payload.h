/* SPDX-License-Identifier: AGPL-3.0-only */
/* The emptiest payload of each type that passes its checks: zeroes but for the fields that may not be 0. */
#pragma once

#include <signal.h>
#include <string.h>

#include "proto/frame.h"

#define SAMPLE_PAYLOAD_BYTES 8192

static const struct {
	uint16_t type, offset, value;
} sample_fields[] = {
	{FRAME_FORK, offsetof(struct fork, process.tgid), 1},
	{FRAME_EXEC, offsetof(struct exec, process.tgid), 1},
	{FRAME_EXIT, offsetof(struct exit, process.tgid), 1},
	{FRAME_SAMPLE, offsetof(struct sample, process.tgid), 1},
	{FRAME_OOM, offsetof(struct oom, process.tgid), 1},
	{FRAME_EXIT_INFERRED, offsetof(struct exit_inferred, tgid), 1},
	{FRAME_ALERT, offsetof(struct alert, counter), 1},
	{FRAME_ALERT_NOTE, offsetof(struct alert_note, counter), 1},
	{FRAME_PROPOSE, offsetof(struct propose, proposal), 1},
	{FRAME_PROPOSE, offsetof(struct propose, tgid), 1},
	{FRAME_PROPOSE, offsetof(struct propose, type), ACTION_KILL_TREE},
	{FRAME_PROPOSE, offsetof(struct propose, signal), SIGTERM},
	{FRAME_WITHDRAW, offsetof(struct withdraw, proposal), 1},
	{FRAME_MUTE, offsetof(struct mute, kind), MUTE_RULE},
	{FRAME_CLAIM, offsetof(struct claim, connection), 1},
	{FRAME_PROOF, offsetof(struct proof, connection), 1},
	{FRAME_UNCLAIM, offsetof(struct unclaim, connection), 1},
	{FRAME_DECIDE, offsetof(struct decide, connection), 1},
	{FRAME_ACTION, offsetof(struct action, action), 1},
	{FRAME_ACTION, offsetof(struct action, pid), 1},
	{FRAME_ACTION, offsetof(struct action, type), ACTION_KILL_PROCESS},
	{FRAME_ACTION, offsetof(struct action, signal), SIGKILL},
	{FRAME_ACTION_GATE, offsetof(struct action_gate, action), 1},
	{FRAME_ACTION_MEMBER, offsetof(struct action_member, action), 1},
	{FRAME_ACTION_MEMBER, offsetof(struct action_member, pid), 1},
	{FRAME_ACTION_PROOF, offsetof(struct action_proof, action), 1},
	{FRAME_INCIDENT, offsetof(struct incident, counter), 1},
	{FRAME_INCIDENT, offsetof(struct incident, version), 1},
	{FRAME_INCIDENT_HOST, offsetof(struct incident_host, counter), 1},
	{FRAME_INCIDENT_PROCESS, offsetof(struct incident_process, counter), 1},
	{FRAME_INCIDENT_PROCESS, offsetof(struct incident_process, process.tgid), 1},
	{FRAME_INCIDENT_PROCESS, offsetof(struct incident_process, lists), INCIDENT_IN_TREE},
	{FRAME_INCIDENT_SERIES, offsetof(struct incident_series, counter), 1},
	{FRAME_INCIDENT_EVENTS, offsetof(struct incident_events, counter), 1},
	{FRAME_RESUME, offsetof(struct resume, counter), 1},
	{FRAME_RESUME, offsetof(struct resume, version), 1},
};

/* Fills @payload, SAMPLE_PAYLOAD_BYTES long and 8-byte aligned. */
static inline void sample_payload(unsigned type, void *payload)
{
	memset(payload, 0, SAMPLE_PAYLOAD_BYTES);
	for (size_t i = 0; i < ARRAY_LEN(sample_fields); i++)
		if (sample_fields[i].type == type)
			memcpy((char *)payload + sample_fields[i].offset, &sample_fields[i].value, sizeof(uint16_t));
}
