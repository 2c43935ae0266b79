/* SPDX-License-Identifier: AGPL-3.0-only */
#include "collectord/exits.h"

bool exits_first(struct exits *exits, uint32_t tgid, uint64_t start_ns)
{
	size_t slot = tgid % EXITS_REMEMBERED;

	if (exits->slots[slot].tgid == tgid && exits->slots[slot].start_ns == start_ns)
		return false;
	exits->slots[slot].tgid = tgid;
	exits->slots[slot].start_ns = start_ns;
	return true;
}
