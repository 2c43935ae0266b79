/* SPDX-License-Identifier: AGPL-3.0-only */
#include "collectord/crowds.h"

#include <string.h>

#include "bpf/record.h"

_Static_assert(sizeof(((struct crowd *)0)->exe) >= RECORD_EXE_MAX, "room for a file name");

void crowds_done(struct crowds *crowds)
{
	free(crowds->all);
	*crowds = (struct crowds){0};
}

void crowds_reset(struct crowds *crowds)
{
	crowds->count = 0;
}

static void add_sums(struct sample *to, const struct sample *from)
{
	to->cpu_ns += from->cpu_ns;
	to->read_bytes += from->read_bytes;
	to->write_bytes += from->write_bytes;
	to->major_faults += from->major_faults;
}

static struct crowd *find_or_make(struct crowds *crowds, const struct process *who)
{
	struct crowd *crowd;

	if (!crowds->all)
		crowds->all = calloc(CROWDS_MAX, sizeof(*crowds->all));
	if (!crowds->all)
		return NULL;
	for (unsigned i = crowds->count; i-- > 0;) {
		crowd = &crowds->all[i];
		if (crowd->sum.process.tgid == who->tgid &&
			crowd->sum.process.start_ns == who->start_ns)
			return crowd;
	}
	if (crowds->count == CROWDS_MAX)
		return NULL;
	crowd = &crowds->all[crowds->count++];
	memset(crowd, 0, sizeof(*crowd));
	crowd->sum.process.tgid = who->tgid;
	crowd->sum.process.start_ns = who->start_ns;
	return crowd;
}

static void keep_leader(struct crowd *crowd, const struct decoded *leader)
{
	struct text *exe = &crowd->leader.texts[0];

	crowd->leader = *leader;
	exe->len = MIN(exe->len, sizeof(crowd->exe));
	if (exe->len > 0)
		memcpy(crowd->exe, exe->data, exe->len);
	exe->data = crowd->exe;
}

bool crowds_add(struct crowds *crowds, const struct decoded *decoded)
{
	struct crowd *crowd = find_or_make(crowds, &decoded->payload.process);

	if (!crowd) {
		crowds->refused++;
		return false;
	}
	if (decoded->type == DECODED_THREAD)
		add_sums(&crowd->sum, &decoded->payload.sample);
	else
		keep_leader(crowd, decoded);
	return true;
}

const struct decoded *crowds_next(struct crowds *crowds)
{
	while (crowds->count > 0) {
		struct crowd *crowd = &crowds->all[crowds->count - 1];

		/* Threads without a leader: they became too many after it was looked at. */
		if (crowd->leader.type == DECODED_THREAD) {
			crowds->count--;
			continue;
		}
		add_sums(&crowd->leader.payload.sample, &crowd->sum);
		crowd->sum = (struct sample){.process = crowd->sum.process};
		return &crowd->leader;
	}
	return NULL;
}

void crowds_drop(struct crowds *crowds)
{
	if (crowds->count > 0)
		crowds->count--;
}
