/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * How many open TCP connections each process has, as the last walk over all open files told. Pure:
 * takes the bytes that the kernel wrote. Bounded: who finds no place has none, and is counted.
 */
#pragma once

#include "common/base.h"
#include "common/map.h"

#define CONNECTIONS_MAX 16384 /* processes with connections */

struct connections {
	struct map by_key; /* tgid, start → count */
	uint64_t refused;  /* found no place */
};

#define CONNECTIONS_INIT                                                                           \
	{                                                                                          \
		.by_key = MAP_INIT(CONNECTIONS_MAX)                                                \
	}

/* Nobody has any. Also its end. */
void connections_reset(struct connections *connections);

/* Takes whole records (8-byte aligned). Of several about one process the largest count holds: they
 * are about threads that share their files. 0, or -EPROTO: not what our walk writes. */
must_check int connections_take(struct connections *connections, const void *data, size_t len);

/* Those of one process. */
uint32_t connections_of(const struct connections *connections, uint32_t tgid, uint64_t start_ns);
