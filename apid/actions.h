/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * The actions as enforcerd tells them: an ACTION and the frames that belong to it become one entry
 * when the last has come. Keeps what was said; decides nothing about an action.
 */
#pragma once

#include "apid/incident_id.h"
#include "apid/shape.h"
#include "common/base.h"

#define ACTIONS_MAX 1000

struct action_entry {
	uint64_t action, version;
	unsigned status;	     /* enum action_status */
	struct incident_id incident; /* for which it was proposed; counter 0: none */
	char *json;
	bool listed; /* since the decisions link came up */
};

/* An action whose frames are still coming. */
struct assembly {
	json_t *json; /* NULL: none */
	struct action action;
	struct incident_id incident;
	unsigned gates, members, proofs; /* seen */
};

struct actions {
	struct action_entry entries[ACTIONS_MAX]; /* ascending by action */
	unsigned count;
	struct assembly assembly;
	bool complete; /* the list of this connection has ended */
	bool known;    /* a list was complete once */
	uint64_t forgotten;
	uint64_t finished[STATUS_COUNT]; /* actions seen to reach a last status */
};

void actions_done(struct actions *actions);

/* A new connection: the list comes again. */
void actions_restart(struct actions *actions);

/*
 * @frame: ACTION, ACTION_GATE, ACTION_MEMBER or ACTION_PROOF. 1: an entry is whole and new or
 * changed, *entry is it (borrowed until the next call); 0: nothing to tell; -EPROTO: not one of the
 * action that is being told; -ENOMEM.
 */
must_check int actions_frame(struct actions *actions, const struct frame *frame,
	int64_t wall_offset_ns, shape_user user, const struct action_entry **entry);

/* The list has ended: what was not told again is gone. -EPROTO in the middle of an action. */
must_check int actions_end(struct actions *actions);

const struct action_entry *actions_find(const struct actions *actions, uint64_t action);

/* True for a status that does not change any more. */
bool status_is_last(unsigned status);
