/* SPDX-License-Identifier: AGPL-3.0-only */
#include "enforcerd/claims.h"

#include <errno.h>

static bool is_spent(const struct claims *claims, uint64_t cookie)
{
	for (size_t i = 0; i < MIN(claims->spent_count, (uint64_t)CLAIMS_SPENT_MAX); i++)
		if (claims->spent[i] == cookie)
			return true;
	return false;
}

int claims_add(struct claims *claims, uint64_t connection, uint64_t now_ns, const struct peer *peer,
	int *fd, struct caller **caller)
{
	struct caller *free_place = NULL, *used_place = NULL;

	if (is_spent(claims, peer->cookie))
		return -EEXIST;
	for (size_t i = 0; i < CLAIMS_MAX; i++) {
		struct caller *c = &claims->places[i];

		if (c->connection == 0)
			free_place = free_place ? free_place : c;
		else if (c->connection == connection || c->peer.cookie == peer->cookie)
			return -EEXIST;
		else if (c->used)
			used_place = c;
	}
	/* A used place is kept to tell its caller so, as long as there is room. */
	free_place = free_place ? free_place : used_place;
	if (!free_place)
		return -ENOBUFS;
	*free_place = (struct caller){
		.connection = connection, .made_ns = now_ns, .fd = TAKE_FD(*fd), .peer = *peer};
	*caller = free_place;
	return 0;
}

struct caller *claims_find(struct claims *claims, uint64_t connection)
{
	for (size_t i = 0; i < CLAIMS_MAX; i++)
		if (connection != 0 && claims->places[i].connection == connection)
			return &claims->places[i];
	return NULL;
}

void caller_use(struct claims *claims, struct caller *caller)
{
	claims->spent[claims->spent_count++ % CLAIMS_SPENT_MAX] = caller->peer.cookie;
	caller->used = true;
	close_fd(&caller->fd);
}

void caller_drop(struct caller *caller)
{
	close_fd(&caller->fd);
	*caller = (struct caller){.fd = -1};
}

void claims_expire(struct claims *claims, uint64_t now_ns)
{
	for (size_t i = 0; i < CLAIMS_MAX; i++)
		if (claims->places[i].connection != 0 &&
			now_ns - claims->places[i].made_ns > CLAIM_NS)
			caller_drop(&claims->places[i]);
}
