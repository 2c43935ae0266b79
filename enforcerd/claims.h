/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * The sockets of clients that may decide, as apid has handed them over: connection number → who it
 * is and what it asks. One socket is evidence for one decision, ever. Bounded; keeps and remembers,
 * never decides who may do what.
 */
#pragma once

#include "common/base.h"
#include "enforcerd/peer.h"
#include "enforcerd/request_head.h"

#define CLAIMS_MAX	 512
#define CLAIMS_SPENT_MAX 4096
#define CLAIM_NS	 (30 * NSEC_PER_SEC)

struct caller {
	uint64_t connection; /* 0: a free place */
	uint64_t made_ns;
	int fd; /* -1 once used; of a free place, anything */
	struct peer peer;
	struct request_head head;
	bool used;
};

/* All zero at first. */
struct claims {
	struct caller places[CLAIMS_MAX];
	uint64_t spent[CLAIMS_SPENT_MAX]; /* cookies of sockets that were evidence, a ring */
	uint64_t spent_count;
};

/*
 * Keeps a socket; takes *fd on success. -EEXIST: this connection or this socket is known already;
 * -ENOBUFS: too many.
 */
must_check int claims_add(struct claims *claims, uint64_t connection, uint64_t now_ns,
	const struct peer *peer, int *fd, struct caller **caller);

/* NULL: not claimed, or no longer. */
struct caller *claims_find(struct claims *claims, uint64_t connection);

/* From here on the socket proves nothing any more; its descriptor is closed, the place stays until
 * it is dropped. */
void caller_use(struct claims *claims, struct caller *caller);

void caller_drop(struct caller *caller);

/* Drops what is older than CLAIM_NS; with now_ns UINT64_MAX, everything. */
void claims_expire(struct claims *claims, uint64_t now_ns);
