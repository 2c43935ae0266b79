/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/actions.h"

#include <errno.h>
#include <string.h>

bool status_is_last(unsigned status)
{
	return status != STATUS_PENDING && status != STATUS_APPROVED && status != STATUS_EXECUTING;
}

static void assembly_drop(struct assembly *assembly)
{
	json_decref(assembly->json);
	*assembly = (struct assembly){0};
}

void actions_done(struct actions *actions)
{
	for (unsigned i = 0; i < actions->count; i++)
		free(actions->entries[i].json);
	actions->count = 0;
	assembly_drop(&actions->assembly);
}

void actions_restart(struct actions *actions)
{
	assembly_drop(&actions->assembly);
	actions->complete = false;
	for (unsigned i = 0; i < actions->count; i++)
		actions->entries[i].listed = false;
}

/* Index of @action, or of the place where it belongs. */
static unsigned place_of(const struct actions *actions, uint64_t action)
{
	unsigned low = 0, high = actions->count;

	while (low < high) {
		unsigned middle = (low + high) / 2;

		if (actions->entries[middle].action < action)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct action_entry *actions_find(const struct actions *actions, uint64_t action)
{
	unsigned place = place_of(actions, action);

	return place < actions->count && actions->entries[place].action == action
		       ? &actions->entries[place]
		       : NULL;
}

static void remove_at(struct actions *actions, unsigned place)
{
	free(actions->entries[place].json);
	actions->count--;
	memmove(&actions->entries[place], &actions->entries[place + 1],
		(actions->count - place) * sizeof(actions->entries[0]));
}

/* The oldest that has ended, else the oldest. */
static void make_room(struct actions *actions)
{
	unsigned victim = 0;

	if (actions->count < ACTIONS_MAX)
		return;
	while (victim < actions->count && !status_is_last(actions->entries[victim].status))
		victim++;
	remove_at(actions, victim < actions->count ? victim : 0);
	actions->forgotten++;
}

static struct action_entry *insert(struct actions *actions, uint64_t action)
{
	unsigned place;

	make_room(actions);
	place = place_of(actions, action);
	memmove(&actions->entries[place + 1], &actions->entries[place],
		(actions->count - place) * sizeof(actions->entries[0]));
	actions->count++;
	actions->entries[place] = (struct action_entry){.action = action};
	return &actions->entries[place];
}

/* The assembled action becomes an entry. */
static int finish(struct actions *actions, const struct action_entry **told)
{
	const struct action *action = &actions->assembly.action;
	char *text = shape_dump(actions->assembly.json);
	struct action_entry *entry = (struct action_entry *)actions_find(actions, action->action);
	bool changed;

	if (!text)
		return -ENOMEM;
	if (!entry)
		entry = insert(actions, action->action);
	changed = !entry->json || strcmp(entry->json, text) != 0;
	if (status_is_last(action->status) && (!entry->json || !status_is_last(entry->status)))
		actions->finished[action->status]++;
	free(entry->json);
	*entry = (struct action_entry){
		.action = action->action,
		.version = action->version,
		.status = action->status,
		.incident = actions->assembly.incident,
		.json = text,
		.listed = true,
	};
	assembly_drop(&actions->assembly);
	if (!changed)
		return 0;
	*told = entry;
	return 1;
}

static int start(struct assembly *assembly, const struct frame *frame, int64_t wall_offset_ns)
{
	struct text incident = frame_text(frame, ACTION_INCIDENT);

	if (assembly->json)
		return -EPROTO;
	assembly->json = shape_action(frame, wall_offset_ns);
	if (!assembly->json)
		return -ENOMEM;
	assembly->action = *(const struct action *)frame->payload;
	if (incident_id_parse(incident.data, incident.len, &assembly->incident) < 0)
		assembly->incident = (struct incident_id){0};
	return 0;
}

/* One of @expected frames of its kind: the next one, of this action. */
static int next_part(const struct assembly *assembly, uint64_t action, unsigned index,
	unsigned *seen, unsigned expected)
{
	if (!assembly->json || action != assembly->action.action || index != *seen ||
		*seen >= expected)
		return -EPROTO;
	++*seen;
	return 0;
}

static int add_part(struct assembly *a, const struct frame *frame, shape_user user)
{
	const struct action_gate *gate = frame->payload;
	const struct action_member *member = frame->payload;
	const struct action_proof *proof = frame->payload;
	int r;

	switch (frame->header.type) {
	case FRAME_ACTION_GATE:
		r = next_part(a, gate->action, gate->index, &a->gates, a->action.gates);
		return r < 0 ? r : shape_action_gate(a->json, frame);
	case FRAME_ACTION_MEMBER:
		r = next_part(a, member->action, member->index, &a->members, a->action.members);
		return r < 0 ? r : shape_action_member(a->json, frame, user);
	case FRAME_ACTION_PROOF:
		r = next_part(a, proof->action, proof->index, &a->proofs, a->action.proofs);
		return r < 0 ? r : shape_action_proof(a->json, frame);
	default:
		return -EPROTO;
	}
}

int actions_frame(struct actions *actions, const struct frame *frame, int64_t wall_offset_ns,
	shape_user user, const struct action_entry **entry)
{
	struct assembly *assembly = &actions->assembly;
	const struct action *action = &assembly->action;
	int r = frame->header.type == FRAME_ACTION ? start(assembly, frame, wall_offset_ns)
						   : add_part(assembly, frame, user);

	if (r < 0)
		return r;
	if (assembly->gates < action->gates || assembly->members < action->members ||
		assembly->proofs < action->proofs)
		return 0;
	return finish(actions, entry);
}

int actions_end(struct actions *actions)
{
	if (actions->assembly.json)
		return -EPROTO;
	for (unsigned i = actions->count; i > 0; i--)
		if (!actions->entries[i - 1].listed)
			remove_at(actions, i - 1);
	actions->complete = actions->known = true;
	return 0;
}
