/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/connections.h"

#include <errno.h>

void connections_init(struct connections *set)
{
	*set = (struct connections){0};
	TAILQ_INIT(&set->fresh);
	TAILQ_INIT(&set->all);
}

void connections_add(struct connections *set, struct connection *c)
{
	c->number = ++set->last_number;
	set->count++;
	TAILQ_INSERT_TAIL(&set->fresh, c, entry);
}

struct connection *connections_next_fresh(struct connections *set)
{
	struct connection *c = TAILQ_FIRST(&set->fresh);

	if (!c)
		return NULL;
	TAILQ_REMOVE(&set->fresh, c, entry);
	TAILQ_INSERT_TAIL(&set->all, c, entry);
	return c;
}

int connections_settle(struct connections *set, struct connection *c, int fd)
{
	if (fd < 0 || fd >= CONNECTIONS_FDS_MAX)
		return -EMFILE;
	c->fd = fd;
	set->by_fd[fd] = c;
	return 0;
}

void connections_remove(struct connections *set, struct connection *c)
{
	TAILQ_REMOVE(&set->all, c, entry);
	if (connections_at(set, c->fd) == c)
		set->by_fd[c->fd] = NULL;
	set->count--;
	if (c->state == CONNECTION_STREAMING)
		set->streams--;
}

int connections_stream(struct connections *set, struct connection *c)
{
	if (set->streams >= CONNECTIONS_STREAMS)
		return -ENOBUFS;
	set->streams++;
	c->state = CONNECTION_STREAMING;
	c->deadline_ns = UINT64_MAX;
	return 0;
}

struct connection *connections_first(const struct connections *set)
{
	return TAILQ_FIRST(&set->all);
}

struct connection *connections_at(const struct connections *set, int fd)
{
	return fd >= 0 && fd < CONNECTIONS_FDS_MAX ? set->by_fd[fd] : NULL;
}

struct connection *connections_find(const struct connections *set, uint64_t number)
{
	struct connection *c;

	TAILQ_FOREACH (c, &set->all, entry)
		if (c->number == number)
			return c;
	return NULL;
}

struct connection *connections_deciding(const struct connections *set, uint64_t decision)
{
	struct connection *c;

	TAILQ_FOREACH (c, &set->all, entry)
		if (c->decision == decision && decision != 0)
			return c;
	return NULL;
}

unsigned connections_held(const struct connections *set)
{
	return set->count - set->streams;
}

bool connections_room(const struct connections *set)
{
	return connections_held(set) < CONNECTIONS_MAX;
}
