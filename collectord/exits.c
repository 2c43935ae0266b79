/* SPDX-License-Identifier: AGPL-3.0-only */
#include "collectord/exits.h"

bool exits_known(const struct exits *exits, uint32_t tgid, uint64_t start_ns)
{
	size_t slot = tgid % EXITS_REMEMBERED;

	return exits->slots[slot].tgid == tgid && exits->slots[slot].start_ns == start_ns;
}

void exits_note(struct exits *exits, uint32_t tgid, uint64_t start_ns)
{
	size_t slot = tgid % EXITS_REMEMBERED;

	exits->slots[slot].tgid = tgid;
	exits->slots[slot].start_ns = start_ns;
}
