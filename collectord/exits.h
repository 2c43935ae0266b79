/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * Kernels whose exit tracepoint does not say whether the whole process is gone may report its end
 * twice, microseconds apart. Remembers the latest ends by identity. Pure.
 */
#pragma once

#include "common/base.h"

#define EXITS_REMEMBERED 256

struct exits {
	struct {
		uint64_t start_ns;
		uint32_t tgid;
	} slots[EXITS_REMEMBERED];
};

bool exits_known(const struct exits *exits, uint32_t tgid, uint64_t start_ns);
void exits_note(struct exits *exits, uint32_t tgid, uint64_t start_ns);
